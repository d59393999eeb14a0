package userdata

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	// maxKey is the longest key, in bytes.
	maxKey = 4096
	// maxToken bounds an encoded key: two of them, the bucket and the protocol
	// around them have to fit a NATS control line of 4 KiB.
	maxToken = 800
	// hashMark begins the hash that ends a shortened token. No escape looks like
	// it, so a shortened token equals no other key's.
	hashMark = "=="
)

func checkKey(key string) error {
	if key == "" {
		return fmt.Errorf("%w: it is empty", ErrBadKey)
	}
	if len(key) > maxKey {
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrBadKey, len(key), maxKey)
	}
	return nil
}

// encodeKey turns any text into one token of a subject: letters, digits, '-' and
// '_' stand for themselves, any other byte becomes =XX. A token that would be too
// long keeps its beginning and ends with a hash; the original is then to be
// stored with the value.
func encodeKey(key string) (token string, whole bool) {
	token = escape(key)
	if len(token) <= maxToken {
		return token, true
	}
	sum := sha256.Sum256([]byte(key))
	hash := hashMark + hex.EncodeToString(sum[:])
	return token[:maxToken-len(hash)] + hash, false
}

const upperHex = "0123456789ABCDEF"

func escape(key string) string {
	var b strings.Builder
	b.Grow(len(key) + 8)
	for i := range len(key) {
		c := key[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			b.WriteByte('=')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// unescape is the reverse of escape. It reports false for a shortened token and
// for anything escape does not write.
func unescape(token string) (string, bool) {
	var b strings.Builder
	b.Grow(len(token))
	for i := 0; i < len(token); i++ {
		if token[i] != '=' {
			b.WriteByte(token[i])
			continue
		}
		if i+2 >= len(token) {
			return "", false
		}
		high, low := strings.IndexByte(upperHex, token[i+1]), strings.IndexByte(upperHex, token[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	return b.String(), true
}
