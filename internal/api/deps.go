package api

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Errors a [Runner] returns for a run that did not begin; they may be wrapped.
var (
	// ErrNoAgent says that the app has no agent of that name: 404.
	ErrNoAgent = errors.New("no such agent")
	// ErrBadUser says that the id cannot be that of a user: 422.
	ErrBadUser = errors.New("not a user id")
	// ErrBusy says that too many runs are going on: 503.
	ErrBusy = errors.New("too many runs at once")
	// ErrStopping says that the server is being stopped: 503.
	ErrStopping = errors.New("the server is stopping")
)

// Deps are the rooms behind the API. All of them are called concurrently.
type Deps struct {
	Auth     Authenticator
	Keys     Keys
	Sockets  Sockets
	Runs     Runner
	RunList  RunList
	UserData UserDataStore
	Nodes    Nodes
	Scripts  Scripts
	Logs     Logs
	Checker  Checker
	Figures  Figures
	Metrics  *metrics.Registry // nil: nothing is counted
	Events   SocketEvents
	Traces   FrameTraces
	Tags     TagCounts
	Refusals Refusals
	Sources  Sources
	Users    Users    // nil: the server keeps none
	Sessions Sessions // nil with Users
}

// Authenticator says what a request may do.
type Authenticator interface {
	// Authenticate looks at the token of a request. An error that wraps [keys.ErrUnavailable] is
	// answered with 503, any other with 401; the texts of [keys.ErrUnknown] and [keys.ErrExpired] are
	// shown, and hold no secret.
	Authenticate(r *http.Request) (keys.Grant, error)
}

// Sockets are the sockets of all nodes; *cluster.Cluster has these methods. A key
// nobody holds gives [hub.ErrNotFound], a node that cannot be asked [hub.ErrNoAnswer] or
// [hub.ErrUnavailable].
type Sockets interface {
	// List returns a page of sockets, ordered by key; detached ones only if the
	// filter names $state. missing names the nodes that did not answer.
	List(ctx context.Context, q hub.ListQuery) (infos []hub.Info, more bool, missing []string, err error)
	// Local returns a socket of this node.
	Local(key string) (hub.Ref, bool)
	// Info describes a socket; ok is false if there is none, or it has ended.
	Info(ctx context.Context, ref hub.Ref) (info hub.Info, ok bool, err error)
	// Send queues a message and returns how many wait then; hub.ErrQueueFull if
	// it was dropped.
	Send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error)
	// SendMany queues one message for many sockets, passing over those that are
	// gone or full.
	SendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (hub.Delivery, error)
	// SendWhere queues one message for the sockets of all nodes that a filter chooses,
	// passing over those that are full; detached ones only if it names $state or is
	// one for sending ([hub.Filter.Reaching]).
	SendWhere(ctx context.Context, f hub.Filter, m *hub.Message, mode hub.Mode) (hub.Delivery, error)
	// PatchTags sets tags and removes those that are nil.
	PatchTags(ctx context.Context, ref hub.Ref, patch map[string]*string) (changed bool, err error)
	// Abort ends the socket at once.
	Abort(ctx context.Context, ref hub.Ref) error
}

// Scripts are the scripts of the app as it is now, ordered by name.
type Scripts interface {
	Services() []Script
	Agents() []Script
}

// Checker looks at sources without running them.
type Checker interface {
	// Check says what is wrong with a source, in the order of its lines. The request is valid.
	Check(CheckRequest) []Diagnostic
	// Bindings are the names scripts may use.
	Bindings() []Binding
}

// Logs are the lines all scripts write; *logs.Log has these methods.
type Logs interface {
	Follow(ctx context.Context, q logs.Query) iter.Seq[logs.Line]
	Last() uint64
}
