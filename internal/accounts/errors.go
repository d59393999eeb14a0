package accounts

import (
	"errors"
	"fmt"
)

var (
	// ErrNoUser says that there is no such user.
	ErrNoUser = errors.New("there is no such user")
	// ErrTaken says that the login or the id is another user's.
	ErrTaken = errors.New("is taken by another user")
	// ErrWrong says that there is no user with this login, or that the password is not his. Nobody
	// is told which.
	ErrWrong = errors.New("the login or the password is wrong")
	// ErrDisabled says that the password is right and the user may not come in.
	ErrDisabled = errors.New("the account is disabled")
	// ErrBusy says that too many passwords are being verified.
	ErrBusy = errors.New("too many logins at once")
)

// FieldError says that a value cannot be taken. Which value it was it does not repeat: it may be a
// password.
type FieldError struct {
	Field  string // login, id, name, password, fields
	Reason string // "is empty", "has 300 characters, at most 200 are allowed"
}

func (e *FieldError) Error() string { return "the " + e.Field + " " + e.Reason }

func wrong(field, format string, args ...any) error {
	return &FieldError{field, fmt.Sprintf(format, args...)}
}
