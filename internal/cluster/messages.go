package cluster

import (
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/resume"
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
	opCheck                         // look at the claim on a key
)

// Ops names the operations of this package, for [peers.Config].
func (c *Cluster) Ops() map[peers.Op]peers.OpInfo {
	ops := RemoteOps()
	for op, info := range map[peers.Op]peers.OpInfo{
		opSend: {Name: "send"}, opGroup: {Name: "group"}, opStored: {Name: "stored", Late: true},
		opHandOver: {Name: "hand_over", Timeout: c.cfg.GiveUp, Late: true}, opEnd: {Name: "end", Late: true}, opLate: {Name: "late", Late: true},
		opAdopt: {Name: "adopt", Timeout: adoptPatience, Late: true}, opCheck: {Name: "check", Late: true},
	} {
		ops[op] = info
	}
	return ops
}

func (e *encoder) message(m *hub.Message, mode hub.Mode) {
	e.byte(byte(mode))
	e.text(m.ConflateKey())
	e.text(m.Text())
}

// message reads a message. Its texts are copies: it may wait for long, and the body has more in it.
func (d *decoder) message() (*hub.Message, hub.Mode) {
	mode := hub.Mode(d.byte())
	if mode > hub.ModePlain {
		d.fail()
	}
	conflateKey := strings.Clone(d.text())
	return hub.NewMessage(strings.Clone(d.text())).WithConflateKey(conflateKey), mode
}

func (e *encoder) vector(v vector) {
	e.size(len(v))
	for from, seq := range v {
		e.text(from)
		e.uint(seq)
	}
}

func (d *decoder) vector() vector {
	v := vector{}
	for range d.length(2) {
		from := strings.Clone(d.text())
		v[from] = d.uint()
	}
	return v
}

// checked is what was read, unless the body has something else in it.
func checked[T any](d *decoder, v T) (T, error) {
	if !d.complete() {
		var none T
		return none, errMalformed
	}
	return v, nil
}

// sent is a message for one socket.
type sent struct {
	key  string
	m    *hub.Message
	mode hub.Mode
}

func writeSent(s sent) []byte {
	e := encoder{buf: make([]byte, 0, len(s.key)+len(s.m.Text())+16)}
	e.text(s.key)
	e.message(s.m, s.mode)
	return e.buf
}

func readSent(body []byte) (sent, error) {
	d := decode(body)
	s := sent{key: d.text()}
	s.m, s.mode = d.message()
	return checked(&d, s)
}

func writeGroup(s *groupSend) []byte {
	var e encoder
	e.message(s.m, s.mode)
	e.bool(s.filter != nil)
	if s.filter != nil {
		e.filter(*s.filter)
		return e.buf
	}
	e.size(len(s.keys))
	for _, key := range s.keys {
		e.text(key)
	}
	return e.buf
}

func readGroup(body []byte) (*groupSend, error) {
	d := decode(body)
	s := new(groupSend)
	s.m, s.mode = d.message()
	if d.bool() {
		f := d.filter()
		s.filter = &f
	} else {
		for range d.length(1) {
			s.keys = append(s.keys, d.text())
		}
	}
	return checked(&d, s)
}

func writeCount(n int) []byte {
	var e encoder
	e.size(n)
	return e.buf
}

// readCount reads an answer that is a number; 0 if it is none.
func readCount(body []byte) int {
	d := decode(body)
	n, err := checked(&d, d.size())
	if err != nil {
		return 0
	}
	return n
}

// writeOutcomes makes an answer of what became of a message to many.
func writeOutcomes(o outcomes) []byte {
	var e encoder
	e.size(o.addressed)
	e.size(o.unstored)
	if o.why != nil {
		e.text(codeOf(o.why))
		e.text(o.why.Error())
	}
	return e.buf
}

// readOutcomes reads an answer of writeOutcomes; the zero value if it is none.
func readOutcomes(body []byte) outcomes {
	d := decode(body)
	o := outcomes{addressed: d.size(), unstored: d.size()}
	if o.unstored > 0 {
		o.why = errorOf(&peers.Failure{Code: d.text(), Text: d.text()})
	}
	if !d.complete() {
		return outcomes{}
	}
	return o
}

// storedAt is a message that its sender has stored for a socket.
type storedAt struct {
	key string
	at  outbox.Position
}

func writeStored(s storedAt) []byte {
	var e encoder
	e.text(s.key)
	e.uint(uint64(s.at))
	return e.buf
}

func readStored(body []byte) (storedAt, error) {
	d := decode(body)
	return checked(&d, storedAt{d.text(), outbox.Position(d.uint())})
}

func writeKey(key string) []byte {
	var e encoder
	e.text(key)
	return e.buf
}

func readKey(body []byte) (string, error) {
	d := decode(body)
	return checked(&d, d.text())
}

func writeHandOver(h handOver) []byte {
	var e encoder
	e.text(h.key)
	e.text(h.user)
	e.uint(h.revision)
	e.text(h.from)
	return e.buf
}

func readHandOver(body []byte) (handOver, error) {
	d := decode(body)
	return checked(&d, handOver{strings.Clone(d.text()), d.text(), d.uint(), d.text()})
}

// writeHandedOver writes a socket, and how far its node had come with messages to many.
func writeHandedOver(socket *hub.Detached, had vector) []byte {
	var e encoder
	e.vector(had)
	return resume.AppendSocket(e.buf, socket)
}

func readHandedOver(body []byte) (socket hub.Detached, had vector, err error) {
	d := decode(body)
	if had = d.vector(); d.bad {
		return hub.Detached{}, nil, errMalformed
	}
	socket, err = resume.ReadSocket([]byte(d.rest))
	return socket, had, err
}

func writeLate(l late) []byte {
	var e encoder
	e.text(l.key)
	e.uint(l.life)
	return e.buf
}

func readLate(body []byte) (late, error) {
	d := decode(body)
	return checked(&d, late{d.text(), d.uint()})
}

// adoptRequest is what a node that leaves asks of another.
type adoptRequest struct {
	phase adoptPhase
	had   vector
}

func writeAdopt(a adoptRequest) []byte {
	var e encoder
	e.byte(byte(a.phase))
	e.vector(a.had)
	return e.buf
}

func readAdopt(body []byte) (adoptRequest, error) {
	d := decode(body)
	a, err := checked(&d, adoptRequest{adoptPhase(d.byte()), d.vector()})
	if err == nil && a.phase != adoptBegin && a.phase != adoptLoad {
		err = errMalformed
	}
	return a, err
}
