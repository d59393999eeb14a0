package resume_test

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/resume"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// shyJetStream is one of several servers: the first requests to a consumer that is at another one meet nobody.
type shyJetStream struct{ jetstream.JetStream }

type shyStream struct{ jetstream.Stream }

type shyConsumer struct {
	jetstream.Consumer
	deaf int // how many requests are not heard yet
}

type nobody struct{}

func (nobody) Messages() <-chan jetstream.Msg {
	none := make(chan jetstream.Msg)
	close(none)
	return none
}

func (nobody) Error() error { return nats.ErrNoResponders }

func (s shyJetStream) CreateOrUpdateStream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := s.JetStream.CreateOrUpdateStream(ctx, cfg)
	return shyStream{stream}, err
}

func (s shyStream) CreateConsumer(ctx context.Context, cfg jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	c, err := s.Stream.CreateConsumer(ctx, cfg)
	return &shyConsumer{c, 3}, err
}

func (c *shyConsumer) Fetch(n int, opts ...jetstream.FetchOpt) (jetstream.MessageBatch, error) {
	if c.deaf > 0 {
		c.deaf--
		return nobody{}, nil
	}
	return c.Consumer.Fetch(n, opts...)
}

// TestLoadWaitsForTheServers reads what is there although the servers do not know the reader at once.
func TestLoadWaitsForTheServers(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	s, err := resume.Open(t.Context(), shyJetStream{js}, resume.Config{Node: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), resume.Kept{Sockets: []hub.Detached{plain(1, "a"), plain(2)}}); err != nil {
		t.Fatal(err)
	}
	kept, lost, err := s.Load(t.Context())
	if err != nil || lost != 0 || len(kept.Sockets) != 2 {
		t.Errorf("Load() = %d sockets, %d lost, %v; want 2, 0, nil", len(kept.Sockets), lost, err)
	}
}
