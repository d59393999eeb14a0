package keys

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Key is an API key without its secret.
type Key struct {
	ID         string
	Name       string
	Scopes     []Scope
	CreatedAt  time.Time
	CreatedBy  string    // the [Grant.By] of who made it
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // to some minutes; zero: never
}

// Grant is what the bearer of the key may do.
func (k Key) Grant() Grant { return Grant{By: "key:" + k.ID, Scopes: k.Scopes} }

// New is a key to make.
type New struct {
	Name   string
	Scopes []Scope
	TTL    time.Duration // 0: it never expires
	By     string        // who makes it
}

const (
	// maxName is the longest name, in characters.
	maxName = 100
	// maxTTL is the longest a key lives that expires at all.
	maxTTL = 100 * 365 * 24 * time.Hour
)

// CheckName says what is wrong with the name of a key: it stands in lists and logs, so it
// has no control or invisible characters. Errors: [ErrBadName].
func CheckName(name string) error {
	n := utf8.RuneCountInString(name)
	switch {
	case n == 0:
		return fmt.Errorf("%w: it is empty", ErrBadName)
	case n > maxName:
		return fmt.Errorf("%w: it has %d characters, at most %d are possible", ErrBadName, n, maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: it is not UTF-8", ErrBadName)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("%w: it begins or ends with a blank", ErrBadName)
	}
	for _, c := range name {
		if !unicode.IsPrint(c) { // no controls, line breaks, or marks that turn the direction of text
			return fmt.Errorf("%w: it contains the character %q", ErrBadName, c)
		}
	}
	return nil
}

// record is what is kept of a key, under its id.
type record struct {
	Name       string    `json:"name"`
	Scopes     []Scope   `json:"scopes"`
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  string    `json:"created_by"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	SHA256     string    `json:"sha256"` // of the secret, in hex
}

func (r *record) key(id string) Key {
	return Key{
		ID: id, Name: r.Name, Scopes: r.Scopes, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
		ExpiresAt: r.ExpiresAt, LastUsedAt: r.LastUsedAt,
	}
}

func (r *record) expired(now time.Time) bool {
	return !r.ExpiresAt.IsZero() && !now.Before(r.ExpiresAt)
}

// expiredKept is how long a key is listed after its time was over, so that people see why
// it stopped working.
const expiredKept = 30 * 24 * time.Hour

// ttl is how long the value of the key stays in the bucket; 0: for good.
func (r *record) ttl(now time.Time) time.Duration {
	if r.ExpiresAt.IsZero() {
		return 0
	}
	return max(r.ExpiresAt.Sub(now)+expiredKept, time.Second)
}

// encode is the reverse of decode.
func (r *record) encode() json.RawMessage {
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("keys: encode plain texts and times: %v", err))
	}
	return text
}

// decode reads what is kept of a key. One whose digest is damaged would match no secret,
// and is an error instead.
func decode(id string, text json.RawMessage) (*record, error) {
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%w: what is kept of the key %s is damaged", ErrUnavailable, id)
	}
	if sum, err := hex.DecodeString(r.SHA256); err != nil || len(sum) != 32 {
		return nil, fmt.Errorf("%w: what is kept of the key %s is damaged", ErrUnavailable, id)
	}
	return r, nil
}
