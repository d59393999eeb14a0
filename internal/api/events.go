package api

import (
	"bytes"
	"context"
	"iter"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// SocketEvents are what happens to the sockets of all nodes; *cluster.Cluster has
// these methods.
type SocketEvents interface {
	// LastEvent is the number of the newest event, 0 before the first.
	LastEvent() uint64
	// Events yields the events after the one with the number, and new ones until
	// ctx ends. It holds nobody up; events a reader missed are counted in the next.
	Events(ctx context.Context, after uint64) iter.Seq[hub.Event]
	// Present returns the sockets that match at one moment, and the number of the
	// last event before it; missing names the nodes that did not answer.
	Present(ctx context.Context, f hub.Filter) (sockets []hub.Present, last uint64, missing []string, err error)
}

// Names of the events of sockets.
const (
	eventSnapshot = "snapshot"
	eventOpened   = "opened"
	eventChanged  = "changed"
	eventEnded    = "ended"
)

// unknownSkipped says that nobody knows how many events were lost: those of an
// earlier server, or of one that began to count anew.
const unknownSkipped = -1

// SnapshotBegun announces the sockets there are, each told as opened.
type SnapshotBegun struct {
	Sockets int      `json:"sockets" doc:"How many opened events follow that tell what is there."`
	Reason  string   `json:"reason" enum:"start,restart,skipped" doc:"start: the stream begins; restart: the id to resume after is of an earlier server; skipped: the reader was too slow. What was known before is void."`
	Missing []string `json:"missing" nullable:"false" doc:"Nodes that did not answer."`
}

// SocketOpened is a socket that was opened, or of a snapshot.
type SocketOpened struct {
	Time time.Time `json:"time" doc:"When it happened; of a socket in a snapshot, when it was told."`
	Socket
	Skipped int64 `json:"skipped,omitempty" doc:"Events lost before this one, of all sockets; -1: nobody knows how many."`
}

// SocketChanged is a socket whose tags or connection changed.
type SocketChanged struct {
	Time time.Time `json:"time" doc:"When it happened."`
	Socket
	Change  string `json:"change" enum:"tags,takeover,detached,resumed" doc:"tags: it has other tags; takeover: a newer connection of its user has it; detached: its connection broke; resumed: its client is back."`
	Matches bool   `json:"matches" doc:"Whether it meets the filter now; if not, it did before."`
	Skipped int64  `json:"skipped,omitempty" doc:"Events lost before this one, of all sockets; -1: nobody knows how many."`
}

// SocketEnded is a socket that is gone, as it was at last.
type SocketEnded struct {
	Time        time.Time         `json:"time" doc:"When it happened."`
	Key         string            `json:"key" doc:"The full key: /services/<service>-s-<id>, or -v-<GUID>."`
	Service     string            `json:"service" doc:"The service it was connected to."`
	StatefulID  string            `json:"stateful_id" doc:"The id the client chose; empty without one."`
	UserID      string            `json:"user_id" doc:"Whose connection it was."`
	Tags        map[string]string `json:"tags" nullable:"false" doc:"Its tags."`
	Node        string            `json:"node" doc:"The node that held it."`
	ConnectedAt time.Time         `json:"connected_at" doc:"When the connection was made."`
	BytesIn     int64             `json:"bytes_in" doc:"Bytes of messages received."`
	BytesOut    int64             `json:"bytes_out" doc:"Bytes of messages sent."`
	Code        int               `json:"code" doc:"Close code; 1006 if the connection ended without one."`
	Reason      string            `json:"reason" doc:"What was said with the code."`
	Skipped     int64             `json:"skipped,omitempty" doc:"Events lost before this one, of all sockets; -1: nobody knows how many."`
}

type eventQuery struct {
	Filter   string `query:"filter" doc:"Which sockets, before or after what happens: $name, $name:value, $name:[a,b], or a JSON object. All without one."`
	Snapshot bool   `query:"snapshot" default:"false" doc:"Whether to begin with the sockets there are: an event snapshot, then one opened for each. It comes again whenever events were lost."`
	After    string `header:"Last-Event-ID" doc:"Go on after the event with this id, as browsers do by themselves."`
}

func (h *handler) registerEvents(router huma.API) {
	op := h.operation("stream-socket-events", http.MethodGet, "/sockets/events", "Sockets that open, change and end, as they do", http.StatusOK)
	schemas := router.OpenAPI().Components.Schemas
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The events; the id of each is to resume after it.",
		Content: map[string]*huma.MediaType{eventStreamType: {Schema: events(
			event(eventSnapshot, schemas.Schema(reflect.TypeFor[SnapshotBegun](), true, "")),
			event(eventOpened, schemas.Schema(reflect.TypeFor[SocketOpened](), true, "")),
			event(eventChanged, schemas.Schema(reflect.TypeFor[SocketChanged](), true, "")),
			event(eventEnded, schemas.Schema(reflect.TypeFor[SocketEnded](), true, "")),
		)}},
	}}
	huma.Register(router, op, h.streamSocketEvents)
}

func (h *handler) streamSocketEvents(_ context.Context, in *eventQuery) (*streamAnswer, error) {
	filter, err := parseFilter(in.Filter, "query.filter")
	if err != nil {
		return nil, err
	}
	return raw(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		s := &socketStream{handler: h, out: newEventStream(w, r, cancel), filter: filter, snapshot: in.Snapshot}
		s.begin(in.After) // before the client can know that the stream has begun
		if s.out.begin(s.firstID()) != nil {
			return
		}
		defer s.out.beat(h.cfg.Heartbeat, h.cfg.Heartbeat)()
		s.run(ctx)
	}), nil
}

// socketStream tells one client of the sockets that meet a filter.
type socketStream struct {
	*handler
	out      *eventStream
	filter   hub.Filter
	snapshot bool

	after   uint64 // the last event that is dealt with
	lost    int64  // events before the next one that were not; unknownSkipped
	restart string // why a snapshot is due; empty: none is
}

// begin finds out where the stream goes on.
func (s *socketStream) begin(resume string) {
	if seq, ok := s.number(resume); ok {
		s.after = seq
		return
	}
	s.after, s.restart = s.Events.LastEvent(), "start"
	if resume != "" {
		s.lost, s.restart = unknownSkipped, "restart"
	}
}

// firstID is where a client goes on that sees no event; empty if it must be told
// something first: the sockets there are, or that events were lost.
func (s *socketStream) firstID() string {
	if s.snapshot && s.restart != "" || s.lost != 0 {
		return ""
	}
	return s.id(s.after)
}

// run sends events until ctx ends or the client is gone.
func (s *socketStream) run(ctx context.Context) {
	for ctx.Err() == nil {
		if s.snapshot && s.restart != "" && s.sendPresent(ctx) != nil {
			return
		}
		for e := range s.Events.Events(ctx, s.after) {
			if e.Skipped > 0 && s.snapshot {
				s.restart = "skipped"
				break
			}
			if s.send(&e) != nil {
				return
			}
		}
	}
}

// presentBlock is how many sockets of a snapshot are written at once.
const presentBlock = 200

// sendPresent sends the sockets there are. Only the last event has an id: a client
// that has lost the connection before gets all of them again.
func (s *socketStream) sendPresent(ctx context.Context) error {
	present, last, missing, err := s.Events.Present(ctx, s.filter)
	if err != nil {
		return err
	}
	var block bytes.Buffer
	idIfLast := func(i int) string {
		if i < len(present) {
			return ""
		}
		return s.id(last)
	}
	err = writeEvent(&block, eventSnapshot, idIfLast(0), SnapshotBegun{Sockets: len(present), Reason: s.restart, Missing: append([]string{}, missing...)})
	now := time.Now()
	for i, p := range present {
		if err == nil {
			err = writeEvent(&block, eventOpened, idIfLast(i+1), SocketOpened{Time: now, Socket: socketOf(p.Info())})
		}
		if err == nil && (i+1)%presentBlock == 0 {
			err = s.out.write(block.Bytes())
			block.Reset()
		}
		if err != nil {
			return err
		}
	}
	s.after, s.lost, s.restart = last, 0, ""
	return s.out.write(block.Bytes())
}

// send sends an event, if the filter wants it.
func (s *socketStream) send(e *hub.Event) error {
	s.after = e.Seq
	if s.lost != unknownSkipped {
		s.lost += int64(e.Skipped)
	}
	before, now := e.MatchedBefore(s.filter), e.MatchesNow(s.filter)
	if !before && !now {
		return nil
	}
	var name string
	var data any
	switch change, changed := changes[e.Kind]; {
	case changed:
		name, data = eventChanged, SocketChanged{Time: e.Time, Socket: socketOf(e.Info), Change: change, Matches: now, Skipped: s.lost}
	case e.Kind == hub.EventEnded:
		name, data = eventEnded, endedOf(e, s.lost)
	default:
		name, data = eventOpened, SocketOpened{Time: e.Time, Socket: socketOf(e.Info), Skipped: s.lost}
	}
	s.lost = 0
	return s.out.send(name, s.id(e.Seq), data)
}

// changes are the words for what happens to a socket that stays. To a filter without $state one that
// is detached ceases to match, and matches again when it is resumed.
var changes = map[hub.EventKind]string{
	hub.EventRetagged: "tags", hub.EventTaken: "takeover", hub.EventDetached: "detached", hub.EventResumed: "resumed",
}

func endedOf(e *hub.Event, skipped int64) SocketEnded {
	i := &e.Info
	return SocketEnded{
		Time: e.Time, Key: i.Key, Service: i.Service, StatefulID: i.StatefulID, UserID: i.User.ID, Tags: i.Tags.Map(), Node: i.Node,
		ConnectedAt: i.ConnectedAt, BytesIn: i.BytesIn, BytesOut: i.BytesOut, Code: e.Reason.Code, Reason: e.Reason.Text, Skipped: skipped,
	}
}

// id makes the id of an event. Numbers begin anew with each server, so the id says
// which one gave it.
func (h *handler) id(seq uint64) string { return h.boot + "-" + strconv.FormatUint(seq, 10) }

// number returns the number of the event with an id; ok is false if this server did
// not give it.
func (h *handler) number(id string) (seq uint64, ok bool) {
	text, ok := strings.CutPrefix(id, h.boot+"-")
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseUint(text, 10, 64)
	return seq, err == nil
}
