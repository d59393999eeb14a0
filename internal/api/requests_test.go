package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

const (
	anna = "/services/main_ws_service-s-anna"
	bob  = "/services/main_ws_service-s-bob"
)

// manyTags is a change that no socket can take.
func manyTags(n int) string {
	tags := map[string]string{}
	for i := range n {
		tags[strconv.Itoa(i)] = "x"
	}
	text, _ := json.Marshal(tags) // plain text always encodes
	return string(text)
}

func encoded(key string) string { return strings.ReplaceAll(key, "/", "%2F") }

// cursor is the next of a list that ended with something.
func cursor(list, position string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + ":" + position))
}

// TestRequests asks one thing after another of a fresh API with two sockets, of
// user 1 (tag kind=a) and of user 2 (tag kind=b).
func TestRequests(t *testing.T) {
	long := strings.Repeat("x", 5<<20)
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		want               []string // parts of the body
	}{
		"list":                       {"GET", "/sockets", "", nil, 200, []string{`"items":[{"key":"/services/main_ws_service-s-anna","service":"main_ws_service","stateful_id":"anna","user_id":"1","tags":{"kind":"a"},"state":"open","queue":{"messages":0,"bytes":0,"mode":"","dropped":0,"drop_reason":""},"node":"n1","connected_at":"`, `"next":"","missing":[]`}},
		"list, filter":               {"GET", "/sockets?filter=%24kind%3Ab", "", nil, 200, []string{`bob`, `"next":""`}},
		"list, JSON filter":          {"GET", `/sockets?filter=%7B%22kind%22%3A%22b%22%7D`, "", nil, 200, []string{`bob`}},
		"list, nothing found":        {"GET", "/sockets?filter=%24none", "", nil, 200, []string{`{"items":[],"next":"","missing":[]}`}},
		"list, one":                  {"GET", "/sockets?limit=1", "", nil, 200, []string{`anna`, `"next":"` + cursor("sockets", anna)}},
		"list, after":                {"GET", "/sockets?limit=1&after=" + cursor("sockets", anna), "", nil, 200, []string{`bob`, `"next":""`}},
		"list, after the last":       {"GET", "/sockets?after=" + cursor("sockets", bob), "", nil, 200, []string{`"items":[]`}},
		"list, after nothing known":  {"GET", "/sockets?after=garbage", "", nil, 400, []string{`"location":"query.after"`, `"value":"garbage"`, `leave it out`}},
		"list, after a key":          {"GET", "/sockets?after=" + encoded(anna), "", nil, 400, []string{`"location":"query.after"`}},
		"list, after of another":     {"GET", "/sockets?after=" + cursor("agents", "hello"), "", nil, 400, []string{`"location":"query.after"`}},
		"list, after, too long":      {"GET", "/sockets?after=" + strings.Repeat("QUJD", 5000), "", nil, 422, []string{`…`}},
		"list, limit negative":       {"GET", "/sockets?limit=-1", "", nil, 422, []string{`"location":"query.limit"`}},
		"list, limit huge":           {"GET", "/sockets?limit=99999999999999999999999", "", nil, 422, []string{`"location":"query.limit"`}},
		"list, limit a fraction":     {"GET", "/sockets?limit=1.5", "", nil, 422, []string{`"location":"query.limit"`}},
		"agents, a page":             {"GET", "/agents?limit=1", "", nil, 200, []string{`"name":"broken"`, `"next":"` + cursor("agents", "broken")}},
		"agents, the next page":      {"GET", "/agents?limit=1&after=" + cursor("agents", "broken"), "", nil, 200, []string{`"name":"hello"`, `"next":""`}},
		"agents, after garbage":      {"GET", "/agents?after=b", "", nil, 400, []string{`"location":"query.after"`}},
		"services, limit 0":          {"GET", "/services?limit=0", "", nil, 422, []string{`"location":"query.limit"`}},
		"services, unknown query":    {"GET", "/services?page=2", "", nil, 422, []string{`query.page`}},
		"list, another node":         {"GET", "/sockets?node=n2", "", nil, 200, []string{`"items":[]`, `"missing":["n2"]`}},
		"list, wrong filter":         {"GET", "/sockets?filter=kind", "", nil, 400, []string{`"location":"query.filter"`, `"value":"kind"`}},
		"list, limit 0":              {"GET", "/sockets?limit=0", "", nil, 422, []string{`"location":"query.limit"`}},
		"list, limit too high":       {"GET", "/sockets?limit=1001", "", nil, 422, []string{`"location":"query.limit"`}},
		"list, limit no number":      {"GET", "/sockets?limit=ten", "", nil, 422, []string{`"location":"query.limit"`}},
		"list, unknown parameter":    {"GET", "/sockets?fliter=x", "", nil, 422, []string{`query.fliter`, `unknown query parameter`}},
		"one":                        {"GET", "/sockets/" + encoded(anna), "", nil, 200, []string{`{"key":"/services/main_ws_service-s-anna"`}},
		"one, unknown":               {"GET", "/sockets/" + encoded(anna+"x"), "", nil, 404, []string{`annax`}},
		"one, key not encoded":       {"GET", "/sockets" + anna, "", nil, 400, []string{`percent-encoded`, `%2Fservices%2F`}},
		"one, key half encoded":      {"GET", "/sockets/" + anna, "", nil, 400, []string{`percent-encoded`}},
		"message, key not encoded":   {"POST", "/sockets" + anna + "/messages", `{"message":"x"}`, nil, 400, []string{`percent-encoded`}},
		"abort":                      {"DELETE", "/sockets/" + encoded(anna), "", nil, 204, nil},
		"abort, unknown":             {"DELETE", "/sockets/" + encoded(anna+"x"), "", nil, 404, []string{`annax`}},
		"tags":                       {"PATCH", "/sockets/" + encoded(anna) + "/tags", `{"kind":null,"a":"1","б":"два"}`, nil, 200, []string{`"tags":{"a":"1","б":"два"}`}},
		"tags, number":               {"PATCH", "/sockets/" + encoded(anna) + "/tags", `{"a":1}`, nil, 422, []string{`body.a`, `expected string`}},
		"tags, list":                 {"PATCH", "/sockets/" + encoded(anna) + "/tags", `[]`, nil, 422, []string{`expected object`}},
		"tags, unknown socket":       {"PATCH", "/sockets/" + encoded(anna+"x") + "/tags", `{}`, nil, 404, nil},
		"message":                    {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"привет","json_compound":true}`, nil, 202, []string{`{"queue_depth":1}`}},
		"message, empty":             {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":""}`, nil, 202, []string{`{"queue_depth":1}`}},
		"message, unknown socket":    {"POST", "/sockets/" + encoded(anna+"x") + "/messages", `{"message":"x"}`, nil, 404, []string{`annax`}},
		"message missing":            {"POST", "/sockets/" + encoded(anna) + "/messages", `{}`, nil, 422, []string{`required property message`}},
		"message, unknown field":     {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x","jsoncompound":true}`, nil, 422, []string{`body.jsoncompound`, `unexpected property`}},
		"message, wrong type":        {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":7}`, nil, 422, []string{`body.message`}},
		"message, not JSON":          {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":`, nil, 400, []string{`"location":"body"`}},
		"message, trailing text":     {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x"} y`, nil, 400, nil},
		"message, not JSON, long":    {"POST", "/sockets/" + encoded(anna) + "/messages", strings.Repeat("я", 10_000), nil, 400, []string{`"location":"body"`, `яя…`}},
		"unknown path, long":         {"GET", "/x" + strings.Repeat("%D1%8F", 1000), "", nil, 404, []string{`яя…`}},
		"tags, too many":             {"PATCH", "/sockets/" + encoded(anna) + "/tags", manyTags(100), nil, 422, []string{`101 tags, a socket has at most 64`}},
		"tags, far too many":         {"PATCH", "/sockets/" + encoded(anna) + "/tags", manyTags(10_000), nil, 422, []string{`at most 128`}},
		"message, no body":           {"POST", "/sockets/" + encoded(anna) + "/messages", ``, nil, 400, []string{`body is required`}},
		"message, form":              {"POST", "/sockets/" + encoded(anna) + "/messages", `message=x`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, nil},
		"message, too large":         {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"` + long + `"}`, nil, 413, []string{`too large`}},
		"group by filter":            {"POST", "/messages", `{"filter":"$kind:a","message":"x"}`, nil, 202, []string{`{"addressed":1,"nodes":{"n1":1},"missing":[]}`}},
		"group by object":            {"POST", "/messages", `{"filter":{"kind":["a","b"]},"message":"x"}`, nil, 202, []string{`"addressed":2`}},
		"group, everybody":           {"POST", "/messages", `{"filter":"","message":"x"}`, nil, 202, []string{`"addressed":2`}},
		"group by keys":              {"POST", "/messages", `{"keys":["` + bob + `","/services/gone-s-1"],"message":"x"}`, nil, 202, []string{`"addressed":1`}},
		"group, keys named twice":    {"POST", "/messages", `{"keys":["` + bob + `","` + anna + `","` + bob + `"],"message":"x"}`, nil, 202, []string{`"addressed":2,"nodes":{"n1":2}`}},
		"group, no keys":             {"POST", "/messages", `{"keys":[],"message":"x"}`, nil, 202, []string{`"addressed":0,"nodes":{},"missing":[]`}},
		"group by user":              {"POST", "/messages", `{"user_id":"2","message":"x"}`, nil, 202, []string{`"addressed":1`}},
		"group, nobody named":        {"POST", "/messages", `{"message":"x"}`, nil, 422, []string{`filter, keys or user_id`}},
		"group, null filter":         {"POST", "/messages", `{"filter":null,"message":"x"}`, nil, 202, []string{`"addressed":2`}},
		"group, two ways":            {"POST", "/messages", `{"filter":"","user_id":"1","message":"x"}`, nil, 422, []string{`filter, keys or user_id`}},
		"group, wrong filter":        {"POST", "/messages", `{"filter":"kind","message":"x"}`, nil, 400, []string{`"location":"body.filter"`}},
		"group, filter of no kind":   {"POST", "/messages", `{"filter":7,"message":"x"}`, nil, 422, []string{`body.filter`}},
		"batch":                      {"POST", "/messages/batch", `{"messages":[{"key":"` + anna + `","message":"1"},{"filter":"$kind:b","message":"2","json_compound":true},{"keys":[],"message":"3"},{"user_id":"1","message":"4"}]}`, nil, 202, []string{`{"results":[{"status":202,"addressed":1,"nodes":{"n1":1},"missing":[],"queue_depth":1},{"status":202,"addressed":1,"nodes":{"n1":1},"missing":[]},{"status":202,"addressed":0,"nodes":{},"missing":[]},{"status":202,"addressed":1,"nodes":{"n1":1},"missing":[]}]}`}},
		"batch, some wrong":          {"POST", "/messages/batch", `{"messages":[{"key":"` + anna + `x","message":"1"},{"message":"2"},{"filter":"kind","message":"3"},{"key":"` + anna + `","user_id":"1","message":"4"},{"key":"` + anna + `","message":"5"}]}`, nil, 202, []string{`{"status":404,"error":{`, `annax`, `{"status":422,"error":{`, `{"status":400,"error":{`, `"location":"body.messages[2].filter"`, `"location":"body.messages[3]"`, `{"status":202,"addressed":1,"nodes":{"n1":1},"missing":[],"queue_depth":1}]}`}},
		"batch, empty":               {"POST", "/messages/batch", `{"messages":[]}`, nil, 202, []string{`{"results":[]}`}},
		"batch, none":                {"POST", "/messages/batch", `{}`, nil, 422, []string{`required property messages`}},
		"batch, null":                {"POST", "/messages/batch", `{"messages":null}`, nil, 422, []string{`body.messages`}},
		"batch, no message":          {"POST", "/messages/batch", `{"messages":[{"key":"x"}]}`, nil, 422, []string{`body.messages[0]`}},
		"batch, unknown field":       {"POST", "/messages/batch", `{"messages":[{"key":"x","message":"","colour":"k"}]}`, nil, 422, []string{`colour`}},
		"batch, long conflate key":   {"POST", "/messages/batch", `{"messages":[{"key":"` + anna + `","message":"","conflate_key":"` + strings.Repeat("k", 257) + `"}]}`, nil, 422, []string{`body.messages[0].conflate_key`}},
		"conflate key":               {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x","conflate_key":"` + strings.Repeat("я", 256) + `"}`, nil, 202, []string{`{"queue_depth":1}`}},
		"conflate key, long":         {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x","conflate_key":"` + strings.Repeat("k", 257) + `"}`, nil, 422, []string{`body.conflate_key`}},
		"conflate key, empty":        {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x","conflate_key":""}`, nil, 422, []string{`body.conflate_key`}},
		"conflate key, number":       {"POST", "/messages", `{"filter":"","message":"x","conflate_key":7}`, nil, 422, []string{`body.conflate_key`}},
		"batch, too many":            {"POST", "/messages/batch", `{"messages":[` + strings.Repeat(`{"message":"","keys":[]},`, 1000) + `{"message":"","keys":[]}]}`, nil, 422, []string{`1000`}},
		"batch, too large":           {"POST", "/messages/batch", `{"messages":[{"keys":[],"message":"` + long + `"}]}`, nil, 413, nil},
		"batch, other method":        {"GET", "/messages/batch", "", nil, 405, []string{`takes POST`}},
		"tags in use":                {"GET", "/tags", "", nil, 200, []string{`{"items":[{"name":"kind","count":2,"distinct":2,"values":[{"value":"a","count":1},{"value":"b","count":1}],"truncated":false}],"next":"","missing":[]}`}},
		"tags in use, few values":    {"GET", "/tags?values=1", "", nil, 200, []string{`"distinct":2,"values":[{"value":"a","count":1}],"truncated":true`}},
		"tags in use, no values":     {"GET", "/tags?values=0", "", nil, 200, []string{`"values":[],"truncated":true`}},
		"tags in use, one":           {"GET", "/tags?name=kind", "", nil, 200, []string{`"name":"kind"`}},
		"tags in use, none":          {"GET", "/tags?name=none", "", nil, 200, []string{`{"items":[],"next":"","missing":[]}`}},
		"tags in use, values -1":     {"GET", "/tags?values=-1", "", nil, 422, []string{`query.values`}},
		"tags in use, garbage":       {"GET", "/tags?after=kind", "", nil, 400, []string{`query.after`}},
		"events, wrong filter":       {"GET", "/sockets/events?filter=kind", "", nil, 400, []string{`"location":"query.filter"`, `position 0`}},
		"events, wrong snapshot":     {"GET", "/sockets/events?snapshot=maybe", "", nil, 422, []string{`query.snapshot`}},
		"events, unknown parameter":  {"GET", "/sockets/events?node=n1", "", nil, 422, []string{`query.node`}},
		"events, other method":       {"POST", "/sockets/events", "", nil, 405, nil},
		"trace, unknown socket":      {"GET", "/sockets/" + encoded(anna+"x") + "/trace", "", nil, 404, []string{`annax`}},
		"trace, key not encoded":     {"GET", "/sockets" + anna + "/trace", "", nil, 400, []string{`percent-encoded`}},
		"trace, too many":            {"GET", "/sockets/%2Fservices%2Fx-s-busy/trace", "", nil, 503, []string{`watched`}},
		"refusals, none":             {"GET", "/refusals", "", nil, 200, []string{`{"items":[],"next":"","missing":[]}`}},
		"refusals, garbage":          {"GET", "/refusals?after=3", "", nil, 400, []string{`query.after`}},
		"refusals, garbage inside":   {"GET", "/refusals?after=" + cursor("refusals", "three"), "", nil, 400, []string{`query.after`}},
		"refusals, number 0":         {"GET", "/refusals?after=" + cursor("refusals", "0"), "", nil, 400, []string{`query.after`}},
		"refusals, limit 0":          {"GET", "/refusals?limit=0", "", nil, 422, []string{`query.limit`}},
		"key empty":                  {"POST", "/messages", `{"filter":"","message":"x"}`, []string{"Idempotency-Key", ""}, 400, []string{`header.Idempotency-Key`}},
		"key too long":               {"POST", "/messages", `{"filter":"","message":"x"}`, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, []string{`header.Idempotency-Key`, `256 characters`}},
		"key as long as possible":    {"POST", "/messages", `{"filter":"","message":"x"}`, []string{"Idempotency-Key", strings.Repeat("k", 255)}, 202, nil},
		"key with a blank":           {"POST", "/messages/batch", `{"messages":[]}`, []string{"Idempotency-Key", "a b"}, 400, []string{`visible ASCII`}},
		"key not ASCII":              {"POST", "/sockets/" + encoded(anna) + "/messages", `{"message":"x"}`, []string{"Idempotency-Key", "ключ"}, 400, []string{`visible ASCII`}},
		"key, wrong body":            {"POST", "/messages", `{"filter":"","message":`, []string{"Idempotency-Key", "k"}, 400, []string{`"location":"body"`}},
		"key, too large":             {"POST", "/messages", `{"filter":"","message":"` + long + `"}`, []string{"Idempotency-Key", "k"}, 413, []string{`too large`}},
		"key, unknown socket":        {"POST", "/sockets/" + encoded(anna+"x") + "/messages", `{"message":"x"}`, []string{"Idempotency-Key", "k"}, 404, []string{`annax`}},
		"agents":                     {"GET", "/agents", "", nil, 200, []string{`{"items":[{"name":"broken","url":"x-local://agents/broken.js","problem":"unexpected }"},{"name":"hello","url":"x-local://agents/hello.js"}],"next":"","missing":[]}`}},
		"services":                   {"GET", "/services", "", nil, 200, []string{`"name":"main_ws_service"`}},
		"unknown agent":              {"POST", "/agents/missing/runs", "", nil, 404, []string{`no agent`}},
		"unknown agent, stream":      {"POST", "/agents/missing/runs", "", []string{"Accept", "text/event-stream"}, 404, []string{`no agent`}},
		"run, no source":             {"POST", "/runs", `{"name":"x"}`, nil, 422, []string{`required property source`}},
		"run, wrong timeout":         {"POST", "/runs", `{"source":"","timeout":"soon"}`, nil, 422, []string{`body.timeout`, `30s`}},
		"run, negative timeout":      {"POST", "/runs", `{"source":"","timeout":"-1s"}`, nil, 422, []string{`body.timeout`}},
		"run, error of the server":   {"POST", "/runs", `{"source":""}`, nil, 500, []string{`the test plays no script`}},
		"runs, none":                 {"GET", "/runs", "", nil, 200, []string{`{"items":[],"next":"","missing":[]}`}},
		"runs, unknown state":        {"GET", "/runs?state=over", "", nil, 422, []string{`query.state`}},
		"runs, limit too high":       {"GET", "/runs?limit=1001", "", nil, 422, []string{`query.limit`}},
		"runs, wrong page":           {"GET", "/runs?after=5", "", nil, 400, []string{`query.after`}},
		"runs, wrong page inside":    {"GET", "/runs?after=" + cursor("runs", "5"), "", nil, 400, []string{`query.after`}},
		"run, unknown":               {"GET", "/runs/5", "", nil, 404, []string{`no run`, `/api/v1/runs`}},
		"run, unknown, stream":       {"GET", "/runs/5", "", []string{"Accept", "text/event-stream"}, 404, []string{`no run`}},
		"run, stop unknown":          {"DELETE", "/runs/5", "", nil, 404, []string{`no run`}},
		"run, detach no boolean":     {"POST", "/runs", `{"source":"","detach":"yes"}`, nil, 422, []string{`body.detach`}},
		"logs, wrong time":           {"GET", "/logs?since=yesterday", "", nil, 422, []string{`query.since`, `10m`}},
		"check":                      {"POST", "/check", `{"source":"bad","name":"a.js","kind":"service","level":"portability","version":"1.22"}`, nil, 200, []string{`{"problems":[{"file":"a.js","line":1,"column":1,"level":"error","kind":"syntax","message":"service portability 1.22"}]}`}},
		"check, nothing wrong":       {"POST", "/check", `{"source":""}`, nil, 200, []string{`{"problems":[]}`}},
		"check, no source":           {"POST", "/check", `{}`, nil, 422, []string{`required property source`}},
		"check, unknown kind":        {"POST", "/check", `{"source":"","kind":"page"}`, nil, 422, []string{`body.kind`}},
		"check, unknown level":       {"POST", "/check", `{"source":"","level":"all"}`, nil, 422, []string{`body.level`}},
		"check, unknown version":     {"POST", "/check", `{"source":"","version":"2"}`, nil, 422, []string{`body.version`}},
		"check, too large":           {"POST", "/check", `{"source":"` + long + `"}`, nil, 413, []string{`too large`}},
		"check, other method":        {"GET", "/check", "", nil, 405, []string{`takes POST, not GET`}},
		"bindings":                   {"GET", "/bindings", "", nil, 200, []string{`{"items":[{"name":"tools","kind":"namespace","signature":"","doc":"","origin":"shared","members":[{"name":"f","kind":"function","signature":"(): void","doc":"","origin":"refused","since":"1.24"}]}],"next":"","missing":[]}`}},
		"no such path":               {"GET", "/nothing", "", nil, 404, []string{`/api/v1/nothing`, `openapi.json`}},
		"slash at the end":           {"GET", "/sockets/", "", nil, 404, nil},
		"double slash":               {"GET", "//sockets", "", nil, 404, nil},
		"dots":                       {"GET", "/sockets/../agents", "", nil, 404, nil},
		"method not allowed":         {"PUT", "/sockets", "", nil, 405, []string{`takes GET, not PUT`}},
		"method not allowed, post":   {"GET", "/messages", "", nil, 405, []string{`takes POST, not GET`}},
		"unknown method":             {"BREW", "/sockets", "", nil, 405, nil},
		"not a tutorsocket version":  {"GET", "", "", nil, 404, nil},
		"runs, page of another":      {"GET", "/runs?after=" + cursor("sockets", anna), "", nil, 400, []string{`query.after`}},
		"libraries, page of another": {"GET", "/libraries?after=" + cursor("agents", "hello"), "", nil, 400, []string{`query.after`}},
		"tags, no name":              {"PATCH", "/sockets/" + encoded(anna) + "/tags", `{"":"1"}`, nil, 422, []string{`none was: a tag needs a name`}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.open(t, bob, "2", map[string]string{"kind": "b"})
			f.open(t, anna, "1", map[string]string{"kind": "a"})
			resp, body := f.ask(t, c.method, "/api/v1"+c.path, c.body, c.headers...)
			if resp.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, c.status, body)
			}
			for _, part := range c.want {
				if !strings.Contains(body, part) {
					t.Errorf("the answer lacks %s\n%s", part, body)
				}
			}
			if resp.StatusCode >= 400 {
				checkProblem(t, resp, body)
			}
		})
	}
}

// checkProblem checks that an answer is problem details of a decent size.
func checkProblem(t *testing.T, resp *http.Response, body string) {
	t.Helper()
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %s", got)
	}
	var p struct {
		Title, Detail string
		Status        int
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if p.Status != resp.StatusCode || p.Title != http.StatusText(resp.StatusCode) || p.Detail == "" {
		t.Errorf("status, title or detail are wrong: %s", body)
	}
	if len(body) > 2000 {
		t.Errorf("the answer has %d bytes", len(body))
	}
}

func TestAllowedMethodsAreNamed(t *testing.T) {
	resp, _ := newFixture(t).ask(t, "PUT", "/api/v1/sockets/"+encoded(anna), "")
	if got := resp.Header.Get("Allow"); got != "GET, HEAD, DELETE, OPTIONS" {
		t.Errorf("Allow: %q", got)
	}
}

func TestATokenIsNeeded(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct{ authorization, challenge string }{
		"none":           {"", `Bearer realm="tutorsocket"`},
		"wrong":          {"Bearer wrong", `Bearer realm="tutorsocket", error="invalid_token"`},
		"another scheme": {"Basic " + token, `Bearer realm="tutorsocket", error="invalid_token"`},
	} {
		for _, path := range []string{"/sockets", "/nothing", "/sockets" + anna, "/logs", ""} {
			t.Run(name+" "+path, func(t *testing.T) {
				resp, body := f.ask(t, "GET", "/api/v1"+path, "", "Authorization", c.authorization)
				if resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") != c.challenge {
					t.Errorf("status %d, challenge %s", resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
				}
				checkProblem(t, resp, body)
				if strings.Contains(body, token) {
					t.Errorf("the token is in the answer: %s", body)
				}
			})
		}
	}
	resp, _ := f.ask(t, "GET", "/api/v1/sockets?access_token="+token, "", "Authorization", "")
	if resp.StatusCode != 401 {
		t.Errorf("a token in the URL gives %d", resp.StatusCode)
	}
}

func TestAFullQueueIsToldWithWhatToDo(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	send := func() (*http.Response, string) {
		return f.ask(t, "POST", "/api/v1/sockets/"+encoded(anna)+"/messages", `{"message":"x"}`)
	}
	for range 3 {
		if resp, body := send(); resp.StatusCode != 202 {
			t.Fatal(body)
		}
	}
	resp, body := send()
	checkProblem(t, resp, body)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "queue.max_messages") {
		t.Errorf("status %d, %s", resp.StatusCode, body)
	}
}

// TestPagesAreStable walks all sockets while others come and go: each of those
// that stay is seen once.
func TestPagesAreStable(t *testing.T) {
	f := newFixture(t)
	want := ""
	for _, id := range strings.Split("p n b z k f d x m c q t", " ") {
		f.open(t, "/services/x-s-"+id, "1", nil)
	}
	for _, id := range strings.Split("b c d f k m n p q t x z", " ") {
		want += " " + id
	}
	seen, after := "", ""
	for step := 0; ; step++ {
		_, body := f.ask(t, "GET", "/api/v1/sockets?limit=5&after="+encoded(after), "")
		var page struct {
			Items []struct {
				ID string `json:"stateful_id"`
			}
			Next string
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			seen += " " + item.ID
		}
		if after = page.Next; after == "" {
			break
		}
		f.open(t, "/services/x-s-a"+string(rune('0'+step)), "1", nil) // before what was seen
	}
	if seen != want {
		t.Errorf("seen%s\nwant%s", seen, want)
	}
}

func TestAKeyNamedTwiceGetsOneMessage(t *testing.T) {
	f := newFixture(t)
	socket := f.open(t, bob, "2", nil)
	f.ask(t, "POST", "/api/v1/messages", `{"keys":["`+bob+`","`+bob+`","`+bob+`"],"message":"x"}`)
	if n := socket.Info().QueueMessages; n != 1 {
		t.Errorf("%d messages are queued", n)
	}
}

func TestLongNumbersInAFilterStayExact(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", map[string]string{"course": "6148914691236517121"})
	_, body := f.ask(t, "POST", "/api/v1/messages", `{"filter":{"course":6148914691236517121},"message":"x"}`)
	if !strings.Contains(body, `"addressed":1`) {
		t.Error(body)
	}
}
