package ws

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// refusal is why an upgrade request gets no socket. It is written as problem details (RFC 9457).
type refusal struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"` // what is wrong, and what to do

	header http.Header
	what   string // what it was refused for, if the status does not say; see auth.Refusal
	user   string // id of who asked, if that is known
	limit  string // the setting to raise, if a limit of one is exceeded
}

// about says what a request was refused for, where the status does not.
func (r *refusal) about(what string) *refusal {
	r.what = what
	return r
}

// reason returns what a request was refused for.
func (r *refusal) reason() string {
	switch {
	case r.what != "":
		return r.what
	case r.Status == http.StatusUnauthorized, r.Status == http.StatusForbidden:
		return auth.RefusedUser
	case r.Status == http.StatusTooManyRequests:
		return auth.RefusedLimit
	case r.Status >= http.StatusInternalServerError:
		return auth.RefusedUnavailable
	}
	return auth.RefusedHandshake
}

// keep remembers a refusal for who operates the server.
func (s *Server) keep(r *http.Request, no *refusal) {
	kept := auth.Refusal{What: no.reason(), Status: no.Status, Detail: no.Detail}
	kept.Service, _ = strings.CutPrefix(r.URL.Path, servicesPath)
	kept.StatefulID = r.URL.Query().Get(statefulParam)
	kept.UserID, kept.Setting = no.user, no.limit
	s.deps.Refusals.Add(r, kept)
}

// refuse makes a refusal. header holds pairs of names and values.
func refuse(status int, detail string, header ...string) *refusal {
	r := &refusal{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, header: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header.Set(header[i], header[i+1])
	}
	return r
}

// write answers with the refusal, and has the connection ended: a client that keeps it would hold an
// open file that no limit counts.
func (r *refusal) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range r.header {
		h[name] = values
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(r.Status)
	// The client may be gone; there is nobody else to tell.
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(r)
}

// seldom lets one record a minute through, and counts the others. Safe for concurrent use.
type seldom struct {
	mu      sync.Mutex
	until   time.Time
	skipped int
}

func (s *seldom) due(now time.Time) (skipped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		s.skipped++
		return 0, false
	}
	s.until = now.Add(time.Minute)
	skipped, s.skipped = s.skipped, 0
	return skipped, true
}
