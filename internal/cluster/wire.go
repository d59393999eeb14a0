package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// What nodes tell each other is made of varints, of texts behind their length, and of bytes. Both sides know
// what comes next; a field is only ever added at the end of a body.

// encoder writes a body.
type encoder struct{ buf []byte }

func (e *encoder) byte(b byte)   { e.buf = append(e.buf, b) }
func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }
func (e *encoder) int(n int64)   { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) size(n int)    { e.uint(uint64(max(n, 0))) }

func (e *encoder) bool(b bool) {
	if b {
		e.byte(1)
	} else {
		e.byte(0)
	}
}

func (e *encoder) text(s string) {
	e.size(len(s))
	e.buf = append(e.buf, s...)
}

func (e *encoder) time(t time.Time) { e.int(t.UnixNano()) }

func (e *encoder) tags(t hub.Tags) {
	e.size(t.Len())
	for name, value := range t.All() {
		e.text(name)
		e.text(value)
	}
}

// patch writes a change of tags.
func (e *encoder) patch(patch map[string]*string) {
	e.size(len(patch))
	for name, value := range patch {
		e.text(name)
		e.bool(value != nil)
		if value != nil {
			e.text(*value)
		}
	}
}

func (e *encoder) filter(f hub.Filter) {
	e.text(f.String())
	e.bool(f.Reaches())
}

func (e *encoder) user(u *hub.User) {
	e.text(u.ID)
	e.text(u.Login)
	e.text(u.Name)
	e.bool(u.Admin)
	e.size(len(u.Fields))
	for name, value := range u.Fields {
		e.text(name)
		e.text(value)
	}
}

// info writes what a socket is like. Which node holds it is known to whoever asked.
func (e *encoder) info(i *hub.Info, opened time.Time) {
	e.text(i.Key)
	e.time(opened)
	e.user(&i.User)
	e.tags(i.Tags)
	e.text(i.State)
	e.size(i.QueueMessages)
	e.size(i.QueueBytes)
	e.text(i.QueueMode)
	e.size(i.QueueDropped)
	e.text(i.QueueDropReason)
	e.time(i.ConnectedAt)
	e.int(i.BytesIn)
	e.int(i.BytesOut)
}

// decoder reads a body. Texts are parts of it and keep it in memory. After the first thing that is not there
// or cannot be, all that is read is zero, and bad is set.
type decoder struct {
	rest string
	bad  bool
}

func decode(body []byte) decoder { return decoder{rest: string(body)} }

// complete says that all was read and nothing is left.
func (d *decoder) complete() bool { return !d.bad && d.rest == "" }

func (d *decoder) fail() {
	d.rest, d.bad = "", true
}

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) bool() bool {
	b := d.byte()
	if b > 1 {
		d.fail()
	}
	return b == 1
}

func (d *decoder) uint() uint64 {
	var n uint64
	for i := range binary.MaxVarintLen64 {
		b := d.byte()
		if i == binary.MaxVarintLen64-1 && b > 1 { // more than 64 bits
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n
		}
	}
	d.fail()
	return 0
}

func (d *decoder) int() int64 {
	n := d.uint()
	return int64(n>>1) ^ -int64(n&1)
}

// size reads a number that an int holds.
func (d *decoder) size() int {
	n := d.uint()
	if n > math.MaxInt {
		d.fail()
		return 0
	}
	return int(n)
}

// length reads how many things follow, each of which takes that many bytes at least.
func (d *decoder) length(each int) int {
	n := d.uint()
	if n > uint64(len(d.rest)/each) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	n := d.length(1)
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

func (d *decoder) time() time.Time { return time.Unix(0, d.int()) }

func (d *decoder) tags() hub.Tags {
	n := d.length(2)
	tags, ok := hub.TagsOf(n, d.pairs(n))
	if !ok {
		d.fail()
	}
	return tags
}

// pairs reads n names with a text each.
func (d *decoder) pairs(n int) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for range n {
			if name, value := d.text(), d.text(); d.bad || !yield(name, value) {
				return
			}
		}
	}
}

func (d *decoder) patch() map[string]*string {
	n := d.length(2)
	patch := make(map[string]*string, n)
	for range n {
		name := d.text()
		if patch[name] = nil; d.bool() {
			value := d.text()
			patch[name] = &value
		}
	}
	return patch
}

// filter reads a filter. A text that is none makes the body a bad one: the node that asks has read it, too.
func (d *decoder) filter() hub.Filter {
	f, err := hub.ParseFilter(d.text())
	if err != nil {
		d.fail()
	}
	if d.bool() {
		f = f.Reaching()
	}
	return f
}

func (d *decoder) user() hub.User {
	u := hub.User{ID: d.text(), Login: d.text(), Name: d.text(), Admin: d.bool()}
	if n := d.length(2); n > 0 {
		u.Fields = make(map[string]string, n)
		for name, value := range d.pairs(n) {
			u.Fields[name] = value
		}
	}
	return u
}

// info reads what a socket of a node is like.
func (d *decoder) info(node string) (i hub.Info, opened time.Time) {
	i = hub.Info{Key: d.text(), Node: node}
	opened = d.time()
	i.User, i.Tags, i.State = d.user(), d.tags(), d.text()
	i.QueueMessages, i.QueueBytes, i.QueueMode = d.size(), d.size(), d.text()
	i.QueueDropped, i.QueueDropReason = d.size(), d.text()
	i.ConnectedAt, i.BytesIn, i.BytesOut = d.time(), d.int(), d.int()
	if d.bad {
		return hub.Info{}, time.Time{}
	}
	service, id, _, err := hub.ParseKey(i.Key)
	if err != nil {
		d.fail()
		return hub.Info{}, time.Time{}
	}
	i.Service, i.StatefulID = service, id
	return i, opened
}

// Codes of failures.
const (
	codeNotFound  = "notfound"
	codeMalformed = "malformed" // the body of the request cannot be read
	codeBusy      = "busy"      // too much is asked of the node at once
	codeFailed    = "failed"    // anything else
)

// codes are the errors of hub that keep what they are on the way to another node.
var codes = []struct {
	code string
	err  error
}{
	{codeNotFound, hub.ErrNotFound},
	{codeNotFound, hub.ErrClosed}, // a socket that has ended is one that is not there
	{"full", hub.ErrQueueFull},
	{"tags", hub.ErrTagLimit},
	{"taken", hub.ErrKeyTaken},
	{"live", hub.ErrKeyLive},
	{"moving", hub.ErrMoving},
	{"superseded", errSuperseded},
	{"restarted", errRestarted},
	{"givenup", errGivenUp},
	{"nevercame", errNeverCame},
	{"toolarge", hub.ErrTooLarge}, // which is not stored either
	{"notstored", hub.ErrNotStored},
	{"unavailable", hub.ErrUnavailable},
}

// codeOf is the code for an error.
func codeOf(err error) string {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return codeFailed
}

// errorOf is the error that a failure tells of.
func errorOf(f *peers.Failure) error {
	for _, c := range codes {
		if c.code != f.Code {
			continue
		}
		if c.code == codeNotFound || f.Text == c.err.Error() {
			return c.err
		}
		return &toldError{c.err, strings.ToValidUTF8(f.Text, "\uFFFD")}
	}
	return f
}

// errAnswer says that a node answers what cannot be read.
func errAnswer(node string) error {
	return fmt.Errorf("the answer of %s cannot be read: do all nodes run one version?", node)
}

// toldError is an error as another node has told it.
type toldError struct {
	is   error
	text string
}

func (e *toldError) Error() string { return e.text }
func (e *toldError) Unwrap() error { return e.is }
