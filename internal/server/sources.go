package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/versions"
)

// Who brings versions, besides users of the API.
const (
	byFile  = "file"  // a change in the app folder
	byStart = "start" // it was there when the server started
)

// openVersions opens the history of scripts and begins to keep it. What the app has now is noted in the
// background, where it is not the last version already.
func (s *Server) openVersions(ctx context.Context) error {
	var store *versions.Store
	err := s.store.open(ctx, func(ctx context.Context) (err error) {
		store, err = versions.Open(ctx, s.store.js, versions.Config{Replicas: s.store.replicas, Prefix: s.store.prefix})
		return err
	})
	if err != nil {
		return err
	}
	s.recorder = versions.NewRecorder(store, s.logger)
	s.group.Go(func() error { return s.recorder.Run(s.alive) })
	snap := s.app.Snapshot()
	for _, list := range [][]*app.Script{snap.Services(), snap.Libraries(), snap.Agents(), snap.Stubs()} {
		for _, script := range list {
			s.note(script, byStart, "")
		}
	}
	return nil
}

// note notes the text of a script that is in force. A text equal to the last one adds nothing.
func (s *Server) note(script *app.Script, by, note string) *versions.Ticket {
	if script.Program == nil {
		return nil
	}
	return s.recorder.Add(scriptOf(script.Kind, script.Name), versions.New{By: by, Note: note, Source: script.Source})
}

func scriptOf(kind app.Kind, name string) versions.Script {
	return versions.Script{Kind: string(kind), Name: name}
}

// noteChange notes what a reload has brought into force.
func (s *Server) noteChange(c app.Change) {
	for _, script := range c.New {
		s.note(script, byFile, "")
	}
}

// sources are the texts of the app and their history as the API sees them.
type sources struct{ server *Server }

func (s sources) Libraries() []api.Script { return describe(s.server.app.Snapshot().Libraries()) }

func (s sources) Source(ctx context.Context, kind api.ScriptKind, name string) (api.Source, error) {
	present, err := s.server.app.Source(app.Kind(kind), name)
	if err != nil && !errors.Is(err, app.ErrNoScript) {
		return api.Source{}, sameText{err, api.ErrFile}
	}
	if err != nil {
		return api.Source{}, sourceError(err)
	}
	found := api.Source{Source: present.Text, SourceInfo: api.SourceInfo{
		Name: name, Kind: kind, URL: present.URL, ETag: versions.ETag(present.Text), Problem: present.Problem,
	}}
	all, err := s.Versions(ctx, kind, name)
	for _, v := range all { // without a history there is a text all the same
		if err == nil && v.ETag == found.ETag {
			found.Version = v.N
			break
		}
	}
	return found, nil
}

func (s sources) Write(ctx context.Context, w api.SourceWrite) (info api.SourceInfo, v api.Version, created bool, err error) {
	var ticket *versions.Ticket
	script, created, err := s.server.app.Write(ctx, app.Writing{
		Kind: app.Kind(w.Kind), Name: w.Name, Text: w.Source,
		Allow: func(present app.Source, exists bool) error {
			if w.Allow == nil {
				return nil
			}
			return w.Allow(versions.ETag(present.Text), exists)
		},
		InForce: func(script *app.Script) { ticket = s.server.note(script, w.By, w.Note) },
	})
	if err != nil {
		return info, v, false, sourceError(err)
	}
	info = api.SourceInfo{Name: w.Name, Kind: w.Kind, URL: script.URL, ETag: versions.ETag(script.Source)}
	if noted, err := ticket.Wait(ctx); err == nil {
		v = shownVersion(noted)
		v.Current = true
		info.Version = v.N
	} // else the log has it: the script is in force
	return info, v, created, nil
}

func (s sources) Versions(ctx context.Context, kind api.ScriptKind, name string) ([]api.Version, error) {
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	script := scriptOf(app.Kind(kind), name)
	list, _, err := s.server.recorder.Store().List(ctx, script, versions.MaxVersions, 0)
	if err != nil {
		return nil, err
	}
	inForce, exists := s.inForce(kind, name)
	if len(list) == 0 && !exists {
		return nil, api.ErrNoScript
	}
	shown := make([]api.Version, 0, len(list))
	for _, v := range list {
		one := shownVersion(v)
		one.Current = v.ETag == inForce
		shown = append(shown, one)
		if one.Current {
			inForce = "" // an older one with this text is not it
		}
	}
	return shown, nil
}

// inForce returns the tag of the text of a script that is in force, "" if none is; exists is false
// where the app has no such script.
func (s sources) inForce(kind api.ScriptKind, name string) (tag string, exists bool) {
	snap := s.server.app.Snapshot()
	find := map[api.ScriptKind]func(string) (*app.Script, bool){
		api.KindService: snap.Service, api.KindLibrary: snap.Library, api.KindAgent: snap.Agent,
	}[kind]
	script, exists := find(name)
	if !exists || script.Program == nil {
		return "", exists
	}
	return versions.ETag(script.Source), true
}

func (s sources) Version(ctx context.Context, kind api.ScriptKind, name string, n int) (api.VersionSource, error) {
	all, err := s.Versions(ctx, kind, name)
	if err != nil {
		return api.VersionSource{}, err
	}
	v, err := s.server.recorder.Store().Get(ctx, scriptOf(app.Kind(kind), name), n)
	if errors.Is(err, versions.ErrNotFound) {
		return api.VersionSource{}, api.ErrNoVersion
	}
	if err != nil {
		return api.VersionSource{}, err
	}
	found := api.VersionSource{Version: shownVersion(v), Source: v.Source}
	for _, one := range all {
		found.Current = found.Current || one.N == n && one.Current
	}
	return found, nil
}

func (s sources) Diff(from, to api.VersionSource) string {
	name := func(v api.VersionSource) string { return fmt.Sprintf("version %d", v.N) }
	return versions.Diff(name(from), from.Source, name(to), to.Source)
}

// settle waits until the history has what is in force.
func (s sources) settle(ctx context.Context) error {
	s.server.app.Told()
	return s.server.recorder.Sync(ctx)
}

func shownVersion(v versions.Version) api.Version {
	return api.Version{N: v.N, At: v.At, By: v.By, Note: v.Note, Bytes: v.Bytes, ETag: v.ETag}
}

// sourceError gives errors about files of the app the names of the API.
func sourceError(err error) error {
	var wrong *app.DoesNotCompile
	if errors.As(err, &wrong) {
		return &api.CompileError{URL: wrong.URL, Line: wrong.Line, Column: wrong.Column, Caret: wrong.Caret, Message: wrong.Message}
	}
	for from, to := range map[error]error{
		app.ErrNoFolder: api.ErrNoAppFolder, app.ErrTooLarge: api.ErrSourceTooLarge, app.ErrBadName: api.ErrBadScriptName,
		app.ErrNoScript: api.ErrNoScript, app.ErrInTheWay: api.ErrFile,
	} {
		if errors.Is(err, from) {
			return sameText{err, to}
		}
	}
	return err
}

// sameText is an error that says what another one says and is known as a third.
type sameText struct{ says, is error }

func (e sameText) Error() string { return e.says.Error() }
func (e sameText) Unwrap() error { return e.is }
