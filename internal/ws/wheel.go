package ws

import (
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// wheelSlots times the tick is how far ahead the wheel sees. A visit that lies farther comes
// early, which does no harm: a visit looks at the clock itself.
const wheelSlots = 64

// reapPeriod is how often idle workers are let go.
const reapPeriod = 10 * time.Second

// wheel visits every connection from time to time. It takes the place of a timer for each; the
// price is that what it does comes up to a tick late.
type wheel struct {
	tick    time.Duration
	started time.Time
	idle    func() // called every reapPeriod
	quit    chan struct{}
	done    chan struct{}

	mu       sync.Mutex
	now      int64 // ticks since started
	slots    [wheelSlots]*conn
	visiting *conn // taken out of its slot; nil: none
}

// wheelLink is the place of a connection in the wheel, guarded by wheel.mu.
type wheelLink struct {
	prev, next *conn
	due        int64 // tick of the visit
	state      linkState
}

type linkState uint8

const (
	linkNew linkState = iota
	linkWaiting
	linkVisited // taken out of its slot, to be visited now
	linkRemoved // for good
)

func newWheel(tick time.Duration) *wheel {
	return &wheel{tick: tick, started: time.Now(), quit: make(chan struct{}), done: make(chan struct{})}
}

// schedule sees that c is visited in the time given, or earlier. The first call adds c to the
// wheel; after remove it does nothing.
func (w *wheel) schedule(c *conn, in time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ticks := min(int64(in/w.tick)+1, wheelSlots-1)
	due := w.now + max(ticks, 1)
	switch c.wheel.state {
	case linkRemoved:
		return
	case linkWaiting:
		if c.wheel.due <= due {
			return
		}
		w.unlink(c)
	}
	w.link(c, due)
}

func (w *wheel) link(c *conn, due int64) {
	head := &w.slots[due%wheelSlots]
	c.wheel = wheelLink{next: *head, due: due, state: linkWaiting}
	if *head != nil {
		(*head).wheel.prev = c
	}
	*head = c
}

func (w *wheel) unlink(c *conn) {
	l := &c.wheel
	if l.prev != nil {
		l.prev.wheel.next = l.next
	} else {
		w.slots[l.due%wheelSlots] = l.next
	}
	if l.next != nil {
		l.next.wheel.prev = l.prev
	}
	l.prev, l.next = nil, nil
}

// remove takes c out for good. A visit that is under way may still go on.
func (w *wheel) remove(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.wheel.state == linkWaiting {
		w.unlink(c)
	}
	c.wheel.state = linkRemoved
}

// conns returns the connections that are in the wheel.
func (w *wheel) conns() []*conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*conn
	if c := w.visiting; c != nil && c.wheel.state == linkVisited {
		all = append(all, c)
	}
	for _, c := range w.slots {
		for ; c != nil; c = c.wheel.next {
			all = append(all, c)
		}
	}
	return all
}

// run turns the wheel until stop.
func (w *wheel) run() {
	defer close(w.done)
	t := time.NewTicker(w.tick)
	defer t.Stop()
	reaped := w.started
	for {
		select {
		case <-w.quit:
			return
		case <-t.C:
		}
		w.turn(int64(time.Since(w.started) / w.tick))
		if time.Since(reaped) >= reapPeriod {
			reaped = time.Now()
			w.idle()
		}
	}
}

// turn visits all that is due up to a tick.
func (w *wheel) turn(to int64) {
	for {
		w.mu.Lock()
		if w.now >= to {
			w.mu.Unlock()
			return
		}
		w.now++
		slot := w.now % wheelSlots
		w.mu.Unlock()
		for c := w.take(slot); c != nil; c = w.take(slot) {
			w.schedule(c, c.visit(c.srv.now()))
		}
	}
}

// take removes one connection from a slot, to be visited; nil when the slot is empty.
func (w *wheel) take(slot int64) *conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.slots[slot]
	w.visiting = c
	if c != nil {
		w.unlink(c)
		c.wheel.state = linkVisited
	}
	return c
}

// stop ends run and waits for it.
func (w *wheel) stop() {
	close(w.quit)
	<-w.done
}

// visitPeriod is how often a connection with nothing special about it is visited.
func (s *Server) visitPeriod() time.Duration {
	period := s.cfg.WriteTimeout / 2
	if s.cfg.Heartbeat > 0 {
		period = min(period, s.cfg.Heartbeat/5)
	}
	return period
}

// visit does what is due on a connection and returns when it wants to be visited again. It is
// called by the wheel and must not block.
func (c *conn) visit(now time.Duration) (next time.Duration) {
	next = c.srv.visitPeriod()
	if since := time.Duration(c.writeSince.Load()); since != 0 {
		next = min(next, c.checkWrite(since, now))
	}
	c.mu.Lock()
	closeBy := c.closeBy
	c.mu.Unlock()
	if closeBy != 0 {
		if now >= closeBy {
			c.drop(hub.Reason{Code: hub.CodeLost, Text: "the client did not complete the close"})
		}
		return min(next, closeBy-now)
	}
	if due := c.hc.Tick(time.Now()); !due.IsZero() {
		next = min(next, time.Until(due))
	}
	return min(next, c.heartbeat(now))
}

// heartbeat sends a ping when it is time, drops the connection when two were not answered, and
// returns when it wants to be called again. While the reader waits for a call nothing can be
// known of the client, and nothing is held against it.
func (c *conn) heartbeat(now time.Duration) (next time.Duration) {
	period := c.srv.cfg.Heartbeat
	if period < 0 {
		return c.srv.visitPeriod()
	}
	if now < c.pingAt {
		return c.pingAt - now
	}
	c.pingAt = now + period
	if c.busy.Load() {
		return period
	}
	if c.unanswered.Load() >= heartbeatMisses {
		c.srv.figures.heartbeats.Inc()
		c.drop(hub.Reason{Code: hub.CodeLost, Text: "the heartbeat was lost", Cause: hub.CauseHeartbeat})
		return period
	}
	c.unanswered.Add(1)
	c.sendControl(ws.CompiledPing)
	return period
}
