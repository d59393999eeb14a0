package ws

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// Handler receives what happens on sockets. Calls for one socket never overlap and come in wire
// order, also when a newer connection takes the socket over; ctx ends when the socket does.
// They run on a worker, never on a parked reader.
type Handler interface {
	// Opened is called for each connection after the upgrade, before any Message. What it
	// sends is delivered. An error closes the connection with 1008 and its text, behind
	// what was sent.
	Opened(ctx context.Context, s *hub.Socket) error
	// Message is called for each text message. An error has no effect here.
	Message(ctx context.Context, s *hub.Socket, text string) error
	// Closed is called once, after all other calls, when the socket has ended.
	Closed(s *hub.Socket, reason hub.Reason)
}

// Opener opens sockets; [hub.Hub] with a claim before it, or alone.
type Opener interface {
	Open(ctx context.Context, req hub.OpenRequest) (*hub.Conn, error)
}

// Authenticator says who makes a request. Errors are told apart by auth.ErrUnauthenticated and
// auth.ErrForbidden; any other means that it cannot say now.
type Authenticator interface {
	Authenticate(r *http.Request) (hub.User, error)
}

// Deps are the rooms a server needs. The first four are required.
type Deps struct {
	Opener        Opener
	Auth          Authenticator
	Handler       Handler
	ServiceExists func(name string) bool
	Logger        *slog.Logger      // nil: nothing is logged
	Metrics       *metrics.Registry // nil: nothing is counted
	Tracer        *tracing.Tracer   // nil: nothing is traced
	Refusals      *auth.Refusals    // nil: nothing is kept
}

// Server serves /services/<name>. It owns every connection it accepted until [Server.Shutdown]
// has returned. Safe for concurrent use.
type Server struct {
	cfg     Config
	deps    Deps
	log     *slog.Logger
	started time.Time
	workers *workers
	wheel   *wheel
	figures figures
	traces  traces
	gate    *gate

	refusing chan struct{} // closed when no more sockets are taken

	mu       sync.Mutex
	draining bool
	stopped  chan struct{} // closed when nothing runs any more; nil before Shutdown

	// running counts readers, writers and upgrades under way. Added to under mu while
	// not draining, or by somebody who is counted already.
	running sync.WaitGroup
}

// New makes a server and starts its timer wheel, which runs until [Server.Shutdown]. Settings
// must satisfy [Config.Validate].
func New(cfg Config, deps Deps) *Server {
	s := &Server{cfg: cfg.withDefaults(), deps: deps, log: deps.Logger, started: time.Now()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.workers = newWorkers(s.cfg.Workers)
	s.gate = newGate(s.cfg.Handshakes)
	s.refusing = make(chan struct{})
	s.wheel = newWheel(s.tick())
	s.wheel.idle = s.workers.reap
	s.figures = newFigures(s, deps.Metrics)
	go s.wheel.run()
	return s
}

// tick returns how finely the wheel must look, given the shortest time-out it serves.
func (s *Server) tick() time.Duration {
	shortest := min(lingerTime, s.cfg.WriteTimeout)
	if s.cfg.Heartbeat > 0 {
		shortest = min(shortest, s.cfg.Heartbeat)
	}
	return max(shortest/8, time.Millisecond)
}

// now returns the time since the server started, which is what connections keep: half the size
// of a time.Time, and never set back.
func (s *Server) now() time.Duration { return time.Since(s.started) }

// begin counts a request in, unless the server is draining.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.running.Add(1)
	return true
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// errDraining says that the server takes no more sockets.
var errDraining = errors.New("the server is shutting down")

var shuttingDown = hub.Reason{Code: hub.CodeShutdown, Text: "the server is shutting down"}

// Shutdown refuses new sockets, closes all others with 1012 behind what they have queued, and
// waits until their readers, writers and Handler calls have ended. When ctx ends first, the
// remaining connections are dropped and its error is returned; a later call goes on waiting.
// It may be called more than once and at the same time.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.draining
	if first {
		s.draining = true
		close(s.refusing)
		s.stopped = make(chan struct{})
		go s.stop()
	}
	s.mu.Unlock()
	if first {
		for _, c := range s.wheel.conns() {
			c.hc.CloseWith(shuttingDown)
		}
	}
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
	}
	for _, c := range s.wheel.conns() {
		c.drop(shuttingDown)
	}
	return ctx.Err()
}

// stop ends what the server keeps running, once all connections are over.
func (s *Server) stop() {
	s.running.Wait()
	s.wheel.stop()
	s.workers.stop()
	close(s.stopped)
}
