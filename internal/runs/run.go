package runs

import (
	"strings"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// Trigger says who started a run.
type Trigger string

// What starts runs.
const (
	ByAPI      Trigger = "api"      // the HTTP API, and with it the command line
	ByScript   Trigger = "script"   // tools.start_agent
	ByThread   Trigger = "thread"   // a script that started a thread
	BySchedule Trigger = "schedule" // the agent's @schedule
)

// State says how far a run is.
type State string

// States of a run. One that was stopped has failed; one is lost whose node ended while it ran.
const (
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
	Lost    State = "lost"
)

// Start describes a run that begins.
type Start struct {
	Agent   string // name of the agent; empty for a source
	Name    string // what a source, or the script of a thread, is called
	User    string
	Thread  int
	Trigger Trigger
	// Stop makes the run end soon. It may be called at any time, also twice, and
	// after the end.
	Stop func()
}

// name is what a query finds the run by.
func (s Start) name() string {
	if s.Agent != "" {
		return s.Agent
	}
	return s.Name
}

// Outcome is how a run ended.
type Outcome struct {
	Error    string // with position lines; empty if all went well. Cut to [logs.MaxText].
	Duration time.Duration
}

// Info is what is known of a run at one moment.
type Info struct {
	ID      string
	Agent   string
	Name    string
	User    string
	Thread  int
	Trigger Trigger
	State   State
	Node    string // that runs it, or ran it
	Began   time.Time
	Ended   time.Time     // zero while it runs; of one that was lost: when that was noticed
	Took    time.Duration // so far, while it runs
	Error   string
}

// Bounds of the lines kept of one run: while it goes on or somebody reads, and
// afterwards. A script logs short lines faster than a terminal shows them, so a
// reader has room for some tenths of a second of nothing else.
const (
	maxLines      = 50_000
	maxBytes      = 8 << 20 // of text
	maxEndedLines = 1000
	maxEndedBytes = 256 << 10
)

// lineCost is what a kept line takes besides its text, roughly.
const lineCost = 200

// Run is one run. Its methods are safe for concurrent use.
type Run struct {
	registry *Registry
	id       string
	start    Start
	node     string
	began    time.Time
	// elsewhere: it was begun at another node, or by an earlier process.
	elsewhere bool

	counted bool // guarded by the registry's mutex: it has ended and counts there
	weight  int  // guarded by the registry's mutex: what it counts

	mu      sync.Mutex    // guards what follows
	ended   time.Time     // zero while it runs
	outcome Outcome       // once it has ended
	lost    bool          // it has ended with its node
	kept    keeper        // the last lines
	readers int           // how many read
	news    chan struct{} // closed by the next line, and by the end; nil while nobody waits
}

// ID returns what names the run: 16 hexadecimal digits, larger for later runs.
func (r *Run) ID() string { return r.id }

// Info tells what is known now.
func (r *Run) Info() Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := Info{
		ID: r.id, Agent: r.start.Agent, Name: r.start.Name, User: r.start.User, Thread: r.start.Thread, Trigger: r.start.Trigger,
		State: Running, Node: r.node, Began: r.began, Ended: r.ended, Took: time.Since(r.began),
	}
	if r.ended.IsZero() {
		return i
	}
	i.State, i.Took, i.Error = Done, r.outcome.Duration, r.outcome.Error
	switch {
	case r.lost:
		i.State = Lost
	case i.Error != "":
		i.State = Failed
	}
	return i
}

// Line adds a line. Too many of them push out the oldest. Of the line, text, time,
// thread and whether it is an error are kept.
func (r *Run) Line(l logs.Line) {
	l = logs.Line{Seq: l.Seq, Time: l.Time, Thread: l.Thread, Text: l.Text, Error: l.Error}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.add(l)
	r.announce()
}

// announce wakes those who wait.
func (r *Run) announce() {
	if r.news != nil {
		close(r.news)
		r.news = nil
	}
}

// change returns what the next line or the end closes.
func (r *Run) change() <-chan struct{} {
	if r.news == nil {
		r.news = make(chan struct{})
	}
	return r.news
}

// End takes the run to those that have ended. It is called once, after the last line.
func (r *Run) End(o Outcome) {
	if len(o.Error) > logs.MaxText {
		o.Error = logs.Cut(o.Error)
	}
	r.mu.Lock()
	r.ended, r.outcome = time.Now(), o
	r.announce()
	r.trim()
	r.mu.Unlock()
	r.registry.settle(r)
	if h := r.registry.cfg.History; h != nil {
		h.add(recordOf(r))
	}
}

// trim leaves the lines that an ended run may keep, once nobody reads.
func (r *Run) trim() {
	if r.ended.IsZero() || r.readers > 0 {
		return
	}
	r.kept.most, r.kept.mostBytes = min(r.kept.most, maxEndedLines), min(r.kept.mostBytes, maxEndedBytes)
	r.kept.fit()
}

// forget drops all lines, unless somebody reads them, and reports whether there were any.
func (r *Run) forget() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.readers > 0 || len(r.kept.lines) == 0 {
		return false
	}
	r.kept.most, r.kept.mostBytes = 0, 0
	r.kept.fit()
	return true
}

// size is what the texts of the run take.
func (r *Run) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.outcome.Error) + len(r.start.Name) + r.kept.bytes + lineCost*(1+len(r.kept.lines))
}

// Stop makes the run end soon, as failed. It does not wait. A run that has ended
// stays as it is.
func (r *Run) Stop() { r.start.Stop() }

// Lines returns the last lines, at most so many, and how many there were before.
func (r *Run) Lines(most int) (lines []logs.Line, dropped int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.kept.lines
	kept = kept[max(0, len(kept)-most):]
	lines = append(make([]logs.Line, 0, len(kept)), kept...)
	return lines, r.kept.total - len(lines)
}

// Count is how many lines there were so far: the number of the last.
func (r *Run) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept.total
}

// keeper keeps the last lines of a run.
type keeper struct {
	most, mostBytes int
	lines           []logs.Line // lines[i] has the number total-len(lines)+i+1
	bytes           int         // of their text
	total           int         // lines ever added
}

func (k *keeper) add(l logs.Line) {
	l.Text = strings.Clone(l.Text) // it may be a part of something large
	k.lines = append(k.lines, l)
	k.bytes += len(l.Text)
	k.total++
	k.fit()
}

// fit drops the oldest lines until the rest is within the bounds.
func (k *keeper) fit() {
	for len(k.lines) > k.most || k.bytes > k.mostBytes {
		k.bytes -= len(k.lines[0].Text)
		k.lines[0] = logs.Line{} // the array lives on until it grows, its texts should not
		k.lines = k.lines[1:]
	}
	if len(k.lines) < cap(k.lines)/4 {
		k.lines = append(make([]logs.Line, 0, len(k.lines)), k.lines...)
	}
}

// first is the number of the oldest line kept.
func (k *keeper) first() int { return k.total - len(k.lines) + 1 }
