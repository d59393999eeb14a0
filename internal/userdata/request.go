package userdata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	// patience bounds a request where the caller does not.
	patience = 5 * time.Second
	// maxIdleLines bounds the subscriptions of requests; more requests than that at
	// once take the longer way of the client.
	maxIdleLines = 64
)

// lines are what requests to the store go over. The client's own requests share a
// subscription, and each answer passes two goroutines more; scripts read user data
// for many a message, so here a request has a subscription of its own for as long as
// it takes.
type lines struct {
	nc    *nats.Conn
	ended <-chan struct{} // closed when the connection is

	mu    sync.Mutex // guards what follows
	idle  []*line
	count int
}

// line carries one request at a time.
type line struct {
	inbox   string
	sub     *nats.Subscription
	answers chan *nats.Msg
	timer   *time.Timer // stopped while the line is idle
}

// take returns a line, nil when there are as many as there may be.
func (l *lines) take() (*line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.idle); n > 0 {
		taken := l.idle[n-1]
		l.idle = l.idle[:n-1]
		return taken, nil
	}
	if l.count == maxIdleLines {
		return nil, nil
	}
	made := &line{inbox: l.nc.NewInbox(), answers: make(chan *nats.Msg, 1), timer: time.NewTimer(patience)}
	made.timer.Stop()
	sub, err := l.nc.ChanSubscribe(made.inbox, made.answers)
	if err != nil {
		return nil, err
	}
	made.sub = sub
	l.count++
	return made, nil
}

// giveBack returns a line whose request was answered.
func (l *lines) giveBack(used *line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, used)
}

// drop forgets a line whose answer may still come.
func (l *lines) drop(used *line) {
	_ = used.sub.Unsubscribe() // it fails only if the connection is closed
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count--
}

// close ends the subscriptions of the idle lines.
func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range l.idle {
		_ = i.sub.Unsubscribe() // it fails only if the connection is closed
	}
	l.count -= len(l.idle)
	l.idle = nil
}

// ask sends a request and returns the answer. Errors: [ErrClosed],
// nats.ErrNoResponders, ctx's.
func (l *lines) ask(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	taken, err := l.take()
	if err != nil {
		return nil, err
	}
	if taken == nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return l.nc.RequestMsgWithContext(ctx, m)
	}
	m.Reply = taken.inbox
	if err := l.nc.PublishMsg(m); err != nil {
		l.drop(taken)
		return nil, err
	}
	taken.timer.Reset(patience)
	select {
	case answer := <-taken.answers:
		taken.timer.Stop()
		l.giveBack(taken)
		if len(answer.Data) == 0 && answer.Header.Get("Status") == "503" {
			return nil, nats.ErrNoResponders
		}
		return answer, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-taken.timer.C:
		err = context.DeadlineExceeded
	case <-l.ended:
		err = ErrClosed
	}
	l.drop(taken)
	return nil, err
}

// lastMessage returns the last message of a subject, its sequence besides; nil if there
// is none.
func (s *Store) lastMessage(ctx context.Context, subject string) (*nats.Msg, uint64, error) {
	if s.fromLeader {
		// Any server of a cluster may answer a direct request, one that is behind too.
		return s.lastFromLeader(ctx, subject)
	}
	answer, err := s.lines.ask(ctx, &nats.Msg{Subject: s.directGet + subject})
	if err != nil {
		return nil, 0, err
	}
	switch status := answer.Header.Get("Status"); status {
	case "":
		sequence, err := strconv.ParseUint(answer.Header.Get(jetstream.SequenceHeader), 10, 64)
		return answer, sequence, err
	case "404":
		return nil, 0, nil
	default:
		return nil, 0, fmt.Errorf("the store answers %s %s", status, answer.Header.Get("Description"))
	}
}

// apiAnswer is what JetStream answers to requests of its API and to messages to store.
type apiAnswer struct {
	Error   *jetstream.APIError `json:"error"`
	Stream  string              `json:"stream"`
	Seq     uint64              `json:"seq"`
	Message struct {
		Seq  uint64 `json:"seq"`
		Hdrs []byte `json:"hdrs"`
		Data []byte `json:"data"`
	} `json:"message"`
}

func (s *Store) lastFromLeader(ctx context.Context, subject string) (*nats.Msg, uint64, error) {
	body := encode(map[string]string{"last_by_subj": subject})
	reply, err := s.lines.ask(ctx, &nats.Msg{Subject: s.leaderGet, Data: body})
	if err != nil {
		return nil, 0, err
	}
	var answer apiAnswer
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return nil, 0, fmt.Errorf("read the answer of the store: %w", err)
	}
	if answer.Error != nil {
		if answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound {
			return nil, 0, nil
		}
		return nil, 0, answer.Error
	}
	m := &nats.Msg{Subject: subject, Data: answer.Message.Data}
	if len(answer.Message.Hdrs) > 0 {
		if m.Header, err = nats.DecodeHeadersMsg(answer.Message.Hdrs); err != nil {
			return nil, 0, fmt.Errorf("read the answer of the store: %w", err)
		}
	}
	return m, answer.Message.Seq, nil
}

// store stores a message and returns its sequence.
func (s *Store) store(ctx context.Context, m *nats.Msg) (uint64, error) {
	reply, err := s.lines.ask(ctx, m)
	if errors.Is(err, nats.ErrNoResponders) { // a leader is being elected: the client knows how to wait
		m.Reply = ""
		ack, err := s.js.PublishMsg(ctx, m)
		if err != nil {
			return 0, err
		}
		return ack.Sequence, nil
	}
	if err != nil {
		return 0, err
	}
	return s.stored(reply)
}

// stored reads the answer to a message to store.
func (s *Store) stored(reply *nats.Msg) (uint64, error) {
	var answer apiAnswer
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return 0, fmt.Errorf("read the answer of the store: %w", err)
	}
	if answer.Error != nil {
		return 0, answer.Error
	}
	if s.reached != nil {
		s.reached(answer.Stream, answer.Seq)
	}
	return answer.Seq, nil
}

// maxBatch is how many messages are stored at once: NATS writes them to the disk
// together. It takes up to 1000.
const maxBatch = 250

// storeSeries stores messages in their order and returns the sequence of the last. Up
// to maxBatch are stored together or not at all; after an error those of the batches
// before it are stored.
func (s *Store) storeSeries(ctx context.Context, series []*nats.Msg) (last uint64, err error) {
	for batch := range slices.Chunk(series, maxBatch) {
		if len(batch) > 1 {
			if err := s.stage(batch); err != nil {
				return last, err
			}
		}
		if last, err = s.store(ctx, batch[len(batch)-1]); err != nil {
			return last, err
		}
	}
	return last, nil
}

// stage sends all messages of a batch but the last, which commits it.
func (s *Store) stage(batch []*nats.Msg) error {
	id := nuid.Next()
	for i, m := range batch {
		m.Header.Set(batchHeader, id)
		m.Header.Set(batchSequenceHeader, strconv.Itoa(i+1))
		if i == len(batch)-1 {
			m.Header.Set(batchCommitHeader, "1")
			return nil
		}
		if err := s.lines.nc.PublishMsg(m); err != nil {
			return err
		}
	}
	return nil
}

// Headers of the messages of a batch.
const (
	batchHeader         = "Nats-Batch-Id"
	batchSequenceHeader = "Nats-Batch-Sequence"
	batchCommitHeader   = "Nats-Batch-Commit"
)
