package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

func TestSocketsOfOtherNodes(t *testing.T) {
	w, all := newWire(3)
	s := w.open(t, "n2", "a", "7")
	v := w.openVolatile(t, "n3")
	ctx := t.Context()
	for _, s := range []*hub.Socket{s, v} {
		want := s.Info()
		ref, ok, err := all[0].Find(ctx, s.Key())
		if err != nil || !ok || ref.Key != s.Key() || ref.Local != nil || ref.Remote.Node() != want.Node || !ref.Remote.OpenedAt().Equal(s.OpenedAt()) {
			t.Fatalf("find: %+v, %v, %v", ref, ok, err)
		}
		for _, ref := range []hub.Ref{ref, {Key: s.Key()}} {
			want := s.Info()
			info, ok, err := all[0].Info(ctx, ref)
			if err != nil || !ok || info.Node != want.Node || info.User.Name != want.User.Name || !info.Tags.Equal(want.Tags) || info.State != hub.StateOpen {
				t.Errorf("info: %+v, %v, %v; want %+v", info, ok, err, want)
			}
			one, id := "1", fmt.Sprint(ref.Remote != nil)
			if changed, err := all[0].PatchTags(ctx, ref, map[string]*string{"x": &one, "id": &id}); !changed || err != nil {
				t.Errorf("patch: %v, %v", changed, err)
			}
			if changed, err := all[0].PatchTags(ctx, ref, map[string]*string{"x": &one}); changed || err != nil {
				t.Errorf("patch of nothing: %v, %v", changed, err)
			}
			if got, _ := s.Tags().Get("id"); got != id {
				t.Errorf("the socket has the tag %q", got)
			}
			if tags, err := all[0].Tags(ctx, ref); err != nil || !tags.Equal(s.Tags()) {
				t.Errorf("tags: %v, %v; the socket has %v", tags, err, s.Tags())
			}
			if err := all[0].ReplaceTags(ctx, ref, hub.NewTags(map[string]string{"new": "я"})); err != nil {
				t.Error(err)
			}
			if tags, err := all[0].Tags(ctx, ref); err != nil || !tags.Equal(s.Tags()) || tags.Len() != 1 {
				t.Errorf("tags: %v, %v; the socket has %v", tags, err, s.Tags())
			}
		}
		for _, patch := range []map[string]*string{{"": new(string)}, {strings.Repeat("x", 200): new(string)}} {
			if _, err := all[0].PatchTags(ctx, ref, patch); !errors.Is(err, hub.ErrTagLimit) || !strings.Contains(err.Error(), "name") {
				t.Errorf("bad tags: %v", err)
			}
		}
		if err := all[0].Abort(ctx, hub.Ref{Key: s.Key()}); err != nil || s.State() != hub.StateGone {
			t.Errorf("abort: %v, the socket is %s", err, s.State())
		}
		if err := all[0].Abort(ctx, ref); err != nil {
			t.Errorf("abort twice: %v", err)
		}
		if err := all[0].Abort(ctx, hub.Ref{Key: s.Key()}); !errors.Is(err, hub.ErrNotFound) {
			t.Errorf("abort nobody: %v", err)
		}
		if _, ok, err := all[0].Info(ctx, ref); ok || err != nil {
			t.Errorf("info after the end: %v, %v", ok, err)
		}
		if _, err := all[0].PatchTags(ctx, ref, nil); !errors.Is(err, hub.ErrNotFound) {
			t.Errorf("patch after the end: %v", err)
		}
		if tags, err := all[0].Tags(ctx, ref); err != nil || tags.Len() != 1 {
			t.Errorf("tags after the end: %v, %v", tags, err)
		}
	}
}

// TestTagsOfAListedSocketCostNothing: a script that looks at the tags of many remote sockets asks nobody.
func TestTagsOfAListedSocketCostNothing(t *testing.T) {
	w, all := newWire(2)
	s := w.open(t, "n2", "a", "7")
	refs, _, err := all[0].Select(t.Context(), hub.Filter{}, true)
	if err != nil || len(refs) != 1 {
		t.Fatal(refs, err)
	}
	w.took()
	if err := s.ReplaceTags(hub.Tags{}); err != nil {
		t.Fatal(err)
	}
	if tags, err := all[0].Tags(t.Context(), refs[0]); err != nil || tags.Len() != 2 {
		t.Errorf("tags %v, %v", tags, err)
	}
	if asked := w.took(); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

func TestWhereASocketIsLookedFor(t *testing.T) {
	w, all := newWire(3)
	s, v := w.open(t, "n2", "a", "7"), w.openVolatile(t, "n3")
	own := w.open(t, "n1", "own", "7")
	info := func(key string) string {
		t.Helper()
		w.looked, w.asked = 0, nil
		i, ok, err := all[0].Info(t.Context(), hub.Ref{Key: key})
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s %v, %d looks, asked %s", i.Node, ok, w.looked, strings.Join(w.asked, " "))
	}
	for _, tt := range []struct{ name, key, want string }{
		{"own", own.Key(), "n1 true, 0 looks, asked "},
		{"of another", s.Key(), "n2 true, 1 looks, asked n2 info"},
		{"volatile", v.Key(), "n3 true, 0 looks, asked n3 info"},
		{"volatile and gone", hub.NewVolatileKey("m", nodeTag("n3")), " false, 0 looks, asked n3 info"},
		{"volatile, of this node and gone", hub.NewVolatileKey("m", nodeTag("n1")), " false, 0 looks, asked "},
		{"volatile, of a node that is gone", hub.NewVolatileKey("m", nodeTag("n9")), " false, 0 looks, asked "},
		{"volatile, of a node that is alone", hub.NewVolatileKey("m", 0), " false, 0 looks, asked "},
		{"of nobody", hub.BuildKey("m", "nobody"), " false, 1 looks, asked "},
		{"no key", "nonsense", " false, 0 looks, asked "},
	} {
		if got := info(tt.key); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
	w.stale[s.Key()] = "n3"
	if got, want := info(s.Key()), "n2 true, 2 looks, asked n3 info n2 info"; got != want {
		t.Errorf("with an old cache: %s; want %s", got, want)
	}
	w.stale[s.Key()], w.failing["n3"] = "n3", peers.ErrGone
	if got, want := info(s.Key()), "n2 true, 2 looks, asked n3 info n2 info"; got != want {
		t.Errorf("with an old cache of a node that is gone: %s; want %s", got, want)
	}
	w.stale[own.Key()] = "n2"
	own.Abort()
	if got, want := info(own.Key()), " false, 2 looks, asked n2 info"; got != want {
		t.Errorf("own that has ended: %s; want %s", got, want)
	}
}

// TestASocketThatMoves: a reference follows its socket to another node, and does not take another socket with the
// key for it.
func TestASocketThatMoves(t *testing.T) {
	w, all := newWire(3)
	s := w.open(t, "n2", "a", "7")
	ctx := t.Context()
	local, ok := all[1].Local(s.Key())
	remote, found, err := all[0].Find(ctx, s.Key())
	if !ok || !found || err != nil {
		t.Fatal(ok, found, err)
	}
	if _, ok, err := all[2].Find(ctx, s.Key()); !ok || err != nil {
		t.Fatal(ok, err)
	}
	move := func(from, to string, opened time.Time) {
		t.Helper()
		if s, ok := w.clusters[from].hub.Get(s.Key()); ok {
			s.Abort()
		}
		d := hub.Detached{Key: s.Key(), User: s.User(), Opened: opened, Connected: time.Now(), Window: time.Hour, Tags: map[string]string{"at": to}}
		if _, err := w.clusters[to].hub.Restore(d, still{}); err != nil {
			t.Fatal(err)
		}
		w.stale[s.Key()], w.owners[s.Key()] = from, to
	}
	two := "2"
	for _, to := range []string{"n3", "n1"} {
		from := w.owners[s.Key()]
		move(from, to, s.OpenedAt())
		for name, use := range map[string]struct {
			c   *Cluster
			ref hub.Ref
		}{"where it was": {all[1], local}, "where it was seen": {all[0], remote}, "by key": {all[2], hub.Ref{Key: s.Key()}}} {
			info, ok, err := use.c.Info(ctx, use.ref)
			if !ok || err != nil || info.Node != to || info.State != hub.StateDetached {
				t.Errorf("to %s, %s: %+v, %v, %v", to, name, info, ok, err)
			}
			if _, err := use.c.PatchTags(ctx, use.ref, map[string]*string{"x": &two}); err != nil {
				t.Errorf("to %s, %s: %v", to, name, err)
			}
		}
	}
	move("n1", "n3", time.Now()) // another socket
	for name, use := range map[string]struct {
		c   *Cluster
		ref hub.Ref
	}{"where it was": {all[1], local}, "where it was seen": {all[0], remote}} {
		if info, ok, err := use.c.Info(ctx, use.ref); ok || err != nil {
			t.Errorf("another, %s: %+v, %v", name, info, err)
		}
		if err := use.c.Abort(ctx, use.ref); err != nil {
			t.Errorf("another, %s: %v", name, err)
		}
	}
	if _, ok, err := all[0].Info(ctx, hub.Ref{Key: s.Key()}); !ok || err != nil {
		t.Errorf("the other socket suffered: %v, %v", ok, err)
	}
}

func TestNodesThatCannotBeAsked(t *testing.T) {
	w, all := newWire(3)
	s, v := w.open(t, "n2", "a", "7"), w.openVolatile(t, "n2")
	own := w.open(t, "n1", "own", "7")
	local, _ := all[0].Local(own.Key())
	ctx := t.Context()
	ask := func(key string) error {
		_, _, err := all[0].Info(ctx, hub.Ref{Key: key})
		_, patchErr := all[0].PatchTags(ctx, hub.Ref{Key: key}, nil)
		_, _, findErr := all[0].Find(ctx, key)
		_, tagsErr := all[0].Tags(ctx, hub.Ref{Key: key})
		for _, other := range []error{patchErr, findErr, tagsErr, all[0].Abort(ctx, hub.Ref{Key: key}), all[0].ReplaceTags(ctx, hub.Ref{Key: key}, hub.Tags{})} {
			if fmt.Sprint(other) != fmt.Sprint(err) {
				t.Errorf("one says %v, another %v", err, other)
			}
		}
		return err
	}
	for _, failure := range []error{fmt.Errorf("node n2: %w", peers.ErrNoAnswer), fmt.Errorf("node n2: %w", peers.ErrGone)} {
		w.failing["n2"] = failure
		for _, key := range []string{s.Key(), v.Key()} {
			if err := ask(key); !errors.Is(err, hub.ErrNoAnswer) || err.Error() != "no answer from n2" {
				t.Errorf("%v: %v", failure, err)
			}
		}
	}
	w.failing["n2"] = context.Canceled
	if err := ask(s.Key()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	delete(w.failing, "n2")
	w.cut = true
	for _, key := range []string{s.Key(), v.Key(), hub.NewVolatileKey("m", 99), hub.BuildKey("m", "nobody")} {
		if err := ask(key); !errors.Is(err, hub.ErrUnavailable) {
			t.Errorf("without a connection: %v", err)
		}
	}
	if _, ok, err := all[0].Info(ctx, local); !ok || err != nil {
		t.Errorf("an own socket without a connection: %v, %v", ok, err)
	}
	own.Abort()
	if _, ok, err := all[0].Info(ctx, local); ok || err != nil {
		t.Errorf("an own socket that has ended, without a connection: %v, %v", ok, err)
	}
}

func TestListsOfManyNodes(t *testing.T) {
	w, all := newWire(3)
	for i := range 9 {
		w.open(t, fmt.Sprint("n", i%3+1), fmt.Sprint("s", i), "7")
	}
	filter := func(text string) hub.Filter {
		f, err := hub.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for text, want := range map[string]string{
		"": "s0 s1 s2 s3 s4 s5 s6 s7 s8", "$id:s1": "s1", `{"$node":"n2"}`: "s1 s4 s7", `{"$node":["n1","n3"],"id":["s0","s1","s2"]}`: "s0 s2", "$none": "",
	} {
		refs, missing, err := all[0].Select(t.Context(), filter(text), true)
		var ids []string
		for _, ref := range refs {
			if (ref.Local == nil) == (ref.Remote == nil) {
				t.Errorf("%s: %+v", text, ref)
			}
			_, id, _, _ := hub.ParseKey(ref.Key)
			ids = append(ids, id)
		}
		slices.Sort(ids)
		if got := strings.Join(ids, " "); err != nil || len(missing) > 0 || got != want {
			t.Errorf("select %q: %s, missing %v, %v", text, got, missing, err)
		}
	}
	if refs, _, err := all[0].Select(t.Context(), hub.Filter{}, false); len(refs) != 3 || err != nil {
		t.Errorf("of this node: %v, %v", refs, err)
	}
	w.took()
	for _, tt := range []struct {
		q       hub.ListQuery
		want    string
		more    bool
		missing string
	}{
		{q: hub.ListQuery{Limit: 4}, want: "s0 s1 s2 s3", more: true},
		{q: hub.ListQuery{Limit: 4, After: hub.BuildKey("m", "s3")}, want: "s4 s5 s6 s7", more: true},
		{q: hub.ListQuery{Limit: 4, After: hub.BuildKey("m", "s4")}, want: "s5 s6 s7 s8"},
		{q: hub.ListQuery{Limit: 4, After: hub.BuildKey("m", "s8")}},
		{q: hub.ListQuery{Limit: 2, Node: "n2"}, want: "s1 s4", more: true},
		{q: hub.ListQuery{Limit: 9, Node: "n1"}, want: "s0 s3 s6"},
		{q: hub.ListQuery{Limit: 9, Node: "n7"}, missing: "n7"},
		{q: hub.ListQuery{Limit: 9, Filter: filter("$id:[s1,s0]")}, want: "s0 s1"},
	} {
		infos, more, missing, err := all[0].List(t.Context(), tt.q)
		var ids []string
		for _, i := range infos {
			ids = append(ids, i.StatefulID)
			if node, _ := i.Tags.Get("node"); node != i.Node || i.User.Name != "user 7" {
				t.Errorf("%+v: %+v", tt.q, i)
			}
		}
		if got := strings.Join(ids, " "); got != tt.want || more != tt.more || strings.Join(missing, " ") != tt.missing || err != nil {
			t.Errorf("list %+v: %q, more %v, missing %v, %v", tt.q, got, more, missing, err)
		}
	}
	if asked := w.took(); strings.Contains(strings.Join(asked[len(asked)-3:], " "), "n7") {
		t.Errorf("asked %v", asked)
	}
	names, missing, err := all[0].TagNames(t.Context())
	if fmt.Sprint(names) != "map[id:9 node:9]" || len(missing) > 0 || err != nil {
		t.Errorf("tag names %v, %v, %v", names, missing, err)
	}
	told := ""
	missing, err = all[0].TagValues(t.Context(), []string{"node", "none"}, func(name string, values map[string]int) { told += fmt.Sprint(name, values) })
	if told != "nodemap[n1:3 n2:3 n3:3]nonemap[]" || len(missing) > 0 || err != nil {
		t.Errorf("tag values %s, %v, %v", told, missing, err)
	}
}

func TestListsWithNodesMissing(t *testing.T) {
	w, all := newWire(3)
	for i := range 6 {
		w.open(t, fmt.Sprint("n", i%3+1), fmt.Sprint("s", i), "7")
	}
	ctx := t.Context()
	look := func() string {
		refs, missing, err := all[0].Select(ctx, hub.Filter{}, true)
		infos, _, listMissing, listErr := all[0].List(ctx, hub.ListQuery{Limit: 100})
		names, namesMissing, namesErr := all[0].TagNames(ctx)
		w.took()
		valuesMissing, valuesErr := all[0].TagValues(ctx, []string{"id", "node", "none"}, func(string, map[string]int) {})
		return fmt.Sprint(len(refs), missing, err, " ", len(infos), listMissing, listErr, " ", names["id"], namesMissing, namesErr, " ", valuesMissing, valuesErr, " ", len(w.took()))
	}
	for failure, want := range map[error]string{
		nil:               "6 [] <nil> 6 [] <nil> 6 [] <nil> [] <nil> 6",
		peers.ErrNoAnswer: "4 [n3] <nil> 4 [n3] <nil> 4 [n3] <nil> [n3] <nil> 4",
		&peers.Failure{Node: "n3", Code: codeBusy, Text: "busy"}: "4 [n3] <nil> 4 [n3] <nil> 4 [n3] <nil> [n3] <nil> 4",
	} {
		w.failing["n3"] = failure
		if got := look(); got != want {
			t.Errorf("%v: %s; want %s", failure, got, want)
		}
	}
	w.cut = true
	if got, want := look(), "2 [n2 n3] <nil> 2 [n2 n3] <nil> 2 [n2 n3] <nil> [n2 n3] <nil> 2"; got != want {
		t.Errorf("without a connection: %s; want %s", got, want)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := all[0].Select(ended, hub.Filter{}, true); !errors.Is(err, context.Canceled) {
		t.Errorf("select: %v", err)
	}
	if _, _, _, err := all[0].List(ended, hub.ListQuery{Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("list: %v", err)
	}
}

// TestASocketIsListedOnce also while two nodes have it.
func TestASocketIsListedOnce(t *testing.T) {
	w, all := newWire(3)
	for _, node := range []string{"n1", "n2", "n3"} {
		w.open(t, node, "a", "7")
	}
	w.open(t, "n3", "b", "7")
	w.open(t, "n2", "b", "7")
	refs, _, err := all[0].Select(t.Context(), hub.Filter{}, true)
	if err != nil || len(refs) != 2 || refs[0].Local == nil {
		t.Errorf("selected %+v, %v", refs, err)
	}
	infos, more, _, err := all[0].List(t.Context(), hub.ListQuery{Limit: 2})
	if err != nil || len(infos) != 2 || more || infos[0].Node != "n3" || infos[1].Node != "n2" {
		t.Errorf("listed %+v, more %v, %v", infos, more, err)
	}
}

func TestAnswersComeInPages(t *testing.T) {
	w, all := newWire(2)
	long := strings.Repeat("я", 1000)
	for i := range 500 {
		s := w.open(t, "n2", fmt.Sprintf("s%03d", i), "7")
		if err := s.ReplaceTags(hub.NewTags(map[string]string{"long": fmt.Sprint(long, i), "id": fmt.Sprint(i)})); err != nil {
			t.Fatal(err)
		}
	}
	q := newRecorder()
	var e encoder
	e.filter(hub.Filter{})
	all[1].serve(OpSelect, e.buf, q)
	<-q.done
	if len(q.pages) != 4 {
		t.Errorf("%d pages", len(q.pages))
	}
	for _, page := range q.pages {
		if len(page) > pageSize+4096 {
			t.Errorf("a page of %d bytes", len(page))
		}
	}
	refs, _, err := all[0].Select(t.Context(), hub.Filter{}, true)
	if err != nil || len(refs) != 500 {
		t.Fatalf("selected %d, %v", len(refs), err)
	}
	for _, ref := range refs {
		id, _ := ref.Remote.Tags().Get("id")
		if got, _ := ref.Remote.Tags().Get("long"); got != long+id {
			t.Fatalf("%s has the tag %q", id, got)
		}
	}
	infos, more, _, err := all[0].List(t.Context(), hub.ListQuery{Limit: 400})
	if err != nil || len(infos) != 400 || !more || infos[399].StatefulID != "s399" {
		t.Errorf("listed %d, more %v, %v", len(infos), more, err)
	}
}

// TestManyListsAtOnce: those that are too many wait, and even more are refused.
func TestManyListsAtOnce(t *testing.T) {
	var l lister
	hold, ran := make(chan struct{}), make(chan struct{}, listsAtOnce+listsWaiting)
	list := func() {
		ran <- struct{}{}
		<-hold
	}
	for range listsAtOnce + listsWaiting {
		l.run(newRecorder(), list)
	}
	for range listsAtOnce {
		<-ran
	}
	q := newRecorder()
	l.run(q, list)
	<-q.done
	var failure *peers.Failure
	if !errors.As(q.err, &failure) || failure.Code != codeBusy {
		t.Errorf("one too many: %v", q.err)
	}
	close(hold)
	for range listsWaiting {
		<-ran
	}
	l.wait()
	done := make(chan struct{})
	l.run(newRecorder(), func() { close(done) })
	<-done
	l.wait()
	if l.running != 0 {
		t.Errorf("%d run", l.running)
	}
}
