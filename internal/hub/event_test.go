package hub

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// told is what the events of a hub say, up to the last there is now.
func told(t *testing.T, h *Hub, after uint64) string {
	t.Helper()
	var b strings.Builder
	last := h.LastEvent()
	if after == last {
		return ""
	}
	for e := range h.Events(t.Context(), after) {
		tags := slices.Sorted(maps.Keys(e.Info.Tags.Map()))
		fmt.Fprintf(&b, "%d %s %s %s %v", e.Kind, e.Info.StatefulID, e.Info.User.ID, e.Info.State, tags)
		if e.Kind == EventEnded {
			fmt.Fprintf(&b, " %s", e.Reason)
		}
		b.WriteByte('\n')
		if e.Seq >= last {
			break
		}
	}
	return b.String()
}

func openAs(t *testing.T, h *Hub, id, user string) *Conn {
	t.Helper()
	c, err := h.Open(OpenRequest{Key: BuildKey("x", id), Service: "x", StatefulID: id, User: User{ID: user}, Waker: &countingWaker{}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type countingWaker struct{}

func (*countingWaker) Wake() {}

func TestEventsTellWhatHappened(t *testing.T) {
	h := New(Config{Node: "n1"})
	one := "1"
	first := openAs(t, h, "a", "u")
	s := first.Socket()
	for range 2 { // the second time nothing changes
		if _, err := s.PatchTags(map[string]*string{"k": &one}); err != nil {
			t.Fatal(err)
		}
	}
	second := openAs(t, h, "a", "u")
	first.Ended(Reason{Code: CodeTakenOver}) // a stale connection changes nothing
	seen := h.LastEvent()
	s.CloseWith(Reason{Code: 4003, Text: "token ended"})
	second.Ended(Reason{Code: CodeNormal})
	openAs(t, h, "b", "v").Ended(Reason{Code: CodeNormal, Text: "bye"})
	want := "1 a u open []\n2 a u open [k]\n3 a u open [k]\n4 a u gone [k] 4003 token ended\n1 b v open []\n4 b v gone [] 1000 bye\n"
	if got := told(t, h, 0); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := told(t, h, seen), want[strings.Index(want, "4 a"):]; got != want {
		t.Errorf("after %d: got\n%s\nwant\n%s", seen, got, want)
	}
}

func TestEventsKnowWhoMatched(t *testing.T) {
	h := New(Config{Node: "n1"})
	s := openAs(t, h, "a", "u").Socket()
	for _, tags := range []map[string]string{{"k": "1"}, {"k": "2"}, {"k": "1", "z": ""}} {
		if err := s.ReplaceTags(NewTags(tags)); err != nil {
			t.Fatal(err)
		}
	}
	s.Abort()
	for text, want := range map[string]string{
		"":                      "false true;true true;true true;true true;true false",
		"$k:1":                  "false false;false true;true false;false true;true false",
		`{"z":null}`:            "false true;true true;true true;true false;false false",
		`{"$user":"v"}`:         "false false;false false;false false;false false;false false",
		`{"$service":"x"}`:      "false true;true true;true true;true true;true false",
		`{"$state":"detached"}`: "false false;false false;false false;false false;false false",
		`{"$node":"n1"}`:        "false true;true true;true true;true true;true false",
	} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for e := range h.Events(t.Context(), 0) {
			got = append(got, fmt.Sprint(e.MatchedBefore(f), e.MatchesNow(f)))
			if e.Kind == EventEnded {
				break
			}
		}
		if strings.Join(got, ";") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// TestPresentAndEventsFit: whoever lists the sockets at any moment and follows from there knows
// at the end what the hub knows.
func TestPresentAndEventsFit(t *testing.T) {
	const workers, steps, viewers = 6, 400, 4
	h := New(Config{Node: "n1"})
	filter, err := ParseFilter("$k:1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var working, viewing sync.WaitGroup
	done := make(chan struct{}) // nothing happens any more
	views := make([]map[string]string, viewers)
	for v := range viewers {
		viewing.Go(func() {
			for h.LastEvent() < uint64(v*workers*steps/viewers/2) { // begin at different times
			}
			present, last := h.Present(filter)
			view := map[string]string{}
			for _, p := range present {
				info := p.Info()
				view[info.Key] = fmt.Sprint(info.Tags.Map())
			}
			views[v] = view
			follow(ctx, h, filter, view, last, done)
		})
	}
	for w := range workers {
		working.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			for range steps {
				c := openAs(t, h, fmt.Sprintf("%d.%d", w, r.IntN(5)), "u")
				_ = c.Socket().ReplaceTags(NewTags(map[string]string{"k": fmt.Sprint(r.IntN(3)), "n": fmt.Sprint(r.IntN(3))}))
				if r.IntN(3) == 0 {
					c.Ended(Reason{Code: CodeNormal})
				}
			}
		})
	}
	working.Wait()
	close(done)
	all := make(chan struct{})
	go func() { viewing.Wait(); close(all) }()
	for over := false; !over; { // so that everybody has something to come to, however late he begins
		openAs(t, h, "the last", "u")
		select {
		case <-all:
			over = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	want := map[string]string{}
	for _, s := range h.Select(filter) {
		want[s.Key()] = fmt.Sprint(s.Tags().Map())
	}
	for v, view := range views {
		if !maps.Equal(view, want) {
			t.Errorf("viewer %d knows %v, want %v", v, view, want)
		}
	}
}

// follow keeps a view up to date until the last event after done.
func follow(ctx context.Context, h *Hub, f Filter, view map[string]string, after uint64, done <-chan struct{}) {
	for e := range h.Events(ctx, after) {
		switch {
		case e.MatchesNow(f):
			view[e.Info.Key] = fmt.Sprint(e.Info.Tags.Map())
		case e.MatchedBefore(f):
			delete(view, e.Info.Key)
		}
		if e.Info.StatefulID == "the last" {
			<-done
			return
		}
	}
}

func TestTagsAreCounted(t *testing.T) {
	h := New(Config{})
	for i := range 50 {
		s := openAs(t, h, fmt.Sprint(i), "u").Socket()
		if err := s.ReplaceTags(NewTags(map[string]string{"all": "x", "mod": fmt.Sprint(i % 3)})); err != nil {
			t.Fatal(err)
		}
		if i >= 40 {
			s.Abort()
		}
	}
	if got := h.TagNames(); !maps.Equal(got, map[string]int{"all": 40, "mod": 40}) {
		t.Errorf("names %v", got)
	}
	if got := h.TagValues("mod"); !maps.Equal(got, map[string]int{"0": 14, "1": 13, "2": 13}) {
		t.Errorf("values %v", got)
	}
	if got := h.TagValues("none"); len(got) != 0 {
		t.Errorf("values of no tag: %v", got)
	}
}
