package webtutor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Bounds of what an answer may hold. The whole of it is no larger than maxAnswer.
const (
	maxAnswer   = 64 << 10
	maxUserID   = 128
	maxName     = 1 << 10
	maxFields   = 100
	maxServices = 1000
)

// answer is what WebTutor says of a session. One without an id says that nobody is logged in.
type answer struct {
	user     hub.User
	services []string // nil: all
}

func (a answer) nobody() bool { return a.user.ID == "" }

// size is about what an answer costs in memory, in bytes.
func (a answer) size() int {
	n := len(a.user.ID) + len(a.user.Login) + len(a.user.Name)
	for name, value := range a.user.Fields {
		n += 64 + len(name) + len(value)
	}
	for _, service := range a.services {
		n += 16 + len(service)
	}
	return n
}

// lessThan reports whether a grants less than before did: to somebody who was an administrator, or who
// could open services that are not his any more.
func (a answer) lessThan(before answer) bool {
	if before.user.Admin && !a.user.Admin {
		return true
	}
	now := auth.Caller{Services: a.services}
	if before.services == nil {
		return !now.MayOpen("*")
	}
	for _, service := range before.services {
		if !now.MayOpen(service) {
			return true
		}
	}
	return false
}

// errNotJSON says that the page has written something else, such as the form to log in with.
var errNotJSON = errors.New("the answer is not JSON; is it the page that came with tutorsocket, and may it be opened without logging in?")

// errSecret says that the page does not take the secret for the one it knows.
var errSecret = errors.New("the page refuses to answer: compare the secret in it with that in the file of auth.webtutor.header")

// parseAnswer reads what the page has written. Names are compared exactly; those nobody knows are
// passed over. Errors do not quote the answer.
func parseAnswer(text []byte) (answer, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return answer{}, errors.New("the answer is not UTF-8 text")
	}
	members, err := object(text)
	if err != nil {
		return answer{}, err
	}
	raw, ok := members["id"]
	if !ok {
		switch string(members["error"]) {
		case "":
		case `"secret"`:
			return answer{}, errSecret
		default:
			return answer{}, errors.New("the page has failed; WebTutor's log xhttp says why")
		}
		return answer{}, errors.New("the answer has no id")
	}
	var a answer
	if a.user.ID, err = userID(raw); err != nil || a.nobody() {
		return answer{}, err
	}
	if a.user.Login, err = shortText(members["login"]); err != nil {
		return answer{}, fmt.Errorf("the login of the answer %w", err)
	}
	if a.user.Name, err = shortText(members["name"]); err != nil {
		return answer{}, fmt.Errorf("the name of the answer %w", err)
	}
	switch string(members["admin"]) {
	case "true":
		a.user.Admin = true
	case "false", "null", "":
	default:
		return answer{}, errors.New("the admin of the answer is neither true nor false")
	}
	if a.user.Fields, err = fields(members["fields"]); err != nil {
		return answer{}, err
	}
	if a.services, err = services(members["services"]); err != nil {
		return answer{}, err
	}
	return a, nil
}

// object reads a JSON object that is all of a text. A member that comes twice is an error: what WebTutor
// meant cannot be told.
func object(text []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotJSON
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotJSON
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, errNotJSON
		}
		if _, twice := members[name]; twice {
			return nil, errors.New("the answer has a member twice")
		}
		members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errNotJSON
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is something behind the JSON of the answer")
	}
	return members, nil
}

// userID reads an id: text or a whole number, whatever its size. null, 0 and empty text are nobody.
func userID(raw json.RawMessage) (string, error) {
	wrong := errors.New("the id of the answer is not the id of a user")
	id := string(raw)
	switch id[0] {
	case 'n':
		return "", nil
	case '"':
		if json.Unmarshal(raw, &id) != nil {
			return "", wrong
		}
	default:
		if strings.Trim(id, "0123456789") != "" {
			return "", wrong
		}
	}
	if id == "0" || id == "" {
		return "", nil
	}
	for _, c := range id {
		if !unicode.IsGraphic(c) || unicode.IsSpace(c) || c == utf8.RuneError {
			return "", wrong
		}
	}
	if len(id) > maxUserID {
		return "", wrong
	}
	return id, nil
}

// scalar reads text, a number or a boolean as text. null and nothing are "".
func scalar(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 {
		return "", true
	}
	switch raw[0] {
	case 'n':
		return "", true
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	case '{', '[':
		return "", false
	}
	return string(raw), true
}

// shortText is a scalar as it may appear in lines of logs and in lists.
func shortText(raw json.RawMessage) (string, error) {
	text, ok := scalar(raw)
	if !ok {
		return "", errors.New("is not text")
	}
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
	if len(text) > maxName {
		text = strings.ToValidUTF8(text[:maxName], "")
	}
	return strings.TrimSpace(text), nil
}

func fields(raw json.RawMessage) (map[string]string, error) {
	if len(raw) == 0 || raw[0] == 'n' {
		return nil, nil
	}
	if raw[0] != '{' {
		return nil, errors.New("the fields of the answer are not an object")
	}
	members, err := object(raw)
	if err != nil {
		return nil, fmt.Errorf("fields: %w", err)
	}
	if len(members) > maxFields {
		return nil, fmt.Errorf("the answer has more than %d fields", maxFields)
	}
	all := make(map[string]string, len(members))
	for name, value := range members {
		text, ok := scalar(value)
		if !ok {
			return nil, errors.New("a field of the answer is neither text nor a number nor a boolean")
		}
		if text != "" || value[0] == '"' {
			all[name] = text
		}
	}
	return all, nil
}

func services(raw json.RawMessage) ([]string, error) {
	if len(raw) == 0 || raw[0] == 'n' {
		return nil, nil
	}
	all := []string{}
	if json.Unmarshal(raw, &all) != nil || len(all) > maxServices {
		return nil, errors.New("the services of the answer are not an array of names")
	}
	return all, nil
}
