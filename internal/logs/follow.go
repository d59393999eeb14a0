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

// followBatch is how many lines a follower copies at a time: enough to make the
// lock cheap, few enough to hold it shortly.
const followBatch = 128

// Follow yields the remembered lines that match, then new ones as they are
// written, until ctx ends or the loop is left. It never holds up [Log.Write]: a
// reader that falls behind by more than the history misses lines, and the next
// line it gets says in Skipped how many (of all lines, matching or not). The
// history itself beginning later than the query is not a miss, unless AfterSeq
// asks for lines that are gone. The sequence can be ranged over more than once;
// each time it starts anew.
func (l *Log) Follow(ctx context.Context, q Query) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		next := l.start(q)
		var skipped uint64
		buf := make([]Line, 0, followBatch)
		for {
			batch, first, news := l.read(next, buf)
			if news != nil {
				select {
				case <-ctx.Done():
					return
				case <-news:
				}
				continue
			}
			skipped += first - next
			for _, line := range batch {
				if !q.Match(line) {
					continue
				}
				if ctx.Err() != nil {
					return
				}
				line.Skipped, skipped = skipped, 0
				if !yield(line) {
					return
				}
			}
			if ctx.Err() != nil {
				return
			}
			next = first + uint64(len(batch))
			clear(batch) // no texts are held while waiting
		}
	}
}

// start is the number of the first line a query has to look at.
func (l *Log) start(q Query) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.AfterSeq == 0 || q.AfterSeq > l.last() {
		return l.first
	}
	return q.AfterSeq + 1
}

// read copies lines from number next on into buf and says which number the
// first of them has: a higher one than asked for when the history has moved on.
// Without lines to copy it returns a channel that the next write closes.
func (l *Log) read(next uint64, buf []Line) (batch []Line, first uint64, news <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = max(next, l.first)
	if first > l.last() {
		if l.news == nil {
			l.news = make(chan struct{})
		}
		return nil, first, l.news
	}
	lines := l.recent[first-l.first:]
	return append(buf[:0], lines[:min(len(lines), followBatch)]...), first, nil
}
