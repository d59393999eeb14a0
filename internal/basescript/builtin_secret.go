package basescript

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

func secretGlobals() []Global {
	const one = "(text: any): string"
	return functionGlobals([]Func{
		{Name: "StrSimpleEncrypt", Min: 1, Call: encryptWith(simpleCipher, hex.EncodeToString), Sig: one, Doc: "Hides a text from the eye, as hexadecimal digits; anyone can undo it with StrSimpleDecrypt."},
		{Name: "StrSimpleDecrypt", Min: 1, Call: decryptWith(simpleCipher, hex.DecodeString), Sig: one, Doc: "Reads what StrSimpleEncrypt wrote."},
		{Name: "StrStdEncrypt", Min: 1, Call: encryptWith(standardCipher, base64.StdEncoding.EncodeToString), Sig: one, Doc: "Hides a text from the eye, as Base64; anyone can undo it with StrStdDecrypt."},
		{Name: "StrStdDecrypt", Min: 1, Call: decryptWith(standardCipher, base64.StdEncoding.DecodeString), Sig: one, Doc: "Reads what StrStdEncrypt wrote."},
		{Name: "PasswordHash", Min: 1, Call: passwordHash, Sig: one, Doc: "Returns a salted hash of a password to be kept in its place."},
		{Name: "PasswordVerify", Min: 2, Call: passwordVerify, Sig: "(password: any, hash: any): boolean", Doc: "Tells whether a password is the one PasswordHash made a hash of."},
	})
}

// The ciphers of StrSimpleEncrypt and StrStdEncrypt. Their keys stand here for all to read: they keep a
// text from being read at a glance and detect that it was changed, nothing else. The original's format
// is proprietary; only the round trip is wanted (spec/basescript.md 2.2).
var (
	simpleCipher   = newTextCipher("StrSimpleEncrypt")
	standardCipher = newTextCipher("StrStdEncrypt")
)

type textCipher struct {
	key  [32]byte
	aead cipher.AEAD
}

func newTextCipher(name string) *textCipher {
	c := &textCipher{key: sha256.Sum256([]byte(name))}
	block, err := aes.NewCipher(c.key[:])
	if err == nil {
		c.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		panic("basescript: " + err.Error()) // a key of 32 bytes is always taken
	}
	return c
}

// nonce depends on the text only: equal texts stay equal, which scripts that compare them expect.
func (c *textCipher) nonce(text []byte) []byte {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write(text)
	return mac.Sum(nil)[:c.aead.NonceSize()]
}

func encryptWith(c *textCipher, encode func([]byte) string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		s := args[0].Text()
		if err := r.reserve(4*int64(len(s))+128, 1); err != nil {
			return Undefined, err
		}
		text := []byte(s)
		nonce := c.nonce(text)
		return String(encode(c.aead.Seal(nonce, nonce, text, nil))), nil
	}
}

func decryptWith(c *textCipher, decode func(string) ([]byte, error)) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		s := args[0].Text()
		if err := r.reserve(2*int64(len(s)), 1); err != nil {
			return Undefined, err
		}
		data, err := decode(strings.Trim(s, blanks))
		n := c.aead.NonceSize()
		if err == nil && len(data) >= n {
			var text []byte
			if text, err = c.aead.Open(nil, data[:n], data[n:], nil); err == nil {
				return ownedText(text), nil
			}
		}
		return Undefined, NewError("Text is not encrypted or was changed")
	}
}

// Hashes of passwords are PBKDF2 with SHA-256: unlike bcrypt it can be worked in pieces, so that a run
// that is over ends in the middle of one.
const (
	passwordRounds    = 60_000
	maxPasswordRounds = 1_000_000
	passwordPrefix    = "$pbkdf2-sha256$"
)

func passwordHash(r *Run, args []Value) (Value, error) {
	password := args[0].Text()
	if password == "" {
		return Undefined, NewError("Password is empty")
	}
	var salt [16]byte
	cryptorand.Read(salt[:]) // never fails
	hash, err := r.derive(password, salt[:], passwordRounds)
	if err != nil {
		return Undefined, err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return r.text(passwordPrefix + strconv.Itoa(passwordRounds) + "$" + encode(salt[:]) + "$" + encode(hash))
}

// passwordVerify is false for what is no hash of PasswordHash.
func passwordVerify(r *Run, args []Value) (Value, error) {
	rest, ok := strings.CutPrefix(args[1].Text(), passwordPrefix)
	parts := strings.SplitN(rest, "$", 4)
	if !ok || len(parts) != 3 || len(rest) > 1024 {
		return False, nil
	}
	rounds, err := strconv.Atoi(parts[0])
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[1])
	want, hashErr := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || saltErr != nil || hashErr != nil || rounds < 1 || rounds > maxPasswordRounds {
		return False, nil
	}
	hash, err := r.derive(args[0].Text(), salt, rounds)
	if err != nil {
		return Undefined, err
	}
	return Bool(subtle.ConstantTimeCompare(hash, want) == 1), nil
}

// derive is the first block of PBKDF2 (RFC 8018) with HMAC-SHA-256, charged as it goes.
func (r *Run) derive(password string, salt []byte, rounds int) ([]byte, error) {
	if err := r.Step(len(password) >> 5); err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write(salt)
	mac.Write(binary.BigEndian.AppendUint32(nil, 1))
	u := mac.Sum(nil)
	hash := append([]byte(nil), u...)
	for round := 1; round < rounds; round++ {
		if round%256 == 0 {
			if err := r.Step(1024); err != nil {
				return nil, err
			}
		}
		mac.Reset()
		mac.Write(u)
		u = mac.Sum(u[:0])
		subtle.XORBytes(hash, hash, u)
	}
	return hash, nil
}
