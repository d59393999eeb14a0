package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// ending is the end of a server, which begins once. Others may join it, and hasten it: the earliest
// deadline counts, and once somebody is in a hurry all are. Safe for concurrent use.
type ending struct {
	// ctx ends when one who waits for the end has no more time.
	ctx    context.Context
	cancel context.CancelFunc
	// gentle ends when somebody is in a hurry.
	gentle context.Context
	hurry  context.CancelFunc

	begun chan struct{} // closed when it begins
	done  chan struct{} // closed at the end of it; err is set then
	err   error

	mu       sync.Mutex
	deadline time.Time // the earliest of those who wait; zero: none
}

func newEnding() *ending {
	e := &ending{begun: make(chan struct{}), done: make(chan struct{})}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.gentle, e.hurry = context.WithCancel(context.Background())
	return e
}

// join takes somebody in who waits until ctx ends, and says whether it is the first.
func (e *ending) join(ctx context.Context, hurry bool) (first bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if d, ok := ctx.Deadline(); ok && (e.deadline.IsZero() || d.Before(e.deadline)) {
		e.deadline = d
	}
	if hurry {
		e.hurry()
	}
	select {
	case <-e.begun:
		return false
	default:
		close(e.begun)
		return true
	}
}

// before returns a context that ends while the part of the time there is is still left.
func (e *ending) before(part time.Duration) (context.Context, context.CancelFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.deadline.IsZero() {
		return context.WithCancel(e.ctx)
	}
	return context.WithDeadline(e.ctx, e.deadline.Add(-part))
}

// half returns a context that ends when half of the time that is left is over: other steps need some too.
func (e *ending) half() (context.Context, context.CancelFunc) {
	e.mu.Lock()
	left := max(time.Until(e.deadline), 0) // without a deadline it does not matter
	e.mu.Unlock()
	return e.before(left / 2)
}

// What is kept of the time for the steps behind the scripts: to cancel those that go on, to answer
// requests, to save detached sockets.
const (
	reservePart = 6 // of the whole time
	maxReserve  = 5 * time.Second
)

// reserve is what is kept of a whole time.
func reserve(whole time.Duration) time.Duration { return min(whole/reservePart, maxReserve) }

// Drain stops the server gently, in the time that shutdown.drain allows in all: it says that it is not
// ready any more and refuses new sockets and runs; closes sockets with 1012, evenly over two thirds of
// the time, and lets their scripts, and agents, finish until the time is nearly over, and cancels those
// left; answers other requests meanwhile; closes the port, keeps the detached sockets for the next start,
// and writes what else is to be kept. It returns what went wrong.
//
// When ctx ends it waits for nobody any more. A second call, and [Server.Close], join the end that is
// under way; Close hastens it.
func (s *Server) Drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Settings.Shutdown.Drain)
	defer cancel()
	return s.end(ctx, false)
}

// Close does what [Server.Drain] does at once, in the time that ctx leaves: all sockets are closed now, in
// no more than half of it, and agents are cancelled when the scripts of the sockets have finished. The
// detached sockets are kept all the same.
func (s *Server) Close(ctx context.Context) error { return s.end(ctx, true) }

// BeginDrain begins a [Server.Drain] and does not wait for it. The server is draining when it returns.
func (s *Server) BeginDrain() {
	go func() { _ = s.Drain(context.Background()) }() // who waits for the end hears what went wrong; Close waits
	<-s.ending.begun
	s.routes.phase.enter(draining)
}

// Left is what a server that stops still waits for.
type Left struct {
	Node    string
	Sockets int // that are open
	Runs    int // of agents and threads
}

// Left says what there is to wait for now.
func (s *Server) Left() Left {
	return s.left()
}

func (s *Server) end(ctx context.Context, hurry bool) error {
	e := s.ending
	first := e.join(ctx, hurry)
	stop := context.AfterFunc(ctx, e.cancel)
	defer stop()
	if !first {
		<-e.done
		return e.err
	}
	s.routes.phase.enter(draining)
	for _, refuse := range s.refuse {
		refuse()
	}
	var errs []error
	for i := len(s.undo) - 1; i >= 0; i-- {
		if err := s.undo[i].run(e.ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.undo[i].what, err))
		}
	}
	e.err = errors.Join(errs...)
	e.cancel()
	close(e.done)
	return e.err
}

// endSockets closes the sockets, over a while if nobody is in a hurry. Those that take too long are dropped.
func (s *Server) endSockets(endpoint *ws.Server) error {
	e, whole := s.ending, s.cfg.Settings.Shutdown.Drain
	if e.gentle.Err() != nil {
		return s.closeSockets(endpoint)
	}
	ctx, cancel := e.before(reserve(whole))
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- endpoint.Drain(ctx, whole*2/3) }()
	select {
	case err := <-drained:
		return unlessLate(err)
	case <-e.gentle.Done():
		err := s.closeSockets(endpoint)
		cancel()
		<-drained // it has nothing left to do
		return err
	}
}

// closeSockets closes the sockets at once.
func (s *Server) closeSockets(endpoint *ws.Server) error {
	ctx, cancel := s.ending.half()
	defer cancel()
	return unlessLate(endpoint.Shutdown(ctx))
}

// unlessLate leaves out that something took too long: it was cut short then.
func unlessLate(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// endRuns lets what runs finish, unless somebody is in a hurry, and cancels what is left.
func (s *Server) endRuns(runs *engine.Engine) error {
	e := s.ending
	ctx, cancel := e.before(reserve(s.cfg.Settings.Shutdown.Drain))
	defer cancel()
	defer context.AfterFunc(e.gentle, cancel)()
	_ = runs.Wait(ctx) // what took longer is cancelled
	ctx, cancel = e.half()
	defer cancel()
	return runs.Close(ctx)
}
