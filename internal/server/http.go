package server

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/login"
)

// Limits against clients that are slow on purpose.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// headerBytes is how long headers may be. Up to mostHeaderBytes an answer says how long they were.
	headerBytes     = 32 << 10
	mostHeaderBytes = 2 * headerBytes
	// writeTimeout is how long a client may take nothing of what is written to it.
	writeTimeout = 30 * time.Second
	// bodyTimeout is how long a body may take that nobody reads: http.Server takes it in before it
	// sends the answer, which must begin within writeTimeout. api has a limit of its own.
	bodyTimeout = 15 * time.Second
)

// newHTTPServer returns a server for the handler. Whole requests and answers have
// no time limit, since runs and streams take as long as they take: api limits
// the bodies, bounded the writes. It speaks HTTP/1.1, encrypted or not: that is what
// the handshake of a WebSocket is, and one protocol has one set of limits.
func newHTTPServer(h http.Handler, logger *slog.Logger, conns *conns, records *connRecords) *http.Server {
	only := new(http.Protocols)
	only.SetHTTP1(true)
	return &http.Server{
		ConnContext:       conns.track,
		ConnState:         conns.note,
		Handler:           limitHeaders(records, hastenBodies(h, bodyTimeout)),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    mostHeaderBytes,
		Protocols:         only,
		ErrorLog:          log.New(httpLog{logger, records}, "", 0),
	}
}

// hastenBodies limits how long the body of a request may take, also where the handler does not look at it.
func hastenBodies(next http.Handler, timeout time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			// Writers that know no deadlines are those of tests.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(timeout))
		}
		next.ServeHTTP(w, r)
	})
}

// httpLog makes records of what http.Server has to complain about.
type httpLog struct {
	logger  *slog.Logger
	records *connRecords
}

// Write takes one complaint. Handshakes fail all day long: scanners, old browsers, and who does not trust the
// certificate.
func (l httpLog) Write(p []byte) (int, error) {
	text := strings.TrimSpace(string(p))
	if failure, ok := strings.CutPrefix(text, "http: TLS handshake error from "); ok {
		l.records.failures.Inc()
		l.logger.Debug("TLS handshake failed", "text", failure)
		return len(p), nil
	}
	l.logger.Warn("http server reports", "text", text)
	return len(p), nil
}

// routes says who answers which path. A switch instead of a ServeMux, which
// would redirect paths with empty parts before anybody could answer them.
type routes struct {
	phase    phase
	api      http.Handler // /api/v1/
	services http.Handler // /services/
	pages    http.Handler // /client/ and /api/
	login    http.Handler // /login and what belongs to it; nil: those paths are the app's
	profiles http.Handler // /debug/pprof/
	files    http.Handler // everything else
	metrics  http.Handler // /metrics
}

// part is what a listener answers.
type part int

const (
	everything        part = iota // there is no other listener
	forEverybody                  // what does not administer
	forAdministrators             // all but sockets and the files of the app
)

// door is where requests of one listener come in.
type door struct {
	*routes
	part part
}

func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case d.part == forEverybody && (under(path, "/debug/pprof") || path == "/metrics" || under(path, "/console")):
		problem(bounded(w, writeTimeout), http.StatusNotFound, "This is answered on the listener for administrators only, which the setting admin.listen names.")
	case d.part == forEverybody && under(path, "/api"):
		d.serve(w, r, api.Public(d.api))
	case d.part == forAdministrators && d.ofTheApp(path):
		problem(bounded(w, writeTimeout), http.StatusNotFound, "This listener is for administrators. Sockets and the files of the app are at the address that the setting listen names.")
	default:
		d.serve(w, r, d.api)
	}
}

// ofTheApp reports whether a path is one of sockets or of the files of the app.
func (s *routes) ofTheApp(path string) bool {
	for _, folder := range []string{"/healthz", "/readyz", "/debug/pprof", "/metrics", "/client", "/api"} {
		if under(path, folder) {
			return false
		}
	}
	return true
}

func (s *routes) serve(w http.ResponseWriter, r *http.Request, api http.Handler) {
	path := r.URL.Path
	switch {
	case path == "/healthz":
		answerHealth(w, http.StatusOK, "ok")
	case path == "/readyz" && s.phase.now() == ready:
		answerHealth(w, http.StatusOK, s.phase.text())
	case path == "/readyz":
		answerHealth(w, http.StatusServiceUnavailable, s.phase.text())
	case under(path, "/debug/pprof"):
		s.profiles.ServeHTTP(bounded(w, writeTimeout), r)
	case s.login != nil && login.Handles(path):
		s.login.ServeHTTP(bounded(w, writeTimeout), r)
	case path == "/metrics":
		s.metrics.ServeHTTP(bounded(w, writeTimeout), r)
	case under(path, "/services"):
		// The connection is handed over as it is; until then a write must end.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
		s.services.ServeHTTP(w, r)
	case under(path, "/client"), path == "/api", path == "/api/", path == "/api/licenses.md", under(path, "/api/assets"):
		s.pages.ServeHTTP(bounded(w, writeTimeout), r)
	case under(path, "/api"):
		api.ServeHTTP(bounded(w, writeTimeout), r)
	default:
		s.files.ServeHTTP(bounded(w, writeTimeout), r)
	}
}

func under(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder)
	return ok && (rest == "" || rest[0] == '/')
}

func answerHealth(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // the prober may be gone
}

// problem answers with problem details (RFC 9457).
func problem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
	if err != nil {
		panic(fmt.Sprintf("server: encode a map of plain text: %v", err))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// boundedWriter gives each write its own deadline.
type boundedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

// bounded makes writes fail when the client takes nothing for so long. The
// deadline of an earlier request on the connection is replaced at once.
func bounded(w http.ResponseWriter, timeout time.Duration) http.ResponseWriter {
	b := &boundedWriter{ResponseWriter: w, control: http.NewResponseController(w), timeout: timeout}
	b.extend()
	return b
}

// extend moves the deadline. Writers without one are those of tests.
func (b *boundedWriter) extend() { _ = b.control.SetWriteDeadline(time.Now().Add(b.timeout)) }

func (b *boundedWriter) WriteHeader(status int) {
	b.extend()
	b.ResponseWriter.WriteHeader(status)
}

func (b *boundedWriter) Write(p []byte) (int, error) {
	b.extend()
	return b.ResponseWriter.Write(p)
}

// Unwrap lets a ResponseController find the writer below.
func (b *boundedWriter) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// baseURL is how clients on this machine reach the listener: an address that
// means all of them is written as loopback.
func baseURL(scheme string, addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return scheme + "://" + addr.String()
}
