package slowreaders

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The bounds of the queues, in bytes, and the size of what fills them. All silent sockets together could hold more
// than maxTotal.
const (
	silent   = 5
	maxBytes = 128 << 10
	maxTotal = 256 << 10
	large    = 32 << 10
)

// TestOthersNoticeNothing: under each policy those who read get all messages in order while others never read, what
// waits stays within its bounds, and the silent ones lose their connection and are told so when they come back.
func TestOthersNoticeNothing(t *testing.T) {
	for policy, c := range map[string]struct{ dropped, closed string }{
		"disconnect":  {`{reason="overflow"}`, `{code="1013",reason="overflow"}`},
		"drop-oldest": {`{reason="oldest"}`, ""}, // the connection ends when it has taken nothing for ws.write_timeout
		"conflate":    {`{reason="conflated"}`, ""},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.App(service), servertest.Settings(func(cfg *config.Config) {
				cfg.Services = map[string]*config.Service{"echo": {Overflow: policy}}
				cfg.Queue.MaxBytes, cfg.Queue.MaxTotal, cfg.Queue.Grace = maxBytes, maxTotal, 100*time.Millisecond
				cfg.WS.WriteTimeout = 2 * time.Second
			}))
			l := newLoad(t, s)
			l.untilSilentOnesAreDetached()
			for _, r := range l.readers {
				r.await(t, "news", l.news)
				r.await(t, "echo", l.echoes)
			}
			_, figures := s.Ask(t, "GET", "/metrics", "")
			if strings.Contains(figures, "tutorsocket_hub_dropped_messages_total"+c.dropped+" 0\n") {
				t.Errorf("no message was dropped as %s does it", policy)
			}
			if c.closed != "" && !strings.Contains(figures, fmt.Sprintf("tutorsocket_hub_closes_total%s %d\n", c.closed, silent)) {
				t.Errorf("the connections were not closed as %s does it:\n%s", policy, figures)
			}
			for i := range silent {
				l.comeBack(silentID(i))
			}
		})
	}
}

// load is a server with those who read and those who do not.
type load struct {
	t       *testing.T
	s       *servertest.Server
	readers []*reader
	news    int // messages to all so far
	echoes  int // messages of each reader so far
	bulk    int // large messages to each silent socket so far
}

func silentID(i int) string { return fmt.Sprint("silent", i) }

func newLoad(t *testing.T, s *servertest.Server) *load {
	l := &load{t: t, s: s}
	for i := range 20 {
		l.readers = append(l.readers, read(t, s.URL(), fmt.Sprint("reader", i)))
	}
	for i := range silent {
		dialSilent(t, s.URL(), silentID(i))
	}
	return l
}

// untilSilentOnesAreDetached goes on until no silent socket has a connection any more.
func (l *load) untilSilentOnesAreDetached() {
	l.t.Helper()
	for deadline := time.Now().Add(patience); l.checkQueues() < silent; {
		if time.Now().After(deadline) {
			l.t.Fatal("not all silent sockets have lost their connection")
		}
		l.bulk++
		for i := range silent { // not one message for all: that would be kept once
			l.send(silentID(i), "bulk", l.bulk, large)
		}
		l.news++
		toAll := api.GroupMessage{Filter: api.FilterText(""), Message: api.Message{Message: message("news", l.news, time.Now(), 100), ConflateKey: "news"}}
		if _, err := l.s.API.SendMany(l.t.Context(), toAll); err != nil {
			l.t.Fatal(err)
		}
		l.echoes++
		for _, r := range l.readers {
			r.send(message("echo", l.echoes, time.Now(), 100))
		}
	}
}

// send sends a message to one socket, and reports whether its queue has taken it.
func (l *load) send(id, kind string, n, size int) bool {
	l.t.Helper()
	_, err := l.s.API.Send(l.t.Context(), key(id), api.Message{Message: message(kind, n, time.Now(), size), ConflateKey: kind})
	if err != nil && !strings.Contains(err.Error(), "is full") {
		l.t.Fatal(err)
	}
	return err == nil
}

// checkQueues checks that what waits for silent sockets is within the bounds, and returns how many of them are
// detached.
func (l *load) checkQueues() (detached int) {
	l.t.Helper()
	list, err := l.s.API.Sockets(l.t.Context(), api.SocketQuery{Filter: `{"$state":["open","detached"]}`, Limit: 1000})
	if err != nil {
		l.t.Fatal(err)
	}
	total := 0
	for _, socket := range list.Items {
		if !strings.HasPrefix(socket.StatefulID, "silent") {
			continue
		}
		if socket.State == "detached" {
			detached++
		}
		total += int(socket.Queue.Bytes)
		if bytes := int(socket.Queue.Bytes); bytes > maxBytes+large {
			l.t.Errorf("%s has %d bytes waiting, at most %d and a message are allowed", socket.Key, bytes, maxBytes)
		}
	}
	if total > maxTotal+silent*large {
		l.t.Errorf("%d bytes wait for silent sockets, at most %d and a message for each are allowed", total, maxTotal)
	}
	return detached
}

// comeBack opens a silent socket anew: what waits comes in order, with the gap.
func (l *load) comeBack(id string) {
	l.t.Helper()
	client := l.s.Dial(l.t, "echo", id)
	l.awaitEmptyQueue(id) // it may have no room for one more before
	if !l.send(id, "end", 1, 0) {
		l.t.Fatalf("%s: an empty queue takes no message", id)
	}
	last, gaps := map[string]int{}, 0
	for {
		text := client.Next(l.t)
		if strings.HasPrefix(text, "[") {
			l.checkGap(text)
			gaps++
			continue
		}
		var kind string
		var n int
		if _, err := fmt.Sscanf(text, "%s %d", &kind, &n); err != nil && err != io.EOF {
			l.t.Fatalf("%.40q: %v", text, err)
		}
		if kind == "end" {
			break
		}
		if n <= last[kind] {
			l.t.Errorf("%s: %s %d comes after %d", id, kind, n, last[kind])
		}
		last[kind] = n
	}
	if gaps == 0 {
		l.t.Errorf("%s: nothing said that messages are missing", id)
	}
}

// awaitEmptyQueue waits until the kernel has all that waited for a socket.
func (l *load) awaitEmptyQueue(id string) {
	l.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		socket, err := l.s.API.Socket(l.t.Context(), key(id))
		switch {
		case err != nil:
			l.t.Fatal(err)
		case socket.Queue.Messages == 0:
			return
		case time.Now().After(deadline):
			l.t.Fatalf("%s: the queue does not get empty: %+v", id, socket)
		}
	}
}

func (l *load) checkGap(text string) {
	l.t.Helper()
	var gap []struct {
		Action string `json:"socket_action"`
		Missed int    `json:"missed"`
		Reason string `json:"reason"`
	}
	err := json.Unmarshal([]byte(text), &gap)
	if err != nil || len(gap) != 1 || gap[0].Action != "gap" || gap[0].Missed < 1 || gap[0].Reason != "overflow" {
		l.t.Errorf("got %.200q: %v", text, err)
	}
}
