package durability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// app has two services: post is durable, mail is not. Both pass on what a client asks them to.
var app = map[string]string{"services/post.js": service, "services/mail.js": service}

const service = `
function process( context )
{
	order = ParseJson( message );
	for ( key in order.to )
		tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ key, order.text, true ] );
}
`

// letter is a numbered message of a sender.
type letter struct {
	From string `json:"from"`
	N    int    `json:"n"`
}

// reader is a client of a durable socket that comes back to it, and remembers what came.
type reader struct {
	id   string
	rand *rand.Rand

	mu    sync.Mutex
	last  map[string]int  // by sender: the newest that came
	came  map[letter]bool // all that came
	wrong []string
	news  chan struct{} // closed and replaced when something came
}

func (r *reader) key() string { return hub.BuildKey("post", r.id) }

// dial opens the socket of a service; user 0 is that of the development login.
func dial(p *program, service, id, user string) (*wsclient.Conn, error) {
	u, err := url.Parse(p.server)
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Path = "ws", "/services/"+service
	query := url.Values{"X-StatefulSocketId": {id}}
	if user != "" {
		query.Set("X-Dev-User", user)
	}
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	return wsclient.Dial(ctx, wsclient.Options{URL: u, Timeout: servertest.Patience})
}

// visit is one connection, to its end; see read.
func (r *reader) visit(p *program, frames int) error {
	conn, err := dial(p, "post", r.id, "")
	if err != nil {
		return err
	}
	r.read(conn, frames)
	return nil
}

// read takes what comes on a connection until its end. The client gives it up after some frames; 0: it does not.
func (r *reader) read(conn *wsclient.Conn, frames int) {
	defer conn.Drop()
	before := map[string]int{} // by sender: the newest of this connection
	for n := 0; frames == 0 || n < frames; n++ {
		m, err := conn.Receive()
		if err != nil {
			var closed *wsclient.Closed
			if errors.As(err, &closed) && closed.Code != wsclient.CodeLost && closed.Code != 1012 {
				r.complain("%s is closed with %v", r.key(), err)
			}
			return
		}
		r.take(m.Text, before)
	}
}

func (r *reader) complain(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// take notes a frame. What came before may come again on another connection; what is new comes in order.
func (r *reader) take(text string, before map[string]int) {
	var letters []letter
	if err := json.Unmarshal([]byte(text), &letters); err != nil {
		r.complain("%s got %s", r.key(), text)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range letters {
		switch {
		case l.From == "" || l.N == 0:
			r.wrong = append(r.wrong, fmt.Sprintf("%s got %s", r.key(), text))
		case l.N <= before[l.From]:
			r.wrong = append(r.wrong, fmt.Sprintf("%s got %v after %d on one connection", r.key(), l, before[l.From]))
		case !r.came[l] && l.N < r.last[l.From]:
			r.wrong = append(r.wrong, fmt.Sprintf("%s got %v for the first time, after %d", r.key(), l, r.last[l.From]))
		}
		before[l.From] = l.N
		r.came[l] = true
		r.last[l.From] = max(r.last[l.From], l.N)
	}
	close(r.news)
	r.news = make(chan struct{})
}

// await waits until all of some messages have come, and returns those that have not.
func (r *reader) await(letters []letter) (missing []letter) {
	late := time.After(servertest.Patience)
	for {
		r.mu.Lock()
		missing = slices.DeleteFunc(slices.Clone(letters), func(l letter) bool { return r.came[l] })
		news := r.news
		r.mu.Unlock()
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-news:
		case <-late:
			return missing
		}
	}
}

// messages sends to durable sockets, whose clients come and go.
type messages struct {
	rand    *rand.Rand
	readers []*reader
	sent    map[string]int // by sender
	mu      sync.Mutex
	acked   map[string][]letter // by key: what must come, and has not been seen
	total   int
}

func newMessages(r *rand.Rand) *messages {
	m := &messages{rand: r, sent: map[string]int{}, acked: map[string][]letter{}}
	for i := range 4 {
		m.readers = append(m.readers, &reader{
			id: fmt.Sprint(i), rand: rand.New(rand.NewPCG(r.Uint64(), r.Uint64())),
			last: map[string]int{}, came: map[letter]bool{}, news: make(chan struct{}),
		})
	}
	return m
}

func (m *messages) count() int { return m.total }

// work has some clients read all the time, some come and go, and one stay away; each sender sends in its own way.
func (m *messages) work(p *program) {
	var working sync.WaitGroup
	if m.total == 0 { // the sockets begin
		for _, r := range m.readers {
			if conn, err := dial(p, "post", r.id, ""); err == nil {
				conn.Drop()
			}
		}
	}
	for i, r := range m.readers[1:] {
		working.Go(func() {
			for frames := 0; ; frames = 1 + r.rand.IntN(5) {
				if i == 0 {
					frames = 0 // it stays
				}
				if r.visit(p, frames) != nil {
					return
				}
			}
		})
	}
	all := make([]string, len(m.readers))
	for i, r := range m.readers {
		all[i] = r.key()
	}
	for name, send := range map[string]func(keys []string, text string) bool{
		"one": func(keys []string, text string) bool {
			status, _ := p.ask(http.MethodPost, "/sockets/"+url.PathEscape(keys[0])+"/messages", map[string]any{"message": text, "json_compound": true})
			return status == http.StatusAccepted
		},
		"many": func(keys []string, text string) bool {
			status, answer := p.ask(http.MethodPost, "/messages", map[string]any{"message": text, "json_compound": true, "keys": keys})
			var told struct{ Addressed int }
			return status == http.StatusAccepted && json.Unmarshal(answer, &told) == nil && told.Addressed == len(keys)
		},
		"script": func(keys []string, text string) bool {
			return runs(p, "tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ '%s', '%s', true ] );", keys[0], text)
		},
	} {
		child := rand.New(rand.NewPCG(m.rand.Uint64(), m.rand.Uint64()))
		working.Go(func() {
			for {
				keys := all
				if name != "many" {
					keys = all[child.IntN(len(all)):][:1]
				}
				m.mu.Lock()
				m.sent[name]++
				l := letter{name, m.sent[name]}
				m.mu.Unlock()
				if !send(keys, jsonOf(l)) {
					return
				}
				m.mu.Lock()
				for _, key := range keys {
					m.acked[key] = append(m.acked[key], l)
				}
				m.total++
				m.mu.Unlock()
			}
		})
	}
	working.Wait()
}

func (m *messages) check(p *program) (wrong []string) {
	for _, r := range m.readers {
		key := r.key()
		conn, err := dial(p, "post", r.id, "")
		if err != nil {
			return append(wrong, fmt.Sprintf("%s: %v", key, err))
		}
		var reading sync.WaitGroup
		reading.Go(func() { r.read(conn, 0) })
		if missing := r.await(m.acked[key]); len(missing) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s: %d messages did not come, %v…", key, len(missing), missing[0]))
		}
		m.acked[key] = nil
		conn.Drop()
		reading.Wait()
		wrong = append(wrong, r.wrong...)
	}
	return wrong
}
