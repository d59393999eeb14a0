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
	Overflow    string        `yaml:"overflow" default:"disconnect" doc:"What happens when a queue overflows: disconnect."`
	Grace       time.Duration `yaml:"grace" default:"5s" doc:"How long new messages of an overflowed queue are dropped before the socket is closed."`
}

// Defaults of Config; New puts them where it finds zero.
const (
	defaultMaxBytes    = 1 << 20
	defaultMaxMessages = 1024
	defaultGrace       = 5 * time.Second
	overflowDisconnect = "disconnect"
)

// Validate reports what is wrong with the settings. Zero values are fine, they mean defaults.
func (c Config) Validate() error {
	switch {
	case c.MaxBytes < 0:
		return fmt.Errorf("max_bytes is %d, it must be positive", c.MaxBytes)
	case c.MaxMessages < 0:
		return fmt.Errorf("max_messages is %d, it must be positive", c.MaxMessages)
	case c.Grace < 0:
		return fmt.Errorf("grace is %v, it must be positive", c.Grace)
	case c.Overflow != "" && c.Overflow != overflowDisconnect:
		return fmt.Errorf("overflow is %q, only %q is possible", c.Overflow, overflowDisconnect)
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
	return c
}

// Hub holds the sockets of this node. Safe for concurrent use.
type Hub struct {
	cfg     Config
	seed    maphash.Seed
	count   atomic.Int64
	figures figures
	events  *recent.Ring[*happening]
	shards  [shardCount]shard
}

// New makes an empty hub. Settings must satisfy [Config.Validate].
func New(cfg Config) *Hub {
	h := &Hub{cfg: cfg.withDefaults(), seed: maphash.MakeSeed(), events: newEvents()}
	for i := range h.shards {
		h.shards[i].init(h)
	}
	h.figures = newFigures(h, cfg.Metrics)
	return h
}

// Profile returns the profile the queues obey.
func (h *Hub) Profile() Profile { return h.cfg.Profile }

// OpenRequest describes a connection that wants to be a socket.
type OpenRequest struct {
	Key        string
	Service    string
	StatefulID string // "" for a volatile key
	User       User
	Handshake  *Handshake // nil: nothing is known
	Waker      Waker
}

func (r *OpenRequest) handshake() *Handshake {
	if r.Handshake == nil {
		return &Handshake{}
	}
	return r.Handshake
}

// Open registers a connection. A free key becomes a new socket without tags. The key of a live
// socket of the same user is taken over: see [Conn]. Errors: [ErrKeyTaken] when the socket
// belongs to another user, and one that wraps [ErrBadKey] when key, service and id do not fit.
func (h *Hub) Open(req OpenRequest) (*Conn, error) {
	service, id, stateful, err := ParseKey(req.Key)
	if err != nil {
		return nil, err
	}
	if service != req.Service || id != req.StatefulID {
		return nil, fmt.Errorf("%w: %q is not of service %q with id %q", ErrBadKey, req.Key, req.Service, req.StatefulID)
	}
	now := time.Now().UnixNano()
	sh := h.shard(req.Key)
	sh.mu.Lock()
	live := sh.byKey[req.Key]
	if live == nil {
		c := h.newSocket(&req, stateful, now)
		sh.add(c.socket)
		c.socket.happened(EventOpened, nil)
		sh.mu.Unlock()
		h.figures.opened.With(req.Service).Inc()
		return c, nil
	}
	if live.user.Load().ID != req.User.ID {
		sh.mu.Unlock()
		return nil, ErrKeyTaken
	}
	c, old, drain := live.takeOver(&req, now)
	sh.mu.Unlock()
	h.figures.takeovers.With(req.Service).Inc()
	h.figures.closed(takenOver)
	old.waker.Wake()
	if drain {
		c.waker.Wake()
	}
	return c, nil
}

func (h *Hub) newSocket(req *OpenRequest, stateful bool, now int64) *Conn {
	s := &Socket{
		hub:        h,
		key:        req.Key,
		serviceEnd: int32(len(keyPrefix) + len(req.Service)),
		stateful:   stateful,
		opened:     now,
		connected:  now,
	}
	user := req.User
	s.user.Store(&user)
	s.handshake.Store(req.handshake())
	s.conn = &Conn{socket: s, waker: req.Waker}
	return s.conn
}

// Get returns the socket with the key and whether there is one.
func (h *Hub) Get(key string) (*Socket, bool) {
	sh := h.shard(key)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	s, ok := sh.byKey[key]
	return s, ok
}

// Len returns the number of sockets.
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
		found = make([]*Socket, 0, h.Len())
	}
	for i := range h.shards {
		found = h.shards[i].selectInto(found, &f)
	}
	return found
}

func (h *Hub) shard(key string) *shard {
	return &h.shards[maphash.String(h.seed, key)%shardCount]
}
