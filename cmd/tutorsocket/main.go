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
		Program:  typed(),
	})
}

// untilSignal returns a context that ends with the first signal to stop, or when cancel is called. By the
// time it has ended a second signal ends the process as usual: nobody asks twice in vain.
func untilSignal(parent context.Context) (ctx context.Context, cancel func()) {
	ctx, cancel = context.WithCancel(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals)
		cancel()
	}()
	return ctx, cancel
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
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
