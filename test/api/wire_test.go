package api_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// raw sends a request no client library would send, and returns the answer.
func raw(t *testing.T, s *servertest.Server, method, target, rest string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(servertest.Patience)); err != nil {
		t.Fatal(err)
	}
	// The server may answer before it has read all of it.
	_, _ = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n%s", method, target, s.Addr(), s.Token(), rest)
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp, read(t, resp.Body, "")
}

func TestRequestsNoLibraryWouldSend(t *testing.T) {
	s := servertest.Start(t)
	const json = "Content-Type: application/json\r\n"
	for name, c := range map[string]struct {
		method, target, rest string
		status               int
		part                 string
	}{
		"broken chunk":            {"POST", base + "/messages", json + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400, "chunk"},
		"two content types":       {"POST", base + "/messages", "Content-Type: text/plain\r\n" + json + "Content-Length: 2\r\n\r\n{}", 415, "application/json"},
		"expectation":             {"POST", base + "/messages", json + "Expect: the worst\r\nContent-Length: 2\r\n\r\n{}", 417, ""},
		"path beyond every limit": {"GET", base + "/sockets/" + strings.Repeat("x", 90_000), "\r\n", 431, ""},
		"long path":               {"GET", base + "/sockets/" + strings.Repeat("x", 30_000), "\r\n", 422, "path.key"},
		"escape that is none":     {"GET", base + "/sockets/%zz", "\r\n", 400, ""},
		"dot segment":             {"GET", base + "/./sockets", "\r\n", 404, "openapi.json"},
		"dot segments, encoded":   {"GET", base + "/sockets/%2e%2e/agents", "\r\n", 404, "openapi.json"},
		"backslash":               {"GET", base + `/sockets\x`, "\r\n", 404, "openapi.json"},
		"another version":         {"GET", "/api/v2/sockets", "\r\n", 404, "openapi.json"},
		"many parameters":         {"GET", base + "/sockets?" + strings.Repeat("a=1&", 2000), "\r\n", 400, "more than once"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := raw(t, s, c.method, c.target, c.rest)
			if resp.StatusCode != c.status || !strings.Contains(body, c.part) {
				t.Fatalf("status %d, want %d with %q: %s", resp.StatusCode, c.status, c.part, cut(body))
			}
			if c.part != "" {
				checkProblem(t, name, resp, body)
			}
		})
	}
}

// TestHeadAndOptions: HEAD is GET without a body, on streams too; OPTIONS names the methods.
func TestHeadAndOptions(t *testing.T) {
	for _, op := range document(t, servertest.Start(t)).Operations {
		good := operations[op.ID].exchanges
		if len(good) == 0 {
			continue // TestEveryOperation tells of it
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			w := startWorld(t, op, operations[op.ID])
			x := changed(good[0], "", func(x *exchange) { x.body, x.header = "", nil })
			resp, body := w.ask(t, http.MethodOptions, x)
			allowed := strings.Split(resp.Header.Get("Allow"), ", ")
			if resp.StatusCode != 204 || body != "" || !slices.Contains(allowed, op.Method) || !slices.Contains(allowed, "OPTIONS") {
				t.Errorf("OPTIONS: status %d, Allow %q, %s", resp.StatusCode, allowed, body)
			}
			if op.Method != http.MethodGet {
				return
			}
			resp, body = w.ask(t, http.MethodHead, x)
			if err := w.doc.Check(op, resp, body); err != nil || resp.StatusCode != good[0].status || body != "" {
				t.Errorf("HEAD: status %d, %v: %s", resp.StatusCode, err, body)
			}
		})
	}
}

// TestHeadOfStreams: it ends at once, where GET would not end.
func TestHeadOfStreams(t *testing.T) {
	s := servertest.Start(t)
	s.Dial(t, "main_ws_service", "anna", "1")
	for _, path := range []string{"/logs", "/sockets/events", "/sockets/events?snapshot=true", "/sockets/" + annaInPath + "/trace"} {
		resp, _ := s.Ask(t, http.MethodHead, base+path, "")
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("HEAD %s: status %d, %v", path, resp.StatusCode, resp.Header)
		}
	}
}
