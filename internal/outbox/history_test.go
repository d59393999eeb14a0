package outbox

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// life is a socket whose connections come and go, whose owner changes, and to which two senders write.
type life struct {
	t     *testing.T
	addr  Addressee
	since Position
	rng   *rand.Rand

	mu    sync.Mutex // guards line
	line  *Line
	hub   *hub.Hub
	conns []*client
	acked [2][]string
}

// TestHistories does at random what can happen to sockets, and checks that what was acknowledged has come, and for the
// first time in the order of its sender.
func TestHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	js, _ := natstest.Start(t, t.TempDir())
	cfg := Config{PortionMessages: 8, Settle: 400 * time.Millisecond}
	open := func(name string) *Outbox {
		cfg.Writer = name
		return openOutbox(t, js, cfg)
	}
	nodes := []*Outbox{open("a"), open("b")}
	since := endOf(t, nodes[0])
	var lives []*life
	for i := range 6 {
		v := &life{t: t, addr: Addressee{fmt.Sprintf("/services/h-s-%d", i), uint64(i + 1)}, since: since}
		v.rng = rand.New(rand.NewPCG(seed, uint64(i)))
		v.line, v.hub = nodes[0].Begin(v.addr, since), newHub(16)
		lives = append(lives, v)
	}
	var work sync.WaitGroup
	for _, v := range lives {
		sending := make(chan struct{})
		var senders sync.WaitGroup
		for s := range 2 {
			senders.Go(func() { v.send(s, 200) })
		}
		work.Go(func() { senders.Wait(); close(sending) })
		work.Go(func() { v.live(nodes, sending) })
	}
	work.Wait()
	for _, v := range lives {
		v.check()
	}
}

// send sends so many messages, a few ahead of their outcomes.
func (v *life) send(sender, n int) {
	ahead := make(chan struct{}, 10)
	var mu sync.Mutex
	var before *Line
	for i := range n {
		ahead <- struct{}{}
		v.mu.Lock()
		line := v.line
		v.mu.Unlock()
		if line != before && before != nil { // another way is not in order with this one before all is through
			for range cap(ahead) - 1 {
				ahead <- struct{}{}
			}
			for range cap(ahead) - 1 {
				<-ahead
			}
		}
		before = line
		text := fmt.Sprintf("%d/%04d", sender, i)
		line.Send(hub.NewMessage(text), hub.ModeText, func(_ int, err error) {
			if err == nil {
				mu.Lock()
				v.acked[sender] = append(v.acked[sender], text)
				mu.Unlock()
			}
			<-ahead
		})
		time.Sleep(time.Duration(i%4) * time.Millisecond)
	}
	for range cap(ahead) {
		ahead <- struct{}{}
	}
}

// live lets things happen until nothing is sent any more, then everything be read.
func (v *life) live(nodes []*Outbox, sending <-chan struct{}) {
	owner := 0
	v.connect()
	for {
		select {
		case <-sending:
			v.connect()
			v.mu.Lock()
			line := v.line
			v.mu.Unlock()
			c := v.conns[len(v.conns)-1]
			until(v.t, "live at the end", func() bool { c.confirm(-1); return line.Live() })
			c.confirm(-1)
			return
		case <-time.After(time.Duration(v.rng.IntN(10)) * time.Millisecond):
		}
		c := v.conns[len(v.conns)-1]
		switch n := v.rng.IntN(100); {
		case n < 50:
			c.confirm(v.rng.IntN(20))
		case n < 70:
			c.texts()
		case n < 80:
			v.connect()
		case n < 86:
			c.Ended(hub.Reason{Code: hub.CodeLost})
		case n < 92:
			c.Ended(hub.Reason{Code: hub.CodeLost})
			v.line.Detach()
		case n < 94: // another node takes over; the old one goes on storing what its senders have begun
			owner = 1 - owner
			line := nodes[owner].Line(v.addr, v.since)
			v.mu.Lock()
			v.line, v.hub = line, newHub(16)
			v.mu.Unlock()
			v.connect()
		}
	}
}

func (v *life) connect() {
	c := connect(v.t, v.hub, v.addr.Key)
	v.conns = append(v.conns, c)
	if v.rng.IntN(3) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := v.line.Attach(v.t.Context(), c.Conn); err != nil {
		v.t.Error(err)
	}
}

func (v *life) check() {
	var first [2][]string
	known := map[string]bool{}
	total := 0
	for _, c := range v.conns {
		for _, text := range c.got {
			total++
			if !known[text] {
				known[text] = true
				s := int(text[0] - '0')
				first[s] = append(first[s], text)
			}
		}
	}
	for s := range first {
		for i, text := range first[s] {
			if i > 0 && strings.Compare(first[s][i-1], text) >= 0 {
				v.t.Errorf("%s: %s came after %s", v.addr.Key, text, first[s][i-1])
			}
		}
		for _, text := range v.acked[s] {
			if !known[text] {
				v.t.Errorf("%s: %s was acknowledged and did not come", v.addr.Key, text)
			}
		}
	}
	v.t.Logf("%s: %d messages, %d connections, %d came more than once", v.addr.Key, len(known), len(v.conns), total-len(known))
}
