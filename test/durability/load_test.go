package durability

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
)

// load is something that writes, and knows what it was told is stored.
type load interface {
	// work writes until the program stops to answer. It is called in a goroutine of its own, once per round.
	work(p *program)
	// check is called after the next start and returns what is not as it must be.
	check(p *program) []string
	// count is how many writes were acknowledged so far.
	count() int
}

// loads makes what writes at the same time. Whoever has something that must outlive a kill adds a line.
func loads(r *rand.Rand) []load {
	child := func() *rand.Rand { return rand.New(rand.NewPCG(r.Uint64(), r.Uint64())) }
	return []load{
		&values{name: "a", rand: child(), put: overHTTP, get: readOverHTTP, remove: true},
		&values{name: "b", rand: child(), put: overHTTP, get: readOverHTTP, remove: true},
		&values{name: "ttl", rand: child(), put: withTTL, get: readOverHTTP},
		&values{name: "script", rand: child(), put: byScript, get: readOverHTTP},
		&values{name: "storage", rand: child(), put: toStorage, get: readStorage},
		newMessages(child()),
	}
}

// values writes numbers under some keys, one write after the other.
type values struct {
	name   string
	rand   *rand.Rand
	put    func(p *program, key string, n int) bool
	get    func(p *program, key string) (n int, ok bool) // 0: there is none
	remove bool

	held  map[string]int // by key: what was acknowledged last; 0: that it is gone
	maybe map[string]int // by key: what was tried since
	last  int
	acked int
}

const valueKeys = 20

func (v *values) count() int { return v.acked }

func (v *values) work(p *program) {
	if v.held == nil {
		v.held, v.maybe = map[string]int{}, map[string]int{}
	}
	for {
		key := fmt.Sprintf("%s/%d", v.name, v.rand.IntN(valueKeys))
		n, done := 0, false
		if v.remove && v.rand.IntN(4) == 0 {
			v.maybe[key] = n
			status, _ := p.ask(http.MethodDelete, "/user-data/"+url.PathEscape(key), nil)
			done = status == http.StatusNoContent || status == http.StatusNotFound
		} else {
			v.last++
			n = v.last
			v.maybe[key] = n
			done = v.put(p, key, n)
		}
		if !done {
			return // what became of it is not known
		}
		v.held[key] = n
		delete(v.maybe, key)
		v.acked++
	}
}

func (v *values) check(p *program) (wrong []string) {
	for key, want := range v.held {
		got, ok := v.get(p, key)
		maybe, tried := v.maybe[key]
		if !ok || got != want && !(tried && got == maybe) {
			wrong = append(wrong, fmt.Sprintf("%s holds %d (%v), acknowledged was %d, tried since %d (%v)", key, got, ok, want, maybe, tried))
		}
		v.held[key] = got
	}
	for key, maybe := range v.maybe { // a first write that nobody acknowledged
		if _, known := v.held[key]; !known {
			if got, ok := v.get(p, key); !ok || got != 0 && got != maybe {
				wrong = append(wrong, fmt.Sprintf("%s holds %d, tried was %d", key, got, maybe))
			} else {
				v.held[key] = got
			}
		}
	}
	clear(v.maybe)
	return wrong
}

// number is a value as it is stored: with something to make it as long as values are.
type number struct {
	N   int    `json:"n"`
	Pad string `json:"pad"`
}

func numbered(n int) number { return number{n, fmt.Sprintf("%0*d", 20+n%400, n)} }

func overHTTP(p *program, key string, n int) bool {
	status, _ := p.ask(http.MethodPut, "/user-data/"+url.PathEscape(key), map[string]any{"value": numbered(n)})
	return status == http.StatusOK
}

func withTTL(p *program, key string, n int) bool {
	status, _ := p.ask(http.MethodPut, "/user-data/"+url.PathEscape(key), map[string]any{"value": numbered(n), "ttl": 86400})
	return status == http.StatusOK
}

func readOverHTTP(p *program, key string) (n int, ok bool) {
	status, answer := p.ask(http.MethodGet, "/user-data/"+url.PathEscape(key), nil)
	if status == http.StatusNotFound {
		return 0, true
	}
	var told struct{ Value number }
	if status != http.StatusOK || json.Unmarshal(answer, &told) != nil || told.Value != numbered(told.Value.N) {
		return 0, false
	}
	return told.Value.N, true
}

// runs runs a script and reports whether it ended well.
func runs(p *program, format string, args ...any) bool {
	status, answer := p.ask(http.MethodPost, "/runs", map[string]any{"source": fmt.Sprintf(format, args...)})
	var outcome struct{ OK bool }
	return status == http.StatusOK && json.Unmarshal(answer, &outcome) == nil && outcome.OK
}

func jsonOf(v any) string {
	text, _ := json.Marshal(v) // numbers and text
	return string(text)
}

func byScript(p *program, key string, n int) bool {
	return runs(p, "tools_web.set_user_data( '%s', %s, 86400 );", key, jsonOf(numbered(n)))
}

func toStorage(p *program, key string, n int) bool {
	return runs(p, "GlobalStorage.SetEntry( '%s', %s );", key, jsonOf(numbered(n)))
}

// readStorage has a script copy an entry to where it can be read.
func readStorage(p *program, key string) (n int, ok bool) {
	if !runs(p, "v = GlobalStorage.GetEntry( '%s' ); tools_web.set_user_data( 'copy', v == undefined ? {n:0} : v );", key) {
		return 0, false
	}
	status, answer := p.ask(http.MethodGet, "/user-data/copy", nil)
	var told struct{ Value number }
	if status != http.StatusOK || json.Unmarshal(answer, &told) != nil {
		return 0, false
	}
	return told.Value.N, told.Value.N == 0 || told.Value == numbered(told.Value.N)
}
