package peers

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// Frames as they are on the wire: a change of any is a change of frameVersion.
func TestFramesOnTheWire(t *testing.T) {
	for _, c := range []struct {
		frame frame
		wire  string
	}{
		{frame{kind: kindRequest, op: 7, incarnation: 0x0102030405060708, name: []byte("a"), body: []byte("body")},
			"\x01\x01\x07\x00\x01\x02\x03\x04\x05\x06\x07\x08\x01abody"},
		{frame{kind: kindPage, op: 255, incarnation: 1, name: []byte("n1"), groupSeq: 300, part: part{id: 1, offset: 128, total: 200}, body: []byte("x")},
			"\x01\x03\xff\x03\x00\x00\x00\x00\x00\x00\x00\x01\x02n1\xac\x02\x01\x80\x01\xc8\x01x"},
		{frame{kind: kindRequest, op: 7, incarnation: 1, name: []byte("a"), sent: 300, wait: 2000, body: []byte("body")},
			"\x01\x01\x07\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01a\xac\x02\xd0\x0fbody"},
	} {
		if got := c.frame.append(nil); string(got) != c.wire {
			t.Errorf("%q, want %q", got, c.wire)
		}
		got, err := parse([]byte(c.wire))
		if err != nil || !same(&got, &c.frame) {
			t.Errorf("%q is read as %+v, error %v", c.wire, got, err)
		}
	}
}

func same(a, b *frame) bool {
	return a.kind == b.kind && a.op == b.op && a.incarnation == b.incarnation && bytes.Equal(a.name, b.name) &&
		a.groupSeq == b.groupSeq && a.part == b.part && a.sent == b.sent && a.wait == b.wait && bytes.Equal(a.body, b.body)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []frame{
		{kind: kindRequest, op: 1, incarnation: 1 << 40, name: []byte("node-1f3a"), body: []byte("text")},
		{kind: kindRequest, op: 1, incarnation: 2, name: []byte("b"), groupSeq: 9, body: []byte("to all")},
		{kind: kindRequest, op: 1, name: []byte("b"), sent: 1 << 30, wait: 2000, part: part{id: 3, offset: 0, total: 9}, body: []byte("old")},
		{kind: kindAnswer, name: []byte("b"), part: part{id: 3, offset: 4, total: 9}, body: []byte("piece")},
		{kind: kindFailure, name: []byte("b"), body: []byte("code\x00text")},
		{kind: kindPong, name: bytes.Repeat([]byte("n"), maxName)},
		{kind: kindHere, name: []byte("b"), body: []byte(`{"started":"2026-01-02T03:04:05Z","state":"ready"}`)},
	} {
		f.Add(seed.append(nil))
	}
	f.Add([]byte{})
	f.Add([]byte{frameVersion + 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a'})
	f.Add(append([]byte{frameVersion, 1, 0, flagPart, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a'}, bytes.Repeat([]byte{0xff}, 30)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := parse(data)
		if err != nil {
			return
		}
		if len(read.name) == 0 || read.kind == 0 || read.kind >= kinds || read.part.total > MaxBody {
			t.Fatalf("%q is read as %+v", data, read)
		}
		again, err := parse(read.append(nil))
		if err != nil || !same(&again, &read) {
			t.Fatalf("%+v is written and read as %+v, error %v", read, again, err)
		}
		var j joiner
		if whole, dropped := j.add(&read, time.Time{}); whole && dropped {
			t.Fatal("whole and dropped")
		}
		if read.kind == kindHere {
			nodeOf(&read)
		}
	})
}

func TestJoiner(t *testing.T) {
	now := time.Now()
	piece := func(incarnation, id, offset, total uint64, body string) *frame {
		return &frame{incarnation: incarnation, part: part{id, offset, total}, body: []byte(body)}
	}
	var j joiner
	add := func(f *frame) string {
		whole, dropped := j.add(f, now)
		switch {
		case whole:
			return string(f.body)
		case dropped:
			return "(dropped)"
		}
		return ""
	}
	var got []string
	for _, f := range []*frame{
		{body: []byte("never cut")},
		piece(1, 1, 0, 6, "ab"), piece(1, 2, 0, 4, "AB"), piece(2, 1, 0, 3, "x"), // bodies that overlap, of two nodes
		piece(1, 1, 2, 6, "cd"), piece(2, 1, 1, 3, "yz"), piece(1, 2, 2, 4, "CD"), piece(1, 1, 4, 6, "ef"),
		piece(1, 3, 0, 6, "ab"), piece(1, 3, 4, 6, "ef"), // one is lost
		piece(1, 4, 2, 6, "cd"),                          // the first is lost
		piece(1, 5, 0, 6, "ab"), piece(1, 5, 2, 7, "cd"), // another size
	} {
		got = append(got, add(f))
	}
	want := []string{"never cut", "", "", "", "", "xyz", "ABCD", "abcdef", "", "(dropped)", "(dropped)", "", "(dropped)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(j.senders) != 0 {
		t.Errorf("%d senders are left", len(j.senders))
	}

	add(piece(1, 6, 0, 6, "ab"))
	add(piece(1, 7, 0, 6, "ab"))
	add(piece(2, 6, 0, 6, "ab"))
	if n := j.forget(1); n != 2 || len(j.senders) != 1 {
		t.Errorf("%d bodies of a node that is gone are dropped, %d senders left", n, len(j.senders))
	}
	if n := j.sweep(now.Add(partialAge)); n != 0 {
		t.Errorf("%d fresh bodies are swept", n)
	}
	if n := j.sweep(now.Add(partialAge + 1)); n != 1 || len(j.senders) != 0 {
		t.Errorf("%d stale bodies are swept, %d senders left", n, len(j.senders))
	}
}

func TestJoinerIsBounded(t *testing.T) {
	var j joiner
	now := time.Now()
	for id := range uint64(3 * maxPartialBodies) {
		j.add(&frame{incarnation: 1, part: part{id, 0, MaxBody}, body: make([]byte, 1000)}, now)
	}
	s := j.senders[1]
	if len(s.bodies) != maxPartialBodies || s.bytes != 1000*maxPartialBodies {
		t.Fatalf("%d unfinished bodies, %d bytes", len(s.bodies), s.bytes)
	}
	large := make([]byte, MaxBody/4)
	for id := range uint64(maxPartialBodies) {
		j.add(&frame{incarnation: 1, part: part{id, 1000, MaxBody}, body: large}, now)
	}
	if s.bytes > maxPartial {
		t.Errorf("unfinished bodies of one node take %d bytes, more than %d", s.bytes, maxPartial)
	}
}

func TestTable(t *testing.T) {
	at := time.Now()
	start := time.Now()
	n := func(name string, number uint64, started time.Time) Node {
		node := Node{Name: name, Started: started, State: Ready}
		node.become(number)
		return node
	}
	tab := table{self: n("self", 1, start), byName: map[string]*member{}}
	older, newer := n("b", 2, start), n("b", 3, start.Add(time.Minute))
	check := func(what change, gone uint64, node Node, fresh bool) {
		t.Helper()
		if w, g := tab.hear(node, fresh, at); w != what || g != gone {
			t.Errorf("change %d, %x gone; want %d, %x", w, g, what, gone)
		}
	}
	check(changeRival, 0, n("self", 9, start), true)
	check(changeNone, 0, tab.self, false)
	check(changeJoined, 0, older, false)
	check(changeNone, 0, older, false)
	check(changeJoined, 2, newer, false)
	check(changeNone, 0, older, false)  // what it still had under way
	check(changeJoined, 3, older, true) // a clock that was set back: it has made sure that the other is gone
	if tab.bye("b", 3) || !tab.bye("b", 2) || len(tab.list()) != 0 {
		t.Error("good-bye of another incarnation")
	}
	check(changeJoined, 0, older, false)
	check(changeJoined, 0, n("a", 4, start), false)
	tab.spare(at.Add(time.Second))
	if lapsed := tab.lapse(at.Add(time.Second)); lapsed != nil {
		t.Errorf("%v lapsed though they were spared", lapsed)
	}
	at = at.Add(time.Minute)
	check(changeNone, 0, older, false)
	if lapsed := tab.lapse(at); len(lapsed) != 1 || lapsed[0].Name != "a" || len(tab.list()) != 1 {
		t.Errorf("lapsed: %v", lapsed)
	}
	check(changeBack, 0, n("a", 4, start), false)
	check(changeNone, 0, n("a", 4, start), false)
}
