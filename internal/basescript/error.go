package basescript

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Sentinel errors of this package.
var (
	// ErrNoFunction is returned by Run.Call when the program has no top-level function of that name.
	ErrNoFunction = errors.New("no such function")
	// ErrWrongArguments is the error of a call with too few arguments (spec/basescript.md 1.6).
	ErrWrongArguments = errors.New("Wrong number of arguments") //lint:ignore ST1005 the original's text, which scripts search for
)

// Frame is one position line of an error. Func is set for a built-in function or method the error
// passed through.
type Frame struct {
	Func string
	URL  string
	Line int
}

// String is the position line as the original prints it: two blanks after the function, three before
// "line" (spec/basescript.md 4.2).
func (f Frame) String() string {
	if f.Func != "" {
		return "(" + f.Func + "(),  " + f.URL + ",   line " + strconv.Itoa(f.Line) + ")"
	}
	return "(" + f.URL + ",   line " + strconv.Itoa(f.Line) + ")"
}

// ErrorKind says what an Error means for whoever started the run.
type ErrorKind uint8

// The kinds of errors.
const (
	// Thrown is an ordinary error: a script's throw, or a built-in that failed. Scripts can catch it.
	Thrown ErrorKind = iota
	// Cancelled is the silent error of Cancel(): it ends an agent without an error message.
	Cancelled
	// UserFault is an error made by UserError: its text is shown without position lines.
	UserFault
	// Stopped is the end by a budget or by the run's context. Scripts cannot catch it.
	Stopped
)

// Budget is what a Stopped error ran out of.
type Budget uint8

// Budgets. BudgetNone is that of a run that was stopped from outside or by a fault.
const (
	BudgetNone    Budget = iota
	BudgetCompute        // computing time
	BudgetSteps
	BudgetMemory
	BudgetDepth // of calls
	BudgetTime  // that of the run's context
)

// String is the word for it, as metrics have it.
func (b Budget) String() string {
	switch b {
	case BudgetCompute:
		return "compute"
	case BudgetSteps:
		return "steps"
	case BudgetMemory:
		return "memory"
	case BudgetDepth:
		return "depth"
	case BudgetTime:
		return "time"
	}
	return "none"
}

// Error is an error of a script: a message, and the lines it passed, innermost first. The catch
// variable of a script is always made from one (spec/basescript.md 1.10).
type Error struct {
	Message string
	Kind    ErrorKind
	Budget  Budget // what was used up, of a Stopped error
	Frames  []Frame

	// own is the object that was thrown, whose properties the catch variable gets; nil if it has none
	// beside a message. name is the constructor it was made by, "" for Error.
	own  *Object
	name string
	// cause is the Go error a host function returned, kept for errors.Is and errors.As.
	cause error
	// undeclared is the name that was read though nothing declares it (typeof asks).
	undeclared string
	// flying: an error object was thrown that was made from this error, and nothing has caught it.
	flying bool
	// passed is the line the error crossed last in the function it is in now; leaving the function
	// makes a frame of it.
	passed at
	room   [1]Frame // of Frames, most errors have one
}

// maxFrames bounds the position lines kept of one error: a deep recursion names its innermost lines.
const maxFrames = 32

// NewError returns an error a host function can return; the evaluator adds the position lines.
func NewError(message string) *Error { return &Error{Message: message} }

// Errorf is NewError with formatting.
func Errorf(format string, args ...any) *Error { return NewError(fmt.Sprintf(format, args...)) }

// Error is the message followed by the position lines (spec/basescript.md 4.2).
func (e *Error) Error() string {
	if e.Kind == UserFault {
		return e.Message
	}
	var b strings.Builder
	b.WriteString(e.Message)
	for _, f := range e.Frames {
		b.WriteByte('\n')
		b.WriteString(f.String())
	}
	return b.String()
}

// Unwrap returns the Go error the failing host function returned, if any.
func (e *Error) Unwrap() error { return e.cause }

// toError turns what a host function returned into an Error. Errors of scripts pass unchanged.
func toError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Message: err.Error(), cause: err}
}

func (e *Error) addFrame(f Frame) {
	if e.Frames == nil {
		e.Frames = e.room[:0]
	}
	if len(e.Frames) < maxFrames {
		e.Frames = append(e.Frames, f)
	}
}

// raisedAt records the script line an error comes from.
func (e *Error) raisedAt(url string, line int) *Error {
	e.addFrame(Frame{URL: url, Line: line})
	e.passed = at{url, line}
	return e
}

// throughCall records that the error came out of the built-in name, called at the given line.
func (e *Error) throughCall(name, url string, line int) *Error {
	e.addFrame(Frame{Func: name, URL: url, Line: line})
	e.passed = at{url, line}
	return e
}

// throughLine records the line of a script call the error came out of.
func (e *Error) throughLine(url string, line int) *Error {
	e.passed = at{url, line}
	return e
}

// leave makes a frame of the line last passed when the error leaves a script function, unless that
// line was named last anyway.
func (e *Error) leave() *Error {
	if e.passed.url == "" {
		return e
	}
	if passed := (Frame{URL: e.passed.url, Line: e.passed.line}); len(e.Frames) == 0 || e.Frames[len(e.Frames)-1] != passed {
		e.addFrame(passed)
	}
	return e
}

// SyntaxError is a source that does not compile. Line and Column count from 1, the column in
// characters; Caret is the source line with a marker under the column.
type SyntaxError struct {
	URL     string
	Line    int
	Column  int
	Message string
	Caret   string
}

// Error is the message with its position line, in the form of every script error.
func (e *SyntaxError) Error() string {
	return e.Message + "\n" + Frame{URL: e.URL, Line: e.Line}.String()
}

func errUnknownProperty(name string) *Error {
	return NewError("Unknown object property: " + shortName(name))
}

func errUnknownMethod(name string) *Error {
	return NewError("Unknown method: " + shortName(name) + "()")
}

// shortName is a name as an error shows it: one that a script made of a long text is cut.
func shortName(name string) string {
	const most = 1000
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}

func errNotDefined(name string) *Error {
	return &Error{Message: name + " not defined", undeclared: name}
}
