package auth

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ends collects what waiters of a lease are told.
type ends struct {
	mu    sync.Mutex
	texts []string
}

func (e *ends) add(why string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.texts = append(e.texts, why)
}

func (e *ends) want(t *testing.T, texts ...string) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.texts) != len(texts) {
		t.Fatalf("told %q, want %q", e.texts, texts)
	}
	for i := range texts {
		if e.texts[i] != texts[i] {
			t.Errorf("told %q, want %q", e.texts, texts)
		}
	}
}

func wantOver(t *testing.T, l *Lease, why string) {
	t.Helper()
	if got, over := l.Over(); got != why || over != (why != "") {
		t.Errorf("over is %v, because %q; want %q", over, got, why)
	}
}

func TestLeaseEndsAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told ends
		l := NewLease(time.Now().Add(time.Minute))
		l.OnEnd(told.add)
		time.Sleep(time.Minute - time.Nanosecond)
		wantOver(t, l, "")
		told.want(t)
		time.Sleep(time.Nanosecond)
		wantOver(t, l, "the token has expired")
		told.want(t, "the token has expired")
		l.End("too late")
		wantOver(t, l, "the token has expired")
		if l.Extend(time.Time{}) {
			t.Error("a lease that is over was extended")
		}
		l.OnEnd(told.add)
		told.want(t, "the token has expired", "the token has expired")
	})
}

func TestLeaseIsOverWithoutAnybodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLease(time.Now().Add(time.Minute)).ExpireAs("the session has expired")
		time.Sleep(time.Hour)
		if l.Extend(time.Now().Add(time.Hour)) {
			t.Error("a lease whose time is over was extended")
		}
		wantOver(t, l, "the session has expired")
	})
}

func TestLeaseIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var one, other, stopped ends
		l := NewLease(time.Time{})
		l.OnEnd(one.add)
		l.OnEnd(other.add)
		stop := l.OnEnd(stopped.add)
		stop()
		stop()
		time.Sleep(1000 * time.Hour)
		wantOver(t, l, "")
		l.End("you have logged out")
		l.End("twice")
		wantOver(t, l, "you have logged out")
		one.want(t, "you have logged out")
		other.want(t, "you have logged out")
		stopped.want(t)
		stop()
	})
}

func TestLeaseIsExtended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told ends
		l := NewLease(time.Now().Add(time.Minute))
		l.OnEnd(told.add)
		if !l.Extend(time.Now().Add(time.Hour)) || !l.Extend(time.Now().Add(time.Second)) {
			t.Fatal("not extended")
		}
		time.Sleep(time.Hour - time.Second)
		told.want(t)
		if !l.Extend(time.Time{}) || !l.Extend(time.Now().Add(time.Second)) {
			t.Fatal("not extended")
		}
		time.Sleep(1000 * time.Hour)
		told.want(t)
		wantOver(t, l, "")
	})
}

// The last who stops waiting leaves no timer behind: it would keep the lease, and with it a token, alive.
func TestLeaseLeavesNoTimer(t *testing.T) {
	l := NewLease(time.Now().Add(time.Hour))
	stop, other := l.OnEnd(func(string) {}), l.OnEnd(func(string) {})
	stop()
	if l.timer == nil || len(l.waiting) != 1 {
		t.Error("somebody still waits, and nothing looks at the time")
	}
	other()
	if l.timer != nil || len(l.waiting) != 0 {
		t.Error("nobody waits, and a timer runs")
	}
}

func TestLeaseOfNobody(t *testing.T) {
	var l *Lease
	l.End("x")
	l.OnEnd(func(string) { t.Error("told") })()
	wantOver(t, l, "")
	if !l.Extend(time.Now()) {
		t.Error("not extended")
	}
}

// Times of tokens are the choice of strangers.
func TestLeaseOfStrangeTimes(t *testing.T) {
	for _, far := range []time.Time{time.Unix(math.MaxInt64/2, 0), time.Unix(1<<40, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		l := NewLease(far)
		stop := l.OnEnd(func(string) { t.Errorf("over before %v", far) })
		wantOver(t, l, "")
		stop()
	}
	for _, past := range []time.Time{time.Unix(math.MinInt64/2, 0), time.Unix(0, 0), time.Unix(-1<<40, 0), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)} {
		wantOver(t, NewLease(past), "the token has expired")
	}
}

// Whoever is not told in time, and has not stopped, is told in the end; nobody is told twice.
func TestLeaseOfMany(t *testing.T) {
	l := NewLease(time.Now().Add(time.Millisecond))
	var told sync.WaitGroup
	for i := range 200 {
		told.Add(1)
		once := sync.OnceFunc(told.Done)
		stop := l.OnEnd(func(string) { once() })
		go func() {
			if i%2 == 0 {
				stop()
				once()
			}
			l.Over()
			l.Extend(time.Now())
		}()
	}
	told.Wait()
}
