package connect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
)

// retry is the way back to a connection.
type retry struct {
	on      bool      // a connection is on its way, or waited for
	now     bool      // it is to be opened as soon as the present one has ended
	attempt int       // 0 for one that was asked for
	at      time.Time // of the next attempt; zero while one goes on
	clock   *time.Timer
}

func (r *retry) timer() <-chan time.Time {
	if r.clock == nil {
		return nil
	}
	return r.clock.C
}

func (r *retry) stop() {
	if r.clock != nil {
		r.clock.Stop()
	}
	*r = retry{}
}

// pause is how long to wait before an attempt, the first one being 1: twice as long each time, less up to a third so
// that the clients of a server that was down do not all come back at once.
func pause(attempt int) time.Duration {
	full := longestPause
	if attempt < 7 {
		full = min(longestPause, firstPause<<attempt)
	}
	return max(firstPause, full-time.Duration(rand.Int64N(int64(full)/3)))
}

// again waits for the next attempt.
func (s *session) again() {
	s.retry.on = true
	s.retry.attempt++
	wait := pause(s.retry.attempt)
	s.retry.at = time.Now().Add(wait)
	if s.script {
		s.screen.note(fmt.Sprintf("attempt %d to connect in %v", s.retry.attempt, wait.Round(100*time.Millisecond)))
	}
	s.countDown()
}

// countDown shows how long it takes yet, and sets the clock to show it again.
func (s *session) countDown() {
	left := time.Until(s.retry.at)
	s.retry.clock = time.NewTimer(min(left, time.Second))
	s.screen.state(false, fmt.Sprintf("attempt %d in %d s", s.retry.attempt, int((left+time.Second-1)/time.Second)))
}

func (s *session) tick() {
	if time.Until(s.retry.at) > 0 {
		s.countDown()
		return
	}
	s.dial()
}

// dial opens a connection beside.
func (s *session) dial() {
	attempt := s.retry.attempt
	s.retry.stop()
	s.retry.on, s.retry.attempt = true, attempt
	s.screen.state(false, "connecting")
	s.do(func() func() {
		conn, err := wsclient.Dial(s.ctx, s.cfg.Dial)
		if err == nil {
			context.AfterFunc(s.ctx, conn.Drop) // the session may have ended
		}
		return func() {
			switch {
			case err == nil && (!s.retry.on || s.conn != nil):
				conn.Drop() // nobody waits for it any more
			case err == nil:
				s.open(conn)
			case s.retry.on:
				s.notOpened(err)
			}
		}
	})
}

// notOpened decides whether to try again.
func (s *session) notOpened(err error) {
	var refused *wsclient.Refused
	final := errors.As(err, &refused) && !refused.Passing()
	if s.cfg.Reconnect && !final {
		if s.script || s.retry.attempt == 0 || refused != nil {
			s.screen.note(err.Error())
		}
		s.again()
		return
	}
	s.retry.stop()
	s.screen.state(false, "")
	s.wrong(err)
	if !s.script {
		s.screen.note("/reconnect tries again, /quit ends")
	}
}

// reconnect is the command: the connection is dropped without a word, so that a stateful socket is taken up again.
func (s *session) reconnect() {
	if s.conn != nil {
		s.retry.now, s.retry.on = true, true
		s.conn.Drop()
		return
	}
	if s.retry.on && s.retry.clock == nil {
		return // one is on its way
	}
	s.retry.attempt = 0
	s.dial()
}
