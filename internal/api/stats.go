package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// ErrNotCounted says that metrics are switched off: 409.
var ErrNotCounted = errors.New("nothing is counted")

// Figures keep what a node has counted for a while.
type Figures interface {
	// Stats returns the present figures and the points not earlier than since,
	// oldest first. Errors: [ErrNotCounted].
	Stats(since time.Time) (Stats, error)
}

// Stats is what a node has counted.
type Stats struct {
	Node            string       `json:"node" doc:"The node that counted."`
	StartedAt       time.Time    `json:"started_at" doc:"Since when the totals count."`
	IntervalSeconds int          `json:"interval_seconds" doc:"Time between two points, in seconds."`
	Now             StatsLevel   `json:"now" doc:"What there is now."`
	Totals          StatsCount   `json:"totals" doc:"Since the node was started."`
	Items           []StatsPoint `json:"items" nullable:"false" doc:"The last hour at most, oldest first."`
	Missing         []string     `json:"missing" nullable:"false" doc:"Nodes that did not answer."`
}

// StatsPoint is a moment, and what happened in the interval that ended there.
type StatsPoint struct {
	Time    time.Time  `json:"time" doc:"When the interval ended."`
	Seconds float64    `json:"seconds" doc:"Length of the interval, in seconds."`
	Level   StatsLevel `json:"level" doc:"As it was at this time."`
	Count   StatsCount `json:"count" doc:"What happened in the interval."`
}

// StatsLevel is what there is at one moment.
type StatsLevel struct {
	Sockets       int   `json:"sockets" doc:"Open sockets."`
	QueueMessages int   `json:"queue_messages" doc:"Messages that wait in all queues."`
	QueueBytes    int64 `json:"queue_bytes" doc:"Their bytes."`
	RunningCalls  int   `json:"running_calls" doc:"Calls of services."`
	RunningAgents int   `json:"running_agents" doc:"Agents, sources and threads of scripts."`
}

// StatsCount is what happened in some time.
type StatsCount struct {
	MessagesIn        int64 `json:"messages_in" doc:"Messages received."`
	MessagesOut       int64 `json:"messages_out" doc:"Messages sent."`
	BytesIn           int64 `json:"bytes_in" doc:"Bytes of messages received."`
	BytesOut          int64 `json:"bytes_out" doc:"Bytes of messages sent."`
	DroppedMessages   int64 `json:"dropped_messages" doc:"Messages dropped because a queue was full."`
	Handshakes        int64 `json:"handshakes" doc:"Connections accepted."`
	RefusedHandshakes int64 `json:"refused_handshakes" doc:"Connections refused."`
	LimitWaits        int64 `json:"limit_waits" doc:"Times that a handshake, or what comes on a socket, waited because its user or address was over a limit."`
	LimitRefusals     int64 `json:"limit_refusals" doc:"Times that a connection was refused or closed because its user or address owed too much."`
	Closes            int64 `json:"closes" doc:"Connections that ended, those taken over included."`
	Takeovers         int64 `json:"takeovers" doc:"Connections that took over the socket of an older one."`
	ScriptCalls       int64 `json:"script_calls" doc:"Calls of hooks of services."`
	ScriptErrors      int64 `json:"script_errors" doc:"Calls that did not end well."`
	AgentRuns         int64 `json:"agent_runs" doc:"Runs of agents, sources and threads."`
	AgentErrors       int64 `json:"agent_errors" doc:"Runs that did not end well."`
	LogLines          int64 `json:"log_lines" doc:"Lines that scripts wrote."`
}

type statsQuery struct {
	Since string `query:"since" doc:"Only points not earlier than this: a time such as 2026-11-23T10:00:00Z, or how long ago, such as 10m. All without one."`
}

func (h *handler) registerStats(router huma.API) {
	huma.Register(router, h.operation("get-stats", http.MethodGet, "/stats", "Counters, a point for each 10 s of the last hour", http.StatusOK, http.StatusConflict),
		func(_ context.Context, in *statsQuery) (*answer[Stats], error) {
			since, err := parseSince(in.Since)
			if err != nil {
				return nil, err
			}
			stats, err := h.Figures.Stats(since)
			if errors.Is(err, ErrNotCounted) {
				return nil, problem(http.StatusConflict, "This server counts nothing, because the setting metrics.enabled is false. Start it with metrics.enabled: true.")
			}
			if stats.Items == nil {
				stats.Items = []StatsPoint{}
			}
			stats.Missing = []string{}
			return &answer[Stats]{stats}, err
		})
}

// Stats returns what the server has counted. since is as in [LogQuery]. A server
// that counts nothing gives a [*Refusal] with status 409.
func (c *Client) Stats(ctx context.Context, since string) (Stats, error) {
	query := url.Values{}
	set(query, "since", since)
	return get[Stats](ctx, c, "/stats", query)
}
