package auth

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ask sends one request through the guard and returns the answer; log receives
// what the guard logs.
func ask(t *testing.T, cfg GuardConfig, log *bytes.Buffer, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	h := Guard(cfg, slog.New(slog.NewTextHandler(log, nil)))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	r := httptest.NewRequest("GET", "/services/main_ws_service", nil)
	change(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestGuard(t *testing.T) {
	const passes = ""
	lan := GuardConfig{Listen: "192.168.1.5:8080"}
	listed := GuardConfig{
		AllowedOrigins: []string{"https://Portal.example.com/", "http://app.example.com:3000", "null"},
		AllowedHosts:   []string{"Ws.example.com", "pinned.example.com:9000"},
	}
	for name, c := range map[string]struct {
		cfg     GuardConfig
		host    string
		origin  string
		tls     bool
		refused string // part of the log line, or passes
	}{
		"localhost":                     {host: "localhost:8080"},
		"localhost in capitals":         {host: "LocalHost:8080"},
		"localhost with a dot":          {host: "localhost.:8080"},
		"loopback address":              {host: "127.0.0.1:8080"},
		"another loopback address":      {host: "127.9.9.9"},
		"loopback v6":                   {host: "[::1]:8080"},
		"loopback v4 as v6":             {host: "[::ffff:127.0.0.1]:8080"},
		"rebound name":                  {host: "evil.example:8080", refused: `flag="--host evil.example"`},
		"rebound name, same origin":     {host: "evil.example:8080", origin: "http://evil.example:8080", refused: `header=Host`},
		"name that begins as loopback":  {host: "127.0.0.1.evil.example", refused: `flag="--host 127.0.0.1.evil.example"`},
		"name that ends as loopback":    {host: "evil.localhost", refused: `header=Host`},
		"address of the network":        {host: "192.168.1.5:8080", refused: `flag="--host 192.168.1.5"`},
		"v6 address of the network":     {host: "[fe80::5]:8080", refused: `flag="--host [fe80::5]"`},
		"v6 address with a zone":        {host: "[::1%25lo]:8080", refused: `header=Host`},
		"all addresses":                 {host: "0.0.0.0:8080", refused: `header=Host`},
		"no host":                       {host: "", refused: `header=Host`},
		"broken host":                   {host: "[::1", refused: `header=Host`},
		"broken port":                   {host: "localhost:http", refused: `header=Host`},
		"host with user":                {host: "localhost@evil.example", refused: `header=Host`},
		"the address listened on":       {cfg: lan, host: "192.168.1.5:8080", origin: "http://192.168.1.5:8080"},
		"listed host":                   {cfg: listed, host: "ws.example.com"},
		"listed host, any port":         {cfg: listed, host: "WS.example.com:8443"},
		"listed host and port":          {cfg: listed, host: "pinned.example.com:9000"},
		"listed host, other port":       {cfg: listed, host: "pinned.example.com:9001", refused: `header=Host`},
		"same origin":                   {host: "localhost:8080", origin: "http://localhost:8080"},
		"same origin, default port":     {cfg: listed, host: "ws.example.com:80", origin: "http://ws.example.com"},
		"same origin over tls":          {cfg: listed, host: "ws.example.com", origin: "https://ws.example.com:443", tls: true},
		"tls ended by a proxy":          {cfg: listed, host: "ws.example.com", origin: "https://ws.example.com"},
		"downgraded page":               {cfg: listed, host: "ws.example.com", origin: "http://ws.example.com", tls: true, refused: `flag="--origin http://ws.example.com"`},
		"other port of a listed host":   {cfg: listed, host: "ws.example.com", origin: "http://ws.example.com:81", refused: `header=Origin`},
		"another loopback origin":       {host: "127.0.0.1:8080", origin: "http://localhost:5173"},
		"loopback origin over https":    {host: "127.0.0.1:8080", origin: "https://[::1]:3000"},
		"foreign page":                  {host: "127.0.0.1:8080", origin: "https://evil.example", refused: `flag="--origin https://evil.example"`},
		"foreign page with a port":      {host: "127.0.0.1:8080", origin: "http://Evil.example:81", refused: `flag="--origin http://evil.example:81"`},
		"foreign page, v6":              {host: "127.0.0.1:8080", origin: "http://[2001:db8::1]:81", refused: `flag="--origin http://[2001:db8::1]:81"`},
		"name that begins as localhost": {host: "127.0.0.1:8080", origin: "http://localhost.evil.example", refused: `header=Origin`},
		"loopback of another scheme":    {host: "127.0.0.1:8080", origin: "chrome-extension://localhost", refused: `flag="--origin chrome-extension://localhost"`},
		"listed origin":                 {cfg: listed, host: "127.0.0.1:8080", origin: "https://portal.example.com"},
		"listed origin, its own port":   {cfg: listed, host: "127.0.0.1:8080", origin: "https://portal.example.com:443"},
		"listed origin, other scheme":   {cfg: listed, host: "127.0.0.1:8080", origin: "http://portal.example.com", refused: `header=Origin`},
		"listed origin with a port":     {cfg: listed, host: "127.0.0.1:8080", origin: "http://app.example.com:3000"},
		"page below a listed origin":    {cfg: listed, host: "127.0.0.1:8080", origin: "https://x.portal.example.com", refused: `header=Origin`},
		"null, listed":                  {cfg: listed, host: "127.0.0.1:8080", origin: "null"},
		"null":                          {host: "127.0.0.1:8080", origin: "null", refused: `flag="--origin null"`},
		"not an origin":                 {host: "127.0.0.1:8080", origin: "nonsense", refused: `value=nonsense`},
		"an address with a path":        {host: "127.0.0.1:8080", origin: "http://localhost/x", refused: `header=Origin`},
		"listening everywhere":          {cfg: GuardConfig{Listen: ":8080"}, host: "evil.example", refused: `header=Host`},
		"listening on v6":               {cfg: GuardConfig{Listen: "[2001:db8::7]:8080"}, host: "[2001:db8:0::7]:8080"},
		"an address, asked by one":      {cfg: GuardConfig{Strict: true, Addresses: true}, host: "192.0.2.7:8081"},
		"an address, IPv6":              {cfg: GuardConfig{Strict: true, Addresses: true}, host: "[2001:db8::7]:8081"},
		"a name for an address":         {cfg: GuardConfig{Strict: true, Addresses: true}, host: "evil.example:8081", refused: `hosts: [`},
		"wrong entries match nothing":   {cfg: GuardConfig{AllowedHosts: []string{"*", ""}, AllowedOrigins: []string{"*", ""}}, host: "127.0.0.1", origin: "http://evil.example", refused: `header=Origin`},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w := ask(t, c.cfg, &log, func(r *http.Request) {
				r.Host = c.host
				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
				if c.tls {
					r.TLS = &tls.ConnectionState{}
				}
			})
			if c.refused == passes {
				if w.Code != http.StatusTeapot || log.Len() > 0 {
					t.Errorf("status %d, log %q; the request should pass", w.Code, log.String())
				}
				return
			}
			if w.Code != http.StatusForbidden {
				t.Errorf("status %d, want 403", w.Code)
			}
			if !strings.Contains(log.String(), c.refused) {
				t.Errorf("log %q does not contain %q", log.String(), c.refused)
			}
		})
	}
}

func TestRefusalIsAProblemThatNamesTheFlag(t *testing.T) {
	var log bytes.Buffer
	w := ask(t, GuardConfig{}, &log, func(r *http.Request) {
		r.Host = "localhost"
		r.Header.Set("Origin", "https://portal.example.com")
	})
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	var problem struct {
		Title, Detail string
		Status        int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		t.Fatal(err)
	}
	if problem.Status != 403 || problem.Title == "" || !strings.Contains(problem.Detail, "--origin https://portal.example.com") {
		t.Errorf("problem %+v", problem)
	}
}

// TestRefusalIsAProblemThatNamesTheSetting, which whoever reads it may copy into the file of settings; of a server
// where users log in a flag says nothing, and what it would refuse to start with is no advice.
func TestRefusalIsAProblemThatNamesTheSetting(t *testing.T) {
	for _, c := range []struct {
		name, host, origin string
		strict             bool
		want, not          string
	}{
		{"origin in dev", "localhost", "https://portal.example", false, `--origin https://portal.example, or add to its settings: origins: ["https://portal.example"]`, "hosts"},
		{"origin", "localhost", "https://portal.example", true, `add to its settings: origins: ["https://portal.example"]`, "--"},
		{"host", "ws.example", "", true, `add to its settings: hosts: ["ws.example"]`, "--"},
		{"null in dev", "localhost", "null", false, `--origin null`, "hosts"},
		{"null", "localhost", "null", true, `sandbox`, "origins"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			refusals := NewRefusals()
			w := ask(t, GuardConfig{Strict: c.strict, Refusals: refusals}, &log, func(r *http.Request) {
				r.Host = c.host
				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
			})
			var problem struct{ Detail string }
			if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
				t.Fatal(err)
			}
			if w.Code != http.StatusForbidden || !strings.Contains(problem.Detail, c.want) || strings.Contains(problem.Detail, c.not) {
				t.Errorf("%d %s", w.Code, problem.Detail)
			}
			kept, _ := refusals.Newest(0, 1)
			if add := kept[0].Value.Add; c.strict && add != "" && !strings.HasSuffix(c.want, add) {
				t.Errorf("to be added: %q", add)
			}
		})
	}
}

func TestSeveralOriginsAreRefused(t *testing.T) {
	var log bytes.Buffer
	w := ask(t, GuardConfig{}, &log, func(r *http.Request) {
		r.Host = "localhost"
		r.Header["Origin"] = []string{"http://localhost", "http://evil.example"}
	})
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d", w.Code)
	}
}

func TestStrangersHeadersAreCutShort(t *testing.T) {
	var log bytes.Buffer
	w := ask(t, GuardConfig{}, &log, func(r *http.Request) {
		r.Host = "localhost"
		r.Header.Set("Origin", "x\x1b[31m\xff"+strings.Repeat("é", 5000))
	})
	if log.Len() > 1000 || w.Body.Len() > 1000 {
		t.Errorf("%d bytes logged, %d answered", log.Len(), w.Body.Len())
	}
	if strings.ContainsRune(log.String(), '\x1b') {
		t.Error("control codes reach the log")
	}
}

func TestAFloodOfRefusalsLeavesFewLines(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	l := newRefusalLog(slog.New(slog.NewTextHandler(&out, nil)))
	l.now = func() time.Time { return now }

	for range 1000 {
		l.refused(&refusal{header: "Origin", value: "https://a.example", flag: "--origin https://a.example"})
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d lines about one origin", n)
	}
	for i := range 1000 {
		l.refused(&refusal{header: "Host", value: strconv.Itoa(i)})
	}
	if n := strings.Count(out.String(), "\n"); n != 1+refusalsPerWindow {
		t.Errorf("%d lines about one origin and many hosts, want %d", n, 1+refusalsPerWindow)
	}
	l.refused(&refusal{header: "Origin", value: "https://b.example", flag: "--origin https://b.example"})
	if want := "skipped=" + strconv.Itoa(1000-refusalsPerWindow) + "\n"; !strings.Contains(out.String(), "https://b.example") || !strings.Contains(out.String(), want) {
		t.Error("a flood of hosts silences the origins")
	}
	if n := strings.Count(out.String(), "skipped=999\n"); n != 1 {
		t.Errorf("the 999 repeats are mentioned %d times in:\n%s", n, out.String())
	}

	out.Reset()
	now = now.Add(refusalWindow)
	l.refused(&refusal{header: "Origin", value: "https://a.example", flag: "--origin https://a.example"})
	if want := "https://a.example"; !strings.Contains(out.String(), want) {
		t.Errorf("after a minute: %q, want %s", out.String(), want)
	}
}

func TestEntriesAreChecked(t *testing.T) {
	for _, text := range []string{"https://a.example", "HTTP://a.example:8080/", "http://[::1]:3000", "null"} {
		if err := CheckOrigin(text); err != nil {
			t.Errorf("origin %q: %v", text, err)
		}
	}
	for text, part := range map[string]string{
		"*": "not an origin", "a.example": "not an origin", "": "not an origin", "https://a.example/path": "leave only",
		"https://me@a.example": "leave only", "https://пример.рф": "xn--", "http://a:99999": "not a port",
	} {
		if err := CheckOrigin(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("origin %q: %v, want %q", text, err, part)
		}
	}
	for _, text := range []string{"a.example", "10.0.0.1", "[::1]:1", "A.example:80"} {
		if err := CheckHost(text); err != nil {
			t.Errorf("host %q: %v", text, err)
		}
	}
	for _, text := range []string{"*", "http://b.example", "", "a b", "[::1", "::1:x"} {
		if err := CheckHost(text); err == nil {
			t.Errorf("host %q is taken", text)
		}
	}
}

func FuzzParseOrigin(f *testing.F) {
	for _, s := range []string{"https://a.example:443", "http://[::1]:8080", "null", "http://localhost", "http://a@b", "x://", "http://a:99999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOrigin(text)
		if err != nil {
			return
		}
		again, err := parseOrigin(o.String())
		if err != nil || again != o {
			t.Errorf("%q gives %+v, written as %q gives %+v, %v", text, o, o.String(), again, err)
		}
	})
}
