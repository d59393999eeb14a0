package outbox

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

var alice = Addressee{"/services/chat-s-alice", 1}

func TestLiveMessagesComeAsTheyAreStored(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	l := o.Begin(alice, endOf(t, o))
	c := newClient(t, 1000)
	if err := l.Attach(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	texts := numbered("m", 0, 300)
	send(t, l, texts...)
	equal(t, c.texts(), texts) // they are in the queue when done is called
	if !l.Live() {
		t.Error("the line is not live")
	}
}

func TestWhatWaitsIsFedAfterARestart(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	o := openOutbox(t, js, Config{})
	since := endOf(t, o)
	l := o.Begin(alice, since)
	send(t, l, numbered("m", 0, 100)...)
	c := newClient(t, 1000)
	_ = l.Attach(t.Context(), c)
	c.reads(t, 100, false)
	c.confirm(40)
	flush(t, o)
	o.Close()
	stop()

	js, _ = natstest.Start(t, folder)
	o = openOutbox(t, js, Config{})
	l = o.Line(alice, since)
	again := newClient(t, 1000)
	_ = l.Attach(t.Context(), again)
	equal(t, again.reads(t, 60, false), numbered("m", 40, 100))
	until(t, "live", l.Live)
	send(t, l, "new")
	equal(t, again.reads(t, 61, true), append(numbered("m", 40, 100), "new"))
	if l.Mark() == since {
		t.Error("the watermark did not move")
	}
}

func TestUnconfirmedIsFedAgainToTheNextConnection(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	l := o.Begin(alice, endOf(t, o))
	first := newClient(t, 1000)
	_ = l.Attach(t.Context(), first)
	send(t, l, numbered("m", 0, 10)...)
	first.confirm(4)
	l.Detach()
	send(t, l, "away")
	second := newClient(t, 1000)
	_ = l.Attach(t.Context(), second)
	first.confirm(-1) // too late: it is another connection's now
	equal(t, second.reads(t, 7, true), append(numbered("m", 4, 10), "away"))
	until(t, "live", l.Live)
	l.Detach()
	third := newClient(t, 1000)
	_ = l.Attach(t.Context(), third)
	until(t, "live", l.Live)
	send(t, l, "last")
	equal(t, third.texts(), []string{"last"})
}

func TestAPortionAtATimeAndNoGapAtTheSwitch(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{PortionMessages: 10})
	l := o.Begin(alice, endOf(t, o))
	send(t, l, numbered("m", 0, 500)...)
	c := newClient(t, 20)
	_ = l.Attach(t.Context(), c)
	until(t, "fed", func() bool { return c.waiting() == 10 })
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		send(t, l, numbered("m", 500, 2000)...)
	}()
	got := c.reads(t, 2000, true)
	<-sent
	equal(t, got, numbered("m", 0, 2000))
	until(t, "live", l.Live)
}

func TestAFullQueueOfALiveLineLosesNothing(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{PortionMessages: 10})
	l := o.Begin(alice, endOf(t, o))
	c := newClient(t, 20)
	_ = l.Attach(t.Context(), c)
	texts := numbered("m", 0, 300)
	send(t, l, texts...)
	if l.Live() {
		t.Error("the line is live with a full queue")
	}
	equal(t, c.reads(t, 300, true), texts)
	until(t, "live", l.Live)
	send(t, l, "direct")
	equal(t, c.texts(), append(texts, "direct"))
}

func TestAnEarlierLifeIsNotDelivered(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	since := endOf(t, o)
	old := o.Begin(alice, since)
	send(t, old, "old")
	old.End()
	old.Send(hub.NewMessage("ended"), hub.ModeText, func(_ int, err error) {
		if err != hub.ErrClosed {
			t.Errorf("sent to a line that has ended: %v", err)
		}
	})
	l := o.Line(Addressee{alice.Key, 2}, since) // even from before it
	send(t, l, "new")
	c := newClient(t, 10)
	_ = l.Attach(t.Context(), c)
	until(t, "live", l.Live)
	equal(t, c.texts(), []string{"new"})
}

func TestModesAndConflateKeysAreKept(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	l := o.Begin(alice, endOf(t, o))
	modes := []hub.Mode{hub.ModeText, hub.ModeJSON, hub.ModePlain}
	for _, mode := range modes {
		l.Send(hub.NewMessage("é\x00").WithConflateKey("k"), mode, func(int, error) {})
	}
	flush(t, o)
	kept := make(keeping, 10)
	_ = l.Attach(t.Context(), kept)
	for _, mode := range modes {
		if got := wait(t, kept); got != (keptMessage{"é\x00", "k", mode}) {
			t.Errorf("got %+v", got)
		}
	}
}

type keptMessage struct {
	text, conflate string
	mode           hub.Mode
}

// keeping is a queue that keeps what it gets.
type keeping chan keptMessage

func (k keeping) Send(m *hub.Message, mode hub.Mode) (int, error) {
	k <- keptMessage{m.Text(), m.ConflateKey(), mode}
	return 1, nil
}

// A connection that is taken over, or breaks, gets nothing more, and the next one all that was not confirmed first.
func TestATakeoverKeepsTheOrder(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	o := openOutbox(t, js, Config{})
	l := o.Begin(alice, endOf(t, o))
	h := newHub(1000)
	first := connect(t, h, alice.Key)
	_ = l.Attach(t.Context(), first.Conn)
	send(t, l, numbered("m", 0, 10)...)
	first.confirm(5)
	send(t, l, "m10")
	second := connect(t, h, alice.Key) // and the line has not heard of it yet
	send(t, l, "m11")
	_ = l.Attach(t.Context(), second.Conn)
	equal(t, second.reads(t, 7, true), numbered("m", 5, 12))
	until(t, "live", l.Live)
	second.Ended(hub.Reason{Code: hub.CodeLost})
	send(t, l, "m12")
	third := connect(t, h, alice.Key)
	send(t, l, "m13")
	_ = l.Attach(t.Context(), third.Conn)
	equal(t, third.reads(t, 2, true), []string{"m12", "m13"})
}
