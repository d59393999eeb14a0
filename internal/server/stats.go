package server

import (
	"context"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

const (
	// statsInterval is the time between two points.
	statsInterval = 10 * time.Second
	// statsPoints is how many are kept: an hour of them.
	statsPoints = int(time.Hour / statsInterval)
)

// history keeps the figures of the last hour. It reads them off the registry, so
// that there is one place where things are counted. Safe for concurrent use.
type history struct {
	registry *metrics.Registry // nil: nothing is counted
	node     string
	started  time.Time

	mu     sync.Mutex
	points []api.StatsPoint // a ring, once full
	next   int              // where the next point goes
	last   time.Time        // of the newest point, or of the start
	totals api.StatsCount   // at that time
}

func newHistory(r *metrics.Registry, node string, now time.Time) *history {
	return &history{registry: r, node: node, started: now, last: now}
}

// run adds a point at each tick, until ctx ends.
func (h *history) run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			h.add(time.Now())
		}
	}
}

// add notes what has happened since the last point.
func (h *history) add(now time.Time) {
	totals, level := readTotals(h.registry), readLevel(h.registry)
	h.mu.Lock()
	defer h.mu.Unlock()
	p := api.StatsPoint{Time: now.UTC(), Seconds: now.Sub(h.last).Seconds(), Level: level, Count: minus(totals, h.totals)}
	h.last, h.totals = now, totals
	if len(h.points) < statsPoints {
		h.points = append(h.points, p)
		return
	}
	h.points[h.next] = p
	h.next = (h.next + 1) % statsPoints
}

// Stats implements [api.Figures].
func (h *history) Stats(since time.Time) (api.Stats, error) {
	if h.registry == nil {
		return api.Stats{}, api.ErrNotCounted
	}
	stats := api.Stats{
		Node: h.node, StartedAt: h.started.UTC(), IntervalSeconds: int(statsInterval / time.Second),
		Now: readLevel(h.registry), Totals: readTotals(h.registry),
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.points {
		if p := h.points[(h.next+i)%len(h.points)]; !p.Time.Before(since) {
			stats.Items = append(stats.Items, p)
		}
	}
	return stats, nil
}

func readLevel(r *metrics.Registry) api.StatsLevel {
	return api.StatsLevel{
		Sockets:       int(r.Sum("tutorsocket_hub_sockets", "state", "open")),
		QueueMessages: int(r.Sum("tutorsocket_hub_queue_messages")),
		QueueBytes:    int64(r.Sum("tutorsocket_hub_queue_bytes")),
		RunningCalls:  int(r.Sum("tutorsocket_engine_running", "kind", "service")),
		RunningAgents: int(r.Sum("tutorsocket_engine_running", "kind", "agent")),
	}
}

func readTotals(r *metrics.Registry) api.StatsCount {
	sum := func(name string, match ...string) int64 { return int64(r.Sum(name, match...)) }
	calls, runs := sum("tutorsocket_engine_calls_total"), sum("tutorsocket_engine_agent_runs_total")
	return api.StatsCount{
		MessagesIn:        sum("tutorsocket_ws_messages_total", "direction", "in"),
		MessagesOut:       sum("tutorsocket_ws_messages_total", "direction", "out"),
		BytesIn:           sum("tutorsocket_ws_bytes_total", "direction", "in"),
		BytesOut:          sum("tutorsocket_ws_bytes_total", "direction", "out"),
		DroppedMessages:   sum("tutorsocket_hub_dropped_messages_total"),
		Handshakes:        sum("tutorsocket_ws_accepted_handshakes_total"),
		RefusedHandshakes: sum("tutorsocket_ws_refused_handshakes_total"),
		LimitWaits:        sum("tutorsocket_quota_exceeded_total", "outcome", "slowed"),
		LimitRefusals:     sum("tutorsocket_quota_exceeded_total", "outcome", "refused"),
		Closes:            sum("tutorsocket_hub_closes_total"),
		Takeovers:         sum("tutorsocket_hub_takeovers_total"),
		ScriptCalls:       calls,
		ScriptErrors:      max(0, calls-sum("tutorsocket_engine_calls_total", "outcome", "ok")),
		AgentRuns:         runs,
		AgentErrors:       max(0, runs-sum("tutorsocket_engine_agent_runs_total", "outcome", "ok")),
		LogLines:          sum("tutorsocket_logs_lines_total"),
	}
}

// minus returns what was added to b to make a. Of two figures that are read one
// after the other, such as calls and those that went well, the difference may be
// behind by one; no count is below nothing.
func minus(a, b api.StatsCount) api.StatsCount {
	return api.StatsCount{
		MessagesIn: a.MessagesIn - b.MessagesIn, MessagesOut: a.MessagesOut - b.MessagesOut,
		BytesIn: a.BytesIn - b.BytesIn, BytesOut: a.BytesOut - b.BytesOut,
		DroppedMessages: a.DroppedMessages - b.DroppedMessages,
		Handshakes:      a.Handshakes - b.Handshakes, RefusedHandshakes: a.RefusedHandshakes - b.RefusedHandshakes,
		LimitWaits: a.LimitWaits - b.LimitWaits, LimitRefusals: a.LimitRefusals - b.LimitRefusals,
		Closes: a.Closes - b.Closes, Takeovers: a.Takeovers - b.Takeovers,
		ScriptCalls: a.ScriptCalls - b.ScriptCalls, ScriptErrors: max(0, a.ScriptErrors-b.ScriptErrors),
		AgentRuns: a.AgentRuns - b.AgentRuns, AgentErrors: max(0, a.AgentErrors-b.AgentErrors),
		LogLines: a.LogLines - b.LogLines,
	}
}
