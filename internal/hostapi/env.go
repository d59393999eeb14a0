package hostapi

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Sockets are the open and detached sockets of all nodes. A key nobody holds gives [hub.ErrNotFound] or
// [hub.ErrClosed], a node that cannot be asked [hub.ErrNoAnswer] or [hub.ErrUnavailable].
type Sockets interface {
	// Select returns the sockets a filter chooses, of this node or of all; detached ones only if it
	// names $state. missing names the nodes that did not answer.
	Select(ctx context.Context, f hub.Filter, allNodes bool) (refs []hub.Ref, missing []string, err error)
	// Local returns a socket of this node.
	Local(key string) (hub.Ref, bool)
	// Send queues a message for one socket; it does not wait for the client.
	Send(ctx context.Context, key string, m *hub.Message, mode hub.Mode) (depth int, err error)
	// SendMany queues one message for many sockets, passing over those that are gone or full.
	SendMany(ctx context.Context, keys []string, m *hub.Message, mode hub.Mode) (hub.Delivery, error)
	// Info describes a socket; ok is false if it has ended.
	Info(ctx context.Context, ref hub.Ref) (info hub.Info, ok bool, err error)
	// Tags returns the tags of a socket: as they are now, or, of one of another node, as they were when it
	// was listed or changed last through the reference.
	Tags(ctx context.Context, ref hub.Ref) (hub.Tags, error)
	// ReplaceTags makes tags the whole set.
	ReplaceTags(ctx context.Context, ref hub.Ref, tags hub.Tags) error
	// PatchTags sets tags, removes those that are nil, and reports whether anything changed.
	PatchTags(ctx context.Context, ref hub.Ref, patch map[string]*string) (changed bool, err error)
	// Abort drops the connection at once.
	Abort(ctx context.Context, ref hub.Ref) error
}

// UserData are the values of tools_web.get_user_data and its kin; *userdata.Store has these methods
// and says what they do at the edges.
type UserData interface {
	Get(ctx context.Context, key string) (value json.RawMessage, ok bool, err error)
	Set(ctx context.Context, key string, value json.RawMessage, ttl time.Duration) error
	// GetRevision and Replace change a value only if nobody else has; Replace reports false where somebody has.
	GetRevision(ctx context.Context, key string) (value json.RawMessage, revision uint64, ok bool, err error)
	Replace(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, revision uint64) (bool, error)
	Delete(ctx context.Context, key string) (bool, error)
	DeletePrefix(ctx context.Context, prefix string) (int, error)
	// Join and Leave take when the socket was opened: see openedAt.
	Join(ctx context.Context, key, personID, socketID string, opened time.Time, ttl time.Duration) error
	Leave(ctx context.Context, key, socketID string, opened time.Time) (int, error)
}

// Libraries are the code libraries as the run sees them.
type Libraries interface {
	// Call calls a method of a library within the run.
	Call(r *basescript.Run, code, method string, args []basescript.Value) (basescript.Value, error)
	// Program returns a library by its code. The error says why there is none.
	Program(code string) (*basescript.Program, error)
	// Namespace returns the V2 files of the app that share a namespace, in a fixed order.
	Namespace(name string) []*basescript.Program
	// Has reports whether there is such a method; a library that does not compile has none.
	Has(code, method string) bool
	// ClientCallable reports whether there is such a method whose author lets clients call it, with the
	// directive META:ALLOW-CALL-FROM-CLIENT:1 at the start of its body (spec/basescript.md 1.13).
	ClientCallable(code, method string) bool
}

// Renewer lets a socket stay whose user has brought a new token. Safe for concurrent use.
type Renewer interface {
	// Renew has the socket go on as long as the token holds. A [TokenError] says that the token is no
	// good; any other error that nobody can say now.
	Renew(ctx context.Context, key, token string) error
}

// TokenError is why a token is not taken, for who has sent it; the token is no part of it.
type TokenError string

func (e TokenError) Error() string { return string(e) }

// Sources are the script files of the app, also those that are no service, library or agent. Safe for
// concurrent use.
type Sources interface {
	// Text returns the text of a file and its address; url may be relative to the script at the
	// address from. A missing file wraps [fs.ErrNotExist].
	Text(url, from string) (text, address string, err error)
}

// HTTP carries the requests of scripts to other servers. It is asked anew for every hop of a redirect
// and refuses what may not be asked; *egress.Transport is one.
type HTTP = http.RoundTripper

// Files are the files scripts reach: *files.Tree has these methods and says what they do at the edges.
// A name is an address or a path. Absent files give errors that wrap [fs.ErrNotExist].
type Files interface {
	Open(name string) (f io.ReadCloser, size int64, err error)
	Stat(name string) (fs.FileInfo, error)
	List(name string, asURL bool) ([]string, error)
	Write(name string, data io.Reader) error
	MakeFolder(name string, parents bool) error
	Remove(name string) error
	RemoveFolder(name string) error
	Move(from, to string) error
	// TempURL returns the address of a file that does not exist.
	TempURL(suffix string) (string, error)
	// URL and Path turn paths into addresses and back.
	URL(path, base string) (string, error)
	Path(url string) (string, error)
	AppFolder() string
	ScratchFolder() string
	// Zip and Unzip call work before each piece of work, with its bytes, and end with its error.
	Zip(archive string, items []string, base string, work func(bytes int) error) error
	Unzip(archive, folder string, work func(bytes int) error) error
}

// NamedLogs are the logs scripts open by name, for all runs; *logs.Named has these methods.
type NamedLogs interface {
	// Enable opens a log; options are those of EnableLogExt, "" for the usual. The error says what is
	// wrong with the name or the options.
	Enable(name, options string) error
	// Disable closes a log. One that is not open stays so.
	Disable(name string)
	Enabled(name string) bool
	// Write appends a line of a run to the file of a log that is open. It does not fail: what cannot be
	// written is the operator's business, not the script's.
	Write(name string, thread int, text string)
}

// Log takes the lines a run writes. text may be kept.
type Log interface {
	Line(text string, isError bool)
}

// Settings are what all runs of a server share.
type Settings struct {
	// Profile is the version of the original that is imitated.
	Profile hub.Profile
	// SilentErrors and ClientTagsWin are compat.silent_errors and compat.client_tags_win.
	SilentErrors  bool
	ClientTagsWin bool
	// MayCall says which methods clients may call with call_method, beside those whose libraries let
	// them; nil means none. CallAny lets them call all there are: a development server without a list.
	MayCall func(library, method string) bool
	CallAny bool
	// Refused is told of what a client of a service asked for and may not have: what is one of the Refused constants;
	// nil: nobody is told. It is called while the script runs.
	Refused func(e *Env, what, detail string)
	// Logs are the named logs scripts have opened.
	Logs NamedLogs
	// Code holds what runs have compiled of files; nil: they cannot load any.
	Code *CodeCache
	// Shared is what runs have in common.
	Shared *Shared
	// AppConfig is what scripts find in AppConfig, beside what is there always.
	AppConfig map[string]string
	// RequestTimeout bounds a request to another server, its answer included; 0 means 30 s.
	RequestTimeout time.Duration
}

// Hook is the function of a service a run calls.
type Hook uint8

// The hooks of a service (spec/websocket.md A.2). An agent's run has none.
const (
	HookNone Hook = iota
	HookOpen
	HookProcess
	HookClose
)

// Env is what one run knows. The engine fills the exported fields before the run begins and does not
// touch them afterwards.
type Env struct {
	Settings  *Settings
	Sockets   Sockets
	UserData  UserData
	Libraries Libraries
	Sources   Sources
	Stubs     Stubs
	Agents    Agents
	Storage   Storage
	Files     Files   // nil: the run reaches no files
	HTTP      HTTP    // nil: the run reaches no other servers
	Renewer   Renewer // nil: there are no tokens
	Log       Log
	User      hub.User
	// ThreadNumber is the number of the run in logs.
	ThreadNumber int

	// Of a service's run: the hook, the socket, the handshake of its connection, and the message or
	// the reason of the end.
	Hook      Hook
	Socket    hub.Ref
	Handshake *hub.Handshake
	Message   string
	Closed    hub.Reason

	// Params are the parameters of an agent's run, ObjectID and ObjectIDs what it was started for ("" for
	// nothing). Thread is set in the run of a thread.
	Params              map[string]string
	ObjectID, ObjectIDs string
	Thread              *ThreadStart

	// Objects of the run, made when a script first asks for them, so that each is one and the same.
	request, session, query, header basescript.Value
	params, appConfig, curUser      basescript.Value
	current, assembly, form         basescript.Value
	columns, sort                   basescript.Value
	response                        responseState
	ofSession                       *runSession
	// locks counts the locks made at the top level of scripts, by address.
	locks map[string]int

	// opened are the libraries scripts of the run have loaded from files.
	opened openedLibraries

	// sent is the message sent last, with the text and the conflate key it was made of: the same text
	// sent to many sockets, one by one, is encoded once.
	sent              *hub.Message
	sentText, sentKey string
}

func envOf(r *basescript.Run) *Env { return r.Host().(*Env) }

// Held implements [basescript.Holder].
func (e *Env) Held(visit func(basescript.Value)) int64 {
	for _, v := range []basescript.Value{e.request, e.session, e.query, e.header, e.params, e.appConfig, e.curUser, e.form, e.columns, e.sort, e.response.contentType, e.response.writeMode} {
		visit(v)
	}
	return 0
}

// IsService reports whether the run is a call of a service.
func (e *Env) IsService() bool { return e.Hook != HookNone }

// once returns the object in slot, making it the first time.
func once(slot *basescript.Value, build func() basescript.Value) basescript.Value {
	if slot.IsUndefined() {
		*slot = build()
	}
	return *slot
}
