package hub

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

const (
	keyPrefix      = "/services/"
	statefulMark   = "-s-"
	volatileMark   = "-v-"
	maxStatefulID  = 256
	maxServiceName = 128
	guidLength     = 36
)

// BuildKey returns the key of the socket of a service with a stateful id. It checks neither
// part; see [ValidService] and [ValidateStatefulID].
func BuildKey(service, statefulID string) string {
	return keyPrefix + service + statefulMark + statefulID // spec/websocket.md A.6
}

// NewVolatileKey returns a key nobody else has, for a connection without a stateful id. A tag that is not 0
// stands in it: whoever has the key finds the node that made it, see [TagOfKey].
func NewVolatileKey(service string, tag uint32) string {
	id := uuid.New()
	if tag != 0 {
		binary.BigEndian.PutUint32(id[:], tag)
		id[versionByte] = taggedVersion<<4 | id[versionByte]&0x0f
	}
	return keyPrefix + service + volatileMark + id.String() // spec/websocket.md A.6
}

// A GUID with the tag of a node is of the version that is free for own use (RFC 9562, 5.8).
const (
	taggedVersion = 8
	versionByte   = 6
	versionAt     = 14 // in the text
	tagDigits     = 8
)

// TagOfKey returns the tag that [NewVolatileKey] has put into a key; ok is false for one without a tag, a
// stateful key, and a text that is no key.
func TagOfKey(key string) (tag uint32, ok bool) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	if !ok {
		return 0, false
	}
	at, stateful := findMark(rest)
	if at < 0 || stateful {
		return 0, false
	}
	id := rest[at+len(volatileMark):]
	if !isGUID(id) || id[versionAt] != '0'+taggedVersion {
		return 0, false
	}
	n, err := strconv.ParseUint(id[:tagDigits], 16, 32)
	return uint32(n), err == nil && n != 0
}

// ParseKey takes a key apart. The id of a volatile key is not returned, since nobody chose it.
// A text that neither [BuildKey] nor [NewVolatileKey] could have made gives an error that
// wraps [ErrBadKey].
func ParseKey(key string) (service, statefulID string, stateful bool, err error) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	if !ok {
		return "", "", false, fmt.Errorf("%w: %q does not begin with %s", ErrBadKey, key, keyPrefix)
	}
	at, stateful := findMark(rest)
	if at < 0 {
		return "", "", false, fmt.Errorf("%w: %q has neither %s nor %s after the service", ErrBadKey, key, statefulMark, volatileMark)
	}
	service, id := rest[:at], rest[at+len(statefulMark):]
	if !ValidService(service) {
		return "", "", false, fmt.Errorf("%w: %q does not name a service", ErrBadKey, key)
	}
	if !stateful {
		if !isGUID(id) {
			return "", "", false, fmt.Errorf("%w: %q does not end in a GUID", ErrBadKey, key)
		}
		return service, "", false, nil
	}
	if err := ValidateStatefulID(id); err != nil {
		return "", "", false, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	return service, id, true, nil
}

// findMark returns where the first of the two marks stands in a key without its prefix, and
// whether it is the stateful one; -1 if there is none. The first one counts because a stateful
// id may contain either, and the name of a service never does.
func findMark(rest string) (at int, stateful bool) {
	s, v := strings.Index(rest, statefulMark), strings.Index(rest, volatileMark)
	if s >= 0 && (v < 0 || s < v) {
		return s, true
	}
	return v, false
}

// isGUID reports whether s looks as [NewVolatileKey] writes GUIDs: lower case, with hyphens.
func isGUID(s string) bool {
	if len(s) != guidLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// ValidService reports whether name can be the name of a service: letters, digits, "_", "-" and
// ".", beginning with a letter, digit or "_", at most 128 bytes, and such that a key can be
// taken apart again.
func ValidService(name string) bool {
	if name == "" || len(name) > maxServiceName {
		return false
	}
	for i, r := range name {
		switch {
		case r == utf8.RuneError:
			return false
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '_':
		case i > 0 && (r == '-' || r == '.'):
		default:
			return false
		}
	}
	at, _ := findMark(name + statefulMark)
	return at == len(name)
}

// ValidateStatefulID says what keeps id from being a stateful id, in an error that wraps
// [ErrBadID]: it is empty, longer than 256 bytes, not UTF-8, or has control characters.
func ValidateStatefulID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: it is empty", ErrBadID)
	case len(id) > maxStatefulID:
		return fmt.Errorf("%w: it has %d bytes, at most %d are possible", ErrBadID, len(id), maxStatefulID)
	case !utf8.ValidString(id):
		return fmt.Errorf("%w: it is not valid UTF-8", ErrBadID)
	}
	if at := strings.IndexFunc(id, unicode.IsControl); at >= 0 {
		return fmt.Errorf("%w: it has a control character at byte %d", ErrBadID, at)
	}
	return nil
}
