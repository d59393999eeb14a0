package outbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestABroadcastIsAnEntryForEachPartition(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	figures := metrics.New()
	o := openOutbox(t, js, Config{Metrics: figures})
	since := endOf(t, o)
	const sockets = 10_000
	to := make([]Addressee, sockets)
	clients := make([]*client, sockets)
	h := newHub(10)
	for i := range to {
		to[i] = Addressee{fmt.Sprintf("/services/news-s-%d", i), uint64(i + 1)}
		clients[i] = connect(t, h, to[i].Key)
		_ = o.Begin(to[i], since).Attach(t.Context(), clients[i])
	}
	type outcome struct {
		pos Position
		err error
	}
	done := make(chan outcome, 2)
	for _, text := range []string{"one", "two"} {
		o.Append(to, hub.NewMessage(text), hub.ModeText, func(pos Position, err error) { done <- outcome{pos, err} })
	}
	for range 2 {
		if got := wait(t, done); got.err != nil || got.pos == 0 {
			t.Fatalf("stored at %d: %v", got.pos, got.err)
		}
	}
	for _, c := range clients {
		equal(t, c.texts(), []string{"one", "two"})
	}
	if n := figures.Sum("tutorsocket_outbox_appended_total"); n > 2*partitions {
		t.Errorf("%v entries", n)
	}
	if last := endOf(t, o); last > 2*partitions {
		t.Errorf("the stream ends at %d", last)
	}
}

// Addressees that do not fit into one record are spread over several.
func TestManyAddresseesOfOnePartitionAreCut(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir(), func(o *server.Options) { o.MaxPayload = 8 << 10 })
	o := openOutbox(t, js, Config{})
	since := endOf(t, o)
	var to []Addressee
	for i := 0; len(to) < 50; i++ {
		if key := fmt.Sprintf("/services/news-s-%s%d", strings.Repeat("k", 200), i); indexOf(key) == 7 {
			to = append(to, Addressee{key, 1})
		}
	}
	lines := make([]*Line, len(to))
	for i, a := range to {
		lines[i] = o.Line(a, since)
	}
	done := make(chan error, 1)
	o.Append(to, hub.NewMessage(strings.Repeat("x", 5000)), hub.ModeText, func(_ Position, err error) { done <- err })
	if err := wait(t, done); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		c := newClient(t, 10)
		_ = l.Attach(t.Context(), c)
		c.reads(t, 1, true)
	}
}

func TestWhatIsTooLargeIsRefusedAtOnce(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	l := o.Begin(alice, endOf(t, o))
	limit := int(js.Conn().MaxPayload())
	largest := limit - o.overhead(hub.NewMessage("")) - alice.size()
	c := newClient(t, 10)
	_ = l.Attach(t.Context(), c)
	send(t, l, strings.Repeat("x", largest))
	var refused error
	l.Send(hub.NewMessage(strings.Repeat("x", largest+1)), hub.ModeText, func(_ int, err error) { refused = err })
	if !errors.Is(refused, hub.ErrNotStored) || !errors.Is(refused, ErrTooLarge) || !strings.Contains(refused.Error(), fmt.Sprint(limit)) {
		t.Errorf("refused with: %v", refused)
	}
	if got := c.texts(); len(got) != 1 || len(got[0]) != largest {
		t.Errorf("%d messages came", len(got))
	}
}

func TestAFullStoreRefuses(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{MaxBytes: 1 << 20})
	l := o.Begin(alice, endOf(t, o))
	stored, done := 0, make(chan error, 200)
	for range 200 {
		l.Send(hub.NewMessage(strings.Repeat("x", 10_000)), hub.ModeText, func(_ int, err error) { done <- err })
	}
	var refused error
	for range 200 {
		if err := wait(t, done); err == nil {
			stored++
		} else {
			refused = err
		}
	}
	if !errors.Is(refused, hub.ErrNotStored) || !errors.Is(refused, ErrFull) {
		t.Fatalf("refused with: %v", refused)
	}
	c := newClient(t, 1000)
	_ = l.Attach(t.Context(), c)
	until(t, "live", func() bool { c.confirm(-1); return l.Live() })
	if got := len(c.texts()); got != stored {
		t.Errorf("%d messages came of %d that were stored", got, stored)
	}
}

// While the store does not answer senders are not held up, and what is on its way is bounded.
func TestAStoreThatDoesNotAnswer(t *testing.T) {
	node := startNode(t)
	o := openOutbox(t, node.js, Config{MaxInFlight: 100, Timeout: 500 * time.Millisecond})
	l := o.Begin(alice, endOf(t, o))
	send(t, l, "before")
	<-o.writer.settled() // who sent it has heard before it counts as none that is on its way
	node.proxy.hold(true)
	busy, late := 0, make(chan error, 100)
	for i := range 150 {
		returned := false
		l.Send(hub.NewMessage(fmt.Sprint("lost", i)), hub.ModeText, func(_ int, err error) {
			if returned {
				late <- err
			} else if errors.Is(err, ErrBusy) && errors.Is(err, hub.ErrNotStored) {
				busy++
			}
		})
		returned = true
	}
	if busy != 50 {
		t.Errorf("%d of 150 were refused at once", busy)
	}
	for range 100 {
		if err := wait(t, late); !errors.Is(err, ErrTimeout) || !errors.Is(err, hub.ErrNotStored) {
			t.Fatalf("given up with: %v", err)
		}
	}
	node.proxy.hold(false)
	until(t, "stored again", func() bool {
		done := make(chan error, 1)
		l.Send(hub.NewMessage("after"), hub.ModeText, func(_ int, err error) { done <- err })
		return wait(t, done) == nil
	})
}

func TestWithoutConnectionItFailsAtOnceAndNothingComesLate(t *testing.T) {
	node := startNode(t)
	o := openOutbox(t, node.js, Config{})
	since := endOf(t, o)
	l := o.Begin(alice, since)
	send(t, l, "before")
	node.proxy.cut(true)
	until(t, "disconnected", func() bool { return !node.js.Conn().IsConnected() })
	for i := range 10 {
		told := false
		l.Send(hub.NewMessage(fmt.Sprint("lost", i)), hub.ModeText, func(_ int, err error) {
			told = errors.Is(err, ErrDisconnected) && errors.Is(err, hub.ErrNotStored)
		})
		if !told {
			t.Fatal("it does not fail at once")
		}
	}
	node.proxy.cut(false)
	until(t, "connected", node.js.Conn().IsConnected)
	send(t, l, "after")
	c := newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	until(t, "live", l.Live)
	equal(t, c.texts(), []string{"before", "after"})
}

// What is on its way when the connection breaks fails, and comes, if it does, in order.
func TestAConnectionThatBreaksUnderLoad(t *testing.T) {
	node := startNode(t)
	o := openOutbox(t, node.js, Config{})
	l := o.Begin(alice, endOf(t, o))
	c := newClient(t, 1<<20)
	_ = l.Attach(t.Context(), c)
	const rounds, each = 10, 500
	var acknowledged []string
	for round := range rounds {
		done, texts := make(chan int, each), numbered(fmt.Sprintf("%d-", round), 0, each)
		for i, text := range texts {
			if i == each/2 {
				node.proxy.cut(true)
			}
			l.Send(hub.NewMessage(text), hub.ModeText, func(_ int, err error) {
				if err != nil {
					i = -1
				}
				done <- i
			})
		}
		last := -1
		for range each {
			i := wait(t, done)
			if i >= 0 {
				if i < last {
					t.Fatal("the outcomes are out of order")
				}
				last = i
				acknowledged = append(acknowledged, texts[i])
			}
		}
		node.proxy.cut(false)
		until(t, "connected", node.js.Conn().IsConnected)
	}
	send(t, l, "end")
	acknowledged = append(acknowledged, "end")
	until(t, "the end", func() bool { // some of those come, too, of which nobody knew
		c.confirm(-1)
		return slices.Contains(c.texts(), "end")
	})
	c.confirm(-1)
	l.Detach()
	again := newClient(t, 1<<20)
	_ = l.Attach(t.Context(), again)
	until(t, "live", l.Live)
	inOrder(t, c.texts(), acknowledged)
	if got := again.texts(); len(got) > 0 {
		t.Errorf("%q come late", got)
	}
}

// inOrder checks that all of want are in got, in order.
func inOrder(t testing.TB, got, want []string) {
	t.Helper()
	at := 0
	for _, text := range got {
		if at < len(want) && text == want[at] {
			at++
		}
	}
	if at < len(want) {
		t.Fatalf("%q is missing or out of order, after %d that are there", want[at], at)
	}
}
