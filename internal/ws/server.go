package ws

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
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
	// Closed is called once, after all other calls, when the socket has ended. A detached
	// one has not: it is called when nobody has come back in time. It is not called for a
	// socket that is detached when the server has stopped, nor for one that another node has
	// taken over, which calls it there.
	Closed(s *hub.Socket, reason hub.Reason)
}

// Opener opens sockets; [hub.Hub] with a claim before it, or alone.
type Opener interface {
	Open(ctx context.Context, req hub.OpenRequest) (*hub.Conn, error)
	// VolatileKey makes a key for a connection that brings no stateful id; see [hub.NewVolatileKey].
	VolatileKey(service string) string
	// Restore makes a socket that was detached when it was saved; see [hub.Hub.Restore].
	Restore(d hub.Detached, w hub.Waker) (*hub.Conn, error)
}

// Authenticator says who makes a request, as [auth.Method] does. Its errors are told apart; one that is
// none of those of auth means that it cannot say now.
type Authenticator interface {
	Authenticate(r *http.Request) (auth.Caller, error)
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
	Quota         Quota             // nil: users and addresses are not limited

	// Local returns a socket of this node, for [Server.Renew]; nil: nothing can be renewed.
	Local func(key string) (hub.Ref, bool)
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
	// unjudged is for records of handshakes whose user nobody can check now: all clients come back at once then.
	unjudged seldom

	refusing chan struct{} // closed when no more sockets are taken

	mu       sync.Mutex
	draining bool
	stopped  chan struct{} // closed when nothing runs any more; nil before Shutdown

	// running counts readers, writers and upgrades under way. Added to under mu while
	// not draining, or by somebody who is counted already.
	running sync.WaitGroup
	over    bool // nobody runs any more; guarded by mu
	// late counts calls of Closed for sockets that had no connection, and of leases that have ended.
	// Added to under mu while not over.
	late sync.WaitGroup
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
func (s *Server) Shutdown(ctx context.Context) error { return s.Drain(ctx, 0) }

// Drain is [Server.Shutdown], but spreads the closes evenly over a time, in random order, so that
// the clients do not all come back at once. A socket works as always until its turn. A second
// call, of either, hurries the first: all that are left are closed at once. Stateful sockets end
// detached, if the hub keeps them.
func (s *Server) Drain(ctx context.Context, spread time.Duration) error {
	if !s.refuse() {
		spread = 0
	}
	s.closeAll(ctx, spread)
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
	}
	conns := s.wheel.conns()
	for _, c := range conns {
		c.drop(shuttingDown)
	}
	for _, c := range conns { // so that the queues are as they stay
		c.awaitWriter()
	}
	return ctx.Err()
}

// refuse sees that no more sockets are opened, and reports whether it was the first to do so.
func (s *Server) refuse() (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.draining = true
	close(s.refusing)
	s.stopped = make(chan struct{})
	go s.stop()
	return true
}

// drainStep is the shortest time between closes that are spread; what falls into it is closed together.
const drainStep = 10 * time.Millisecond

// closeAll closes all sockets there are, spread over a time. It returns earlier when ctx ends, or
// when there is nothing left because somebody else has closed all.
func (s *Server) closeAll(ctx context.Context, spread time.Duration) {
	conns := s.wheel.conns()
	rand.Shuffle(len(conns), func(i, j int) { conns[i], conns[j] = conns[j], conns[i] })
	began := s.now()
	for done, n := 0, len(conns); done < n; done++ {
		due := spread * time.Duration(done+1) / time.Duration(n)
		if left := began + due - s.now(); left > 0 && !s.pause(ctx, max(left, drainStep)) {
			return
		}
		conns[done].hc.CloseWith(shuttingDown)
	}
}

// pause waits, and returns false when there is no point in going on.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.stopped:
	}
	return false
}

// stop ends what the server keeps running, once all connections are over.
func (s *Server) stop() {
	s.running.Wait()
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.late.Wait()
	s.wheel.stop()
	s.workers.stop()
	close(s.stopped)
}

// beginLate counts in somebody whom no connection stands for. It returns false when the server
// has stopped.
func (s *Server) beginLate() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.late.Add(1)
	return true
}

// Restore makes a socket again that an earlier process has saved while it was detached. Its
// window goes on, and a client that comes back in time continues it; otherwise Closed is called
// when it ends. Errors are those of [hub.Hub.Restore].
func (s *Server) Restore(d hub.Detached) error {
	c := s.newConn()
	// It stands for the connection of the earlier process: Opened was called, nothing is any more.
	c.life.opened, c.calling, c.shut = true, false, true
	hc, err := s.deps.Opener.Restore(d, c)
	if err != nil {
		return err
	}
	c.opened(hc)
	c.lookFinal() // its window may have ended before it was known
	return nil
}
