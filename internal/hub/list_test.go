package hub

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func listed(infos []Info) string {
	var keys []string
	for _, i := range infos {
		keys = append(keys, i.StatefulID)
	}
	return strings.Join(keys, " ")
}

func TestListPages(t *testing.T) {
	h := New(Config{Node: "n1"})
	for _, i := range rand.Perm(10) {
		openAs(t, h, fmt.Sprint("s", i), "1")
	}
	key := func(id string) string { return BuildKey("x", id) }
	for _, tt := range []struct {
		q    ListQuery
		want string
		more bool
	}{
		{ListQuery{Limit: 3}, "s0 s1 s2", true},
		{ListQuery{Limit: 3, After: key("s2")}, "s3 s4 s5", true},
		{ListQuery{Limit: 3, After: key("s25")}, "s3 s4 s5", true},
		{ListQuery{Limit: 3, After: key("s6")}, "s7 s8 s9", false},
		{ListQuery{Limit: 4, After: key("s6")}, "s7 s8 s9", false},
		{ListQuery{Limit: 2, After: key("s9")}, "", false},
		{ListQuery{Limit: 10, Node: "n1"}, "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", false},
		{ListQuery{Limit: 10, Node: "n2"}, "", false},
		{ListQuery{Limit: 0}, "", false},
	} {
		infos, more := h.List(tt.q)
		if got := listed(infos); got != tt.want || more != tt.more {
			t.Errorf("%+v: %q, more %v; want %q, %v", tt.q, got, more, tt.want, tt.more)
		}
	}
}

// TestListWhileSocketsEnd: a page ends early only where the list does, so that what follows it is
// not passed over.
func TestListWhileSocketsEnd(t *testing.T) {
	h := New(Config{Node: "n1"})
	var passing []*Socket
	for i := range 400 {
		s := openAs(t, h, fmt.Sprintf("s%03d", i), "1").Socket()
		if i%4 != 0 {
			passing = append(passing, s)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, i := range rand.Perm(len(passing)) {
			passing[i].Abort()
		}
	})
	stays := map[string]bool{}
	after := ""
	for {
		infos, more := h.List(ListQuery{After: after, Limit: 7})
		for _, i := range infos {
			stays[i.Key] = true
		}
		if !more {
			break
		}
		if len(infos) != 7 {
			t.Fatalf("a page of %d, and more follow", len(infos))
		}
		after = infos[6].Key
	}
	wg.Wait()
	for i := 0; i < 400; i += 4 {
		if key := BuildKey("x", fmt.Sprintf("s%03d", i)); !stays[key] {
			t.Errorf("%s was passed over", key)
		}
	}
}

func TestTagsOf(t *testing.T) {
	for _, values := range []map[string]string{{}, {"a": "1"}, {"b": "", "a": "x", "я": "y"}} {
		want := NewTags(values)
		got, ok := TagsOf(want.Len(), want.All())
		if !ok || !got.Equal(want) || !maps.Equal(got.Map(), values) {
			t.Errorf("%v became %v, %v", values, got, ok)
		}
	}
	seq := func(texts ...string) func(func(string, string) bool) {
		return func(yield func(string, string) bool) {
			for pair := range slices.Chunk(texts, 2) {
				if !yield(pair[0], pair[1]) {
					return
				}
			}
		}
	}
	for name, wrong := range map[string][]string{
		"order": {"b", "", "a", ""}, "twice": {"a", "1", "a", "2"}, "no UTF-8": {"a", "\xff", "b", ""}, "too many": {"a", "", "b", "", "c", ""}, "too few": {"a", ""},
	} {
		if tags, ok := TagsOf(2, seq(wrong...)); ok {
			t.Errorf("%s: %v", name, tags)
		}
	}
	if _, ok := TagsOf(maxTags+1, seq()); ok {
		t.Error("more tags than a socket may have")
	}
}

func TestRemoteSocket(t *testing.T) {
	opened := time.Now()
	r := NewRemoteSocket("n2", opened, NewTags(map[string]string{"a": "1"}))
	if r.Node() != "n2" || !r.OpenedAt().Equal(opened) || r.Tags().Len() != 1 {
		t.Errorf("%s, %v, %v", r.Node(), r.OpenedAt(), r.Tags())
	}
	before := r.Size()
	r.SetTags(NewTags(map[string]string{"a": strings.Repeat("x", 1000)}))
	if v, _ := r.Tags().Get("a"); len(v) != 1000 || r.Size() != before+999 {
		t.Errorf("after the change %d bytes of %q", r.Size(), v)
	}
	r.SetTags(Tags{})
	if r.Tags().Len() != 0 {
		t.Error("tags stay")
	}
}
