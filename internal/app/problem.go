package app

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Problem is something wrong with a file of an app.
type Problem struct {
	URL     string // x-local:// address of the file or folder
	Line    int    // from 1; 0 where no line is to blame
	Column  int    // from 1, in characters; 0 where none is to blame
	Message string // what is wrong, and what to do where that is not plain
	Caret   string // the line with a mark under the column, "" if there is none
	Kept    bool   // the last good version of the file stays in use
	Note    bool   // nothing is broken: the author should know it, that is all
}

// String is the problem as a log shows it: the message, the position as script errors have it, the
// marked source line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Message)
	switch {
	case p.Column > 0:
		fmt.Fprintf(&b, "\n(%s,   line %d, column %d)", p.URL, p.Line, p.Column)
	case p.Line > 0:
		fmt.Fprintf(&b, "\n(%s,   line %d)", p.URL, p.Line)
	default:
		fmt.Fprintf(&b, "\n(%s)", p.URL)
	}
	if p.Caret != "" {
		b.WriteString("\n" + p.Caret)
	}
	if p.Kept {
		b.WriteString("\nThe last good version stays in use.")
	}
	return b.String()
}

// problemOf describes an error met with the file at url.
func problemOf(url string, err error) Problem {
	var load *loadError
	if errors.As(err, &load) {
		return Problem{URL: url, Message: load.err.Error()}
	}
	var syntax *basescript.SyntaxError
	if errors.As(err, &syntax) {
		return Problem{URL: url, Line: syntax.Line, Column: syntax.Column, Message: syntax.Message, Caret: syntax.Caret}
	}
	var bad *xml.SyntaxError
	if errors.As(err, &bad) {
		return Problem{URL: url, Line: bad.Line, Message: "The XML does not parse: " + bad.Msg}
	}
	var at *lineError
	if errors.As(err, &at) {
		return Problem{URL: url, Line: at.line, Message: at.message}
	}
	return Problem{URL: url, Message: err.Error()}
}

// loadError is why the file at url gives no script, where no line of it is to blame. Its text has a
// position line like that of every script error. errors.As finds a [basescript.Error] without one,
// for those who are not to see the script's files.
type loadError struct {
	url string
	err error
}

func (e *loadError) Error() string { return Problem{URL: e.url, Message: e.err.Error()}.String() }

func (e *loadError) Unwrap() []error {
	return []error{e.err, basescript.NewError(e.err.Error())}
}

// lineError is an error with a line of a registration file.
type lineError struct {
	line    int
	message string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

// sortProblems puts problems in the order of their places.
func sortProblems(problems []Problem) {
	sort.Slice(problems, func(i, j int) bool {
		a, b := &problems[i], &problems[j]
		return cmp.Or(strings.Compare(a.URL, b.URL), a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Message, b.Message)) < 0
	})
}
