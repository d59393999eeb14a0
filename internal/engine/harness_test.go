package engine_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an engine with an app, a hub and no network.
type world struct {
	*testing.T
	engine *engine.Engine
	hub    *hub.Hub
	data   *memoryData
	logs   *logs.Log
	app    *app.App
	dir    string
}

// setup says how a world differs from the usual.
type setup struct {
	files    map[string]string // an app folder; nil means the sample app
	profile  hub.Profile
	config   engine.Config
	settings hostapi.Settings
	renewer  hostapi.Renewer
	sources  bool          // scripts may read files of the app
	window   time.Duration // how long sockets outlive their connections; 0: not
	quota    engine.Quota  // is told of what scripts work; nil: nobody is
}

func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	w := &world{T: t, data: &memoryData{}, logs: logs.New(logs.Config{}, nil, nil)}
	if s.profile == 0 {
		s.profile = hub.Profile124
	}
	if s.files != nil {
		w.dir = t.TempDir()
		for name, text := range s.files {
			w.write(name, text)
		}
	}
	var err error
	if w.app, err = app.Load(app.Config{Dir: w.dir, Globals: hostapi.Globals()}); err != nil {
		t.Fatal(err)
	}
	w.hub = hub.New(hub.Config{Profile: s.profile, Node: "n1", ResumeWindow: s.window})
	s.settings.Profile = s.profile
	if s.settings.MayCall == nil {
		s.settings.MayCall = func(string, string) bool { return true }
	}
	deps := engine.Deps{Apps: w.app.Snapshot, Sockets: cluster.New(w.hub), UserData: w.data, Logs: w.logs, Settings: s.settings, Renewer: s.renewer, Quota: s.quota}
	if s.sources {
		deps.Sources = w.app
	}
	w.engine = engine.New(s.config, deps)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.engine.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return w
}

func (w *world) write(name, text string) {
	w.Helper()
	file := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
}

// client is a connection without a network: what its queue hands out are the frames it gets.
type client struct {
	w    *world
	conn *hub.Conn
	*hub.Socket
}

type noWaker struct{}

func (noWaker) Wake() {}

// administrator is who clients of tests are.
var administrator = hub.User{ID: engine.AdministratorID, Login: "user1", Name: "Administrator", Admin: true}

// otherUser is somebody else.
var otherUser = hub.User{ID: "77", Login: "anna", Name: "Anna"}

// connect opens a socket without calling hooks; id "" gives a volatile key.
func (w *world) connect(service, id string) *client {
	w.Helper()
	return w.connectAs(administrator, service, id)
}

func (w *world) connectAs(user hub.User, service, id string) *client {
	w.Helper()
	return w.connectWith(user, service, id, &hub.Handshake{})
}

// connectWith fills in what the handshake says of the request.
func (w *world) connectWith(user hub.User, service, id string, h *hub.Handshake) *client {
	w.Helper()
	key, url := hub.NewVolatileKey(service, 0), "/services/"+service
	if id != "" {
		key, url = hub.BuildKey(service, id), url+"?X-StatefulSocketId="+id+"&lang=ru%20RU"
	}
	h.Method, h.URL, h.Host, h.RemoteAddr = "GET", url, "example.com:8080", "10.1.2.3:4567"
	h.Header = "Accept-Language: ru\r\nUser-Agent: test\r\n"
	conn, err := w.hub.Open(hub.OpenRequest{
		Key: key, Service: service, StatefulID: id, User: user, Waker: noWaker{}, Handshake: h, Tags: hub.NewTags(h.Granted),
	})
	if err != nil {
		w.Fatal(err)
	}
	return &client{w: w, conn: conn, Socket: conn.Socket()}
}

// say sends a message to the service and returns the frames that are there then.
func (c *client) say(text string) []string {
	c.w.Helper()
	if err := c.w.engine.Message(c.w.Context(), c.Socket, text); err != nil {
		c.w.Logf("process: %v", err)
	}
	return c.frames()
}

// frames returns what waits for the client.
func (c *client) frames() []string {
	var frames []string
	var batch hub.Batch
	for c.conn.Next(&batch) == hub.DutyWrite {
		for out := range batch.Frames() {
			frames = append(frames, strings.Join(slices.Collect(out.Parts()), ""))
		}
	}
	return frames
}

// end ends the connection and calls the hook.
func (c *client) end(reason hub.Reason) {
	if final, end := c.conn.Ended(reason); end == hub.EndGone {
		c.w.engine.Closed(c.Socket, final)
	}
}

// lines returns the texts logged so far.
func (w *world) lines() []string {
	var texts []string
	for line := range w.allLines() {
		texts = append(texts, line.Text)
	}
	return texts
}

func (w *world) allLines() func(func(logs.Line) bool) {
	return func(yield func(logs.Line) bool) {
		last := w.logs.Last()
		if last == 0 {
			return
		}
		for line := range w.logs.Follow(w.Context(), logs.Query{}) {
			if !yield(line) || line.Seq == last {
				return
			}
		}
	}
}

// run runs a source and returns what it logged.
func (w *world) run(source string) ([]string, engine.Outcome) {
	w.Helper()
	var texts []string
	outcome, err := w.engine.Run(w.Context(), engine.RunRequest{Source: source, OnLine: func(l logs.Line) { texts = append(texts, l.Text) }})
	if err != nil {
		w.Fatal(err)
	}
	return texts, outcome
}

// agent runs an agent of the app, which must succeed, and returns what it logged.
func (w *world) agent(name string) []string {
	w.Helper()
	var texts []string
	outcome, err := w.engine.Run(w.Context(), engine.RunRequest{Agent: name, OnLine: func(l logs.Line) { texts = append(texts, l.Text) }})
	if err != nil || !outcome.OK {
		w.Fatalf("agent %s: %v %s", name, err, outcome.Error)
	}
	return texts
}

func (w *world) want(what string, got, want []string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// memoryData is user data without a store behind it.
type memoryData struct {
	mu     sync.Mutex
	values map[string]json.RawMessage
	ttls   map[string]time.Duration
	lists  map[string][]map[string]string
	fail   error // returned by everything, if set
}

func (d *memoryData) lock() func() {
	d.mu.Lock()
	if d.values == nil {
		d.values, d.ttls, d.lists = map[string]json.RawMessage{}, map[string]time.Duration{}, map[string][]map[string]string{}
	}
	return d.mu.Unlock
}

func (d *memoryData) Get(_ context.Context, key string) (json.RawMessage, bool, error) {
	defer d.lock()()
	if list := d.lists[key]; len(list) > 0 {
		value, err := json.Marshal(map[string]any{"result": list})
		return value, true, err
	}
	value, ok := d.values[key]
	return value, ok, d.fail
}

func (d *memoryData) GetRevision(ctx context.Context, key string) (json.RawMessage, uint64, bool, error) {
	value, ok, err := d.Get(ctx, key)
	return value, 0, ok, err
}

func (d *memoryData) Replace(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, _ uint64) (bool, error) {
	return true, d.Set(ctx, key, value, ttl)
}

func (d *memoryData) Set(_ context.Context, key string, value json.RawMessage, ttl time.Duration) error {
	defer d.lock()()
	d.values[key], d.ttls[key] = value, ttl
	return d.fail
}

func (d *memoryData) Delete(_ context.Context, key string) (bool, error) {
	defer d.lock()()
	_, ok := d.values[key]
	delete(d.values, key)
	return ok, d.fail
}

func (d *memoryData) DeletePrefix(_ context.Context, prefix string) (int, error) {
	defer d.lock()()
	before := len(d.values)
	maps.DeleteFunc(d.values, func(key string, _ json.RawMessage) bool { return strings.HasPrefix(key, prefix) })
	return before - len(d.values), d.fail
}

func (d *memoryData) Join(_ context.Context, key, personID, socketID string, _ time.Time, ttl time.Duration) error {
	defer d.lock()()
	d.ttls[key] = ttl
	entry := map[string]string{"person_id": personID, "socket_id": socketID}
	if !slices.ContainsFunc(d.lists[key], func(e map[string]string) bool { return e["socket_id"] == socketID }) {
		d.lists[key] = append(d.lists[key], entry)
	}
	return d.fail
}

func (d *memoryData) Leave(_ context.Context, key, socketID string, _ time.Time) (int, error) {
	defer d.lock()()
	left := 0
	for name, list := range d.lists {
		if key == "" || key == name {
			rest := slices.DeleteFunc(list, func(e map[string]string) bool { return e["socket_id"] == socketID })
			left += len(list) - len(rest)
			d.lists[name] = rest
		}
	}
	return left, d.fail
}

// list returns the sockets of a list of recipients.
func (d *memoryData) list(key string) []string {
	defer d.lock()()
	var sockets []string
	for _, entry := range d.lists[key] {
		sockets = append(sockets, entry["socket_id"])
	}
	return sockets
}
