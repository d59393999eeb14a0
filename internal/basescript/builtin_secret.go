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
	"errors"
	"slices"
	"strconv"
	"strings"
)

func secretGlobals() []Global {
	const one = "(text: any): string"
	return functionGlobals([]Func{
		{Name: "StrSimpleEncrypt", Min: 1, Call: encryptWith(simpleCipher, (*Run).encodeHex), Sig: one, Doc: "Hides a text from the eye, as hexadecimal digits; anyone can undo it with StrSimpleDecrypt."},
		{Name: "StrSimpleDecrypt", Min: 1, Call: decryptWith(simpleCipher, (*Run).decodeHex), Sig: one, Doc: "Reads what StrSimpleEncrypt wrote."},
		{Name: "StrStdEncrypt", Min: 1, Call: encryptWith(standardCipher, (*Run).encodeBase64), Sig: one, Doc: "Hides a text from the eye, as Base64; anyone can undo it with StrStdDecrypt."},
		{Name: "StrStdDecrypt", Min: 1, Call: decryptWith(standardCipher, (*Run).decodeBase64), Sig: one, Doc: "Reads what StrStdEncrypt wrote."},
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
func (c *textCipher) nonce(r *Run, text string) ([]byte, error) {
	mac := hmac.New(sha256.New, c.key[:])
	err := r.write(mac, text)
	return mac.Sum(nil)[:c.aead.NonceSize()], err
}

// A long text is encrypted in blocks of pieceBytes, each with the nonce and its own number. All but the last
// are marked, so that none can be left out.
var blockFollows = []byte{1}

func (c *textCipher) blockNonce(nonce []byte, block uint32) []byte {
	own := slices.Clone(nonce)
	tail := own[len(own)-4:]
	binary.BigEndian.PutUint32(tail, binary.BigEndian.Uint32(tail)^block)
	return own
}

func (c *textCipher) encrypt(r *Run, s string) (string, error) {
	nonce, err := c.nonce(r, s)
	if err != nil {
		return "", err
	}
	room := len(nonce) + len(s) + (len(s)/pieceBytes+1)*c.aead.Overhead()
	if err := r.reserve(int64(room), 1); err != nil {
		return "", err
	}
	data := append(make([]byte, 0, room), nonce...)
	for block := uint32(0); ; block++ {
		if err := r.Step(pieceBytes >> 6); len(s) > pieceBytes && err != nil {
			return "", err
		}
		piece, mark := s, []byte(nil)
		if len(s) > pieceBytes {
			piece, mark = s[:pieceBytes], blockFollows
		}
		data = c.aead.Seal(data, c.blockNonce(nonce, block), []byte(piece), mark)
		if s = s[len(piece):]; s == "" {
			return ownedText(data).Str(), nil
		}
	}
}

// decrypt returns errSecret for what encrypt did not make.
func (c *textCipher) decrypt(r *Run, data string) (Value, error) {
	n := c.aead.NonceSize()
	if len(data) < n {
		return Undefined, errSecret()
	}
	if err := r.reserve(int64(len(data)), 1); err != nil {
		return Undefined, err
	}
	nonce, data := []byte(data[:n]), data[n:]
	text := make([]byte, 0, len(data))
	for block := uint32(0); ; block++ {
		piece, mark := data, []byte(nil)
		if most := pieceBytes + c.aead.Overhead(); len(data) > most {
			piece, mark = data[:most], blockFollows
		}
		if err := r.scan(len(piece)); err != nil {
			return Undefined, err
		}
		var err error
		if text, err = c.aead.Open(text, c.blockNonce(nonce, block), []byte(piece), mark); err != nil {
			return Undefined, errSecret()
		}
		if data = data[len(piece):]; data == "" {
			return ownedText(text), nil
		}
	}
}

func errSecret() *Error { return NewError("Text is not encrypted or was changed") }

func (r *Run) encodeHex(s string) (Value, error) {
	encode := func(s string) string { return hex.EncodeToString([]byte(s)) }
	return r.mapPieces(s, encode, encode)
}

func encryptWith(c *textCipher, encode func(*Run, string) (Value, error)) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		data, err := c.encrypt(r, args[0].Text())
		if err != nil {
			return Undefined, err
		}
		return encode(r, data)
	}
}

func decryptWith(c *textCipher, decode func(*Run, string) (Value, error)) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		s, err := r.trim(args[0].Text(), true, true, isBlankChar)
		if err != nil {
			return Undefined, err
		}
		data, err := decode(r, s)
		var e *Error
		switch {
		case errors.As(err, &e) && e.Kind != Stopped:
			return Undefined, errSecret()
		case err != nil:
			return Undefined, err
		}
		return c.decrypt(r, data.Str())
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
	if len(password) > sha256.BlockSize { // as HMAC does itself, but in one go
		long := sha256.New()
		if err := r.write(long, password); err != nil {
			return nil, err
		}
		password = string(long.Sum(nil))
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
