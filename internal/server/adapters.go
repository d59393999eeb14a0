package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/check"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// socketHandler is the engine as ws calls it, and what else happens when a
// socket ends.
type socketHandler struct {
	*engine.Engine
	data   *userdata.Store
	logger *slog.Logger
}

// Opened runs the service's hook. Of an earlier socket with the key, whose end may still be under way,
// the new one inherits no place in recipients lists.
func (h socketHandler) Opened(ctx context.Context, s *hub.Socket) error {
	h.succeed(ctx, s)
	return h.Engine.Opened(ctx, s)
}

func (h socketHandler) succeed(ctx context.Context, s *hub.Socket) {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	if err := h.data.Succeed(ctx, s.Key(), s.OpenedAt()); err != nil {
		h.logger.Warn("socket has the recipients lists of an earlier one", "socket", s.Key(), "error", err.Error())
	}
}

// Closed runs the service's hook and takes the socket out of all recipients lists (spec/websocket.md F.2).
// Its user may be back under the same key: what the new socket has joined stays.
func (h socketHandler) Closed(s *hub.Socket, reason hub.Reason) {
	h.Engine.Closed(s, reason)
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if _, err := h.data.Leave(ctx, "", s.Key(), s.OpenedAt()); err != nil {
		h.logger.Warn("socket stays in recipients lists", "socket", s.Key(), "error", err.Error())
	}
}

// runner is the engine as the API sees it.
type runner struct {
	engine *engine.Engine
	phase  *phase
}

func (r runner) Start(ctx context.Context, run api.Run) (*runs.Reader, error) {
	if r.phase.now() == draining {
		return nil, api.ErrStopping
	}
	req := engine.RunRequest{Agent: run.Agent, Name: run.Name, Source: run.Source, Timeout: run.Timeout, Params: run.Params}
	if run.UserID != "" {
		user, err := auth.Dev{}.User(run.UserID)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", api.ErrBadUser, err)
		}
		req.User = user
	}
	reader, err := r.engine.Start(ctx, req)
	switch {
	case errors.Is(err, engine.ErrNoAgent):
		return nil, api.ErrNoAgent
	case errors.Is(err, engine.ErrBusy):
		return nil, fmt.Errorf("%w: %w", api.ErrBusy, err)
	case errors.Is(err, engine.ErrClosed):
		return nil, api.ErrStopping
	}
	return reader, err
}

// CheckUserID says why an id cannot be that of a user; nil if it can.
func CheckUserID(id string) error {
	_, err := auth.Dev{}.User(id)
	return err
}

// knownUser returns the user with an id that a script names.
func knownUser(id string) hub.User {
	user, err := auth.Dev{}.User(id)
	if err != nil {
		return hub.User{ID: id}
	}
	return user
}

// scripts is the app as the API sees it.
type scripts struct{ server *Server }

func (s scripts) Services() []api.Script { return describe(s.server.app.Snapshot().Services()) }

func (s scripts) Agents() []api.Script {
	agents := s.server.app.Snapshot().Agents()
	described := describe(agents)
	for i, script := range agents {
		s.server.timed(&described[i], script)
	}
	return described
}

func describe(list []*app.Script) []api.Script {
	described := make([]api.Script, 0, len(list))
	for _, script := range list {
		d := api.Script{Name: script.Name, URL: script.URL, Description: script.Meta.Description}
		if script.Err != nil {
			d.Problem = script.Err.Error()
		}
		described = append(described, d)
	}
	return described
}

// checker is package check as the API sees it.
type checker struct {
	app     *app.App
	profile hub.Profile
}

func (c checker) Check(req api.CheckRequest) []api.Diagnostic {
	kind, err := check.ParseKind(req.Kind)
	if err != nil {
		kind = check.KindAgent // the API knows the kinds
	}
	version := req.Version
	if version == "" {
		version = c.profile.Short()
	}
	if version == hub.Native.Short() {
		version = ""
	}
	name := req.Name
	if name == "" {
		name = "script.js"
	}
	opts := check.Options{Version: version, Portability: req.Level == check.LevelPortability}
	var list []api.Diagnostic
	for _, p := range check.Source(c.app, kind, name, req.Source, opts) {
		if req.Level != check.LevelError || p.Level == check.LevelError {
			list = append(list, api.Diagnostic(p))
		}
	}
	return list
}

func (c checker) Bindings() []api.Binding { return bindings(check.Bindings()) }

func bindings(list []check.Binding) []api.Binding {
	var shown []api.Binding
	for _, b := range list {
		shown = append(shown, api.Binding{
			Name: b.Name, Kind: b.Kind, Signature: b.Signature, Doc: b.Doc, Origin: b.Origin, Since: b.Since,
			Members: bindings(b.Members),
		})
	}
	return shown
}
