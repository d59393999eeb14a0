package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/timetable"
	"github.com/tutorsocket/tutorsocket/internal/tlscert"
	"github.com/tutorsocket/tutorsocket/internal/versions"
)

// Config says what to serve and where to report.
type Config struct {
	Settings config.Config
	// Version of the program, for the API's description.
	Version string
	// Logger is the structured log; nil logs nothing.
	Logger *slog.Logger
	// Production says that users log in, in the ways that Settings.Auth names, and that nothing is open which is not
	// allowed. Otherwise it is a development server, where who brings no credentials is the built-in administrator.
	Production bool
	// Lines gets the log lines of scripts for a person. Without it they are
	// records of Logger.
	Lines io.Writer
}

// Server is a running server. [Start] makes one, [Server.Drain] and
// [Server.Close] end it; the other methods may be called from any goroutine until then.
type Server struct {
	cfg    Config
	logger *slog.Logger
	admin  Admin
	data   *dataFolder
	node   string // name of this node
	// incarnation is this process of it; among other nodes it is given another one when it joins them.
	incarnation string
	app         *app.App
	store       *store
	// recorder keeps the versions of the app's scripts.
	recorder *versions.Recorder
	// timetable starts agents that name times.
	timetable *timetable.Timetable
	addr      net.Addr
	certs     *tlscert.Certificates // nil: nothing is encrypted
	routes    routes
	// socketLimit is how many sockets may be open; 0 is no limit.
	socketLimit int

	metrics *metrics.Registry // nil: nothing is counted
	history *history          // of what is counted

	// alive ends when requests and background work have to; cancel ends it.
	alive  context.Context
	cancel context.CancelFunc
	group  *errgroup.Group // background work
	// failed gets what keeps the server from going on.
	failed chan error

	undo   []step      // how to stop what was started, in the order of the start
	refuse []func()    // what is called first of all at the end: nothing new begins
	left   func() Left // what a person who waits for the end may be told
	ending *ending
}

// step ends one thing that was started.
type step struct {
	what string
	run  func(ctx context.Context) error
}

// Start builds a server and returns when it answers. ctx bounds the start, not
// the life of the server. An error says what a person can do; nothing is left
// running then.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, logger: cfg.Logger, failed: make(chan error, 1), ending: newEnding()}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if err := s.start(ctx); err != nil {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTime)
		defer cancel()
		_ = s.Close(ending) // the first error is the one to tell
		return nil, err
	}
	return s, nil
}

// abandonTime bounds the end of a server that could not start.
const abandonTime = 5 * time.Second

// URL returns where clients on this machine reach the server: http://host:port, or https.
func (s *Server) URL() string { return s.admin.Server }

// Addr returns the address the server listens on.
func (s *Server) Addr() net.Addr { return s.addr }

// AdminURL returns where clients on this machine administer the server: that of
// [Server.URL] where there is one listener for all.
func (s *Server) AdminURL() string { return s.admin.API() }

// Token returns the admin token.
func (s *Server) Token() string { return s.admin.Token }

// DataDir returns the data folder as an absolute path.
func (s *Server) DataDir() string { return s.data.dir }

// Node returns the name of this node.
func (s *Server) Node() string { return s.node }

// Cluster says which NATS servers this node is joined to others by, without secrets; "" for a node that is alone.
func (s *Server) Cluster() string {
	if !s.store.outside() {
		return ""
	}
	return s.store.describe()
}

// AppDir returns the app folder as an absolute path, "" for the embedded sample.
func (s *Server) AppDir() string { return s.app.Dir() }

// Snapshot returns the app as it is now.
func (s *Server) Snapshot() *app.Snapshot { return s.app.Snapshot() }

// Wait blocks until ctx ends or the server begins to stop because somebody asked for it, and returns nil
// then, or until the server cannot go on, and returns why. It does not stop the server, nor wait for its end.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.ending.begun:
		return nil
	case err := <-s.failed:
		return err
	}
}

// onClose adds a step to the end of the server, before all steps added earlier. ctx has no deadline; it ends
// when there is no more time.
func (s *Server) onClose(what string, run func(ctx context.Context) error) {
	s.undo = append(s.undo, step{what, run})
}

// listenOn opens a port; by says how to choose another.
func listenOn(ctx context.Context, address, by string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		return l, nil
	}
	if portInUse(err) {
		return nil, fmt.Errorf("the address %s is in use by another program; choose another with %s", address, by)
	}
	return nil, fmt.Errorf("cannot listen on %s (%w); choose another address with %s", address, cause(err), by)
}

func portInUse(err error) bool {
	const windowsAddressInUse = syscall.Errno(10048)
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsAddressInUse)
}

// cause drops the operation and address an error of the network repeats.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// serve answers requests until the server is closed. On the way back this is late,
// so that whoever asks meanwhile hears that the server is draining.
func (s *Server) serve(l net.Listener, handler http.Handler, records *connRecords) {
	conns := s.newConns(records)
	httpServer := newHTTPServer(handler, s.logger, conns, records)
	httpServer.BaseContext = func(net.Listener) context.Context { return s.alive }
	s.group.Go(func() error {
		err := httpServer.Serve(l)
		if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.fail(fmt.Errorf("the listener broke: %w", err))
		}
		return nil
	})
	s.onClose("requests", func(context.Context) error {
		ctx, cancel := s.ending.half()
		defer cancel()
		s.cancel()                      // streams have no end of their own
		conns.closeUnused()             // nothing was asked on them
		err := httpServer.Shutdown(ctx) // closes the listener
		if err != nil {
			_ = httpServer.Close() // they had their time
		}
		return err
	})
}

// fail reports the first thing that keeps the server from going on.
func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// watch reloads the app when its files change.
func (s *Server) watch() {
	s.group.Go(func() error {
		if err := s.app.Watch(s.alive, s.changed); err != nil {
			s.logger.Error("changes of scripts are not noticed, restart the server to read them", "error", err.Error())
		}
		return nil
	})
}

// changed reports what a reload has brought.
func (s *Server) changed(c app.Change) {
	s.noteChange(c)
	s.timetable.Look()
	for _, url := range c.Updated {
		s.logger.Info("script reloaded", "script", url)
	}
	for _, url := range c.Removed {
		s.logger.Info("script removed", "script", url)
	}
	for _, url := range c.Solved {
		if url == s.app.Dir() {
			s.logger.Info("app folder is back, its scripts are read again", "folder", url)
			continue
		}
		s.logger.Info("problem solved", "script", url)
	}
	s.report(c.Problems)
}

func (s *Server) report(problems []app.Problem) {
	for _, p := range problems {
		if p.URL == s.app.Dir() {
			s.logger.Warn("app folder cannot be read, the scripts stay in use until it is back", "error", p.Message)
			continue
		}
		if p.Note {
			s.logger.Info("note on a script", "script", p.URL, "text", p.String())
			continue
		}
		s.logger.Warn("script does not load", "script", p.URL, "error", p.String())
	}
}

// webDir returns the folder of static files of an app folder.
func webDir(appDir string) string {
	if appDir == "" {
		return ""
	}
	return filepath.Join(appDir, "web")
}
