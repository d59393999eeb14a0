package api_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api/apitest"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

const base = "/api/v1"

// world is a running server, its own document, and the operation that is looked at.
type world struct {
	*servertest.Server
	doc *apitest.Document
	op  apitest.Operation

	known *strings.Replacer // of what stands for something only this world knows
}

func startWorld(t *testing.T, op apitest.Operation, e entry) *world {
	t.Helper()
	s := servertest.Start(t, servertest.App(app))
	s.Dial(t, "main_ws_service", "anna", "1")
	w := &world{s, document(t, s), op, strings.NewReplacer()}
	if e.world != nil {
		w.known = strings.NewReplacer(e.world(t, s)...)
	}
	return w
}

func document(t *testing.T, s *servertest.Server) *apitest.Document {
	t.Helper()
	_, text := s.Ask(t, "GET", base+"/openapi.json", "")
	doc, err := apitest.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// do sends a request and holds the answer against the document.
func (w *world) do(t *testing.T, method string, x exchange) (*http.Response, string) {
	t.Helper()
	resp, body := w.ask(t, method, x)
	if resp.StatusCode == http.StatusMethodNotAllowed {
		return resp, body // of no operation
	}
	if err := w.doc.Check(w.op, resp, body); err != nil {
		t.Errorf("%s %s: %v", method, cut(x.path), err)
	}
	return resp, body
}

func (w *world) ask(t *testing.T, method string, x exchange) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, w.URL()+base+w.known.Replace(x.path), strings.NewReader(x.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	req.Header.Set("Authorization", "Bearer "+w.Token())
	if x.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(x.header); i += 2 {
		req.Header.Set(x.header[i], w.known.Replace(x.header[i+1]))
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp, read(t, resp.Body, x.until)
}

// read reads to the end, or until a part has come.
func read(t *testing.T, r io.Reader, until string) string {
	t.Helper()
	var text strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		text.Write(buf[:n])
		if until != "" && strings.Contains(text.String(), until) || err == io.EOF {
			return text.String()
		}
		if err != nil {
			t.Fatalf("%v after %q", err, text.String())
		}
	}
}

// TestEveryOperation has the exchanges of the table with a real server.
func TestEveryOperation(t *testing.T) {
	for _, op := range document(t, servertest.Start(t)).Operations {
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			e := operations[op.ID]
			if len(e.exchanges) == 0 {
				t.Fatalf("%s %s has no entry in exchanges_test.go", op.Method, op.Path)
			}
			if first := e.exchanges[0].status; first < 200 || first > 299 {
				t.Fatalf("the first exchange must be one that succeeds, not with status %d", first)
			}
			w := startWorld(t, op, e)
			for _, x := range e.exchanges {
				w.has(t, x)
			}
		})
	}
}

func (w *world) has(t *testing.T, x exchange) {
	t.Helper()
	if !leadsTo(w.op, x.path) && !strings.Contains(x.name, "not encoded") {
		t.Errorf("%s: the path %s is not that of %s", x.name, x.path, w.op.Path)
	}
	resp, body := w.do(t, w.op.Method, x)
	if resp.StatusCode != x.status {
		t.Errorf("%s: status %d, want %d: %s", x.name, resp.StatusCode, x.status, cut(body))
	}
	if part := w.known.Replace(x.part); !strings.Contains(body, part) {
		t.Errorf("%s: the answer lacks %s\n%s", x.name, part, cut(body))
	}
}

// leadsTo says whether a path is one of an operation.
func leadsTo(op apitest.Operation, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	parts := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(op.Path), "[^/]+")
	return regexp.MustCompile("^" + parts + "$").MatchString(path)
}

// TestTableHasNoOtherOperations finds entries whose operation has another name by now.
func TestTableHasNoOtherOperations(t *testing.T) {
	doc := document(t, servertest.Start(t))
	for id := range operations {
		if _, ok := doc.Operation(id); !ok {
			t.Errorf("the document has no operation %s", id)
		}
	}
}

func cut(text string) string {
	if len(text) > 400 {
		return text[:400] + "…"
	}
	return text
}
