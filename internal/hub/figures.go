package hub

import (
	"strconv"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// figures is what a hub counts. All of it is nil when nothing is.
type figures struct {
	messages  *metrics.Gauge // that wait in all queues; kept as a total, never counted
	bytes     *metrics.Gauge
	opened    *metrics.Counters
	closes    *metrics.Counters
	takeovers *metrics.Counters
	resumed   *metrics.Counters
	expired   *metrics.Counters
	dropped   dropped
}

// dropped counts messages that no client will see.
type dropped struct {
	overflow  *metrics.Counter // the queue was full
	oldest    *metrics.Counter // they had waited longest in a full queue
	conflated *metrics.Counter // a newer one took their place in a full queue
	closed    *metrics.Counter // they waited when the socket ended
	gone      *metrics.Counter // the socket was being closed
}

func newFigures(h *Hub, r *metrics.Registry) figures {
	r.Read("tutorsocket_hub_sockets", "Sockets, by service and state: open, detached, or gone while the close is under way.",
		[]string{"service", "state"}, h.readSockets)
	drops := r.Counters("tutorsocket_hub_dropped_messages_total",
		"Messages no client will see: overflow (the queue was full), oldest and conflated (they made room in a full queue), closed (they waited when the socket ended), gone (the socket was being closed).", "reason")
	return figures{
		messages:  r.Gauge("tutorsocket_hub_queue_messages", "Messages that wait in the queues of all sockets."),
		bytes:     r.Gauge("tutorsocket_hub_queue_bytes", "Bytes of the messages that wait, each counted in every queue it is in."),
		opened:    r.Counters("tutorsocket_hub_opened_sockets_total", "Sockets opened, takeovers not included.", "service"),
		closes:    r.Counters("tutorsocket_hub_closes_total", "Connections that ended, by close code and reason.", "code", "reason"),
		takeovers: r.Counters("tutorsocket_hub_takeovers_total", "Sockets taken over by a newer connection of their user.", "service"),
		resumed:   r.Counters("tutorsocket_hub_resumed_sockets_total", "Detached sockets that got a new connection.", "service"),
		expired:   r.Counters("tutorsocket_hub_expired_sockets_total", "Detached sockets that ended because nobody came back.", "service"),
		dropped: dropped{
			overflow: drops.With("overflow"), oldest: drops.With("oldest"), conflated: drops.With("conflated"),
			closed: drops.With("closed"), gone: drops.With("gone"),
		},
	}
}

// waiting notes that messages have joined queues, or left them.
func (f *figures) waiting(messages, bytes int) {
	if messages == 0 {
		return
	}
	f.messages.Add(messages)
	f.bytes.Add(bytes)
}

// closed counts the end of a connection.
func (f *figures) closed(r Reason) {
	f.closes.With(codeLabel(r.Code), r.cause()).Inc()
}

// codeLabel is a code as the metrics have it. Clients and scripts may use any of a
// thousand codes; those without a meaning here are one.
func codeLabel(code int) string {
	switch {
	case code >= CodeNormal && code <= 1014, code == CodeTakenOver, code == CodeSessionEnded:
		return strconv.Itoa(code)
	}
	return metrics.Other
}

// readSockets reports the sockets of each service. The cost is that of the
// services, not of the sockets.
func (h *Hub) readSockets(set func(value float64, values ...string)) {
	states := map[string]map[string]int{StateOpen: {}, StateDetached: {}, StateGone: {}}
	for i := range h.shards {
		h.shards[i].countInto(states)
	}
	for state, services := range states {
		for service, n := range services {
			set(float64(n), service, state)
		}
	}
}

func (sh *shard) countInto(states map[string]map[string]int) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	for _, list := range sh.services.lists {
		states[StateOpen][list.value] += len(list.sockets) - sh.detached[list.value]
	}
	for service, n := range sh.detached {
		states[StateDetached][strings.Clone(service)] += n
	}
	for service, n := range sh.leaving {
		states[StateGone][service] += n
	}
}

// left notes that a socket has left the registry and its end is under way. Called with mu held.
func (sh *shard) left(s *Socket) {
	if sh.leaving == nil {
		sh.leaving = map[string]int{}
	}
	sh.leaving[s.Service()]++
}

// leftForGood is the other end of left. Called with mu held.
func (sh *shard) leftForGood(s *Socket) {
	service := s.Service()
	if sh.leaving[service]--; sh.leaving[service] == 0 {
		delete(sh.leaving, service) // its key is a part of the key of a socket, which must not be kept alive
	}
}
