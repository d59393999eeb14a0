package ws

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// gate lets a bounded number of handshakes be under way at once: each may ask a directory for
// the user, and a crowd that comes back after a restart comes at once. The rest waits in a line,
// first come, first served.
type gate struct {
	inside  chan struct{} // holds one for each that is inside; who waits to put one in is served in order
	waiting atomic.Int32
}

var errGateWait = errors.New("waited too long")

func newGate(width int) *gate { return &gate{inside: make(chan struct{}, width)} }

// enter waits for a place, which leave gives back. It returns errGateWait when the time is up,
// the error of ctx when that ends, and errDraining when closed is.
func (g *gate) enter(ctx context.Context, patience time.Duration, closed <-chan struct{}) error {
	select {
	case g.inside <- struct{}{}:
		return nil
	default:
	}
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case g.inside <- struct{}{}:
		return nil
	case <-timer.C:
		return errGateWait
	case <-ctx.Done():
		return ctx.Err()
	case <-closed:
		return errDraining
	}
}

func (g *gate) leave() { <-g.inside }

// comeBack enters again after a while outside, however long it takes: nobody stays inside for long.
func (g *gate) comeBack() { g.inside <- struct{}{} }

// load returns how many are inside, and how many wait.
func (g *gate) load() (inside, waiting int) { return len(g.inside), int(g.waiting.Load()) }

// queueUp waits until a request may begin its handshake. Without a refusal the gate is to be left.
func (s *Server) queueUp(r *http.Request) *refusal {
	switch err := s.gate.enter(r.Context(), s.cfg.HandshakeTimeout, s.refusing); err {
	case nil:
		return nil
	case errDraining:
		return refuseDraining()
	case errGateWait:
		return refuse(http.StatusServiceUnavailable, "too many clients connect at once; try again in a moment", "Retry-After", "5").about(auth.RefusedLimit)
	default:
		return refuse(http.StatusServiceUnavailable, "the request was given up")
	}
}

func refuseDraining() *refusal {
	return refuse(http.StatusServiceUnavailable, "the server is shutting down; connect again in a moment", "Retry-After", "5")
}
