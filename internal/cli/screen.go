package cli

import (
	"context"
	"io"
)

// Screen is the terminal that Stdout is shown on, beyond what can be written to it. The zero value is one of
// which nothing is known.
type Screen struct {
	// Size is how many columns and rows there are now; 0 if that is not known.
	Size func() (columns, rows int)
	// Keys lets single keys through from Stdin, unseen, until restore is called. Ctrl-C is then the
	// byte 3. An error means that Stdin is no keyboard.
	Keys func() (restore func(), err error)
	// Secret reads a line from Stdin that is typed and not shown; nil where Stdin is no keyboard.
	Secret func(context.Context) (string, error)
}

// size is that of the terminal; 0 without one or if it is not known.
func (p *program) size() (columns, rows int) {
	if !p.Terminal || p.Screen.Size == nil {
		return 0, 0
	}
	return p.Screen.Size()
}

// keys lets single keys through and returns where they come from; nil without a keyboard.
func (p *program) keys() (from io.Reader, restore func()) {
	if p.Stdin == nil || p.Screen.Keys == nil {
		return nil, func() {}
	}
	restore, err := p.Screen.Keys()
	if err != nil {
		return nil, func() {}
	}
	return p.Stdin, restore
}
