package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api/apitest"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// wrong is a request made from one that succeeds, and the status it must get.
type wrong struct {
	exchange
	method string // empty: that of the operation
	status []int  // any of these; empty: any but a failure of the server
}

// TestWrongRequests makes wrong requests for every operation: of its first exchange by what is wrong for
// all of them, and by what the document says of parameters and bodies. Each must be refused with what the
// document declares, and what is wrong must be said.
func TestWrongRequests(t *testing.T) {
	for _, op := range document(t, servertest.Start(t)).Operations {
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			e := operations[op.ID]
			if len(e.exchanges) == 0 {
				t.Skip("TestEveryOperation tells of it")
			}
			w := startWorld(t, op, e)
			good := e.exchanges[0]
			tries := slices.Concat(w.wrongHeaders(good), w.wrongMethods(good), w.wrongQueries(good), w.wrongPaths(good), w.wrongBodies(good))
			for _, try := range tries {
				w.try(t, try)
			}
			// None of them did any harm.
			if resp, body := w.ask(t, op.Method, good); resp.StatusCode != good.status {
				t.Errorf("afterwards: status %d, want %d: %s", resp.StatusCode, good.status, cut(body))
			}
		})
	}
}

func (w *world) try(t *testing.T, try wrong) {
	t.Helper()
	method := try.method
	if method == "" {
		method = w.op.Method
	}
	resp, body := w.do(t, method, try.exchange)
	switch {
	case len(try.status) == 0 && resp.StatusCode >= 500, len(try.status) > 0 && !slices.Contains(try.status, resp.StatusCode):
		t.Errorf("%s: status %d, want %v: %s", try.name, resp.StatusCode, try.status, cut(body))
	case resp.StatusCode >= 400 && method != http.MethodHead:
		checkProblem(t, try.name, resp, body)
	}
}

// checkProblem checks that an answer is problem details with something to read, of a decent size.
func checkProblem(t *testing.T, name string, resp *http.Response, body string) {
	t.Helper()
	var p struct {
		Title, Detail string
		Status        int
		Errors        []struct{ Location, Message string }
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: not problem details: %s", name, cut(body))
		return
	}
	if p.Status != resp.StatusCode || p.Title == "" || p.Detail == "" || len(body) > 4000 {
		t.Errorf("%s: %d bytes, %s", name, len(body), cut(body))
	}
	for _, e := range p.Errors {
		if e.Location == "" || e.Message == "" {
			t.Errorf("%s: a mistake without place or message: %s", name, cut(body))
		}
	}
}

// changed returns the exchange with another name and whatever change does to it.
func changed(x exchange, name string, change func(*exchange)) exchange {
	x.name, x.until, x.part = name, "", ""
	x.header = slices.Clone(x.header)
	change(&x)
	return x
}

func withHeader(x exchange, name, value string) exchange {
	return changed(x, name+": "+value, func(x *exchange) { x.header = append(x.header, name, value) })
}

func withQuery(x exchange, query string) exchange {
	return changed(x, "?"+query, func(x *exchange) {
		if strings.Contains(x.path, "?") {
			x.path += "&" + query
		} else {
			x.path += "?" + query
		}
	})
}

func (w *world) public() bool {
	_, public := w.op.Object["security"]
	return public
}

func (w *world) wrongHeaders(good exchange) (tries []wrong) {
	if !w.public() {
		for _, value := range []string{"", "Bearer", "Bearer wrong", "Basic " + w.Token(), "Bearer " + w.Token() + "x"} {
			tries = append(tries, wrong{exchange: withHeader(good, "Authorization", value), status: []int{401}})
		}
	}
	responses, _ := w.doc.Responses(w.op)
	if responses["406"] != nil {
		for _, value := range []string{"text/html", "image/*", "application/xml, */*;q=0"} {
			tries = append(tries, wrong{exchange: withHeader(good, "Accept", value), status: []int{406}})
		}
	}
	return tries
}

func (w *world) wrongMethods(good exchange) (tries []wrong) {
	x := changed(good, "", func(x *exchange) { x.body = "" })
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get"} {
		if !w.routed(method) {
			tries = append(tries, wrong{exchange: changed(x, method, func(*exchange) {}), method: method, status: []int{405}})
		}
	}
	return tries
}

// routed says whether the operation's path takes a method, in this operation or another.
func (w *world) routed(method string) bool {
	return slices.ContainsFunc(w.doc.Operations, func(op apitest.Operation) bool {
		return op.Method == method && (op.Path == w.op.Path || leadsTo(op, w.op.Path))
	})
}

func (w *world) wrongQueries(good exchange) []wrong {
	tries := []wrong{
		{exchange: withQuery(good, "no_such_parameter=1"), status: []int{422}},
		{exchange: withQuery(good, "x=1&x=1"), status: []int{400}},
		{exchange: withQuery(good, "x=%zz"), status: []int{400}},
		{exchange: withQuery(good, "%"), status: []int{400}},
		{exchange: withQuery(good, "a;b"), status: []int{400}},
	}
	params, _ := w.op.Object["parameters"].([]any)
	for _, p := range params {
		param, _ := w.doc.Resolve(p.(apitest.Object), "")
		name, schema := param["name"].(string), member(param, "schema")
		if param["in"] != "query" {
			continue
		}
		bare := changed(good, good.name, func(x *exchange) { x.path, _, _ = strings.Cut(x.path, "?") })
		for _, value := range wrongValues(name, schema) {
			tries = append(tries, wrong{exchange: withQuery(bare, name+"="+value), status: []int{400, 422}})
		}
	}
	return tries
}

func member(object apitest.Object, name string) apitest.Object {
	value, _ := object[name].(apitest.Object)
	return value
}

// wrongValues are values a parameter must not have, escaped.
func wrongValues(name string, schema apitest.Object) []string {
	values := []string{"%FF%FE"}
	switch schema["type"] {
	case "integer":
		values = append(values, "", "ten", "1.5", "-1", "1e18", "99999999999999999999", "0x10", "1e3", "%D9%A1")
		if limit, ok := schema["maximum"].(json.Number); ok {
			if n, err := limit.Int64(); err == nil {
				values = append(values, fmt.Sprint(n+1))
			}
		}
		if limit, ok := schema["minimum"].(json.Number); ok {
			if n, err := limit.Int64(); err == nil {
				values = append(values, fmt.Sprint(n-1))
			}
		}
	case "boolean":
		values = append(values, "", "perhaps", "2")
	case "string":
		if schema["enum"] != nil {
			values = append(values, "nonsense")
		}
		if limit, ok := schema["maxLength"].(json.Number); ok {
			if n, err := limit.Int64(); err == nil && n < 32<<10 {
				values = append(values, strings.Repeat("x", int(n)+1))
			}
		}
		if name == "after" {
			values = append(values, "not-a-cursor", "%00", "0", "-1", "c29ja2V0czo", "%252F")
		}
	}
	return values
}

// wrongPaths puts other values into the path. Some of them are names like any other, so what is asked is
// that the answer is one the document knows, and no failure of the server.
func (w *world) wrongPaths(good exchange) (tries []wrong) {
	path, query, _ := strings.Cut(good.path, "?")
	pattern, parts := strings.Split(w.op.Path, "/"), strings.Split(path, "/")
	for i := range pattern {
		if !strings.HasPrefix(pattern[i], "{") || w.op.Method != http.MethodGet {
			continue
		}
		for _, value := range []string{"no-such-thing", "%00", "%FF", "%2F", "..%2F..", "%252F", "%D1%8F", "0", "-1", strings.Repeat("x", 9000)} {
			other := slices.Clone(parts)
			other[i] = value
			tries = append(tries, wrong{
				exchange: changed(good, strings.Join(other, "/"), func(x *exchange) { x.path = strings.Join(other, "/") + "?" + query }),
				status:   []int{400, 404, 422},
			})
		}
	}
	return tries
}

func (w *world) wrongBodies(good exchange) (tries []wrong) {
	content, _ := w.doc.RequestBody(w.op)
	media := member(content, "application/json")
	if media == nil {
		return nil
	}
	body := func(name, text string, status ...int) {
		tries = append(tries, wrong{exchange: changed(good, "body "+name, func(x *exchange) { x.body = text }), status: status})
	}
	body("cut off", `{"`, 400)
	body("no JSON", `nonsense`, 400)
	body("single quotes", `{'a':1}`, 400)
	body("with a trailing comma", `{"a":1,}`, 400)
	body("with text behind it", `{} x`, 400)
	body("two values", `{}{}`, 400)
	body("not UTF-8", "{\"a\":\"\xff\"}", 400)
	body("with a raw NUL", "{\"a\":\"\x00\"}", 400)
	body("with a byte order mark", "\ufeff{}", 400)
	body("only space", "  \n", 400)
	body("nested without end", strings.Repeat("[", 100_000), 400)
	body("nested deeply", strings.Repeat(`{"a":`, 50_000)+"1"+strings.Repeat("}", 50_000), 400)
	body("with a member twice", `{"a":1,"a":2}`, 400)
	many := map[string]int{}
	for i := range 5000 {
		many[fmt.Sprint("no_such_member_", i)] = i
	}
	text, _ := json.Marshal(many) // a map of numbers always encodes
	body("with many unknown members", string(text), 400, 422)
	body("with an unknown member of a long name", `{"`+strings.Repeat("x", 100_000)+`":1}`, 400, 422)
	body("with a member twice, escaped", `{"a":1,"\u0061":2}`, 400)
	large := 5 << 20
	if w.op.ID == "put-user-data" { // a recipients list may be longer than anything else
		large += userdata.MaxList
	}
	body("too large", `{"a":"`+strings.Repeat("x", large)+`"}`, 413)
	if required, _ := member(w.op.Object, "requestBody")["required"].(bool); required {
		body("missing", "", 400)
	}
	for _, value := range []string{"text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/json; charset=utf-16", "application/json; charset", "/"} {
		if content[value] != nil {
			continue
		}
		tries = append(tries, wrong{exchange: withHeader(changed(good, "", func(x *exchange) { x.body = orEmpty(x.body) }), "Content-Type", value), status: []int{415}})
	}
	for _, value := range []string{"gzip", "br", "nonsense"} {
		tries = append(tries, wrong{exchange: withHeader(changed(good, "", func(x *exchange) { x.body = orEmpty(x.body) }), "Content-Encoding", value), status: []int{415}})
	}
	schema, _ := w.doc.Resolve(member(media, "schema"), "")
	return append(tries, w.wrongMembers(good, schema)...)
}

func orEmpty(body string) string {
	if body == "" {
		return "{}"
	}
	return body
}

// wrongMembers changes the members of an object one by one.
func (w *world) wrongMembers(good exchange, schema apitest.Object) (tries []wrong) {
	var members map[string]json.RawMessage
	if schema["type"] != "object" || json.Unmarshal([]byte(orEmpty(good.body)), &members) != nil {
		return nil
	}
	body := func(name, text string) {
		tries = append(tries, wrong{exchange: changed(good, "body "+name, func(x *exchange) { x.body = text }), status: []int{400, 422}})
	}
	set := func(name, value string) string {
		other := map[string]json.RawMessage{}
		for n, v := range members {
			other[n] = v
		}
		other[name] = json.RawMessage(value)
		text, err := json.Marshal(other)
		if err != nil {
			return "{" // a mistake of the test, which the status shows
		}
		return string(text)
	}
	for _, value := range []string{`[]`, `"x"`, `7`, `true`, `[{}]`} {
		body("of another type: "+value, value)
	}
	if open, closed := schema["additionalProperties"].(bool); closed && !open {
		body("with an unknown member", set("no_such_member", "1"))
	}
	for name, p := range member(schema, "properties") {
		property, _ := w.doc.Resolve(p.(apitest.Object), "")
		for _, value := range wrongJSON(property) {
			body(cut(name+" = "+value), set(name, value))
		}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		other := map[string]json.RawMessage{}
		for n, v := range members {
			if n != name {
				other[n] = v
			}
		}
		text, _ := json.Marshal(other) // of parts that were JSON
		body(fmt.Sprintf("without %v", name), string(text))
	}
	return tries
}

// wrongJSON are values a member must not have.
func wrongJSON(schema apitest.Object) (values []string) {
	kind := schema["type"]
	if kinds, ok := kind.([]any); ok {
		kind = kinds[0]
	}
	switch kind {
	case "string":
		values = []string{"7", "true", "{}", `["x"]`}
		if schema["enum"] != nil {
			values = append(values, `"nonsense"`)
		}
		if limit, ok := schema["maxLength"].(json.Number); ok {
			if n, err := limit.Int64(); err == nil && n < 1<<20 {
				values = append(values, `"`+strings.Repeat("x", int(n)+1)+`"`)
			}
		}
	case "integer", "number":
		values = []string{`"x"`, "true", "{}", "1e400", "99999999999999999999999"}
	case "boolean":
		values = []string{`"true"`, "1", "{}"}
	case "array":
		values = []string{`"x"`, "7", "{}"}
	case "object":
		values = []string{`"x"`, "7", "[]"}
	}
	return values
}
