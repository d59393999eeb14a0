package webtutor

import (
	"sync"
	"time"
)

const (
	// tolerated is how many requests in a row may fail before most are not tried any more.
	tolerated = 3
	// pause is how long nothing is tried then; after it one request is, and so on until one is answered.
	pause = time.Second
)

// outage keeps the requests of a crowd from a server that does not answer any. Safe for concurrent use.
type outage struct {
	mu      sync.Mutex // guards what follows
	failed  int        // in a row
	again   time.Time  // when the next may be tried
	probing bool       // one is being tried
}

// admit reports whether a request may be tried now. Whoever may tells how it ended, with over
// or dropped.
func (o *outage) admit(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed < tolerated {
		return true
	}
	if o.probing || now.Before(o.again) {
		return false
	}
	o.probing = true
	return true
}

// over is told how a request has ended that was admitted. began and ended report that it was the one
// which an outage began or ended with.
func (o *outage) over(now time.Time, away bool) (began, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.failed
	o.probing = false
	if !away {
		o.failed = 0
		return false, before >= tolerated
	}
	o.failed++
	o.again = now.Add(pause)
	return o.failed == tolerated, false
}

// dropped is told that a request which was admitted says nothing, because it was given up here.
func (o *outage) dropped() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.probing = false
}
