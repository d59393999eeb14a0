package server

import (
	"context"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/tracing"
)

// openTracer prepares the traces; nil is none. It ends late: what others do while they stop is traced.
func (s *Server) openTracer() (*tracing.Tracer, error) {
	t, err := tracing.New(s.cfg.Settings.Tracing, tracing.Process{Version: s.cfg.Version, Node: s.node}, s.logger)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	if t != nil {
		s.onClose("traces", func(ctx context.Context) error { t.Close(ctx); return nil })
	}
	return t, nil
}
