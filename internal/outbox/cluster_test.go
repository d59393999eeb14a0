package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// cluster is three NATS servers that keep everything three times, and what is between them.
type cluster struct {
	*natstest.Cluster
	links [3][]*proxy // of each server to and from the others
}

func startCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{}
	at := 0
	c.Cluster = natstest.StartCluster(t, 3, func(o *server.Options) {
		var routes []string
		for other, url := range o.Routes {
			if other == at {
				continue
			}
			p := startProxy(t, url.Host)
			c.links[at], c.links[other] = append(c.links[at], p), append(c.links[other], p)
			routes = append(routes, "nats://"+p.listener.Addr().String())
		}
		o.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		o.Cluster.NoAdvertise, o.Cluster.Advertise = true, "127.0.0.1:1" // nobody finds a way around
		at++
	})
	return c
}

// at connects to one of the servers and to no other.
func (c *cluster) at(t testing.TB, i int) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(strings.Split(c.URLs(), ",")[i], nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.IgnoreDiscoveredServers())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// isolate freezes what is between a server and the others, who are not told, or has it go on.
func (c *cluster) isolate(i int, on bool) {
	for _, p := range c.links[i] {
		p.freeze(on)
	}
}

// leader is which server leads the stream.
func leader(t testing.TB, js jetstream.JetStream) (i int) {
	t.Helper()
	until(t, "a leader", func() bool {
		s, err := js.Stream(t.Context(), streamName)
		if err != nil || s.CachedInfo().Cluster == nil {
			return false
		}
		n, err := fmt.Sscanf(s.CachedInfo().Cluster.Leader, "s%d", &i)
		return n == 1 && err == nil
	})
	return i - 1
}

// outcomeOf stores a message for alice, and returns where.
func outcomeOf(o *Outbox, text string) (Position, error) {
	type outcome struct {
		pos Position
		err error
	}
	done := make(chan outcome, 1)
	o.Append([]Addressee{alice}, hub.NewMessage(text), hub.ModeText, func(pos Position, err error) { done <- outcome{pos, err} })
	got := <-done
	return got.pos, got.err
}

// failures is a logger that tells when messages cannot be read.
type failures chan struct{}

func (f failures) Enabled(context.Context, slog.Level) bool { return true }
func (f failures) WithAttrs([]slog.Attr) slog.Handler       { return f }
func (f failures) WithGroup(string) slog.Handler            { return f }
func (f failures) Handle(context.Context, slog.Record) error {
	select {
	case f <- struct{}{}:
	default:
	}
	return nil
}

// A leader that was cut off does not know that there is another: what it says of the end of the stream counts for
// nothing. A line that is read at its server gets all that others have confirmed, and is tried until it can.
func TestALeaderThatIsNoneAnyMore(t *testing.T) {
	c := startCluster(t)
	first := openOutbox(t, c.at(t, 0), Config{Writer: "first", Replicas: 3})
	since := endOf(t, first)
	old := leader(t, first.js)
	failed := make(failures, 1)
	a := openOutbox(t, c.at(t, old), Config{Writer: "a", Replicas: 3, Timeout: time.Second, Logger: slog.New(failed)})
	b := openOutbox(t, c.at(t, (old+1)%3), Config{Writer: "b", Replicas: 3, Timeout: time.Second})
	if _, err := outcomeOf(b, "before"); err != nil {
		t.Fatal(err)
	}
	c.isolate(old, true)
	until(t, "another leader confirms", func() bool {
		_, err := outcomeOf(b, "meanwhile")
		return err == nil
	})
	l := a.Line(alice, since)
	client := newClient(t, 100)
	_ = l.Attach(t.Context(), client)
	select {
	case <-failed:
	case <-time.After(patience):
		t.Fatal("it is read where nobody can know")
	}
	if l.Live() {
		t.Error("the line is live, and its server cut off")
	}
	c.isolate(old, false)
	until(t, "live", l.Live)
	got := client.texts()
	if len(got) < 2 || got[0] != "before" || got[len(got)-1] != "meanwhile" {
		t.Errorf("got %q", got)
	}
}

// A place that is known to be in the stream is waited for, though no server has it yet.
func TestAPlaceThatNobodyHasYet(t *testing.T) {
	c := startCluster(t)
	a := openOutbox(t, c.at(t, 0), Config{Writer: "a", Replicas: 3})
	b := openOutbox(t, c.at(t, 1), Config{Writer: "b", Replicas: 3})
	l := a.Begin(alice, endOf(t, a))
	client := newClient(t, 100)
	_ = l.Attach(t.Context(), client)
	send(t, l, "one")
	l.Stored(endOf(t, a) + 1)
	time.Sleep(time.Second) // it is looked for; nothing but patience can show that it still is
	if _, err := outcomeOf(b, "two"); err != nil {
		t.Fatal(err)
	}
	equal(t, client.reads(t, 2, true), []string{"one", "two"})
	until(t, "live", l.Live)
}

// Reading from the leader gives what reading from any server gives.
func TestTheLeaderIsReadAsAnyServer(t *testing.T) {
	c := startCluster(t)
	o := openOutbox(t, c.at(t, 0), Config{Replicas: 3})
	since := endOf(t, o)
	send(t, o.Begin(alice, since), numbered("m", 0, 20)...)
	lane := indexOf(alice.Key)
	read := func(fromLeader bool) (texts []string) {
		r, err := o.newReader()
		if err != nil {
			t.Fatal(err)
		}
		defer r.close()
		r.fromLeader = fromLeader
		for from := since + 1; ; {
			pending, err := r.read(t.Context(), o.subjects[lane], from, 7, 1<<20, func(m stored) {
				e, err := readEntry(m.data)
				if err != nil || m.at.IsZero() {
					t.Errorf("message %d of %s: %v", m.pos, m.at, err)
				}
				texts = append(texts, fmt.Sprintf("%d %s %s", m.pos, e.writer, e.text))
				from = m.pos + 1
			})
			if err != nil {
				t.Fatal(err)
			}
			if pending == 0 {
				return texts
			}
		}
	}
	from := read(true)
	if len(from) != 20 {
		t.Fatalf("read %q", from)
	}
	until(t, "the same", func() bool { return slices.Equal(read(false), from) })
}

// Servers are cut off, and come back, while messages flow: what was confirmed comes, in order, and the line goes live.
func TestServersThatAreCutOffUnderLoad(t *testing.T) {
	c := startCluster(t)
	o := openOutbox(t, c.at(t, 0), Config{Replicas: 3, Timeout: 2 * time.Second, PortionMessages: 16})
	since := endOf(t, o)
	l := o.Line(alice, since)
	client := newClient(t, 40)
	_ = l.Attach(t.Context(), client)
	var confirmed []string
	n := 0
	store := func(enough int) {
		t.Helper()
		until(t, "stored", func() bool {
			done := make(chan error, 1)
			text := fmt.Sprint("m", n)
			n++
			l.Send(hub.NewMessage(text), hub.ModeText, func(_ int, err error) { done <- err })
			if wait(t, done) == nil {
				confirmed = append(confirmed, text)
				enough--
			}
			return enough <= 0
		})
	}
	for _, i := range []int{1, 2, 1} {
		store(30)
		c.isolate(i, true)
		l.Detach() // the next connection makes it read
		client = newClient(t, 40)
		_ = l.Attach(t.Context(), client)
		store(30)
		c.isolate(i, false)
		store(1)
		last := confirmed[len(confirmed)-1]
		until(t, last+" comes", func() bool {
			client.confirm(-1)
			return slices.Contains(client.texts(), last)
		})
		client.confirm(-1)
		inOrder(t, client.texts(), confirmed[len(confirmed)-31:])
	}
	until(t, "live", l.Live)
}
