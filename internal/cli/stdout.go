package cli

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// output is standard output that remembers whether it took everything: an answer that a full disk has swallowed is
// no work done, whichever command wrote it.
type output struct {
	to io.Writer

	mu  sync.Mutex
	err error // the first
}

func (o *output) Write(text []byte) (int, error) {
	n, err := o.to.Write(text)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

// failure is why something is missing in what was written. A reader that has had enough misses nothing.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || errors.Is(o.err, syscall.EPIPE) || errors.Is(o.err, io.ErrClosedPipe) {
		return nil
	}
	return fmt.Errorf("write the answer: %w", o.err)
}
