package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// ErrTraces is returned by [FrameTraces] when too many sockets are watched: 503.
var ErrTraces = errors.New("too many sockets are watched")

// FrameTraces show the frames of sockets.
type FrameTraces interface {
	// Watch begins to watch a socket, until Leave. resume also finds one that has
	// ended while it was watched, as long as its frames are kept. Errors:
	// [hub.ErrNotFound], [ErrTraces].
	Watch(ctx context.Context, key string, resume bool) (FrameTrace, error)
}

// FrameTrace is a socket somebody watches.
type FrameTrace interface {
	// ID differs from those of other sockets that have or had the key.
	ID() uint64
	// Last is the number of the newest frame, 0 before the first.
	Last() uint64
	// Ended says whether the socket has ended, which the newest frame tells then.
	Ended() bool
	// Follow yields the frames after the one with the number, then new ones until
	// the socket or ctx ends.
	Follow(ctx context.Context, after uint64) iter.Seq[TracedFrame]
	// Leave ends watching.
	Leave()
}

// TracedFrame is a frame as it was kept, or the end of the socket.
type TracedFrame struct {
	Seq     uint64
	Skipped uint64
	Ended   *hub.Reason // nil: it is a frame
	Frame
}

const eventFrame = "frame"

// Frame is a text message on the wire.
type Frame struct {
	Time    time.Time `json:"time" doc:"When it happened."`
	Dir     string    `json:"dir" enum:"in,out" doc:"in: from the client; out: to it."`
	Text    string    `json:"text" doc:"At most the first 16 KiB."`
	Bytes   int       `json:"bytes" doc:"Length of the whole text."`
	Cut     bool      `json:"cut,omitempty" doc:"The text goes on."`
	Skipped int64     `json:"skipped,omitempty" doc:"Frames lost before this one, because the reader was too slow; -1: nobody knows how many."`
}

// TraceEnded is the end of the socket.
type TraceEnded struct {
	Time    time.Time `json:"time" doc:"When it happened."`
	Code    int       `json:"code" doc:"Close code; 1006 if the connection ended without one."`
	Reason  string    `json:"reason" doc:"What was said with the code."`
	Skipped int64     `json:"skipped,omitempty" doc:"Frames lost before this event; -1: nobody knows how many."`
}

type traceQuery struct {
	Key   string `path:"key" doc:"The key of the socket, percent-encoded." example:"%2Fservices%2Fmain_ws_service-s-123"`
	After string `header:"Last-Event-ID" doc:"Go on after the event with this id, as browsers do by themselves."`
}

func (h *handler) registerTrace(router huma.API) {
	op := h.operation("trace-socket", http.MethodGet, "/sockets/{key}/trace", "Text frames of one socket, as they come and go", http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable)
	schemas := router.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{
		"200": {
			Description: "The frames, and the end of the socket; the id of each event is to resume after it.",
			Content: map[string]*huma.MediaType{eventStreamType: {Schema: events(
				event(eventFrame, schemas.Schema(reflect.TypeFor[Frame](), true, "")),
				event(eventEnded, schemas.Schema(reflect.TypeFor[TraceEnded](), true, "")),
			)}},
		},
		"204": {Description: "The id to resume after is that of the end: nothing will follow."},
	}
	huma.Register(router, op, h.traceSocket)
}

func (h *handler) traceSocket(ctx context.Context, in *traceQuery) (*streamAnswer, error) {
	trace, err := h.Traces.Watch(ctx, in.Key, in.After != "")
	if err != nil {
		return nil, problemOf(err, in.Key)
	}
	prefix := fmt.Sprintf("t%d-", trace.ID())
	after, lost := trace.Last(), int64(0)
	if in.After != "" {
		id, ours := strings.CutPrefix(in.After, prefix)
		if seq, ok := h.number(id); ours && ok {
			after = seq
		} else {
			lost = unknownSkipped
		}
	}
	first := "" // a client that must be told of a loss goes on before it
	if lost == 0 {
		first = prefix + h.id(after)
	}
	return raw(func(w http.ResponseWriter, r *http.Request) {
		defer trace.Leave()
		if trace.Ended() && in.After != "" && after >= trace.Last() {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		stream := newEventStream(w, r, cancel)
		if stream.begin(first) != nil {
			return
		}
		defer stream.beat(h.cfg.Heartbeat, h.cfg.Heartbeat)()
		for f := range trace.Follow(ctx, after) {
			if lost != unknownSkipped {
				lost += int64(f.Skipped)
			}
			id := prefix + h.id(f.Seq)
			var err error
			if f.Ended != nil {
				err = stream.send(eventEnded, id, TraceEnded{Time: f.Time, Code: f.Ended.Code, Reason: f.Ended.Text, Skipped: lost})
			} else {
				f.Frame.Skipped = lost
				err = stream.send(eventFrame, id, f.Frame)
			}
			if err != nil {
				return
			}
			lost = 0
		}
	}), nil
}
