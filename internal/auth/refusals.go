package auth

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/recent"
)

// Refusal is a request that was turned away, an open socket that was for sending too much, or what a client of one asked
// for and may not have.
type Refusal struct {
	Time       time.Time
	Remote     string // address of who asked
	What       string // what for, one of the Refused constants here or in package hostapi
	Status     int
	Detail     string
	Add        string // the flag, or where there is none the line of the settings, that would let it in; "" if none would
	Setting    string // the setting whose limit is exceeded, "" if none is
	Host       string
	Origin     string
	Path       string
	Service    string
	StatefulID string
	UserID     string
}

// What a request was refused for.
const (
	RefusedHost        = "host"        // the server does not answer to the Host
	RefusedOrigin      = "origin"      // the page is of an unknown origin
	RefusedToken       = "token"       // the API token is wrong
	RefusedService     = "service"     // there is no such service
	RefusedHandshake   = "handshake"   // it is no WebSocket handshake
	RefusedStatefulID  = "stateful_id" // the id is impossible, or somebody else's
	RefusedUser        = "user"        // the user is unknown or may not
	RefusedLimit       = "limit"       // there are too many
	RefusedUnavailable = "unavailable" // the server cannot now
)

const (
	// refusalsOfOne is how many refusals of one kind are kept of one address in a minute. More of them say nothing new,
	// and would push out what others did.
	refusalsOfOne = 250
	// maxAsking bounds the kinds and addresses that are counted in a minute; of more nothing is kept.
	maxAsking = 10_000

	refusalsKept = 1000
	refusalBytes = 1 << 20
	refusalSize  = 300 // what a kept refusal costs besides its texts, in bytes
)

// Refusals keeps the last refused requests: 1,000, or 1 MiB, and of one address no more than 250 of a kind in a minute.
// Texts of strangers are cut to 200 bytes. Safe for concurrent use; a nil *Refusals keeps nothing.
type Refusals struct {
	ring *recent.Ring[Refusal]

	mu     sync.Mutex // guards what follows
	until  time.Time
	asking map[asking]int // how many there were since
}

// asking is who was refused what.
type asking struct{ host, what string }

// NewRefusals returns an empty list.
func NewRefusals() *Refusals {
	return &Refusals{asking: map[asking]int{}, ring: recent.New(recent.Limits{Values: refusalsKept, Bytes: refusalBytes}, func(r Refusal) int {
		return refusalSize + len(r.Remote) + len(r.Detail) + len(r.Add) + len(r.Setting) + len(r.Host) + len(r.Origin) + len(r.Path) + len(r.Service) + len(r.StatefulID) + len(r.UserID)
	})}
}

// Add keeps a refusal of a request; what r says of address, host, origin and path is filled in.
func (l *Refusals) Add(r *http.Request, refusal Refusal) {
	if l == nil {
		return
	}
	refusal.Remote, refusal.Host, refusal.Path = r.RemoteAddr, r.Host, r.URL.Path
	refusal.Origin = strings.Join(r.Header.Values("Origin"), ", ")
	l.Note(refusal)
}

// Note keeps a refusal that no request tells of: that of a client whose socket was open, and whose status is the
// close code.
func (l *Refusals) Note(refusal Refusal) {
	if l == nil {
		return
	}
	refusal.Time = time.Now()
	if !l.admit(refusal) {
		return
	}
	for _, text := range []*string{&refusal.Remote, &refusal.Host, &refusal.Path, &refusal.Origin, &refusal.Service, &refusal.StatefulID, &refusal.UserID, &refusal.Add} {
		*text = kept(*text, shownValue)
	}
	refusal.Detail = kept(refusal.Detail, 4*shownValue)
	l.ring.Add(refusal)
}

// admit counts a refusal, and reports whether it is to be kept.
func (l *Refusals) admit(refusal Refusal) bool {
	host, _, err := net.SplitHostPort(refusal.Remote)
	if err != nil {
		host = refusal.Remote
	}
	who := asking{kept(host, shownValue), refusal.What}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !refusal.Time.Before(l.until) {
		l.until = refusal.Time.Add(time.Minute)
		clear(l.asking)
	}
	if n, known := l.asking[who]; n >= refusalsOfOne || !known && len(l.asking) >= maxAsking {
		return false
	}
	l.asking[who]++
	return true
}

// kept cuts a text, in memory of its own: it must not keep a whole request alive.
func kept(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.Clone(strings.ToValidUTF8(text, "?"))
}

// Newest returns up to n refusals numbered below before (0: all), the newest first, and whether
// there are older ones.
func (l *Refusals) Newest(before uint64, n int) (items []recent.Item[Refusal], more bool) {
	if l == nil {
		return nil, false
	}
	return l.ring.Newest(before, n)
}
