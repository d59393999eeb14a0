package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/api/apitest"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// key makes a key with scopes.
func key(t *testing.T, s *servertest.Server, scopes ...string) api.CreatedKey {
	t.Helper()
	made, err := s.API.CreateKey(t.Context(), api.NewKey{Name: strings.Join(scopes, " and "), Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// begin sends a request with a token to a URL and returns the status, not waiting for the end of a stream.
func begin(t *testing.T, method, url, token string) int {
	t.Helper()
	status, _ := refusal(t, method, url, token)
	return status
}

// refusal is begin that returns the body of an answer that is no success, too.
func refusal(t *testing.T, method, url, token string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 400 {
		return resp.StatusCode, ""
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// operation is an operation of the document on things there are none of, and the scope it wants.
type operation struct{ method, path, scope string }

func operationsOf(t *testing.T, s *servertest.Server) (all []operation) {
	t.Helper()
	_, text := s.Ask(t, "GET", "/api/v1/openapi.json", "", "Authorization", "")
	doc, err := apitest.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.NewReplacer("{key}", "none", "{name}", "none", "{id}", "aaaaaaaaaaaa", "{n}", "1")
	for _, op := range doc.Operations {
		scope, _ := op.Object["x-scope"].(string)
		if op.ID != "get-openapi" {
			all = append(all, operation{op.Method, "/api/v1" + parts.Replace(op.Path), scope})
		}
	}
	return all
}

// TestAKeyDoesWhatItsScopesSay goes over all operations of the document, with one key for each scope.
func TestAKeyDoesWhatItsScopesSay(t *testing.T) {
	s := servertest.Start(t)
	tokens := map[string]string{}
	for _, scope := range []string{"read", "send", "run", "admin"} {
		tokens[scope] = key(t, s, scope).Token
	}
	for _, op := range operationsOf(t, s) {
		for scope, token := range tokens {
			may := scope == op.scope || scope == "admin"
			status := begin(t, op.method, s.URL()+op.path, token)
			if status == http.StatusUnauthorized || (status == http.StatusForbidden) == may || status >= 500 {
				t.Errorf("%s %s wants %s, and is answered to %s with %d", op.method, op.path, op.scope, scope, status)
			}
		}
	}
	for scope, token := range tokens {
		want := http.StatusForbidden
		if scope == "admin" {
			want = http.StatusOK
		}
		if status := begin(t, "GET", s.URL()+"/debug/pprof/", token); status != want {
			t.Errorf("profiles are answered to %s with %d", scope, status)
		}
	}
	if status := begin(t, "GET", s.URL()+"/metrics", ""); status != http.StatusOK {
		t.Errorf("metrics are answered with %d", status)
	}
}

// TestKeysOutliveTheServer: the admin token is another one, the key is the same.
func TestKeysOutliveTheServer(t *testing.T) {
	data := dataDir(t.TempDir())
	s := servertest.Start(t, data)
	made, old := key(t, s, "read"), s.Token()
	s.Stop(t)
	s = servertest.Start(t, data)
	if status := begin(t, "GET", s.URL()+"/api/v1/sockets", made.Token); status != http.StatusOK {
		t.Errorf("the key: %d", status)
	}
	if status := begin(t, "GET", s.URL()+"/api/v1/sockets", old); status != http.StatusUnauthorized {
		t.Errorf("the admin token of the server before: %d", status)
	}
}

// TestScriptsDoNotSeeKeys: they are no user data, whatever key of those a script asks for.
func TestScriptsDoNotSeeKeys(t *testing.T) {
	s := servertest.Start(t)
	made := key(t, s, "admin")
	if _, body := s.Ask(t, "GET", "/api/v1/user-data", ""); strings.Contains(body, made.ID) {
		t.Errorf("user data are %s", body)
	}
	var said string
	if _, err := s.API.Run(t.Context(), api.RunRequest{Source: `alert( EncodeJson( [ tools_web.get_user_data( '` + made.ID + `' ) ] ) )`}, func(l api.Line) { said += l.Text }); err != nil || strings.Contains(said, "sha256") {
		t.Errorf("a script got %s, %v", said, err)
	}
	if status := begin(t, "GET", s.URL()+"/api/v1/user-data/"+made.ID, made.Token); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

// TestRefusedKeysAreListed: with what was wrong, and without secrets; nor is one in the log.
func TestRefusedKeysAreListed(t *testing.T) {
	s := servertest.Start(t)
	revoked, other := key(t, s, "read"), key(t, s, "read")
	if err := s.API.RevokeKey(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	for path, token := range map[string]string{
		"/api/v1/sockets":                 revoked.Token,
		"/api/v1/stats":                   other.Token[:len(other.Token)-43] + strings.Repeat("A", 43),
		"/api/v1/keys":                    other.Token, // lacks the scope
		"/debug/pprof/heap":               revoked.Token,
		"/debug/pprof/":                   other.Token,
		"/api/v1/keys/" + other.Token:     revoked.Token,
		"/api/v1/keys/x%0alevel%3dERROR":  "of-nobody",
		"/api/v1/keys/%1b%5b31m%e2%80%ae": "of-nobody",
	} {
		begin(t, "GET", s.URL()+path, token)
	}
	_, body := s.Ask(t, "GET", "/api/v1/refusals", "")
	var list struct {
		Items []struct {
			What, Path, Detail string
			Status             int
		}
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Items) != 8 {
		t.Fatalf("%v, %s", err, body)
	}
	statuses := map[string]int{}
	for _, r := range list.Items {
		statuses[r.Path] = r.Status
		if r.What != "token" || r.Detail == "" {
			t.Errorf("%+v", r)
		}
	}
	for path, want := range map[string]int{
		"/api/v1/sockets": 401, "/api/v1/stats": 401, "/api/v1/keys": 403, "/debug/pprof/heap": 401, "/debug/pprof/": 403,
		"/api/v1/keys/tsk_" + other.ID + "_***": 401, "/api/v1/keys/x\nlevel=ERROR": 401,
	} {
		if statuses[path] != want {
			t.Errorf("%q was refused with %d, want %d", path, statuses[path], want)
		}
	}
	for _, want := range []string{"that with the id " + revoked.ID, "wants the scope admin, and the key has read", "key:" + other.ID} {
		if !strings.Contains(body, want) {
			t.Errorf("the list has no %q: %s", want, body)
		}
	}
	log := s.Log.String()
	for _, text := range []string{body, log} {
		for _, secret := range []string{revoked.Token[17:], other.Token[17:]} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret is told: %s", text)
			}
		}
	}
	if strings.Contains(log, "\nlevel=ERROR") || strings.Contains(log, "\x1b") {
		t.Errorf("somebody wrote into the log: %s", log)
	}
}

// TestNamesOfKeysDoNotSpoilTheLog: nobody writes records of his own by the name of a key.
func TestNamesOfKeysDoNotSpoilTheLog(t *testing.T) {
	s := servertest.Start(t)
	for _, name := range []string{"a\nlevel=ERROR msg=forged", "a\x1b[2J", "a\u202elevel", "a\u2028b", "a\x00"} {
		body, err := json.Marshal(api.NewKey{Name: name, Scopes: []string{"read"}})
		if err != nil {
			t.Fatal(err)
		}
		if resp, answer := s.Ask(t, "POST", "/api/v1/keys", string(body), "Content-Type", "application/json"); resp.StatusCode != 422 {
			t.Errorf("%q: %s %s", name, resp.Status, answer)
		}
	}
	if resp, answer := s.Ask(t, "POST", "/api/v1/keys", `{"name":"a\" level=ERROR msg=\"forged","scopes":["read"]}`, "Content-Type", "application/json"); resp.StatusCode != 201 {
		t.Fatal(resp.Status, answer)
	}
	s.Log.Expect(t, `name="a\" level=ERROR msg=\"forged"`)
	if log := s.Log.String(); strings.Contains(log, "\x1b") || strings.Contains(log, "msg=forged") {
		t.Errorf("the log is %s", log)
	}
}

func TestVersionsSayWhoseKeyBroughtThem(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"agents/a.js": "alert( 1 )"}))
	made := key(t, s, "admin")
	client, err := api.NewClient(s.URL(), made.Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutSource(t.Context(), api.KindAgent, "a", api.NewSource{Source: "alert( 2 )"}, ""); err != nil {
		t.Fatal(err)
	}
	if _, body := s.Ask(t, "GET", "/api/v1/agents/a/versions", ""); !strings.Contains(body, `"by":"key:`+made.ID+`"`) {
		t.Errorf("the versions are %s", body)
	}
}

// TestKeysInACluster: a key works on each node, and one that is revoked stops on each within two seconds, on the
// node that revokes it at once.
func TestKeysInACluster(t *testing.T) {
	nats := natstest.Listen(t, t.TempDir())
	node := func(name string) *servertest.Server {
		return servertest.Start(t, servertest.Settings(func(c *config.Config) {
			c.Node, c.NATS.URL, c.NATS.Replicas = name, []string{nats.ClientURL()}, 1
		}))
	}
	first, second := node("first"), node("second")
	made := key(t, first, "read")
	for _, s := range []*servertest.Server{first, second, first, second} {
		if status := begin(t, "GET", s.URL()+"/api/v1/sockets", made.Token); status != http.StatusOK {
			t.Fatalf("%s: %d", s.Node(), status)
		}
	}
	if err := second.API.RevokeKey(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	if status := begin(t, "GET", second.URL()+"/api/v1/sockets", made.Token); status != http.StatusUnauthorized {
		t.Errorf("where it was revoked: %d", status)
	}
	for asked := time.Now(); begin(t, "GET", first.URL()+"/api/v1/sockets", made.Token) != http.StatusUnauthorized; asked = time.Now() {
		if asked.Sub(revoked) > 2*time.Second { // the question came later than that, and was answered
			t.Fatalf("it works still after %v", asked.Sub(revoked))
		}
	}
	if list, err := first.API.Keys(t.Context()); err != nil || len(list.Items) != 0 {
		t.Errorf("the keys are %+v, %v", list, err)
	}
}

const stableToken = "a-token-that-outlives-the-server"

func TestTheAdminTokenMayBeSet(t *testing.T) {
	set := servertest.Settings(func(c *config.Config) { c.Admin.Token = stableToken })
	s := servertest.Start(t, set)
	if s.Token() != stableToken || begin(t, "GET", s.URL()+"/api/v1/keys", stableToken) != http.StatusOK {
		t.Errorf("the token is %q", s.Token())
	}
	if strings.Contains(s.Log.String(), stableToken) {
		t.Error("the token is logged")
	}
	_, err := servertest.TryStart(t, servertest.Settings(func(c *config.Config) { c.Admin.TokenFile = c.Data + "/none" }))
	if err == nil || !strings.Contains(err.Error(), "admin.token_file") {
		t.Errorf("without the file: %v", err)
	}
}

// TestTheListenerForAdministrators: what administers is answered there and nowhere else; sockets and the files of the
// app are not.
func TestTheListenerForAdministrators(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{"web/index.html": "app", "web/app.txt": "app", "web/console/index.html": "of the app", "services/echo.js": ""}),
		servertest.Settings(func(c *config.Config) { c.Admin.Listen = "127.0.0.1:0" }))
	if s.URL() == s.AdminURL() {
		t.Fatalf("both are %s", s.URL())
	}
	client, err := api.NewClient(s.AdminURL(), s.Token())
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateKey(t.Context(), api.NewKey{Name: "a", Scopes: []string{"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range operationsOf(t, s) {
		there := begin(t, op.method, s.AdminURL()+op.path, made.Token)
		if there == http.StatusUnauthorized || there == http.StatusForbidden || there >= 500 {
			t.Errorf("%s %s, for administrators: %d", op.method, op.path, there)
		}
		here, body := refusal(t, op.method, s.URL()+op.path, s.Token())
		if elsewhere := here == http.StatusNotFound && strings.Contains(body, "admin.listen"); elsewhere != (op.scope == "admin") {
			t.Errorf("%s %s of the scope %s, for everybody: %d %s", op.method, op.path, op.scope, here, body)
		}
		if here := begin(t, op.method, s.URL()+op.path, ""); here != http.StatusUnauthorized {
			t.Errorf("%s %s, for everybody, without a token: %d", op.method, op.path, here)
		}
	}
	for path, want := range map[string]struct{ here, there int }{
		"/healthz": {200, 200}, "/readyz": {200, 200}, "/api/": {200, 200}, "/api/v1/openapi.json": {200, 200}, "/client/": {200, 200},
		"/metrics": {404, 200}, "/debug/pprof/": {404, 200}, "/debug/pprof/heap": {404, 200}, "/debug/pprof": {404, 200}, "/console/": {404, 404}, "/console": {404, 404},
		"/": {200, 404}, "/app.txt": {200, 404}, "/services/echo": {426, 404}, "//metrics": {404, 404},
	} {
		if status := begin(t, "GET", s.URL()+path, s.Token()); status != want.here {
			t.Errorf("%s for everybody: %d", path, status)
		}
		if status := begin(t, "GET", s.AdminURL()+path, s.Token()); status != want.there {
			t.Errorf("%s for administrators: %d", path, status)
		}
	}
	socket := s.Dial(t, "echo", "")
	socket.Close(t)
	resp, _ := s.Ask(t, "GET", "/healthz", "", "Host", strings.TrimPrefix(s.AdminURL(), "http://"))
	if resp.StatusCode != 200 {
		t.Errorf("with the Host of the other listener: %s", resp.Status)
	}
	s.Stop(t)
	for _, url := range []string{s.URL(), s.AdminURL()} {
		if resp, err := http.Get(url + "/healthz"); err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s answers after the end: %s", url, resp.Status)
		}
	}
}

func TestTheListenerForAdministratorsCannotBeOpened(t *testing.T) {
	s := servertest.Start(t)
	_, err := servertest.TryStart(t, servertest.Settings(func(c *config.Config) { c.Admin.Listen = s.Addr().String() }))
	if err == nil || !strings.Contains(err.Error(), "admin.listen") || !strings.Contains(err.Error(), "in use") {
		t.Errorf("the error is %v", err)
	}
}
