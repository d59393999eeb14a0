package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// nothingPolicy is that of answers that are no pages: a browser that shows one all the same runs and loads nothing.
const nothingPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secureHeaders gives every answer the strictest headers there are. Who serves a page says what it needs instead.
// hsts is how long browsers are to insist on encryption; 0: they are not told, and never without it.
func secureHeaders(hsts time.Duration, next http.Handler) http.Handler {
	strict := ""
	if seconds := int64(hsts / time.Second); seconds > 0 {
		strict = "max-age=" + strconv.FormatInt(seconds, 10)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", nothingPolicy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		if strict != "" && r.TLS != nil {
			h.Set("Strict-Transport-Security", strict)
		}
		next.ServeHTTP(w, r)
	})
}

// authorsHeaders replaces them for a file of the app. What its pages do is their author's business, who knows what
// they load and cannot set headers; what stays is what concerns the users: whose frame a page may be in, and that
// nothing is taken for something else.
func authorsHeaders(h http.Header, frames string) {
	h.Set("Content-Security-Policy", frames)
	h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Del("Cross-Origin-Resource-Policy") // pages of other hosts may show its pictures
	h.Del("X-Frame-Options")              // it knows no list; browsers that know the policy do not look at it
}

// framesPolicy lets the pages of an app be shown in frames of its own and of the origins whose pages may connect.
func framesPolicy(origins []string) string {
	policy := "frame-ancestors 'self'"
	for _, origin := range origins {
		if auth.CheckOrigin(origin) == nil && strings.Contains(origin, "://") && !strings.ContainsAny(origin, " ;,'\"") {
			policy += " " + origin
		}
	}
	return policy
}

// limitHeaders refuses requests whose headers are too long, with an answer that says so. Those that are much longer
// http.Server refuses itself.
func limitHeaders(records *connRecords, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked(r)
		size := len(r.Method) + len(r.RequestURI) + len(r.Host)
		for name, values := range r.Header {
			for _, value := range values {
				size += len(name) + len(value) + len(": \r\n")
			}
		}
		if size <= headerBytes {
			next.ServeHTTP(w, r)
			return
		}
		detail := "The headers of the request have " + strconv.Itoa(size) + " bytes, more than " + strconv.Itoa(headerBytes) + "; cookies that are not needed may be removed."
		records.unreads.Inc()
		records.refusals.Add(r, auth.Refusal{What: auth.RefusedRequest, Status: http.StatusRequestHeaderFieldsTooLarge, Detail: detail})
		records.logUnread(r.RemoteAddr, detail)
		w.Header().Set("Connection", "close")
		problem(w, http.StatusRequestHeaderFieldsTooLarge, detail)
	})
}
