package files

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Forms of names.
const (
	localScheme = "x-local://"
	fileScheme  = "file://"
)

const (
	maxName = 4096 // of a whole name, in bytes
	maxPart = 255  // of one part of it
)

// place is a file or folder in one of the roots. It need not exist.
type place struct {
	*root
	path   string // with slashes; "." is the root itself
	scheme string // of its address: localScheme, else it is file:///
	name   string // as the script wrote it
}

// find returns the place a name leads to. The error is an *Error.
func (t *Tree) find(name string) (place, error) {
	p := place{name: name}
	if reason := checkText(name); reason != "" {
		return p, &Error{Name: printable(name), Reason: reason}
	}
	text := strings.ReplaceAll(name, `\`, "/")
	var reason string
	scheme, rest, isURL := cutScheme(text)
	switch {
	case scheme == "x-local":
		p.scheme, p.root = localScheme, t.app
		p.path, _, _ = strings.Cut(rest, "?")
		if strings.HasPrefix(p.path, "/") {
			reason = "the address is an absolute path; write it from the app folder on"
		}
	case scheme == "file":
		p.scheme = fileScheme
		reason = t.place(&p, pathOfURL(rest))
	case isURL:
		reason = "this is no file: files have x-local:// addresses, file:/// addresses or paths"
	case isAbsolute(text):
		reason = t.place(&p, text)
	default:
		p.root, p.path, p.scheme = t.app, text, localScheme
	}
	if reason == "" {
		p.path, reason = cleanPath(p.path)
	}
	if reason == "" && p.root == t.app && p.isHidden() {
		reason = "scripts do not see this, it belongs to the server"
	}
	if reason != "" {
		return p, &Error{Name: printable(name), Reason: reason}
	}
	return p, nil
}

// place finds the root of an absolute path: the inner one, if one lies in the other.
func (t *Tree) place(p *place, absolute string) (reason string) {
	if slices.Contains(strings.Split(absolute, "/"), "..") {
		return leadsOut
	}
	absolute = path.Clean(absolute)
	for _, r := range []*root{t.app, t.scratch} {
		rest, ok := r.below(absolute)
		if ok && (p.root == nil || len(rest) < len(p.path)) {
			p.root, p.path = r, rest
		}
	}
	if p.root == nil {
		return "scripts reach only the app folder and the scratch folder"
	}
	return ""
}

const leadsOut = `".." is not allowed in the name of a file`

func checkText(name string) (reason string) {
	switch {
	case name == "":
		return "the name of a file is empty"
	case len(name) > maxName:
		return "the name is too long"
	case !utf8.ValidString(name):
		return "the name is not valid UTF-8"
	case strings.ContainsFunc(name, unseen):
		return "the name has control characters in it"
	}
	return ""
}

// unseen tells control characters, and those that some disks leave out of names.
func unseen(c rune) bool { return unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Cf, c) }

// cutScheme splits an address after "://"; a single letter is a drive of Windows.
func cutScheme(text string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(text, "://")
	if !ok || len(scheme) < 2 || strings.ContainsAny(scheme, "/ ") {
		return "", text, false
	}
	return strings.ToLower(scheme), rest, true
}

// pathOfURL is the path of a file:// address; a host in it leads to no root.
func pathOfURL(rest string) string {
	if p := strings.TrimPrefix(rest, "/"); hasDrive(p) {
		return p
	}
	return rest
}

func hasDrive(p string) bool {
	return len(p) >= 2 && p[1] == ':' && (p[0]|0x20 >= 'a' && p[0]|0x20 <= 'z')
}

func isAbsolute(slashed string) bool { return strings.HasPrefix(slashed, "/") || hasDrive(slashed) }

// cleanPath drops empty parts and single dots, and refuses names that are not plain.
func cleanPath(p string) (clean, reason string) {
	var parts []string
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." {
			continue
		}
		if reason := checkPart(part); reason != "" {
			return "", reason
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ".", ""
	}
	return strings.Join(parts, "/"), ""
}

func checkPart(part string) (reason string) {
	switch {
	case part == "..":
		return leadsOut
	case strings.HasPrefix(part, "."):
		return "names that begin with a dot are hidden from scripts"
	case len(part) > maxPart:
		return "the name is too long"
	case strings.ContainsAny(part, `:*?"<>|`):
		return `the characters : * ? " < > | are not allowed in the name of a file`
	case strings.HasSuffix(part, ".") || strings.HasSuffix(part, " "):
		return "the name of a file does not end with a dot or a blank"
	case isDevice(part):
		return "this is the name of a device"
	case filepath.Separator == '\\' && shortName.MatchString(part):
		return "short names are not allowed"
	}
	return ""
}

// shortName is how Windows names a file a second time: SERVIC~1.
var shortName = regexp.MustCompile(`~[0-9]`)

// isDevice tells names that are devices on Windows, in whatever folder and with whatever suffix.
func isDevice(part string) bool {
	base, _, _ := strings.Cut(part, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	stem, isPort := strings.CutPrefix(base, "COM")
	if !isPort {
		stem, isPort = strings.CutPrefix(base, "LPT")
	}
	return isPort && strings.Contains("0123456789¹²³", stem) && utf8.RuneCountInString(stem) == 1
}

// printable keeps a name in an error on its line and short.
func printable(name string) string {
	name = strings.Map(func(c rune) rune {
		if unseen(c) {
			return utf8.RuneError
		}
		return c
	}, strings.ToValidUTF8(name, string(utf8.RuneError)))
	if len(name) > 200 {
		name = strings.ToValidUTF8(name[:200], "") + "…"
	}
	return name
}

// with is the place of a name inside the folder p.
func (p place) with(part string) place {
	p.path = path.Join(p.path, part)
	p.name = strings.TrimSuffix(p.name, "/") + "/" + part
	return p
}

// url is the address of the place: file:///… if the script named it by a whole path.
func (p place) url() string {
	if p.scheme == localScheme || p.sample != nil {
		if p.path == "." {
			return localScheme
		}
		return localScheme + p.path
	}
	return urlOfPath(p.system())
}

// system is the path of the place as the system writes it.
func (p place) system() string {
	if p.sample != nil {
		return path.Join(p.dir, p.path)
	}
	return filepath.Join(p.dir, filepath.FromSlash(p.path))
}

func urlOfPath(p string) string {
	p = strings.ReplaceAll(p, `\`, "/")
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return fileScheme + p
}

// URL returns the address of a path: file:///…, or x-local://… for a path in the app folder if base,
// which may be empty, is such an address. The file need not exist, nor be one that scripts reach.
func (t *Tree) URL(name, base string) (string, error) {
	if reason := checkText(name); reason != "" {
		return "", &Error{Name: printable(name), Reason: reason}
	}
	if _, _, isURL := cutScheme(name); isURL {
		return name, nil
	}
	slashed := strings.ReplaceAll(name, `\`, "/")
	if p, err := t.find(name); err == nil && p.root == t.app {
		if strings.HasPrefix(base, localScheme) {
			p.scheme = localScheme
		}
		return p.url(), nil
	}
	return urlOfPath(slashed), nil
}

// Path returns the path of a local address, as the system writes it; a path is returned as it is. The
// file need not exist; an x-local:// address must lead to one that scripts reach.
func (t *Tree) Path(address string) (string, error) {
	scheme, rest, isURL := cutScheme(address)
	switch {
	case !isURL:
		return address, nil
	case scheme == "file":
		p := pathOfURL(rest)
		if hasDrive(p) {
			return strings.ReplaceAll(p, "/", `\`), nil
		}
		return p, nil
	case scheme == "x-local":
		p, err := t.find(address)
		if err != nil {
			return "", err
		}
		return p.system(), nil
	}
	return "", &Error{Name: printable(address), Reason: "the address is not a local one"}
}
