package ws

import (
	"net/http"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// figures is what a server counts. The counters in it are nil when nothing is.
type figures struct {
	services   *metrics.Each[traffic]
	accepted   *metrics.Counter
	refused    *metrics.Counters
	heartbeats *metrics.Counter
	throttled  *metrics.Counter
}

// traffic is that of all connections of one service.
type traffic struct {
	messagesIn, messagesOut *metrics.Counter
	bytesIn, bytesOut       *metrics.Counter
}

func newFigures(s *Server, r *metrics.Registry) figures {
	messages := r.Counters("tutorsocket_ws_messages_total",
		"Text messages: in from clients, out to them (written to the connection whole).", "service", "direction")
	bytes := r.Counters("tutorsocket_ws_bytes_total",
		"Bytes on the connections of sockets after the handshake, frames included.", "service", "direction")
	r.Read("tutorsocket_ws_calls", "Calls of services, by state: running, or waiting for a worker.", []string{"state"}, func(set func(float64, ...string)) {
		running, waiting := s.workers.load()
		set(float64(running), "running")
		set(float64(waiting), "waiting")
	})
	r.Read("tutorsocket_ws_handshakes", "Upgrade requests, by state: running, or waiting for their turn.", []string{"state"}, func(set func(float64, ...string)) {
		running, waiting := s.gate.load()
		set(float64(running), "running")
		set(float64(waiting), "waiting")
	})
	return figures{
		services: metrics.NewEach(func(service string) *traffic {
			return &traffic{
				messages.With(service, "in"), messages.With(service, "out"),
				bytes.With(service, "in"), bytes.With(service, "out"),
			}
		}),
		accepted:   r.Counter("tutorsocket_ws_accepted_handshakes_total", "Upgrade requests that became a connection."),
		refused:    r.Counters("tutorsocket_ws_refused_handshakes_total", "Upgrade requests that got no socket, by reason.", "reason"),
		heartbeats: r.Counter("tutorsocket_ws_lost_heartbeats_total", "Connections dropped because the client answered no pings."),
		throttled:  r.Counter("tutorsocket_ws_throttled_total", "Times that reading from a socket began to be slowed down, because it sent more messages than it may."),
	}
}

// refusalReasons are the statuses of refusals as the metrics have them.
var refusalReasons = map[int]string{
	http.StatusBadRequest:          "bad_request",
	http.StatusUnauthorized:        "unauthenticated",
	http.StatusForbidden:           "forbidden",
	http.StatusNotFound:            "no_service",
	http.StatusMethodNotAllowed:    "method",
	http.StatusUpgradeRequired:     "no_upgrade",
	http.StatusTooManyRequests:     "too_many",
	http.StatusServiceUnavailable:  "unavailable",
	http.StatusInternalServerError: "fault",
}

// refusedWith counts a refusal.
func (f *figures) refusedWith(status int) {
	reason, ok := refusalReasons[status]
	if !ok {
		reason = metrics.Other
	}
	f.refused.With(reason).Inc()
}

// countIn adds bytes that came from the client.
func (c *conn) countIn(n int) {
	c.hc.CountIn(n)
	c.traffic.bytesIn.Add(n)
}

// countOut adds bytes that were handed to the kernel.
func (c *conn) countOut(n int) {
	c.hc.CountOut(n)
	c.traffic.bytesOut.Add(n)
}
