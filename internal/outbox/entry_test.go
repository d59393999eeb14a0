package outbox

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func TestEntriesAreReadAsTheyWereWritten(t *testing.T) {
	want := entry{
		writer: "0123456789abcdef", counter: 1 << 40, mode: hub.ModeJSON, conflate: "price", text: []byte("é\x00"),
		to: []Addressee{{"/services/a-s-1", 1 << 63}, {strings.Repeat("k", 300), 0}},
	}
	m := hub.NewMessage(string(want.text)).WithConflateKey(want.conflate)
	record := startEntry(want.writer, m, want.mode, len(want.to), 0)
	for _, a := range want.to {
		record = appendAddressee(record, a)
	}
	record = seal(record, want.counter)
	got, err := readEntry(record)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for i := range record { // a changed bit anywhere is noticed
		record[i] ^= 4
		if _, err := readEntry(record); err == nil {
			t.Fatalf("changed at %d, and read all the same", i)
		}
		record[i] ^= 4
	}
}

func TestWatermarksAreReadAsTheyWereWritten(t *testing.T) {
	var want []mark
	for i := range uint64(5000) {
		m := mark{id: markID{i, ^i}, pos: Position(i * i)}
		for w := range i % (maxSeen + 1) {
			m.seen = append(m.seen, seenWriter{string(rune('a' + (i+w)%20)), i << w})
		}
		want = append(want, m)
	}
	var got []mark
	records := encodeMarks(want)
	for _, record := range records {
		if len(record) > 2*marksBytes {
			t.Errorf("a record of %d bytes", len(record))
		}
		n := len(got)
		in := marksIn(record)
		if err := readMarks(seal(record, 1), func(m mark) { got = append(got, m) }); err != nil {
			t.Fatal(err)
		}
		if len(got)-n != in {
			t.Errorf("%d watermarks in a record of %d", in, len(got)-n)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("they differ")
	}
}

func TestSeen(t *testing.T) {
	var s seen
	for i := range uint64(10) {
		s.note("a", 2*i)
		s.note("b", i)
	}
	s.note("a", 3) // it does not go back
	for writer, counter := range map[string]uint64{"a": 18, "b": 9} {
		if !s.late(writer, counter) || s.late(writer, counter+1) {
			t.Errorf("%s: %v", writer, s)
		}
	}
	for _, other := range []string{"c", "d", "a", "e"} {
		s.note(other, 20)
	}
	if len(s) != maxSeen || s.late("b", 1) || !s.late("a", 20) {
		t.Errorf("%v", s)
	}
}

// FuzzRecords reads anything, with a checksum that is right, so that what is behind it is reached.
func FuzzRecords(f *testing.F) {
	m := hub.NewMessage("text").WithConflateKey("k")
	f.Add(appendAddressee(startEntry("writer", m, hub.ModeText, 1, 0), alice))
	f.Add(encodeMarks([]mark{{markID{1, 2}, 3, seen{{"a", 1}, {"b", 2}}}, {markID{4, 5}, 6, nil}})[0])
	f.Fuzz(func(t *testing.T, record []byte) {
		_, _ = readEntry(record)
		_ = readMarks(record, func(mark) {})
		if len(record) < contentAt {
			return
		}
		sealed := seal(append([]byte(nil), record...), 7)
		if e, err := readEntry(sealed); err == nil {
			again := startEntry(e.writer, hub.NewMessage("").WithConflateKey(e.conflate), e.mode, len(e.to), 0)
			if len(e.to) > len(sealed) || len(e.text) > len(sealed) || again == nil {
				t.Fatal("more than there was")
			}
			_ = e.message()
		}
		var marks []mark
		if readMarks(sealed, func(m mark) { marks = append(marks, m) }) == nil && len(marks) > 0 {
			var again []mark
			for _, r := range encodeMarks(marks) {
				if err := readMarks(seal(r, 1), func(m mark) { again = append(again, m) }); err != nil {
					t.Fatal(err)
				}
			}
			if !reflect.DeepEqual(again, marks) {
				t.Fatal("they differ when written again")
			}
		}
	})
}
