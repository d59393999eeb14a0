package ws

import (
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/quota"
)

// slowed is what a connection has while it sends more than its rate allows, or its user or address more than they
// may.
type slowed struct {
	since time.Duration // the first message that had to wait; as Server.now
	until time.Duration // when the last one had waited; likewise
	timer *time.Timer   // of the wait
	stop  chan struct{} // closed when no message is handled any more
}

const (
	// maxBurst bounds the time that a burst stands for, in nanoseconds: years, and no overflow when it is
	// added to one.
	maxBurst = 1 << 60
	// breath is how long a client is silent that others of its user or address have slowed down, and that does
	// not send as fast as it can itself.
	breath = time.Second
)

// pace takes a message into account that has arrived, and waits when the client, or all of its user or address,
// have sent more than they may: its next ones stay in the kernel, and in the end with the client. Nothing is lost,
// what is written to the client goes on, and a wait ends early when the connection does. It
// returns false when the client was slowed for so long, or so much is owed, that the connection is being closed.
func (c *conn) pace() (goOn bool) {
	shared := c.srv.deps.Quota
	if c.srv.cfg.Rate == 0 && shared == nil {
		return true
	}
	over, busy := c.paceOwn()
	var v quota.Verdict
	if shared != nil {
		v = shared.Message(c.payer())
	}
	if c.slow != nil && !busy && (!v.Busy || c.srv.now()-c.slow.until > breath) {
		c.setSlow(nil) // a pause
	}
	return c.slowDown(over, v)
}

// paceOwn takes a message into account for the rate of the socket. over is how much more than the burst has been
// sent, as the time it takes; busy says that there was no pause: half of the burst is not there again.
//
// The bucket that holds the burst is one point in time: when it will be full again.
func (c *conn) paceOwn() (over time.Duration, busy bool) {
	cfg := &c.srv.cfg
	if cfg.Rate == 0 {
		return 0, false
	}
	now := c.srv.now()
	each := time.Duration(float64(time.Second) / cfg.Rate)
	burst := time.Duration(min(float64(each)*float64(cfg.Burst), maxBurst))
	c.full = max(c.full, now)
	busy = c.full-now > burst/2
	c.full += each
	return c.full - now - burst, busy
}

// paceBytes does what pace does for bytes that have been handled: the next ones wait.
func (c *conn) paceBytes(n int) (goOn bool) {
	shared := c.srv.deps.Quota
	if shared == nil || n == 0 {
		return true
	}
	user, remote := c.payer()
	return c.slowDown(0, shared.Bytes(user, remote, n))
}

// slowDown waits for as long as the rate of the socket and what is shared ask for, or ends the connection.
func (c *conn) slowDown(over time.Duration, v quota.Verdict) (goOn bool) {
	switch {
	case v.Refused:
		c.refused(v.Rule.String(), v.Rule.Setting())
		return false
	case over <= 0 && v.Wait == 0:
		return true
	case c.waitSlowed(max(over, v.Wait)):
		return true
	case v.Wait > over:
		v.Rule.CountRefusal()
		c.refused(v.Rule.String(), v.Rule.Setting())
	default:
		c.refused(fmt.Sprintf("more than %g messages a second for %v", c.srv.cfg.Rate, c.srv.cfg.Throttle), "limits.rate")
	}
	return false
}

// waitSlowed waits for a client that has sent too much. It returns false when that has gone on for too long.
func (c *conn) waitSlowed(over time.Duration) (goOn bool) {
	now := c.srv.now()
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
	s.until = c.srv.now()
	return stopped || s.until-s.since < limit
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
