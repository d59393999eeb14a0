package api_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/api/apitest"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// key makes a key with scopes and returns its token and its id.
func (f *fixture) key(t *testing.T, scopes ...string) (token, id string) {
	t.Helper()
	made, err := f.client(t).CreateKey(t.Context(), api.NewKey{Name: strings.Join(scopes, " and "), Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return made.Token, made.ID
}

// request is a request that an operation may get, on things there are none of.
func request(op apitest.Operation) (method, path string) {
	path = api.Base + op.Path
	for _, part := range []string{"key", "name", "id", "n"} {
		path = strings.ReplaceAll(path, "{"+part+"}", map[string]string{"key": "none", "name": "none", "id": "aaaaaaaaaaaa", "n": "1"}[part])
	}
	return op.Method, path
}

// TestEveryOperationRefusesAKeyWithoutItsScope goes over all operations of the document, with a key of all other
// scopes but admin, and says what the key lacks.
func TestEveryOperationRefusesAKeyWithoutItsScope(t *testing.T) {
	f := newFixture(t)
	doc, err := apitest.Parse(documentText(t))
	if err != nil {
		t.Fatal(err)
	}
	without := map[string]string{}
	for _, scope := range []string{"read", "send", "run", "admin"} {
		var others []string
		for _, other := range []string{"read", "send", "run"} {
			if other != scope {
				others = append(others, other)
			}
		}
		without[scope], _ = f.key(t, others...)
	}
	tried := map[string]int{}
	for _, op := range doc.Operations {
		scope := text(op.Object, "x-scope")
		if op.ID == "get-openapi" {
			continue
		}
		method, path := request(op)
		methods := []string{method}
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		for _, method := range methods {
			f.refusals = nil
			resp, body := f.ask(t, method, path, `{`, "Authorization", "Bearer "+without[scope])
			if resp.StatusCode != 403 || resp.Header.Get("WWW-Authenticate") != `Bearer realm="tutorsocket", error="insufficient_scope", scope="`+scope+`"` {
				t.Errorf("%s %s without %s: %s, %v", method, path, scope, resp.Status, resp.Header)
			}
			if method != http.MethodHead {
				if !strings.Contains(body, "wants the scope "+scope) {
					t.Errorf("%s %s without %s: %s", method, path, scope, body)
				}
				if err := doc.Check(op, resp, body); err != nil {
					t.Errorf("%s %s without %s: %v", method, path, scope, err)
				}
			}
			if len(f.refusals) != 1 || f.refusals[0].Status != 403 || !strings.Contains(f.refusals[0].Detail, "It is key:") {
				t.Errorf("%s %s without %s: the list of refusals has %+v", method, path, scope, f.refusals)
			}
		}
		tried[scope]++
	}
	for _, scope := range keys.Scopes() {
		if tried[string(scope)] == 0 {
			t.Errorf("no operation wants the scope %s", scope)
		}
	}
}

func TestKeysOverHTTP(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	read, id := f.key(t, "read")
	send, _ := f.key(t, "send", "read")
	admin, adminID := f.key(t, "admin")
	for _, c := range []struct {
		name, key, method, path, body string
		status                        int
		want                          string
	}{
		{"reads", read, "GET", "/sockets", "", 200, "anna"},
		{"reads and does not send", read, "POST", "/messages", `{"filter":"","message":"x"}`, 403, `GET`},
		{"sends", send, "POST", "/messages", `{"filter":"","message":"x"}`, 202, `"addressed":1`},
		{"sends and reads", send, "GET", "/sockets", "", 200, "anna"},
		{"sends and makes no key", send, "POST", "/keys", `{"name":"more","scopes":["admin"]}`, 403, "admin"},
		{"administers", admin, "POST", "/keys", `{"name":"more","scopes":["admin"]}`, 201, `"created_by":"key:` + adminID},
		{"administers and reads", admin, "GET", "/sockets", "", 200, "anna"},
		{"administers and sends", admin, "POST", "/messages", `{"filter":"","message":"x"}`, 202, `"addressed":1`},
		{"no path there is", read, "GET", "/none", "", 404, "openapi.json"},
		{"no method there is", read, "PUT", "/keys", "", 405, "takes GET, POST"},
		{"no name", admin, "POST", "/keys", `{"scopes":["read"]}`, 422, "name"},
		{"an empty name", admin, "POST", "/keys", `{"name":"","scopes":["read"]}`, 422, "body.name"},
		{"a name of two lines", admin, "POST", "/keys", `{"name":"a\nlevel=ERROR msg=forged","scopes":["read"]}`, 422, `'\\n'`},
		{"a name that turns text", admin, "POST", "/keys", `{"name":"a\u202eb","scopes":["read"]}`, 422, "body.name"},
		{"a long name", admin, "POST", "/keys", `{"name":"` + strings.Repeat("я", 101) + `","scopes":["read"]}`, 422, "body.name"},
		{"no scopes", admin, "POST", "/keys", `{"name":"a","scopes":[]}`, 422, "body.scopes"},
		{"another scope", admin, "POST", "/keys", `{"name":"a","scopes":["write"]}`, 422, "body.scopes[0]"},
		{"no time", admin, "POST", "/keys", `{"name":"a","scopes":["read"],"ttl":0}`, 422, "body.ttl"},
		{"a time ago", admin, "POST", "/keys", `{"name":"a","scopes":["read"],"ttl":-1}`, 422, "body.ttl"},
		{"revoked without leave", send, "DELETE", "/keys/" + id, "", 403, "admin"},
		{"revoked by the whole", admin, "DELETE", "/keys/" + read, "", 404, "underscores: " + id},
		{"revoked, nobody's", admin, "DELETE", "/keys/aaaaaaaaaaaa", "", 404, "GET /api/v1/keys"},
		{"revoked, no id", admin, "DELETE", "/keys/" + url.PathEscape("../sockets"), "", 404, ""},
		{"still reads", read, "GET", "/sockets", "", 200, ""},
		{"revoked", admin, "DELETE", "/keys/" + id, "", 204, ""},
		{"reads no more", read, "GET", "/sockets", "", 401, "was revoked"},
		{"revoked again", admin, "DELETE", "/keys/" + id, "", 404, id},
		{"listed", admin, "GET", "/keys?limit=1", "", 200, `"name":"send and read"`},
		{"listed after garbage", admin, "GET", "/keys?after=x", "", 400, "query.after"},
	} {
		f.refusals = nil
		resp, body := f.ask(t, c.method, "/api/v1"+c.path, c.body, "Authorization", "Bearer "+c.key, "Content-Type", "application/json")
		want := c.want
		if c.status == 403 && c.want == "GET" {
			want = "POST /api/v1/messages wants the scope send, and the key has read."
		}
		if resp.StatusCode != c.status || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %d with %q", c.name, resp.StatusCode, body, c.status, want)
		}
		for _, secret := range []string{read, send, admin} {
			said := body + resp.Header.Get("WWW-Authenticate")
			for _, r := range f.refusals {
				said += r.Detail
			}
			if strings.Contains(said, secret[17:]) {
				t.Errorf("%s: the secret is told: %s", c.name, said)
			}
		}
	}
	list, err := f.client(t).Keys(t.Context())
	if err != nil || len(list.Items) != 3 || list.Items[2].Name != "more" || list.Items[0].CreatedBy != "admin" {
		t.Errorf("the list is %+v, %v", list, err)
	}
	if err := f.client(t).RevokeKey(t.Context(), adminID); err != nil {
		t.Error(err)
	}
	if err := f.client(t).RevokeKey(t.Context(), adminID); !api.IsNotFound(err) {
		t.Errorf("revoked twice: %v", err)
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	f := newFixture(t)
	key, id := f.key(t, "admin")
	for name, c := range map[string]struct{ header, want string }{
		"none":              {"", "This wants the admin token or an API key"},
		"another scheme":    {"Basic " + key, "not that of this server"},
		"two words":         {"Bearer " + key + " x", "not that of this server"},
		"another secret":    {"Bearer " + key[:len(key)-43] + strings.Repeat("A", 43), "Not a known API key: that with the id " + id + " is another one"},
		"another id":        {"Bearer tsk_aaaaaaaaaaaa_" + key[17:], "aaaaaaaaaaaa"},
		"half a key":        {"Bearer " + key[:30], "characters are missing or wrong"},
		"capitals":          {"Bearer " + strings.ToUpper(key), "not that of this server"},
		"a key for a token": {"Bearer " + key[17:], "not that of this server"},
	} {
		f.refusals = nil
		resp, body := f.ask(t, "GET", "/api/v1/sockets", "", "Authorization", c.header)
		if resp.StatusCode != 401 || !strings.Contains(body, c.want) || resp.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %s %s", name, resp.Status, body)
		}
		if kept := len(f.refusals) == 1 && f.refusals[0].Status == 401 && strings.Contains(body, f.refusals[0].Detail); kept != (c.header != "") {
			t.Errorf("%s: the list of refusals has %+v", name, f.refusals)
		}
	}
	// A key is not taken from where it would end up in logs.
	for _, path := range []string{"/sockets?access_token=" + key, "/sockets?token=" + key} {
		if resp, _ := f.ask(t, "GET", "/api/v1"+path, "", "Authorization", ""); resp.StatusCode != 401 {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	if resp, _ := f.ask(t, "GET", "/api/v1/sockets", "", "Authorization", "", "Cookie", "token="+key); resp.StatusCode != 401 {
		t.Errorf("in a cookie: %s", resp.Status)
	}
	unseen, _ := f.key(t, "read")
	f.kept.fail(userdata.ErrUnavailable)
	resp, body := f.ask(t, "GET", "/api/v1/sockets", "", "Authorization", "Bearer "+unseen)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "admin token works meanwhile") {
		t.Errorf("without the store: %s %s", resp.Status, body)
	}
	if resp, _ := f.ask(t, "GET", "/api/v1/sockets", ""); resp.StatusCode != 200 {
		t.Errorf("without the store, with the admin token: %s", resp.Status)
	}
	if resp, body := f.ask(t, "GET", "/api/v1/keys", ""); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("without the store, the list: %s %s", resp.Status, body)
	}
	if resp, body := f.ask(t, "POST", "/api/v1/keys", `{"name":"a","scopes":["read"]}`); resp.StatusCode != 503 {
		t.Errorf("without the store, a new one: %s %s", resp.Status, body)
	}
}

// TestAnAnswerIsNotToldToAnotherKey: an Idempotency-Key belongs to who uses it.
func TestAnAnswerIsNotToldToAnotherKey(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	for range 2 {
		key, _ := f.key(t, "send")
		resp, body := f.ask(t, "POST", "/api/v1/messages", `{"filter":"","message":"x"}`, "Authorization", "Bearer "+key, "Idempotency-Key", "one")
		if resp.StatusCode != 202 || resp.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s %s", resp.Status, body)
		}
	}
}

// TestAStreamEndsWithItsKey, though nothing happens in it, and those of others go on.
func TestAStreamEndsWithItsKey(t *testing.T) {
	f := newFixture(t)
	secret, id := f.key(t, "read", "run", "admin")
	f.run = func(ctx context.Context, r playedRun) api.Outcome {
		r.OnLine(logs.Line{Text: "begun"})
		<-ctx.Done()
		return api.Outcome{}
	}
	ended := make(chan string, 4)
	for _, s := range []struct{ method, path, body string }{
		{"GET", "/sockets/events", ""}, {"GET", "/logs", ""}, {"POST", "/runs", `{"source":"x"}`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), s.method, f.server.URL+api.Base+s.path, strings.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 {
			t.Fatal(s.path, resp.Status)
		}
		go func() {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			ended <- s.path
		}()
	}
	other := f.follow(t, "/sockets/events", "")
	if err := f.client(t).RevokeKey(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatal("a stream goes on")
		}
	}
	f.open(t, anna, "1", nil)
	other.expect(t, "opened anna", "stateful_id")
}
