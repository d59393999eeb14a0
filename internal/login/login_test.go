package login_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestLogInAndOut(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	if status, who := v.whoami(); status != 401 || !strings.Contains(who, "log in first") {
		t.Errorf("a stranger: %d %s", status, who)
	}
	_, page := v.do("GET", "/login?next=/chat/%3Froom%3D7", nil)
	values := hidden(page)
	values.Set("login", "Anna")
	values.Set("password", password)
	resp, page := v.do("POST", "/login", values)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/chat/?room=7" {
		t.Fatalf("status %d to %s: %s", resp.StatusCode, resp.Header.Get("Location"), page)
	}
	cookie := resp.Header.Get("Set-Cookie")
	for _, part := range []string{"tutorsocket=", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=604"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie lacks %s: %s", part, cookie)
		}
	}
	if strings.Contains(cookie, "Secure") || strings.Contains(cookie, "Domain") {
		t.Errorf("the cookie is %s", cookie)
	}
	if status, who := v.whoami(); status != 200 || who != "41 Anna true accounts" {
		t.Errorf("logged in: %d %s", status, who)
	}
	lease, token := n.lease(), v.cookie("tutorsocket")
	_, page = v.do("GET", "/login?lang=en&next=/chat/", nil)
	if !strings.Contains(page, "You are logged in as <strong>anna</strong> (Anna).") || !strings.Contains(page, `href="/chat/"`) || strings.Contains(page, token) {
		t.Errorf("the page is\n%s", page)
	}
	resp, _ = v.do("POST", "/logout", hidden(page), "Origin", "", "Sec-Fetch-Site", "")
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/login?out&lang=en" || v.cookie("tutorsocket") != "" {
		t.Errorf("status %d to %s, cookie %q", resp.StatusCode, resp.Header.Get("Location"), v.cookie("tutorsocket"))
	}
	expectEnd(t, lease, "you have logged out")
	if _, page = v.do("GET", "/login?out&lang=en", nil); !strings.Contains(page, "You have logged out.") {
		t.Errorf("the page is\n%s", page)
	}
	if status, who := v.whoami("Cookie", "tutorsocket="+token); status != 401 || !strings.Contains(who, "you have logged out") {
		t.Errorf("the cookie, reused: %d %s", status, who)
	}
	for what, text := range map[string]string{"password": password, "token": token} {
		if strings.Contains(n.log.String(), text) {
			t.Errorf("the %s is in the log", what)
		}
	}
	if !strings.Contains(n.log.String(), "user has logged in") {
		t.Errorf("the log is %s", n.log)
	}
	if n.figures.Sum("tutorsocket_login_attempts_total", "outcome", "right") != 1 || n.figures.Sum("tutorsocket_login_logouts_total") != 1 {
		t.Error("it is not counted")
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	n := single(t, nil)
	yes := true
	if _, err := n.users.Change(t.Context(), "42", accounts.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		login, password string
		status          int
		part            string
	}{
		"wrong password": {"anna", "guess-7f3", 403, "The login or the password is wrong."},
		"unknown login":  {"nobody", password, 403, "The login or the password is wrong."},
		"no login":       {" ", password, 422, "Type your login and your password."},
		"no password":    {"anna", "", 422, "Type your login and your password."},
		"disabled":       {"bob", password, 403, "This account is disabled."},
		"markup":         {`"><script>alert(1)</script>`, password, 403, `value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`},
		"endless":        {"anna", strings.Repeat("x", 20_000), 400, "The form cannot be read."},
	} {
		t.Run(name, func(t *testing.T) {
			v := visit(t, n)
			resp, page := v.logIn(c.login, c.password)
			if resp.StatusCode != c.status || !strings.Contains(page, c.part) || strings.Contains(page, "<script") {
				t.Errorf("status %d, want %s in\n%s", resp.StatusCode, c.part, page)
			}
			if len(c.password) > 0 && strings.Contains(page, c.password) {
				t.Error("the password is on the page")
			}
			if v.cookie("tutorsocket") != "" {
				t.Error("there is a session")
			}
			if status, _ := v.whoami(); status != 401 {
				t.Errorf("whoami gives %d", status)
			}
			if !strings.Contains(page, `role="alert"`) || strings.TrimSpace(c.login) != "" && c.status != 400 && !strings.Contains(page, `aria-invalid="true" aria-describedby="problem" autofocus`) {
				t.Errorf("the page does not say what is wrong where:\n%s", page)
			}
		})
	}
	refused, _ := n.refusals.Newest(0, 10)
	if len(refused) != 4 || refused[0].Value.Path != "/login" || refused[0].Value.Status != 403 {
		t.Errorf("%d refusals are kept: %+v", len(refused), refused)
	}
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	n := single(t, nil)
	stranger := visit(t, n)
	_, page := stranger.do("GET", "/login", nil)
	foreign := hidden(page).Get("form")
	for name, c := range map[string]struct {
		form    string // "": the visitor's own
		headers []string
		cookies bool // keep the visitor's cookie
		want    int
	}{
		"his own":                  {cookies: true, want: 303},
		"an old browser":           {headers: []string{"Origin", "", "Sec-Fetch-Site", ""}, cookies: true, want: 303},
		"token of another browser": {form: foreign, cookies: true, want: 403},
		"no token":                 {form: "none", cookies: true, want: 403},
		"no cookie":                {want: 403},
		"another origin":           {headers: []string{"Origin", "https://evil.example"}, cookies: true, want: 403},
		"a listed origin":          {headers: []string{"Origin", "https://portal.example.com"}, cookies: true, want: 403},
		"a page without origin":    {headers: []string{"Origin", "null"}, cookies: true, want: 403},
		"another page of the site": {headers: []string{"Origin", "", "Sec-Fetch-Site", "same-site"}, cookies: true, want: 403},
		"a page of another site":   {headers: []string{"Origin", "", "Sec-Fetch-Site", "cross-site"}, cookies: true, want: 403},
		"JSON":                     {headers: []string{"Content-Type", "application/json"}, cookies: true, want: 400},
		"plain text, as forms can": {headers: []string{"Content-Type", "text/plain"}, cookies: true, want: 400},
		"a form of several parts":  {headers: []string{"Content-Type", "multipart/form-data; boundary=x"}, cookies: true, want: 400},
		"a broken type":            {headers: []string{"Content-Type", "application/x-www-form-urlencoded; charset"}, cookies: true, want: 400},
	} {
		t.Run(name, func(t *testing.T) {
			v := visit(t, n)
			_, page := v.do("GET", "/login", nil)
			values := hidden(page)
			values.Set("login", "anna")
			values.Set("password", password)
			if c.form != "" {
				values.Set("form", c.form)
			}
			if !c.cookies {
				v.client.Jar, _ = cookiejar.New(nil)
			}
			if resp, page := v.do("POST", "/login", values, c.headers...); resp.StatusCode != c.want {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, c.want, page)
			}
		})
	}
}

func TestNobodyIsLoggedOutByAnotherPage(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	v.mustLogIn("anna")
	for name, headers := range map[string][]string{
		"another origin":         {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"another port":           {"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"},
		"neither token nor sign": {"Origin", "", "Sec-Fetch-Site", ""},
	} {
		if resp, _ := v.do("POST", "/logout", url.Values{}, headers...); resp.StatusCode != 403 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if resp, _ := v.do("GET", "/logout", nil); resp.StatusCode != 303 || resp.Header.Get("Location") != "/login" {
		t.Errorf("GET gives %d", resp.StatusCode)
	}
	if status, who := v.whoami(); status != 200 {
		t.Fatalf("logged out: %s", who)
	}
	// A button on a page of an app, which knows no token.
	if resp, _ := v.do("POST", "/logout", url.Values{"next": {"/bye"}}); resp.StatusCode != 303 || resp.Header.Get("Location") != "/bye" {
		t.Errorf("status %d to %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	if status, _ := v.whoami(); status != 401 {
		t.Errorf("status %d", status)
	}
	if resp, _ := v.do("POST", "/logout", url.Values{}); resp.StatusCode != 303 {
		t.Errorf("without a session: status %d", resp.StatusCode)
	}
}

// A cookie that somebody put into the browser before the login is worth nothing after it.
func TestTheTokenIsRenewedAtLogin(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	planted := strings.Repeat("A", 43)
	base, _ := url.Parse(v.base)
	v.client.Jar.SetCookies(base, []*http.Cookie{{Name: "tutorsocket", Value: planted, Path: "/"}})
	if resp, page := v.logIn("anna", password); resp.StatusCode != 303 {
		t.Fatalf("status %d: %s", resp.StatusCode, page)
	}
	first := v.cookie("tutorsocket")
	if first == planted || first == "" {
		t.Fatalf("the token is %q", first)
	}
	if status, _ := v.whoami("Cookie", "tutorsocket="+planted); status != 401 {
		t.Errorf("the planted one: status %d", status)
	}
	v.whoami()
	lease := n.lease()
	// The form of a page that is still open, in a browser that is logged in by now.
	v2 := visit(t, n)
	_, page := v2.do("GET", "/login", nil)
	values := hidden(page)
	values.Set("login", "anna")
	values.Set("password", password)
	v2.client.Jar.SetCookies(base, []*http.Cookie{{Name: "tutorsocket", Value: first, Path: "/"}})
	if resp, page := v2.do("POST", "/login", values); resp.StatusCode != 303 || v2.cookie("tutorsocket") == first {
		t.Fatalf("status %d: %s", resp.StatusCode, page)
	}
	expectEnd(t, lease, "you have logged in again")
	if status, who := v.whoami(); status != 401 || !strings.Contains(who, "logged in again") {
		t.Errorf("the session before: %d %s", status, who)
	}
	if status, _ := v2.whoami(); status != 200 {
		t.Errorf("the new one: status %d", status)
	}
}

func TestCookiesOverTLSAreForThisHostOnly(t *testing.T) {
	n := single(t, nil)
	encrypted := httptest.NewTLSServer(n.handler)
	defer encrypted.Close()
	for name, c := range map[string]struct {
		server *httptest.Server
		header []string
	}{
		"TLS":           {encrypted, nil},
		"TLS by proxy":  {n.http, []string{"X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https"}},
		"old, by proxy": {n.http, []string{"X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "http, https"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := visit(t, n)
			v.base, v.client.Jar = c.server.URL, nil
			v.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // of the test
			for i := 0; i+1 < len(c.header); i += 2 {
				v.header.Set(c.header[i], c.header[i+1])
			}
			resp, page := v.do("GET", "/login", nil)
			form := resp.Cookies()
			if len(form) != 1 || form[0].Name != "__Host-tutorsocket-form" || !form[0].Secure || !form[0].HttpOnly || form[0].Domain != "" || form[0].Path != "/" {
				t.Fatalf("the cookie of the form is %v", form)
			}
			values := hidden(page)
			values.Set("login", "anna")
			values.Set("password", password)
			origin := strings.Replace(v.base, "http://", "https://", 1)
			resp, page = v.do("POST", "/login", values, "Origin", origin, "Cookie", form[0].Name+"="+form[0].Value)
			if resp.StatusCode != 303 {
				t.Fatalf("status %d: %s", resp.StatusCode, page)
			}
			session := resp.Cookies()[0]
			if session.Name != "__Host-tutorsocket" || !session.Secure || !session.HttpOnly || session.Domain != "" || session.Path != "/" || session.SameSite != http.SameSiteLaxMode {
				t.Errorf("the cookie of the session is %v", session)
			}
			if status, who := v.whoami("Cookie", session.Name+"="+session.Value); status != 200 {
				t.Errorf("%d %s", status, who)
			}
			// Another server of the domain may have set a cookie without the prefix.
			if status, _ := v.whoami("Cookie", "tutorsocket="+session.Value); status != 401 {
				t.Errorf("without the prefix: status %d", status)
			}
		})
	}
}

func TestCookiesDoNotCountForOtherOrigins(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	v.mustLogIn("anna")
	for origin, want := range map[string]int{
		"": 200, v.base: 200, "https://portal.example.com": 200,
		"https://evil.example": 401, "null": 401, "http://localhost:3000": 401, "http://127.0.0.1:1": 401, "garbage": 401,
	} {
		if status, who := v.whoami("Origin", origin); status != want {
			t.Errorf("origin %q: %d %s", origin, status, who)
		}
	}
}

func TestSessionsSurviveARestart(t *testing.T) {
	folder := t.TempDir()
	js, stop := natstest.Start(t, folder)
	n := startNode(t, js, nil)
	n.addUsers(t)
	v := visit(t, n)
	v.mustLogIn("anna")
	n.values.Close()
	stop()
	js, _ = natstest.Start(t, folder)
	again := startNode(t, js, nil)
	v.base = again.http.URL // cookies are for the host, whatever the port
	if status, who := v.whoami(); status != 200 || who != "41 Anna true accounts" {
		t.Errorf("%d %s", status, who)
	}
}

func TestLeasesEndOnAllNodes(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	here, there := startNode(t, js, nil), startNode(t, js, nil)
	here.addUsers(t)
	yes, other := true, "another horse battery"
	for name, c := range map[string]struct {
		end func(t *testing.T, v *visitor) error
		why string
	}{
		"logout": {func(_ *testing.T, v *visitor) error {
			v.base = here.http.URL
			v.do("POST", "/logout", url.Values{})
			return nil
		}, "you have logged out"},
		"ended": {func(t *testing.T, _ *visitor) error {
			sessions, _, err := there.List(t.Context(), "41", "", 10)
			if err != nil || len(sessions) != 1 {
				t.Fatalf("%d sessions, %v", len(sessions), err)
			}
			return here.End(t.Context(), sessions[0].ID)
		}, "an administrator has ended this session"},
		"all ended": {func(t *testing.T, _ *visitor) error {
			_, err := here.users.Change(t.Context(), "41", accounts.Change{LogOut: true})
			return err
		}, "an administrator has ended this session"},
		"password": {func(t *testing.T, _ *visitor) error {
			_, err := here.users.Change(t.Context(), "41", accounts.Change{Password: &other})
			return err
		}, "the password was changed; log in again"},
		"disabled": {func(t *testing.T, _ *visitor) error {
			_, err := here.users.Change(t.Context(), "41", accounts.Change{Disabled: &yes})
			return err
		}, "this account is disabled"},
		"removed": {func(t *testing.T, _ *visitor) error { return here.users.Remove(t.Context(), "41") }, "this account does not exist any more"},
	} {
		t.Run(name, func(t *testing.T) {
			_ = here.users.Remove(t.Context(), "41")
			if _, err := here.users.Add(t.Context(), accounts.NewUser{ID: "41", Login: "anna", Password: password}); err != nil {
				t.Fatal(err)
			}
			v := visit(t, here)
			v.mustLogIn("anna")
			v.whoami()
			v.base = there.http.URL
			if status, who := v.whoami(); status != 200 {
				t.Fatalf("at the other node: %d %s", status, who)
			}
			bystander := visit(t, there)
			bystander.mustLogIn("bob")
			bystander.whoami()
			bob := there.lease()
			v.whoami()
			far, near := there.lease(), here.lease()
			token := v.cookie("tutorsocket")
			if err := c.end(t, v); err != nil {
				t.Fatal(err)
			}
			if status, who := v.whoami("Cookie", "tutorsocket="+token); status != 401 {
				t.Errorf("the next handshake: %d %s", status, who)
			}
			expectEnd(t, far, c.why)
			expectEnd(t, near, c.why)
			if why, over := bob.Over(); over {
				t.Errorf("the session of another user ended: %s", why)
			}
		})
	}
}

// What an administrator changes of a user is not to wait until the user's sockets end by themselves.
func TestAChangedUserIsAnotherToSockets(t *testing.T) {
	js, _ := natstest.Start(t, t.TempDir())
	here, there := startNode(t, js, nil), startNode(t, js, nil)
	here.addUsers(t)
	v := visit(t, here)
	v.mustLogIn("anna")
	v.whoami()
	no, name, same := false, "Anna Karenina", map[string]string{"org": "7"}
	for what, c := range map[string]struct {
		change accounts.Change
		who    string
	}{
		"rights": {accounts.Change{Admin: &no}, "false"}, "name": {accounts.Change{Name: &name}, name}, "fields": {accounts.Change{Fields: &same}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			v.base = there.http.URL
			v.whoami()
			far := there.lease()
			v.base = here.http.URL
			v.whoami()
			near := here.lease()
			if _, err := here.users.Change(t.Context(), "41", c.change); err != nil {
				t.Fatal(err)
			}
			expectEnd(t, far, "your account was changed; connect again")
			expectEnd(t, near, "your account was changed; connect again")
			if status, who := v.whoami(); status != 200 || !strings.Contains(who, c.who) {
				t.Errorf("the next socket: %d %s", status, who)
			}
			if _, over := here.lease().Over(); over || here.lease() == near {
				t.Error("the next socket has the lease that has ended")
			}
		})
	}
	v.whoami()
	near := here.lease()
	if _, err := here.users.Change(t.Context(), "41", accounts.Change{Fields: &same, Name: &name}); err != nil {
		t.Fatal(err)
	}
	v.whoami() // reads the user as he is
	if why, over := near.Over(); over {
		t.Errorf("a change that changes nothing ends sockets: %s", why)
	}
}

// With the real clock, and the work in the background.
func TestASessionWithAnOpenSocketOutlivesItsIdleTime(t *testing.T) {
	n := single(t, func(c *login.Config) { c.Idle = 2 * time.Second })
	v := visit(t, n)
	v.mustLogIn("anna")
	v.whoami()
	ended := make(chan string, 1)
	defer n.lease().OnEnd(func(why string) { ended <- why })()
	sessions, _, err := n.List(t.Context(), "", "", 10)
	if err != nil || len(sessions) != 1 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	for end := sessions[0].EndsAt; !sessions[0].SeenAt.After(end); { // it was used after it would have ended
		if sessions, _, err = n.List(t.Context(), "", "", 10); err != nil || len(sessions) != 1 {
			t.Fatalf("%d sessions, %v", len(sessions), err)
		}
		select {
		case why := <-ended:
			t.Fatalf("it ended: %s", why)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestSocketsOfASessionShareALease(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	v.mustLogIn("anna")
	v.whoami()
	first := n.lease()
	v.whoami()
	if n.lease() != first {
		t.Error("there are two leases")
	}
	w := visit(t, n)
	w.mustLogIn("anna")
	w.whoami()
	if n.lease() == first {
		t.Error("two sessions share a lease")
	}
}

func TestSessionsEndWithTheirTime(t *testing.T) {
	now := &clock{now: time.Now()}
	n := single(t, func(c *login.Config) { c.Idle, c.Lifetime, c.Clock = time.Hour, 3*time.Hour, now.Now })
	v := visit(t, n)
	v.mustLogIn("anna")
	seen := func() time.Time {
		sessions, _, err := n.List(t.Context(), "", "", 10)
		if err != nil || len(sessions) != 1 {
			t.Fatalf("%d sessions, %v", len(sessions), err)
		}
		return sessions[0].SeenAt
	}
	begun := seen()
	now.Advance(time.Minute)
	if status, _ := v.whoami(); status != 200 || !seen().Equal(begun) {
		t.Errorf("status %d; a use within three minutes is noted: %v", status, seen().Sub(begun))
	}
	for range 4 { // in use, 10 minutes before its end each time
		now.Advance(40 * time.Minute)
		if status, who := v.whoami(); status != 200 {
			t.Fatalf("in use: %d %s", status, who)
		}
	}
	if got := seen().Sub(begun); got != 161*time.Minute {
		t.Errorf("last use noted after %v", got)
	}
	now.Advance(20 * time.Minute)
	if status, who := v.whoami(); status != 401 || !strings.Contains(who, "expired") {
		t.Errorf("after its lifetime: %d %s", status, who)
	}
	v = visit(t, n)
	v.mustLogIn("anna")
	now.Advance(61 * time.Minute)
	if status, who := v.whoami(); status != 401 || !strings.Contains(who, "expired") {
		t.Errorf("not used: %d %s", status, who)
	}
	if sessions, _, err := n.List(t.Context(), "", "", 10); err != nil || len(sessions) != 0 {
		t.Errorf("%d sessions are listed, %v", len(sessions), err)
	}
}

// The lease knows the time of the session, without a request that asks.
func TestALeaseEndsWithItsSession(t *testing.T) {
	n := single(t, func(c *login.Config) { c.Lifetime = 1500 * time.Millisecond })
	v := visit(t, n)
	v.mustLogIn("anna")
	if status, who := v.whoami(); status != 200 {
		t.Fatalf("%d %s", status, who)
	}
	expectEnd(t, n.lease(), "the session has expired; log in again")
}

func TestListAndEndSessions(t *testing.T) {
	n := single(t, nil)
	for _, name := range []string{"anna", "bob", "anna", "anna"} {
		v := visit(t, n)
		v.header.Set("User-Agent", "Browser of "+name+strings.Repeat("x", 300))
		v.header.Set("X-Forwarded-For", "198.51.100.7")
		v.mustLogIn(name)
	}
	var all []login.Session
	for after := ""; ; {
		page, next, err := n.List(t.Context(), "", after, 3)
		if err != nil || len(page) > 3 {
			t.Fatalf("%d sessions, %v", len(page), err)
		}
		if all = append(all, page...); next == "" {
			break
		}
		after = next
	}
	if len(all) != 4 {
		t.Fatalf("%d sessions", len(all))
	}
	for _, s := range all {
		if s.Address != "198.51.100.7" || !strings.HasPrefix(s.Agent, "Browser of "+s.Login) || len(s.Agent) > 210 || !s.EndsAt.After(s.BegunAt) || len(s.ID) != 43 {
			t.Errorf("session %+v", s)
		}
	}
	annas, next, err := n.List(t.Context(), "41", "", 10)
	if err != nil || len(annas) != 3 || next != "" {
		t.Fatalf("%d sessions, %v", len(annas), err)
	}
	if err := n.End(t.Context(), annas[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{annas[0].ID, "x", ""} {
		if err := n.End(t.Context(), id); err != login.ErrNoSession {
			t.Errorf("session %q: %v", id, err)
		}
	}
	if _, err := n.users.Change(t.Context(), "41", accounts.Change{LogOut: true}); err != nil {
		t.Fatal(err)
	}
	if left, _, err := n.List(t.Context(), "", "", 10); err != nil || len(left) != 1 || left[0].Login != "bob" {
		t.Errorf("left are %+v, %v", left, err)
	}
}

func TestAStoreThatDoesNotAnswerIsNoLogout(t *testing.T) {
	js, stop := natstest.Start(t, t.TempDir())
	n := startNode(t, js, nil)
	n.addUsers(t)
	v := visit(t, n)
	v.mustLogIn("anna")
	v.whoami()
	_, page := v.do("GET", "/login?lang=en", nil)
	logout := hidden(page)
	stranger := visit(t, n)
	_, page = stranger.do("GET", "/login?lang=en", nil)
	values := hidden(page)
	values.Set("login", "anna")
	values.Set("password", password)
	stop()
	if status, who := v.whoami(); status != 503 {
		t.Errorf("a handshake: %d %s", status, who)
	}
	if why, over := n.lease().Over(); over {
		t.Errorf("the socket is closed: %s", why)
	}
	for name, resp := range map[string]*http.Response{
		"page":   first(v.do("GET", "/login", nil)),
		"login":  first(stranger.do("POST", "/login", values)),
		"logout": first(v.do("POST", "/logout", logout)),
	} {
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: status %d, Retry-After %q", name, resp.StatusCode, resp.Header.Get("Retry-After"))
		}
	}
	if v.cookie("tutorsocket") == "" {
		t.Error("the cookie is gone, though the session is not")
	}
}

func first(resp *http.Response, _ string) *http.Response { return resp }

func TestASessionThatCannotBeReadHoldsNot(t *testing.T) {
	n := single(t, nil)
	v := visit(t, n)
	v.mustLogIn("anna")
	sessions, _, err := n.List(t.Context(), "", "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.values.Set(t.Context(), "session/"+sessions[0].ID, json.RawMessage(`"garbage"`), 0); err != nil {
		t.Fatal(err)
	}
	if status, who := v.whoami(); status != 401 {
		t.Errorf("%d %s", status, who)
	}
}
