package ws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// callKind names a method of Handler.
type callKind uint8

const (
	callOpened callKind = iota
	callMessage
	callBinary
	callClosed
)

// errPanicked stands for a Handler call that panicked. Its text may reach the client.
var errPanicked = errors.New("internal error")

// job is one Handler call on its way to a worker and back.
type job struct {
	handler Handler
	log     *slog.Logger
	kind    callKind
	ctx     context.Context // of the socket; the worker only hands it on
	socket  *hub.Socket
	text    string // of a text message, or the bytes of a binary one
	reason  hub.Reason
	err     error
	done    chan struct{} // has room for one
}

// call has a worker call the Handler and waits for it. Only one call of a socket is under way
// at any time. What the call does belongs below span.
func (c *conn) call(kind callKind, span *tracing.Span, text string, reason hub.Reason) error {
	j := c.srv.workers.jobs.Get().(*job)
	j.handler, j.log, j.kind, j.ctx = c.srv.deps.Handler, c.srv.log, kind, span.In(c.context())
	j.socket, j.text, j.reason = c.hc.Socket(), text, reason
	c.busy.Store(true)
	c.srv.workers.submit(j)
	<-j.done
	c.busy.Store(false)
	err := j.err
	*j = job{done: j.done}
	c.srv.workers.jobs.Put(j)
	return err
}

func (c *conn) context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.life.ctx
}

// run makes the call. It reports the end in any case, also when the Handler ends its goroutine.
func (j *job) run() {
	j.err = errPanicked
	defer func() {
		if p := recover(); p != nil {
			j.log.Error("handler panicked", "service", j.socket.Service(), "socket", j.socket.Key(),
				"user", j.socket.User().ID, "error", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
		j.done <- struct{}{}
	}()
	switch j.kind {
	case callOpened:
		j.err = j.handler.Opened(j.ctx, j.socket)
	case callMessage:
		j.err = j.handler.Message(j.ctx, j.socket, j.text)
	case callBinary:
		j.err = j.handler.(BinaryHandler).Binary(j.ctx, j.socket, []byte(j.text))
	case callClosed:
		j.handler.Closed(j.socket, j.reason)
		j.err = nil
	}
}

// workers runs jobs on at most max goroutines, first come, first served. Idle ones wait for the
// next job, so that their stacks, which scripts have grown, are used again; reap lets go of
// those that nobody needs.
type workers struct {
	max  int
	jobs sync.Pool // of *job; not shared between servers, because a job has a channel

	mu      sync.Mutex
	count   int
	waiting []*job      // while all workers are busy
	idle    []chan *job // the one idle for the shortest time is last
	unused  int         // how many of idle were not needed since the last reap
	stopped bool
	all     sync.WaitGroup
}

func newWorkers(max int) *workers {
	w := &workers{max: max}
	w.jobs.New = func() any { return &job{done: make(chan struct{}, 1)} }
	return w
}

// submit has the job run as soon as a worker is free. It does not wait.
func (w *workers) submit(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n := len(w.idle); {
	case n > 0:
		w.idle[n-1] <- j // has room: an idle worker waits for nothing else
		w.idle = w.idle[:n-1]
		w.unused = min(w.unused, n-1)
	case w.count < w.max:
		w.count++
		w.all.Add(1)
		go w.work(j)
	default:
		w.waiting = append(w.waiting, j)
	}
}

// load returns how many jobs run, and how many wait.
func (w *workers) load() (running, waiting int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count - len(w.idle), len(w.waiting)
}

// work runs jobs until it is reaped.
func (w *workers) work(j *job) {
	inbox := make(chan *job, 1)
	finished := false
	defer func() {
		if !finished { // the job ended the goroutine; others may wait for its place
			w.replace()
		}
		w.all.Done()
	}()
	for j != nil {
		j.run()
		if j = w.next(inbox); j == nil {
			j = <-inbox // nil when the channel was closed
		}
	}
	finished = true
}

// next returns the job that has waited longest. When there is none it offers inbox for jobs to
// come, or closes it when there will be none, and returns nil.
func (w *workers) next(inbox chan *job) *job {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) > 0 {
		j := w.waiting[0]
		w.waiting[0] = nil
		w.waiting = w.waiting[1:]
		return j
	}
	w.waiting = nil
	if w.stopped {
		close(inbox)
	} else {
		w.idle = append(w.idle, inbox)
	}
	return nil
}

// replace starts another worker where one was lost, if there is something to do for it.
func (w *workers) replace() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.count--
		return
	}
	j := w.waiting[0]
	w.waiting = w.waiting[1:]
	w.all.Add(1)
	go w.work(j)
}

// reap ends the workers that had nothing to do since the last call.
func (w *workers) reap() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endIdle(w.unused)
	w.unused = len(w.idle)
}

// endIdle ends the n workers that have been idle longest. Called with mu held.
func (w *workers) endIdle(n int) {
	for _, inbox := range w.idle[:n] {
		close(inbox)
	}
	w.count -= n
	w.idle = append(w.idle[:0], w.idle[n:]...)
}

// stop ends all workers and waits for them. Nothing may be submitted any more.
func (w *workers) stop() {
	w.mu.Lock()
	w.stopped = true
	w.endIdle(len(w.idle))
	w.mu.Unlock()
	w.all.Wait()
}
