package ws

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

var toAnotherNode = hub.Reason{Code: hub.CodeTakenOver, Text: "taken over by a newer connection"}

// handOver moves the socket to another rig.
func handOver(t *testing.T, from, to *rig) *hub.Socket {
	t.Helper()
	s := from.socket(t, "1")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d, err := from.hub.HandOver(ctx, s.Key(), "u1", toAnotherNode)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.server.Restore(d); err != nil {
		t.Fatal(err)
	}
	return s
}

// A socket that another node takes over: its client is told, what was queued waits there, and Closed is called
// there only, once. A call that is under way ends undisturbed.
func TestASocketMovesToAnotherNode(t *testing.T) {
	both(t, resuming, func(t *testing.T, r *rig) {
		other := newRig(t, resuming)
		inCall, goOn := make(chan context.Context), make(chan error)
		r.onMessage = func(ctx context.Context, _ *hub.Socket, _ string) error { inCall <- ctx; return <-goOn }
		first := dial(t, r.url, statefulEcho)
		first.text("hello")
		ctx := within(t, inCall, "the call")
		s := handOver(t, r, other)
		if _, err := s.Send(hub.NewMessage("x"), hub.ModeText); !errors.Is(err, hub.ErrMoving) {
			t.Errorf("send to a socket that has moved: %v", err)
		}
		first.wantClose(4001)
		if ctx.Err() != nil {
			t.Error("the call that runs was told to end")
		}
		goOn <- nil
		if _, err := other.socket(t, "1").Send(hub.NewMessage("meanwhile"), hub.ModeText); err != nil {
			t.Fatal(err)
		}
		second := dial(t, other.url, statefulEcho)
		second.wantText("meanwhile")
		within(t, ctx.Done(), "the end of the context of the socket that has left")
		r.wantNoEnd(t)
		second.sendClose(1000, "")
		second.wantClose(1000)
		other.wantEnd(t, 1000)
		r.shutdown()
		r.wantNoEnd(t)
		other.shutdown()
		other.wantNoEnd(t)
	})
}

// The same with one whose connection broke before.
func TestADetachedSocketMovesToAnotherNode(t *testing.T) {
	r, other := newRig(t, resuming), newRig(t, resuming)
	ctxs := make(chan context.Context, 1)
	r.onOpen = func(ctx context.Context, _ *hub.Socket) error { ctxs <- ctx; return nil }
	first := dial(t, r.url, statefulEcho)
	ctx := within(t, ctxs, "the call of Opened")
	first.nc.Close()
	wantState(t, r.socket(t, "1"), hub.StateDetached)
	handOver(t, r, other)
	within(t, ctx.Done(), "the end of the context of the socket that has left")
	second := dial(t, other.url, statefulEcho)
	second.text("x")
	second.wantText("x")
	other.socket(t, "1").Abort()
	other.wantEnd(t, hub.CodeLost)
	r.shutdown()
	r.wantNoEnd(t)
}

// A client that does not read keeps the other node waiting for a moment only, and what it may have got is not
// sent to it again.
func TestAStuckConnectionIsHurriedByAHandOver(t *testing.T) {
	cfg := resuming
	cfg.sendBuffer = 4 << 10
	cfg.ws.WriteTimeout = time.Hour
	both(t, cfg, func(t *testing.T, r *rig) {
		other := newRig(t, resuming)
		dial(t, r.url, statefulEcho)
		s := r.socket(t, "1")
		for i := range 40 {
			if _, err := s.Send(hub.NewMessage(repeat(string(rune('a'+i%26)), 64<<10)), hub.ModeText); errors.Is(err, hub.ErrQueueFull) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the writer is stuck", func() bool { return s.Info().QueueMessages > 1 })
		handOver(t, r, other)
		if waiting := other.socket(t, "1").Info().QueueMessages; waiting == 0 {
			t.Error("nothing of what was not written has come along")
		}
		r.wantNoEnd(t)
	})
}
