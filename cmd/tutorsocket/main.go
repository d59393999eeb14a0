// Command tutorsocket serves WebTutor's socket services without WebTutor, and
// talks to such a server. See package cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/tutorsocket/tutorsocket/internal/cli"
)

func main() { os.Exit(run()) }

// run is main with its deferred calls done.
func run() int {
	ctx, cancel := untilSignal(context.Background())
	defer cancel()
	return cli.Main(ctx, cli.Env{
		Args:     os.Args[1:],
		Stdin:    os.Stdin,
		Console:  cli.ConsoleOf(os.Stdin, os.Stdout),
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Environ:  os.Environ(),
		Now:      time.Now,
		Terminal: isTerminal(os.Stdout) && isTerminal(os.Stderr),
		Progress: isTerminal(os.Stderr),
		Screen:   cli.Screen{Size: size, Keys: keys, Secret: secretOf(os.Stdin)},
		Program:  typed(),
	})
}

// untilSignal returns a context that ends with the first signal to stop, or when cancel is called: with the
// cause [cli.ErrTerminated] when the signal was SIGTERM. By the time it has ended a second signal ends the
// process as usual: nobody asks twice in vain.
func untilSignal(parent context.Context) (ctx context.Context, cancel func()) {
	ctx, end := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		var cause error
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				cause = cli.ErrTerminated
			}
		case <-ctx.Done():
		}
		signal.Stop(signals)
		end(cause)
	}()
	return ctx, func() { end(nil) }
}

// typed is what the user types to run this program: go run builds it in a folder
// that is gone when it ends.
func typed() string {
	if path, err := os.Executable(); err == nil && strings.Contains(path, "go-build") {
		return "go run ./cmd/tutorsocket"
	}
	return "tutorsocket"
}

// isTerminal says whether a person may be looking at what is written to f.
func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// size is how many columns and rows the terminal has.
func size() (columns, rows int) {
	columns, rows, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0, 0
	}
	return columns, rows
}

// secretOf returns what reads a line from a keyboard without showing it; nil if f is none.
func secretOf(f *os.File) func(context.Context) (string, error) {
	keyboard := int(f.Fd())
	if !term.IsTerminal(keyboard) {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		before, err := term.GetState(keyboard)
		if err != nil {
			return "", err
		}
		type line struct {
			text []byte
			err  error
		}
		read := make(chan line, 1)
		go func() {
			text, err := term.ReadPassword(keyboard)
			read <- line{text, err}
		}()
		select {
		case l := <-read:
			return string(l.text), l.err
		case <-ctx.Done(): // Ctrl-C: the read goes on until the process ends, which is now
			_ = term.Restore(keyboard, before)
			return "", ctx.Err()
		}
	}
}

// keys lets single keys through from the keyboard until restore is called.
func keys() (restore func(), err error) {
	keyboard := int(os.Stdin.Fd())
	before, err := term.MakeRaw(keyboard)
	if err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(keyboard, before) }, nil // nothing is left to do where that fails
}
