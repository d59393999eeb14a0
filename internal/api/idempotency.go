package api

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"
	maxIdempotencyKey = 255
)

// Bounds of the answers kept for requests with a key.
const (
	answersKept      = 10_000
	answerBytesKept  = 16 << 20
	answerLife       = 24 * time.Hour
	answerSize       = 400 // what a kept answer costs besides key and body, in bytes
	idempotencyRetry = "1" // seconds
)

// Idempotency is the part of a request that the operations have which take a key. It is
// exported because the library looks into no others when it is embedded.
type Idempotency struct {
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"Of the caller's choice, 1 to 255 visible ASCII characters. The same request with the same key is done once: it is answered again as the first time, for 24 hours or until 10,000 newer ones came."`
}

// keyed adds to an operation what a key can be answered with.
func (h *handler) keyed(op huma.Operation) huma.Operation {
	op.Errors = append(op.Errors, http.StatusConflict)
	op.Responses = map[string]*huma.Response{fmt.Sprint(op.DefaultStatus): {
		Headers: map[string]*huma.Param{replayedHeader: {
			Description: "true, if this is the answer to an earlier request with the same Idempotency-Key.",
			Schema:      &huma.Schema{Type: huma.TypeString, Enum: []any{"true"}},
		}},
	}}
	return op
}

// takesKey says whether an Idempotency-Key has a meaning for a request.
func takesKey(r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.EscapedPath(), Base)
	if r.Method != http.MethodPost {
		return false
	}
	return path == "/messages" || path == "/messages/batch" || strings.HasPrefix(path, "/sockets/") && strings.HasSuffix(path, "/messages")
}

// answers remember what requests with a key were answered, so that a client which
// does not know whether its request arrived can send it again. A request that failed
// is not remembered: it may be tried again. Safe for concurrent use.
type answers struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	byKey map[string]*keptAnswer
	done  list.List // of *keptAnswer, the oldest first; those under way are in none
	bytes int
}

// keptAnswer is the answer to a request with a key, or a request under way.
type keptAnswer struct {
	key     string
	request [sha256.Size]byte // what was asked, as a digest
	until   time.Time         // when to forget it; zero: it is under way
	status  int
	header  http.Header
	body    []byte
}

func (a *keptAnswer) size() int { return answerSize + len(a.key) + len(a.body) }

var (
	errUnderWay     = errors.New("a request with this key is under way")
	errOtherRequest = errors.New("another request had this key")
)

// begin returns the answer that is kept for the key, or nil: then the caller makes
// one and calls end. Errors: errUnderWay, errOtherRequest.
func (s *answers) begin(key string, request [sha256.Size]byte) (*keptAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	known := s.byKey[key]
	switch {
	case known == nil:
		if s.byKey == nil {
			s.byKey = map[string]*keptAnswer{}
		}
		s.byKey[key] = &keptAnswer{key: key, request: request}
		return nil, nil
	case known.request != request:
		return nil, errOtherRequest
	case known.until.IsZero():
		return nil, errUnderWay
	}
	return known, nil
}

// end keeps the answer, or nothing if it is not a success or there is none.
func (s *answers) end(key string, a *recorder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.byKey[key]
	if a == nil || a.status/100 != 2 {
		delete(s.byKey, key)
		return
	}
	kept.status, kept.header, kept.body = a.status, a.header, a.body.Bytes()
	kept.until = s.now().Add(answerLife)
	s.done.PushBack(kept)
	s.bytes += kept.size()
	s.forget()
}

// forget drops what is too old or too much. Called with mu held.
func (s *answers) forget() {
	for e := s.done.Front(); e != nil; e = s.done.Front() {
		oldest := e.Value.(*keptAnswer)
		if s.done.Len() <= answersKept && s.bytes <= answerBytesKept && s.now().Before(oldest.until) {
			return
		}
		s.done.Remove(e)
		delete(s.byKey, oldest.key)
		s.bytes -= oldest.size()
	}
}

// recorder is an answer that is not sent yet.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *recorder) Header() http.Header { return a.header }

func (a *recorder) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *recorder) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// serveOnce answers a request that has an Idempotency-Key and whose body was read already. Once it has begun it is
// done to its end, even if the client goes away: the client will ask again.
func (h *handler) serveOnce(w http.ResponseWriter, r *http.Request) {
	key, p := idempotencyKey(r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil { // it was read before, so this is a fault of ours
		writeProblem(w, problem(http.StatusInternalServerError, "The body was lost: %v.", err))
		return
	}
	// A key belongs to who uses it, or one caller could read another's answers.
	key += "\x00" + r.Header.Get("Authorization")
	key = string(sha(key))
	known, err := h.answers.begin(key, digest(r, body))
	switch {
	case errors.Is(err, errUnderWay):
		w.Header().Set("Retry-After", idempotencyRetry)
		writeProblem(w, problem(http.StatusConflict, "A request with this %s is under way. Ask again in a moment for its answer.", idempotencyHeader))
		return
	case err != nil:
		writeProblem(w, at(problem(http.StatusUnprocessableEntity, "This %s was used for another request. Each request needs a key of its own; only when it is repeated it is the same, down to the last byte of the body.", idempotencyHeader),
			"header."+idempotencyHeader, "used for another request", nil))
		return
	case known != nil:
		w.Header().Set(replayedHeader, "true")
		writeAnswer(w, known.status, known.header, known.body)
		return
	}
	answer := &recorder{header: http.Header{}}
	ended := false
	defer func() {
		if !ended { // a panic is on its way
			h.answers.end(key, nil)
		}
	}()
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	h.mux.ServeHTTP(answer, again)
	ended = true
	h.answers.end(key, answer)
	writeAnswer(w, answer.status, answer.header, answer.body.Bytes())
}

func writeAnswer(w http.ResponseWriter, status int, header http.Header, body []byte) {
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; there is nobody else to tell
}

// CheckIdempotencyKey says what is wrong with a key for [WithIdempotencyKey].
func CheckIdempotencyKey(key string) error {
	if wrong := wrongIdempotencyKey(key); wrong != "" {
		return fmt.Errorf("it is %s; it must be a text of 1 to %d visible ASCII characters, such as a UUID", wrong, maxIdempotencyKey)
	}
	return nil
}

// wrongIdempotencyKey is what a key is that is none, "" of one that is.
func wrongIdempotencyKey(key string) string {
	switch {
	case key == "":
		return "empty"
	case len(key) > maxIdempotencyKey:
		return fmt.Sprintf("%d characters long", len(key))
	case strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }):
		return "with other characters than visible ASCII ones"
	}
	return ""
}

// idempotencyKey returns the key of a request.
func idempotencyKey(r *http.Request) (string, *huma.ErrorModel) {
	keys := r.Header.Values(idempotencyHeader)
	key := keys[0]
	message := wrongIdempotencyKey(key)
	if len(keys) > 1 {
		message = "given more than once"
	}
	if message == "" {
		return key, nil
	}
	return "", at(problem(http.StatusBadRequest, "The %s must be one text of 1 to %d visible ASCII characters, such as a UUID.", idempotencyHeader, maxIdempotencyKey),
		"header."+idempotencyHeader, message, shorten(key))
}

// digest tells requests apart.
func digest(r *http.Request, body []byte) (sum [sha256.Size]byte) {
	copy(sum[:], sha(r.Method+"\n"+r.URL.EscapedPath()+"?"+r.URL.RawQuery+"\n"+string(body)))
	return sum
}

func sha(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
