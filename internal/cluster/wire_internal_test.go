package cluster

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

func fullInfo() hub.Info {
	return hub.Info{
		Key: "/services/m-s-чат", Service: "m", StatefulID: "чат", Node: "n2",
		User:  hub.User{ID: "7177256154427237596", Login: "ann", Name: "Анна", Admin: true, Fields: map[string]string{"a": "1", "b": ""}},
		Tags:  hub.NewTags(map[string]string{"role": "host", "room": ""}),
		State: hub.StateDetached, QueueMessages: 3, QueueBytes: 1 << 40, QueueMode: "json", QueueDropped: 7, QueueDropReason: "node_lost",
		ConnectedAt: time.Unix(0, 1234567890123456789), BytesIn: math.MaxInt64, BytesOut: -1,
	}
}

func TestInfoThereAndBack(t *testing.T) {
	for _, want := range []hub.Info{fullInfo(), {Key: hub.NewVolatileKey("x", 77), Service: "x", Node: "n2", State: hub.StateOpen, ConnectedAt: time.Unix(0, 1)}} {
		opened := time.Unix(5, 7)
		var e encoder
		e.info(&want, opened)
		d := decode(e.buf)
		got, at := d.info("n2")
		if !d.complete() || !at.Equal(opened) || !got.Tags.Equal(want.Tags) {
			t.Errorf("%+v (opened %v) became %+v, %v left", want, at, got, d)
		}
		got.Tags, want.Tags = hub.Tags{}, hub.Tags{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v became %+v", want, got)
		}
		for cut := range e.buf {
			d := decode(e.buf[:cut])
			if got, _ := d.info("n2"); !d.bad || got.Key != "" {
				t.Fatalf("the first %d bytes became %+v", cut, got)
			}
		}
	}
}

func TestNumbersThereAndBack(t *testing.T) {
	for _, n := range []uint64{0, 1, 127, 128, 1 << 32, math.MaxInt64, math.MaxUint64} {
		var e encoder
		e.uint(n)
		e.int(int64(n))
		e.int(-int64(n))
		d := decode(e.buf)
		if a, b, c := d.uint(), d.int(), d.int(); a != n || b != int64(n) || c != -int64(n) || !d.complete() {
			t.Errorf("%d became %d, %d, %d", n, a, b, c)
		}
	}
	for _, wrong := range []string{"", "\x80", strings.Repeat("\xff", 9) + "\x02", strings.Repeat("\x80", 10) + "\x01"} {
		d := decoder{rest: wrong}
		if n := d.uint(); n != 0 || !d.bad {
			t.Errorf("%q is %d", wrong, n)
		}
	}
	d := decoder{rest: strings.Repeat("\xff", 9) + "\x01"}
	if n := d.size(); n != 0 || !d.bad {
		t.Errorf("a size of %d", n)
	}
}

func TestPatchesAndFiltersThereAndBack(t *testing.T) {
	one, none := "1", ""
	patch := map[string]*string{"a": &one, "b": nil, "c": &none}
	f, err := hub.ParseFilter(`{"role":"host","$state":["open","detached"]}`)
	if err != nil {
		t.Fatal(err)
	}
	var e encoder
	e.patch(patch)
	e.filter(f)
	e.filter(f.Reaching())
	e.filter(hub.Filter{})
	d := decode(e.buf)
	if got := d.patch(); !maps.EqualFunc(got, patch, func(a, b *string) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }) {
		t.Errorf("patch %v", got)
	}
	for _, reaches := range []bool{false, true} {
		if got := d.filter(); got.String() != f.String() || got.Reaches() != reaches {
			t.Errorf("filter %q, %v", got, got.Reaches())
		}
	}
	if got := d.filter(); got.String() != "" || !d.complete() {
		t.Errorf("filter %q, %+v", got, d)
	}
	d = decoder{rest: "\x02$:\x00"}
	if d.filter(); !d.bad {
		t.Error("a text that is no filter is one")
	}
}

func TestErrorsThereAndBack(t *testing.T) {
	for _, want := range []error{hub.ErrNotFound, hub.ErrQueueFull, hub.ErrKeyTaken, fmt.Errorf("%w: 65 tags", hub.ErrTagLimit), fmt.Errorf("store is full: %w", hub.ErrNotStored)} {
		got := errorOf(&peers.Failure{Node: "n2", Code: codeOf(want), Text: want.Error()})
		if got.Error() != want.Error() || codeOf(got) != codeOf(want) {
			t.Errorf("%v became %v", want, got)
		}
	}
	if got := errorOf(&peers.Failure{Code: codeOf(hub.ErrClosed), Text: hub.ErrClosed.Error()}); got != hub.ErrNotFound {
		t.Errorf("closed became %v", got)
	}
	failed := &peers.Failure{Node: "n2", Code: codeOf(errors.New("x")), Text: "x"}
	if got := errorOf(failed); got != error(failed) {
		t.Errorf("became %v", got)
	}
}

// FuzzDecode reads anything as each of the bodies: nothing panics, and nothing is larger than what it
// came from allows.
func FuzzDecode(f *testing.F) {
	var e encoder
	info, two := fullInfo(), "2"
	e.info(&info, time.Unix(1, 2))
	f.Add(e.buf)
	e = encoder{}
	e.text("/services/m-s-1")
	e.bool(false)
	e.patch(map[string]*string{"a": &two, "b": nil})
	f.Add(e.buf)
	e = encoder{}
	e.filter(hub.Filter{})
	e.text("after")
	e.size(100)
	f.Add(e.buf)
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	c := New(hub.New(hub.Config{Node: "n1"}))
	c.far = new(far)
	f.Fuzz(func(t *testing.T, body []byte) {
		d := decode(body)
		if i, _ := d.info("n2"); d.bad != (i.Key == "") {
			t.Fatalf("%+v, bad: %v", i, d.bad)
		}
		for op := range peers.Op(12) {
			q := newRecorder()
			c.serve(op, body, q)
			<-q.done
		}
		p := page{node: "n2", items: len(body), text: string(body)}
		infos := []hub.Info(nil)
		p.listed(&infos)
		p.counted(map[string]int{})
		if refs := p.selected(nil, map[string]struct{}{}); len(refs) > len(body) {
			t.Fatalf("%d sockets of %d bytes", len(refs), len(body))
		}
	})
}
