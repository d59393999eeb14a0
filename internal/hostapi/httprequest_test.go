package hostapi_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/egress"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// web is a bench with a server to ask.
type web struct {
	*bench
	url  string
	http *egress.Transport
	last atomic.Pointer[seen]
}

// seen is what a request looked like on the other side.
type seen struct {
	*http.Request
	body string
}

// newWeb starts a server that answers with handle, or with what was asked. allow is what scripts may
// ask; without it that server alone.
func newWeb(t *testing.T, handle http.HandlerFunc, allow ...string) *web {
	t.Helper()
	w := &web{bench: newBench(t)}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.last.Store(&seen{r, string(body)})
		if handle != nil {
			handle(rw, r)
			return
		}
		_, _ = fmt.Fprintf(rw, "%s %s %s", r.Method, r.URL, body)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	if len(allow) == 0 {
		allow = []string{strings.TrimPrefix(server.URL, "http://")}
	}
	var err error
	if w.http, err = egress.New(egress.Config{Allow: allow}, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.http.Close)
	w.settings.RequestTimeout = 10 * time.Second
	return w
}

func (w *web) env() *hostapi.Env {
	env := w.bench.env()
	env.HTTP = w.http
	return env
}

// prints and fails are those of the bench, with url as a variable.
func (w *web) prints(source string, want ...string) {
	w.Helper()
	got, err := w.exec(w.env(), "url = '"+w.url+"'; "+source)
	if err != nil || !slices.Equal(got, want) {
		w.Errorf("%s\nwrote %q, error %v\nwant  %q", source, got, err, want)
	}
}

func (w *web) fails(source, want string) {
	w.Helper()
	_, err := w.exec(w.env(), "url = '"+w.url+"'; "+source)
	var e *basescript.Error
	if !errors.As(err, &e) || e.Message != want {
		w.Errorf("%s\nerror %v\nwant  %q", source, err, want)
	}
}

func host(url string) string { return strings.TrimPrefix(url, "http://") }

// spec/basescript.md 3.7.
func TestHttpRequest(t *testing.T) {
	w := newWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/status":
			var code int
			_, _ = fmt.Sscan(r.URL.RawQuery, &code)
			rw.WriteHeader(code)
		case "/redirect":
			http.Redirect(rw, r, "/end?x=1", http.StatusFound)
		case "/loop":
			http.Redirect(rw, r, "/loop", http.StatusFound)
		default:
			rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
			rw.Header().Add("X-Many", "a")
			rw.Header().Add("X-Many", "b")
			_, _ = fmt.Fprintf(rw, "%s %s", r.Method, r.URL)
		}
	})
	w.prints(`r = HttpRequest(url + '/a?b=c'); alert(r.RespCode); alert(r.Body); alert(r.BinaryBody); alert(r.ContentType); alert(r.Url == url + '/a?b=c');
		alert(r.Header.GetOptProperty('X-Many')); alert(r.Header.GetOptProperty('X-None', 'none')); alert(DataType(r.RespCode)); alert(ObjectType(r))`,
		"200", "GET /a?b=c", "GET /a?b=c", "text/plain; charset=utf-8", "true", "a, b", "none", "integer", "HttpResponse")
	w.prints(`alert(HttpRequest(url + '/a', 'post', 'x=1').Body); alert(HttpRequest(url + '/a', 'DELETE').Body); alert(HttpRequest(url + '/', undefined, null, '').Body)`,
		"POST /a", "DELETE /a", "GET /")
	w.prints(`alert(HttpRequest(' ' + url + '/a?q=Иван Петров#part ').Body)`, "GET /a?q=%D0%98%D0%B2%D0%B0%D0%BD%20%D0%9F%D0%B5%D1%82%D1%80%D0%BE%D0%B2")

	// Every status but 200 is an error, unless it is to be ignored.
	for code, text := range map[int]string{201: "HTTP 201 Created", 204: "HTTP 204 No Content", 206: "HTTP 206 Partial Content",
		304: "HTTP 304 Not Modified", 404: "HTTP 404 Not Found", 500: "HTTP 500 Internal Server Error", 599: "HTTP 599 status code 599"} {
		w.fails(fmt.Sprintf(`HttpRequest(url + '/status?%d')`, code), text)
		w.fails(fmt.Sprintf(`HttpRequest(url + '/status?%d', 'get', '', 'Ignore-Errors: 1')`, code), text) // no line break: no header
		w.fails(fmt.Sprintf(`HttpRequest(url + '/status?%d', 'get', '', 'Ignore-Errors: 0\n')`, code), text)
		w.prints(fmt.Sprintf(`alert(HttpRequest(url + '/status?%d', 'get', '', 'X-A: b\nIgnore-Errors: 1\n').RespCode)`, code), fmt.Sprint(code))
	}

	w.prints(`r = HttpRequest(url + '/redirect'); alert(r.Body); alert(r.Url == url + '/end?x=1')`, "GET /end?x=1", "true")
	w.fails(`HttpRequest(url + '/redirect', 'get', '', 'Auto-Redirect: 0\n')`, "HTTP 302 Found")
	w.prints(`r = HttpRequest(url + '/redirect', 'get', '', 'Auto-Redirect: 0\nIgnore-Errors: 1\n'); alert(r.RespCode + ' ' + r.Header.Location)`, "302 /end?x=1")
	w.fails(`HttpRequest(url + '/loop')`, "More than 10 redirects")
	w.prints(`try { HttpRequest(url + '/status?404') } catch (e) { alert(e) }`,
		"HTTP 404 Not Found\n(HttpRequest(),  x-local://test.js,   line 1)")
}

func TestHttpRequestHeaders(t *testing.T) {
	w := newWeb(t, nil)
	w.prints(`HttpRequest(url, 'post', 'a=Иван', 'Content-Type: application/json\r\nX-One: a: b\nAuthorization: Bearer t\nX-Last: lost')`)
	got := w.last.Load()
	if h := got.Header; got.body != "a=Иван" || h.Get("Content-Type") != "application/json" || h.Get("X-One") != "a: b" || h.Get("Authorization") != "Bearer t" || h.Get("X-Last") != "" {
		t.Errorf("%q with %v", got.body, h)
	}
	w.prints(`HttpRequest(url, 'post', 'a=1', 'AuthLogin: user1\nAuthPassword: p:w\nAsk-Auth: 0\nIgnoreStoredCookies: 1\nConnection: close\nContent-Length: 99\nTransfer-Encoding: chunked\n')`)
	got = w.last.Load()
	login, password, _ := got.BasicAuth()
	if h := got.Header; login != "user1" || password != "p:w" || h.Get("Content-Type") != "application/x-www-form-urlencoded" || h.Get("User-Agent") != "tutorsocket" ||
		got.ContentLength != 3 || len(got.TransferEncoding) != 0 || h.Get("Ask-Auth")+h.Get("AuthLogin")+h.Get("IgnoreStoredCookies") != "" {
		t.Errorf("%d %v %v", got.ContentLength, got.TransferEncoding, h)
	}
	for headers, want := range map[string]string{
		`no colon\n`:                   `The header line "no colon" is not of the form Name: value`,
		`X A: b\n`:                     `The header line "X A: b" is not of the form Name: value`,
		`X-A: b\x00c\n`:                `The header line "X-A: b c" is not of the form Name: value`,
		`X-A: b\rX-B: c\n`:             `The header line "X-A: b X-B: c" is not of the form Name: value`,
		`Host: other.example\n`:        "The header Host is that of the address and cannot be another",
		`' + 'x'.repeat(70000)+'`:      "The headers are longer than 64 KiB",
		`' + 'a: b\n'.repeat(101) + '`: "There are more than 100 header lines",
	} {
		w.fails(`HttpRequest(url, 'get', '', '`+headers+`')`, want)
	}
	w.fails(`HttpRequest(url, 'CONNECT')`, `"CONNECT" is no method of a request`)
	w.fails(`HttpRequest(url, 'GET / HTTP/1.1\r\nX: y')`, `"GET / HTTP/1.1  X: y" is no method of a request`)
	w.fails(`HttpRequest()`, "Wrong number of arguments")
}

func TestHttpRequestRefusesAndFails(t *testing.T) {
	w := newWeb(t, nil)
	gone := httptest.NewServer(nil)
	gone.Close()
	for url, want := range map[string]string{
		"http://example.org/x":               "Requests to example.org are not allowed; add it to http_request.allow",
		"http://user:secret@example.org:81/": "Requests to example.org:81 are not allowed; add it to http_request.allow",
		gone.URL:                             "Requests to " + host(gone.URL) + " are not allowed; add it to http_request.allow",
		"http://127.0.0.1:1/":                "Requests to 127.0.0.1:1 are not allowed; add it to http_request.allow",
		"file:///etc/passwd":                 "The address must begin with http:// or https://",
		"x-local://a":                        "The address must begin with http:// or https://",
		"":                                   "The address must begin with http:// or https://",
		"http://":                            "The address names no host",
		"http:///x":                          "The address names no host",
	} {
		w.fails(`HttpRequest('`+url+`')`, want)
	}
	// Somebody hears nothing, and says so.
	w.http, _ = egress.New(egress.Config{AnyHost: true}, nil)
	t.Cleanup(w.http.Close)
	w.fails(`HttpRequest('`+gone.URL+`')`, "Cannot connect to "+host(gone.URL)+": connect: connection refused")
	w.fails(`HttpRequest('http://nothing.invalid/')`, "There is no host nothing.invalid")
	// Without a transport nothing goes out.
	_, err := w.exec(w.bench.env(), `HttpRequest('http://example.org')`)
	if err == nil || !strings.Contains(err.Error(), "not possible here") {
		t.Errorf("error %v", err)
	}
}

// A server that may be asked cannot make us ask another one.
func TestHttpRequestRedirectedAway(t *testing.T) {
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other server was asked") }))
	defer secret.Close()
	w := newWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, secret.URL+"/?token=1", http.StatusTemporaryRedirect)
	})
	w.fails(`HttpRequest(url, 'post', 'x')`, "Requests to "+host(secret.URL)+" are not allowed; add it to http_request.allow")
	w.fails(`LoadUrlData(url)`, "There are no files here")
}

func TestHttpRequestPackedAnswers(t *testing.T) {
	w := newWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Encoding", "gzip")
		switch r.URL.Path {
		case "/good":
			z := gzip.NewWriter(rw)
			_, _ = io.WriteString(z, "Привет")
			_ = z.Close()
		case "/bad":
			_, _ = io.WriteString(rw, "this is not gzip")
		case "/cut":
			var b strings.Builder
			z := gzip.NewWriter(&b)
			_, _ = io.WriteString(z, strings.Repeat("Привет", 1000))
			_ = z.Close()
			_, _ = io.WriteString(rw, b.String()[:b.Len()/2])
		case "/bomb":
			var b strings.Builder
			z := gzip.NewWriter(&b)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
			for range 40 { // what follows an archive is unpacked as well
				_, _ = io.WriteString(rw, b.String())
			}
		}
	})
	w.prints(`alert(HttpRequest(url + '/good').Body)`, "Привет")
	w.fails(`HttpRequest(url + '/bad')`, "Unable to decode Gzip content encoding")
	w.fails(`HttpRequest(url + '/cut')`, "Unable to decode Gzip content encoding")
	w.fails(`HttpRequest(url + '/bomb')`, "The answer of "+host(w.url)+" is larger than 32 MiB")
}

// The answer counts while it comes, before there is room for it.
func TestHttpRequestWithinItsMemory(t *testing.T) {
	endless := func(rw http.ResponseWriter, r *http.Request) {
		for block := make([]byte, 64<<10); r.Context().Err() == nil; {
			if _, err := rw.Write(block); err != nil {
				return
			}
		}
	}
	w := newWeb(t, endless)
	program, err := basescript.Compile("x-local://test.js", `return HttpRequest('`+w.url+`')`, basescript.Options{Globals: hostapi.Globals()})
	if err != nil {
		t.Fatal(err)
	}
	const limit = 8 << 20
	r := basescript.NewRun(t.Context(), basescript.RunConfig{Host: w.env(), Limits: basescript.Limits{Bytes: limit}})
	defer r.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = r.Exec(program)
	runtime.ReadMemStats(&after)
	var e *basescript.Error
	if !errors.As(err, &e) || e.Kind != basescript.Stopped || !strings.Contains(e.Message, "8 MiB") {
		t.Errorf("error %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 3*limit {
		t.Errorf("%d MiB were allocated", used>>20)
	}
	w.fails(`HttpRequest(url)`, "The answer of "+host(w.url)+" is larger than 32 MiB")
	// A length that is only said costs nothing.
	w2 := newWeb(t, func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Set("Content-Length", "99999999999") })
	w2.fails(`HttpRequest(url)`, "The answer of "+host(w2.url)+" is larger than 32 MiB")
}

// Answers that are kept count as long as they are.
func TestKeptAnswersCount(t *testing.T) {
	w := newWeb(t, func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(make([]byte, 1<<20)) })
	exec := func(source string) error {
		program, err := basescript.Compile("x-local://test.js", "url = '"+w.url+"'\n"+source, basescript.Options{Globals: hostapi.Globals()})
		if err != nil {
			t.Fatal(err)
		}
		r := basescript.NewRun(t.Context(), basescript.RunConfig{Host: w.env(), Limits: basescript.Limits{Bytes: 16 << 20}})
		defer r.Close()
		_, err = r.Exec(program)
		return err
	}
	if err := exec(`kept = []; for (i = 0; i < 40; i++) kept.push(HttpRequest(url))`); err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Errorf("40 answers kept: %v", err)
	}
	if err := exec(`for (i = 0; i < 40; i++) last = HttpRequest(url)`); err != nil {
		t.Errorf("40 answers let go: %v", err)
	}
}

func TestHttpRequestPastItsTime(t *testing.T) {
	w := newWeb(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(30 * time.Second):
		}
	})
	w.settings.RequestTimeout = 50 * time.Millisecond
	w.fails(`HttpRequest(url)`, "No answer from "+host(w.url)+" within 50ms")
	w.settings.RequestTimeout = 30 * time.Second

	// The run's own end.
	program, err := basescript.Compile("x-local://test.js", `try { HttpRequest('`+w.url+`') } catch (e) { alert('caught') }`, basescript.Options{Globals: hostapi.Globals()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextAfter(t, 50*time.Millisecond)
	defer cancel()
	r := basescript.NewRun(ctx, basescript.RunConfig{Host: w.env()})
	defer r.Close()
	began := time.Now()
	_, err = r.Exec(program)
	var e *basescript.Error
	if !errors.As(err, &e) || e.Kind != basescript.Stopped || e.Message != "Script stopped: its time is over" || len(w.lines) > 0 {
		t.Errorf("error %v, lines %q", err, w.lines)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A server that stops in the middle of an answer, and one that speaks another language.
func TestHttpRequestBrokenServers(t *testing.T) {
	for name, tc := range map[string]struct{ says, want string }{
		"nothing":       {"", "HOST broke the connection off"},
		"half a body":   {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HOST broke the connection off"},
		"not HTTP":      {"SSH-2.0-OpenSSH\r\n\r\n", `The answer of HOST cannot be read: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-OpenSSH"`},
		"long headers":  {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n", "The answer of HOST cannot be read: HTTP/1.x transport connection broken: net/http: server response headers exceeded 262144 bytes; aborted"},
		"strange words": {"HTTP/1.1 299 \x1b[2J\x07\r\nContent-Length: 0\r\n\r\n", "HTTP 299 [2J"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				buf := make([]byte, 4096)
				_, _ = c.Read(buf)
				_, _ = io.WriteString(c, tc.says)
				_ = c.Close()
			}
		}()
		w := newWeb(t, nil, "127.0.0.1")
		w.url = "http://" + l.Addr().String()
		_, err = w.exec(w.env(), `HttpRequest('`+w.url+`')`)
		var e *basescript.Error
		if !errors.As(err, &e) || strings.Join(strings.Fields(e.Message), " ") != strings.ReplaceAll(tc.want, "HOST", l.Addr().String()) {
			t.Errorf("%s: %v", name, err)
		}
		_ = l.Close()
		<-done
	}
}

const dll = `
	http = tools.dotnet_host.Object.GetAssembly('Websoft.HttpRequest.dll').CreateClassObject('Websoft.HttpRequest.HttpRequest')
	handler = http.CreateNewHttpClientHandler(false)
`

// spec/basescript.md 3.7, the DLL.
func TestRequestOfTheDLL(t *testing.T) {
	w := newWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		http.SetCookie(rw, &http.Cookie{Name: "sid", Value: "1"})
		rw.Header().Set("X-Cookie", r.Header.Get("Cookie"))
		switch r.URL.Path {
		case "/201":
			rw.WriteHeader(http.StatusCreated)
		case "/redirect":
			http.Redirect(rw, r, "/end", http.StatusFound)
			return
		}
		_, _ = fmt.Fprintf(rw, "%s %s", r.Method, r.URL)
	})
	w.prints(dll+`r = http.Open(url + '/a', 'post', EncodeJson({ a: 'я' }), 'Content-Type: application/json\nIgnore-Errors: 1\n', handler, null, 60)
		alert(r.RespCode); alert(r.Body); alert(r.BinaryBody); h = ParseJson(r.Headers); alert(h.HasProperty('Content-Type')); alert(h.HasProperty('Date'))
		alert(http.Error + http.ErrorMessage); r.Dispose(); handler.Dispose()
		try { alert(r.Body) } catch (e) { alert(e.message) }`, "200", "POST /a", "POST /a", "false", "true", "0", "The response is disposed")
	if got := w.last.Load(); got.body != `{"a":"я"}` || got.Header.Get("Ignore-Errors") != "1" {
		t.Errorf("%q with %v", got.body, got.Header)
	}
	w.prints(dll+`r = http.Open(url + '/201', 'get', '', 'Content-Type: text/xml\n', handler); alert(r.RespCode + ' ' + r.Body)`, "201 GET /201")
	if got := w.last.Load(); got.Header.Get("Content-Type") != "" {
		t.Errorf("a type without a body: %v", got.Header)
	}
	w.prints(`http = tools.get_object_assembly('HttpRequest'); r = http.Open(url, 'post', 'x'); alert(r.RespCode)`, "200")
	if got := w.last.Load(); got.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("no type of a text: %v", got.Header)
	}
	w.prints(dll+`handler.AllowAutoRedirect = false; r = http.Open(url + '/redirect', 'get', '', '', handler); alert(r.RespCode + ParseJson(r.Headers).Location)
		handler.AllowAutoRedirect = true; alert(http.Open(url + '/redirect', 'get', '', '', handler).Body); alert(handler.AllowAutoRedirect)`, "302/end", "GET /end", "true")
	// Cookies go with the next request of a handler, and of no other.
	w.prints(dll+`function cookie(h) { return ParseJson(http.Open(url, 'get', '', '', h).Headers)['X-Cookie'] }
		alert(cookie(handler) + '.' + cookie(handler)); alert(cookie(http.CreateNewHttpClientHandler(false))); alert(cookie(null))
		handler.UseCookies = false; alert(cookie(handler)); client = http.CreateNewHttpClient(handler); alert(http.Open(url, 'get', '', '', null, client).RespCode); client.Dispose()`,
		".sid=1", "", "", "", "200")
	w.prints(dll+`handler.AutomaticDecompression = 3; handler.UseProxy = false; handler.Proxy = null; alert(handler.UseProxy)`, "false")
	w.fails(dll+`handler.UseProxy = true`, "Requests do not go through proxies")
	w.fails(dll+`handler.Proxy = {}`, "Requests do not go through proxies")
	w.fails(dll+`http.Open(url, 'get', '', '', {})`, "An HttpClientHandler is expected, not object")
	w.fails(dll+`http.Open(url, 'get', '', '', handler, null, 'soon')`, "The time-out is a number of seconds")
	w.fails(dll+`http.Close()`, "Unknown method: Close()")
}

// A server cannot fill our memory with cookies.
func TestCookiesAreBounded(t *testing.T) {
	var n int
	w := newWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		for range 200 {
			n++
			http.SetCookie(rw, &http.Cookie{Name: fmt.Sprintf("c%d", n), Value: "x"})
		}
		http.SetCookie(rw, &http.Cookie{Name: "big", Value: strings.Repeat("x", 5000)})
		http.SetCookie(rw, &http.Cookie{Name: "c1", Value: fmt.Sprint(n)}) // an old one, anew
	})
	w.prints(dll + `for (i = 0; i < 6; i++) http.Open(url, 'get', '', '', handler)`)
	got := w.last.Load().Cookies()
	if len(got) != 500 || slices.ContainsFunc(got, func(c *http.Cookie) bool { return c.Name == "big" }) ||
		!slices.ContainsFunc(got, func(c *http.Cookie) bool { return c.Name == "c1" && c.Value == "1000" }) {
		t.Errorf("%d cookies", len(got))
	}
}

// A failure of the transport is no exception but no answer.
func TestFailuresOfTheDLL(t *testing.T) {
	w := newWeb(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.prints(dll+`r = http.Open('http://example.org/', 'get', '', '', handler); alert(r == null); alert(http.Error); alert(http.ErrorMessage)`,
		"true", "1", "requests to example.org are not allowed; add it to http_request.allow")
	w.prints(dll+`r = http.Open(url, 'get', '', '', handler, null, 0.05); alert(r === null); alert(http.ErrorMessage)`,
		"true", "no answer from "+host(w.url)+" within 50ms")
	w.fails(`tools.get_object_assembly('Excel')`, "Unknown assembly: Excel (there are XHTTPMiddlewareStatic in Datex.XHTTP.dll and HttpRequest in Websoft.HttpRequest.dll)")
	w.fails(`tools.dotnet_host.Object.GetAssembly('System.Private.CoreLib.dll')`, "Unknown assembly: System.Private.CoreLib.dll (there are XHTTPMiddlewareStatic in Datex.XHTTP.dll and HttpRequest in Websoft.HttpRequest.dll)")
	w.fails(`tools.dotnet_host.Object.GetAssembly('Websoft.HttpRequest.dll').CreateClassObject('System.Diagnostics.Process')`, "Unknown class: System.Diagnostics.Process (there is Websoft.HttpRequest.HttpRequest)")
}
