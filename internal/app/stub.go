package app

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// StubFunction is the name of the function that is called in a stub.
func (s *Script) StubFunction() string { return lastPart(s.Name) }

// noteUseless notes the stubs that stand in for nothing.
func (s *scan) noteUseless() {
	if s.refused == nil {
		return
	}
	for _, stub := range sorted(s.snap.stubs) {
		name := stub.Name
		needed := func(refused string) bool {
			return refused == name || !strings.Contains(name, ".") && strings.HasSuffix(refused, "."+name)
		}
		if !slices.ContainsFunc(s.refused, needed) {
			message := fmt.Sprintf("the stub is never used: %s is not among the functions that need one", name)
			s.problem(Problem{URL: stub.URL, Message: message, Note: true})
		}
	}
}

// StubBody returns the name of the function whose body the text of a stub is; empty if the text, whose
// program is given, has a function of that name.
func StubBody(program *basescript.Program, name string) string {
	function := lastPart(name)
	odd := func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	if program.HasFunction(function) || function == "" || strings.ContainsFunc(function, odd) || unicode.IsDigit(rune(function[0])) {
		return "" // no function can have an odd name: such a stub stands in for nothing
	}
	return function
}

// stubProgram returns the program of a stub: the text compiled as it stands if that has a function of
// the name, else the text as the body of one.
func stubProgram(program *basescript.Program, name, text string, globals *basescript.Globals) (*basescript.Program, error) {
	function := StubBody(program, name)
	if function == "" {
		return program, nil
	}
	return basescript.Compile(program.URL(), text, basescript.Options{Globals: globals, Library: true, Function: function})
}
