package hub

import (
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/recent"
)

// Config holds the settings of the hub.
type Config struct {
	Profile Profile `yaml:"-"`
	Node    string  `yaml:"-"`
	// Metrics counts what happens; nil: nothing does.
	Metrics *metrics.Registry `yaml:"-"`

	MaxBytes    int           `yaml:"max_bytes" default:"1048576" doc:"Most bytes that may wait in the queue of one socket."`
	MaxMessages int           `yaml:"max_messages" default:"1024" doc:"Most messages that may wait in the queue of one socket."`
	MaxTotal    int64         `yaml:"max_total_bytes" default:"1GiB" doc:"Most bytes that may wait in the queues of all sockets; a message in several queues counts once. Beyond it what is queued for a socket that has more than 4 KiB waiting counts as an overflow of its queue."`
	Overflow    string        `yaml:"overflow" default:"disconnect" doc:"What happens when a queue overflows: disconnect, drop-oldest or conflate."`
	Grace       time.Duration `yaml:"grace" default:"5s" doc:"How long new messages of an overflowed queue are dropped before the socket is closed."`

	// OverflowOf returns the policy of a service, "" where it has none of its own; nil: none has.
	OverflowOf func(service string) string `yaml:"-"`
	// ResumeWindow is how long a stateful socket outlives its connection; 0: it ends with it.
	ResumeWindow time.Duration `yaml:"-"`
	// RefuseLiveID makes a second connection with a live id end both, and keeps nothing of a
	// socket whose connection broke, as the original does (spec/websocket.md A.7).
	RefuseLiveID bool `yaml:"-"`
	// Limits bound the open sockets.
	Limits Limits `yaml:"-"`
}

// Defaults of Config; New puts them where it finds zero.
const (
	defaultMaxBytes    = 1 << 20
	defaultMaxMessages = 1024
	defaultMaxTotal    = 1 << 30
	defaultGrace       = 5 * time.Second
)

// Policies on the overflow of a queue (design: "Delivery").
const (
	// OverflowDisconnect drops new messages for the grace time, then closes with 1013.
	OverflowDisconnect = "disconnect"
	// OverflowDropOldest drops the messages that have waited longest.
	OverflowDropOldest = "drop-oldest"
	// OverflowConflate drops messages for which a newer one with the same conflate key waits. What
	// does not fit even then is dealt with as by OverflowDisconnect.
	OverflowConflate = "conflate"
)

// CheckOverflow says what is wrong with the name of a policy.
func CheckOverflow(name string) error {
	switch name {
	case OverflowDisconnect, OverflowDropOldest, OverflowConflate:
		return nil
	}
	return fmt.Errorf("is %q, it must be %s, %s or %s", name, OverflowDisconnect, OverflowDropOldest, OverflowConflate)
}

// Validate reports what is wrong with the settings. Zero values are fine, they mean defaults.
func (c Config) Validate() error {
	switch {
	case c.MaxBytes < 0:
		return fmt.Errorf("max_bytes is %d, it must be positive", c.MaxBytes)
	case c.MaxMessages < 0:
		return fmt.Errorf("max_messages is %d, it must be positive", c.MaxMessages)
	case c.Grace < 0:
		return fmt.Errorf("grace is %v, it must be positive", c.Grace)
	case c.MaxTotal < 0:
		return fmt.Errorf("max_total_bytes is %d, it must be positive", c.MaxTotal)
	case c.ResumeWindow < 0:
		return fmt.Errorf("the resume window is %v, it must not be negative", c.ResumeWindow)
	case c.Overflow != "":
		if err := CheckOverflow(c.Overflow); err != nil {
			return fmt.Errorf("overflow %w", err)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Profile == 0 {
		c.Profile = Profile124
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.MaxMessages == 0 {
		c.MaxMessages = defaultMaxMessages
	}
	if c.Grace == 0 {
		c.Grace = defaultGrace
	}
	if c.MaxTotal == 0 {
		c.MaxTotal = defaultMaxTotal
	}
	if c.Overflow == "" {
		c.Overflow = OverflowDisconnect
	}
	if c.RefuseLiveID {
		c.ResumeWindow = 0
	}
	return c
}

// overflow returns the policy of a service.
func (c *Config) overflow(service string) string {
	if c.OverflowOf != nil {
		if policy := c.OverflowOf(service); policy != "" {
			return policy
		}
	}
	return c.Overflow
}

// Hub holds the sockets of this node. Safe for concurrent use.
type Hub struct {
	cfg       Config
	seed      maphash.Seed
	count     atomic.Int64              // open sockets
	held      atomic.Int64              // bytes of all messages that wait, see queue.push
	frozen    atomic.Pointer[time.Time] // since when no window ends any more; nil: they do
	opened    atomic.Int64              // when the newest socket was opened, unix nanoseconds
	crowd     crowd
	losses    lossNotes
	followers followers
	figures   figures
	events    *recent.Ring[*happening]
	shards    [shardCount]shard
}

// New makes an empty hub. Settings must satisfy [Config.Validate].
func New(cfg Config) *Hub {
	h := &Hub{cfg: cfg.withDefaults(), seed: maphash.MakeSeed(), events: newEvents()}
	h.crowd.limits = h.cfg.Limits
	for i := range h.shards {
		h.shards[i].init(h)
	}
	h.figures = newFigures(h, cfg.Metrics)
	return h
}

// Profile returns the profile the queues obey.
func (h *Hub) Profile() Profile { return h.cfg.Profile }

// Node returns the name of the node whose sockets these are.
func (h *Hub) Node() string { return h.cfg.Node }

// OpenRequest describes a connection that wants to be a socket.
type OpenRequest struct {
	Key        string
	Service    string
	StatefulID string // "" for a volatile key
	User       User
	Handshake  *Handshake // nil: nothing is known
	Waker      Waker
	// Tags are what a new socket begins with, within the limits of [Tags.Check]. They count for a free key only:
	// a socket that is taken over or resumed has its own, but for those that the handshake grants.
	Tags Tags
	// NodeLost says that another node had the socket and is gone: what waited there is announced to the client
	// as lost, in an unknown number. It counts for a free key only.
	NodeLost bool
	// Durable says that what waits for the socket is kept elsewhere; see [Socket.Durable]. It counts for a free
	// key only.
	Durable bool
}

func (r *OpenRequest) handshake() *Handshake {
	if r.Handshake == nil {
		return &Handshake{}
	}
	return r.Handshake
}

// Open registers a connection. A free key becomes a new socket. The key of a socket of
// the same user gets this connection: an open one is taken over, a detached one resumed; see
// [Conn]. Errors: [ErrKeyTaken] when the socket belongs to another user, [ErrKeyLive] when it is
// open and that is not allowed, [ErrMoving] while it is handed over to another node, one that wraps [ErrLimit] when there would be too many open
// sockets, and one that wraps [ErrBadKey] when key, service and id do not fit.
func (h *Hub) Open(req OpenRequest) (*Conn, error) {
	service, id, stateful, err := ParseKey(req.Key)
	if err != nil {
		return nil, err
	}
	if service != req.Service || id != req.StatefulID {
		return nil, fmt.Errorf("%w: %q is not of service %q with id %q", ErrBadKey, req.Key, req.Service, req.StatefulID)
	}
	sh := h.shard(req.Key)
	sh.mu.Lock()
	socket := sh.byKey[req.Key]
	if socket == nil {
		c, wake, err := h.openNew(sh, &req, stateful)
		sh.mu.Unlock()
		if wake != nil {
			wake.Wake()
		}
		return c, err
	}
	if socket.user.Load().ID != req.User.ID {
		sh.mu.Unlock()
		return nil, ErrKeyTaken
	}
	if h.cfg.RefuseLiveID {
		sh.mu.Unlock()
		socket.CloseWith(Reason{Code: CodeLost, Text: "a second connection brought the id", Abort: true})
		return nil, ErrKeyLive
	}
	c, wake, err := socket.giveTo(&req, sh)
	sh.mu.Unlock()
	for _, w := range wake {
		w.Wake()
	}
	return c, err
}

// openNew registers a socket under a free key. It returns who is to be woken because there is
// something to announce, nil if not. Called with the lock of the shard held.
func (h *Hub) openNew(sh *shard, req *OpenRequest, stateful bool) (*Conn, Waker, error) {
	if err := h.crowd.admit(req.User.ID, req.handshake().RemoteAddr); err != nil {
		return nil, nil, err
	}
	now := h.openingTime()
	s := &Socket{
		hub:        h,
		key:        req.Key,
		serviceEnd: int32(len(keyPrefix) + len(req.Service)),
		stateful:   stateful,
		opened:     now,
		connected:  now,
		durable:    req.Durable,
	}
	user := req.User
	s.user.Store(&user)
	s.handshake.Store(req.handshake())
	s.tags.Store(req.Tags.set)
	s.conn = &Conn{socket: s, waker: req.Waker, fresh: true}
	var wake Waker
	if missed := h.losses.take(req.Key, req.User.ID); missed != 0 {
		s.queue.loss().note(lossExpired, missed)
	}
	if req.NodeLost {
		s.queue.loss().note(lossNode, MissedUnknown)
	}
	wake = s.startDrain()
	sh.add(s)
	s.happened(EventOpened, nil, StateOpen)
	s.changed(ChangeAttached)
	h.figures.opened.With(req.Service).Inc()
	return s.conn, wake, nil
}

// openingTime is now, in unix nanoseconds, but later than the time of any other socket of this hub: it
// tells sockets apart that have had the same key, also where the clock is coarse or was set back.
func (h *Hub) openingTime() int64 {
	return h.openingFrom(func(last int64) int64 { return max(time.Now().UnixNano(), last+1) })
}

// openingFrom replaces the time of the newest socket by what next makes of it.
func (h *Hub) openingFrom(next func(last int64) int64) int64 {
	for {
		last := h.opened.Load()
		if now := next(last); h.opened.CompareAndSwap(last, now) {
			return now
		}
	}
}

// Get returns the socket with the key, open or detached, and whether there is one.
func (h *Hub) Get(key string) (*Socket, bool) {
	sh := h.shard(key)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	s, ok := sh.byKey[key]
	return s, ok
}

// Len returns the number of open sockets.
func (h *Hub) Len() int { return int(h.count.Load()) }

// Select returns the sockets that match, in no particular order. Each was registered and
// matched at some moment during the call. The cost is that of the smallest index list that one
// of the conditions names: a filter costs what it returns, except one that only asks for absent
// tags, which looks at every socket.
func (h *Hub) Select(f Filter) []*Socket {
	if f.hopeless(h.cfg.Node) {
		return nil
	}
	var found []*Socket
	if len(f.conds) == 0 {
		found = make([]*Socket, 0, max(h.Len(), 0))
	}
	for i := range h.shards {
		found = h.shards[i].selectInto(found, &f)
	}
	return found
}

func (h *Hub) shard(key string) *shard {
	return &h.shards[maphash.String(h.seed, key)%shardCount]
}
