package outbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"sync"
	"time"
)

// mark is how far a client has confirmed what was stored for it.
type mark struct {
	id   markID
	pos  Position
	seen seen // what was the newest of each writer then
}

// markID stands for an addressee.
type markID struct{ life, key uint64 }

func (a Addressee) id() markID {
	h := fnv.New64a()
	_, _ = h.Write([]byte(a.Key)) // never fails
	return markID{a.Life, h.Sum64()}
}

// marksBytes is about the size of a record of watermarks.
const marksBytes = 32 << 10

// encodeMarks makes records of watermarks. Each begins with the names of the writers that are in it. Of keys only
// a hash is written: lives are random already.
func encodeMarks(marks []mark) (records [][]byte) {
	for len(marks) > 0 {
		numbers := map[string]uint64{}
		var names, body []byte
		n := 0
		for ; n < len(marks) && len(names)+len(body) < marksBytes; n++ {
			m := &marks[n]
			body = binary.BigEndian.AppendUint64(body, m.id.life)
			body = binary.BigEndian.AppendUint64(body, m.id.key)
			body = binary.AppendUvarint(body, uint64(m.pos))
			body = binary.AppendUvarint(body, uint64(len(m.seen)))
			for _, w := range m.seen {
				number, known := numbers[w.writer]
				if !known {
					number = uint64(len(numbers))
					numbers[w.writer] = number
					names = appendText(names, w.writer)
				}
				body = binary.AppendUvarint(body, number)
				body = binary.AppendUvarint(body, w.counter)
			}
		}
		record := make([]byte, contentAt, framing+len(names)+len(body)+2*binary.MaxVarintLen64)
		record[0] = kindMarks
		record = binary.AppendUvarint(record, uint64(len(numbers)))
		record = append(record, names...)
		record = binary.AppendUvarint(record, uint64(n))
		records = append(records, append(record, body...))
		marks = marks[n:]
	}
	return records
}

// readMarks reads a record of watermarks.
func readMarks(record []byte, each func(mark)) error {
	_, content, err := open(record, kindMarks)
	if err != nil {
		return err
	}
	r := reading{left: content}
	var names []string
	for n := r.count(1); n > 0; n-- {
		names = append(names, string(r.text()))
	}
	for n := r.count(18); n > 0 && !r.bad; n-- {
		m := mark{id: markID{r.uint64(), r.uint64()}, pos: Position(r.uint())}
		for w := r.count(2); w > 0 && !r.bad; w-- {
			number, counter := r.uint(), r.uint()
			if number >= uint64(len(names)) || len(m.seen) == maxSeen {
				return errDamaged
			}
			m.seen = append(m.seen, seenWriter{names[number], counter})
		}
		if r.bad {
			break
		}
		each(m)
	}
	if r.bad || len(r.left) > 0 {
		return errDamaged
	}
	return nil
}

// markTable is what the stream says of the watermarks of a group, kept for a moment: when many lines are resumed
// at once it is read once for all. What has been written since is read behind it.
type markTable struct {
	mu    sync.Mutex // held while reading: others wait for the result
	from  Position   // what is before was not read
	upTo  Position
	marks map[markID]mark // nil: nothing was read
	used  time.Time
}

// markTableLife is how long a table is kept that nobody uses.
const markTableLife = 10 * time.Second

// lookUp returns the watermarks of lines, zero for those that have none. since is a place before all of them.
func (t *markTable) lookUp(ctx context.Context, o *Outbox, subject string, since Position, lines []*Line) ([]mark, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.marks == nil || since < t.from {
		t.marks, t.from, t.upTo = map[markID]mark{}, since, since
	}
	if err := t.read(ctx, o, subject); err != nil {
		return nil, err
	}
	t.used = time.Now()
	found := make([]mark, len(lines))
	for i, l := range lines {
		found[i] = t.marks[l.a.id()]
		found[i].seen = found[i].seen.clone()
	}
	return found, nil
}

func (t *markTable) read(ctx context.Context, o *Outbox, subject string) error {
	r, err := o.newReader()
	if err != nil {
		return err
	}
	defer r.close()
	for {
		pending, err := r.read(ctx, subject, t.upTo+1, batchEntries, batchBytes, func(m stored) {
			t.upTo = m.pos
			if err := readMarks(m.data, func(m mark) { t.marks[m.id] = m }); err != nil {
				o.passOver(err, subject, m.pos)
			}
		})
		if err != nil {
			return fmt.Errorf("look up watermarks: %w", err)
		}
		if pending == 0 {
			return nil
		}
	}
}

// forget drops a table that is not used any more.
func (t *markTable) forget(now time.Time) {
	if t.mu.TryLock() {
		if t.marks != nil && now.Sub(t.used) > markTableLife {
			t.marks = nil
		}
		t.mu.Unlock()
	}
}
