package faults

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// window is how long the sockets of these tests wait for their clients.
const window = 150 * time.Millisecond

// TestComingBackAsTheWindowEnds: clients come back at about the time when their socket expires. Either it is still
// there with all that waited, or a new one says how many messages are lost. Hooks run once for each socket that
// ended, and it is in no list of recipients any more.
func TestComingBackAsTheWindowEnds(t *testing.T) {
	rnd := chance(t)
	r, s := newRig(t, "resume.window="+window.String())
	seats := r.seatsOf(6, "11", "12")
	stay := make([]*client, len(seats))
	expired := 0
	var mu sync.Mutex
	var coming sync.WaitGroup
	for i, seat := range seats {
		l := &lingerer{seat: seat, from: r.sender("to " + seat.key()), rnd: child(rnd)}
		coming.Go(func() {
			l.now = seat.open()
			l.begin(true)
			for range rounds(8) {
				l.round()
			}
			stay[i] = l.now
			mu.Lock()
			expired += l.expired
			mu.Unlock()
			r.until("the hook of each socket that expired has run", func() bool { return l.closed(s) >= l.expired })
			if n := l.closed(s); n != l.expired {
				t.Errorf("%s expired %d times, and its hook ran %d times", seat.key(), l.expired, n)
			}
		})
	}
	coming.Wait()
	v := r.settle(stay...)
	t.Logf("%d of %d connections found their socket expired", expired, rounds(8)*len(seats))
	if v.Torn+v.Forgotten > 0 || v.Announced < expired {
		t.Error("what expired is to be announced, and all else to come")
	}
	bye(stay...)
}

// lingerer takes about as long as the window to come back.
type lingerer struct {
	seat    *seat
	from    *sender
	rnd     *rand.Rand
	now     *client
	expired int
	member  bool // the socket has joined the recipients, and no earlier one can still be leaving them
}

const recipients = "faults_recipients"

// begin marks a new socket, and makes it a recipient if it is to be one.
func (l *lingerer) begin(member bool) {
	r := l.seat.rig
	life := "new"
	if status, text := r.ask(http.MethodPatch, "/sockets/"+url.PathEscape(l.seat.key())+"/tags", map[string]*string{"life": &life}); status != http.StatusOK {
		r.t.Errorf("tags: %d %s", status, text)
	}
	if l.member = member; !member {
		return
	}
	source := "tools_web.join_recipients( '" + recipients + "', '" + l.seat.user + "', '" + l.seat.key() + "', 3600 )"
	if status, text := r.ask(http.MethodPost, "/runs", map[string]any{"source": source}); status != http.StatusOK || !strings.Contains(string(text), `"ok":true`) {
		r.t.Errorf("join_recipients: %d %s", status, text)
	}
}

// receives reports whether the socket is in the list of recipients.
func (l *lingerer) receives() bool {
	_, text := l.seat.rig.ask(http.MethodGet, "/user-data/"+recipients, nil)
	var answer struct {
		Value struct {
			Result []struct {
				SocketID string `json:"socket_id"`
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		l.seat.rig.t.Errorf("the recipients are %s", text)
	}
	for _, member := range answer.Value.Result {
		if member.SocketID == l.seat.key() {
			return true
		}
	}
	return false
}

// closed is how often the hook has run for a socket of the seat that was lost.
func (l *lingerer) closed(s *servertest.Server) int {
	return strings.Count(s.Lines.String(), "closed "+l.seat.key()+" with 1006")
}

// round loses the connection and comes back.
func (l *lingerer) round() {
	r := l.seat.rig
	l.now.hist.Ended(history.Whole) // all has come
	l.now.snap(cut(l.rnd.IntN(cutKinds)))
	r.until("the server notices", func() bool { return r.socket(l.seat.key()).State != "open" })
	l.now.hist.Noticed()
	for range 1 + l.rnd.IntN(3) {
		l.from.send(l.seat.key())
	}
	late := l.rnd.IntN(4) == 0
	if late {
		r.until("the window ends", func() bool { return r.socket(l.seat.key()).State == "" })
		r.until("a socket that expired receives nothing more", func() bool { return !l.receives() })
	} else {
		time.Sleep(time.Duration(l.rnd.Int64N(int64(2 * window)))) // any moment will do
	}
	before := l.from.last
	l.now = l.seat.open()
	if r.socket(l.seat.key()).Tags["life"] != "new" {
		l.expired++
		l.begin(late)
	} else if l.member && !l.receives() {
		r.t.Errorf("%s was resumed, and is no recipient any more", l.seat.key())
	}
	l.from.sendTo(l.seat.key(), 1)
	l.now.expect(l.from.name, before+1)
}

// TestNobodyComesBack: sockets whose clients never come back end, with what waits for them; their keys are free for
// others, who hear nothing of it.
func TestNobodyComesBack(t *testing.T) {
	r, s := newRig(t, "resume.window="+window.String())
	from := r.sender("api")
	var next []*client
	for _, seat := range r.seatsOf(4, "11") {
		c := seat.open()
		from.sendTo(seat.key(), 3)
		c.expect(from.name, from.last)
		c.hist.Ended(history.Whole)
		c.snap(resets)
		r.until("the server notices", func() bool { return r.socket(seat.key()).State != "open" })
		from.send(seat.key())
		s.Lines.Expect(t, "closed "+seat.key()+" with 1006")
		if a := from.send(seat.key()); a != history.Refused {
			t.Errorf("a socket that expired takes a message: %d", a)
		}
		seat.user = "12"
		c = seat.open()
		from.sendTo(seat.key(), 1)
		next = append(next, c)
	}
	if v := r.settle(next...); v.Announced+v.Torn > 0 {
		t.Error("a user hears of messages that another one lost")
	}
	bye(next...)
}
