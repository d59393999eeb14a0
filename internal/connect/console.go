package connect

import (
	"os"

	"golang.org/x/term"
)

// ConsoleOf returns the console that two files are, or nil if one of them is no terminal.
func ConsoleOf(in, out *os.File) Console {
	if !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	return console{in, out}
}

type console struct{ in, out *os.File }

func (c console) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c console) Write(p []byte) (int, error) { return c.out.Write(p) }

func (c console) MakeRaw() (restore func() error, err error) {
	before, err := term.MakeRaw(int(c.in.Fd()))
	if err != nil {
		return nil, err
	}
	return func() error { return term.Restore(int(c.in.Fd()), before) }, nil
}

func (c console) Size() (width, height int) {
	width, height, err := term.GetSize(int(c.out.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}
