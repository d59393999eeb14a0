package cluster

import (
	"testing"
	"time"
)

// What is kept of the sockets of a node that is gone stays for a while: it may only be cut off.
func TestTheTagOfANodeThatIsGone(t *testing.T) {
	s, at := newSweeper(), time.Now()
	if s.isOver(7, at, time.Minute) {
		t.Error("it is over at once")
	}
	if next := s.nextTag(at.Add(10*time.Second), time.Minute); next != 50*time.Second {
		t.Errorf("looks again after %s", next)
	}
	if !s.isOver(7, at.Add(time.Minute), time.Minute) {
		t.Error("it is never over")
	}
	if next := s.nextTag(at.Add(time.Minute), time.Minute); next != 0 || len(s.tags) != 0 {
		t.Errorf("looks again after %s for %d", next, len(s.tags))
	}
	s.isOver(8, at, time.Minute)
	s.nextTag(at, time.Minute)
	s.nextTag(at, time.Minute) // nobody has asked for it any more: it is back
	if len(s.tags) != 0 {
		t.Error("a node that is back is not forgotten")
	}
}
