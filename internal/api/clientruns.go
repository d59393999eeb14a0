package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// RunQuery chooses runs. Zero values mean all, and the server's page size.
type RunQuery struct {
	Agent string // name of the agent, or of the source
	State string // running, done, failed or lost
	After string
	Limit int
}

// Runs returns one page of the runs that go on and of earlier ones, the newest first.
func (c *Client) Runs(ctx context.Context, q RunQuery) (List[RunInfo], error) {
	query := url.Values{}
	set(query, "agent", q.Agent)
	set(query, "state", q.State)
	set(query, "after", q.After)
	if q.Limit > 0 {
		query.Set("limit", strconv.Itoa(q.Limit))
	}
	return get[List[RunInfo]](ctx, c, "/runs", query)
}

// RunByID returns a run with its last lines. One that does not exist, or not any more,
// gives an error for which [IsNotFound] is true.
func (c *Client) RunByID(ctx context.Context, id string) (RunDetail, error) {
	return get[RunDetail](ctx, c, runPath(id), nil)
}

// FollowRun passes the lines of a run to onLine, those so far and new ones, and
// returns its outcome. after is the Seq of the last line that is known already, 0 for
// all. When ctx ends the run goes on, and ctx.Err() is returned.
func (c *Client) FollowRun(ctx context.Context, id string, after uint64, onLine func(Line)) (Outcome, error) {
	header := http.Header{"Accept": {eventStreamType}}
	if after > 0 {
		header.Set("Last-Event-ID", strconv.FormatUint(after, 10))
	}
	resp, err := c.send(ctx, http.MethodGet, runPath(id), nil, nil, header)
	if err != nil {
		return Outcome{}, err
	}
	defer resp.Body.Close()
	return c.readRun(ctx, resp.Body, onLine)
}

// StopRun stops a run. It returns when the run has ended, or after some seconds. A
// run that has ended already is no error.
func (c *Client) StopRun(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, runPath(id), nil, nil, nil)
}

// StartRun starts a script that goes on by itself, and returns the run's id.
func (c *Client) StartRun(ctx context.Context, run RunRequest) (id string, err error) {
	run.Detach = true
	var started RunStarted
	err = c.do(ctx, http.MethodPost, "/runs", nil, run, &started)
	return started.ID, err
}

// StartAgent is [Client.StartRun] for an agent of the app.
func (c *Client) StartAgent(ctx context.Context, name string, run AgentRunRequest) (id string, err error) {
	run.Detach = true
	var started RunStarted
	err = c.do(ctx, http.MethodPost, "/agents/"+url.PathEscape(name)+"/runs", nil, run, &started)
	return started.ID, err
}

func runPath(id string) string { return "/runs/" + url.PathEscape(id) }
