package accounts

import (
	"context"
	"time"
)

const (
	// maxWaiting is how many hashes may wait for their turn.
	maxWaiting = 64
	// maxWait is how long one waits.
	maxWait = 10 * time.Second
)

// turns lets a few computations of hashes run at once, and a bounded number wait.
type turns struct {
	running chan struct{} // holds one for each that runs
	waiting chan struct{} // holds one for each that waits
	figures *figures
}

func newTurns(n int, f *figures) turns {
	return turns{make(chan struct{}, n), make(chan struct{}, maxWaiting), f}
}

// take waits for a turn; done gives it back. Errors: [ErrBusy], ctx's.
func (t turns) take(ctx context.Context) (done func(), err error) {
	select {
	case t.running <- struct{}{}:
	default:
		if err := t.wait(ctx); err != nil {
			return nil, err
		}
	}
	t.figures.running.Add(1)
	return func() {
		t.figures.running.Add(-1)
		<-t.running
	}, nil
}

func (t turns) wait(ctx context.Context) error {
	select {
	case t.waiting <- struct{}{}:
	default:
		return ErrBusy
	}
	t.figures.waiting.Add(1)
	defer func() {
		t.figures.waiting.Add(-1)
		<-t.waiting
	}()
	late := time.NewTimer(maxWait)
	defer late.Stop()
	select {
	case t.running <- struct{}{}:
		return nil
	case <-late.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}
