package cluster

import (
	"errors"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// Requests between nodes about opening and sending. Those about sockets that are there are in ops.go.
const (
	opSend     peers.Op = 32 + iota // a message for one socket
	opGroup                         // a message for many
	opStored                        // a message for a socket was stored by the sender
	opHandOver                      // give the socket away: its key has been claimed
	opEnd                           // end the socket: its id has come a second time
	opLate                          // what could not be handed over
	opAdopt                         // take over the sockets of a node that leaves
)

var errMalformed = errors.New("the request is malformed")

func appendSend(b []byte, key string, m *hub.Message, mode hub.Mode) []byte {
	b = appendText(b, key)
	return appendMessage(b, m, mode)
}

func readSend(b []byte) (key string, m *hub.Message, mode hub.Mode, err error) {
	r := reader{buf: b}
	key = r.text()
	m, mode = r.message()
	if !r.done() {
		return "", nil, 0, errMalformed
	}
	return key, m, mode, nil
}

func appendMessage(b []byte, m *hub.Message, mode hub.Mode) []byte {
	b = append(b, byte(mode))
	b = appendText(b, m.ConflateKey())
	return appendText(b, m.Text())
}

func (r *reader) message() (*hub.Message, hub.Mode) {
	mode := hub.Mode(r.byte())
	if mode > hub.ModePlain {
		r.bad = true
	}
	conflateKey := r.text()
	return hub.NewMessage(r.text()).WithConflateKey(conflateKey), mode
}

// Whom a message to many is for.
const (
	forFilter byte = 1
	forKeys   byte = 2
)

func appendGroup(b []byte, s *groupSend, away []string) []byte {
	b = appendMessage(b, s.m, s.mode)
	if s.filter != nil {
		b = append(b, forFilter)
		return appendText(b, s.filter.String())
	}
	b = append(b, forKeys)
	b = appendUint(b, uint64(len(away)))
	for _, key := range away {
		b = appendText(b, key)
	}
	return b
}

func readGroup(b []byte) (*groupSend, error) {
	r := reader{buf: b}
	s := new(groupSend)
	s.m, s.mode = r.message()
	switch r.byte() {
	case forFilter:
		f, err := hub.ParseFilter(r.text())
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformed, err)
		}
		f = f.Reaching()
		s.filter = &f
	case forKeys:
		for range r.length() {
			s.keys = append(s.keys, r.text())
		}
	default:
		r.bad = true
	}
	if !r.done() {
		return nil, errMalformed
	}
	return s, nil
}

func appendCount(b []byte, n int) []byte { return appendUint(b, uint64(n)) }

// readCount reads an answer that is a number; 0 if it is none.
func readCount(b []byte) int {
	r := reader{buf: b}
	if n := r.uint(); r.done() && n < 1<<31 {
		return int(n)
	}
	return 0
}

func appendStored(b []byte, key string, at outbox.Position) []byte {
	return appendUint(appendText(b, key), uint64(at))
}

func readStored(b []byte) (key string, at outbox.Position, err error) {
	r := reader{buf: b}
	key, at = r.text(), outbox.Position(r.uint())
	if !r.done() {
		return "", 0, errMalformed
	}
	return key, at, nil
}

func appendHandOver(b []byte, h handOver) []byte {
	b = appendText(appendText(b, h.key), h.user)
	return appendUint(b, h.revision)
}

func readHandOver(b []byte) (handOver, error) {
	r := reader{buf: b}
	h := handOver{key: r.text(), user: r.text(), revision: r.uint()}
	if !r.done() {
		return handOver{}, errMalformed
	}
	return h, nil
}

func appendLate(b []byte, l late) []byte {
	b = appendUint(appendText(b, l.key), l.life)
	return appendUint(b, uint64(l.missed))
}

func readLate(b []byte) (late, error) {
	r := reader{buf: b}
	l := late{key: r.text(), life: r.uint(), missed: int(r.uint() & 0x7fffffff)}
	if !r.done() {
		return late{}, errMalformed
	}
	return l, nil
}

func appendAdopt(b []byte, phase adoptPhase, had vector) []byte {
	return appendVector(append(b, byte(phase)), had)
}

func readAdopt(b []byte) (adoptPhase, vector, error) {
	r := reader{buf: b}
	phase, had := adoptPhase(r.byte()), r.vector()
	if !r.done() || phase != adoptBegin && phase != adoptLoad {
		return 0, nil, errMalformed
	}
	return phase, had, nil
}

func appendVector(b []byte, v vector) []byte {
	b = appendUint(b, uint64(len(v)))
	for from, seq := range v {
		b = appendUint(appendText(b, from), seq)
	}
	return b
}

func (r *reader) vector() vector {
	v := vector{}
	for range r.length() {
		from := r.text()
		v[from] = r.uint()
	}
	return v
}
