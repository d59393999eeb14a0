package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// fakeSources keeps sources in memory. The text "bad" does not compile.
type fakeSources struct {
	mu   sync.Mutex
	past map[string][]api.VersionSource // by kind and name, the oldest first
}

func newFakeSources() *fakeSources {
	f := &fakeSources{past: map[string][]api.VersionSource{}}
	for kind, name := range map[api.ScriptKind]string{api.KindService: "main_ws_service", api.KindLibrary: "libMain", api.KindAgent: "hello"} {
		f.add(kind, name, "start", "", "one")
	}
	return f
}

func tagOf(text string) string { return fmt.Sprintf(`"%s"`, text) }

// add needs mu, or nobody else who knows f.
func (f *fakeSources) add(kind api.ScriptKind, name, by, note, text string) api.Version {
	key := string(kind) + " " + name
	v := api.VersionSource{Source: text, Version: api.Version{
		N: len(f.past[key]) + 1, At: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), By: by, Note: note, Bytes: len(text), ETag: tagOf(text),
	}}
	f.past[key] = append(f.past[key], v)
	return v.Version
}

func (f *fakeSources) Libraries() []api.Script {
	return []api.Script{{Name: "libMain", URL: "x-local://wtv/libs/main_library.js"}}
}

func (f *fakeSources) all(kind api.ScriptKind, name string) ([]api.VersionSource, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if all := f.past[string(kind)+" "+name]; len(all) > 0 {
		return all, nil
	}
	return nil, api.ErrNoScript
}

func (f *fakeSources) Source(_ context.Context, kind api.ScriptKind, name string) (api.Source, error) {
	all, err := f.all(kind, name)
	if err != nil {
		return api.Source{}, err
	}
	last := all[len(all)-1]
	return api.Source{Source: last.Source, SourceInfo: api.SourceInfo{Name: name, Kind: kind, URL: "x-local://" + name + ".js", ETag: last.ETag, Version: last.N}}, nil
}

func (f *fakeSources) Write(ctx context.Context, w api.SourceWrite) (api.SourceInfo, api.Version, bool, error) {
	now, err := f.Source(ctx, w.Kind, w.Name)
	exists := err == nil
	if err := w.Allow(now.ETag, exists); err != nil {
		return api.SourceInfo{}, api.Version{}, false, err
	}
	if w.Source == "bad" {
		return api.SourceInfo{}, api.Version{}, false, &api.CompileError{URL: now.URL, Line: 1, Column: 2, Caret: "bad\n ^", Message: "unexpected d"}
	}
	f.mu.Lock()
	v := f.add(w.Kind, w.Name, w.By, w.Note, w.Source)
	f.mu.Unlock()
	now, err = f.Source(ctx, w.Kind, w.Name)
	return now.SourceInfo, v, !exists, err
}

func (f *fakeSources) Versions(_ context.Context, kind api.ScriptKind, name string) (list []api.Version, err error) {
	all, err := f.all(kind, name)
	for i := len(all) - 1; i >= 0; i-- {
		v := all[i].Version
		v.Current = i == len(all)-1
		list = append(list, v)
	}
	return list, err
}

func (f *fakeSources) Version(_ context.Context, kind api.ScriptKind, name string, n int) (api.VersionSource, error) {
	all, err := f.all(kind, name)
	if err == nil && n > len(all) {
		err = api.ErrNoVersion
	}
	if err != nil {
		return api.VersionSource{}, err
	}
	return all[n-1], nil
}

func (f *fakeSources) Diff(from, to api.VersionSource) string {
	return "-" + from.Source + "\n+" + to.Source + "\n"
}

// TestRequestsOfSources plays one story, in order, with each kind of script.
func TestRequestsOfSources(t *testing.T) {
	for path, name := range map[string]string{"/services/": "main_ws_service", "/libraries/": "libMain", "/agents/": "hello"} {
		f := newFixture(t)
		list := "versions/" + map[string]string{"/services/": "service/", "/libraries/": "library/", "/agents/": "agent/"}[path]
		json := []string{"Content-Type", "application/json"}
		text := []string{"Content-Type", "text/javascript"}
		for _, c := range []struct {
			method, rest, body string
			headers            []string
			status             int
			want               string // part of the body
		}{
			{"GET", "/source", "", nil, 200, `"etag":"\"one\"","version":1,"source":"one"}`},
			{"GET", "/source", "", []string{"Accept", "text/javascript;q=0.9, application/json;q=0.1"}, 200, "one"},
			{"GET", "/source", "", []string{"Accept", "*/*"}, 200, `"source":"one"`},
			{"GET", "/source", "", []string{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, 200, `"source":"one"`},
			{"GET", "/source", "", []string{"Accept", "application/json, text/plain, */*"}, 200, `"source":"one"`},
			{"GET", "/source", "", []string{"Accept", "text/plain, */*"}, 200, "one"},
			{"GET", "/source", "", []string{"Accept", "text/*"}, 200, "one"},
			{"GET", "/source", "", []string{"Accept", "application/json;q=0, */*"}, 200, "one"},
			{"GET", "/source", "", []string{"Accept", "image/png"}, 406, "application/json or text/javascript or text/plain"},
			{"GET", "/source", "", []string{"If-None-Match", `"one"`}, 304, ""},
			{"PUT", "/source", "two", append(text, "If-Match", `"one"`), 200, `"etag":"\"two\"","version":2}`},
			{"PUT", "/source", "three", append(text, "If-Match", `"one"`), 412, `If-Match: \"two\"`},
			{"PUT", "/source", "three", append(text, "If-Match", `"one", "two"`), 200, `"version":3`},
			{"PUT", "/source", "bad", text, 422, `"location":"body","value":{"url":`},
			{"PUT", "/source", `{"source":"four","note":"why"}`, []string{"Content-Type", "application/json; charset=utf-8"}, 200, `"version":4`},
			{"PUT", "/source", `{"source":"bad"}`, []string{"Content-Type", "application/json"}, 422, `"location":"body.source"`},
			{"PUT", "/source", `{"source":"x","by":"me"}`, []string{"Content-Type", "application/json"}, 422, `body.by`},
			{"PUT", "/source", `{"source":"x","source":"y"}`, json, 400, `"source\" is there twice`},
			{"PUT", "/source", `{"source":"x"} y`, json, 400, `"location":"body"`},
			{"PUT", "/source", `{"source":`, json, 400, `line 1`},
			{"PUT", "/source", "{\"source\":\"\xff\"}", json, 400, `column 12: not UTF-8`},
			{"PUT", "/source", "\xff", text, 400, `column 1: not UTF-8`},
			{"PUT", "/source", `{}`, json, 422, `required property source`},
			{"PUT", "/source", `{"source":null}`, json, 422, `body.source`},
			{"PUT", "/source", `[]`, []string{"Content-Type", "application/json"}, 422, `expected object`},
			{"PUT", "/source", "five", []string{"Content-Type", "application/xml"}, 415, `or the text itself`},
			{"POST", "/source", "five", text, 405, `takes GET, PUT`},
			{"GET", "/versions?limit=2", "", nil, 200, `"by":"admin","note":"why","bytes":4,"etag":"\"four\"","current":true}`},
			{"GET", "/versions?limit=2&after=" + cursor(list+name, "3"), "", nil, 200, `"n":1,"at":"2026-11-25T12:00:00Z","by":"start","note":"","bytes":3,"etag":"\"one\"","current":false}],"next":""`},
			{"GET", "/versions?limit=1001", "", nil, 422, `query.limit`},
			{"GET", "/versions?limit=1", "", nil, 200, `"next":"` + cursor(list+name, "4") + `"`},
			{"GET", "/versions?after=3", "", nil, 400, `query.after`},
			{"GET", "/versions?after=" + cursor(list+"other", "3"), "", nil, 400, `query.after`},
			{"GET", "/versions?after=" + cursor(list+name, "-3"), "", nil, 400, `query.after`},
			{"GET", "/versions/2", "", nil, 200, `"source":"two"}`},
			{"GET", "/versions/9", "", nil, 404, `no such version`},
			{"GET", "/versions/2/diff?to=3", "", nil, 200, "-two\n+three\n"},
			{"GET", "/versions/2/diff?to=3", "", []string{"Accept", "*/*"}, 200, "-two\n+three\n"},
			{"GET", "/versions/2/diff?to=3", "", []string{"Accept", "text/html, text/*;q=0.5"}, 200, "-two\n+three\n"},
			{"GET", "/versions/2/diff?to=3", "", []string{"Accept", "text/x-diff"}, 200, "-two\n+three\n"},
			{"GET", "/versions/2/diff?to=3", "", []string{"Accept", "application/json"}, 406, "text/x-diff"},
			{"GET", "/versions/2/diff?to=0", "", nil, 422, "query.to"},
			{"GET", "/versions/2000000000", "", nil, 422, "path.n"},
			{"GET", "/versions/2/diff", "", nil, 200, "-two\n+four\n"},
			{"GET", "/versions/2/diff?to=9", "", nil, 404, `no such version`},
			{"GET", "/versions/2/diff?with=3", "", nil, 422, `unknown query parameter`},
			{"POST", "/versions/1/restore", "", []string{"If-Match", `"one"`}, 412, `its ETag is \"four\"`},
			{"POST", "/versions/1/restore", "", nil, 200, `"note":"restored from 1"`},
			{"POST", "/versions/9/restore", "", nil, 404, `no such version`},
		} {
			resp, body := f.ask(t, c.method, "/api/v1"+path+name+c.rest, c.body, c.headers...)
			if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s %s%s%s %s: status %d\n%s\nwant %d with %s", c.method, path, name, c.rest, c.body, resp.StatusCode, body, c.status, c.want)
			}
			if c.status >= http.StatusBadRequest {
				checkProblem(t, resp, body)
			}
		}
		for _, rest := range []string{"/source", "/versions", "/versions/1", "/versions/1/diff"} {
			if resp, body := f.ask(t, "GET", "/api/v1"+path+"none"+rest, ""); resp.StatusCode != 404 || !strings.Contains(body, `\"none\"`) {
				t.Errorf("%snone%s: %d %s", path, rest, resp.StatusCode, body)
			}
		}
	}
}
