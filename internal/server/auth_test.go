package server_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// whoSource is a service that answers to anything with what scripts know of its user.
const whoSource = `
var WebSocketContext = tools.get_object_assembly('XHTTPMiddlewareStatic');
function process(context) {
	var env = Request.Session.Env;
	var answer = { id: env.curUserID, login: env.curUser.login, name: env.curUser.fullname, email: env.curUser.GetOptProperty('email', ''), ip: Request.RemoteIP, init: tools_web.user_init(Request, Request.Query).auth_login };
	WebSocketContext.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue',
		[context.WebSocketCurrentId, EncodeJson(answer), false]);
}`

var whoApp = servertest.App(map[string]string{"services/who.js": whoSource, "services/special.js": whoSource})

// who is that answer.
type who struct {
	ID    json.Number
	Login string
	Name  string
	Email string
	IP    string
	Init  string
}

// asks has the service say who its user is; the id must be a number, as WebTutor has it.
func asks(t *testing.T, socket *servertest.Socket) (answer who) {
	t.Helper()
	socket.Send(t, "who am I")
	text := socket.Next(t)
	if err := json.Unmarshal([]byte(text), &answer); err != nil || !strings.HasPrefix(text, `{"id":`+string(answer.ID)+`,`) {
		t.Fatalf("the service says %s (%v)", text, err)
	}
	return answer
}

// expectRefused opens a socket, which must be refused with a status, and a reason in which the words are.
func expectRefused(t *testing.T, s *servertest.Server, status int, words, path string, headers ...string) {
	t.Helper()
	_, err := s.TryDial(t, path, headers...)
	var refused *servertest.Refused
	if !errors.As(err, &refused) || refused.Status != status || !strings.Contains(refused.Body, words) {
		t.Errorf("%s with %.60q: %v, want %d %q", path, headers, err, status, words)
	}
}

const jwtSecret = "a secret that is long enough for HS256"

// tokens has a server take tokens that are signed with jwtSecret.
func tokens(t testing.TB, c *config.Config) {
	file := filepath.Join(t.TempDir(), "secret.txt")
	servertest.WriteFile(t, file, jwtSecret)
	c.Auth.Methods = append(c.Auth.Methods, config.AuthJWT)
	c.Auth.JWT = jwt.Config{SecretFile: file, Issuer: "portal", Audience: []string{"tutorsocket"}, Cookie: "portal_token", Claims: c.Auth.JWT.Claims}
}

// grant is a token of Anna that holds for an hour.
func grant() jwt.Grant {
	return jwt.Grant{
		UserID: "7177256154427237596", Name: "Анна Петрова", Issuer: "portal", Audience: []string{"tutorsocket"},
		Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	}
}

func sign(t testing.TB, g jwt.Grant) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret.txt")
	servertest.WriteFile(t, file, jwtSecret)
	signer, err := jwt.NewSigner(file, "")
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.Sign(g)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// unsigned is the token with alg none, as an attacker writes it.
func unsigned(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + claims + "."
}

// TestTokensLetIn: from each place where a token may be, and what is no good from none.
func TestTokensLetIn(t *testing.T) {
	s := servertest.Start(t, whoApp, servertest.Production(func(c *config.Config) {
		tokens(t, c)
		c.Guard.AllowedOrigins = []string{"https://portal.example"}
		c.Services = map[string]*config.Service{"who": {Protocols: []string{"chat"}}}
	}))
	token := sign(t, grant())
	for name, c := range map[string]struct {
		path    string
		headers []string
	}{
		"header":                       {"/services/who", []string{"Authorization", "Bearer " + token}},
		"header, of another page":      {"/services/who", []string{"Authorization", "Bearer " + token, "Origin", "https://portal.example"}},
		"parameter":                    {"/services/who?access_token=" + token, nil},
		"subprotocol":                  {"/services/who", []string{"Sec-WebSocket-Protocol", "chat, bearer." + token}},
		"cookie":                       {"/services/who", []string{"Cookie", "portal_token=" + token}},
		"cookie, of a page of its own": {"/services/who", []string{"Cookie", "portal_token=" + token, "Origin", s.URL()}},
	} {
		socket := s.DialPath(t, c.path, c.headers...)
		if got, want := asks(t, socket), (who{"7177256154427237596", "", "Анна Петрова", "", "127.0.0.1", ""}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if want := map[bool]string{true: "chat"}[name == "subprotocol"]; socket.Protocol != want {
			t.Errorf("%s: the subprotocol is %q", name, socket.Protocol)
		}
	}
	elsewhere, expired, narrow := grant(), grant(), grant()
	elsewhere.Audience = []string{"wiki"}
	expired.Issued, expired.Expires = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	narrow.Services = []string{"special"}
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	expectRefused(t, s, 401, "no token", "/services/who")
	expectRefused(t, s, 401, "no token", "/services/who?X-Dev-User=1", "X-Dev-User", "1")
	expectRefused(t, s, 401, "its audience is", "/services/who", bearer(sign(t, elsewhere))...)
	expectRefused(t, s, 401, "it has expired", "/services/who", bearer(sign(t, expired))...)
	expectRefused(t, s, 401, "signed with", "/services/who", bearer(unsigned(token))...)
	expectRefused(t, s, 401, "signature", "/services/who", bearer(token[:len(token)-4]+"AAAA")...)
	expectRefused(t, s, 401, "different tokens", "/services/who?access_token="+sign(t, narrow), bearer(token)...)
	expectRefused(t, s, 401, "", "/services/who", bearer(s.Token())...)
	expectRefused(t, s, 403, "may not open", "/services/who", bearer(sign(t, narrow))...)
	expectRefused(t, s, 403, "another origin", "/services/who", "Cookie", "portal_token="+token, "Origin", "https://portal.example")
	if log := s.Log.String(); strings.Contains(log, token) {
		t.Error("a token is logged")
	}
}

// TestATokenEndsTheSocket: when it expires, unless the client has brought a new one of the same user.
func TestATokenEndsTheSocket(t *testing.T) {
	s := servertest.Start(t, servertest.Production(func(c *config.Config) { tokens(t, c) }))
	short, long, other := grant(), grant(), grant()
	short.Expires = time.Now().Add(5 * time.Second)
	other.UserID = "43"
	open := func() *servertest.Socket {
		return s.DialPath(t, "/services/main_ws_service", "Authorization", "Bearer "+sign(t, short))
	}
	renew := func(socket *servertest.Socket, token, wantPart string) {
		t.Helper()
		socket.Send(t, `{"action":"renew_token","token":"`+token+`","uid":"1"}`)
		if got := socket.Next(t); !strings.Contains(got, wantPart) || strings.Contains(got, token) {
			t.Errorf("the answer is %s, want %s", got, wantPart)
		}
	}
	ends, renewed, stolen := open(), open(), open()
	renew(renewed, sign(t, long), `[{"socket_action":"","socket_type":"","uid":"1","action":"renew_token"}]`)
	renew(stolen, sign(t, other), `"error":401`)
	renew(stolen, unsigned(sign(t, long)), `"error":401`)
	for _, socket := range []*servertest.Socket{ends, stolen} {
		if reason := socket.ExpectClose(t, 4003); reason != "the token has expired" {
			t.Errorf("closed with %q", reason)
		}
	}
	if time.Now().Before(short.Expires.Truncate(time.Second)) {
		t.Error("a socket was closed while its token held")
	}
	renewed.ExpectQuiet(t)
	expectRefused(t, s, 401, "it has expired", "/services/main_ws_service", "Authorization", "Bearer "+sign(t, short))
}

// visitor is a browser, as far as forms and cookies go.
type visitor struct {
	t *testing.T
	s *servertest.Server
	http.Client
}

func visit(t *testing.T, s *servertest.Server) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	return &visitor{t, s, http.Client{Jar: jar, Transport: transport}}
}

var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// post fills in the form of the page /login and sends it to a path.
func (v *visitor) post(path string, fields url.Values) int {
	v.t.Helper()
	resp, err := v.Get(v.s.URL() + "/login?lang=en")
	if err != nil {
		v.t.Fatal(err)
	}
	m := formToken.FindStringSubmatch(bodyOf(v.t, resp))
	if m == nil {
		v.t.Fatal("the page has no form")
	}
	fields.Set("form", m[1])
	if resp, err = v.PostForm(v.s.URL()+path, fields); err != nil {
		v.t.Fatal(err)
	}
	bodyOf(v.t, resp)
	return resp.StatusCode
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cookies is the header of a handshake.
func (v *visitor) cookies() string {
	v.t.Helper()
	u, err := url.Parse(v.s.URL())
	if err != nil {
		v.t.Fatal(err)
	}
	var all []string
	for _, c := range v.Jar.Cookies(u) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

const password = "correct horse battery"

// TestAccountsLetIn: who logs in at /login has sockets until the session ends, wherever it is ended.
func TestAccountsLetIn(t *testing.T) {
	s := servertest.Start(t, whoApp, servertest.Production(func(c *config.Config) {
		c.Auth.Methods = []string{config.AuthAccounts}
		c.Guard.AllowedOrigins = []string{"https://portal.example"}
	}))
	anna, err := s.API.AddUser(t.Context(), api.NewUser{
		Login: "anna", Password: password, Name: "Анна Петрова", ID: "7177256154427237596", Fields: map[string]string{"email": "anna@example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	expectRefused(t, s, 401, "", "/services/who")
	enter := func() (v *visitor, cookies string, socket *servertest.Socket) {
		v = visit(t, s)
		if status := v.post("/login", url.Values{"login": {"anna"}, "password": {password}, "next": {"/healthz"}}); status != http.StatusOK {
			t.Fatalf("the login leads to %d", status)
		}
		cookies = v.cookies()
		return v, cookies, s.DialPath(t, "/services/who", "Cookie", cookies, "Origin", s.URL())
	}
	ended := func(socket *servertest.Socket, cookies, want string) {
		t.Helper()
		if reason := socket.ExpectClose(t, 4003); reason != want {
			t.Errorf("closed with %q, want %q", reason, want)
		}
		expectRefused(t, s, 401, "", "/services/who", "Cookie", cookies, "Origin", s.URL())
	}
	v, cookies, socket := enter()
	if got, want := asks(t, socket), (who{"7177256154427237596", "anna", "Анна Петрова", "anna@example.com", "127.0.0.1", "anna"}); got != want {
		t.Errorf("scripts see %+v, want %+v", got, want)
	}
	expectRefused(t, s, 403, "", "/services/who", "Cookie", cookies, "Origin", "https://evil.example")
	second := s.DialPath(t, "/services/who", "Cookie", cookies)
	if status := v.post("/logout", url.Values{}); status != http.StatusOK {
		t.Errorf("the logout leads to %d", status)
	}
	ended(socket, cookies, "you have logged out")
	ended(second, cookies, "you have logged out")

	_, cookies, socket = enter()
	if _, err := s.API.ChangeUser(t.Context(), anna.ID, api.UserChange{Fields: &map[string]string{"email": "new@example.com"}}); err != nil {
		t.Fatal(err)
	}
	if reason := socket.ExpectClose(t, 4003); reason != "your account was changed; connect again" {
		t.Errorf("closed with %q", reason)
	}
	socket = s.DialPath(t, "/services/who", "Cookie", cookies, "Origin", s.URL())
	if got := asks(t, socket); got.Email != "new@example.com" {
		t.Errorf("scripts see %+v", got)
	}
	disabled := true
	if _, err := s.API.ChangeUser(t.Context(), anna.ID, api.UserChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	ended(socket, cookies, "this account is disabled")
	if status := visit(t, s).post("/login", url.Values{"login": {"anna"}, "password": {password}}); status != http.StatusForbidden {
		t.Errorf("a disabled user logs in with %d", status)
	}
	if log := s.Log.String(); strings.Contains(log, password) || strings.Contains(log, strings.TrimPrefix(cookies, "tutorsocket=")) {
		t.Error("the password or a cookie is logged")
	}
}

// TestAProxySaysWhoTheUserIs: a listed one only; limits, records and scripts have the address of the client.
func TestAProxySaysWhoTheUserIs(t *testing.T) {
	behindProxy := func(from string) *servertest.Server {
		return servertest.Start(t, whoApp, servertest.Production(func(c *config.Config) {
			c.Auth.Methods = []string{config.AuthHeader}
			c.Auth.Header.From, c.Auth.Header.Fields = []string{from}, []string{"login=X-Remote-Login", "fullname=X-Remote-Name", "email=X-Remote-Email"}
			c.TrustedProxies = []string{from}
			c.Limits.PerAddress = 1
		}))
	}
	s := behindProxy("127.0.0.0/8")
	anna := []string{"X-Remote-User", "7177256154427237596", "X-Remote-Login", "anna", "X-Remote-Name", "Анна Петрова", "X-Remote-Email", "anna@example.com"}
	from := func(chain string) []string { return append([]string{"X-Forwarded-For", chain}, anna...) }
	socket := s.DialPath(t, "/services/who", from("10.9.9.9, 203.0.113.9")...)
	if got, want := asks(t, socket), (who{"7177256154427237596", "anna", "Анна Петрова", "anna@example.com", "203.0.113.9", "anna"}); got != want {
		t.Errorf("scripts see %+v, want %+v", got, want)
	}
	expectRefused(t, s, 429, "from 203.0.113.9", "/services/who", from("203.0.113.9")...)
	s.DialPath(t, "/services/who", from("203.0.113.10")...).ExpectQuiet(t)
	expectRefused(t, s, 401, "", "/services/who", "X-Forwarded-For", "203.0.113.11")
	_, refused := s.Ask(t, "GET", "/api/v1/refusals", "")
	for _, address := range []string{"203.0.113.9", "203.0.113.11"} {
		if !strings.Contains(refused, `"remote":"`+address) {
			t.Errorf("no refusal of %s is listed: %s", address, refused)
		}
	}

	// From an address that is not listed nothing of this counts.
	s = behindProxy("192.0.2.1")
	expectRefused(t, s, 401, "reverse proxy only", "/services/who", from("192.0.2.1")...)
	_, refused = s.Ask(t, "GET", "/api/v1/refusals", "")
	if !strings.Contains(refused, `"remote":"127.0.0.1`) || strings.Contains(refused, "192.0.2.1") {
		t.Errorf("the refusals are %s", refused)
	}
}

// TestSeveralWaysToLogIn: the first that knows the caller decides; a service may have ways of its own.
func TestSeveralWaysToLogIn(t *testing.T) {
	start := func(methods ...string) *servertest.Server {
		return servertest.Start(t, whoApp, servertest.Production(func(c *config.Config) {
			tokens(t, c)
			c.Auth.Methods = methods
			c.Auth.Header.From = []string{"127.0.0.1"}
			c.Services = map[string]*config.Service{"special": {Auth: []string{config.AuthHeader}}}
		}))
	}
	const other = "43"
	anna := grant()
	bearer, bad, header := "Bearer "+sign(t, anna), "Bearer "+unsigned(sign(t, anna)), []string{"X-Remote-User", other}
	with := func(authorization string) []string {
		return append([]string{"Authorization", authorization}, header...)
	}
	for _, c := range []struct {
		methods []string
		service string
		headers []string
		want    string
	}{
		{[]string{config.AuthJWT, config.AuthHeader}, "who", with(bearer), anna.UserID},
		{[]string{config.AuthHeader, config.AuthJWT}, "who", with(bearer), other},
		{[]string{config.AuthJWT, config.AuthHeader}, "who", header, other},
		{[]string{config.AuthJWT, config.AuthHeader}, "who", with(bad), other},
		{[]string{config.AuthHeader, config.AuthJWT}, "who", with(bearer)[:2], anna.UserID},
		{[]string{config.AuthJWT}, "special", with(bearer), other},
	} {
		if got := asks(t, start(c.methods...).DialPath(t, "/services/"+c.service, c.headers...)); string(got.ID) != c.want {
			t.Errorf("%v, %s with %.30q: the user is %s, want %s", c.methods, c.service, c.headers, got.ID, c.want)
		}
	}
	s := start(config.AuthJWT)
	expectRefused(t, s, 401, "", "/services/special", "Authorization", bearer)
	expectRefused(t, s, 401, "no token", "/services/who", header...)
	s = start(config.AuthHeader, config.AuthJWT)
	expectRefused(t, s, 401, "signed with", "/services/who", "Authorization", bad) // it says more than that there is no header
}

// portal is a WebTutor server with the page that says who is logged in.
type portal struct {
	*httptest.Server
	mu       sync.Mutex        // guards what follows
	sessions map[string]string // cookie to answer
	away     bool
	cookies  []string // that came along
}

func newPortal(t *testing.T) *portal {
	p := &portal{sessions: map[string]string{
		"session-of-anna":  `{"id":7177256154427237596,"login":"anna","name":"Анна Петрова","fields":{"email":"anna@example.com"}}`,
		"session-of-boris": `{"id":"42","login":"boris","name":"Boris","services":["special"]}`,
		"session-of-clara": `{"id":"43","login":"clara","name":"Clara"}`,
	}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range r.Cookies() {
		p.cookies = append(p.cookies, c.Name)
	}
	answer := `{"id":null}`
	if c, err := r.Cookie("SessionID"); err == nil && p.sessions[c.Value] != "" {
		answer = p.sessions[c.Value]
	}
	if p.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, answer) // the server may have given up
}

func (p *portal) change(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// startBesideWebTutor starts a server for the sessions of a portal.
func startBesideWebTutor(t *testing.T, p *portal, grace time.Duration) *servertest.Server {
	return servertest.Start(t, whoApp, servertest.Production(func(c *config.Config) {
		c.Auth.Methods = []string{config.AuthWebTutor}
		w := &c.Auth.WebTutor
		w.URL, w.Cookies, w.InsecureHTTP = p.URL+"/tutorsocket_session.html", []string{"SessionID"}, true
		w.Cache, w.Recheck, w.Grace = 0, 50*time.Millisecond, grace
		c.Guard.AllowedOrigins = []string{"https://portal.example"}
	}))
}

// TestSessionsOfWebTutorLetIn: as long as they last there, and only the cookie that is named is sent.
func TestSessionsOfWebTutorLetIn(t *testing.T) {
	p := newPortal(t)
	s := startBesideWebTutor(t, p, time.Hour)
	anna := s.DialPath(t, "/services/who", "Cookie", "SessionID=session-of-anna; user_password=secret", "Origin", "https://portal.example")
	clara := s.DialPath(t, "/services/who", "Cookie", "SessionID=session-of-clara")
	if got, want := asks(t, anna), (who{"7177256154427237596", "anna", "Анна Петрова", "anna@example.com", "127.0.0.1", "anna"}); got != want {
		t.Errorf("scripts see %+v, want %+v", got, want)
	}
	expectRefused(t, s, 401, "", "/services/who")
	expectRefused(t, s, 401, "", "/services/who", "Cookie", "SessionID=of-nobody")
	expectRefused(t, s, 403, "may not open", "/services/who", "Cookie", "SessionID=session-of-boris")
	s.DialPath(t, "/services/special", "Cookie", "SessionID=session-of-boris").ExpectQuiet(t)

	p.change(func() { delete(p.sessions, "session-of-anna") })
	if reason := anna.ExpectClose(t, 4003); reason != "the WebTutor session has ended" {
		t.Errorf("closed with %q", reason)
	}
	expectRefused(t, s, 401, "", "/services/who", "Cookie", "SessionID=session-of-anna")
	clara.ExpectQuiet(t)
	p.change(func() {
		for _, name := range p.cookies {
			if name != "SessionID" {
				t.Errorf("the cookie %s was sent", name)
			}
		}
	})
	if log := s.Log.String(); strings.Contains(log, "session-of-") {
		t.Errorf("a cookie is logged: %s", log)
	}
}

// TestAnOutageOfWebTutor: new sockets are refused with 503; those that are open stay, and go on when it comes back within
// the grace. After the grace they are closed.
func TestAnOutageOfWebTutor(t *testing.T) {
	p := newPortal(t)
	stays, ends := startBesideWebTutor(t, p, time.Hour), startBesideWebTutor(t, p, 200*time.Millisecond)
	cookie := []string{"Cookie", "SessionID=session-of-anna"}
	staying, ending := stays.DialPath(t, "/services/who", cookie...), ends.DialPath(t, "/services/who", cookie...)
	p.change(func() { p.away = true })
	began := time.Now()
	if reason := ending.ExpectClose(t, 4003); reason != "the WebTutor session cannot be checked" {
		t.Errorf("closed with %q", reason)
	}
	if time.Since(began) < 200*time.Millisecond {
		t.Errorf("closed after %v, before the grace was over", time.Since(began))
	}
	for _, s := range []*servertest.Server{stays, ends} {
		expectRefused(t, s, 503, "", "/services/who", "Cookie", "SessionID=session-of-clara")
		expectRefused(t, s, 401, "", "/services/who") // whoever brings nothing need not be asked about
	}
	if got := asks(t, staying); got.Login != "anna" {
		t.Errorf("during the outage scripts see %+v", got)
	}
	p.change(func() { p.away = false })
	for deadline := time.Now().Add(servertest.Patience); ; time.Sleep(5 * time.Millisecond) {
		socket, err := ends.TryDial(t, "/services/who", cookie...)
		if err == nil {
			socket.ExpectQuiet(t)
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after the outage: %v", err)
		}
	}
	staying.ExpectQuiet(t)
	p.change(func() { delete(p.sessions, "session-of-anna") })
	if reason := staying.ExpectClose(t, 4003); reason != "the WebTutor session has ended" {
		t.Errorf("closed with %q", reason)
	}
}
