package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// Names of cookies. Where the client came by TLS they have the prefix __Host-: then no other server
// of the domain, and nobody who gets between an unencrypted request, can set them.
const (
	hostPrefix    = "__Host-"
	sessionCookie = "tutorsocket"
	formCookie    = "tutorsocket-form"
)

// cookieName is what a cookie is called for a request.
func cookieName(r *http.Request, name string) string {
	if auth.Secure(r) {
		return hostPrefix + name
	}
	return name
}

// secretBytes is how long tokens of sessions and of forms are.
const secretBytes = 32

// newSecret draws one.
func newSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // it never fails: it ends the program rather than return weak bytes
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// isSecret reports whether a text can be what newSecret returns.
func isSecret(text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(b) == secretBytes && base64.RawURLEncoding.EncodeToString(b) == text
}

// secretOf returns the secret in a cookie of a request. there says that the request has such a cookie;
// without a secret it is none of ours, or there are two, and nobody knows who has set them.
func secretOf(r *http.Request, name string) (secret string, there bool) {
	cookies := r.CookiesNamed(cookieName(r, name))
	if len(cookies) != 1 || !isSecret(cookies[0].Value) {
		return "", len(cookies) > 0
	}
	return cookies[0].Value, true
}

// idOf is how a session is named where its token must not be: the hash, as scs makes it.
func idOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// formToken is what a form shows to prove that a page of this server was given to the same browser: it
// follows from a cookie and does not tell it.
func formToken(secret, form string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("form " + form))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func validFormToken(secret, form, token string) bool {
	return secret != "" && hmac.Equal([]byte(formToken(secret, form)), []byte(token))
}

// formSecret returns the secret of the forms given to a browser, and gives it one if it has none.
func formSecret(w http.ResponseWriter, r *http.Request) string {
	if secret, _ := secretOf(r, formCookie); secret != "" {
		return secret
	}
	secret := newSecret()
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r, formCookie), Value: secret, Path: "/",
		HttpOnly: true, Secure: auth.Secure(r), SameSite: http.SameSiteLaxMode,
	})
	return secret
}
