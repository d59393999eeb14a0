package outbox

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestAnotherNodeGoesOn(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	a := openOutbox(t, js, Config{Writer: "a"})
	b := openOutbox(t, js, Config{Writer: "b"})
	since := endOf(t, a)
	here := a.Begin(alice, since)
	first := newClient(t, 1000)
	_ = here.Attach(t.Context(), first)
	send(t, here, numbered("m", 0, 100)...)
	first.confirm(30)
	until(t, "watermark stored", func() bool { return stable(here) })
	// a is killed: nothing of it is closed or flushed.
	there := b.Line(alice, since)
	send(t, there, "b0")
	second := newClient(t, 1000)
	_ = there.Attach(t.Context(), second)
	want := append(numbered("m", 30, 100), "b0")
	equal(t, second.reads(t, 71, true), want)
	until(t, "live", there.Live)
	send(t, there, "b1")
	equal(t, second.texts(), append(want, "b1"))
}

// stable reports whether the watermark of the line is stored.
func stable(l *Line) bool {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return !l.dirty && time.Since(l.marked) < patience && l.markSeen != nil
}

func TestWhatAnotherNodeStoresIsFed(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	a := openOutbox(t, js, Config{Writer: "a"})
	b := openOutbox(t, js, Config{Writer: "b"})
	l := a.Begin(alice, endOf(t, a))
	c := newClient(t, 1000)
	_ = l.Attach(t.Context(), c)
	send(t, l, "a0")
	stored := func(text string) (pos Position) {
		t.Helper()
		done := make(chan Position, 1)
		b.Append([]Addressee{alice}, hub.NewMessage(text), hub.ModeText, func(pos Position, err error) { done <- pos })
		return wait(t, done)
	}
	l.Stored(stored("b0"))
	equal(t, c.reads(t, 2, true), []string{"a0", "b0"})
	// What the line hears of too late is fed all the same, at the price of a repetition.
	late := stored("b1")
	send(t, l, "a1")
	c.reads(t, 3, true)
	l.Stored(late)
	equal(t, c.reads(t, 5, true), []string{"a0", "b0", "a1", "b1", "a1"})
	// With nobody there it waits.
	l.Detach()
	l.Stored(stored("b2"))
	again := newClient(t, 10)
	_ = l.Attach(t.Context(), again)
	equal(t, again.reads(t, 1, true), []string{"b2"})
}

// An owner that was given up goes on storing for a while; nobody tells the new one.
func TestAnOwnerThatDoesNotKnow(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	a := openOutbox(t, js, Config{Writer: "a"})
	b := openOutbox(t, js, Config{Writer: "b", Settle: 500 * time.Millisecond})
	since := endOf(t, a)
	old := a.Begin(alice, since)
	l := b.Line(alice, since)
	c := newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	var want []string
	for i := range 10 {
		texts := []string{fmt.Sprint("a", i), fmt.Sprint("b", i)}
		send(t, old, texts[0])
		send(t, l, texts[1])
		want = append(want, texts...)
	}
	equal(t, c.reads(t, len(want), true), want)
	send(t, old, "last")
	equal(t, c.reads(t, len(want)+1, true), append(want, "last"))
	until(t, "live", l.Live)
}

// Publishes that were given up can reach the store after newer ones.
func TestLateArrivalsAreDropped(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	figures := metrics.New()
	o := openOutbox(t, js, Config{Writer: "x", Metrics: figures})
	since := endOf(t, o)
	store := func(writer string, counter uint64) {
		t.Helper()
		record := startEntry(writer, hub.NewMessage(fmt.Sprint(writer, counter)), hub.ModeText, 1, 100)
		if _, err := js.Publish(t.Context(), o.subjects[indexOf(alice.Key)], seal(appendAddressee(record, alice), counter)); err != nil {
			t.Fatal(err)
		}
	}
	for _, counter := range []uint64{1, 3, 2, 4} {
		store("a", counter)
		store("b", counter)
	}
	l := o.Line(alice, since)
	c := newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	want := []string{"a1", "b1", "a3", "b3", "a4", "b4"}
	equal(t, c.reads(t, len(want), true), want)
	if n := figures.Sum("tutorsocket_outbox_late_total"); n != 2 {
		t.Errorf("%v late", n)
	}
	// Also when the newer ones were delivered by another process.
	flush(t, o)
	o.Close()
	stop()
	js, _ = natstest.Start(t, folder)
	o = openOutbox(t, js, Config{Writer: "y"})
	store("a", 2)
	store("b", 5)
	l = o.Line(alice, since)
	c = newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	until(t, "live", l.Live)
	equal(t, c.texts(), []string{"b5"})
}

func TestDamagedEntriesArePassedOver(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	figures := metrics.New()
	o := openOutbox(t, js, Config{Metrics: figures})
	since := endOf(t, o)
	l := o.Begin(alice, since)
	send(t, l, "one")
	good := seal(appendAddressee(startEntry("a", hub.NewMessage("bad"), hub.ModeText, 1, 100), alice), 1)
	for _, data := range [][]byte{nil, {kindEntry}, good[:len(good)-1], append([]byte{0}, good...), []byte("something else")} {
		if _, err := js.Publish(t.Context(), o.subjects[l.p.index], data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := js.Publish(t.Context(), o.subjects[partitions+l.p.index%markGroups], []byte("no watermark")); err != nil {
		t.Fatal(err)
	}
	send(t, l, "two")
	l = o.Line(alice, since)
	c := newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	equal(t, c.reads(t, 2, true), []string{"one", "two"})
	if n := figures.Sum("tutorsocket_outbox_damaged_total"); n != 6 {
		t.Errorf("%v damaged", n)
	}
}

// losses hears what a line lost.
type losses chan int

func (c losses) lost(_ string, _ Queue, missed int) { c <- missed }

func TestALossByAgeIsAnnounced(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	heard := make(losses, 10)
	o := openOutbox(t, js, Config{MaxAge: time.Second, Lost: heard.lost})
	since := endOf(t, o)
	l := o.Begin(alice, since)
	send(t, l, "lost")
	until(t, "trimmed", func() bool {
		first, last, err := o.bounds(t.Context())
		return err == nil && first > 1 && last >= first-1
	})
	send(t, l, "kept")
	c := newClient(t, 100)
	_ = l.Attach(t.Context(), c)
	if missed := wait(t, heard); missed != -1 {
		t.Errorf("missed %d", missed)
	}
	equal(t, c.reads(t, 1, true), []string{"kept"})
	until(t, "live", l.Live)
	if len(heard) > 0 {
		t.Error("announced twice")
	}
}

// Sockets that are idle for longer than messages are kept lose nothing, attached or not.
func TestIdleLinesLoseNothing(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	heard := make(losses, 10)
	o := openOutbox(t, js, Config{MaxAge: time.Second, Lost: heard.lost})
	since := endOf(t, o)
	bob := Addressee{"/services/chat-s-bob", 7}
	there, away := o.Begin(alice, since), o.Begin(bob, since)
	c := newClient(t, 100)
	_ = there.Attach(t.Context(), c)
	_ = away.Attach(t.Context(), newClient(t, 100))
	send(t, there, "old")
	c.confirm(-1)
	away.Detach()
	until(t, "trimmed", func() bool {
		first, _, err := o.bounds(t.Context())
		return err == nil && first > 15 && there.Mark()+1 >= first && away.Mark()+1 >= first
	})
	flush(t, o)
	o.Close()
	o = openOutbox(t, js, Config{MaxAge: time.Second, Lost: heard.lost})
	for _, a := range []Addressee{alice, bob} {
		l := o.Line(a, since)
		c := newClient(t, 100)
		_ = l.Attach(t.Context(), c)
		until(t, "live", l.Live)
		equal(t, c.texts(), nil)
	}
	if len(heard) > 0 {
		t.Error("a loss is announced where there is none")
	}
}

// Many lines that are resumed at once do not read a partition each.
func TestManyLinesAreResumedTogether(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	o := openOutbox(t, js, Config{})
	since := endOf(t, o)
	const rounds = 3
	sockets := 10_000
	if underRace {
		sockets = 2000
	}
	to := make([]Addressee, sockets)
	for i := range to {
		to[i] = Addressee{fmt.Sprintf("/services/news-s-%d", i), uint64(i + 1)}
	}
	lines := make([]*Line, sockets)
	h := newHub(100)
	clients := make([]*client, sockets)
	for i := range to {
		lines[i], clients[i] = o.Begin(to[i], since), connect(t, h, to[i].Key)
		_ = lines[i].Attach(t.Context(), clients[i])
	}
	done := make(chan error, sockets)
	for round := range rounds {
		for some := range slices.Chunk(lines, 5000) {
			for _, l := range some {
				l.Send(hub.NewMessage(fmt.Sprint(round)), hub.ModeText, func(_ int, err error) { done <- err })
			}
			for range some {
				if err := wait(t, done); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, c := range clients {
		c.confirm(1)
	}
	flush(t, o)
	o.Close()
	stop()

	js, _ = natstest.Start(t, folder)
	figures := metrics.New()
	o = openOutbox(t, js, Config{Metrics: figures})
	began := time.Now()
	for i := range to {
		lines[i], clients[i] = o.Line(to[i], since), connect(t, h, to[i].Key)
		_ = lines[i].Attach(t.Context(), clients[i])
	}
	for i := range to {
		until(t, "live", lines[i].Live)
		equal(t, clients[i].texts(), numbered("", 1, rounds))
	}
	read := figures.Sum("tutorsocket_outbox_read_total")
	t.Logf("%d lines with %d messages each resumed in %s, %v entries read", sockets, rounds-1, time.Since(began).Round(time.Millisecond), read)
	if read > float64(3*rounds*sockets) {
		t.Errorf("%v entries were read for %d lines, of %d that are stored", read, sockets, rounds*sockets)
	}
}
