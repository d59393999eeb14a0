package ws

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/mask"
	"github.com/tutorsocket/tutorsocket/internal/recent"
)

// Bounds of what is kept of a socket that somebody watches.
const (
	// maxTraces is how many sockets can be watched at once.
	maxTraces = 64
	// maxTracedText is how much of the text of a frame is kept, in bytes.
	maxTracedText = 16 << 10
	tracedFrames  = 1000
	tracedBytes   = 1 << 20
	// frameOverhead is what a kept frame costs besides its text.
	frameOverhead = 80
	// traceLinger is how long frames are kept on when nobody watches any more, for who comes back.
	traceLinger = time.Minute
)

// ErrTraces says that too many sockets are watched already.
var ErrTraces = errors.New("64 sockets are watched already")

// Frame is a text frame of a socket, or its end.
type Frame struct {
	Seq     uint64 // counts what was kept of this trace from 1
	Time    time.Time
	Out     bool   // to the client
	Text    string // at most the first 16 KiB, without tokens
	Cut     bool   // the text goes on
	Bytes   int    // of the whole text, as it went over the wire
	Skipped uint64 // frames that were forgotten just before this one: the reader is too slow
	// Ended is why the socket ended; nil: it is a frame.
	Ended *hub.Reason
}

// traces are the sockets that somebody watches. While there is none, a frame costs one atomic load.
type traces struct {
	count atomic.Int32
	mu    sync.RWMutex // guards what follows
	byKey map[string]*Trace
}

// Trace is what is kept of the frames of one socket: from the first watcher on until a minute
// after the last has left.
type Trace struct {
	id     uint64 // tells it from an earlier trace under the same key
	socket *hub.Socket
	frames *recent.Ring[Frame]
	all    *traces

	// Guarded by all.mu.
	watchers int
	forget   *time.Timer // runs while nobody watches
}

var traceIDs atomic.Uint64

// Trace begins to watch the frames of a socket; the caller ends it with [Trace.Leave]. A trace that
// is there already, or was a moment ago, is joined: its ID is the same then, and what it has kept
// can be read. Errors: [ErrTraces].
func (s *Server) Trace(socket *hub.Socket) (*Trace, error) {
	t, err := s.traces.join(socket)
	if err == nil && socket.State() == hub.StateGone {
		// It may have ended before the trace was there to learn of it. Of several ends only
		// the first counts.
		t.close(hub.Reason{Code: hub.CodeLost, Text: "the socket has ended"})
	}
	return t, err
}

// Traced joins the trace that is kept of a socket with the key, which may have ended; ok is false
// if there is none.
func (s *Server) Traced(key string) (t *Trace, ok bool) {
	s.traces.mu.Lock()
	defer s.traces.mu.Unlock()
	t, ok = s.traces.byKey[key]
	if ok {
		t.watch()
	}
	return t, ok
}

// ID tells the trace from others of the same key, before and after it.
func (t *Trace) ID() uint64 { return t.id }

// Last returns the number of the newest frame, 0 before the first.
func (t *Trace) Last() uint64 { return t.frames.Last() }

// Ended says whether the socket has ended; the newest frame says so then.
func (t *Trace) Ended() bool { return t.frames.Closed() }

// Follow yields the frames after the one with the number, then new ones, and at last the end of
// the socket; it stops earlier when ctx ends. It holds nobody up: a reader that is too slow
// misses frames, and the next one says how many.
func (t *Trace) Follow(ctx context.Context, after uint64) iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		for item := range t.frames.Follow(ctx, after) {
			f := item.Value
			f.Seq, f.Skipped = item.Seq, item.Skipped
			if !yield(f) {
				return
			}
		}
	}
}

// Leave says that one who watched does so no longer.
func (t *Trace) Leave() {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	if t.watchers--; t.watchers == 0 {
		t.forget = time.AfterFunc(traceLinger, func() { t.all.drop(t) })
	}
}

// watch counts one who watches. Called with the lock held.
func (t *Trace) watch() {
	if t.forget != nil {
		t.forget.Stop() // one that runs already finds a watcher
		t.forget = nil
	}
	t.watchers++
}

func (a *traces) join(socket *hub.Socket) (*Trace, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.byKey[socket.Key()]
	if t == nil || t.socket != socket {
		if t == nil && len(a.byKey) >= maxTraces && !a.dropUnwatched() {
			return nil, ErrTraces
		}
		t = &Trace{
			id: traceIDs.Add(1), socket: socket, all: a,
			frames: recent.New(recent.Limits{Values: tracedFrames, Bytes: tracedBytes}, func(f Frame) int { return frameOverhead + len(f.Text) }),
		}
		a.put(t)
	}
	t.watch()
	return t, nil
}

// put keeps a trace in the place of one of an earlier socket with the key, whose watchers still
// learn of its end. Called with the lock held.
func (a *traces) put(t *Trace) {
	if a.byKey == nil {
		a.byKey = map[string]*Trace{}
	}
	if earlier := a.byKey[t.socket.Key()]; earlier != nil {
		earlier.close(hub.Reason{Code: hub.CodeLost, Text: "a new socket has the key"})
	} else {
		a.count.Add(1)
	}
	a.byKey[t.socket.Key()] = t
}

// drop forgets a trace that nobody has watched for a while.
func (a *traces) drop(t *Trace) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.watchers == 0 && a.byKey[t.socket.Key()] == t {
		delete(a.byKey, t.socket.Key())
		a.count.Add(-1)
	}
}

// dropUnwatched forgets one trace that is kept only for who might come back, if there is one.
// Called with the lock held.
func (a *traces) dropUnwatched() bool {
	for key, t := range a.byKey {
		if t.watchers == 0 {
			delete(a.byKey, key)
			a.count.Add(-1)
			return true
		}
	}
	return false
}

// of returns the trace of a socket, nil if nobody watches it.
func (a *traces) of(socket *hub.Socket) *Trace {
	if a.count.Load() == 0 {
		return nil
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if t := a.byKey[socket.Key()]; t != nil && t.socket == socket {
		return t
	}
	return nil
}

// in keeps a text that came from a client.
func (a *traces) in(socket *hub.Socket, text string) {
	if t := a.of(socket); t != nil {
		shown, more := shownText(text, len(text))
		t.frames.Add(Frame{Time: time.Now(), Text: shown, Cut: more, Bytes: len(text)})
	}
}

// out keeps a frame that goes to a client.
func (a *traces) out(socket *hub.Socket, frame hub.Outgoing) {
	t := a.of(socket)
	if t == nil || frame.Binary() {
		return
	}
	var text strings.Builder
	for part := range frame.Parts() {
		if room := 2*maxTracedText - text.Len(); len(part) > room {
			text.WriteString(cut(part, room))
			break
		}
		text.WriteString(part)
	}
	shown, more := shownText(text.String(), frame.Len())
	t.frames.Add(Frame{Time: time.Now(), Out: true, Text: shown, Cut: more, Bytes: frame.Len()})
}

// shownText is what a trace keeps of the beginning of a text that has so many bytes, in memory of its own, and whether
// it goes on. A token may begin before the end of what is kept.
func shownText(text string, bytes int) (shown string, more bool) {
	text = cut(text, 2*maxTracedText)
	more = len(text) < bytes
	text = mask.Tokens(text)
	return strings.Clone(cut(text, maxTracedText)), more || len(text) > maxTracedText
}

// ended tells those who watch a socket that it has ended.
func (a *traces) ended(socket *hub.Socket, reason hub.Reason) {
	if t := a.of(socket); t != nil {
		t.close(reason)
	}
}

// close adds the end of the socket as the last thing. Only the first call counts.
func (t *Trace) close(reason hub.Reason) {
	t.frames.Add(Frame{Time: time.Now(), Ended: &reason})
	t.frames.Close()
}
