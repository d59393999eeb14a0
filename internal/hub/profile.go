package hub

import (
	"fmt"
	"strings"
)

// Profile names the generation of the original system whose behaviour is reproduced.
type Profile uint8

const (
	// Profile122 behaves as Datex.XHTTP 1.22 (build 434).
	Profile122 Profile = iota + 1
	// Profile124 behaves as Datex.XHTTP 1.24 (builds 906 and later); the default.
	Profile124
	// Native is free of the originals' oddities.
	Native
)

// ParseProfile reads the name of a profile: a full version, its first two parts, or "native".
func ParseProfile(name string) (Profile, error) {
	switch name {
	case "1.22", "1.22.10.29":
		return Profile122, nil
	case "1.24", "1.24.4.27":
		return Profile124, nil
	case "native":
		return Native, nil
	}
	return 0, fmt.Errorf("unknown version %q: use 1.22.10.29, 1.24.4.27 or native", name)
}

// Short returns the name of the profile without the last parts of the version: 1.22, 1.24, native.
func (p Profile) Short() string {
	parts := strings.SplitN(p.String(), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// String returns the full name of the profile, which [ParseProfile] accepts.
func (p Profile) String() string {
	switch p {
	case Profile122:
		return "1.22.10.29"
	case Profile124:
		return "1.24.4.27"
	case Native:
		return "native"
	}
	return fmt.Sprintf("Profile(%d)", uint8(p))
}
