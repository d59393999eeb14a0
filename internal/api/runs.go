package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// Names of the events of a run.
const (
	eventLine    = "line"
	eventOutcome = "outcome"
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
	run := Run{Name: in.Body.Name, Source: in.Body.Source, UserID: in.Body.User, Params: in.Body.Params}
	if text := in.Body.Timeout; text != "" {
		timeout, err := ParseTimeout(text)
		if err != nil {
			return nil, at(problem(http.StatusUnprocessableEntity, "The time-out cannot be read."), "body.timeout", err.Error(), text)
		}
		run.Timeout = timeout
	}
	return h.answerRun(run, in.Accept), nil
}

func (h *handler) runAgent(_ context.Context, in *agentRun) (*streamAnswer, error) {
	run := Run{Agent: in.Name}
	if in.Body != nil {
		run.UserID, run.Params = in.Body.User, in.Body.Params
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

// streamRun writes each line when it is there, and the outcome at the end. The run
// never waits for the client: lines that one too slow has no room for are skipped,
// and counted. A client that is gone, or takes nothing at all, stops the run.
func (h *handler) streamRun(ctx context.Context, stream *eventStream, run Run) {
	stopBeating := stream.beat(min(firstHeartbeat, h.cfg.Heartbeat), h.cfg.Heartbeat)
	defer stopBeating()
	lines := newLineQueue()
	run.OnLine = func(l logs.Line) { lines.add(runLineOf(l)) }
	var sending sync.WaitGroup
	sending.Go(func() { sendLines(stream, lines) })
	sendRest := func() {
		lines.end()
		sending.Wait()
	}
	defer sendRest()
	outcome, err := h.Runs.Run(ctx, run)
	sendRest()
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

// sendLines sends what the queue holds until it has ended, as many lines at a time
// as there are by then.
func sendLines(stream *eventStream, queue *lineQueue) {
	for lines := queue.take(); lines != nil; lines = queue.take() {
		var block bytes.Buffer
		for _, l := range lines {
			if writeEvent(&block, eventLine, "", l) != nil {
				stream.fail() // a time no calendar has; a panic here would be everybody's
				return
			}
		}
		if stream.write(block.Bytes()) != nil {
			return // this ended ctx, and with it the run
		}
	}
}

// tellRun answers with everything once the run has ended.
func (h *handler) tellRun(ctx context.Context, w http.ResponseWriter, run Run) {
	lines := lineKeeper{most: maxResultLines}
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
