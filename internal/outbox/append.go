package outbox

import (
	"cmp"
	"fmt"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// addresseeBytes is about how much of one record names sockets.
const addresseeBytes = 64 << 10

// Append stores a message for sockets, whoever owns them, and puts it into the queues of those whose line is here
// and live. It does not block. done is called once: after all is stored, with the last place; or with an error
// that wraps [hub.ErrNotStored] and says why, when some of it is not, or may not be: where the answer is all
// that was lost a socket may get the message nevertheless, but never after a newer one of this process. What
// is known to fail at once (too large, too much on its way, no connection) is told before Append returns;
// otherwise done is called from a goroutine of the outbox, must not block, and for each socket in the order
// of the calls. The caller leaves to alone.
func (o *Outbox) Append(to []Addressee, m *hub.Message, mode hub.Mode, done func(pos Position, err error)) {
	j := &joined{done: done, left: 1}
	for _, part := range split(to) {
		lane := indexOf(part[0].Key)
		for len(part) > 0 {
			n := o.fitting(part, m)
			j.expect()
			o.append(lane, part[:n], m, mode, nil, func(pos Position, _ int, err error) { j.part(pos, err) })
			part = part[n:]
		}
	}
	j.part(0, nil)
}

// joined puts the outcomes of several records together.
type joined struct {
	mu   sync.Mutex
	left int
	pos  Position
	err  error
	done func(pos Position, err error)
}

func (j *joined) expect() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.left++
}

func (j *joined) part(pos Position, err error) {
	j.mu.Lock()
	j.left--
	j.pos = max(j.pos, pos)
	j.err = cmp.Or(j.err, err)
	last := j.left == 0
	pos, err = j.pos, j.err
	j.mu.Unlock()
	if last && j.done != nil {
		j.done(pos, err)
	}
}

// split returns the addressees by partition.
func split(to []Addressee) [][]Addressee {
	if len(to) <= 1 {
		if len(to) == 0 {
			return nil
		}
		return [][]Addressee{to}
	}
	var parts [partitions][]Addressee
	for _, a := range to {
		i := indexOf(a.Key)
		parts[i] = append(parts[i], a)
	}
	var all [][]Addressee
	for _, part := range parts {
		if part != nil {
			all = append(all, part)
		}
	}
	return all
}

// overhead is what a record takes beside text and addressees.
func (o *Outbox) overhead(m *hub.Message) int {
	return framing + len(o.cfg.Writer) + len(m.ConflateKey()) + 32
}

// fitting returns how many of the addressees, from the front, share a record; at least one.
func (o *Outbox) fitting(to []Addressee, m *hub.Message) int {
	room := min(addresseeBytes, o.limit-o.overhead(m)-len(m.Text()))
	n := 1
	for room -= to[0].size(); n < len(to); n++ {
		if room -= to[n].size(); room < 0 {
			break
		}
	}
	return n
}

// append stores one record. only is the line it is for, of which finished gets the depth of the queue; nil: there
// may be several.
func (o *Outbox) append(lane int, to []Addressee, m *hub.Message, mode hub.Mode, only *Line, finished func(pos Position, depth int, err error)) {
	room := 0
	for _, a := range to {
		room += a.size()
	}
	if size := o.overhead(m) + len(m.Text()) + room; size > o.limit {
		o.refuse(finished, fmt.Errorf("%w: with its address it takes %d bytes, and NATS takes %d (max_payload)", ErrTooLarge, size, o.limit))
		return
	}
	record := startEntry(o.cfg.Writer, m, mode, len(to), room)
	for _, a := range to {
		record = appendAddressee(record, a)
	}
	err := o.writer.add(&flight{lane: lane, record: record, finished: func(f *flight) {
		if f.err != nil {
			if f.doubtful {
				o.doubt(f.lane, to)
			}
			o.refuse(finished, f.err)
			return
		}
		finished(f.pos, o.stored(f, to, m, mode, only), nil)
	}})
	if err != nil {
		o.refuse(finished, err)
	}
}

func (o *Outbox) refuse(finished func(Position, int, error), err error) {
	o.figures.refused(err)
	finished(0, 0, notStored(err))
}

// stored passes what has been stored to the lines that are here, and returns the depth of the queue of only.
func (o *Outbox) stored(f *flight, to []Addressee, m *hub.Message, mode hub.Mode, only *Line) (depth int) {
	o.figures.appended.Inc()
	o.figures.appendedBytes.Add(f.size)
	o.end.note(f.pos)
	p := o.partitions[f.lane]
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range to {
		l := p.lines[a.Key]
		if l == nil || l.a.Life != a.Life {
			continue
		}
		if n := l.stored(f.pos, f.counter, m, mode); l == only {
			depth = n
		}
	}
	return depth
}

// doubt tells the lines that are here of an entry that may be stored.
func (o *Outbox) doubt(lane int, to []Addressee) {
	p := o.partitions[lane]
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range to {
		if l := p.lines[a.Key]; l != nil && l.a.Life == a.Life {
			l.doubt()
		}
	}
}
