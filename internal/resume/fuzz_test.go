package resume

import (
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func socketsToFuzz() []hub.Detached {
	return []hub.Detached{
		{Key: "/services/a-s-1"},
		{Key: "/services/c-s-3", Durable: true, NodeLost: hub.MissedUnknown, Overflow: hub.MissedUnknown},
		{
			Key: "/services/b-s-2", User: hub.User{ID: "1", Fields: map[string]string{"a": "b"}}, Tags: map[string]string{"t": "v"},
			Opened: time.Unix(1, 2), Window: time.Second, Mode: "json", Reason: hub.Reason{Code: 1006, Cause: hub.CauseStalled},
			Waiting: []hub.Waiting{{Text: "one", Item: true}, {Text: "two", ConflateKey: "k"}},
		},
	}
}

// FuzzRecord: no record makes the decoder panic, or take memory that it has not been given; and what it takes
// for a socket can be written again.
func FuzzRecord(f *testing.F) {
	e := encoder{texts: map[string]uint64{}, add: func(record []byte) error { f.Add(append([]byte(nil), record...)); return nil }}
	for _, d := range socketsToFuzz() {
		if err := e.socket(&d); err != nil {
			f.Fatal(err)
		}
	}
	if err := e.loss(&hub.Loss{Key: "k", User: "1", Missed: 2, Age: time.Second}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		d := newDecoder()
		d.texts[0], d.texts[1] = "one", "two"
		if err := d.record(record); err != nil || len(d.sockets) == 0 {
			return
		}
		again := newDecoder()
		e := encoder{texts: map[string]uint64{}, add: again.record}
		if err := e.socket(&d.sockets[0]); err != nil {
			t.Errorf("%+v cannot be read again: %v", d.sockets[0], err)
		}
	})
}

// FuzzPieces: whatever becomes of the pieces, none makes the reader panic, and what it reads are sockets that were
// saved, or are said to be lost.
func FuzzPieces(f *testing.F) {
	var all [][]byte
	c := cutter{sockets: 3, size: 40, emit: func(piece []byte) error { all = append(all, piece); return nil }}
	e := encoder{texts: map[string]uint64{}, add: c.add}
	for _, d := range socketsToFuzz() {
		if err := e.socket(&d); err != nil {
			f.Fatal(err)
		}
	}
	if err := c.flush(); err != nil {
		f.Fatal(err)
	}
	f.Add(all[0], []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte{}, []byte{3, 1, 0xff, 2})
	f.Fuzz(func(t *testing.T, strange, order []byte) {
		r := reader{decoder: newDecoder()}
		for _, n := range order {
			if int(n) < len(all) {
				r.piece(all[n])
			} else {
				r.piece(strange)
			}
		}
		if lost, err := r.loss(); lost != 0 && err == nil || len(r.decoder.sockets) > r.joiner.sockets {
			t.Errorf("%d sockets of %d, %d lost, %v", len(r.decoder.sockets), r.joiner.sockets, lost, err)
		}
	})
}
