package auth

import (
	"fmt"
	"net/http"
	"unicode"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// DevUserID is the built-in administrator that a development server sees in a
// caller without credentials.
const DevUserID = "6148914691236517121"

// devUserName is the header and the query parameter that choose another user.
// Browsers cannot set headers on a WebSocket handshake, hence the parameter.
const devUserName = "X-Dev-User"

// maxUserID bounds a chosen id, in bytes: it is kept with every socket.
const maxUserID = 128

// Dev is the authentication of a development server: nobody logs in. The zero
// value is ready.
type Dev struct{}

// Authenticate returns the built-in administrator, or the user that the query
// parameter X-Dev-User or else the header of that name asks for; an empty one
// asks for nothing. A chosen user is an administrator only if the id is that of
// the built-in one. An id that is too long or not plain text gives
// [ErrUnauthenticated].
func (Dev) Authenticate(r *http.Request) (Caller, error) {
	id := r.URL.Query().Get(devUserName)
	if id == "" {
		id = r.Header.Get(devUserName)
	}
	user, err := Dev{}.User(id)
	if err != nil {
		return Caller{}, fmt.Errorf("%w: %s: %w", ErrUnauthenticated, devUserName, err)
	}
	return Caller{User: user, Method: MethodDev}, nil
}

// User returns the user with an id, as [Dev.Authenticate] does for a caller who
// asks to be that one: the built-in administrator for an empty id. An id that is
// too long or not plain text gives an error that says so, and no more: it is for
// ids that somebody names and nobody logs in with.
func (Dev) User(id string) (hub.User, error) {
	if id == "" || id == DevUserID {
		return devAdministrator(), nil
	}
	if err := validUserID(id); err != nil {
		return hub.User{}, err
	}
	return hub.User{ID: id, Login: "user_" + id, Name: "User " + id}, nil
}

func devAdministrator() hub.User {
	return hub.User{ID: DevUserID, Login: "user1", Name: "Administrator", Admin: true}
}

// validUserID refuses what would spoil log lines and tags. WebTutor's own ids
// are decimal numbers, but a developer may well write "anna".
func validUserID(id string) error {
	if len(id) > maxUserID {
		return fmt.Errorf("the id is %d bytes long, at most %d are allowed", len(id), maxUserID)
	}
	if !utf8.ValidString(id) {
		return fmt.Errorf("the id is not UTF-8 text")
	}
	for _, c := range id {
		if !unicode.IsGraphic(c) || unicode.IsSpace(c) {
			return fmt.Errorf("the id contains the character %q; plain text without blanks is allowed", c)
		}
	}
	return nil
}
