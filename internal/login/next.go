package login

import (
	"fmt"
	"net/url"
	"strings"
)

// maxNext bounds the path to go to after the login, in bytes.
const maxNext = 2048

// localPath returns where to go after the login: next if it is a path of this server with its query,
// else "/". Browsers read a backslash as a slash and leave tabs and line breaks out, so a path must not
// have any.
func localPath(next string) string {
	const home = "/"
	var ascii strings.Builder
	for _, c := range []byte(next) {
		switch {
		case c <= ' ', c == '\\', c == 0x7f:
			return home
		case c >= 0x80:
			fmt.Fprintf(&ascii, "%%%02X", c)
		default:
			ascii.WriteByte(c)
		}
	}
	next = ascii.String()
	if len(next) > maxNext || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return home
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Path == loginPath || u.Path == logoutPath {
		return home
	}
	return next
}
