package outbox

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const (
	streamName    = "OUTBOX"
	subjectPrefix = "outbox."

	// partitions is how many subjects entries are spread over; it is part of what is stored.
	partitions = 256
	// markGroups is how many subjects watermarks are spread over. Fewer, because a node writes what it has for
	// a group five times a second at most.
	markGroups = 16
	laneCount  = partitions + markGroups

	// readers is how many partitions are read at once.
	readers = 8
)

// Position is a place in the stream; higher ones are later. 0 is before all.
type Position uint64

// Addressee is a socket a message is for: its key, and the number of the life of the key. What was stored for
// another life is not for it.
type Addressee struct {
	Key  string
	Life uint64
}

// Outbox stores messages for durable sockets and feeds them to those of this node. Safe for concurrent use.
type Outbox struct {
	js       jetstream.JetStream
	stream   string // its name
	cfg      Config
	figures  figures
	subjects [laneCount]string
	limit    int // of a record, in bytes

	writer     *writer
	partitions [partitions]*partition
	marks      [markGroups]markTable
	keeper     keeper
	end        knownEnd
	turns      chan struct{} // one for each reader

	life    context.Context // ends with Close
	stop    context.CancelFunc
	stopped chan struct{} // has the writer end, after all else
	work    sync.WaitGroup
	answers sync.WaitGroup // the goroutines of the writer
	once    sync.Once

	mu     sync.Mutex // guards closed, so that nothing is added to work after Close waits for it
	closed bool
}

// Open makes the stream if need be, or brings its limits to those of cfg. ctx bounds the opening only. The
// caller closes the outbox before the connection of js.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Outbox, error) {
	cfg = cfg.withDefaults()
	if cfg.Writer == "" {
		return nil, errors.New("open the store of durable messages: the process has no incarnation")
	}
	name, prefix := streamName, subjectPrefix
	if cfg.Prefix != "" {
		name, prefix = cfg.Prefix+"_"+name, cfg.Prefix+"."+prefix
	}
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        name,
		Description: "messages of tutorsocket for sockets with durable delivery",
		Subjects:    []string{prefix + "*", prefix + "w.*"},
		MaxAge:      cfg.MaxAge,
		MaxBytes:    cfg.MaxBytes,
		Discard:     jetstream.DiscardNew, // whoever sends hears that; dropping the oldest would be a loss nobody hears of
		Storage:     jetstream.FileStorage,
		Replicas:    cfg.Replicas,
		AllowDirect: true,
		Duplicates:  min(cfg.MaxAge, 2*time.Minute),
	})
	if err != nil {
		return nil, fmt.Errorf("open the store of durable messages: %w", err)
	}
	o := &Outbox{
		js: js, stream: name, cfg: cfg, figures: newFigures(cfg.Metrics),
		limit:   int(js.Conn().MaxPayload()),
		turns:   make(chan struct{}, readers),
		stopped: make(chan struct{}),
	}
	o.life, o.stop = context.WithCancel(context.Background())
	o.keeper.nudge = make(chan struct{}, 1)
	for i := range partitions {
		o.subjects[i] = prefix + strconv.Itoa(i)
		o.partitions[i] = &partition{o: o, index: i, lines: map[string]*Line{}, hungry: map[*Line]struct{}{}}
	}
	for i := range markGroups {
		o.subjects[partitions+i] = prefix + "w." + strconv.Itoa(i)
	}
	if o.writer, err = newWriter(o); err != nil {
		return nil, fmt.Errorf("open the store of durable messages: %w", err)
	}
	o.answers.Go(o.writer.publish)
	o.answers.Go(func() { o.writer.listen(o.stopped) })
	o.work.Go(o.keep)
	return o, nil
}

// Flush returns when all that was appended before has been stored, or has failed, and when the watermarks of
// what clients have confirmed are stored. Errors: that of ctx, and why a watermark was not stored; then what it
// covers is delivered once more to whoever resumes the line.
func (o *Outbox) Flush(ctx context.Context) error {
	err := o.writeMarks(ctx)
	select {
	case <-o.writer.settled():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close gives up what is on its way to the store: the done functions get an error, and whether it was stored is
// not known. Call [Outbox.Flush] before. Lines deliver nothing more. It waits for all goroutines of the outbox.
// Closing twice is closing once.
func (o *Outbox) Close() {
	o.once.Do(func() {
		o.mu.Lock()
		o.closed = true
		o.mu.Unlock()
		o.stop()
		o.work.Wait()
		close(o.stopped)
		o.writer.shut()
		o.answers.Wait()
		o.writer.finish()
	})
}

// goes runs fn in a goroutine that Close waits for; it reports false when the outbox is closed.
func (o *Outbox) goes(fn func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.work.Go(fn)
	return true
}

// partitionOf returns the partition of a key.
func (o *Outbox) partitionOf(key string) *partition { return o.partitions[indexOf(key)] }

func indexOf(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(h.Sum32() % partitions)
}

// Line makes the durable queue of a socket that this node owns, a resumed one: what was stored for it and its
// client has not confirmed is fed to the first connection. since is a place in the stream before which nothing
// was stored for this life of the key: the end of the stream then, or a watermark. A line of the key that is
// there already ends.
func (o *Outbox) Line(a Addressee, since Position) *Line {
	l := o.newLine(a, since)
	if o.cfg.Settle > 0 {
		l.settling, l.settles = true, time.Now().Add(o.cfg.Settle)
		o.keeper.settle(l)
	}
	l.p.enter(l)
	return l
}

// Begin is [Outbox.Line] for a life that begins now: nothing can have been stored for it, so nothing is read.
func (o *Outbox) Begin(a Addressee, since Position) *Line {
	l := o.newLine(a, since)
	l.resumed, l.unsure, l.marked = true, false, time.Now()
	l.p.enter(l)
	return l
}

// knownEnd remembers where the stream was.
type knownEnd struct {
	mu  sync.Mutex
	pos Position
	at  time.Time
}

func (k *knownEnd) note(pos Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if pos >= k.pos {
		k.pos, k.at = pos, time.Now()
	}
}

// End returns a place at the end of the stream or shortly before: what is stored from now on comes later. It asks
// JetStream only if nothing was stored from here for a while. Errors wrap [hub.ErrUnavailable].
func (o *Outbox) End(ctx context.Context) (Position, error) {
	o.end.mu.Lock()
	pos, at := o.end.pos, o.end.at
	o.end.mu.Unlock()
	if pos > 0 && time.Since(at) < o.cfg.MaxAge/8 && o.js.Conn().IsConnected() {
		return pos, nil
	}
	_, last, err := o.bounds(ctx)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", hub.ErrUnavailable, err)
	}
	o.end.note(last)
	return last, nil
}
