package engine_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// bills are what users and addresses were charged for.
type bills struct {
	mu  sync.Mutex
	all []bill
}

type bill struct {
	user, remote string
	took         time.Duration
}

func (b *bills) Computed(user, remote string, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, bill{user, remote, took})
}

// last returns the newest bill, of n.
func (b *bills) last(t *testing.T, n int) bill {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.all) != n {
		t.Fatalf("there are %d bills, want %d: %v", len(b.all), n, b.all)
	}
	return b.all[n-1]
}

// Each call of a service is charged to the user and the address of its socket: the time it has computed, also when
// its budget stopped it, and not the time it has waited.
func TestScriptTimeIsCharged(t *testing.T) {
	charged := &bills{}
	w := newWorld(t, setup{quota: charged, config: engine.Config{ServiceCompute: 150 * time.Millisecond}, files: map[string]string{
		"services/work.js": `
			function open(context) {}
			function process(context) {
				if (message == 'wait') { Sleep(1000) }
				if (message == 'work') { for (;;) {} }
				if (message == 'throw') { throw 'no' }
				if (message == 'thread') { t = new Thread; t.EvalCode('for (i = 0; i < 1000; i++) {}'); while (t.IsRunning) Sleep(1) }
			}
			function close(context) {}`,
		"services/none.js": "",
		"agents/work.js":   "for (i = 0; i < 1000; i++) {}",
	}})
	c := w.connectAs(otherUser, "work", "")
	if err := w.engine.Opened(t.Context(), c.Socket); err != nil {
		t.Fatal(err)
	}
	remote := c.Handshake().RemoteAddr
	if remote == "" {
		t.Fatal("the socket of the test has no address")
	}
	if b := charged.last(t, 1); b.user != otherUser.ID || b.remote != remote || b.took <= 0 {
		t.Errorf("open: %v", b)
	}
	c.say("wait")
	if b := charged.last(t, 2); b.took <= 0 || b.took >= 500*time.Millisecond {
		t.Errorf("a call that waits a second: %v", b)
	}
	_ = w.engine.Message(t.Context(), c.Socket, "work") // stopped
	if b := charged.last(t, 3); b.took < 150*time.Millisecond {
		t.Errorf("a call that is stopped after 150ms: %v", b)
	}
	_ = w.engine.Message(t.Context(), c.Socket, "throw") // it does
	charged.last(t, 4)
	c.say("thread") // is charged at its end, before that of the call
	if b := charged.last(t, 6); b.user != otherUser.ID || charged.all[4].user != otherUser.ID || charged.all[4].remote != remote {
		t.Errorf("a thread of a call: %v", charged.all)
	}
	c.end(hub.Reason{Code: 1000})
	if b := charged.last(t, 7); b.user != otherUser.ID || b.remote != remote {
		t.Errorf("close: %v", b)
	}
	none := w.connect("none", "")
	none.say("hi")
	if out, err := w.engine.Run(t.Context(), engine.RunRequest{Agent: "work"}); err != nil || !out.OK {
		t.Fatal(out, err)
	}
	charged.last(t, 7) // a service without hooks, and an agent, cost nobody anything
}
