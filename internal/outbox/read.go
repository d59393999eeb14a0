package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// stored is a message of the stream.
type stored struct {
	pos  Position
	at   time.Time
	data []byte
}

// lazyMessage makes the message of an entry when the first socket wants it.
type lazyMessage struct {
	entry *entry
	made  *hub.Message
}

func (m *lazyMessage) get() *hub.Message {
	if m.made == nil {
		m.made = m.entry.message()
	}
	return m.made
}

// reader asks for messages of the stream, with one subscription while it lasts.
type reader struct {
	o     *Outbox
	inbox string
	sub   *nats.Subscription
}

func (o *Outbox) newReader() (*reader, error) {
	nc := o.js.Conn()
	r := &reader{o: o, inbox: nc.NewInbox()}
	var err error
	if r.sub, err = nc.SubscribeSync(r.inbox); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *reader) close() { _ = r.sub.Unsubscribe() } // it fails only if the connection is closed

// read passes the messages of a subject from a place on to each, until there are so many, or so many bytes, or no
// more. pending is how many there are still at the server that answered, which may be behind others. After an
// error the reader is of no use any more.
func (r *reader) read(ctx context.Context, subject string, from Position, most, bytes int, each func(stored)) (pending uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.cfg.Timeout)
	defer cancel()
	request, err := json.Marshal(map[string]any{"seq": max(from, 1), "next_by_subj": subject, "batch": most, "max_bytes": bytes})
	if err != nil {
		return 0, err
	}
	nc := r.o.js.Conn()
	if !nc.IsConnected() {
		return 0, ErrDisconnected
	}
	if err := nc.PublishRequest(r.o.api("DIRECT.GET."+r.o.stream), r.inbox, request); err != nil {
		return 0, err
	}
	for {
		m, err := r.sub.NextMsgWithContext(ctx)
		if err != nil {
			return 0, fmt.Errorf("read the stream %s: %w", r.o.stream, err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
		case "204": // end of the batch
			pending, err := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
			return pending, err
		case "404": // there is none
			return 0, nil
		default:
			return 0, fmt.Errorf("read the stream %s: NATS answers %s %s", r.o.stream, status, m.Header.Get("Description"))
		}
		seq, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the stream %s: an answer has no position: %w", r.o.stream, err)
		}
		at, err := time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
		if err != nil {
			return 0, fmt.Errorf("read the stream %s: an answer has no time: %w", r.o.stream, err)
		}
		each(stored{Position(seq), at, m.Data})
	}
}

// api returns the subject of an operation of JetStream.
func (o *Outbox) api(operation string) string {
	prefix := o.js.Options().APIPrefix
	if domain := o.js.Options().Domain; domain != "" {
		prefix = "$JS." + domain + ".API"
	}
	if prefix == "" {
		prefix = jetstream.DefaultAPIPrefix
	}
	if prefix[len(prefix)-1] != '.' {
		prefix += "."
	}
	return prefix + operation
}

// bounds returns where the stream begins and ends, as its leader knows.
func (o *Outbox) bounds(ctx context.Context) (first, last Position, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.cfg.Timeout)
	defer cancel()
	s, err := o.js.Stream(ctx, o.stream)
	if err != nil {
		return 0, 0, fmt.Errorf("look at the stream %s: %w", o.stream, err)
	}
	state := s.CachedInfo().State
	return Position(state.FirstSeq), Position(state.LastSeq), nil
}

// lastOf returns the place of the last message of a lane, 0 if there is none, as the leader knows. Where there is
// one server only the end of the stream will do as well: what is read from it is not behind.
func (o *Outbox) lastOf(ctx context.Context, lane int, end Position) (Position, error) {
	if o.cfg.Replicas == 1 {
		return end, nil
	}
	ctx, cancel := context.WithTimeout(ctx, o.cfg.Timeout)
	defer cancel()
	request, err := json.Marshal(map[string]string{"last_by_subj": o.subjects[lane]})
	if err != nil {
		return 0, err
	}
	m, err := o.js.Conn().RequestWithContext(ctx, o.api("STREAM.MSG.GET."+o.stream), request)
	if err != nil {
		return 0, fmt.Errorf("look for the last durable message: %w", err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Seq uint64 `json:"seq"`
		} `json:"message"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return 0, fmt.Errorf("look for the last durable message: %w", err)
	}
	if answer.Error != nil {
		if answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound {
			return 0, nil
		}
		return 0, fmt.Errorf("look for the last durable message: %w", answer.Error)
	}
	if answer.Message.Seq == 0 {
		return 0, errors.New("look for the last durable message: the answer of JetStream has no position")
	}
	return Position(answer.Message.Seq), nil
}

// passOver counts and logs a message of the stream that cannot be read.
func (o *Outbox) passOver(err error, subject string, pos Position) {
	o.figures.damaged.Inc()
	o.cfg.Logger.Warn("a durable message is passed over", "error", fmt.Errorf("%s, message %d of the stream %s: %w", subject, pos, o.stream, err))
}
