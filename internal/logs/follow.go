package logs

import (
	"context"
	"iter"
	"strings"
	"time"
)

// Query chooses lines. The zero value chooses all; conditions add up.
type Query struct {
	Since    time.Time // not earlier than this
	AfterSeq uint64    // numbered above this; a number of an earlier process, above the newest line, means 0
	Thread   int       // of this thread; 0 means any
	Contains string    // with this in the text; letter case matters
	Errors   bool      // only script errors

	// Where the lines come from, in full; empty means from anywhere.
	Service string // name of a service
	Agent   string // name of an agent
	Socket  string // key of a socket
	User    string // id of a user
}

// Match says whether the query chooses a line. AfterSeq is not looked at: only [Log.Follow] knows whether it
// is a number of this process.
func (q Query) Match(l Line) bool {
	return (q.Since.IsZero() || !l.Time.Before(q.Since)) &&
		(q.Thread == 0 || l.Thread == q.Thread) &&
		(!q.Errors || l.Error) &&
		isOrAny(q.Service, l.Service) && isOrAny(q.Agent, l.Agent) &&
		isOrAny(q.Socket, l.Socket) && isOrAny(q.User, l.User) &&
		strings.Contains(l.Text, q.Contains)
}

func isOrAny(wanted, got string) bool { return wanted == "" || wanted == got }

// Follow yields the remembered lines that match, then new ones as they are
// written, until ctx ends or the loop is left. It never holds up [Log.Write]: a
// reader that falls behind by more than the history misses lines, and the next
// line it gets says in Skipped how many (of all lines, matching or not). The
// history itself beginning later than the query is not a miss, unless AfterSeq
// asks for lines that are gone. The sequence can be ranged over more than once;
// each time it starts anew.
func (l *Log) Follow(ctx context.Context, q Query) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		var skipped uint64
		for item := range l.lines.Follow(ctx, l.start(q)) {
			skipped += item.Skipped
			line := item.Value
			if !q.Match(line) {
				continue
			}
			line.Seq, line.Skipped, skipped = item.Seq, skipped, 0
			if !yield(line) {
				return
			}
		}
	}
}

// start is the number behind which a query begins to look.
func (l *Log) start(q Query) uint64 {
	if q.AfterSeq == 0 || q.AfterSeq > l.lines.Last() {
		return l.lines.Oldest() - 1 // what was forgotten before is no miss
	}
	return q.AfterSeq
}
