package ws

import (
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// slowed is what a connection has while it sends more than its rate allows.
type slowed struct {
	since time.Duration // the first message that had to wait; as Server.now
	timer *time.Timer   // of the wait
	stop  chan struct{} // closed when no message is handled any more
}

// maxBurst bounds the time that a burst stands for, in nanoseconds: years, and no overflow when it is
// added to one.
const maxBurst = 1 << 60

// pace takes a message into account that has arrived, and waits when the client has sent more
// than it may: its next ones stay in the kernel, and in the end with the client. Nothing is lost,
// what is written to the client goes on, and a wait ends early when the connection does. It
// returns false when the client was slowed for so long that the connection is being closed.
//
// The bucket that holds the burst is one point in time: when it will be full again.
func (c *conn) pace() (goOn bool) {
	cfg := &c.srv.cfg
	if cfg.Rate == 0 {
		return true
	}
	now := c.srv.now()
	each := time.Duration(float64(time.Second) / cfg.Rate)
	burst := time.Duration(min(float64(each)*float64(cfg.Burst), maxBurst))
	c.full = max(c.full, now)
	if c.slow != nil && c.full-now <= burst/2 {
		c.setSlow(nil) // a pause: half of the burst is there again
	}
	c.full += each
	over := c.full - now - burst
	if over <= 0 {
		return true
	}
	return c.waitSlowed(now, over)
}

// waitSlowed is the part of pace for a client that has sent too much.
func (c *conn) waitSlowed(now, over time.Duration) (goOn bool) {
	if c.slow == nil {
		if !c.setSlow(&slowed{since: now, timer: time.NewTimer(over), stop: make(chan struct{})}) {
			return true
		}
		c.srv.figures.throttled.Inc()
	}
	s, limit := c.slow, c.srv.cfg.Throttle
	s.timer.Reset(min(over, max(s.since+limit-now, 0)))
	c.busy.Store(true)
	stopped := false
	select {
	case <-s.timer.C:
	case <-s.stop:
		s.timer.Stop()
		stopped = true
	}
	c.unanswered.Store(0) // an answer may lie unread
	c.busy.Store(false)
	if stopped || c.srv.now()-s.since < limit {
		return true
	}
	c.hc.CloseWith(hub.Reason{Code: hub.CodeRefused, Text: fmt.Sprintf("more than %g messages a second for %v", c.srv.cfg.Rate, limit), Cause: hub.CauseRate})
	return false
}

// setSlow begins or ends the slowing down. It returns false when the connection closes: its
// reader is not to be held up any more.
func (c *conn) setSlow(s *slowed) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return false
	}
	c.slow = s
	return true
}
