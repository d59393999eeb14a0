package api

import "sync"

// Bounds of the lines kept of one run: those of a JSON answer, and those a stream
// has not taken yet. A script logs short lines faster than a terminal shows them,
// so a stream has room for some tenths of a second of nothing else.
const (
	maxResultLines = 10_000
	maxQueuedLines = 50_000
	maxKeptBytes   = 8 << 20 // of text
)

// lineKeeper keeps the last lines of a run, at most so many.
type lineKeeper struct {
	most    int
	lines   []Line
	bytes   int
	dropped int
}

// add keeps a line. When there are too many the oldest give way.
func (k *lineKeeper) add(l Line) {
	k.lines = append(k.lines, l)
	k.bytes += len(l.Text)
	for len(k.lines) > k.most || k.bytes > maxKeptBytes {
		k.drop()
		k.dropped++
	}
}

func (k *lineKeeper) drop() {
	k.bytes -= len(k.lines[0].Text)
	k.lines[0] = Line{} // the array lives on until it grows, its texts should not
	k.lines = k.lines[1:]
}

func (k *lineKeeper) all() []Line {
	if k.lines == nil {
		return []Line{}
	}
	return k.lines
}

// Bounds of what a stream takes from a lineQueue at once: enough to make a write
// cheap, few enough to leave the room in the queue to new lines.
const (
	maxTakenLines = 256
	maxTakenBytes = 64 << 10 // of text; one line may be longer
)

// lineQueue holds the lines of a run until its stream takes them. Adding never
// waits: the oldest lines give way to new ones, and the next line taken says how
// many did. One goroutine adds, another takes.
type lineQueue struct {
	mu    sync.Mutex
	more  *sync.Cond // signalled when a taker need not wait any more
	kept  lineKeeper // guarded by mu
	ended bool       // guarded by mu
}

func newLineQueue() *lineQueue {
	q := &lineQueue{kept: lineKeeper{most: maxQueuedLines}}
	q.more = sync.NewCond(&q.mu)
	return q
}

func (q *lineQueue) add(l Line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.kept.add(l)
	q.more.Signal()
}

// end says that no more lines will come. A second call does nothing.
func (q *lineQueue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.more.Signal()
}

// take removes the oldest lines and returns them, some of all there are. It waits
// for the first one, and returns nil when the queue has ended and is empty.
func (q *lineQueue) take() (taken []Line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.kept.lines) == 0 && !q.ended {
		q.more.Wait()
	}
	for bytes := 0; len(q.kept.lines) > 0 && len(taken) < maxTakenLines && bytes < maxTakenBytes; {
		taken = append(taken, q.kept.lines[0])
		bytes += len(q.kept.lines[0].Text)
		q.kept.drop()
	}
	if len(taken) > 0 {
		taken[0].Skipped = uint64(q.kept.dropped)
		q.kept.dropped = 0
	}
	return taken
}
