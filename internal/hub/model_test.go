package hub

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// modelSocket is what the naive model knows of a socket.
type modelSocket struct {
	conn    *Conn
	service string
	user    string
	tags    map[string]string
}

// modelFilter is a filter text and what it means, in the plainest words.
type modelFilter struct {
	text  string
	match func(m *modelSocket) bool
}

func modelFilters() []modelFilter {
	tag := func(m *modelSocket, name string) string { return m.tags[name] }
	has := func(m *modelSocket, name string) bool { _, ok := m.tags[name]; return ok }
	return []modelFilter{
		{"", func(*modelSocket) bool { return true }},
		{"$a", func(m *modelSocket) bool { return has(m, "a") }},
		{"$a:1", func(m *modelSocket) bool { return tag(m, "a") == "1" }},
		{"$b:[0,2]", func(m *modelSocket) bool { return tag(m, "b") == "0" || tag(m, "b") == "2" }},
		{`{"a":"0","b":["1","2"]}`, func(m *modelSocket) bool {
			return tag(m, "a") == "0" && (tag(m, "b") == "1" || tag(m, "b") == "2")
		}},
		{`{"c":null}`, func(m *modelSocket) bool { return !has(m, "c") }},
		{`{"c":null,"a":"1"}`, func(m *modelSocket) bool { return !has(m, "c") && tag(m, "a") == "1" }},
		{`{"$service":"s1"}`, func(m *modelSocket) bool { return m.service == "s1" }},
		{`{"$user":["u0","u1"],"a":"2"}`, func(m *modelSocket) bool {
			return (m.user == "u0" || m.user == "u1") && tag(m, "a") == "2"
		}},
		{`{"$state":"open","$service":["s0","s2"]}`, func(m *modelSocket) bool { return m.service != "s1" }},
	}
}

// TestHubAgainstModel lets many goroutines, each with sockets of its own, open, retag, take
// over, hand over, abort and end them. After each round all stand still and the hub must answer every
// filter as the model does.
func TestHubAgainstModel(t *testing.T) {
	const workers, sockets, steps, rounds = 8, 12, 150, 4
	h := New(Config{})
	models := make([]map[string]*modelSocket, workers)
	for i := range models {
		models[i] = map[string]*modelSocket{}
	}
	for round := range rounds {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(round), uint64(w)))
				for range steps {
					step(t, h, models[w], w, sockets, r)
				}
			})
		}
		// Somebody reads all the time, so that -race sees readers beside writers.
		stop := make(chan struct{})
		var reader sync.WaitGroup
		reader.Go(func() { readAll(t, h, stop) })
		wg.Wait()
		close(stop)
		reader.Wait()
		compare(t, h, models)
	}
}

// step does one random thing to one random socket of a worker, in the hub and in the model.
func step(t *testing.T, h *Hub, model map[string]*modelSocket, w, sockets int, r *rand.Rand) {
	id := fmt.Sprintf("%d.%d", w, r.IntN(sockets))
	service := "s" + fmt.Sprint(w%3)
	m := model[id]
	if m == nil {
		user := "u" + fmt.Sprint(r.IntN(3))
		c, err := tryOpen(h, service, id, user, &bell{})
		if err != nil {
			t.Error(err)
			return
		}
		model[id] = &modelSocket{c, service, user, map[string]string{}}
		return
	}
	s := m.conn.Socket()
	name, value := string(rune('a'+r.IntN(3))), fmt.Sprint(r.IntN(3))
	switch r.IntN(11) {
	case 0:
		s.Abort()
		delete(model, id)
	case 1:
		m.conn.Ended(Reason{Code: CodeNormal})
		delete(model, id)
	case 2:
		c, err := tryOpen(h, service, id, m.user, &bell{})
		if err != nil || c.Socket() != s {
			t.Errorf("takeover: %v", err)
			return
		}
		m.conn.Ended(Reason{Code: CodeTakenOver})
		m.conn = c
	case 3:
		m.tags = map[string]string{name: value, "c": "0"}
		if err := s.ReplaceTags(NewTags(m.tags)); err != nil {
			t.Error(err)
		}
	case 10:
		d, err := h.HandOver(t.Context(), s.Key(), m.user, toAnotherNode)
		if err != nil || fmt.Sprint(d.Tags) != fmt.Sprint(m.tags) && len(d.Tags)+len(m.tags) > 0 {
			t.Errorf("handed over: tags %v of %v, %v", d.Tags, m.tags, err)
		}
		delete(model, id)
	case 4, 5:
		delete(m.tags, name)
		if _, err := s.PatchTags(map[string]*string{name: nil}); err != nil {
			t.Error(err)
		}
	default:
		m.tags[name] = value
		if _, err := s.PatchTags(map[string]*string{name: &value}); err != nil {
			t.Error(err)
		}
	}
}

// readAll uses the hub while others change it.
func readAll(t *testing.T, h *Hub, stop chan struct{}) {
	filters := modelFilters()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		f, err := ParseFilter(filters[i%len(filters)].text)
		if err != nil {
			t.Error(err)
			return
		}
		for _, s := range h.Select(f) {
			s.Info()
			s.Send(NewMessage("x"), ModeText)
		}
	}
}

func compare(t *testing.T, h *Hub, models []map[string]*modelSocket) {
	t.Helper()
	total := 0
	for _, model := range models {
		total += len(model)
		for _, m := range model {
			s := m.conn.Socket()
			if got, ok := h.Get(s.Key()); !ok || got != s || !s.Tags().Equal(NewTags(m.tags)) {
				t.Fatalf("socket %s: found %v, tags %v, want %v", s.Key(), ok, s.Tags().Map(), m.tags)
			}
		}
	}
	if h.Len() != total {
		t.Fatalf("the hub has %d sockets, the model %d", h.Len(), total)
	}
	for _, mf := range modelFilters() {
		var want []string
		for _, model := range models {
			for _, m := range model {
				if mf.match(m) {
					want = append(want, m.conn.Socket().Key())
				}
			}
		}
		f, err := ParseFilter(mf.text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range h.Select(f) {
			got = append(got, s.Key())
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("filter %s: got %v, want %v", mf.text, got, want)
		}
	}
}

// TestEmptyIndexKeepsNothing: when all sockets have gone the index has no lists left.
func TestEmptyIndexKeepsNothing(t *testing.T) {
	h := New(Config{})
	var conns []*Conn
	for i := range 200 {
		c := mustOpen(t, h, "m", fmt.Sprint(i), fmt.Sprint(i))
		if err := c.Socket().ReplaceTags(NewTags(map[string]string{"unique": fmt.Sprint(i), "same": "1"})); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for _, c := range conns {
		c.Ended(Reason{Code: CodeNormal})
	}
	for i := range h.shards {
		sh := &h.shards[i]
		if len(sh.all)+len(sh.byKey)+len(sh.tags)+len(sh.users.byValue)+len(sh.users.lists)+len(sh.services.lists) != 0 {
			t.Fatalf("shard %d still holds something", i)
		}
	}
}
