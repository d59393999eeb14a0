package server

import "sync/atomic"

// phase is how far the server is in its life. Safe for concurrent use.
type phase struct{ value atomic.Int32 }

// The phases, in their order.
const (
	starting int32 = iota
	ready
	draining // it is being stopped: requests are answered, nothing new begins
)

func (p *phase) now() int32     { return p.value.Load() }
func (p *phase) enter(to int32) { p.value.Store(to) }

// text is what /readyz answers.
func (p *phase) text() string {
	switch p.now() {
	case ready:
		return "ready"
	case draining:
		return "draining"
	}
	return "not ready"
}
