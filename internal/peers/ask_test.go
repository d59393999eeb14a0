package peers_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/peers"
)

func TestAsk(t *testing.T) {
	srv := startServer(t)
	a := node(t, srv, "a", nil)
	node(t, srv, "b", map[peers.Op]peers.Handler{
		1: func(q *peers.Request) { q.Reply(fmt.Appendf(nil, "%s %s asks %s", q.From, q.FromIncarnation, q.Body)) },
		2: func(q *peers.Request) { q.Fail("full", "the queue is full") },
		3: func(q *peers.Request) { panic("oh") },
	})
	answer, err := a.Ask(t.Context(), "b", 1, []byte("for this"))
	if want := "a " + a.Self().Incarnation + " asks for this"; err != nil || string(answer) != want {
		t.Fatalf("answer %q, error %v, want %q", answer, err, want)
	}
	for op, code := range map[peers.Op]string{2: "full", 3: peers.CodePanic, 4: peers.CodeUnknown} {
		_, err = a.Ask(t.Context(), "b", op, nil)
		var failure *peers.Failure
		if !errors.As(err, &failure) || failure.Code != code || failure.Node != "b" {
			t.Errorf("operation %d: %v, want the failure %q of b", op, err, code)
		}
	}
	if _, err := a.Ask(t.Context(), "c", 1, nil); !errors.Is(err, peers.ErrGone) {
		t.Errorf("a node nobody has heard of: %v", err)
	}
}

func TestAskWithLargeBodies(t *testing.T) {
	srv := startServer(t)
	a := node(t, srv, "a", nil)
	node(t, srv, "b", map[peers.Op]peers.Handler{1: func(q *peers.Request) { q.Reply(q.Body) }})
	for _, size := range []int{0, 1, 1<<20 - 1000, 1 << 20, 5<<20 + 3} {
		body := bytes.Repeat([]byte("0123456789abc"), size/13+1)[:size]
		answer, err := a.Ask(t.Context(), "b", 1, body)
		if err != nil || !bytes.Equal(answer, body) {
			t.Errorf("%d bytes: %d came back, error %v", size, len(answer), err)
		}
	}
	if _, err := a.Ask(t.Context(), "b", 1, make([]byte, peers.MaxBody+1)); !errors.Is(err, peers.ErrTooLarge) {
		t.Errorf("too large a body: %v", err)
	}
}

func TestGather(t *testing.T) {
	srv := startServer(t)
	handlers := map[peers.Op]peers.Handler{1: func(q *peers.Request) {
		q.Page([]byte("1"))
		q.Page([]byte("2"))
		q.Reply([]byte("3"))
	}}
	a := node(t, srv, "a", handlers)
	node(t, srv, "b", handlers)
	node(t, srv, "c", handlers)
	await(t, "a knows b and c", func() bool { return slices.Equal(names(a.Others()), []string{"b", "c"}) })
	got := map[string]string{}
	missing, err := a.Gather(t.Context(), []string{"b", "c", "d"}, 1, nil, func(node string, body []byte) error {
		got[node] += string(body)
		return nil
	})
	if err != nil || !slices.Equal(missing, []string{"d"}) || len(got) != 2 || got["b"] != "123" || got["c"] != "123" {
		t.Errorf("got %v, missing %v, error %v", got, missing, err)
	}
}
