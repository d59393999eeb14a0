package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// HistoryConfig says how runs are kept. Zero values mean the defaults.
type HistoryConfig struct {
	Node     string        // the name of this node
	Life     string        // differs at each start of the node
	Prefix   string        // of the names in NATS, where others keep something too; "" is none
	Replicas int           // how many servers of a NATS cluster keep the history; one if zero
	MaxAge   time.Duration // how long a run is kept at most; 30 days by default
	MaxBytes int64         // what all of them take on disk at most; 128 MiB by default
	MaxRuns  int           // how many are listed at most; 10,000 by default
	Logger   *slog.Logger  // hears of what cannot be stored; nil: nobody does
}

const (
	streamName    = "RUNS"
	subjectPrefix = "runs."
	recordHeader  = "Tutorsocket-Run"
)

// History keeps the runs of all nodes that share a NATS, on one JetStream stream, beyond the end of their
// processes: a record when a run begins, one when it ends, with its last lines. It is behind a [Registry],
// which answers from both.
//
// A list of the runs without their lines is held in memory, fed by the stream itself, so that what other
// nodes run is seen a moment later. Recording never waits: [History.Run] stores one record after the other. If
// NATS cannot be reached, a bounded number of them waits; the ones beyond are left out, and the log says so.
//
// Safe for concurrent use.
type History struct {
	cfg    HistoryConfig
	js     jetstream.JetStream
	stream jetstream.Stream
	news   chan struct{} // has room for one: something is to be stored
	caught chan struct{} // closed once what was stored before is in the list

	mu      sync.Mutex // guards what follows; taken before those of a registry and of a run
	waiting []*record
	bytes   int // of those
	left    int // records left out since the log was told
	ended   bool
	known   map[string]*known
	order   []string // the ids of known, growing
	shadows map[string]*Run
}

// known is a run the stream knows.
type known struct {
	record
	sequence uint64 // of the message
}

// Bounds of what waits to be stored.
const (
	maxWaiting      = 10_000
	maxWaitingBytes = 32 << 20
)

// stream is the name of the stream.
func (c *HistoryConfig) stream() string {
	if c.Prefix == "" {
		return streamName
	}
	return c.Prefix + "_" + streamName
}

// subjects is what its subjects begin with.
func (c *HistoryConfig) subjects() string {
	if c.Prefix == "" {
		return subjectPrefix
	}
	return c.Prefix + "." + subjectPrefix
}

// OpenHistory opens the history, and makes its stream if need be. It is empty, and keeps nothing, until
// [History.Run] goes on.
func OpenHistory(ctx context.Context, js jetstream.JetStream, cfg HistoryConfig) (*History, error) {
	cfg.MaxAge = cmp.Or(cfg.MaxAge, 30*24*time.Hour)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 128<<20)
	cfg.MaxRuns = cmp.Or(cfg.MaxRuns, 10_000)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        cfg.stream(),
		Description: "runs of agents and threads of tutorsocket nodes",
		Subjects:    []string{cfg.subjects() + "*"},
		MaxAge:      cfg.MaxAge,
		MaxBytes:    cfg.MaxBytes,
		MaxMsgs:     int64(2 * cfg.MaxRuns), // begin and end
		Discard:     jetstream.DiscardOld,
		Storage:     jetstream.FileStorage,
		Replicas:    cfg.Replicas,
		AllowDirect: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the history of runs: %w", err)
	}
	return &History{
		cfg: cfg, js: js, stream: stream, news: make(chan struct{}, 1), caught: make(chan struct{}),
		known: map[string]*known{}, shadows: map[string]*Run{},
	}, nil
}

// subject is that of this node's records.
func (h *History) subject() string {
	return h.cfg.subjects() + strings.Map(func(c rune) rune {
		if c <= ' ' || c == '.' || c == '*' || c == '>' || c == 0x7f {
			return '_'
		}
		return c
	}, cmp.Or(h.cfg.Node, "_"))
}

// add takes a record in that is to be stored.
func (h *History) add(r *record) {
	r.Node, r.Life = cmp.Or(r.Node, h.cfg.Node), cmp.Or(r.Life, h.cfg.Life)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || len(h.waiting) >= maxWaiting || h.bytes+r.size() > maxWaitingBytes {
		h.left++
		return
	}
	h.waiting = append(h.waiting, r)
	h.bytes += r.size()
	select {
	case h.news <- struct{}{}:
	default:
	}
}

// lost notes that a run will not end any more. One that is known to have ended stays as it is.
func (h *History) lost(i Info) {
	h.mu.Lock()
	k := h.known[i.ID]
	over := k != nil && k.State != Running
	h.mu.Unlock()
	if over {
		return
	}
	rec := recordOfInfo(i)
	if k != nil {
		copied := k.record
		copied.body = recordBody{}
		rec = &copied
	}
	rec.State, rec.Ended = Lost, time.Now()
	rec.Took, rec.Error = max(rec.Ended.Sub(rec.Began), 0), lostError(rec.Node)
	h.add(rec)
}

func lostError(node string) string {
	return fmt.Sprintf("the node %s ended while it ran, or could not be reached any more", node)
}

// Lose marks as lost all runs that go on as far as the history knows on a node that is gone: gone is asked
// for its name and for which of its starts it was, and is not asked for this start of this node.
func (h *History) Lose(gone func(node, life string) bool) {
	h.mu.Lock()
	var over []Info
	for _, k := range h.known {
		if k.State == Running && (k.Node != h.cfg.Node || k.Life != h.cfg.Life) && gone(k.Node, k.Life) {
			over = append(over, k.info())
		}
	}
	h.mu.Unlock()
	for _, i := range over {
		h.lost(i)
	}
}

// LoseAgent marks as lost the run by its schedule of an agent on a node; life says which start of the node.
func (h *History) LoseAgent(agent, node, life string) {
	h.mu.Lock()
	var over []Info
	for _, k := range h.known {
		if k.State == Running && k.Trigger == BySchedule && k.Agent == agent && k.Node == node && k.Life == life {
			over = append(over, k.info())
		}
	}
	h.mu.Unlock()
	for _, i := range over {
		h.lost(i)
	}
}

// Ready waits until the list is complete, or ctx ends. A list that is not is better than none.
func (h *History) Ready(ctx context.Context) {
	select {
	case <-h.caught:
	case <-ctx.Done():
	}
}

// each visits the runs known, the newest first, from behind the id after on ("": all), until visit returns
// false. visit must not call the history.
func (h *History) each(after string, visit func(Info) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := len(h.order)
	if after != "" {
		end, _ = slices.BinarySearch(h.order, after)
	}
	oldest := time.Now().Add(-h.cfg.MaxAge)
	for i := end - 1; i >= 0; i-- {
		k := h.known[h.order[i]]
		if k.Began.Before(oldest) && k.State != Running {
			continue
		}
		if !visit(k.info()) {
			return
		}
	}
}

// find returns a run that is stored, or one that goes on elsewhere: its lines come with its end.
func (h *History) find(ctx context.Context, registry *Registry, id string) (run *Run, ok bool, err error) {
	h.mu.Lock()
	k, ok := h.known[id]
	if !ok {
		h.mu.Unlock()
		return nil, false, nil
	}
	if run := h.shadows[id]; run != nil {
		h.mu.Unlock()
		return run, true, nil
	}
	i, sequence := k.info(), k.sequence
	run = storedRun(registry, i)
	if i.State == Running {
		h.shadows[id] = run
		h.mu.Unlock()
		return run, true, nil
	}
	h.mu.Unlock()
	body, err := h.body(ctx, sequence)
	if err != nil {
		return nil, false, err
	}
	run.fill(body)
	return run, true, nil
}

// storedRun is a run that was not begun here.
func storedRun(registry *Registry, i Info) *Run {
	run := &Run{
		registry: registry, id: i.ID, node: i.Node, elsewhere: true, began: i.Began, ended: i.Ended, lost: i.State == Lost,
		start:   Start{Agent: i.Agent, Name: i.Name, User: i.User, Thread: i.Thread, Trigger: i.Trigger, Stop: func() {}},
		outcome: Outcome{Error: i.Error, Duration: i.Took},
	}
	run.kept.most, run.kept.mostBytes = maxLines, maxBytes
	return run
}

// body reads what is stored beside a record; nothing if it has given way meanwhile.
func (h *History) body(ctx context.Context, sequence uint64) (b recordBody, err error) {
	msg, err := h.stream.GetMsg(ctx, sequence)
	switch {
	case isGone(err):
		return b, nil
	case err != nil:
		return b, fmt.Errorf("read the lines of the run: %w", err)
	case len(msg.Data) == 0:
		return b, nil
	}
	if err := json.Unmarshal(msg.Data, &b); err != nil {
		return recordBody{}, fmt.Errorf("the lines of the run cannot be read: %w", err)
	}
	return b, nil
}
