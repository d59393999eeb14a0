package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// NewToken draws a fresh admin token: 32 random bytes as base64url text, which
// needs no quoting in a shell, a header or a URL.
func NewToken() string {
	var b [32]byte
	// crypto/rand never fails: it ends the program rather than return weak bytes.
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Admin knows the admin token and recognises requests that carry it. It keeps
// the token's digest only.
type Admin struct {
	digest [sha256.Size]byte
	set    bool
}

// NewAdmin returns an Admin for the token. With an empty token no request ever
// passes: a forgotten setting must not open the door.
func NewAdmin(token string) *Admin {
	return &Admin{digest: sha256.Sum256([]byte(token)), set: token != ""}
}

// CheckBearer reports whether the request carries the admin token as
// "Authorization: Bearer <token>". Time does not depend on how much of the token
// is right, nor on its length.
func (a *Admin) CheckBearer(r *http.Request) bool {
	token, ok := BearerToken(r)
	digest := sha256.Sum256([]byte(token))
	same := subtle.ConstantTimeCompare(digest[:], a.digest[:]) == 1
	return ok && a.set && same
}

// BearerToken returns the token of the request's Authorization header. It
// reports false when there is no such header, more than one, another scheme, or
// a token that is empty or not one word.
func BearerToken(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, found := strings.Cut(strings.TrimSpace(values[0]), " ")
	token = strings.TrimLeft(token, " ")
	if !found || token == "" || !strings.EqualFold(scheme, "Bearer") || strings.ContainsAny(token, " \t,") {
		return "", false
	}
	return token, true
}

// protocolPrefix begins a subprotocol that is a token.
const protocolPrefix = "bearer."

// BearerProtocol returns the token that a subprotocol is, "bearer.<token>", in whatever case it begins. Browsers can set
// no header on a handshake but that of subprotocols. A server never selects such a one, and shows it to nobody.
func BearerProtocol(protocol string) (token string, ok bool) {
	if len(protocol) < len(protocolPrefix) || !strings.EqualFold(protocol[:len(protocolPrefix)], protocolPrefix) {
		return "", false
	}
	return protocol[len(protocolPrefix):], true
}
