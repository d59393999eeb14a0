package ws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// visitor is a user with a stateful id, who comes and goes. What it receives over all its connections is kept in
// order.
type visitor struct {
	id   string
	now  *peer          // its connection, or the last one
	told func(code int) // of a close frame; nil: nobody

	mu   sync.Mutex
	sent []int  // what the server took for it
	got  []item // what came
}

// item is something that a client is told: a number, or how many it missed.
type item struct {
	number int
	missed int
	reason string
}

// come opens a connection.
func (v *visitor) come(t *testing.T, r *rig) {
	v.now = &peer{
		onText: func(_ *peer, text string) { v.receive(t, text) },
		onClose: func(_ *peer, code int) {
			if v.told != nil {
				v.told(code)
			}
		},
	}
	if status := v.now.ask(t, r, "/services/echo?user=u&X-StatefulSocketId="+v.id); status != http.StatusSwitchingProtocols {
		t.Errorf("visitor %s got %d", v.id, status)
	}
}

// receive keeps what a frame says.
func (v *visitor) receive(t *testing.T, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n, err := strconv.Atoi(text); err == nil {
		v.got = append(v.got, item{number: n})
		return
	}
	var gaps []struct {
		Action string `json:"socket_action"`
		Missed int    `json:"missed"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal([]byte(text), &gaps); err != nil || len(gaps) == 0 {
		t.Errorf("visitor %s got %q: %v", v.id, text, err)
	}
	for _, g := range gaps {
		if g.Action != "gap" || g.Missed <= 0 {
			t.Errorf("visitor %s got %q", v.id, text)
		}
		v.got = append(v.got, item{missed: g.Missed, reason: g.Reason})
	}
}

// send sends a number, if the socket is there.
func (v *visitor) send(r *rig, n int) (*hub.Socket, error) {
	s, ok := r.hub.Get(hub.BuildKey("echo", v.id))
	if !ok {
		return nil, hub.ErrClosed
	}
	v.mu.Lock() // what is sent is in sent before it arrives: receive waits
	defer v.mu.Unlock()
	_, err := s.Send(hub.NewMessage(strconv.Itoa(n)), hub.ModeText)
	if err == nil {
		v.sent = append(v.sent, n)
	}
	return s, err
}

// check sees that all that was sent came, once and in order, or was announced as missed for one of the reasons; what
// was sent last may still be under way if the visitor is away.
func (v *visitor) check(t *testing.T, away bool, reasons ...string) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	rest := v.sent
	for i, it := range v.got {
		switch {
		case it.missed > len(rest), it.missed > 0 && !slices.Contains(reasons, it.reason):
			t.Errorf("visitor %s: item %d announces %d missed (%s), %d are due", v.id, i, it.missed, it.reason, len(rest))
			return
		case it.missed > 0:
			rest = rest[it.missed:]
		case len(rest) == 0 || rest[0] != it.number:
			t.Errorf("visitor %s: item %d is %d, due is %v", v.id, i, it.number, rest[:min(3, len(rest))])
			return
		default:
			rest = rest[1:]
		}
	}
	if len(rest) > 0 && !away {
		t.Errorf("visitor %s never got %d messages, the first is %d", v.id, len(rest), rest[0])
	}
}
