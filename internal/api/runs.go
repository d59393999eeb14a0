package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// Names of the events of a run.
const (
	eventLine    = "line"
	eventOutcome = "outcome"
)

// Bounds of the lines of one JSON answer; a stream has none.
const (
	maxResultLines = 10_000
	maxResultBytes = 8 << 20
)

type adHocRun struct {
	Accept string `header:"Accept" doc:"text/event-stream gets the lines as they come."`
	Body   RunRequest
}

type agentRun struct {
	Accept string `header:"Accept" doc:"text/event-stream gets the lines as they come."`
	Name   string `path:"name" doc:"Name of the agent."`
	Body   *AgentRunRequest
}

func (h *handler) registerRuns(router huma.API) {
	answers := runAnswers(router.OpenAPI().Components.Schemas)
	adHoc := h.operation("run-source", http.MethodPost, "/runs", "Run a script", http.StatusOK, http.StatusServiceUnavailable)
	adHoc.Responses = map[string]*huma.Response{"200": answers}
	huma.Register(router, adHoc, h.runSource)
	agent := h.operation("run-agent", http.MethodPost, "/agents/{name}/runs", "Run an agent", http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable)
	agent.Responses = map[string]*huma.Response{"200": answers}
	huma.Register(router, agent, h.runAgent)
}

func (h *handler) runSource(_ context.Context, in *adHocRun) (*streamAnswer, error) {
	run := Run{Name: in.Body.Name, Source: in.Body.Source, UserID: in.Body.User}
	if text := in.Body.Timeout; text != "" {
		timeout, err := time.ParseDuration(text)
		if err != nil || timeout <= 0 {
			return nil, at(problem(http.StatusUnprocessableEntity, "The time-out cannot be read."), "body.timeout", "expected a duration such as 30s or 5m", text)
		}
		run.Timeout = timeout
	}
	return h.answerRun(run, in.Accept), nil
}

func (h *handler) runAgent(_ context.Context, in *agentRun) (*streamAnswer, error) {
	run := Run{Agent: in.Name}
	if in.Body != nil {
		run.UserID = in.Body.User
	}
	return h.answerRun(run, in.Accept), nil
}

func (h *handler) answerRun(run Run, accept string) *streamAnswer {
	return raw(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		stream := newEventStream(w, cancel)
		if wantsEvents(accept) {
			h.streamRun(ctx, stream, run)
		} else {
			h.tellRun(ctx, w, run)
		}
	})
}

// streamRun writes each line when it is there, and the outcome at the end. A
// client that takes no more lines stops the run.
func (h *handler) streamRun(ctx context.Context, stream *eventStream, run Run) {
	stopBeating := stream.beat(min(firstHeartbeat, h.cfg.Heartbeat), h.cfg.Heartbeat)
	defer stopBeating()
	run.OnLine = func(l logs.Line) {
		_ = stream.send(eventLine, "", runLineOf(l)) // a failure ends ctx, and with it the run
	}
	outcome, err := h.Runs.Run(ctx, run)
	stopBeating()
	switch {
	case err == nil:
	case !stream.hasBegun():
		refuse(stream.out, problemOf(err, ""))
		return
	default:
		outcome = Outcome{Error: problemOf(err, "").Error()}
	}
	_ = stream.send(eventOutcome, "", outcome) // the client may be gone; there is nobody else to tell
}

// tellRun answers with everything once the run has ended.
func (h *handler) tellRun(ctx context.Context, w http.ResponseWriter, run Run) {
	var lines lineKeeper
	run.OnLine = func(l logs.Line) { lines.add(runLineOf(l)) }
	outcome, err := h.Runs.Run(ctx, run)
	if err != nil {
		refuse(w, problemOf(err, ""))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(RunResult{Outcome: outcome, Lines: lines.all(), LinesDropped: lines.dropped}) // as above
}

// refuse answers with an error of problemOf where the library does not do it.
func refuse(w http.ResponseWriter, err error) {
	var withHeaders huma.HeadersError
	if errors.As(err, &withHeaders) {
		for name, values := range withHeaders.GetHeaders() {
			w.Header()[name] = values
		}
	}
	var p *huma.ErrorModel
	if !errors.As(err, &p) {
		p = problem(http.StatusInternalServerError, "The run could not begin: %v.", err)
	}
	writeProblem(w, p)
}

// lineKeeper keeps the last lines of a run. It belongs to one run.
type lineKeeper struct {
	lines   []Line
	bytes   int
	dropped int
}

func (k *lineKeeper) add(l Line) {
	k.lines = append(k.lines, l)
	k.bytes += len(l.Text)
	for len(k.lines) > maxResultLines || k.bytes > maxResultBytes {
		k.bytes -= len(k.lines[0].Text)
		k.lines[0] = Line{} // the array lives on until it grows, its texts should not
		k.lines = k.lines[1:]
		k.dropped++
	}
}

func (k *lineKeeper) all() []Line {
	if k.lines == nil {
		return []Line{}
	}
	return k.lines
}
