package durability

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// guest is a client of which each frame is expected.
type guest struct {
	t      *testing.T
	conn   *wsclient.Conn
	frames chan string
	closed chan error
	came   []string // items that nobody has asked for yet
}

// opens opens a socket. It is dropped with the test.
func opens(t *testing.T, p *program, service, id, user string) *guest {
	t.Helper()
	conn, err := dial(p, service, id, user)
	if err != nil {
		t.Fatalf("open %s: %v", hub.BuildKey(service, id), err)
	}
	g := &guest{t: t, conn: conn, frames: make(chan string, 1<<14), closed: make(chan error, 1)}
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			m, err := conn.Receive()
			if err != nil {
				g.closed <- err
				return
			}
			g.frames <- m.Text
		}
	})
	t.Cleanup(func() {
		conn.Drop()
		reading.Wait()
	})
	return g
}

// items are the next n items of the arrays that come, however many come in one.
func (g *guest) items(n int) []string {
	g.t.Helper()
	for len(g.came) < n {
		select {
		case text := <-g.frames:
			var some []json.RawMessage
			if err := json.Unmarshal([]byte(text), &some); err != nil {
				g.t.Fatalf("got %q", text)
			}
			for _, item := range some {
				g.came = append(g.came, string(item))
			}
		case err := <-g.closed:
			g.t.Fatalf("it ended after %d of %d items: %v", len(g.came), n, err)
		case <-time.After(servertest.Patience):
			g.t.Fatalf("%d of %d items came", len(g.came), n)
		}
	}
	items := g.came[:n:n]
	g.came = g.came[n:]
	return items
}

func (g *guest) expect(want ...string) {
	g.t.Helper()
	got := g.items(len(want))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		g.t.Errorf("got %v, want %v", got, want)
	}
}

// ends waits for the end of the connection.
func (g *guest) ends() error {
	g.t.Helper()
	select {
	case err := <-g.closed:
		return err
	case <-time.After(servertest.Patience):
		g.t.Fatal("the connection does not end")
		return nil
	}
}

// sends sends a JSON item to a socket, and returns the status and what was said.
func sends(p *program, service, id, item string) (status int, said string) {
	code, answer := p.ask(http.MethodPost, "/sockets/"+url.PathEscape(hub.BuildKey(service, id))+"/messages", map[string]any{"message": item, "json_compound": true})
	return code, string(answer)
}

func mustSend(t *testing.T, p *program, service, id, item string) {
	t.Helper()
	if status, said := sends(p, service, id, item); status != http.StatusAccepted {
		t.Fatalf("send %s: %d %s", item, status, said)
	}
}

// told is what the server tells of a socket.
type told struct {
	State string
	Queue struct {
		Messages int
		Bytes    int
		Dropped  int
	}
	Tags map[string]string
}

func socketOf(p *program, service, id string) (status int, s told) {
	status, answer := p.ask(http.MethodGet, "/sockets/"+url.PathEscape(hub.BuildKey(service, id)), nil)
	_ = json.Unmarshal(answer, &s) // of a problem nothing
	return status, s
}

func detached(t *testing.T, p *program, service, id string) {
	t.Helper()
	until(t, id+" is detached", func() bool { _, s := socketOf(p, service, id); return s.State == "detached" })
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", servertest.Patience, what)
		}
	}
}

// TestLives: what is stored for a socket comes after a kill, to its user only; what is stored for one life of an id
// does not come in the next.
func TestLives(t *testing.T) {
	p := newPost(t, "shutdown.drain=1s")
	p.start()
	g := opens(t, p, "post", "a", "7")
	mustSend(t, p, "post", "a", "1")
	g.expect("1")
	g.conn.Drop()
	detached(t, p, "post", "a")
	mustSend(t, p, "post", "a", "2")
	if _, s := socketOf(p, "post", "a"); s.Queue.Messages != 1 && s.Queue.Messages != 2 { // 1 may be unconfirmed
		t.Errorf("the queue of a detached socket has %d messages", s.Queue.Messages)
	}
	p.end(syscall.SIGKILL)
	p.start()
	mustSend(t, p, "post", "a", "3")
	status, answer := p.ask(http.MethodPost, "/messages", map[string]any{"message": "4", "json_compound": true, "keys": []string{hub.BuildKey("post", "a")}})
	if status != http.StatusAccepted || !strings.Contains(string(answer), `"addressed":1`) {
		t.Errorf("to the key of a client that is not back: %d %s", status, answer)
	}
	var refused *wsclient.Refused
	if _, err := dial(p, "post", "a", "8"); !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Errorf("another user: %v", err)
	}
	g = opens(t, p, "post", "a", "7")
	if got := g.items(3); got[0] == "1" { // nobody had confirmed it
		got = append(got[1:], g.items(1)...)
		t.Log(got)
	} else if fmt.Sprint(got) != "[2 3 4]" {
		t.Errorf("after the kill came %v", got)
	}
	mustSend(t, p, "post", "a", "5")
	if err := g.conn.Close(1000, ""); err != nil {
		t.Fatal(err)
	}
	_ = g.ends()
	until(t, "the id is free", func() bool { status, _ := sends(p, "post", "a", "0"); return status == http.StatusNotFound })
	h := opens(t, p, "post", "a", "8")
	mustSend(t, p, "post", "a", "6")
	h.expect("6")
	p.end(syscall.SIGTERM)
	p.start()
	if _, s := socketOf(p, "post", "a"); s.State != "detached" {
		t.Errorf("after a restart it is %q", s.State)
	}
	mustSend(t, p, "post", "a", "7")
	opens(t, p, "post", "a", "8").expect("7")
	p.end(syscall.SIGTERM)
}

// TestStoreThatIsFull: what does not fit is refused in every way of sending, and nothing of it comes.
func TestStoreThatIsFull(t *testing.T) {
	p := newPost(t, "outbox.max_bytes=1MiB", "shutdown.drain=1s")
	p.start()
	g, m := opens(t, p, "post", "a", "7"), opens(t, p, "mail", "a", "7")
	big := `"` + strings.Repeat("x", 100<<10) + `"`
	fits := 0
	for fits < 20 {
		status, said := sends(p, "post", "a", big)
		if status == http.StatusServiceUnavailable && strings.Contains(said, "outbox") || strings.Contains(said, "is full") {
			break
		}
		if status != http.StatusAccepted {
			t.Fatalf("%d %s", status, said)
		}
		fits++
	}
	if len(g.items(fits)) != fits || fits == 20 {
		t.Errorf("%d fit", fits)
	}
	call := "tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', '%s', [ %s, '" + big + "', true ] );"
	key := hub.BuildKey("post", "a")
	if runs(p, call, "WriteToWebSocketMessageQueue", "'"+key+"'") {
		t.Error("a write does not throw")
	}
	if runs(p, call, "WriteToWebSocketsMessageQueueArray", "['"+key+"']") {
		t.Error("a write to an array does not throw")
	}
	for _, whom := range []map[string]any{{"keys": []string{key, hub.BuildKey("mail", "a")}}, {"user_id": "7"}, {"filter": "$key"}} {
		whom["message"], whom["json_compound"] = big, true
		status, answer := p.ask(http.MethodPost, "/messages", whom)
		if whom["filter"] == nil && (status != http.StatusServiceUnavailable || !strings.Contains(string(answer), "(for 1 of 2 sockets)")) {
			t.Errorf("%v: %d %s", whom["keys"], status, answer)
		}
	}
	m.items(2) // the ordinary one has them
	p.end(syscall.SIGTERM)
}

// TestMessageThatIsTooLarge: large messages come, larger ones are refused.
func TestMessageThatIsTooLarge(t *testing.T) {
	p := newPost(t, "shutdown.drain=1s")
	p.start()
	g := opens(t, p, "post", "a", "7")
	large := `"` + strings.Repeat("y", 1<<20-200) + `"`
	mustSend(t, p, "post", "a", large)
	mustSend(t, p, "post", "a", "1")
	g.expect(large, "1")
	g.conn.Drop()
	mustSend(t, p, "post", "a", large)
	mustSend(t, p, "post", "a", "2")
	g = opens(t, p, "post", "a", "7")
	got := g.items(1)
	for got[len(got)-1] != "2" {
		got = append(got, g.items(1)...)
	}
	p.end(syscall.SIGTERM)
}

// TestSlowReader: however much waits for a client that does not read, nothing is dropped and it is not closed.
func TestSlowReader(t *testing.T) {
	p := newPost(t, "queue.max_messages=100", "queue.max_bytes=100KiB", "queue.grace=1s", "shutdown.drain=1s")
	p.start()
	conn, err := dial(p, "post", "a", "7")
	if err != nil {
		t.Fatal(err)
	}
	most, senders := 2000, 8
	if *long {
		most = 10_000
	}
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for i := s; i < most; i += senders {
				if status, said := sends(p, "post", "a", fmt.Sprintf(`{"from":"%d","n":%d,"pad":"%04000d"}`, s+1, i+1, i)); status != http.StatusAccepted {
					t.Errorf("%d %s", status, said)
				}
			}
		})
	}
	sending.Wait()
	if _, s := socketOf(p, "post", "a"); s.State != "open" || s.Queue.Dropped != 0 || s.Queue.Messages < most/10 {
		t.Errorf("it is %+v", s)
	}
	last := map[string]int{}
	for n := 0; n < most; {
		m, err := conn.Receive()
		if err != nil {
			t.Fatalf("after %d messages: %v", n, err)
		}
		var letters []letter
		if err := json.Unmarshal([]byte(m.Text), &letters); err != nil {
			t.Fatal(err)
		}
		for _, l := range letters {
			if l.N <= last[l.From] {
				t.Errorf("%v comes after %d", l, last[l.From])
			}
			last[l.From] = l.N
		}
		n += len(letters)
	}
	conn.Drop()
	p.end(syscall.SIGTERM)
}

// TestDeliveryChanges: a service is made durable over a restart: what waits for its detached sockets is stored. It is
// made ordinary again: they go on, and hear that something may be lost.
func TestDeliveryChanges(t *testing.T) {
	p := newPost(t, "shutdown.drain=1s")
	durable := p.env
	p.env = append([]string{"TUTORSOCKET_SERVICES_POST_DELIVERY=ordinary"}, durable[1:]...)
	ordinary := p.env
	p.start()
	opens(t, p, "post", "a", "7").conn.Drop()
	detached(t, p, "post", "a")
	mustSend(t, p, "post", "a", "1")
	mustSend(t, p, "post", "a", "2")
	p.end(syscall.SIGTERM)

	p.env = durable
	p.start()
	mustSend(t, p, "post", "a", "3")
	p.end(syscall.SIGKILL)
	p.start()
	mustSend(t, p, "post", "a", "4")
	g := opens(t, p, "post", "a", "7")
	g.expect("1", "2", "3", "4")
	g.conn.Drop()
	detached(t, p, "post", "a")
	mustSend(t, p, "post", "a", "5")
	p.end(syscall.SIGTERM)

	p.env = ordinary
	p.start()
	mustSend(t, p, "post", "a", "6")
	g = opens(t, p, "post", "a", "7")
	if got := g.items(2); !strings.Contains(got[0], `"gap"`) || got[1] != "6" {
		t.Errorf("got %v", got)
	}
	p.end(syscall.SIGTERM)
}

// TestUnconfirmed: a client reads and answers no pings. What it has read comes again after a kill, since nobody knows.
func TestUnconfirmed(t *testing.T) {
	p := newPost(t, "shutdown.drain=1s")
	p.start()
	u := strings.Replace(p.server, "http", "ws", 1) + "/services/post?X-StatefulSocketId=a&X-Dev-User=7"
	conn, _, _, err := ws.Dial(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for n := range 3 {
		mustSend(t, p, "post", "a", fmt.Sprint(n))
		for { // the pings are left where they are
			header, err := ws.ReadHeader(conn)
			if err != nil {
				t.Fatal(err)
			}
			payload := make([]byte, min(header.Length, 1<<10)) // a digit, or a ping
			if _, err := io.ReadFull(conn, payload); err != nil {
				t.Fatal(err)
			}
			if header.OpCode == ws.OpText {
				if got := string(payload); got != fmt.Sprintf("[%d]", n) {
					t.Errorf("got %s", got)
				}
				break
			}
		}
	}
	p.end(syscall.SIGKILL)
	p.start()
	g := opens(t, p, "post", "a", "7")
	g.expect("0", "1", "2")
	reply := `{"to":["` + hub.BuildKey("post", "a") + `"],"text":"\"reply\""}`
	if err := g.conn.Send(reply); err != nil {
		t.Fatal(err)
	}
	g.expect(`"reply"`)
	if status, _ := p.ask(http.MethodGet, "/nodes", nil); status != http.StatusOK {
		t.Error(status)
	}
	p.end(syscall.SIGTERM)
}

// TestNothingIsLeft: sockets that were opened and closed leave no queue and no claim.
func TestNothingIsLeft(t *testing.T) {
	p := newPost(t, "shutdown.drain=1s")
	p.start()
	rounds := 1000
	if *long {
		rounds = 10_000
	}
	var working sync.WaitGroup
	for w := range 8 {
		working.Go(func() {
			for i := w; i < rounds; i += 8 {
				id := fmt.Sprint(i)
				conn, err := dial(p, "post", id, "7")
				if err != nil {
					t.Error(err)
					return
				}
				if i%10 == 0 {
					if status, said := sends(p, "post", id, "1"); status != http.StatusAccepted {
						t.Errorf("%d %s", status, said)
					}
					if _, err := conn.Receive(); err != nil {
						t.Error(err)
					}
				}
				_ = conn.Close(1000, "")
				for err == nil {
					_, err = conn.Receive()
				}
			}
		})
	}
	working.Wait()
	for _, name := range []string{"tutorsocket_outbox_lines", "tutorsocket_outbox_in_flight", `tutorsocket_nats_stream_messages{stream="SOCKETS"}`} {
		until(t, name+" is 0", func() bool { return figure(p, name) == 0 })
	}
	p.end(syscall.SIGTERM)
}

// figure is a metric, -1 if there is none.
func figure(p *program, name string) float64 {
	for line := range strings.Lines(metricsText(p)) {
		var value float64
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			if _, err := fmt.Sscan(rest, &value); err == nil {
				return value
			}
		}
	}
	return -1
}

func metricsText(p *program) string {
	resp, err := p.http.Get(p.server + "/metrics")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // what is missing is missed
	return string(text)
}
