package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/runs"
)

// RunList knows the runs that go on and recent ones; *runs.Registry has these methods.
type RunList interface {
	// List returns runs of all nodes, the newest first, and whether there are more.
	List(ctx context.Context, q runs.Query) (list []runs.Info, more bool)
	Find(ctx context.Context, id string) (run *runs.Run, ok bool, err error)
	// Stop makes a run end soon. Errors: [runs.ErrNotFound], [*runs.ElsewhereError].
	Stop(ctx context.Context, id string) error
}

// Names of the events of a run.
const (
	eventLine    = "line"
	eventOutcome = "outcome"
)

// maxResultLines bounds the lines of a run in one JSON answer.
const maxResultLines = 10_000

// stopPatience is how long the answer to a stop waits for the run to end.
const stopPatience = 5 * time.Second

// RunInfo is a run as lists show it.
type RunInfo struct {
	ID         string     `json:"id" doc:"Names the run: GET /runs/{id}."`
	Agent      string     `json:"agent" doc:"Name of the agent, also for the threads it started; empty for a source."`
	Name       string     `json:"name" doc:"What a source or a thread is called; empty for an agent."`
	User       string     `json:"user" doc:"Id of the user the script runs as."`
	Trigger    string     `json:"trigger" enum:"api,script,thread,schedule" doc:"Who started it: a client of the API, a script, a script as a thread beside itself, or the schedule of the agent."`
	Thread     int        `json:"thread" doc:"Number of the script thread, as log lines have it."`
	Node       string     `json:"node" doc:"The node that runs it, or ran it."`
	State      string     `json:"state" enum:"running,done,failed,lost" doc:"One that was stopped has failed; one is lost whose node ended while it ran."`
	StartedAt  time.Time  `json:"started_at" doc:"When it began."`
	EndedAt    *time.Time `json:"ended_at,omitempty" doc:"When it ended; absent while it runs. Of a lost one, when that was noticed."`
	DurationMS int64      `json:"duration_ms" doc:"How long it took, in milliseconds; so far, while it runs."`
	Error      string     `json:"error" doc:"The script's error with its position lines; empty if all went well, and while it runs."`
}

// RunDetail is a run with its last lines.
type RunDetail struct {
	RunInfo
	Lines        []Line `json:"lines" nullable:"false" doc:"The last lines, as far as they are kept."`
	LinesDropped int    `json:"lines_dropped,omitempty" doc:"Lines at the beginning that were too many to keep."`
}

type runQuery struct {
	PageQuery
	Agent string `query:"agent" doc:"Only runs of the agent, or of the source, with this name."`
	State string `query:"state" enum:"running,done,failed,lost" doc:"Only runs in this state."`
}

// idPath is the path of one thing with an id: one type for all of them, because the library is compiled anew
// for each.
type idPath struct {
	ID string `path:"id" doc:"Its id."`
}

type runFollow struct {
	ID     string `path:"id" doc:"Id of the run."`
	Accept string `header:"Accept" doc:"text/event-stream gets the lines so far, then new ones, and the outcome at the end."`
	After  string `header:"Last-Event-ID" doc:"Go on after the event with this id, as browsers do by themselves."`
}

func (h *handler) registerRunList(router huma.API) {
	huma.Register(router, h.operation("list-runs", http.MethodGet, "/runs", "Runs that go on and earlier ones, the newest first", http.StatusOK), h.listRuns)
	get := h.operation("get-run", http.MethodGet, "/runs/{id}", "One run with its lines", http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable)
	get.Responses = map[string]*huma.Response{
		"200": runAnswer(router.OpenAPI().Components.Schemas),
		"204": {Description: "A stream that goes on after the outcome: there is no more, and browsers stop asking."},
	}
	huma.Register(router, get, h.getRun)
	huma.Register(router, h.operation("stop-run", http.MethodDelete, "/runs/{id}", "Stop a run", http.StatusNoContent, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable), h.stopRun)
}

func (h *handler) listRuns(ctx context.Context, in *runQuery) (*answer[List[RunInfo]], error) {
	after, err := in.position("runs")
	if err == nil && after != "" && !runs.ValidID(after) {
		err = in.notNext()
	}
	if err != nil {
		return nil, err
	}
	found, more := h.RunList.List(ctx, runs.Query{Name: in.Agent, State: runs.State(in.State), After: after, Limit: in.Limit})
	items := make([]RunInfo, 0, len(found))
	for _, info := range found {
		items = append(items, h.runInfo(info))
	}
	next := ""
	if more {
		next = cursorOf("runs", items[len(items)-1].ID)
	}
	return &answer[List[RunInfo]]{listOf(items, next, nil)}, nil
}

func (h *handler) findRun(ctx context.Context, id string) (*runs.Run, error) {
	run, ok, err := h.RunList.Find(ctx, id)
	switch {
	case err != nil:
		return nil, problem(http.StatusServiceUnavailable, "The history of runs does not answer: %v.", err)
	case !ok:
		return nil, problem(http.StatusNotFound, "There is no run %q, or it is so long ago that it was forgotten. GET %s/runs lists them.", shorten(id), Base)
	}
	return run, nil
}

func (h *handler) getRun(ctx context.Context, in *runFollow) (*streamAnswer, error) {
	run, err := h.findRun(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return raw(func(w http.ResponseWriter, r *http.Request) {
		if wantsEvents(in.Accept) {
			h.attachRun(w, r, run, in.After)
			return
		}
		lines, dropped := keptLines(run)
		writeJSON(w, http.StatusOK, RunDetail{RunInfo: h.runInfo(run.Info()), Lines: lines, LinesDropped: dropped})
	}), nil
}

// attachRun streams a run from behind an event on. An id that is none of this run
// begins anew.
func (h *handler) attachRun(w http.ResponseWriter, r *http.Request, run *runs.Run, lastEvent string) {
	after, err := strconv.Atoi(lastEvent)
	if err != nil {
		after = 0
	}
	if run.Info().State != runs.Running && after == run.Count()+1 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	reader := run.Read(after)
	defer reader.Close()
	h.followRun(w, r, reader)
}

// followRun streams the lines of a run and its outcome. Each event's id is the number
// of the line, that of the outcome one more. The run never waits for the client: lines
// that one too slow has no room for are skipped, and counted.
func (h *handler) followRun(w http.ResponseWriter, r *http.Request, reader *runs.Reader) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stream := newEventStream(w, r, cancel)
	if stream.comment() != nil {
		return
	}
	defer stream.beat(h.cfg.Heartbeat, h.cfg.Heartbeat)()
	for {
		lines, first, skipped, err := reader.Next(ctx)
		if err != nil {
			return // the client is gone
		}
		if len(lines) == 0 {
			break
		}
		var block bytes.Buffer
		for i, l := range lines {
			line := runLineOf(l)
			if i == 0 {
				line.Skipped = uint64(skipped)
			}
			if writeEvent(&block, eventLine, strconv.Itoa(first+i), line) != nil {
				return // a time no calendar has; a panic here would be everybody's
			}
		}
		if stream.write(block.Bytes()) != nil {
			return
		}
	}
	run := reader.Run()
	_ = stream.send(eventOutcome, strconv.Itoa(run.Count()+1), outcomeOf(run.Info())) // the client may be gone; there is nobody else to tell
}

// stopRun stops a run and waits a moment for its end. One that has ended already is
// what was wanted.
func (h *handler) stopRun(ctx context.Context, in *idPath) (*struct{}, error) {
	run, err := h.findRun(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var elsewhere *runs.ElsewhereError
	switch err := h.RunList.Stop(ctx, in.ID); {
	case errors.As(err, &elsewhere) && elsewhere.Err == nil:
		return nil, problem(http.StatusConflict, "The run goes on at the node %s. Stop it there.", elsewhere.Node)
	case errors.As(err, &elsewhere):
		return nil, problem(http.StatusServiceUnavailable, "The run goes on at the node %s, which cannot be told to stop it: %v.", elsewhere.Node, elsewhere.Err)
	case err != nil && !errors.Is(err, runs.ErrNotFound): // forgotten meanwhile is ended too
		return nil, problem(http.StatusServiceUnavailable, "The run cannot be stopped: %v.", err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	_, _ = run.Wait(ctx) // it was told to end; a host function may hold it up
	return nil, nil
}

func keptLines(run *runs.Run) (lines []Line, dropped int) {
	kept, dropped := run.Lines(maxResultLines)
	lines = make([]Line, 0, len(kept))
	for _, l := range kept {
		lines = append(lines, runLineOf(l))
	}
	return lines, dropped
}

func outcomeOf(i runs.Info) Outcome {
	return Outcome{OK: i.State == runs.Done, Error: i.Error, DurationMS: i.Took.Milliseconds()}
}

func (h *handler) runInfo(i runs.Info) RunInfo {
	info := RunInfo{
		ID: i.ID, Agent: i.Agent, Name: i.Name, User: i.User, Trigger: string(i.Trigger), Thread: i.Thread, Node: cmp.Or(i.Node, h.cfg.Node),
		State: string(i.State), StartedAt: i.Began, DurationMS: i.Took.Milliseconds(), Error: i.Error,
	}
	if !i.Ended.IsZero() {
		info.EndedAt = &i.Ended
	}
	return info
}
