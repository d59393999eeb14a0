package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/spelling"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// start starts everything, in the order in which things need each other; Close
// goes the way back. The data folder and the port come first: there a person is
// most likely to be wrong.
func (s *Server) start(ctx context.Context) (err error) {
	settings := s.cfg.Settings
	if s.data, err = openData(settings.Data); err != nil {
		return err
	}
	s.onClose("data folder", func(context.Context) error { return s.data.release() })
	if err := s.data.apartFrom(settings.App); err != nil {
		return err
	}
	if err := publicFiles(settings); err != nil {
		return err
	}
	if s.node, err = s.data.node(settings); err != nil {
		return err
	}
	s.incarnation = peers.NewIncarnation()
	s.logger = s.logger.With("node", s.node)
	token, err := s.cfg.Settings.Admin.AdminToken()
	if err != nil {
		return err
	}
	doors, err := s.openListeners(ctx)
	if err != nil {
		return err
	}
	s.limitSockets()
	s.admin = Admin{Server: baseURL(s.scheme(), s.addr), Token: cmp.Or(token, auth.NewToken())}
	if doors.admin != nil {
		s.admin.Admin = baseURL(s.scheme(), doors.admin.Addr())
	}
	// Commands on this machine reach the server as long as it answers.
	s.onClose("address file", func(context.Context) error { return removeAdminFile(s.data.dir, s.admin) })
	if err := s.openRooms(ctx, doors); err != nil {
		return errors.Join(err, doors.close())
	}
	if err := writeAdminFile(s.data.dir, s.admin); err != nil {
		return err
	}
	s.report(s.app.Problems())
	s.routes.phase.enter(ready)
	return nil
}

// beginWork prepares the context and the group of everything in the background.
// It ends after the requests.
func (s *Server) beginWork() {
	alive, cancel := context.WithCancel(context.Background())
	s.alive, s.group = alive, new(errgroup.Group)
	s.onClose("background work", func(context.Context) error {
		cancel()
		return s.group.Wait()
	})
	s.cancel = cancel
}

const (
	// dataBucket is where user data is kept.
	dataBucket = "userdata"
	// storageBucket is where GlobalStorage of scripts is kept, out of reach of the keys of user data.
	storageBucket = "globalstorage"
	// keysBucket is where API keys are kept, out of reach of scripts.
	keysBucket = "apikeys"
)

// openUserData starts the store and opens the values in it: user data, GlobalStorage, and API keys.
func (s *Server) openUserData(ctx context.Context, r *rooms) error {
	store, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	s.store = store
	store.count(s.metrics)
	store.countConnection(s.metrics)
	open := func(cfg userdata.Config) (*userdata.Store, error) {
		cfg.Bucket, cfg.Replicas, cfg.MaxBytes = store.bucket(cfg.Bucket), store.replicas, store.maxValueBytes()
		cfg.Metrics, cfg.Sole = s.metrics, !store.outside()
		var values *userdata.Store
		err := store.open(ctx, func(ctx context.Context) (err error) { values, err = userdata.Open(ctx, store.js, cfg); return err })
		if err == nil {
			s.onClose("user data", func(context.Context) error { values.Close(); return nil })
		}
		return values, err
	}
	if r.data, err = open(userdata.Config{Bucket: dataBucket, Opened: r.openedAt}); err != nil {
		return err
	}
	if r.storage, err = open(userdata.Config{Bucket: storageBucket}); err != nil {
		return err
	}
	values, err := open(userdata.Config{Bucket: keysBucket, TotalBytes: keysBytes})
	if err != nil {
		return err
	}
	r.keys = keys.NewStore(keys.Config{Values: values, Logger: s.logger})
	s.onClose("api keys", func(context.Context) error { r.keys.Close(); return nil })
	return nil
}

// keysBytes is how large the bucket of API keys may grow: there are a thousand at most.
const keysBytes = 16 << 20

// sweepEarlier removes from recipients lists the sockets of the process before, of a node that is alone. Scripts see
// none of them from the start; that they leave the disk is not waited for, nor is it asked here whether sockets of
// durable services are claimed, which are looked at behind it.
func (s *Server) sweepEarlier(r *rooms) {
	finish := r.data.BeginSweep(func(key string) bool {
		service, _, _, err := hub.ParseKey(key)
		return err == nil && s.cfg.Settings.Durable(service) || r.sockets.Has(s.alive, key)
	})
	s.group.Go(func() error {
		removed, err := finish(s.alive)
		s.swept(removed, err)
		if err == nil && s.cfg.Settings.AnyDurable() {
			s.sweep(s.alive, r)
		}
		return nil
	})
}

// sweep removes from recipients lists the sockets that no node has: those of earlier processes, and of nodes
// that are gone.
func (s *Server) sweep(ctx context.Context, r *rooms) {
	s.swept(r.data.Sweep(ctx, func(key string) bool { return r.sockets.Has(ctx, key) }))
}

// swept tells what became of a sweep. One that the end of the server cut short goes on with the next start.
func (s *Server) swept(removed int, err error) {
	switch {
	case errors.Is(err, context.Canceled):
	case err != nil:
		s.logger.Warn("recipients of earlier processes stay in their lists", "error", err.Error())
	case removed > 0:
		s.logger.Debug("recipients of earlier processes removed", "count", removed)
	}
}

func (s *Server) lines() *logs.Log {
	if s.cfg.Lines != nil {
		var level slog.Level // info, if the name says nothing
		_ = level.UnmarshalText([]byte(s.cfg.Settings.Log.Level))
		return logs.New(logs.Config{Level: level, Metrics: s.metrics}, nil, s.cfg.Lines)
	}
	return logs.New(logs.Config{Metrics: s.metrics}, s.logger, nil)
}

func (s *Server) hubConfig() hub.Config {
	cfg := s.cfg.Settings.Queue
	cfg.Node, cfg.Metrics = s.node, s.metrics
	settings := s.cfg.Settings
	cfg.OverflowOf = func(service string) string { return s.serviceSettings(service).Overflow }
	cfg.ResumeWindow, cfg.RefuseLiveID = settings.Resume.Window, settings.Compat.RefuseLiveID
	cfg.Limits = hub.Limits{
		PerUser: int(settings.Limits.PerUser), PerAddress: int(settings.Limits.PerAddress), Total: s.socketLimit,
	}
	return cfg
}

func (s *Server) wsConfig() ws.Config {
	cfg := s.cfg.Settings.WS
	cfg.NoHeartbeatText = s.cfg.Settings.Compat.NoHeartbeat
	cfg.DevProtocols = !s.cfg.Production
	limits := s.cfg.Settings.Limits
	cfg.Rate, cfg.Burst, cfg.Throttle, cfg.Handshakes = float64(limits.Rate), limits.Burst, limits.Throttle, limits.Handshakes
	cfg.Protocols = func(service string) []string { return s.serviceSettings(service).Protocols }
	return cfg
}

// checkServices looks for settings of services that the app does not have: who may log in to a service must not hang
// on how its name is spelt. In dev the service may still be written, so there it is a warning.
func (s *Server) checkServices() error {
	var names []string
	for _, service := range s.app.Snapshot().Services() {
		names = append(names, service.Name)
	}
	var wrong config.Problems
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Settings.Services)) {
		if slices.Contains(names, name) {
			continue
		}
		problem := config.Problem{Key: "services." + name, Message: "the app has no service of this name"}
		if near, changes := spelling.Nearest(name, names); changes <= 1+len(name)/5 {
			problem.Message += "; did you mean " + near + "?"
		} else {
			problem.Message += "; there are " + strings.Join(names, ", ")
		}
		wrong = append(wrong, problem)
	}
	if s.cfg.Production && len(wrong) > 0 {
		return wrong
	}
	for _, problem := range wrong {
		s.logger.Warn("setting of a service that is not there", "key", problem.Key, "reason", problem.Message)
	}
	return nil
}

// serviceSettings is what is set for a service; it may be nothing.
func (s *Server) serviceSettings(name string) config.Service {
	if set := s.cfg.Settings.Services[name]; set != nil {
		return *set
	}
	return config.Service{}
}

func (s *Server) engineConfig() engine.Config {
	settings := s.cfg.Settings
	return engine.Config{
		ServiceCompute: settings.Script.Compute, ServiceBytes: settings.Script.Bytes, Depth: settings.Script.Depth,
		ServiceConcurrency: settings.WS.Workers,
		AgentTimeout:       settings.Agent.Timeout, AgentBytes: settings.Agent.Bytes,
		NullEqualsUndefined: settings.Compat.NullEqualsUndefined,
	}
}

// scriptSettings are those of a development server: without a list of allowed
// methods clients may call any of a library. With one the marker in a library
// counts too.
func (s *Server) scriptSettings(r *rooms) hostapi.Settings {
	settings := s.cfg.Settings
	return hostapi.Settings{
		Refused:       func(e *hostapi.Env, what, detail string) { noteRefusal(r.refused, e, what, detail) },
		Profile:       settings.Queue.Profile,
		SilentErrors:  settings.Compat.SilentErrors,
		ClientTagsWin: settings.Compat.ClientTagsWin,
		MayCall:       mayCall(settings.CallMethod.Allow),
		CallAny:       !s.cfg.Production && len(settings.CallMethod.Allow) == 0,
		AppConfig:     appConfig(settings.AppConfig),
		Logs:          r.effects.logs, RequestTimeout: settings.HTTPRequest.Timeout,
	}
}

// noteRefusal keeps what a client of a socket asked for and may not have.
func noteRefusal(l *auth.Refusals, e *hostapi.Env, what, detail string) {
	refusal := auth.Refusal{What: what, Status: http.StatusForbidden, Detail: detail, UserID: e.User.ID}
	refusal.Service, refusal.StatefulID, _, _ = hub.ParseKey(e.Socket.Key) // it has one
	if e.Handshake != nil {
		refusal.Remote, refusal.Host = e.Handshake.RemoteAddr, e.Handshake.Host
	}
	l.Note(refusal)
}

// appConfig splits NAME=VALUE; the setting was checked for the form.
func appConfig(list []string) map[string]string {
	values := make(map[string]string, len(list))
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		values[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return values
}

// mayCall says which methods of libraries clients may call: those of the list, in
// the forms library.method, library.* and *.
func mayCall(allow []string) func(library, method string) bool {
	return func(library, method string) bool {
		return slices.ContainsFunc(allow, func(entry string) bool {
			return entry == "*" || entry == library+".*" || entry == library+"."+method
		})
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
