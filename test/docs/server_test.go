package docs

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/tutorsocket/tutorsocket/internal/cli"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// tutorsocket runs a command of the program in the reader's folder, to its end.
func (p *play) tutorsocket(ctx context.Context, out *servertest.Buffer, args ...string) (code int) {
	return cli.Main(ctx, cli.Env{
		Args: args, Stdout: out, Stderr: out, Now: time.Now,
		Environ: []string{"TUTORSOCKET_DATA=" + p.data(), "TUTORSOCKET_LISTEN=127.0.0.1:0"},
	})
}

func (p *play) data() string { return filepath.Join(p.dir, ".tutorsocket") }

// serve runs the command dev with these arguments, in place of a server that runs already.
func (p *play) serve(t *testing.T, args ...string) {
	t.Helper()
	p.stop(t)
	ctx, interrupt := context.WithCancel(context.Background())
	out, code := &servertest.Buffer{}, make(chan int, 1)
	go func() { code <- p.tutorsocket(ctx, out, append([]string{"dev"}, args...)...) }()
	p.interrupt = func() int { interrupt(); return <-code }
	out.Expect(t, "Stop with Ctrl-C")
	p.banner = out.String()
	admin, err := server.ReadAdminFile(p.data())
	if err != nil {
		t.Fatal(err)
	}
	_, p.addr, _ = strings.Cut(admin.Server, "://")
}

// stop ends the server as Ctrl-C does.
func (p *play) stop(t *testing.T) {
	t.Helper()
	if p.interrupt == nil {
		return
	}
	for _, c := range p.sockets {
		_ = c.Close() // a server waits a moment for clients that do not answer its good-bye
	}
	if code := p.interrupt(); code != cli.ExitDone {
		t.Errorf("the server ended with exit code %d", code)
	}
	p.interrupt, p.sockets = nil, nil
}

// connect opens the socket of a ws block, whose first word is the path, unless it is open.
func (p *play) connect(t *testing.T, name string) net.Conn {
	t.Helper()
	p.ready(t)
	if c := p.sockets[name]; c != nil {
		return c
	}
	path, _, _ := strings.Cut(name, " ")
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	c, buffered, _, err := ws.Dial(ctx, "ws://"+p.addr+path)
	if err != nil {
		t.Fatalf("connect to %s: %v", path, err)
	}
	if buffered != nil {
		c = &ahead{c, buffered}
	}
	if p.sockets == nil {
		p.sockets = map[string]net.Conn{}
	}
	p.sockets[name] = c
	return c
}

// ahead is a connection whose first bytes came with the handshake.
type ahead struct {
	net.Conn
	first interface{ Read([]byte) (int, error) }
}

func (a *ahead) Read(b []byte) (int, error) { return a.first.Read(b) }

// converse plays a ws block.
func (p *play) converse(t *testing.T, s step) {
	t.Helper()
	c := p.connect(t, s.arg)
	for line := range strings.Lines(s.text) {
		line = strings.TrimSpace(line)
		sign, text, _ := strings.Cut(line, " ")
		if err := c.SetDeadline(time.Now().Add(servertest.Patience)); err != nil {
			t.Fatal(err)
		}
		switch sign {
		case "", "#":
		case ">":
			if err := wsutil.WriteClientText(c, []byte(text)); err != nil {
				t.Fatalf("%s: send %s: %v", s.arg, text, err)
			}
		case "!": // the rest of the line says what happens
			delete(p.sockets, s.arg)
			_ = c.Close()
			return
		case "<", "x":
			if got := receiveItems(c, line); got != line && !pattern(line).MatchString(got) {
				t.Fatalf("%s, line %d, %s:\ngot  %s\nwant %s", p.page.name, s.line, s.arg, got, line)
			}
		default:
			t.Fatalf("%s, line %d: a line of a socket begins with >, <, x, ! or #, not %q", p.page.name, s.line, sign)
		}
	}
	if strings.Contains(s.text, "\nx ") || strings.HasPrefix(s.text, "x ") {
		delete(p.sockets, s.arg)
		_ = c.Close() // the server has closed it
	}
}

// receiveItems is receive, but joins frames of a JSON queue until they hold as many items as a page
// shows in one: whether items meet in a frame depends on how fast the client takes them.
func receiveItems(c net.Conn, want string) string {
	got := receive(c)
	for n := items(got); n > 0 && n < items(want); n = items(got) {
		next := receive(c)
		if items(next) == 0 {
			return got + "\n" + next
		}
		got = strings.TrimSuffix(got, "]") + "," + strings.TrimPrefix(next, "< [")
	}
	return got
}

// items counts the items of a frame that is a JSON array, 0 for any other line.
func items(line string) int {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "< ")), &list); err != nil {
		return 0
	}
	return len(list)
}

// receive returns what comes next, as a line of a ws block.
func receive(c net.Conn) string {
	text, err := wsutil.ReadServerText(c)
	var closed wsutil.ClosedError
	switch {
	case err == nil:
		return "< " + string(text)
	case errors.As(err, &closed):
		return strings.TrimSpace("x " + strconv.Itoa(int(closed.Code)) + " " + closed.Reason)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "nothing"
	}
	return "x 1006"
}
