package wsclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// echo answers each message, and takes a client only with its headers and protocol in order.
var echo = servertest.App(map[string]string{
	"services/echo.js": `
function open( context ) { if ( Request.Query.GetOptProperty( 'refuse', '' ) != '' ) throw 'not today'; }
function process( context )
{
	tools.dotnet_host.Object.GetAssembly( 'Datex.XHTTP.dll' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext',
		'WriteToWebSocketMessageQueue', [ context.WebSocketCurrentId, 'got ' + message, false ] );
}`,
})

func address(t *testing.T, place, server string) *url.URL {
	t.Helper()
	u, err := wsclient.Resolve(wsclient.Place{Address: place, Server: server})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func dial(t *testing.T, o wsclient.Options) *wsclient.Conn {
	t.Helper()
	o.Timeout = servertest.Patience
	c, err := wsclient.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Drop)
	return c
}

func closed(t *testing.T, c *wsclient.Conn) *wsclient.Closed {
	t.Helper()
	for {
		_, err := c.Receive()
		var end *wsclient.Closed
		if errors.As(err, &end) {
			return end
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestConversation(t *testing.T) {
	s := servertest.Start(t, echo)
	c := dial(t, wsclient.Options{URL: address(t, "echo?X-StatefulSocketId=7", s.URL()), Protocols: []string{"a", "b"}})
	if c.Protocol() != "a" || c.Key() != "/services/echo-s-7" {
		t.Errorf("protocol %q, key %q", c.Protocol(), c.Key())
	}
	long := strings.Repeat("я", 30000) // more than a short frame and a small buffer hold
	for _, text := range []string{"one", long} {
		if err := c.Send(text); err != nil {
			t.Fatal(err)
		}
		if m, err := c.Receive(); err != nil || m.Text != "got "+text || m.Binary {
			t.Fatalf("%.40q %v", m.Text, err)
		}
	}
	if err := c.Close(4000, "bye"); err != nil {
		t.Fatal(err)
	}
	if end := closed(t, c); end.Code != 4000 || !end.Ours {
		t.Errorf("%+v", end)
	}
	if err := c.Send("late"); err == nil {
		t.Error("a message was sent after the end")
	}
	c.Drop()
}

func TestServiceThatRefuses(t *testing.T) {
	s := servertest.Start(t, echo)
	c := dial(t, wsclient.Options{URL: address(t, "echo?refuse=1", s.URL())})
	if end := closed(t, c); end.Code != 1008 || end.Reason != "not today" || end.Ours {
		t.Errorf("%+v", end)
	} else if text := end.Error(); !strings.HasPrefix(text, "closed with 1008 not today (") {
		t.Error(text)
	}
}

func TestRefusedUpgrade(t *testing.T) {
	s := servertest.Start(t, echo)
	for place, want := range map[string]wsclient.Refused{
		"nosuch": {Status: 404, Detail: `there is no socket service at "/services/nosuch"; check the name in the URL, /services/<name>`},
		"echo?X-StatefulSocketId=1&X-StatefulSocketId=2": {Status: 400, Detail: "X-StatefulSocketId stands in the URL more than once; give one"},
	} {
		_, err := wsclient.Dial(t.Context(), wsclient.Options{URL: address(t, place, s.URL()), Timeout: servertest.Patience})
		var r *wsclient.Refused
		if !errors.As(err, &r) || *r != want || r.Passing() {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestAnswersOfOtherServers(t *testing.T) {
	answers := map[string]func(http.ResponseWriter){
		"/text": func(w http.ResponseWriter) { http.Error(w, "go away", http.StatusTeapot) },
		"/page": func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); w.Write([]byte("<h1>hi")) },
		"/moved": func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://elsewhere/")
			w.WriteHeader(http.StatusFound)
		},
		"/busy": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answers[r.URL.Path](w) }))
	defer s.Close()
	for path, want := range map[string]string{
		"/text": "refused with 418 I'm a teapot: go away", "/page": "refused with 200 OK",
		"/moved": "refused with 302 Found: the server sends on to http://elsewhere/", "/busy": "refused with 503 Service Unavailable",
	} {
		_, err := wsclient.Dial(t.Context(), wsclient.Options{URL: address(t, path, s.URL), Timeout: servertest.Patience})
		var r *wsclient.Refused
		if !errors.As(err, &r) || r.Error() != want || r.Passing() != (path == "/busy") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestHandshakeSaysWhatItWasTold(t *testing.T) {
	seen := make(chan *http.Request, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.WriteHeader(http.StatusForbidden)
	}))
	defer s.Close()
	u := address(t, "/a", s.URL)
	u.User = url.UserPassword("anna", "pw")
	header := http.Header{"Host": {"named.example"}, "X-One": {"1", "2"}}
	if _, err := wsclient.Dial(t.Context(), wsclient.Options{URL: u, Header: header, Protocols: []string{"p"}, Timeout: servertest.Patience}); err == nil {
		t.Fatal("a refused request is taken for a connection")
	}
	r := <-seen
	name, password, _ := r.BasicAuth()
	if r.Host != "named.example" || len(r.Header["X-One"]) != 2 || name != "anna" || password != "pw" || r.Header.Get("Sec-WebSocket-Protocol") != "p" {
		t.Errorf("%s %v", r.Host, r.Header)
	}
	if header.Get("Host") == "" {
		t.Error("the caller's headers were changed")
	}
}

func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	o := wsclient.Options{URL: address(t, "/a", s.URL), Timeout: servertest.Patience}
	if _, err := wsclient.Dial(t.Context(), o); err == nil || !strings.Contains(err.Error(), "is not trusted") {
		t.Error(err)
	}
	o.Insecure = true
	var r *wsclient.Refused
	if _, err := wsclient.Dial(t.Context(), o); !errors.As(err, &r) || r.Status != 404 {
		t.Error(err)
	}
	o.URL.Scheme = "ws"
	if _, err := wsclient.Dial(t.Context(), o); err == nil {
		t.Error("TLS was spoken to without")
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := address(t, "/a", "http://"+l.Addr().String())
	short := wsclient.Options{URL: u, Timeout: 20 * time.Millisecond} // nobody accepts; the kernel does
	if _, err := wsclient.Dial(t.Context(), short); err == nil || !strings.Contains(err.Error(), "did not answer within 20ms") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := wsclient.Dial(ctx, wsclient.Options{URL: u}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	l.Close()
	if _, err := wsclient.Dial(t.Context(), wsclient.Options{URL: u, Timeout: servertest.Patience}); err == nil || !strings.Contains(err.Error(), "no server answers at") {
		t.Error(err)
	}
}

// peer upgrades one connection and does what it is told with it.
func peer(t *testing.T, do func(net.Conn)) *wsclient.Conn {
	t.Helper()
	ended := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		conn, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		do(conn)
	}))
	c := dial(t, wsclient.Options{URL: address(t, "/a", s.URL)})
	t.Cleanup(func() {
		c.Drop()
		<-ended
		s.Close()
	})
	return c
}

// readFrame reads a small frame of the client.
func readFrame(conn net.Conn) (ws.Frame, error) {
	header, err := ws.ReadHeader(conn)
	if err != nil || header.Length > ws.MaxControlFramePayloadSize {
		return ws.Frame{}, fmt.Errorf("a frame of %d bytes: %w", header.Length, err)
	}
	payload := make([]byte, header.Length)
	_, err = io.ReadFull(conn, payload)
	return ws.Frame{Header: header, Payload: payload}, err
}

func write(t *testing.T, conn net.Conn, frames ...ws.Frame) {
	t.Helper()
	for _, f := range frames {
		if err := ws.WriteFrame(conn, f); err != nil {
			t.Error(err)
		}
	}
}

func TestFramesInParts(t *testing.T) {
	answers := make(chan ws.Frame, 2)
	c := peer(t, func(conn net.Conn) {
		write(t, conn, ws.NewFrame(ws.OpText, false, []byte("one ")), ws.NewPingFrame([]byte("p")),
			ws.NewPongFrame([]byte("unasked")), ws.NewPongFrame(make([]byte, 8)), ws.NewFrame(ws.OpContinuation, true, []byte("two")),
			ws.NewBinaryFrame([]byte{0, 1}), ws.NewCloseFrame(nil))
		for range 2 {
			f, err := readFrame(conn)
			if err != nil {
				t.Error(err)
			}
			answers <- ws.UnmaskFrameInPlace(f)
		}
	})
	if m, err := c.Receive(); m.Text != "one two" || err != nil {
		t.Fatal(m, err)
	}
	if m, err := c.Receive(); m.Text != "\x00\x01" || !m.Binary || err != nil {
		t.Fatal(m, err)
	}
	if end := closed(t, c); end.Code != wsclient.CodeNone || end.Ours {
		t.Error(end)
	}
	if f := <-answers; f.Header.OpCode != ws.OpPong || string(f.Payload) != "p" {
		t.Error(f)
	}
	if f := <-answers; f.Header.OpCode != ws.OpClose || len(f.Payload) != 0 {
		t.Error(f)
	}
}

func TestServersThatBreakTheProtocol(t *testing.T) {
	for name, c := range map[string]struct {
		frames []ws.Frame
		want   string
	}{
		"a message inside another": {[]ws.Frame{ws.NewFrame(ws.OpText, false, nil), ws.NewTextFrame(nil)}, "inside another"},
		"a part of nothing":        {[]ws.Frame{ws.NewFrame(ws.OpContinuation, true, nil)}, "never began"},
		"an unknown kind":          {[]ws.Frame{ws.NewFrame(ws.OpCode(5), true, nil)}, "unknown kind 5"},
		"a ping in parts":          {[]ws.Frame{ws.NewFrame(ws.OpPing, false, nil)}, "control frame"},
		"compressed":               {[]ws.Frame{{Header: ws.Header{Fin: true, Rsv: ws.Rsv(true, false, false), OpCode: ws.OpText}}}, "compressed"},
		"enormous":                 {[]ws.Frame{{Header: ws.Header{Fin: true, OpCode: ws.OpText, Length: 1 << 40}}}, "more than 64 MiB"},
		"nothing":                  {nil, "without a good-bye"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := peer(t, func(conn net.Conn) { write(t, conn, c.frames...) })
			if end := closed(t, conn); end.Code != wsclient.CodeLost || !strings.Contains(end.Error(), c.want) {
				t.Error(end)
			}
		})
	}
}

func TestPing(t *testing.T) {
	c := peer(t, func(conn net.Conn) {
		f, err := readFrame(conn)
		if err != nil || f.Header.OpCode != ws.OpPing {
			t.Error(f, err)
		}
		write(t, conn, ws.NewPongFrame(ws.UnmaskFrameInPlace(f).Payload))
		_, _ = io.Copy(io.Discard, conn) // pings without an answer
	})
	received := make(chan struct{})
	go func() {
		defer close(received)
		_, _ = c.Receive()
	}()
	if took, err := c.Ping(t.Context()); err != nil || took <= 0 {
		t.Error(took, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Ping(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	c.Drop()
	<-received
	if _, err := c.Ping(t.Context()); err == nil {
		t.Error("a ping went out after the end")
	}
}

func TestRecording(t *testing.T) {
	var out bytes.Buffer
	r := wsclient.NewRecording(&out, "a")
	start := time.Now()
	for _, err := range []error{
		r.Add(start, wsclient.Opened, "ws://h/services/a"),
		r.Add(start.Add(1500*time.Microsecond), wsclient.Out, `{"x":"<\n>"}`),
		r.Add(start.Add(-time.Hour), wsclient.Ended, "1000"), // the clock was set back
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := `{"t":0,"dir":"open","socket":"a","text":"ws://h/services/a"}
{"t":1,"dir":"out","socket":"a","text":"{\"x\":\"<\\n>\"}"}
{"t":0,"dir":"close","socket":"a","text":"1000"}
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Error(line)
		}
	}
}

func TestRecordingOverwritesNothingByItself(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.jsonl")
	servertest.WriteFile(t, name, "mine")
	if _, err := wsclient.CreateRecording(name, false); err == nil || !strings.Contains(err.Error(), "overwrite it with --force") {
		t.Error(err)
	}
	f, err := wsclient.CreateRecording(name, true)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := wsclient.CreateRecording(filepath.Join(name, "b"), true); err == nil {
		t.Error("a file was made inside a file")
	}
}
