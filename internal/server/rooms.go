package server

import (
	"context"
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/quota"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/ws"
	"github.com/tutorsocket/tutorsocket/web"
)

// rooms are what a server is made of, in the order in which they need each other.
type rooms struct {
	tracer  *tracing.Tracer // nil: nothing is traced
	data    *userdata.Store
	storage *userdata.Store // GlobalStorage of scripts
	effects effects

	quota   *quota.Table // nil: users and addresses are not limited
	hub     *hub.Hub
	sockets *cluster.Cluster
	nodes   *nodes
	lines   *logs.Log
	runs    *runs.Registry
	history *runs.History
	engine  *engine.Engine

	keys     *keys.Store
	refused  *auth.Refusals
	users    *accounts.Store
	logins   *login.Server
	methods  auth.Method      // ways to log in; nil: there are none
	door     ws.Authenticator // who may open sockets
	endpoint *ws.Server
}

// openRooms builds the rooms, joins them and begins to serve.
func (s *Server) openRooms(ctx context.Context, doors *doors) (err error) {
	r := new(rooms)
	s.openMetrics()
	if err := s.openFolders(ctx, r); err != nil {
		return err
	}
	s.beginWork()
	if err := s.openVersions(ctx); err != nil {
		return err
	}
	life := newLife()
	r.nodes = &nodes{server: s, started: time.Now(), life: life, data: r.data}
	if r.runs, r.history, err = s.openRuns(ctx, life, r.nodes); err != nil {
		return err
	}
	s.openSockets(r)
	if r.users, r.logins, err = s.openAccounts(ctx, r.refused); err != nil {
		return err
	}
	if err := s.openTimetable(ctx, life, r); err != nil {
		return err
	}
	if err := s.openMethods(r); err != nil {
		return err
	}
	s.openDoors(r)
	if err := s.joinCluster(ctx, r); err != nil {
		return err
	}
	if err := s.keepDetached(ctx, r); err != nil {
		return err
	}
	if !s.store.outside() {
		s.sweepEarlier(r)
	}
	s.openDoorsTo(doors, r.refused)
	s.watch()
	s.keepHistory()
	s.keepTime()
	// Runs end before the requests that wait for their outcome, and after the
	// sockets whose hooks they are.
	s.onClose("runs", func(context.Context) error { return s.endRuns(r.engine) })
	s.onClose("sockets", func(context.Context) error { return s.endSockets(r.endpoint) })
	s.refuse = append(s.refuse, r.hub.StopExpiry, r.engine.Refuse)
	s.left = func() Left { return Left{Node: s.node, Sockets: r.hub.Len(), Runs: r.runs.Running()} }
	return nil
}

// openFolders opens what lies on the disk or elsewhere: the store, the app, what
// scripts reach outside.
func (s *Server) openFolders(ctx context.Context, r *rooms) (err error) {
	if r.tracer, err = s.openTracer(); err != nil {
		return err
	}
	if err := s.openUserData(ctx, r); err != nil {
		return err
	}
	s.app, err = app.Load(app.Config{
		Dir: s.cfg.Settings.App, Globals: hostapi.Globals(), Refused: hostapi.RefusedNames(), Hidden: s.hidden(), Metrics: s.metrics,
	})
	if err != nil {
		return fmt.Errorf("%w; name the folder with --app", err)
	}
	if err := s.checkServices(); err != nil {
		return err
	}
	r.effects, err = s.openEffects()
	return err
}

// openedAt returns when the socket was opened that has a key now, the zero time if none has. Nobody asks
// before the hub is there.
func (r *rooms) openedAt(key string) time.Time {
	if s, ok := r.hub.Get(key); ok {
		return s.OpenedAt()
	}
	return time.Time{}
}

// openSockets makes what holds sockets and what runs scripts for them.
func (s *Server) openSockets(r *rooms) {
	r.quota = s.openQuota()
	r.refused = auth.NewRefusals()
	r.hub = hub.New(s.hubConfig())
	r.sockets = cluster.Prepare(r.hub, s.clusterConfig(r)).Traced(r.tracer)
	r.lines = s.lines()
	r.engine = engine.New(s.engineConfig(), engine.Deps{
		Apps: s.app.Snapshot, Sources: s.app, Settings: s.scriptSettings(r), Users: knownUser,
		Sockets: r.sockets, UserData: r.data, Storage: r.storage,
		Files: r.effects.files, HTTP: r.tracer.Transport(r.effects.http),
		Renewer: s.renewer(r),
		Runs:    r.runs, Logs: r.lines, Logger: s.logger, Metrics: s.metrics, Tracer: r.tracer, Quota: engineQuota(r.quota),
	})
}

// renewer takes tokens for open sockets. Scripts run after the doors were opened.
func (s *Server) renewer(r *rooms) hostapi.Renewer {
	return renewer{
		methods: func() auth.Method { return r.methods },
		local:   r.sockets.Local,
		renew:   func(key string, caller auth.Caller) error { return r.endpoint.Renew(key, caller) },
		logger:  s.logger,
	}
}

// openDoors makes what answers requests.
func (s *Server) openDoors(r *rooms) {
	bearers := keys.Bearers{Admin: auth.NewAdmin(s.admin.Token), Keys: r.keys}
	r.nodes.hub, r.nodes.runs = r.hub, r.runs
	r.endpoint = ws.New(s.wsConfig(), ws.Deps{
		Opener: r.sockets, Auth: r.door, Handler: socketHandler{r.engine, r.data, s.logger},
		ServiceExists: func(name string) bool { _, ok := s.app.Snapshot().Service(name); return ok },
		Local:         r.sockets.Local,
		Refusals:      r.refused, Logger: s.logger, Metrics: s.metrics, Tracer: r.tracer, Quota: socketQuota(r.quota),
	})
	s.routes.services, s.routes.pages = r.endpoint, web.Handler()
	if r.logins != nil {
		s.routes.login = r.logins
	}
	s.routes.files = appFiles{dir: webDir(s.app.Dir()), frames: framesPolicy(s.cfg.Settings.Guard.AllowedOrigins)}
	s.routes.profiles = api.ForAdministrators(bearers, refusals{r.refused}, new(profiles))
	deps := api.Deps{
		Auth: bearers, Keys: r.keys, Refusals: refusals{r.refused},
		Sockets: r.sockets, Events: r.sockets, Tags: r.sockets, Traces: frameTraces{r.sockets, r.endpoint},
		Scripts: scripts{s}, Sources: sources{s}, Checker: checker{s.app, s.cfg.Settings.Queue.Profile},
		Runs: runner{r.engine, &s.routes.phase}, RunList: r.runs, Logs: r.lines, UserData: r.data,
		Nodes: r.nodes, Figures: s.history, Metrics: s.metrics,
	}
	if r.users != nil {
		deps.Users, deps.Sessions = r.users, r.logins
	}
	s.routes.api = r.tracer.Handler(api.New(api.Config{Version: s.cfg.Version, Node: s.node}, deps))
}
