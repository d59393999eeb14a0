package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

// eventStreamType is the media type of server-sent events.
const eventStreamType = "text/event-stream"

// wantsEvents says whether the client prefers a stream to one JSON answer.
func wantsEvents(accept string) bool {
	return negotiation.SelectQValueFast(accept, []string{"application/json", eventStreamType}) == eventStreamType
}

// eventStream writes server-sent events. Its methods may be called concurrently.
// The answer begins with the first event or heartbeat. A client that takes
// nothing is the matter of the writer, whose Write then fails.
type eventStream struct {
	out     http.ResponseWriter
	control *http.ResponseController
	fail    context.CancelFunc // ends what feeds the stream when the client is gone
	holds   func() bool        // whether the token of the client still lets it see this

	mu    sync.Mutex
	begun bool  // guarded by mu
	err   error // guarded by mu; the first failure, after which nothing is written
}

// holdsInterval is how often a stream looks whether its client still may see it: a key that is revoked ends its streams
// as soon as it ends its requests.
const holdsInterval = time.Second

// holdsKey is where the context of a request has a func() bool that looks at its token once more.
type holdsKey struct{}

// stillHolds has the request carry what looks at its token once more, for the scope that its operation wants. A token
// that cannot be looked at now is as good as before: who keeps it has not said otherwise.
func (h *handler) stillHolds(r *http.Request, wanted keys.Scope) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), holdsKey{}, func() bool {
		grant, err := h.Auth.Authenticate(r)
		return errors.Is(err, keys.ErrUnavailable) || err == nil && grant.Allows(wanted)
	}))
}

// newEventStream prepares an answer to a request. fail is called when the client turns out to
// be gone, or may not see the stream any more. Deadlines the server has for reading requests no longer apply.
func newEventStream(w http.ResponseWriter, r *http.Request, fail context.CancelFunc) *eventStream {
	holds, _ := r.Context().Value(holdsKey{}).(func() bool)
	s := &eventStream{out: w, control: http.NewResponseController(w), fail: fail, holds: holds}
	// Without this the time-out for the request's body would later look like a
	// client that went away. Writers that know no deadlines need none.
	_ = s.control.SetReadDeadline(time.Time{})
	return s
}

// send writes an event; data becomes JSON. An empty id is left out.
func (s *eventStream) send(event, id string, data any) error {
	var b bytes.Buffer
	if err := writeEvent(&b, event, id, data); err != nil {
		return err
	}
	return s.write(b.Bytes())
}

// writeEvent adds an event to a block that is to be sent.
func writeEvent(b *bytes.Buffer, event, id string, data any) error {
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("event: " + event + "\ndata: ")
	enc := json.NewEncoder(b) // ends the value with a line break
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return fmt.Errorf("encode event %s: %w", event, err)
	}
	b.WriteByte('\n')
	return nil
}

// comment sends a line that readers pass over.
func (s *eventStream) comment() error { return s.write([]byte(": still here\n\n")) }

// begin sends the first block: a comment, and the id after which a client goes on that
// loses the connection before the first event. An empty id is left out.
func (s *eventStream) begin(id string) error {
	if id == "" {
		return s.comment()
	}
	return s.write([]byte("id: " + id + "\n: still here\n\n"))
}

// write sends one block whole. A stream that failed once stays silent.
func (s *eventStream) write(block []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if !s.begun {
		s.begun = true
		s.out.Header().Set("Content-Type", eventStreamType)
		s.out.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	}
	if _, s.err = s.out.Write(block); s.err == nil {
		s.err = s.control.Flush()
	}
	if s.err != nil {
		s.fail()
	}
	return s.err
}

// beat writes comments at intervals, so that proxies keep the connection and a
// client that vanished is noticed, and ends the stream of a client whose token ends. It returns a function that ends this and
// waits until it has ended; first is the wait before the first comment.
func (s *eventStream) beat(first, interval time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		timer := time.NewTimer(first)
		defer timer.Stop()
		look := time.NewTicker(holdsInterval)
		defer look.Stop()
		for {
			select {
			case <-done:
				return
			case <-look.C:
				if s.holds != nil && !s.holds() {
					s.fail()
					return
				}
				continue
			case <-timer.C:
			}
			if s.comment() != nil {
				return
			}
			timer.Reset(interval)
		}
	}()
	return sync.OnceFunc(func() {
		close(done)
		<-ended
	})
}

// errNoBody ends a stream that was asked for with HEAD.
var errNoBody = errors.New("an answer to HEAD has no body")

// headWriter is the answer to HEAD: nothing is sent but the header, so that a
// stream, which flushes what it writes, is over at once.
type headWriter struct {
	http.ResponseWriter
	cancel context.CancelFunc
}

// headersOnly prepares the answer to HEAD. The context of the request ends with
// the first flush.
func headersOnly(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	return &headWriter{w, cancel}, r.WithContext(ctx)
}

// FlushError is found by http.ResponseController.
func (w *headWriter) FlushError() error {
	w.cancel()
	return errNoBody
}

// Unwrap lets a ResponseController find the writer below.
func (w *headWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// streamAnswer is an answer the handler writes itself.
type streamAnswer struct {
	Body func(huma.Context)
}

// raw gives a handler the request and the writer.
func raw(answer func(w http.ResponseWriter, r *http.Request)) *streamAnswer {
	return &streamAnswer{Body: func(c huma.Context) {
		r, w := humago.Unwrap(c)
		answer(w, r)
	}}
}
