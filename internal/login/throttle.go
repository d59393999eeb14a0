package login

import (
	"iter"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxCounted is how many logins, and how many addresses, are counted at once.
	maxCounted = 20_000
	// longestDelay is how often as long as the first the longest delay is.
	longestDelay = 16
	// knownFor is how long a login remembers the address it was right from.
	knownFor = 24 * time.Hour
)

// throttle counts failed logins, by login and by address. What fails is forgotten bit by bit, so a
// count is a bucket that leaks. What other nodes have counted comes in by learn.
type throttle struct {
	clock     func() time.Time
	mu        sync.Mutex // guards what follows
	logins    buckets
	addresses buckets
	known     map[pair]time.Time // until when
}

type pair struct{ login, address string }

func newThrottle(cfg Config) *throttle {
	return &throttle{
		clock:     cfg.Clock,
		logins:    newBuckets(cfg.Attempts, cfg),
		addresses: newBuckets(cfg.AddressAttempts, cfg),
		known:     map[pair]time.Time{},
	}
}

// attempt is a login that is being tried. It counts as failed until it is known to be right, or else
// many at once would all pass.
type attempt struct {
	of      pair
	login   string // the key of its bucket
	address string
	delay   time.Duration // how long to hold its answer back
}

// Whose count is too high.
const (
	ofLogin   = "login"
	ofAddress = "address"
)

// begin counts an attempt. If there were too many, wait is how long the client should wait, and of is
// whose count it was.
func (t *throttle) begin(login, address string) (a attempt, wait time.Duration, of string) {
	now := t.clock()
	t.mu.Lock()
	defer t.mu.Unlock()
	a = attempt{of: pair{login, address}, login: login, address: address}
	a.login = t.nameOf(a.of, now)
	if wait = t.addresses.wait(a.address, now); wait > 0 {
		return a, wait, ofAddress
	}
	if a.login == "" { // a text that can be nobody's login
	} else if wait = t.logins.wait(a.login, now); wait > 0 {
		return a, wait, ofLogin
	}
	a.delay = t.addresses.add(a.address, 1, now)
	if a.login != "" {
		a.delay = max(a.delay, t.logins.add(a.login, 1, now))
	}
	return a, 0, ""
}

// nameOf is what attempts of a login from an address are counted under. Called with mu held.
func (t *throttle) nameOf(of pair, now time.Time) string {
	if until, ok := t.known[of]; ok && now.Before(until) && of.login != "" {
		return of.login + " from " + of.address // no login has a blank
	}
	return of.login
}

// names are what is counted of an attempt, each with whose count it is.
func (a attempt) names() iter.Seq2[string, string] {
	return func(yield func(kind, name string) bool) {
		if yield(ofAddress, a.address) && a.login != "" {
			yield(ofLogin, a.login)
		}
	}
}

// names are those of the next attempt.
func (t *throttle) names(of pair) iter.Seq2[string, string] {
	t.mu.Lock()
	defer t.mu.Unlock()
	return attempt{login: t.nameOf(of, t.clock()), address: of.address}.names()
}

func (t *throttle) knows(of pair) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.clock().Before(t.known[of])
}

// know says until when a login is known from an address; a time that is over is no news.
func (t *throttle) know(of pair, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.clock().Before(until) {
		return
	}
	if len(t.known) >= maxCounted {
		for other := range t.known { // any will do
			delete(t.known, other)
			break
		}
	}
	t.known[of] = until
}

func (t *throttle) bucketsOf(kind string) buckets {
	if kind == ofAddress {
		return t.addresses
	}
	return t.logins
}

// learn takes up a count of all nodes, if it is higher than the one here.
func (t *throttle) learn(kind, name string, count bucket) {
	now := t.clock()
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucketsOf(kind)
	if b.leftOf(count, now) > b.left(name, now) {
		b.set(name, count, now)
	}
}

// another is a count with one attempt more, and the time until it is forgotten.
func (t *throttle) another(kind string, count bucket, now time.Time) (n float64, forgotten time.Duration) {
	b := t.bucketsOf(kind)
	n = b.leftOf(count, now) + 1
	return n, time.Duration(n / b.most * float64(b.window))
}

// right says that the attempt was none to count: the login starts anew. Its address does not: whoever
// has an account of his own could else try others for ever. failed says that others had failed before.
func (t *throttle) right(a attempt) (failed bool) {
	now := t.clock()
	t.know(a.of, now.Add(knownFor))
	t.mu.Lock()
	defer t.mu.Unlock()
	failed = t.logins.left(a.login, now) > 1
	delete(t.logins.counts, a.login)
	t.addresses.add(a.address, -1, now)
	return failed
}

// undecided takes back an attempt of which nobody knows whether it was right.
func (t *throttle) undecided(a attempt) {
	now := t.clock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.login != "" {
		t.logins.add(a.login, -1, now)
	}
	t.addresses.add(a.address, -1, now)
}

// counted is how many logins and addresses have a count.
func (t *throttle) counted() (logins, addresses int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.logins.counts), len(t.addresses.counts)
}

// buckets are the counts of one kind.
type buckets struct {
	most   float64
	window time.Duration
	delay  time.Duration // the first
	counts map[string]bucket
}

type bucket struct {
	n  float64
	at time.Time
}

func newBuckets(most int, cfg Config) buckets {
	return buckets{float64(most), cfg.AttemptsWindow, cfg.FirstDelay, map[string]bucket{}}
}

// left is what is not forgotten of a count.
func (b buckets) left(key string, now time.Time) float64 {
	return b.leftOf(b.counts[key], now)
}

func (b buckets) leftOf(c bucket, now time.Time) float64 {
	return max(c.n-b.most*max(now.Sub(c.at), 0).Seconds()/b.window.Seconds(), 0)
}

// wait is how long it takes until one more is allowed.
func (b buckets) wait(key string, now time.Time) time.Duration {
	over := b.left(key, now) + 1 - b.most
	if over <= 0 {
		return 0
	}
	return time.Duration(over / b.most * float64(b.window))
}

// add changes a count and returns how long to hold an answer back.
func (b buckets) add(key string, n float64, now time.Time) time.Duration {
	count := max(b.left(key, now)+n, 0)
	if count == 0 {
		delete(b.counts, key)
		return 0
	}
	b.set(key, bucket{count, now}, now)
	beyond := count - max(b.most/3, 1)
	if beyond <= 0 {
		return 0
	}
	delay := b.delay
	for ; beyond > 1 && delay < longestDelay*b.delay; beyond-- {
		delay *= 2
	}
	return min(delay, longestDelay*b.delay)
}

func (b buckets) set(key string, count bucket, now time.Time) {
	if _, ok := b.counts[key]; !ok && len(b.counts) >= maxCounted {
		b.makeRoom(now)
	}
	b.counts[key] = count
}

// makeRoom forgets the lowest of a few counts.
func (b buckets) makeRoom(now time.Time) {
	const few = 16
	lowest, least, looked := "", 0.0, 0
	for key := range b.counts {
		if n := b.left(key, now); looked == 0 || n < least {
			lowest, least = key, n
		}
		if looked++; looked == few {
			break
		}
	}
	delete(b.counts, lowest)
}

// clientAddress is where a request is from, without the port.
func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	return addr.Unmap().WithZone("").String()
}

// network is what attempts of an address are counted under: whoever has an IPv6 address has 2^64 of them.
func network(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil || addr.Is4() {
		return address
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
