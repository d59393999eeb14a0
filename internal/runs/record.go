package runs

import (
	"encoding/json"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// record is what the history keeps of a run at its begin, its end, or when it is given up. It is a header of
// the message, so that a list needs nothing else; the lines are the body.
type record struct {
	ID      string        `json:"id"`
	Agent   string        `json:"agent,omitempty"`
	Name    string        `json:"name,omitempty"`
	User    string        `json:"user,omitempty"`
	Thread  int           `json:"thread,omitempty"`
	Trigger Trigger       `json:"trigger"`
	State   State         `json:"state"`
	Began   time.Time     `json:"began"`
	Ended   time.Time     `json:"ended,omitzero"`
	Took    time.Duration `json:"took,omitempty"`
	Error   string        `json:"error,omitempty"` // its beginning
	Node    string        `json:"node"`
	Life    string        `json:"life,omitempty"` // which start of the node

	body recordBody
}

// recordBody is what only a look at one run needs.
type recordBody struct {
	Error   string       `json:"error,omitempty"` // if it is longer than in the record
	Lines   []recordLine `json:"lines,omitempty"`
	Dropped int          `json:"dropped,omitempty"` // lines before them
}

type recordLine struct {
	Time   time.Time `json:"t"`
	Thread int       `json:"n"`
	Text   string    `json:"x"`
	Error  bool      `json:"e,omitempty"`
}

// Bounds of what is stored of one run, in bytes of text.
const (
	maxStoredError = 2 << 10 // in the record itself
	maxStoredLines = 64 << 10
	maxStoredCount = 1000
)

// size is roughly what a record takes while it waits.
func (r *record) size() int {
	n := lineCost + len(r.Error) + len(r.body.Error) + len(r.Name)
	for _, l := range r.body.Lines {
		n += lineCost + len(l.Text)
	}
	return n
}

// recordOf tells what is to be stored of a run now.
func recordOf(r *Run) *record {
	i := r.Info()
	rec := recordOfInfo(i)
	if i.State == Running {
		return rec
	}
	lines, dropped := r.Lines(maxStoredCount)
	first, bytes := len(lines), 0
	for first > 0 && bytes+len(lines[first-1].Text) <= maxStoredLines {
		first--
		bytes += len(lines[first].Text)
	}
	rec.body.Dropped = dropped + first
	for _, l := range lines[first:] {
		rec.body.Lines = append(rec.body.Lines, recordLine{l.Time, l.Thread, l.Text, l.Error})
	}
	return rec
}

func recordOfInfo(i Info) *record {
	rec := &record{
		ID: i.ID, Agent: i.Agent, Name: i.Name, User: i.User, Thread: i.Thread, Trigger: i.Trigger,
		State: i.State, Began: i.Began, Ended: i.Ended, Error: i.Error, Node: i.Node,
	}
	if i.State != Running {
		rec.Took = i.Took
	}
	if len(i.Error) > maxStoredError {
		rec.Error, rec.body.Error = i.Error[:maxStoredError], i.Error
	}
	return rec
}

// info is what a record says of its run.
func (r *record) info() Info {
	i := Info{
		ID: r.ID, Agent: r.Agent, Name: r.Name, User: r.User, Thread: r.Thread, Trigger: r.Trigger,
		State: r.State, Began: r.Began, Ended: r.Ended, Took: r.Took, Error: r.Error, Node: r.Node,
	}
	if i.State == Running {
		i.Took = time.Since(i.Began)
	}
	return i
}

// encode makes the header and the body of a message.
func (r *record) encode() (header string, body []byte, err error) {
	head, err := json.Marshal(r)
	if err != nil {
		return "", nil, err
	}
	if r.body.Error != "" || r.body.Dropped > 0 || len(r.body.Lines) > 0 {
		body, err = json.Marshal(r.body)
	}
	return string(head), body, err
}

// outranks says whether a record tells more of a run than another: its end, even one that comes
// after the run was given up, more than anything.
func (r *record) outranks(other *record) bool { return rank(r.State) > rank(other.State) }

func rank(s State) int {
	switch s {
	case Running:
		return 0
	case Lost:
		return 1
	}
	return 2
}

// fill takes over the lines and the whole error of a stored run. The caller holds the mutex of the run, or
// nobody else has it yet.
func (r *Run) fill(b recordBody) {
	if b.Error != "" {
		r.outcome.Error = b.Error
	}
	r.kept = keeper{most: maxLines, mostBytes: maxBytes, total: b.Dropped}
	for _, l := range b.Lines {
		r.kept.add(logs.Line{Time: l.Time, Thread: l.Thread, Text: l.Text, Error: l.Error})
	}
}
