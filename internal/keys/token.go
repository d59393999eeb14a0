package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// prefix begins each token, so that people and scanners for leaked secrets know what it is.
const prefix = "tsk_"

const (
	idLength     = 12 // characters: 60 bits
	secretBytes  = 32
	secretLength = 43 // characters of base64
)

// idLetters are what ids are made of. The underscore, which ends an id, is none of them.
const idLetters = "abcdefghijklmnopqrstuvwxyz234567"

// secret is the part of a token that proves it.
type secret [secretBytes]byte

func (s *secret) digest() [sha256.Size]byte { return sha256.Sum256(s[:]) }

// newToken draws an id and a secret. crypto/rand never fails: it ends the program rather
// than give weak bytes.
func newToken() (id string, s secret) {
	_, _ = rand.Read(s[:])
	return strings.ToLower(rand.Text()[:idLength]), s
}

// token is the text of a key.
func token(id string, s *secret) string {
	return prefix + id + "_" + base64.RawURLEncoding.EncodeToString(s[:])
}

// parseToken is the reverse of token. It takes nothing that token does not write, so
// that there is one text for each key.
func parseToken(text string) (id string, s secret, ok bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(rest) != idLength+1+secretLength || rest[idLength] != '_' || !ValidID(rest[:idLength]) {
		return "", s, false
	}
	// The decoder passes over line breaks; with one there are fewer bytes.
	n, err := base64.RawURLEncoding.Strict().Decode(s[:], []byte(rest[idLength+1:]))
	if err != nil || n != secretBytes {
		return "", secret{}, false
	}
	return strings.Clone(rest[:idLength]), s, true // what keeps the id is not to keep the secret
}

// ValidID reports whether a text can be the id of a key.
func ValidID(id string) bool {
	return len(id) == idLength && strings.Trim(id, idLetters) == ""
}

// IDOf returns the id in the text of a key, which holds the secret too; of any other text
// it reports false.
func IDOf(text string) (id string, ok bool) {
	id, _, ok = parseToken(text)
	return id, ok
}

// Redact takes the secrets of keys out of a text that a stranger wrote, and leaves their ids.
func Redact(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, prefix)
		if i < 0 {
			return b.String() + text
		}
		i += len(prefix)
		b.WriteString(text[:i])
		text = text[i:]
		if len(text) <= idLength || text[idLength] != '_' || !ValidID(text[:idLength]) {
			continue
		}
		b.WriteString(text[:idLength+1] + "***")
		text = strings.TrimLeft(text[idLength+1:], secretLetters)
	}
}

// secretLetters are what secrets are made of.
const secretLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
