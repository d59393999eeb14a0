package mask

import (
	"regexp"
	"strings"
	"sync"
)

// Hidden is what stands in the place of a token.
const Hidden = "[token]"

// jws finds signed tokens wherever they are: three parts in base64url, the first of which begins as an
// object in JSON does.
var jws = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\bey[JA][A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*`)
})

// members finds the value of a member token: in JSON, which may be cut off, and in JSON that is itself a text in
// JSON, where a backslash stands before each quote.
var members = sync.OnceValue(func() [2]*regexp.Regexp {
	return [2]*regexp.Regexp{
		regexp.MustCompile(`("token"\s*:\s*")(?:[^"\\]|\\.)*`),
		regexp.MustCompile(`(\\+"token\\+"\s*:\s*\\+")[^"\\]*`),
	}
})

// renewal is the action of messages that bring a token. What is none, such as one that is mistyped, is hidden there
// as well.
const renewal = "renew_token"

// Tokens returns a text in which no token can be read: neither a signed one (JWT) nor what a message with the
// action renew_token has in its member token. Most texts hold none and are returned as they are.
func Tokens(text string) string {
	if strings.Contains(text, renewal) {
		for _, member := range members() {
			text = member.ReplaceAllString(text, "${1}"+Hidden)
		}
	}
	if strings.Contains(text, "eyJ") || strings.Contains(text, "eyA") {
		text = jws().ReplaceAllString(text, Hidden)
	}
	return text
}
