package webtutor

import (
	"container/heap"
	"math/rand/v2"
	"time"
	"weak"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// Bounds of what is kept: sessions, and their cookies and users, in bytes.
const (
	maxSessions    = 200_000
	maxKept        = 256 << 20
	sessionSize    = 512             // what a session costs besides its texts
	nobodyCache    = 2 * time.Second // how long "nobody is logged in" counts: whoever logs in does not wait long
	fewestSweeping = time.Second     // between two searches for what nobody needs
)

// key names a session: a keyed hash of its cookies.
type key [32]byte

// session is what is known of the session of one browser. All but key and cookies is guarded by the
// table's mutex.
type session struct {
	key     key
	cookies string // as they are sent to WebTutor

	known   answer    // the last answer
	asked   time.Time // when WebTutor was asked for it; zero: there is none
	failing time.Time // when it could first not be asked after that; zero: it could
	// lease is that of all callers of the session. It is held by them: when the last has gone there is
	// none, and nothing to ask for any more.
	lease  weak.Pointer[auth.Lease]
	flight *flight // the request that is under way; nil: none
	due    time.Time
	at     int // place in the queue; -1: not in it
	size   int
}

// flight is a request to WebTutor that anybody may wait for. What it found is set before done is closed.
type flight struct {
	done   chan struct{}
	answer answer
	lease  *auth.Lease
	err    error
}

// held returns the lease if somebody holds it and it is not over.
func (s *session) held() *auth.Lease {
	l := s.lease.Value()
	if l == nil {
		return nil
	}
	if _, over := l.Over(); over {
		return nil
	}
	return l
}

// grant returns the lease for one more caller.
func (s *session) grant() *auth.Lease {
	l := s.held()
	if l == nil {
		l = auth.NewLease(time.Time{})
		s.lease = weak.Make(l)
	}
	return l
}

// fresh reports whether the last answer still counts for new callers.
func (s *session) fresh(now time.Time, cache time.Duration) bool {
	if s.known.nobody() {
		cache = min(cache, nobodyCache)
	}
	return !s.asked.IsZero() && now.Before(s.asked.Add(cache))
}

// table holds the sessions, and in queue those to look at again, the next in front. It is guarded by the
// mutex of the Method.
type table struct {
	sessions map[key]*session
	queue    queue
	bytes    int
	swept    time.Time

	most, mostBytes int
}

func newTable() table {
	return table{sessions: map[key]*session{}, most: maxSessions, mostBytes: maxKept}
}

// add makes room for a session and puts it in; false if there is no room.
func (t *table) add(s *session, now time.Time) bool {
	s.at, s.size = -1, sessionSize+len(s.cookies)
	if t.full(s.size) && now.Sub(t.swept) >= fewestSweeping {
		t.swept = now
		for _, other := range t.sessions {
			if other.flight == nil && other.held() == nil {
				t.remove(other)
			}
		}
	}
	if t.full(s.size) {
		return false
	}
	t.sessions[s.key] = s
	t.bytes += s.size
	return true
}

func (t *table) full(more int) bool { return len(t.sessions) >= t.most || t.bytes+more > t.mostBytes }

// remove forgets a session; once more does nothing.
func (t *table) remove(s *session) {
	if t.sessions[s.key] != s {
		return
	}
	delete(t.sessions, s.key)
	t.bytes -= s.size
	if s.at >= 0 {
		heap.Remove(&t.queue, s.at)
	}
}

// learn notes an answer.
func (t *table) learn(s *session, a answer, asked time.Time) {
	size := sessionSize + len(s.cookies) + a.size()
	t.bytes += size - s.size
	s.known, s.asked, s.failing, s.size = a, asked, time.Time{}, size
}

// wake has a session looked at at a time.
func (t *table) wake(s *session, at time.Time) {
	s.due = at
	if s.at < 0 {
		heap.Push(&t.queue, s)
	} else {
		heap.Fix(&t.queue, s.at)
	}
}

// next takes out a session whose time has come; nil if there is none.
func (t *table) next(now time.Time) *session {
	if len(t.queue) == 0 || t.queue[0].due.After(now) {
		return nil
	}
	return heap.Pop(&t.queue).(*session)
}

// queue is a heap of sessions by the time they are due.
type queue []*session

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

func (q *queue) Push(x any) {
	s := x.(*session)
	s.at = len(*q)
	*q = append(*q, s)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	s.at = -1
	return s
}

// spread draws a time between half of d and d, so that sessions which began together are not checked
// together, and none later than the settings say.
func spread(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
