package accounts

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// User is who may log in.
type User struct {
	ID         string // a decimal number, as scripts know users
	Login      string // as it was chosen; case does not matter
	Name       string
	Admin      bool
	Disabled   bool
	Fields     map[string]string // what scripts find in curUser besides; not to be modified
	CreatedAt  time.Time
	PasswordAt time.Time // when the password was set
	// Epoch is another number since whatever ends all sessions of the user.
	Epoch uint64
}

// Hub is the user as sockets have it.
func (u User) Hub() hub.User {
	return hub.User{ID: u.ID, Login: u.Login, Name: u.Name, Admin: u.Admin, Fields: u.Fields}
}

// Bounds of what is known of a user. All of it stays in memory with each of his sockets.
const (
	maxLogin    = 64  // characters
	maxName     = 200 // characters
	maxFields   = 64
	maxField    = 64   // bytes of a field's name
	maxValue    = 1024 // bytes of a field's value
	maxPassword = 1024 // bytes
)

// Fold writes a login as all spellings of it are compared: in lower case. It is empty for what can
// be nobody's login.
func Fold(login string) string {
	if checkLogin(login) != nil {
		return ""
	}
	return strings.ToLower(login)
}

// checkLogin allows what looks the same wherever it is typed: a letter that is put together from
// two characters is another login than the same letter as one, so that is not allowed.
func checkLogin(login string) error {
	if login == "" {
		return wrong("login", "is empty")
	}
	if n := utf8.RuneCountInString(login); n > maxLogin {
		return wrong("login", "has %d characters, at most %d are allowed", n, maxLogin)
	}
	for i, c := range login {
		if c == utf8.RuneError || !unicode.IsLetter(c) && !unicode.IsDigit(c) && (i == 0 || !strings.ContainsRune("._-@+", c)) {
			return wrong("login", "may hold letters and digits, and behind the first also . _ - @ +")
		}
	}
	return nil
}

func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n > maxName {
		return wrong("name", "has %d characters, at most %d are allowed", n, maxName)
	}
	if !plain(name) {
		return wrong("name", "holds a character that cannot be shown")
	}
	return nil
}

func checkFields(fields map[string]string) error {
	if len(fields) > maxFields {
		return wrong("fields", "are %d, at most %d are allowed", len(fields), maxFields)
	}
	for name, value := range fields {
		switch {
		case name == "" || len(name) > maxField || !plain(name):
			return wrong("fields", "need names of 1 to %d bytes of plain text", maxField)
		case len(value) > maxValue || !utf8.ValidString(value):
			return wrong("fields", "hold up to %d bytes of text each", maxValue)
		}
	}
	return nil
}

// plain reports whether a text can be shown as it is.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) })
}

// checkPassword does not look for digits or signs: length is what counts, and the throttle of
// logins does the rest.
func (c Config) checkPassword(password, login string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < c.MinPassword:
		return wrong("password", "has %d characters, at least %d are needed", n, c.MinPassword)
	case len(password) > maxPassword:
		return wrong("password", "has %d bytes, at most %d are allowed", len(password), maxPassword)
	case !utf8.ValidString(password):
		return wrong("password", "is not UTF-8")
	case strings.EqualFold(password, login):
		return wrong("password", "is the login")
	}
	return nil
}

// checkID takes ids as WebTutor has them: scripts read them as integers.
func checkID(id string) error {
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n <= 0 || strconv.FormatInt(n, 10) != id {
		return wrong("id", "must be a number from 1 to %d", int64(math.MaxInt64))
	}
	return nil
}

// firstEpoch draws where the epochs of a new user begin: if another one had his id and his login before,
// the sessions of that one are not his.
func firstEpoch() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.BigEndian.Uint64(b[:]) >> 16
}

// newID draws an id of 19 digits, as WebTutor's are.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return strconv.FormatUint(binary.BigEndian.Uint64(b[:])>>2|1<<62, 10)
}
