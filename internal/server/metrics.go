package server

import (
	"net/http"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// openMetrics makes the registry that the rooms count on, and begins the history
// of what it holds.
func (s *Server) openMetrics() {
	if s.cfg.Settings.Metrics.Enabled {
		s.metrics = metrics.New()
	}
	s.history = newHistory(s.metrics, s.node, time.Now())
	s.routes.metrics = metricsPage{s.metrics}
	s.metrics.Gauges("tutorsocket_server_info", "1, with the name of the node and the version of the program.", "node", "version").
		With(s.node, s.cfg.Version).Set(1)
	s.metrics.Read("tutorsocket_server_ready", "1 while the server takes sockets.", nil, func(set func(float64, ...string)) {
		if s.routes.phase.now() == ready {
			set(1)
		} else {
			set(0)
		}
	})
}

// keepHistory adds to the history as long as the server lives.
func (s *Server) keepHistory() {
	if s.metrics == nil {
		return
	}
	s.group.Go(func() error {
		ticker := time.NewTicker(statsInterval)
		defer ticker.Stop()
		s.history.run(s.alive, ticker.C)
		return nil
	})
}

// metricsPage is /metrics. Without a registry there is no such page.
type metricsPage struct{ registry *metrics.Registry }

func (p metricsPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case p.registry == nil:
		problem(w, http.StatusNotFound, "This server counts nothing, because the setting metrics.enabled is false.")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "/metrics takes GET, not "+r.Method+".")
		return
	}
	w.Header().Set("Content-Type", metrics.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	_ = p.registry.Write(w) // the client may be gone
}

// countConnection shows whether the store can be reached.
func (s *store) countConnection(r *metrics.Registry) {
	r.Read("tutorsocket_nats_connected", "1 while the store can be reached: always, unless it is in NATS servers outside.", nil, func(set func(float64, ...string)) {
		if s.connected() {
			set(1)
		} else {
			set(0)
		}
	})
}

// count shows what the server inside says of itself, asked for when somebody wants to know. Those outside have
// figures of their own.
func (s *store) count(r *metrics.Registry) {
	if r == nil || s.outside() {
		return
	}
	storage := r.Gauge("tutorsocket_nats_store_bytes", "Size of the files of the store.")
	calls := r.Counter("tutorsocket_nats_api_calls_total", "Calls of the interface of the store.")
	failures := r.Counter("tutorsocket_nats_api_errors_total", "Calls of the interface of the store that failed.")
	messages := r.Gauges("tutorsocket_nats_stream_messages", "Messages in each stream of the store; a value is one, and so is for an hour the mark of a removed one.", "stream")
	bytes := r.Gauges("tutorsocket_nats_stream_bytes", "Bytes of the messages in each stream of the store.", "stream")
	r.BeforeWrite(func() {
		info, err := s.server.Jsz(&nats.JSzOptions{Accounts: true, Streams: true})
		if err != nil {
			return // it is shutting down; the figures stay as they were
		}
		storage.Set(int64(info.Store))
		calls.Reach(info.API.Total)
		failures.Reach(info.API.Errors)
		for _, account := range info.AccountDetails {
			for _, stream := range account.Streams {
				messages.With(stream.Name).Set(int64(stream.State.Msgs))
				bytes.With(stream.Name).Set(int64(stream.State.Bytes))
			}
		}
	})
}
