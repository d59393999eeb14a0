package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/directory"
)

// TestAContestedIDIsWaitedFor has an id whose claim others change all the time: who opens it waits
// between its tries, and has it when the others are done, rather than be refused within milliseconds.
func TestAContestedIDIsWaitedFor(t *testing.T) {
	all, _ := nodes(t, 1, cluster.Config{})
	x := all[0]
	if _, err := x.dir.Take(t.Context(), key("contested"), directory.Claim{Node: "n9", Incarnation: "gone", User: "7"}, 0); err != nil {
		t.Fatal(err)
	}
	first := onlyMessage(t, x.nats)
	busy, done := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer done()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for busy.Err() == nil {
			if err := x.nats.PublishMsg(&nats.Msg{Subject: first.Subject, Data: first.Data}); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(20 * time.Microsecond)
		}
	}()
	mustOpen(t, &client{}, x, "contested", "7")
	done()
	<-ended
}

// onlyMessage is the one message that all streams have together.
func onlyMessage(t *testing.T, nc *nats.Conn) *jetstream.RawStreamMsg {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for name := range js.StreamNames(t.Context()).Name() {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := stream.GetMsg(t.Context(), stream.CachedInfo().State.LastSeq); err == nil {
			return m
		}
	}
	t.Fatal("no stream has a message")
	return nil
}
