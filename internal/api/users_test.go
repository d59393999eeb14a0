package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

const goodPassword = "correct horse battery"

// newUsersFixture is the API over users and sessions in a real store, with the user anna, id 41.
func newUsersFixture(t *testing.T) (f *fixture, logins *login.Server, stop func()) {
	t.Helper()
	js, stop := natstest.Start(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	values, err := userdata.Open(ctx, js, userdata.Config{Bucket: "accounts"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(values.Close)
	users := accounts.New(accounts.Config{Hash: accounts.Params{Memory: 64, Passes: 1, Lanes: 1}}, values)
	logins = login.New(login.Config{}, users, values)
	if _, err := users.Add(t.Context(), accounts.NewUser{ID: "41", Login: "Anna", Name: "Anna K.", Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	f = &fixture{server: httptest.NewServer(api.New(api.Config{Version: "test", Node: "n1"}, api.Deps{Auth: keys.Bearers{Admin: auth.NewAdmin(token)}, Users: users, Sessions: logins}))}
	t.Cleanup(f.server.Close)
	return f, logins, stop
}

// beginSession logs anna in, with a form as the page has it.
func beginSession(t *testing.T, logins *login.Server) {
	t.Helper()
	page := httptest.NewRecorder()
	logins.ServeHTTP(page, httptest.NewRequest("GET", "/login", nil))
	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page.Body.String())[1]
	r := httptest.NewRequest("POST", "/login", strings.NewReader(url.Values{"form": {form}, "login": {"anna"}, "password": {goodPassword}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(page.Result().Cookies()[0])
	answer := httptest.NewRecorder()
	if logins.ServeHTTP(answer, r); answer.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
}

// TestRequestsAboutUsers asks one thing after another of a fresh API with one user and one session.
func TestRequestsAboutUsers(t *testing.T) {
	f, logins, stop := newUsersFixture(t)
	beginSession(t, logins)
	_, body := f.ask(t, "GET", "/api/v1/sessions?user=41", "")
	var sessions api.List[api.Session]
	if err := json.Unmarshal([]byte(body), &sessions); err != nil || len(sessions.Items) != 1 || sessions.Items[0].Login != "anna" || sessions.Items[0].Address == "" {
		t.Fatalf("%v in %s", err, body)
	}
	session := sessions.Items[0].ID
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"list", "GET", "/users", "", 200, `{"items":[{"id":"41","login":"Anna","name":"Anna K.","admin":false,"disabled":false,"created_at":"`},
		{"by login", "GET", "/users?login=ANNA", "", 200, `"id":"41"`},
		{"by unknown login", "GET", "/users?login=bob", "", 200, `{"items":[],"next":"","missing":[]}`},
		{"by impossible login", "GET", "/users?login=%2F", "", 200, `"items":[]`},
		{"garbage", "GET", "/users?after=anna", "", 400, `query.after`},
		{"cursor of another list", "GET", "/users?after=" + cursor("sessions", "x"), "", 400, `query.after`},
		{"add", "POST", "/users", `{"login":"bob","password":"` + goodPassword + `","id":"42","admin":true,"fields":{"a":"b"}}`, 201, `"id":"42","login":"bob","name":"","admin":true,"disabled":false,"fields":{"a":"b"}`},
		{"a page", "GET", "/users?limit=1", "", 200, `"next":"` + cursor("users", "anna") + `"`},
		{"the next page", "GET", "/users?limit=1&after=" + cursor("users", "anna"), "", 200, `"login":"bob"`},
		{"add again", "POST", "/users", `{"login":"BOB","password":"` + goodPassword + `"}`, 409, `the login is taken by another user`},
		{"add with an id in use", "POST", "/users", `{"login":"carl","id":"42","password":"` + goodPassword + `"}`, 409, `the id is taken by another user`},
		{"short password", "POST", "/users", `{"login":"carl","password":"secret-7"}`, 422, `"location":"body.password"`},
		{"password no text", "POST", "/users", `{"login":"carl","password":74561}`, 422, `"location":"body.password"`},
		{"no password", "POST", "/users", `{"login":"carl"}`, 422, `required property password`},
		{"bad login", "POST", "/users", `{"login":"a b","password":"` + goodPassword + `"}`, 422, `"location":"body.login"`},
		{"bad id", "POST", "/users", `{"login":"carl","id":"carl","password":"` + goodPassword + `"}`, 422, `"location":"body.id"`},
		{"unknown member", "POST", "/users", `{"login":"carl","password":"` + goodPassword + `","role":"x"}`, 422, `body.role`},
		{"rename", "PATCH", "/users/41", `{"name":"Anna"}`, 200, `"name":"Anna"`},
		{"still logged in", "GET", "/sessions?user=41", "", 200, session},
		{"of another user", "GET", "/sessions?user=42", "", 200, `"items":[]`},
		{"change nobody", "PATCH", "/users/43", `{"name":"x"}`, 404, `no user with the id \"43\"`},
		{"change by login", "PATCH", "/users/anna", `{"name":"x"}`, 404, `no user`},
		{"bad name", "PATCH", "/users/41", `{"name":"a\u0007"}`, 422, `"location":"body.name"`},
		{"end a session", "DELETE", "/sessions/" + session, "", 204, ""},
		{"end it again", "DELETE", "/sessions/" + session, "", 404, `no session`},
		{"none is left", "GET", "/sessions", "", 200, `{"items":[],"next":"","missing":[]}`},
		{"disable", "PATCH", "/users/41", `{"disabled":true,"log_out":true}`, 200, `"disabled":true`},
		{"remove", "DELETE", "/users/42", "", 204, ""},
		{"remove again", "DELETE", "/users/42", "", 404, `no user`},
		{"other method", "PUT", "/users/41", `{}`, 405, `takes PATCH, DELETE`},
	} {
		resp, body := f.ask(t, c.method, "/api/v1"+c.path, c.body)
		if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: status %d, want %d with %s: %s", c.name, resp.StatusCode, c.status, c.want, body)
		}
		if resp.StatusCode >= 400 {
			checkProblem(t, resp, body)
		}
		for _, secret := range []string{goodPassword, "secret-7", "74561", "argon2id"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: %s is in the answer: %s", c.name, secret, body)
			}
		}
	}
	stop()
	for _, path := range []string{"/users", "/users?login=anna", "/sessions"} {
		if resp, body := f.ask(t, "GET", "/api/v1"+path, ""); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s without a store: status %d: %s", path, resp.StatusCode, body)
		}
	}
}

func TestAServerWithoutUsersSaysSo(t *testing.T) {
	f := newFixture(t)
	for _, c := range [][3]string{
		{"GET", "/users", ""}, {"POST", "/users", `{"login":"a","password":"x"}`}, {"PATCH", "/users/1", `{}`}, {"DELETE", "/users/1", ""},
		{"GET", "/sessions", ""}, {"DELETE", "/sessions/x", ""},
	} {
		resp, body := f.ask(t, c[0], "/api/v1"+c[1], c[2])
		if resp.StatusCode != 409 || !strings.Contains(body, "auth.methods") {
			t.Errorf("%s %s: status %d: %s", c[0], c[1], resp.StatusCode, body)
		}
		checkProblem(t, resp, body)
	}
}

func TestTheClientManagesUsers(t *testing.T) {
	f, logins, _ := newUsersFixture(t)
	c := f.client(t)
	bob, err := c.AddUser(t.Context(), api.NewUser{Login: "bob", Password: goodPassword})
	if err != nil || bob.ID == "" {
		t.Fatalf("%+v, %v", bob, err)
	}
	yes := true
	if changed, err := c.ChangeUser(t.Context(), bob.ID, api.UserChange{Disabled: &yes}); err != nil || !changed.Disabled {
		t.Errorf("%+v, %v", changed, err)
	}
	if u, ok, err := c.UserByLogin(t.Context(), "Bob"); err != nil || !ok || u.ID != bob.ID {
		t.Errorf("%+v, %v, %v", u, ok, err)
	}
	if _, ok, err := c.UserByLogin(t.Context(), "carl"); err != nil || ok {
		t.Errorf("carl: %v, %v", ok, err)
	}
	if err := c.RemoveUser(t.Context(), bob.ID); err != nil {
		t.Error(err)
	}
	if err := c.RemoveUser(t.Context(), bob.ID); !api.IsNotFound(err) {
		t.Errorf("removed twice: %v", err)
	}
	if list, err := c.Users(t.Context()); err != nil || len(list.Items) != 1 || list.Items[0].Login != "Anna" {
		t.Errorf("%+v, %v", list, err)
	}
	beginSession(t, logins)
	list, err := c.Sessions(t.Context(), "41", "")
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := c.EndSession(t.Context(), list.Items[0].ID); err != nil {
		t.Error(err)
	}
	if err := c.EndSession(t.Context(), list.Items[0].ID); !api.IsNotFound(err) {
		t.Errorf("ended twice: %v", err)
	}
}
