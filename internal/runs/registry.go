package runs

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// Config bounds what a registry keeps. Zero values mean the defaults.
type Config struct {
	// Runs is how many ended runs are kept; 1,000 by default.
	Runs int
	// Bytes is what the texts of all ended runs may take; 16 MiB by default. The
	// lines of the oldest runs give way first, then the runs themselves.
	Bytes int
	// Node is the name of this node, as [Info] has it.
	Node string
	// History keeps the runs of this process and knows those of others; nil: none are kept or known.
	History *History
	// Elsewhere stops runs of other nodes; nil: they can only be stopped there.
	Elsewhere Elsewhere
}

const (
	defaultRuns  = 1000
	defaultBytes = 16 << 20
)

// Registry holds the runs of a node. It needs no closing.
type Registry struct {
	cfg  Config
	node uint64 // random, so that ids of two starts or nodes differ

	mu    sync.Mutex // guards what follows; taken before that of a run
	last  int64      // the largest moment in an id so far, in 1/256 ms
	runs  []*Run     // in the order of their ids
	byID  map[string]*Run
	ended int // how many of them have ended
	bytes int // what those take
}

// New returns an empty registry.
func New(cfg Config) *Registry {
	if cfg.Runs <= 0 {
		cfg.Runs = defaultRuns
	}
	if cfg.Bytes <= 0 {
		cfg.Bytes = defaultBytes
	}
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails
	return &Registry{cfg: cfg, node: binary.LittleEndian.Uint64(seed[:]), byID: map[string]*Run{}}
}

// idLength is the length of an id, in hexadecimal digits: eleven of the moment in
// milliseconds, two to tell those of one millisecond apart, three of the node.
const idLength = 16

// ValidID says whether a text may be the id of a run.
func ValidID(text string) bool {
	if len(text) != idLength {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// nextID makes an id larger than all before.
func (r *Registry) nextID(now time.Time) string {
	r.last = max(r.last+1, now.UnixMilli()<<8)
	return fmt.Sprintf("%013x%03x", r.last, r.node&0xfff)
}

// Begin enters a run that is about to begin. The caller must call [Run.End].
func (r *Registry) Begin(s Start) *Run {
	now := time.Now()
	run := &Run{registry: r, node: r.cfg.Node, start: s, began: now}
	run.kept.most, run.kept.mostBytes = maxLines, maxBytes
	r.mu.Lock()
	run.id = r.nextID(now)
	r.runs = append(r.runs, run)
	r.byID[run.id] = run
	r.mu.Unlock()
	if h := r.cfg.History; h != nil {
		h.add(recordOf(run))
	}
	return run
}

// local returns a run of this process.
func (r *Registry) local(id string) (run *Run, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run, ok = r.byID[id]
	return run, ok
}

// Find returns the run with the id, of this process or of the history; ok is false if there is none, or none
// any more. An error means that the history could not be read.
//
// Of a run that goes on at another node the lines are there when it has ended, which [Run.Wait] and a
// [Reader] wait for.
func (r *Registry) Find(ctx context.Context, id string) (run *Run, ok bool, err error) {
	if run, ok := r.local(id); ok || r.cfg.History == nil {
		return run, ok, nil
	}
	r.await(ctx)
	return r.cfg.History.find(ctx, r, id)
}

// Stop makes a run end soon, wherever it runs, and does not wait for that; one that has ended stays as it is.
// Errors: [ErrNotFound], [*ElsewhereError], those of the history.
func (r *Registry) Stop(ctx context.Context, id string) error {
	run, ok, err := r.Find(ctx, id)
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	case !run.elsewhere:
		run.Stop()
		return nil
	}
	info := run.Info()
	switch {
	case info.State != Running:
		return nil
	case r.cfg.Elsewhere == nil:
		return &ElsewhereError{Node: info.Node}
	}
	if err := r.cfg.Elsewhere.StopRun(ctx, info.Node, id); err != nil {
		return &ElsewhereError{Node: info.Node, Err: err}
	}
	return nil
}

// historyPatience is how long an answer waits for a history that is being read for the first time.
const historyPatience = 2 * time.Second

func (r *Registry) await(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	r.cfg.History.Ready(ctx)
}

// Query chooses runs. Zero values choose all.
type Query struct {
	Name  string // of the agent, or the name a source was given
	State State
	After string // an id: only runs that began before that one
	Limit int    // at most so many; 0 or less: all
}

// chooses says whether a query is about a run.
func (q *Query) chooses(i *Info) bool {
	name := i.Agent
	if name == "" {
		name = i.Name
	}
	return (q.Name == "" || q.Name == name) && (q.State == "" || q.State == i.State)
}

// List returns runs that a query chooses, of this process and of the history, the newest first, and whether
// there are more of them. The first call after a start may wait for the history, as long as ctx.
func (r *Registry) List(ctx context.Context, q Query) (list []Info, more bool) {
	own := r.own(q)
	h := r.cfg.History
	if h == nil {
		return cut(own, q.Limit)
	}
	r.await(ctx)
	h.each(q.After, func(i Info) bool {
		for len(own) > 0 && own[0].ID >= i.ID {
			list, own = append(list, own[0]), own[1:]
		}
		if _, ok := r.local(i.ID); !ok && q.chooses(&i) { // of what is here, the history may lag behind
			list = append(list, i)
		}
		return q.Limit <= 0 || len(list) <= q.Limit
	})
	return cut(append(list, own...), q.Limit)
}

func cut(list []Info, limit int) (_ []Info, more bool) {
	if limit <= 0 || len(list) <= limit {
		return list, false
	}
	return list[:limit], true
}

// own returns the runs of this process that a query chooses, one more than it wants.
func (r *Registry) own(q Query) (list []Info) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.runs) - 1; i >= 0 && (q.Limit <= 0 || len(list) <= q.Limit); i-- {
		run := r.runs[i]
		if q.After != "" && run.id >= q.After || q.Name != "" && run.start.name() != q.Name {
			continue
		}
		if info := run.Info(); q.chooses(&info) {
			list = append(list, info)
		}
	}
	return list
}

// Running is how many runs go on.
func (r *Registry) Running() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.runs) - r.ended
}

// settle counts a run that has ended, or whose size has changed since, and makes
// room if that is too much.
func (r *Registry) settle(run *Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID[run.id] != run {
		return // it gave way meanwhile
	}
	if !run.counted {
		run.counted = true
		r.ended++
	}
	r.count(run, run.size())
	for i := 0; i < len(r.runs) && r.bytes > r.cfg.Bytes; i++ {
		if old := r.runs[i]; old.counted && old != run && old.forget() {
			r.count(old, old.size())
		}
	}
	for r.ended > 1 && (r.ended > r.cfg.Runs || r.bytes > r.cfg.Bytes) {
		r.dropOldest()
	}
}

// count notes what an ended run takes now.
func (r *Registry) count(run *Run, bytes int) {
	r.bytes += bytes - run.weight
	run.weight = bytes
}

// dropOldest removes the run that began first among those that have ended.
func (r *Registry) dropOldest() {
	for i, run := range r.runs {
		if !run.counted {
			continue
		}
		r.count(run, 0)
		r.ended--
		delete(r.byID, run.id)
		r.runs = append(r.runs[:i], r.runs[i+1:]...)
		return
	}
}
