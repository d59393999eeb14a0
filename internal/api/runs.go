package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/runs"
)

// Run is a run to start: an agent of the app, or a source with a name.
type Run struct {
	Agent   string
	Name    string
	Source  string
	UserID  string        // empty: the user of the agent, or the administrator
	Timeout time.Duration // 0: the one of agents
	Params  map[string]string
}

// Runner starts scripts.
type Runner interface {
	// Start begins a run and returns a reader of its lines from the first one on, which
	// the caller closes. The run goes on without the caller until it is stopped, also when
	// ctx ends, which only says what trace it belongs to. A script
	// that throws or does not parse is an outcome; an error means that the run did not begin.
	Start(ctx context.Context, run Run) (*runs.Reader, error)
}

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
	responses := runResponses(router.OpenAPI().Components.Schemas)
	adHoc := h.operation("run-source", http.MethodPost, "/runs", "Run a script", http.StatusOK, http.StatusServiceUnavailable)
	adHoc.Responses = responses
	huma.Register(router, adHoc, h.runSource)
	agent := h.operation("run-agent", http.MethodPost, "/agents/{name}/runs", "Run an agent", http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable)
	agent.Responses = runResponses(router.OpenAPI().Components.Schemas)
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
	return h.answerRun(run, in.Accept, in.Body.Detach), nil
}

func (h *handler) runAgent(_ context.Context, in *agentRun) (*streamAnswer, error) {
	run, detach := Run{Agent: in.Name}, false
	if in.Body != nil {
		run.UserID, run.Params, detach = in.Body.User, in.Body.Params, in.Body.Detach
	}
	return h.answerRun(run, in.Accept, detach), nil
}

// answerRun starts a run and tells it. A client that goes away, or takes nothing at
// all, stops it, unless it was detached.
func (h *handler) answerRun(run Run, accept string, detach bool) *streamAnswer {
	return raw(func(w http.ResponseWriter, r *http.Request) {
		reader, err := h.Runs.Start(r.Context(), run)
		if err != nil {
			refuse(w, problemOf(err, ""))
			return
		}
		defer reader.Close()
		started := reader.Run()
		w.Header().Set("Location", Base+"/runs/"+started.ID())
		if detach {
			writeJSON(w, http.StatusAccepted, RunStarted{ID: started.ID()})
			return
		}
		defer started.Stop()
		if wantsEvents(accept) {
			h.followRun(w, r, reader)
			return
		}
		h.tellRun(w, r, reader)
	})
}

// tellRun answers with everything once the run has ended.
func (h *handler) tellRun(w http.ResponseWriter, r *http.Request, reader *runs.Reader) {
	run := reader.Run()
	// Without this the time-out for the request's body would later look like a client that went away.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	info, err := run.Wait(r.Context())
	if err != nil {
		return // nobody is there to hear of it
	}
	lines, dropped := keptLines(run)
	writeJSON(w, http.StatusOK, RunResult{ID: info.ID, Outcome: outcomeOf(info), Lines: lines, LinesDropped: dropped})
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client may be gone; there is nobody else to tell
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
