package cluster

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// echoing is a socket that is answered what it sends.
type echoing struct {
	t    testing.TB
	node *node
	conn *wsclient.Conn
	sent int
}

// newEcho opens one; without an id it is volatile. It is dropped with the test.
func newEcho(t testing.TB, n *node, id string) *echoing {
	t.Helper()
	conn, err := dial(n, "echo", id, "7")
	if err != nil {
		t.Fatalf("%s: echo %q: %v", n.name, id, err)
	}
	t.Cleanup(conn.Drop)
	return &echoing{t: t, node: n, conn: conn}
}

// check sends something and waits for it.
func (e *echoing) check() {
	e.t.Helper()
	e.sent++
	text := fmt.Sprintf(`{"echo":%d}`, e.sent)
	if err := e.conn.Send(text); err != nil {
		e.t.Errorf("%s: send to an echo: %v", e.node.name, err)
		return
	}
	m, err := e.conn.Receive()
	if err != nil || m.Text != "["+text+"]" {
		e.t.Errorf("%s: echo %s: %s %v", e.node.name, text, m.Text, err)
	}
}

// refusal is the status that a stateful socket is refused with, 0 if it is opened, -1 if there is no answer.
func refusal(n *node, id string) int {
	conn, err := dial(n, "echo", id, "7")
	var refused *wsclient.Refused
	switch {
	case errors.As(err, &refused):
		return refused.Status
	case err != nil:
		return -1
	}
	conn.Drop()
	return 0
}
