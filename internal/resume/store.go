package resume

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const (
	streamName = "DETACHED"
	prefix     = "detached."

	// defaultMaxBytes is twice what the queues of a node may hold by default.
	defaultMaxBytes = 2 << 30
	// pieceBytes is the size of a piece where messages may be as large.
	pieceBytes = 256 << 10
	// inFlight is how many pieces are on the way at once.
	inFlight = 16
	// fetched is how many pieces are read at once.
	fetched = 64
	// defaultPatience bounds the wait for a store that has fewer pieces than it counts.
	defaultPatience = 5 * time.Second
)

// Config says where a store keeps its sockets.
type Config struct {
	// Node is the node whose sockets these are: letters, digits, "-", "_" and ".".
	Node string
	// MaxBytes is how much all nodes may keep, on disk; 2 GiB if zero. What does not fit is not saved.
	MaxBytes int64
	// Replicas is how many servers of a NATS cluster keep them; one if zero.
	Replicas int
	// Prefix begins the names in NATS, where others keep something too; letters, digits, "-" and "_". "" is none.
	Prefix string
	// Patience is how long the store may give nothing before it is taken to have nothing more; 5 s if zero.
	Patience time.Duration
}

// Store keeps the detached sockets of one node. There is nothing to close; the caller closes the
// connection.
type Store struct {
	js       jetstream.JetStream
	stream   jetstream.Stream
	node     string
	prefix   string // of the subjects of all nodes
	subject  string
	patience time.Duration
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// Open makes the stream if need be. ctx bounds the opening only.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Store, error) {
	if !plainName.MatchString(cfg.Node) {
		return nil, fmt.Errorf("keep detached sockets: the name of the node %q has more than letters, digits, -, _ and dots", cfg.Node)
	}
	name, subjects := streamName, prefix
	if cfg.Prefix != "" {
		name, subjects = cfg.Prefix+"_"+name, cfg.Prefix+"."+subjects
	}
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        name,
		Description: "detached sockets of tutorsocket nodes that do not run",
		Subjects:    []string{subjects + "*"},
		MaxBytes:    cmp.Or(cfg.MaxBytes, defaultMaxBytes),
		Discard:     jetstream.DiscardNew, // those that are there already are worth as much as those to come
		Storage:     jetstream.FileStorage,
		Replicas:    cfg.Replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("open the store of detached sockets: %w", err)
	}
	return &Store{
		js: js, stream: stream, node: cfg.Node, prefix: subjects, subject: subjects + token(cfg.Node),
		patience: cmp.Or(cfg.Patience, defaultPatience),
	}, nil
}

// token is the name of a node as one token of a subject: dots would divide it.
func token(node string) string { return strings.ReplaceAll(node, ".", "=") }

// Node returns the name of the node whose sockets these are.
func (s *Store) Node() string { return s.node }

// Nodes returns the names of the nodes that have saved something, in no particular order.
func (s *Store) Nodes(ctx context.Context) ([]string, error) {
	info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter(s.prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("look who has saved detached sockets: %w", err)
	}
	var nodes []string
	for subject := range info.State.Subjects {
		nodes = append(nodes, strings.ReplaceAll(strings.TrimPrefix(subject, s.prefix), "=", "."))
	}
	return nodes, nil
}

// Kept is what a store keeps of a node.
type Kept struct {
	Sockets []hub.Detached
	Losses  []hub.Loss // of sockets that are gone
}

// empty says that there is nothing.
func (k *Kept) empty() bool { return len(k.Sockets) == 0 && len(k.Losses) == 0 }

// Save keeps what is given, in the place of what there is, and returns how many of the sockets are kept for
// certain. That is all of them, or err says why not: [ErrFull], or that of ctx. Losses come first, then
// the sockets with the least to receive, so that as many as possible are kept. Given nothing it only
// empties the store.
func (s *Store) Save(ctx context.Context, k Kept) (saved int, err error) {
	if err := s.empty(ctx); err != nil {
		return 0, err
	}
	if k.empty() {
		return 0, nil
	}
	w := s.newWriter(ctx, len(k.Sockets))
	err = cmp.Or(w.write(&k), w.settle(0))
	if err != nil {
		return w.saved, fmt.Errorf("save detached sockets: %w", err)
	}
	return w.saved, nil
}

// write writes all there is.
func (w *writer) write(k *Kept) error {
	e := encoder{texts: map[string]uint64{}, add: w.cutter.add}
	for i := range k.Losses {
		if err := e.loss(&k.Losses[i]); err != nil {
			return err
		}
	}
	for _, d := range smallFirst(k.Sockets) {
		if err := e.socket(d); err != nil {
			return err
		}
		w.ended++
	}
	return w.cutter.flush()
}

// smallFirst orders sockets by what waits for them.
func smallFirst(sockets []hub.Detached) []*hub.Detached {
	sorted := make([]*hub.Detached, len(sockets))
	bytes := make(map[*hub.Detached]int, len(sockets))
	for i := range sockets {
		d := &sockets[i]
		sorted[i] = d
		for j := range d.Waiting {
			bytes[d] += len(d.Waiting[j].Text)
		}
	}
	slices.SortStableFunc(sorted, func(a, b *hub.Detached) int { return cmp.Compare(bytes[a], bytes[b]) })
	return sorted
}

// clear empties a store that has fewer pieces than it counts: it would go on to count them if those of the node only
// were removed. Where other nodes have theirs in it, they keep them.
func (s *Store) clear(ctx context.Context) error {
	info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter(s.prefix+"*"))
	if err != nil {
		return fmt.Errorf("empty the store of detached sockets: %w", err)
	}
	for subject := range info.State.Subjects {
		if subject != s.subject {
			return s.empty(ctx)
		}
	}
	if err := s.stream.Purge(ctx); err != nil {
		return fmt.Errorf("empty the store of detached sockets: %w", err)
	}
	return nil
}

func (s *Store) empty(ctx context.Context) error {
	if err := s.stream.Purge(ctx, jetstream.WithPurgeSubject(s.subject)); err != nil {
		return fmt.Errorf("empty the store of detached sockets: %w", err)
	}
	return nil
}

// writer publishes pieces, several at a time, and knows which sockets they complete.
type writer struct {
	store  *Store
	ctx    context.Context
	cutter cutter
	ended  int // sockets whose last byte was written
	saved  int // sockets whose pieces, and all before, are stored
	onWay  []sentPiece
	failed error // the first
}

type sentPiece struct {
	ack   jetstream.PubAckFuture
	ended int // sockets that are complete with it
}

func (s *Store) newWriter(ctx context.Context, sockets int) *writer {
	w := &writer{store: s, ctx: ctx}
	w.cutter.sockets, w.cutter.emit = uint32(sockets), w.publish
	w.cutter.size = min(pieceBytes, int(s.js.Conn().MaxPayload())-pieceHeader)
	_, _ = rand.Read(w.cutter.save[:]) // never fails
	return w
}

func (w *writer) publish(piece []byte) error {
	if err := w.settle(inFlight - 1); err != nil {
		return err
	}
	ack, err := w.store.js.PublishMsgAsync(&nats.Msg{Subject: w.store.subject, Data: piece})
	if err != nil {
		return err
	}
	w.onWay = append(w.onWay, sentPiece{ack, w.ended})
	return nil
}

// settle waits until at most so many pieces are on the way, and returns the first error there was.
func (w *writer) settle(most int) error {
	for len(w.onWay) > most && w.failed == nil {
		p := w.onWay[0]
		w.onWay = w.onWay[1:]
		select {
		case <-p.ack.Ok():
			w.saved = p.ended
		case err := <-p.ack.Err():
			w.failed = w.store.explain(err)
		case <-w.ctx.Done():
			w.failed = w.ctx.Err()
		}
	}
	return w.failed
}

// explain says in our words why a piece was not stored, where that is known.
func (s *Store) explain(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == storeFailed {
		return fmt.Errorf("%w: all nodes together may keep %d bytes (%s)", ErrFull, s.stream.CachedInfo().Config.MaxBytes, api.Description)
	}
	return err
}

// storeFailed is what JetStream answers when a stream is full or its disk.
const storeFailed = 10077

// ErrFull says that there is no room for all sockets.
var ErrFull = errors.New("the store of detached sockets is full")

// Load returns what was saved, the sockets in no particular order, and empties the store. When some could
// not be read err says why, and lost how many, -1 if nobody knows; the others are returned all the same.
// When the store itself does not answer it keeps what it has, and nothing is returned.
func (s *Store) Load(ctx context.Context) (k Kept, lost int, err error) {
	r := reader{decoder: newDecoder()}
	if err := s.read(ctx, &r); err != nil {
		return Kept{}, 0, fmt.Errorf("read detached sockets: %w", err)
	}
	empty := s.empty
	if r.cut {
		empty = s.clear
	}
	if err := empty(ctx); err != nil {
		return Kept{}, 0, err
	}
	lost, err = r.loss()
	return Kept{r.decoder.sockets, r.decoder.losses}, lost, err
}

// read passes all pieces to r.
func (s *Store) read(ctx context.Context, r *reader) error {
	c, err := s.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: s.subject,
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckNonePolicy,
		MemoryStorage: true,
	})
	if err != nil {
		return err
	}
	name := c.CachedInfo().Name
	// The server forgets it anyway; this is only sooner.
	defer func() { _ = s.stream.DeleteConsumer(context.WithoutCancel(ctx), name) }()
	known := time.Now().Add(s.patience)
	for left := int(c.CachedInfo().NumPending); left > 0; {
		batch, err := c.Fetch(min(left, fetched), jetstream.FetchMaxWait(s.patience))
		if err != nil {
			return err
		}
		before := left
		for m := range batch.Messages() {
			r.piece(m.Data())
			left--
		}
		err = cmp.Or(batch.Error(), ctx.Err())
		if errors.Is(err, nats.ErrNoResponders) && time.Now().Before(known) {
			// The consumer is at another server, of which ours has not heard yet.
			select {
			case <-time.After(unknownPause):
				continue
			case <-ctx.Done():
			}
		}
		if err != nil {
			return err
		}
		if left == before { // the others are lost for the store itself, and would be the next time
			r.cut = true
			r.note(errDamaged)
			return nil
		}
	}
	return nil
}

// unknownPause is how long to wait for the servers to hear of a consumer.
const unknownPause = 20 * time.Millisecond

// reader makes sockets of pieces.
type reader struct {
	joiner  joiner
	decoder *decoder
	wrong   error // the first thing that could not be read
	unknown bool  // a piece does not say of how many sockets it is
	cut     bool  // the store has fewer pieces than it counts
}

func (r *reader) piece(data []byte) {
	p, err := parsePiece(data)
	if err != nil {
		r.unknown = true
		r.note(err)
		return
	}
	if r.joiner.begins(p) {
		r.decoder.restart()
	}
	r.joiner.add(p, func(record []byte) { r.note(r.decoder.record(record)) })
}

func (r *reader) note(err error) {
	if r.wrong == nil {
		r.wrong = err
	}
}

// loss says how many sockets are missing, and why.
func (r *reader) loss() (int, error) {
	lost := max(0, r.joiner.sockets-len(r.decoder.sockets))
	switch {
	case (r.unknown || r.cut) && r.joiner.sockets == 0:
		return -1, fmt.Errorf("detached sockets were saved in a form that cannot be read: %w", r.wrong)
	case lost > 0:
		return lost, fmt.Errorf("%d of %d detached sockets cannot be read: %w", lost, r.joiner.sockets, cmp.Or(r.wrong, errIncomplete))
	}
	return 0, nil
}

var errIncomplete = errors.New("not all of what was saved is there")
