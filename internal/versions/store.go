package versions

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// MaxVersions is how many versions of one script are kept.
	MaxVersions = 100
	// maxBytes bounds all of them together, on disk.
	maxBytes = 256 << 20
	// packFrom is the size from which on texts are compressed, so that the largest script fits into a
	// message.
	packFrom = 512 << 10
	// maxSource bounds what is unpacked: no script has more (basescript.MaxSource), decoded to UTF-8.
	maxSource = 8 << 20

	streamName = "SCRIPTVERSIONS"
	prefix     = "scriptversions."
)

// Headers of the messages. Those of a list are all that is read of them.
const (
	numberHeader = "Tutorsocket-Version"
	atHeader     = "Tutorsocket-At" // unix milliseconds
	byHeader     = "Tutorsocket-By"
	noteHeader   = "Tutorsocket-Note"
	bytesHeader  = "Tutorsocket-Bytes"
	etagHeader   = "Tutorsocket-ETag"
	packedHeader = "Tutorsocket-Packed"
)

// Config says how a store works. The zero value is ready to use.
type Config struct {
	// Clock tells when a version is made; time.Now if nil.
	Clock func() time.Time
	// Replicas is how many servers of a NATS cluster keep the versions; one if zero.
	Replicas int
	// Prefix begins the names in NATS, where others keep something too; letters, digits, "-" and "_". "" is none.
	Prefix string
}

// Store keeps versions. There is nothing to close; the caller closes the connection.
type Store struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	prefix string // of the subjects
	clock  func() time.Time

	mu    sync.Mutex
	heads map[Script]head // guarded by mu
}

// head is the last version of a script as far as this store knows.
type head struct {
	Version
	sequence uint64 // of its message; 0 when there is none
}

// Open opens the store, and makes it if need be.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	name, subjects := streamName, prefix
	if cfg.Prefix != "" {
		name, subjects = cfg.Prefix+"_"+name, cfg.Prefix+"."+subjects
	}
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:              name,
		Description:       "versions of tutorsocket scripts",
		Subjects:          []string{subjects + ">"},
		MaxMsgsPerSubject: MaxVersions,
		MaxBytes:          maxBytes,
		Discard:           jetstream.DiscardOld,
		Storage:           jetstream.FileStorage,
		Replicas:          cfg.Replicas,
		AllowDirect:       true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the history of scripts: %w", err)
	}
	return &Store{js: js, stream: stream, prefix: subjects, clock: cfg.Clock, heads: make(map[Script]head)}, nil
}

func (s *Store) subject(of Script) string { return s.prefix + escape(of.Kind) + "." + escape(of.Name) }

// Append makes a text the last version of a script; added is false, and the version the last one, if it
// has this text already. Errors: [ErrTooLarge], and those of the connection.
func (s *Store) Append(ctx context.Context, script Script, n New) (v Version, added bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range appendTries {
		last, err := s.head(ctx, script)
		if err != nil {
			return Version{}, false, err
		}
		tag := ETag(n.Source)
		if last.sequence != 0 && last.ETag == tag {
			return last.Version, false, nil
		}
		v := Version{N: last.N + 1, At: s.clock().Truncate(time.Millisecond).UTC(), By: n.By, Note: n.Note, Bytes: len(n.Source), ETag: tag}
		sequence, err := s.publish(ctx, script, v, n.Source, last.sequence)
		if isConflict(err) { // another process was first
			delete(s.heads, script)
			continue
		}
		if err != nil {
			delete(s.heads, script) // it may have been written all the same
			return Version{}, false, err
		}
		s.heads[script] = head{v, sequence}
		return v, true, nil
	}
	return Version{}, false, errors.New("write a version of a script: others are always faster")
}

// appendTries is how often a writer that was not the first reads again.
const appendTries = 20

// head returns the last version of a script, without its text. s.mu is held.
func (s *Store) head(ctx context.Context, script Script) (head, error) {
	if known, ok := s.heads[script]; ok {
		return known, nil
	}
	m, err := s.stream.GetLastMsgForSubject(ctx, s.subject(script))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return head{}, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("read the last version of a script: %w", err)
	}
	h := head{versionOf(m.Header), m.Sequence}
	s.heads[script] = h
	return h, nil
}

func (s *Store) publish(ctx context.Context, script Script, v Version, source string, after uint64) (uint64, error) {
	m := nats.NewMsg(s.subject(script))
	m.Header.Set(numberHeader, strconv.Itoa(v.N))
	m.Header.Set(atHeader, strconv.FormatInt(v.At.UnixMilli(), 10))
	m.Header.Set(byHeader, oneLine(v.By))
	m.Header.Set(noteHeader, oneLine(v.Note))
	m.Header.Set(bytesHeader, strconv.Itoa(v.Bytes))
	m.Header.Set(etagHeader, v.ETag)
	m.Data = []byte(source)
	if len(source) >= packFrom {
		m.Data = pack(source)
		m.Header.Set(packedHeader, "deflate")
	}
	ack, err := s.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequencePerSubject(after))
	if errors.Is(err, nats.ErrMaxPayload) {
		return 0, ErrTooLarge
	}
	if err != nil {
		return 0, fmt.Errorf("write a version of a script: %w", err)
	}
	return ack.Sequence, nil
}

// oneLine keeps a header one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// List returns up to limit versions of a script, the newest first, without their texts: those before the
// number before, if that is not 0. more reports whether there are older ones. An unknown script has
// none.
func (s *Store) List(ctx context.Context, script Script, limit, before int) (page []Version, more bool, err error) {
	all, err := s.all(ctx, script)
	if err != nil {
		return nil, false, err
	}
	for _, h := range slices.Backward(all) {
		if before > 0 && h.N >= before {
			continue
		}
		if len(page) == limit {
			return page, true, nil
		}
		page = append(page, h.Version)
	}
	return page, false, nil
}

// Get returns a version with its text. Errors: [ErrNotFound].
func (s *Store) Get(ctx context.Context, script Script, n int) (Version, error) {
	all, err := s.all(ctx, script)
	if err != nil {
		return Version{}, err
	}
	at := slices.IndexFunc(all, func(h head) bool { return h.N == n })
	if at < 0 {
		return Version{}, ErrNotFound
	}
	m, err := s.stream.GetMsg(ctx, all[at].sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Version{}, ErrNotFound
	}
	if err != nil {
		return Version{}, fmt.Errorf("read a version of a script: %w", err)
	}
	v := all[at].Version
	v.Source = string(m.Data)
	if m.Header.Get(packedHeader) != "" {
		if v.Source, err = unpack(m.Data); err != nil {
			return Version{}, fmt.Errorf("read a version of a script: %w", err)
		}
	}
	return v, nil
}

const (
	// knownAfter is when all servers should have heard of a reading.
	knownAfter = 2 * time.Second
	// unknownPause is how long to wait before it is tried again.
	unknownPause = 20 * time.Millisecond
)

// forgetAfter is when the server forgets a reading whose node died.
const forgetAfter = 30 * time.Second

// all returns the versions of a script from the oldest on. It reads headers only.
func (s *Store) all(ctx context.Context, script Script) ([]head, error) {
	wrong := func(err error) ([]head, error) { return nil, fmt.Errorf("read the history of a script: %w", err) }
	c, err := s.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject:     s.subject(script),
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		HeadersOnly:       true,
		MemoryStorage:     true,
		InactiveThreshold: forgetAfter,
	})
	if err != nil {
		return wrong(err)
	}
	name := c.CachedInfo().Name
	// The server forgets it anyway; this is only sooner.
	defer func() { _ = s.stream.DeleteConsumer(context.WithoutCancel(ctx), name) }()
	var all []head
	known := time.Now().Add(knownAfter)
	for pending := c.CachedInfo().NumPending; pending > 0; {
		batch, err := c.FetchNoWait(MaxVersions)
		if err != nil {
			return wrong(err)
		}
		pending = 0
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return wrong(err)
			}
			all = append(all, head{versionOf(m.Headers()), meta.Sequence.Stream})
			pending = meta.NumPending
		}
		err = cmp.Or(batch.Error(), ctx.Err())
		if errors.Is(err, nats.ErrNoResponders) && len(all) == 0 && time.Now().Before(known) {
			// The reading is at another server, of which ours has not heard yet.
			time.Sleep(unknownPause)
			pending = c.CachedInfo().NumPending
			continue
		}
		if err != nil {
			return wrong(err)
		}
	}
	return all, nil
}

// versionOf reads what the headers of a message say.
func versionOf(h nats.Header) Version {
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(h.Get(name), 10, 64) // 0: written by nobody we know
		return n
	}
	return Version{
		N: int(number(numberHeader)), At: time.UnixMilli(number(atHeader)).UTC(), By: h.Get(byHeader), Note: h.Get(noteHeader),
		Bytes: int(number(bytesHeader)), ETag: h.Get(etagHeader),
	}
}

// isConflict reports that an append met another last version than expected.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

func pack(text string) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic(fmt.Sprintf("versions: %v", err)) // the level is a constant
	}
	_, _ = io.WriteString(w, text) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

func unpack(data []byte) (string, error) {
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), maxSource))
	return string(text), err
}
