package cli

import (
	"errors"
	"fmt"
)

// Exit codes of the program.
const (
	ExitDone   = 0 // the work is done
	ExitFailed = 1 // the work failed
	ExitUsage  = 2 // the command line is wrong
)

// usageError is a command line that cannot be meant as it stands.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errTold ends a command whose failure has been printed already.
var errTold = errors.New("failed")

func exitCode(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, new(usageError)):
		return ExitUsage
	}
	return ExitFailed
}
