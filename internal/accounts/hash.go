package accounts

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are what a hash costs.
type Params struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// recommended are the second of the two that RFC 9106, section 4, recommends: for those who cannot
// spend the 2 GiB of the first on every login.
var recommended = Params{Memory: 64 << 10, Passes: 3, Lanes: 4}

// worst bounds what a stored hash may cost: whoever can write to the store is not to stop the server.
var worst = Params{Memory: 256 << 10, Passes: 16, Lanes: 16}

const (
	saltBytes = 16
	hashBytes = 32
	// maxHash bounds salt and hash of a stored text, in bytes each.
	maxHash = 64
)

func (p Params) within(most Params) bool {
	return p.Passes >= 1 && p.Lanes >= 1 && p.Memory >= 8*uint32(p.Lanes) &&
		p.Memory <= most.Memory && p.Passes <= most.Passes && p.Lanes <= most.Lanes
}

func (p Params) key(password string, salt []byte, length int) []byte {
	return argon2.IDKey([]byte(password), salt, p.Passes, p.Memory, p.Lanes, uint32(length))
}

// hash is a password as it is stored.
type hash struct {
	Params
	salt, sum []byte
}

// newHash takes the memory of p for as long as it takes.
func newHash(password string, p Params) hash {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails: it ends the program rather than return weak bytes
	return hash{p, salt, p.key(password, salt, hashBytes)}
}

// matches takes the memory of the parameters, and as long whatever the password is.
func (h hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.key(password, h.salt, len(h.sum)), h.sum) == 1
}

// String writes a hash in the form other programs know, too (PHC string format):
// $argon2id$v=19$m=65536,t=3,p=4$<salt>$<sum>.
func (h hash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Passes, h.Lanes, b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}

var errNoHash = errors.New("the stored hash cannot be read")

// parseHash reads what String writes, and nothing else.
func parseHash(text string) (hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return hash{}, errNoHash
	}
	var h hash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.Memory, &h.Passes, &h.Lanes); err != nil || !h.within(worst) {
		return hash{}, errNoHash
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.sum, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(h.salt) < 8 || len(h.salt) > maxHash || len(h.sum) < 16 || len(h.sum) > maxHash || h.String() != text {
		return hash{}, errNoHash
	}
	return h, nil
}
