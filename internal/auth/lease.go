package auth

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// tokenExpired is what a lease says by itself when its time is over.
const tokenExpired = "the token has expired"

// Lease says how long the ground of a caller holds: until a time, until somebody ends it, or
// whichever comes first. All sockets of one session or token share it. Safe for concurrent use; a
// nil *Lease holds for ever.
type Lease struct {
	until atomic.Int64           // unix nanoseconds; 0: until End
	ended atomic.Pointer[string] // why; nil: it holds

	mu      sync.Mutex // guards what follows, and every change of what stands above
	expired string     // what is said when its time is over
	waiting map[*waiting]struct{}
	timer   *time.Timer // runs while somebody waits for a time; nil: it does not
}

// waiting is somebody who wants to hear of the end.
type waiting struct{ fn func(why string) }

// NewLease returns a lease that holds until a time, or with a zero time until [Lease.End]. When the
// time has come it says "the token has expired", unless [Lease.ExpireAs] has given it another text.
func NewLease(until time.Time) *Lease {
	l := &Lease{expired: tokenExpired}
	l.until.Store(instant(until))
	return l
}

// ExpireAs sets what is said when the time of the lease is over, and returns the lease.
func (l *Lease) ExpireAs(why string) *Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expired = why
	return l
}

// instant writes a time as leases keep it. Times that do not fit are as good as never, or as long ago.
func instant(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.Unix() >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	case t.Unix() <= 0:
		return 1
	}
	return t.UnixNano()
}

// Extend has the lease hold until a time, or with a zero time until [Lease.End]; it never makes it
// shorter. It returns false, and changes nothing, if the lease is over already.
func (l *Lease) Extend(until time.Time) bool {
	if l == nil {
		return true
	}
	if _, over := l.Over(); over {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended.Load() != nil {
		return false
	}
	to, from := instant(until), l.until.Load()
	if from != 0 && (to == 0 || to > from) {
		l.until.Store(to)
		l.setTimer()
	}
	return true
}

// End ends the lease. why is for the user: the close frame of each of its sockets says it. Only the
// first call counts.
func (l *Lease) End(why string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	waiters := l.end(why)
	l.mu.Unlock()
	tell(waiters, why)
}

// Over reports whether the lease is over, and why. It costs an atomic load, and a look at the clock
// if there is an end time.
func (l *Lease) Over() (why string, over bool) {
	if l == nil {
		return "", false
	}
	if why := l.ended.Load(); why != nil {
		return *why, true
	}
	if !passed(l.until.Load()) {
		return "", false
	}
	l.look()
	if why := l.ended.Load(); why != nil {
		return *why, true
	}
	return "", false // extended meanwhile
}

// passed reports whether an end time is over.
func passed(until int64) bool { return until != 0 && time.Now().UnixNano() >= until }

// OnEnd has fn called when the lease ends, once, on a goroutine of its own; at once if it is over
// already. A caller who does not want to know any more calls stop, at any time and as often as it
// likes; a call that has begun goes on.
func (l *Lease) OnEnd(fn func(why string)) (stop func()) {
	if l == nil {
		return func() {}
	}
	w := &waiting{fn}
	l.mu.Lock()
	if why := l.ended.Load(); why != nil {
		l.mu.Unlock()
		go fn(*why)
		return func() {}
	}
	if l.waiting == nil {
		l.waiting = map[*waiting]struct{}{}
	}
	l.waiting[w] = struct{}{}
	if len(l.waiting) == 1 {
		l.setTimer()
	}
	l.mu.Unlock()
	return func() { l.forget(w) }
}

// InUse reports whether anybody waits for the end of the lease, as every open socket does that stands on it.
func (l *Lease) InUse() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) > 0
}

// forget takes somebody out who waits; the last one leaves no timer behind.
func (l *Lease) forget(w *waiting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, w)
	if len(l.waiting) == 0 {
		l.setTimer()
	}
}

// look ends the lease if its time is over, and sees that it is looked at again if not.
func (l *Lease) look() {
	l.mu.Lock()
	var waiters map[*waiting]struct{}
	why := l.expired
	if passed(l.until.Load()) {
		waiters = l.end(why)
	} else {
		l.setTimer() // extended, or the clock was set back
	}
	l.mu.Unlock()
	tell(waiters, why)
}

// end marks the lease as over and returns who waits for that. Called with mu held.
func (l *Lease) end(why string) map[*waiting]struct{} {
	if l.ended.Load() != nil {
		return nil
	}
	l.ended.Store(&why)
	waiters := l.waiting
	l.waiting = nil
	l.setTimer()
	return waiters
}

// setTimer has the lease looked at when its time is over, as long as somebody waits for that.
// Called with mu held.
func (l *Lease) setTimer() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	until := l.until.Load()
	if len(l.waiting) == 0 || until == 0 || until == math.MaxInt64 {
		return
	}
	l.timer = time.AfterFunc(time.Until(time.Unix(0, until)), l.look)
}

// tell calls everybody who has waited.
func tell(waiters map[*waiting]struct{}, why string) {
	for w := range waiters {
		go w.fn(why)
	}
}
