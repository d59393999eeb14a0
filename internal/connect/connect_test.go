package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// echo answers what it gets; "end CODE" makes it end the socket.
var echo = servertest.App(map[string]string{
	"services/echo.js": `
function process( context )
{
	if ( message == 'abort' ) { context.WebSocketCurrent.Abort(); return; }
	if ( message == 'silence' ) return;
	tools.dotnet_host.Object.GetAssembly( 'Datex.XHTTP.dll' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext',
		'WriteToWebSocketMessageQueue', [ context.WebSocketCurrentId, 'got ' + message, false ] );
}`,
	"services/shut.js": `function open( context ) { throw 'not today'; }`,
})

// desk is a terminal at which a test types.
type desk struct {
	*io.PipeReader
	keys     *io.PipeWriter
	screen   servertest.Buffer
	restored bool
}

func newDesk(t *testing.T) *desk {
	d := &desk{}
	d.PipeReader, d.keys = io.Pipe()
	t.Cleanup(func() { d.keys.Close() })
	return d
}

func (d *desk) Write(p []byte) (int, error) { return d.screen.Write(p) }

func (d *desk) MakeRaw() (func() error, error) {
	return func() error { d.restored = true; return nil }, nil
}

func (d *desk) Size() (int, int) { return 100, 30 }

// types presses keys.
func (d *desk) types(t *testing.T, keys string) {
	t.Helper()
	if _, err := d.keys.Write([]byte(keys)); err != nil {
		t.Fatal(err)
	}
}

// tags answers for the HTTP API.
type tags map[string]string

func (a tags) Tags(context.Context, string) (map[string]string, error) { return a, nil }
func (a tags) ChangeTags(_ context.Context, _ string, change map[string]*string) (map[string]string, error) {
	for name, value := range change {
		if value == nil {
			return nil, errors.New("no tag is to go")
		}
		a[name] = *value
	}
	return a, nil
}

func config(t *testing.T, place, server string) Config {
	t.Helper()
	u, err := wsclient.Resolve(wsclient.Place{Address: place, Server: server})
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Dial: wsclient.Options{URL: u, Timeout: servertest.Patience}, Out: io.Discard, Err: io.Discard,
		Wait: 0, Expect: servertest.Patience, Now: time.Now, Colour: func(_, text string) string { return text },
		NoTags: errors.New("no token"),
	}
}

// sitDown starts a conversation at a desk. ended returns how it ended.
func sitDown(t *testing.T, cfg Config) (d *desk, ended func() error) {
	t.Helper()
	d = newDesk(t)
	cfg.Console = d
	result := make(chan error, 1)
	go func() { result <- Run(t.Context(), cfg) }()
	d.screen.Expect(t, "connected to ws://")
	return d, func() error {
		select {
		case err := <-result:
			if !d.restored {
				t.Error("the terminal was not put back")
			}
			return err
		case <-time.After(servertest.Patience):
			t.Fatalf("it does not end; there is:\n%s", d.screen.String())
			return nil
		}
	}
}

func TestTypingAndReading(t *testing.T) {
	s := servertest.Start(t, echo)
	cfg := config(t, "echo?X-StatefulSocketId=1", s.URL())
	cfg.Tags = tags{"room": "blue"}
	d, ended := sitDown(t, cfg)
	d.types(t, "helo\x1b[Dl\r") // an arrow left, and a letter in between
	d.screen.Expect(t, "‹ got hello  ")
	d.types(t, "\x1b[A!\r") // an arrow up
	d.screen.Expect(t, "‹ got hello!  ")
	d.types(t, "{\"a\":\r[1,\r2]}\r")
	d.screen.Expect(t, "… ")
	d.screen.Expect(t, "‹ got {\"a\":\r\n[1,\r\n2]}")
	d.types(t, pasteOn+"one\rtwo\r"+pasteOff+"\r")
	d.screen.Expect(t, "‹ got one\r\ntwo")
	d.types(t, "//slash\r")
	d.screen.Expect(t, "‹ got /slash")
	d.types(t, "/pi\t\r")
	d.screen.Expect(t, "pong after ")
	d.types(t, "/r\t\x15/tags\r")
	d.screen.Expect(t, "/raw  /reconnect")
	d.screen.Expect(t, "room=blue")
	d.types(t, "/tags set a=1\r")
	d.screen.Expect(t, "a=1\r\nroom=blue")
	d.types(t, "/tags remove a\r")
	d.screen.Expect(t, "! /tags: no tag is to go")
	d.types(t, "/status\r")
	d.screen.Expect(t, "key        /services/echo-s-1")
	d.screen.Expect(t, "messages   5 in, 5 out")
	d.types(t, "/statsu\r")
	d.screen.Expect(t, `! "/statsu" is no command; did you mean /status?`)
	d.types(t, "/expect x\r")
	d.screen.Expect(t, "! /expect: it is for --exec")
	d.types(t, "/close 1001\r")
	d.screen.Expect(t, "! /close: the code 1001 cannot be sent by a client")
	d.types(t, "/close 1000 bye\r")
	d.screen.Expect(t, "• closed with 1000 (ended normally)")
	d.types(t, "lost\r")
	d.screen.Expect(t, "! not sent: there is no connection; the arrow up brings the text back")
	d.types(t, "/reconnect\r")
	d.types(t, "\x1b[A\x1b[A\r") // past the command; it waits for the connection
	d.screen.Expect(t, "‹ got lost")
	d.types(t, "\x04")
	if err := ended(); err != nil {
		t.Error(err)
	}
}

func TestCtrlC(t *testing.T) {
	s := servertest.Start(t, echo)
	d, ended := sitDown(t, config(t, "echo", s.URL()))
	d.types(t, "wrong\x03")
	d.screen.Expect(t, "Ctrl-C again or Ctrl-D ends")
	d.types(t, "{\"a\":\r\x03right\r")
	d.screen.Expect(t, "‹ got right")
	d.types(t, "{\r\r")
	d.screen.Expect(t, "• dropped")
	d.types(t, "/quiet\r")
	d.screen.Expect(t, "/quit?")
	if strings.Contains(d.screen.String(), "got wrong") || strings.Contains(d.screen.String(), "got {") {
		t.Errorf("a line that was dropped went out:\n%s", d.screen.String())
	}
	d.types(t, "more\x03\x03")
	if err := ended(); err != nil {
		t.Error(err)
	}
}

func TestLongJSONIsShownInLines(t *testing.T) {
	s := servertest.Start(t, echo)
	long := `{"id":12345678901234567890,"text":"` + strings.Repeat("x", longLine) + `","esc":"` + "\x1b" + `[31m"}`
	d, ended := sitDown(t, config(t, "echo?X-StatefulSocketId=1", s.URL()))
	s.Ask(t, "POST", "/api/v1/sockets/%2Fservices%2Fecho-s-1/messages", `{"message":`+quoted(long)+`}`)
	d.screen.Expect(t, `\x1b[31m`) // it is not JSON with a raw escape in it, and is safe
	s.Ask(t, "POST", "/api/v1/sockets/%2Fservices%2Fecho-s-1/messages", `{"message":`+quoted(strings.ReplaceAll(long, "\x1b", ""))+`}`)
	d.screen.Expect(t, "‹ {\r\n  \"id\": 12345678901234567890,\r\n")
	d.types(t, "/raw\r")
	d.screen.Expect(t, "JSON is shown as it comes")
	s.Ask(t, "POST", "/api/v1/sockets/%2Fservices%2Fecho-s-1/messages", `{"message":`+quoted("["+strings.Repeat("1,", longLine)+"0]")+`}`)
	d.screen.Expect(t, "‹ [1,1,1,")
	d.types(t, "/quit\r")
	if err := ended(); err != nil {
		t.Error(err)
	}
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, "\x1b", `\u001b`).Replace(text) + `"`
}

// gate stands before a server: it can be shut, which breaks what goes through, and opened again.
type gate struct {
	net.Listener
	to string

	mu    sync.Mutex
	shut  bool
	conns []net.Conn
	ends  sync.WaitGroup
}

func newGate(t *testing.T, s *servertest.Server) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Listener: l, to: strings.TrimPrefix(s.URL(), "http://")}
	g.ends.Go(g.serve)
	t.Cleanup(func() {
		l.Close()
		g.set(true)
		g.ends.Wait()
	})
	return g
}

func (g *gate) serve() {
	for {
		in, err := g.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", g.to)
		g.mu.Lock()
		if g.shut || err != nil {
			in.Close()
			if err == nil {
				out.Close()
			}
			g.mu.Unlock()
			continue
		}
		g.conns = append(g.conns, in, out)
		g.mu.Unlock()
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			g.ends.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				pair[0].Close()
			})
		}
	}
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for _, c := range g.conns {
		if shut {
			c.Close()
		}
	}
}

func TestConnectionComesBack(t *testing.T) {
	s := servertest.Start(t, echo)
	g := newGate(t, s)
	cfg := config(t, "echo?X-StatefulSocketId=7", "http://"+g.Addr().String())
	cfg.Reconnect = true
	d, ended := sitDown(t, cfg)
	d.types(t, "one\r")
	d.screen.Expect(t, "got one")
	g.set(true)
	d.screen.Expect(t, "• the connection broke without a good-bye (1006)")
	d.screen.Expect(t, "(attempt 1 in ")
	d.types(t, "two\r")
	d.screen.Expect(t, "! not sent")
	d.screen.Expect(t, "(attempt 2 in ")
	g.set(false)
	d.types(t, "/reconnect\r") // need not wait
	for strings.Count(d.screen.String(), "connected to ws://") < 2 {
		d.screen.Expect(t, "connected to ws://")
		time.Sleep(time.Millisecond)
	}
	d.types(t, "\x1b[A\x1b[A\r")
	d.screen.Expect(t, "got two")
	d.types(t, "/reconnect\r/quit\r")
	if err := ended(); err != nil {
		t.Error(err)
	}
}

func TestConnectionThatIsNotToComeBack(t *testing.T) {
	s := servertest.Start(t, echo)
	g := newGate(t, s)
	d, ended := sitDown(t, config(t, "echo", "http://"+g.Addr().String()))
	g.set(true)
	d.screen.Expect(t, "/reconnect connects again, /quit ends")
	d.screen.Expect(t, "(not connected) › ")
	d.types(t, "/reconnect\r")
	d.screen.Expect(t, "/reconnect tries again")
	d.types(t, "/ping\r")
	d.screen.Expect(t, "! /ping: there is no connection")
	d.types(t, "\x04")
	if err := ended(); err != nil {
		t.Error(err)
	}
}

func TestTakenOver(t *testing.T) {
	s := servertest.Start(t, echo)
	cfg := config(t, "echo?X-StatefulSocketId=7", s.URL())
	cfg.Reconnect = true // would take the id back, and so on for ever
	d, ended := sitDown(t, cfg)
	s.Dial(t, "echo", "7").ExpectQuiet(t)
	d.screen.Expect(t, "• closed with 4001")
	d.screen.Expect(t, "(a newer connection took this id over)")
	d.types(t, "/quit\r")
	if err := ended(); err != nil {
		t.Error(err)
	}
}

// script runs lines against a service.
func script(t *testing.T, cfg Config, lines ...string) (out, notes string, err error) {
	t.Helper()
	var o, n servertest.Buffer
	cfg.Out, cfg.Err, cfg.Script = &o, &n, append([]string{}, lines...)
	err = Run(t.Context(), cfg)
	return o.String(), n.String(), err
}

func TestScripts(t *testing.T) {
	s := servertest.Start(t, echo)
	for name, c := range map[string]struct {
		lines     []string
		out, fail string // what is printed; what the error says, "" for none
	}{
		"expect":                      {[]string{"a", "b", "c", "/expect got b", "/expect got c"}, "got a\ngot b\ngot c\n", ""},
		"expect what was passed over": {[]string{"a", "b", "/expect got b", "/close", "/expect got a"}, "got a\ngot b\n", `no message with "got a" came; nothing came`},
		"expect of nobody":            {[]string{"/close", "/expect a"}, "", "there is no connection"},
		"expect without a text":       {[]string{"/expect"}, "", "/expect: the text is missing"},
		"expect, cut off":             {[]string{"abort", "/expect a"}, "", "closed with 1006"},
		"a slash":                     {[]string{"//a", "/expect got /a"}, "got /a\n", ""},
		"again":                       {[]string{"a", "/expect a", "/close 4000 so", "/reconnect", "b", "/expect b", "/reconnect", "c", "/expect c"}, "got a\ngot b\ngot c\n", ""},
		"sent to nobody":              {[]string{"/close", "a"}, "", "not sent: there is no connection"},
		"closed by nobody":            {[]string{"/close", "/close"}, "", "/close: there is no connection"},
		"a bad code":                  {[]string{"/close 1006"}, "", "the code 1006 cannot be sent"},
		"no code":                     {[]string{"/close bye"}, "", `"bye" is no code`},
		"a long reason":               {[]string{"/close 1000 " + strings.Repeat("x", 124)}, "", "the reason has 124 bytes"},
		"an unknown command":          {[]string{"/pong"}, "", `"/pong" is no command; did you mean /ping?`},
		"a command with too much":     {[]string{"/quit now"}, "", `/quit: it takes nothing, and got "now"`},
		"tags without a token":        {[]string{"/tags"}, "", "/tags: they are read over the HTTP API: no token"},
		"a wait that cannot be read":  {[]string{"/wait long"}, "", `"long" is no duration`},
		"quit early":                  {[]string{"/wait 1ms", "/quit", "/expect never"}, "", ""},
		"commands that only say":      {[]string{"/help", "/status", "/raw", "/ping"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := script(t, config(t, "echo", s.URL()), c.lines...)
			if out != c.out {
				t.Errorf("printed %q", out)
			}
			if c.fail == "" && err != nil || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
				t.Errorf("%v; want %q", err, c.fail)
			}
		})
	}
}

func TestNotesOfAScript(t *testing.T) {
	s := servertest.Start(t, echo)
	cfg := config(t, "echo?X-StatefulSocketId=5", s.URL())
	cfg.Dial.Protocols = []string{"chat"}
	_, notes, err := script(t, cfg, "a", "/expect got a", "/ping", "/status", "/help", "/close 4123 done")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		", protocol chat\n", "\npong after ", "\nkey        /services/echo-s-5\n", "\nprotocol   chat\n", "\nmessages   1 in, 1 out\n",
		"/tags [set NAME=VALUE…|remove NAME…]", "/expect TEXT", "closed with 4123",
	} {
		if !strings.Contains(notes, part) {
			t.Errorf("no %q in\n%s", part, notes)
		}
	}
}

func TestEndsOfAScript(t *testing.T) {
	s := servertest.Start(t, echo)
	var end *wsclient.Closed
	if _, _, err := script(t, config(t, "echo", s.URL()), "abort", "/wait 1m"); !errors.As(err, &end) || end.Code != 1006 {
		t.Error(err)
	}
	if _, _, err := script(t, config(t, "shut", s.URL()), "/wait 1m"); !errors.As(err, &end) || end.Code != 1008 {
		t.Error(err)
	}
	var refused *wsclient.Refused
	if _, _, err := script(t, config(t, "none", s.URL()), "a"); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Error(err)
	}
	cfg := config(t, "echo", s.URL())
	cfg.Reconnect = true
	if out, notes, err := script(t, cfg, "abort", "/wait 1ms", "/reconnect", "a", "/expect got a"); err != nil || out != "got a\n" {
		t.Error(out, notes, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	notes := &servertest.Buffer{}
	cfg.Err, cfg.Script = notes, []string{"/wait 1h"}
	result := make(chan error)
	go func() { result <- Run(ctx, cfg) }()
	notes.Expect(t, "connected to")
	cancel()
	if err := <-result; !errors.Is(err, errInterrupted) {
		t.Error(err)
	}
}

func TestExpectTellsWhatCame(t *testing.T) {
	s := servertest.Start(t, echo)
	cfg := config(t, "echo", s.URL())
	var out servertest.Buffer
	in, lines := io.Pipe()
	cfg.In, cfg.Out = in, &out
	result := make(chan error)
	go func() { result <- Run(t.Context(), cfg) }()
	for i := range maxShown + 2 {
		if _, err := fmt.Fprintf(lines, "%d\x1b[0m\n", i); err != nil {
			t.Fatal(err)
		}
		out.Expect(t, fmt.Sprintf("got %d\x1b[0m\n", i)) // as it is
	}
	if _, err := io.WriteString(lines, "/close\n/expect y\n"); err != nil {
		t.Fatal(err)
	}
	err := <-result
	if err == nil || !strings.Contains(err.Error(), "this came:\n  … 2 earlier messages\n  got 2\\x1b[0m\n") {
		t.Error(err)
	}
	lines.Close() // the reading of the pipe ends too
	cfg.Script, cfg.Expect = []string{"silence", "/expect y"}, time.Millisecond
	if err := Run(t.Context(), cfg); err == nil || err.Error() != `/expect: no message with "y" came within 1ms; nothing came` {
		t.Error(err)
	}
}

func TestPipe(t *testing.T) {
	s := servertest.Start(t, echo)
	cfg := config(t, "echo", s.URL())
	var out servertest.Buffer
	cfg.Out, cfg.In, cfg.Wait = &out, strings.NewReader("one\r\n\n{\"a\":\n/expect got {\n"), time.Hour // the last line is a command
	if err := Run(t.Context(), cfg); err != nil || out.String() != "got one\ngot {\"a\":\n" {
		t.Errorf("%v %q", err, out.String())
	}
	cfg.In = strings.NewReader(strings.Repeat("x", maxLine+1))
	if err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "more than 16 MiB") {
		t.Error(err)
	}
	cfg.In, cfg.Wait = strings.NewReader("silence\n"), time.Millisecond
	if err := Run(t.Context(), cfg); err != nil {
		t.Error(err)
	}
}

func TestPipeAheadOfTheServer(t *testing.T) {
	const count = 200
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		for { // it answers when it is asked whether it is there
			header, err := ws.ReadHeader(conn)
			payload := make([]byte, header.Length)
			if err == nil {
				_, err = io.ReadFull(conn, payload)
			}
			if err != nil || header.OpCode == ws.OpClose {
				return
			}
			if header.OpCode != ws.OpPing {
				continue
			}
			for range count {
				if err := ws.WriteFrame(conn, ws.NewTextFrame([]byte("late"))); err != nil {
					t.Error(err)
				}
			}
			ws.Cipher(payload, header.Mask, 0)
			if err := ws.WriteFrame(conn, ws.NewPongFrame(payload)); err != nil {
				t.Error(err)
			}
		}
	}))
	defer s.Close()
	cfg := config(t, "/a", s.URL)
	var out servertest.Buffer
	cfg.Out, cfg.In = &out, strings.NewReader(strings.Repeat("x\n", count))
	if err := Run(t.Context(), cfg); err != nil || out.String() != strings.Repeat("late\n", count) {
		t.Errorf("%v; %d bytes came", err, len(out.String()))
	}
}

func TestJSONLines(t *testing.T) {
	s := servertest.Start(t, echo)
	cfg := config(t, "echo", s.URL())
	at := time.Now()
	cfg.JSON, cfg.Now = true, func() time.Time { return at }
	var file servertest.Buffer
	cfg.Record = &file
	out, _, err := script(t, cfg, "a", "/expect got a", "/close 1000 bye")
	want := `{"t":0,"dir":"open","socket":"echo","text":"ws` + strings.TrimPrefix(s.URL(), "http") + `/services/echo"}
{"t":0,"dir":"out","socket":"echo","text":"a"}
{"t":0,"dir":"in","socket":"echo","text":"got a"}
{"t":0,"dir":"close","socket":"echo","text":"1000"}
`
	if err != nil || out != want || file.String() != want {
		t.Errorf("%v\n%s---\n%s", err, out, file.String())
	}
}

func TestRecordingThatCannotBeWritten(t *testing.T) {
	s := servertest.Start(t, echo)
	f, err := os.Create(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	cfg := config(t, "echo", s.URL())
	cfg.Record = f
	if _, _, err := script(t, cfg, "a"); err == nil || !strings.Contains(err.Error(), "write the recording") {
		t.Error(err)
	}
}
