package userdata

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Config says where a store keeps its values. The zero value is ready to use.
type Config struct {
	// Bucket is the name of the key-value bucket; "userdata" if empty. It is made
	// when it does not exist.
	Bucket string
	// MaxBytes is the largest value, or the largest member of a recipients list, in bytes
	// of JSON; 1 MiB if zero. The NATS server's own limit of a message has to leave room for 8 KiB more.
	MaxBytes int
	// TotalBytes is how large the whole bucket may grow on disk; 1 GiB if zero. What
	// does not fit any more is [ErrFull].
	TotalBytes int64
	// Replicas is how many servers of a NATS cluster keep the bucket; one if zero.
	Replicas int
	// Sole says that nobody else writes to the bucket: then values read lately are
	// remembered.
	Sole bool
	// Metrics counts operations; nil: nothing does.
	Metrics *metrics.Registry
	// Opened tells when the socket was opened that has an id now, the zero time if none
	// has. No two sockets with the same id have the same. Nil: it is never known.
	Opened func(socketID string) time.Time
	// CollectSlack is how long after its end NATS keeps a value, for clocks that differ; a
	// minute if zero. MarkerLife is how long the trace of one that is gone stays; an hour
	// if zero.
	CollectSlack, MarkerLife time.Duration
	// Clock tells what time it is for expiry; time.Now if nil.
	Clock func() time.Time
}

const (
	defaultBucket   = "userdata"
	defaultMaxBytes = 1 << 20
	defaultTotal    = 1 << 30

	// defaultMarkerLife is how long the trace of a removal stays in the bucket, for
	// nodes that were away and would otherwise keep what is gone.
	defaultMarkerLife = time.Hour
	// defaultSlack keeps NATS from collecting a value before this store's clock,
	// which may be behind the server's, says that it expired.
	defaultSlack = time.Minute
	// maxCollect is the longest TTL given to NATS. What lives longer is never
	// collected, only checked.
	maxCollect = 50 * 365 * 24 * time.Hour
)

// Headers of the messages of the bucket.
const (
	expiresHeader = "Tutorsocket-Expires" // unix milliseconds; absent: never
	keyHeader     = "Tutorsocket-Key"     // the escaped key, where the token holds only a part of it
)

// Store keeps JSON values and recipients lists under text keys. Its methods are
// safe for concurrent use; after Close they return [ErrClosed] or an error of the
// connection.
type Store struct {
	js       jetstream.JetStream
	stream   jetstream.Stream
	prefix   string // of all subjects: "$KV.<bucket>."
	maxBytes int
	clock    func() time.Time
	slack    time.Duration // Config.CollectSlack
	marker   time.Duration // Config.MarkerLife
	opened   func(socketID string) time.Time
	figures  figures

	lines      lines
	memory     memory
	directGet  string // subject of a read, without that of the message
	leaderGet  string // subject of a read by the leader of the stream
	fromLeader bool
	reached    func(stream string, sequence uint64) // told before the caller that a write is stored; may be nil

	mirror *mirror
	stop   context.CancelFunc // ends the mirror's feed
}

// Open makes the bucket if need be and returns once all recipients lists are in
// memory. ctx bounds the opening only. The caller closes the store before the
// connection under js. Where js has a method Reached( stream, sequence ) it is called
// for each write that was stored, before the caller hears of it.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Store, error) {
	if cfg.Bucket == "" {
		cfg.Bucket = defaultBucket
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	if cfg.TotalBytes <= 0 {
		cfg.TotalBytes = defaultTotal
	}
	cfg.CollectSlack, cfg.MarkerLife = cmp.Or(cfg.CollectSlack, defaultSlack), cmp.Or(cfg.MarkerLife, defaultMarkerLife)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Opened == nil {
		cfg.Opened = func(string) time.Time { return time.Time{} }
	}
	stream, err := js.CreateOrUpdateStream(ctx, bucketConfig(cfg))
	if err != nil {
		return nil, fmt.Errorf("open user data bucket %q: %w", cfg.Bucket, err)
	}
	kv, err := js.KeyValue(ctx, cfg.Bucket)
	if err != nil {
		return nil, fmt.Errorf("open user data bucket %q: %w", cfg.Bucket, err)
	}
	s := &Store{
		js:       js,
		stream:   stream,
		prefix:   "$KV." + cfg.Bucket + ".",
		maxBytes: cfg.MaxBytes,
		clock:    cfg.Clock,
		slack:    cfg.CollectSlack,
		marker:   cfg.MarkerLife,
		opened:   cfg.Opened,
		figures:  newFigures(cfg.Bucket, cfg.Metrics),
		mirror:   newMirror(),
	}
	s.lines.nc, s.lines.ended = js.Conn(), s.mirror.done
	api := strings.TrimSuffix(cmp.Or(js.Options().APIPrefix, jetstream.DefaultAPIPrefix), ".") + "."
	s.directGet, s.leaderGet = api+"DIRECT.GET.KV_"+cfg.Bucket+".", api+"STREAM.MSG.GET.KV_"+cfg.Bucket
	s.fromLeader = cfg.Replicas > 1
	s.memory.on = cfg.Sole
	if noting, ok := js.(interface{ Reached(string, uint64) }); ok {
		s.reached = noting.Reached
	}
	feed, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	if err := s.mirror.start(ctx, feed, kv); err != nil {
		s.Close()
		return nil, fmt.Errorf("read recipients lists of bucket %q: %w", cfg.Bucket, err)
	}
	return s, nil
}

// bucketConfig is a key-value bucket as the client of NATS would make one, that takes
// batches besides.
func bucketConfig(cfg Config) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:                   "KV_" + cfg.Bucket,
		Description:            "user data of tutorsocket scripts",
		Subjects:               []string{"$KV." + cfg.Bucket + ".>"},
		MaxMsgsPerSubject:      1,
		MaxMsgs:                -1,
		MaxConsumers:           -1,
		MaxBytes:               cfg.TotalBytes,
		MaxMsgSize:             -1,
		Discard:                jetstream.DiscardNew,
		Storage:                jetstream.FileStorage,
		Replicas:               max(cfg.Replicas, 1),
		AllowRollup:            true,
		DenyDelete:             true,
		AllowDirect:            true,
		AllowMsgTTL:            true,
		SubjectDeleteMarkerTTL: cfg.MarkerLife,
		AllowAtomicPublish:     true,
	}
}

// Close ends the store's goroutine and waits for it. It may be called again. The
// connection stays open, it is the caller's.
func (s *Store) Close() {
	s.stop()
	<-s.mirror.done
	s.lines.close()
}

// Get returns the value of a key; ok is false when there is none or it expired.
// A recipients list comes as {"result":[{"person_id":"…","socket_id":"…"}]}, its
// members in the order they joined; an empty list is absent. The caller may keep
// the value and must not modify it. Errors: [ErrBadKey], [ErrClosed].
func (s *Store) Get(ctx context.Context, key string) (value json.RawMessage, ok bool, err error) {
	v, ok, err := s.Look(ctx, key)
	return v.JSON, ok, err
}

// Value is what a key holds.
type Value struct {
	JSON    json.RawMessage
	Expires time.Time // zero: never
	// Revision is another one after each write; 0 for a recipients list, which has none.
	Revision uint64
}

// Look is [Store.Get] with what else is known of the value.
func (s *Store) Look(ctx context.Context, key string) (value Value, ok bool, err error) {
	defer s.figures.done(opRead, &err)
	return s.look(ctx, key)
}

// look is Look, for an operation that counts as another.
func (s *Store) look(ctx context.Context, key string) (value Value, ok bool, err error) {
	if err := checkKey(key); err != nil {
		return Value{}, false, err
	}
	list, err := s.mirror.assemble(key, s.clock())
	if err != nil || list != nil {
		token, _ := encodeKey(key)
		return Value{JSON: list, Expires: s.mirror.head(token).expires()}, list != nil, err
	}
	v, err := s.readPlain(ctx, key)
	if err != nil {
		return Value{}, false, fmt.Errorf("get user data %q: %w", key, err)
	}
	return Value{JSON: v.data, Expires: v.expires, Revision: v.revision}, v.data != nil, nil
}

// Set stores a value for ttl; 0 means until it is removed. It replaces whatever
// the key held. A value {"result":[…]} for a key that ends in "_recipients", each
// item with person_id and socket_id, becomes a list that others can join; items of
// a socket that is there already are dropped, and an empty result removes the
// list. Errors: [ErrBadKey], [ErrBadValue], [ErrBadTTL], [ErrTooLarge],
// [ErrFull], [ErrClosed].
func (s *Store) Set(ctx context.Context, key string, value json.RawMessage, ttl time.Duration) error {
	_, err := s.SetIf(ctx, key, value, ttl, nil)
	return err
}

func (s *Store) checkSet(key string, value json.RawMessage, ttl time.Duration) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if ttl < 0 {
		return ErrBadTTL
	}
	most := s.maxBytes
	if strings.HasSuffix(key, recipientsSuffix) { // its members are stored one by one, if it is a list
		most = MaxList
	}
	if err := checkSize(value, most); err != nil {
		return err
	}
	if !json.Valid(value) {
		return ErrBadValue
	}
	return nil
}

// MaxList is the largest recipients list that can be stored as one value, in bytes of
// JSON. Joins may make it larger.
const MaxList = 32 << 20

func checkSize(value []byte, most int) error {
	if len(value) > most {
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrTooLarge, len(value), most)
	}
	return nil
}

// Delete removes a key, value or list, and reports whether it held anything that
// had not expired. Errors: [ErrBadKey], [ErrClosed].
func (s *Store) Delete(ctx context.Context, key string) (bool, error) {
	return s.DeleteIf(ctx, key, nil)
}

// readPlain returns the plain value of a key; data is nil when there is none.
func (s *Store) readPlain(ctx context.Context, key string) (record, error) {
	token, _ := encodeKey(key)
	r, err := s.read(ctx, "d."+token)
	if err != nil || r.expired(s.clock()) {
		r.data = nil
	}
	return r, err
}

// writePlain stores a plain value and returns its revision. With after it must
// replace that revision, or isConflict tells of the error.
func (s *Store) writePlain(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, after *uint64) (uint64, error) {
	token, whole := encodeKey(key)
	w := write{subject: "d." + token, data: value, expires: s.expiry(ttl), after: after}
	if !whole {
		w.key = escape(key)
	}
	return s.publish(ctx, w)
}

func (s *Store) dropPlain(ctx context.Context, key string) (bool, error) {
	token, _ := encodeKey(key)
	r, err := s.read(ctx, "d."+token)
	if err != nil || r.data == nil {
		return false, err
	}
	_, err = s.remove(ctx, "d."+token, 0)
	return err == nil && !r.expired(s.clock()), err
}

// expiry is the moment something stored now with this time to live ends; the
// zero time if it does not.
func (s *Store) expiry(ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return s.clock().Add(ttl)
}

// isConflict reports that a compare-and-set met another revision than expected.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// translate gives errors of the connection the names callers know.
func translate(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && strings.Contains(api.Description, "maximum bytes exceeded"):
		return ErrFull
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w for the NATS server: raise its max_payload", ErrTooLarge)
	case errors.Is(err, nats.ErrConnectionClosed):
		return fmt.Errorf("%w: %w", ErrClosed, err)
	case unreachable(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	default:
		return err
	}
}

// unreachable reports whether nobody answered who could know: no connection, no leader, or only silence.
func unreachable(err error) bool {
	for _, known := range []error{
		nats.ErrReconnectBufExceeded, nats.ErrDisconnected, nats.ErrNoResponders, nats.ErrTimeout, nats.ErrConnectionReconnecting,
		jetstream.ErrNoStreamResponse, context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == noLeader
}

// noLeader is what JetStream answers while its servers elect one.
const noLeader = 10008

// tokenMayHavePrefix reports whether a token may stand for a key with this prefix. A
// shortened token keeps only the beginning of a long key, so it may say yes too
// often.
func tokenMayHavePrefix(token, escapedPrefix string) bool {
	if head, _, shortened := strings.Cut(token, hashMark); shortened {
		return strings.HasPrefix(escapedPrefix, head) || strings.HasPrefix(head, escapedPrefix)
	}
	return strings.HasPrefix(token, escapedPrefix)
}
