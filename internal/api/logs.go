package api

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

type logQuery struct {
	Since    string `query:"since" doc:"Only lines not earlier than this: a time such as 2026-11-23T10:00:00Z, or how long ago, such as 10m. All without one."`
	Thread   int    `query:"thread" minimum:"0" maximum:"9999" doc:"Only lines of this script thread."`
	Contains string `query:"contains" doc:"Only lines with this text."`
	Service  string `query:"service" doc:"Only lines of the scripts of this service."`
	Agent    string `query:"agent" doc:"Only lines of this agent."`
	Socket   string `query:"socket" doc:"Only lines of runs for the socket with this key."`
	User     string `query:"user" doc:"Only lines of runs for the user with this id."`
	Level    string `query:"level" enum:"info,error" default:"info" doc:"Least severe lines to show; error: only the errors of scripts."`
	Follow   bool   `query:"follow" default:"true" doc:"Whether to go on with new lines after the remembered ones."`
	After    string `header:"Last-Event-ID" doc:"Go on after the event with this id, as browsers do by themselves."`
}

func (h *handler) registerLogs(router huma.API) {
	op := h.operation("stream-logs", http.MethodGet, "/logs", "Log lines of scripts: the remembered ones, then new ones", http.StatusOK)
	op.Responses = map[string]*huma.Response{"200": logAnswer(router.OpenAPI().Components.Schemas)}
	huma.Register(router, op, h.streamLogs)
}

func (h *handler) streamLogs(_ context.Context, in *logQuery) (*streamAnswer, error) {
	since, err := parseSince(in.Since)
	if err != nil {
		return nil, err
	}
	query := logs.Query{
		Since: since, Thread: in.Thread, Contains: in.Contains, Errors: in.Level == "error",
		Service: in.Service, Agent: in.Agent, Socket: in.Socket, User: in.User,
	}
	// An id that is not ours comes from another server: begin anew.
	query.AfterSeq, _ = strconv.ParseUint(in.After, 10, 64)
	return raw(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		stream := newEventStream(w, r, cancel)
		if stream.comment() != nil {
			return
		}
		defer stream.beat(h.cfg.Heartbeat, h.cfg.Heartbeat)()
		lines := h.Logs.Follow(ctx, query)
		if !in.Follow {
			lines = h.remembered(ctx, query)
		}
		for l := range lines {
			if stream.send(eventLine, strconv.FormatUint(l.Seq, 10), logLineOf(l)) != nil {
				return
			}
		}
	}), nil
}

// remembered yields the matching lines there are now. It looks at every line,
// because the newest, where it ends, need not match.
func (h *handler) remembered(ctx context.Context, q logs.Query) iter.Seq[logs.Line] {
	return func(yield func(logs.Line) bool) {
		last := h.Logs.Last()
		if last == 0 || q.AfterSeq == last {
			return
		}
		for l := range h.Logs.Follow(ctx, logs.Query{AfterSeq: q.AfterSeq}) {
			if q.Match(l) && !yield(l) || l.Seq >= last {
				return
			}
		}
	}
}

func parseSince(text string) (time.Time, error) {
	when, err := ParseSince(text, time.Now())
	if err != nil {
		return time.Time{}, at(problem(http.StatusUnprocessableEntity, "The time cannot be read."), "query.since", err.Error(), text)
	}
	return when, nil
}
