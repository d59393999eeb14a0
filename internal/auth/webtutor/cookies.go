package webtutor

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// maxCookies bounds the cookies of one session, in bytes: they are kept and sent again.
const maxCookies = 8 << 10

// named returns what of a request's cookies is sent to WebTutor, as a Cookie header: those whose names
// are listed, in the order of the request and with the bytes of the request, since only WebTutor knows
// how it reads them. One that comes twice is sent twice; an empty one says nothing. Errors:
// [auth.ErrNoCredentials] if there is none, [auth.ErrUnauthenticated] if they are too long or hold
// control characters.
func named(header http.Header, names []string) (string, error) {
	var b strings.Builder
	for _, line := range header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			if value == "" || !slices.Contains(names, name) {
				continue
			}
			if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
				return "", fmt.Errorf("%w: the cookie %s holds characters that no cookie can hold", auth.ErrUnauthenticated, name)
			}
			if b.Len()+len(name)+len(value)+len("; =") > maxCookies {
				return "", fmt.Errorf("%w: the cookies of the WebTutor session are longer than %d bytes", auth.ErrUnauthenticated, maxCookies)
			}
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			b.WriteString(name + "=" + value)
		}
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("%w: there is no WebTutor session", auth.ErrNoCredentials)
	}
	return b.String(), nil
}
