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
	// fromLeader has the leader of the stream asked, for one message at a time. Otherwise any server answers that
	// has the stream, for many, and may be behind.
	fromLeader bool
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
	if r.fromLeader {
		return r.readLeader(ctx, subject, from, most, each)
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience())
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

// shortPatience is how long any server of several may take. One that is asked and has just stopped never answers.
const shortPatience = 2 * time.Second

func (r *reader) patience() time.Duration {
	if r.o.cfg.Replicas > 1 {
		return min(shortPatience, r.o.cfg.Timeout)
	}
	return r.o.cfg.Timeout
}

// readLeader is read, from the leader. pending is 0 or 1.
func (r *reader) readLeader(ctx context.Context, subject string, from Position, most int, each func(stored)) (pending uint64, err error) {
	for range most {
		m, found, err := r.o.fromLeader(ctx, map[string]any{"seq": max(from, 1), "next_by_subj": subject})
		if err != nil || !found {
			return 0, err
		}
		each(m)
		from = m.pos + 1
	}
	return 1, nil
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

// fence stores an entry for nobody in a lane, and returns its place: all that was confirmed before, to whomever, is
// before it. No server can be asked for that: the leader may be one that was cut off and does not know that there
// is another by now. Only where the stream takes nothing its word has to do.
func (o *Outbox) fence(ctx context.Context, lane int) (Position, error) {
	stored := make(chan *flight, 1)
	record := startEntry(o.cfg.Writer, hub.NewMessage(""), hub.ModeText, 0, 0)
	err := o.writer.add(&flight{lane: lane, record: record, finished: func(f *flight) { stored <- f }})
	if err == nil {
		select {
		case f := <-stored:
			if err = f.err; err == nil {
				o.end.note(f.pos)
				return f.pos, nil
			}
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	if errors.Is(err, ErrFull) || errors.Is(err, ErrBusy) {
		return o.lastOf(ctx, lane)
	}
	return 0, fmt.Errorf("look for the end of the stream %s: %w", o.stream, err)
}

// lastOf returns the place of the last message of a lane, 0 if there is none, as the leader knows.
func (o *Outbox) lastOf(ctx context.Context, lane int) (Position, error) {
	m, _, err := o.fromLeader(ctx, map[string]any{"last_by_subj": o.subjects[lane]})
	return m.pos, err
}

// fromLeader asks the leader of the stream for a message.
func (o *Outbox) fromLeader(ctx context.Context, which map[string]any) (m stored, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.cfg.Timeout)
	defer cancel()
	request, err := json.Marshal(which)
	if err != nil {
		return m, false, err
	}
	reply, err := o.js.Conn().RequestWithContext(ctx, o.api("STREAM.MSG.GET."+o.stream), request)
	if err != nil {
		return m, false, fmt.Errorf("ask the leader of the stream %s: %w", o.stream, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Seq  uint64    `json:"seq"`
			Data []byte    `json:"data"`
			Time time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return m, false, fmt.Errorf("ask the leader of the stream %s: %w", o.stream, err)
	}
	switch {
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return m, false, nil
	case answer.Error != nil:
		return m, false, fmt.Errorf("ask the leader of the stream %s: %w", o.stream, answer.Error)
	case answer.Message.Seq == 0:
		return m, false, fmt.Errorf("ask the leader of the stream %s: its answer has no position", o.stream)
	}
	return stored{Position(answer.Message.Seq), answer.Message.Time, answer.Message.Data}, true, nil
}

// passOver counts and logs a message of the stream that cannot be read.
func (o *Outbox) passOver(err error, subject string, pos Position) {
	o.figures.damaged.Inc()
	o.cfg.Logger.Warn("a durable message is passed over", "error", fmt.Errorf("%s, message %d of the stream %s: %w", subject, pos, o.stream, err))
}
