package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// maxInput bounds a message or a value that is read whole, in bytes: a server takes no larger request.
const maxInput = 4 << 20

// stdin is where a command reads what is piped to it.
func (p *program) stdin() (io.Reader, error) {
	if p.Stdin == nil {
		return nil, errors.New("there is no standard input to read from")
	}
	return p.Stdin, nil
}

// readInput reads standard input whole; what says in errors what is in it.
func (p *program) readInput(what string) (string, error) {
	in, err := p.stdin()
	if err != nil {
		return "", err
	}
	return readWhole(in, what+" on standard input")
}

// readInputFile reads a file whole, as readInput does.
func readInputFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", unreadable("file", name, err)
	}
	defer f.Close()
	return readWhole(f, "the file "+name)
}

// readWhole reads text in UTF-8 of at most maxInput bytes.
func readWhole(in io.Reader, what string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", what, err)
	case len(text) > maxInput:
		return "", fmt.Errorf("%s is longer than %d bytes, which no server takes", what, maxInput)
	case !utf8.Valid(text):
		return "", fmt.Errorf("%s is not UTF-8", what)
	}
	return string(text), nil
}
