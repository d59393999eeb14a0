package resume

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// A record begins with a byte that says what it is. Numbers are varints, texts stand behind their length.
// A text that is repeated between sockets, such as a message to many, is a record of its own before the
// first socket that has it, which names it by number.
const (
	recordText   byte = 1
	recordSocket byte = 2
	recordLoss   byte = 3
)

var errRecord = errors.New("a record cannot be read")

// encoder makes records of sockets.
type encoder struct {
	buf   []byte
	texts map[string]uint64 // those written, by what they say; the values count from 0
	add   func(record []byte) error
}

// socket writes a socket, and before it the texts of its messages that were not written yet.
func (e *encoder) socket(d *hub.Detached) error {
	for i := range d.Waiting {
		if err := e.text(d.Waiting[i].Text); err != nil {
			return err
		}
	}
	e.buf = append(e.buf[:0], recordSocket)
	e.string(d.Key)
	e.user(&d.User)
	e.handshake(&d.Handshake)
	e.stringMap(d.Tags)
	e.int(d.Opened.UnixNano())
	e.int(d.Connected.UnixNano())
	e.int(d.BytesIn)
	e.int(d.BytesOut)
	e.reason(&d.Reason)
	e.int(int64(d.Window))
	e.string(d.Mode)
	e.int(int64(d.Dropped))
	e.int(int64(max(d.Overflow, 0)))
	e.int(int64(max(d.Expired, 0)))
	e.uint(uint64(len(d.Waiting)))
	for i := range d.Waiting {
		w := &d.Waiting[i]
		e.uint(e.texts[w.Text])
		e.bool(w.Item)
		e.string(w.ConflateKey)
	}
	e.more(d)
	return e.add(e.buf)
}

// What the end of a record of a socket says, as bits. A record without it was written by an earlier version of
// the program, or has nothing to say.
const (
	moreDurable    uint64 = 1 << iota
	moreNodeLost          // the number follows
	moreOverflowed        // in an unknown number
	moreExpired           // likewise
	moreLogin             // how the user logged in and what tags that grants follow

	moreKnown = moreDurable | moreNodeLost | moreOverflowed | moreExpired | moreLogin
)

// more writes the end of a record. Ordinary sockets have none, so that an earlier version can still read them.
func (e *encoder) more(d *hub.Detached) {
	var more uint64
	set := func(bit uint64, is bool) {
		if is {
			more |= bit
		}
	}
	set(moreDurable, d.Durable)
	set(moreNodeLost, d.NodeLost != 0)
	set(moreOverflowed, d.Overflow < 0)
	set(moreExpired, d.Expired < 0)
	set(moreLogin, d.Handshake.LoginBy != "" || len(d.Handshake.Granted) > 0)
	if more == 0 {
		return
	}
	e.uint(more)
	if d.NodeLost != 0 {
		e.int(int64(d.NodeLost))
	}
	if more&moreLogin != 0 {
		e.string(d.Handshake.LoginBy)
		e.stringMap(d.Handshake.Granted)
	}
}

func (e *encoder) loss(l *hub.Loss) error {
	e.buf = append(e.buf[:0], recordLoss)
	e.string(l.Key)
	e.string(l.User)
	e.int(int64(l.Missed))
	e.int(int64(l.Age))
	return e.add(e.buf)
}

func (e *encoder) text(text string) error {
	if _, known := e.texts[text]; known {
		return nil
	}
	number := uint64(len(e.texts))
	e.texts[text] = number
	e.buf = append(e.buf[:0], recordText)
	e.uint(number)
	e.string(text)
	return e.add(e.buf)
}

func (e *encoder) user(u *hub.User) {
	e.string(u.ID)
	e.string(u.Login)
	e.string(u.Name)
	e.bool(u.Admin)
	e.stringMap(u.Fields)
}

func (e *encoder) handshake(h *hub.Handshake) {
	for _, s := range []string{h.Method, h.URL, h.Host, h.RemoteAddr, h.Header} {
		e.string(s)
	}
}

func (e *encoder) reason(r *hub.Reason) {
	e.int(int64(r.Code))
	e.string(r.Text)
	e.bool(r.Abort)
	e.uint(uint64(r.Cause))
}

func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }
func (e *encoder) int(n int64)   { e.buf = binary.AppendVarint(e.buf, n) }

func (e *encoder) string(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) bool(b bool) {
	if b {
		e.buf = append(e.buf, 1)
	} else {
		e.buf = append(e.buf, 0)
	}
}

// stringMap writes a map in the order of its names: equal sockets are equal bytes.
func (e *encoder) stringMap(m map[string]string) {
	e.uint(uint64(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		e.string(name)
		e.string(m[name])
	}
}

// decoder makes sockets of records. After a record that it refuses it goes on with the next.
type decoder struct {
	texts   map[uint64]string
	known   map[string]string // texts that many sockets share, such as the headers of one browser
	sockets []hub.Detached
	losses  []hub.Loss

	buf []byte // what is left of the record
	bad bool   // it is cut, or not one of ours
}

func newDecoder() *decoder {
	return &decoder{texts: map[uint64]string{}, known: map[string]string{}}
}

// restart forgets the texts: a save begins, and its numbers are its own.
func (d *decoder) restart() { clear(d.texts) }

// record takes a record. An error says that it was left out.
func (d *decoder) record(data []byte) error {
	d.buf, d.bad = data, len(data) == 0
	switch kind := d.byte(); kind {
	case recordText:
		number, text := d.uint(), d.string()
		if !d.complete() {
			return errRecord
		}
		d.texts[number] = text
	case recordSocket:
		s, err := d.socket()
		if err != nil {
			return err
		}
		d.sockets = append(d.sockets, s)
	case recordLoss:
		l := hub.Loss{Key: d.string(), User: d.shared(), Missed: d.missed(), Age: time.Duration(d.int())}
		if !d.complete() || l.Missed == 0 || l.Age < 0 {
			return errRecord
		}
		d.losses = append(d.losses, l)
	default:
		return fmt.Errorf("%w: kind %d", errRecord, kind)
	}
	return nil
}

// complete says that all was read and nothing is left.
func (d *decoder) complete() bool { return !d.bad && len(d.buf) == 0 }

func (d *decoder) socket() (hub.Detached, error) {
	s := hub.Detached{
		Key: d.string(), User: d.user(), Handshake: d.handshake(), Tags: d.stringMap(),
		Opened: d.time(), Connected: d.time(), BytesIn: d.int(), BytesOut: d.int(),
		Reason: d.reason(), Window: time.Duration(d.int()), Mode: d.shared(),
		Dropped: d.count(), Overflow: d.count(), Expired: d.count(),
	}
	missing := false
	for range d.length() {
		text, known := d.texts[d.uint()]
		missing = missing || !known
		s.Waiting = append(s.Waiting, hub.Waiting{Text: text, Item: d.bool(), ConflateKey: d.shared()})
		if d.bad {
			break
		}
	}
	if !d.bad && len(d.buf) > 0 {
		d.more(&s)
	}
	if _, _, _, err := hub.ParseKey(s.Key); !d.complete() || err != nil || s.Window < 0 {
		return hub.Detached{}, errRecord
	}
	if missing {
		return hub.Detached{}, fmt.Errorf("%w: a message is missing", errRecord)
	}
	return s, nil
}

// more reads the end of a record of a socket.
func (d *decoder) more(s *hub.Detached) {
	more := d.uint()
	d.bad = d.bad || more == 0 || more&^moreKnown != 0 // what a later version says must not be passed over
	s.Durable = more&moreDurable != 0
	if more&moreNodeLost != 0 {
		s.NodeLost = d.missed()
		d.bad = d.bad || s.NodeLost == 0
	}
	if more&moreLogin != 0 {
		s.Handshake.LoginBy, s.Handshake.Granted = d.shared(), d.stringMap()
	}
	if more&moreOverflowed != 0 {
		d.unknown(&s.Overflow)
	}
	if more&moreExpired != 0 {
		d.unknown(&s.Expired)
	}
}

// unknown marks a number of missed messages that was written as 0.
func (d *decoder) unknown(missed *int) {
	d.bad = d.bad || *missed != 0
	*missed = hub.MissedUnknown
}

func (d *decoder) user() hub.User {
	return hub.User{ID: d.shared(), Login: d.shared(), Name: d.shared(), Admin: d.bool(), Fields: d.stringMap()}
}

func (d *decoder) handshake() hub.Handshake {
	return hub.Handshake{Method: d.shared(), URL: d.string(), Host: d.shared(), RemoteAddr: d.string(), Header: d.shared()}
}

func (d *decoder) reason() hub.Reason {
	r := hub.Reason{Code: int(d.int()), Text: d.shared(), Abort: d.bool()}
	cause := d.uint()
	if cause > 0xff {
		d.bad = true
	}
	r.Cause = hub.Cause(cause)
	return r
}

func (d *decoder) byte() byte {
	if len(d.buf) == 0 {
		d.bad = true
		return 0
	}
	b := d.buf[0]
	d.buf = d.buf[1:]
	return b
}

func (d *decoder) bool() bool {
	b := d.byte()
	d.bad = d.bad || b > 1
	return b == 1
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.buf)
	d.skip(size)
	return n
}

func (d *decoder) int() int64 {
	n, size := binary.Varint(d.buf)
	d.skip(size)
	return n
}

// skip passes over a number of that size, which is not positive if there is none.
func (d *decoder) skip(size int) {
	if size <= 0 {
		d.bad, d.buf = true, nil
		return
	}
	d.buf = d.buf[size:]
}

func (d *decoder) time() time.Time { return time.Unix(0, d.int()) }

// count reads a number that is not negative and fits an int.
func (d *decoder) count() int {
	n := d.int()
	if n < 0 || int64(int(n)) != n {
		d.bad = true
		return 0
	}
	return int(n)
}

// missed reads a number of messages that may be unknown.
func (d *decoder) missed() int {
	n := d.int()
	if n < hub.MissedUnknown || int64(int(n)) != n {
		d.bad = true
		return 0
	}
	return int(n)
}

// length reads how many things follow, each of which takes a byte at least.
func (d *decoder) length() int {
	n := d.uint()
	if n > uint64(len(d.buf)) {
		d.bad, d.buf = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) bytes() []byte {
	n := d.length()
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b
}

func (d *decoder) string() string { return string(d.bytes()) }

// shared reads a text that other sockets are likely to have too, and keeps it in memory once.
func (d *decoder) shared() string {
	b := d.bytes()
	if text, ok := d.known[string(b)]; ok {
		return text
	}
	text := string(b)
	d.known[text] = text
	return text
}

func (d *decoder) stringMap() map[string]string {
	n := d.length()
	if n == 0 {
		return nil
	}
	m := make(map[string]string)
	for range n {
		name, value := d.shared(), d.shared()
		m[name] = value
		if d.bad {
			return nil
		}
	}
	return m
}
