package ws

import (
	"encoding/json"
	"net/http"
)

// refusal is why an upgrade request gets no socket. It is written as problem details (RFC 9457).
type refusal struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"` // what is wrong, and what to do

	header http.Header
}

// refuse makes a refusal. header holds pairs of names and values.
func refuse(status int, detail string, header ...string) *refusal {
	r := &refusal{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, header: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header.Set(header[i], header[i+1])
	}
	return r
}

func (r *refusal) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range r.header {
		h[name] = values
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(r.Status)
	// The client may be gone; there is nobody else to tell.
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(r)
}
