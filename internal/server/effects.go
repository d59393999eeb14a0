package server

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/egress"
	"github.com/tutorsocket/tutorsocket/internal/files"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// Folders of the data folder that scripts fill.
const (
	scratchFolder = "scratch"
	logsFolder    = "logs"
)

// effects is what scripts reach outside of the server: files, other servers, named logs.
type effects struct {
	files *files.Tree
	http  *egress.Transport
	logs  *logs.Named
}

// openEffects prepares all of it. It ends after the runs.
func (s *Server) openEffects() (effects, error) {
	var e effects
	sample, err := app.Sample()
	if err != nil {
		return e, err
	}
	scratch := filepath.Join(s.data.dir, scratchFolder)
	e.files, err = files.Open(files.Config{
		App: s.app.Dir(), Sample: sample, Scratch: scratch, Hidden: s.hidden(),
		MaxBytes: s.cfg.Settings.Scratch.MaxBytes, Metrics: s.metrics,
		IsCode: func(file string) bool { return s.app.Snapshot().IsCode(file) },
	})
	if err != nil {
		return e, fmt.Errorf("%w; choose another data folder with --data", err)
	}
	if e.http, err = egress.New(s.egressConfig(), nil); err != nil {
		return e, fmt.Errorf("http_request.allow: %w", err)
	}
	s.onClose("connections of scripts", func(context.Context) error { e.http.Close(); return nil })
	e.logs = logs.NewNamed(logs.NamedConfig{Dir: filepath.Join(s.data.dir, logsFolder), Scratch: scratch, Logger: s.logger})
	s.onClose("named logs", func(context.Context) error { e.logs.Close(); return nil })
	return e, nil
}

// egressConfig lets scripts of a development server ask any host where there is no list.
func (s *Server) egressConfig() egress.Config {
	allow := s.cfg.Settings.HTTPRequest.Allow
	return egress.Config{Allow: allow, AnyHost: !s.cfg.Production && len(allow) == 0, Metrics: s.metrics}
}
