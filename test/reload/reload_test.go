package reload

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

var long = flag.Bool("long", false, "change the script a thousand times")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sockets = 12
	// burst is how many messages a client sends before it reads.
	burst = 8
	// brokenEvery is after how many changes one comes that does not compile.
	brokenEvery = 5
	service     = "echo"
)

func changes() int {
	if *long {
		return 1000
	}
	return 30
}

// script answers each message with its number, the count of messages of this socket, and its version. The
// versions differ in size, too.
func script(version int) string {
	return fmt.Sprintf(`// version %d %s
function process( context )
{
	n = OptInt( context.WebSocketCurrent.GetTag( 'n' ), 0 ) + 1;
	context.WebSocketCurrent.AddOrUpdateTag( 'n', n );
	answer( context, '{"i":' + message + ',"n":' + n + ',"v":%d}' );
}

function answer( context, text )
{
	tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ context.WebSocketCurrentId, text, true ] );
}
`, version, strings.Repeat("x", version*7%500), version)
}

// broken is a version that must never answer: it is not begun when it is written.
func broken(version int) string { return script(version) + "function (" }

// item is one thing a client receives: an answer, or what was pushed to it.
type item struct {
	I *int // number of the message that is answered
	N int  // how many messages the service has had from this socket
	V int  // version of the script
	P *int // number of what was pushed
}

// load is a server whose script changes, and what is known of the versions.
type load struct {
	*servertest.Server
	file  string
	begun atomic.Int64 // the newest version that may be in force
	sure  atomic.Int64 // no older version answers a message sent from now on
	stop  atomic.Bool

	answers atomic.Int64
	pushed  [sockets]atomic.Int64
}

// TestChangesUnderLoad is the load: clients that send all the time, pushes to all of them, and changes of
// the script.
func TestChangesUnderLoad(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"services/" + service + ".js": script(1)})
	l := &load{Server: servertest.Start(t, servertest.AppDir(dir)), file: filepath.Join(dir, "services", service+".js")}
	l.begun.Store(1)
	l.sure.Store(1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := make([]error, sockets+1)
	var clients, pusher sync.WaitGroup
	opened := make([]*client, sockets)
	for i := range opened {
		var err error
		if opened[i], err = l.dial(ctx, i); err != nil {
			t.Fatal(err)
		}
		defer opened[i].conn.Close()
	}
	fail := func(i int, err error) {
		if errs[i] = err; err != nil {
			cancel() // nobody waits for the others
		}
	}
	pushing, endPushing := context.WithCancel(ctx)
	defer endPushing()
	pusher.Go(func() { fail(sockets, l.push(pushing)) })
	for i, c := range opened {
		clients.Go(func() { fail(i, c.run(ctx)) })
	}
	began := time.Now()
	versions, err := l.change(ctx, changes())
	took := time.Since(began)
	endPushing()
	pusher.Wait()
	l.stop.Store(true)
	clients.Wait()
	if err := errors.Join(append(errs, err)...); err != nil {
		log := l.Log.String()
		t.Fatalf("%v\nthe log ends with\n%s", err, log[max(0, len(log)-2000):])
	}
	total := int64(0)
	for i := range l.pushed {
		total += l.pushed[i].Load()
	}
	t.Logf("%d changes in %v: %d sockets, %d answers, %d pushes", changes(), took.Round(time.Millisecond), sockets, l.answers.Load(), total)
	if l.answers.Load() < int64(changes()) {
		t.Errorf("only %d answers: this is no load", l.answers.Load())
	}
	list, err := l.API.Versions(t.Context(), api.KindService, service, 1, "")
	if err != nil || len(list.Items) != 1 || list.Items[0].N != versions || !list.Items[0].Current {
		t.Errorf("the history ends with %+v, want version %d: %v", list.Items, versions, err)
	}
}

// change changes the script n times, by its file and by the API in turn, and returns the last version.
func (l *load) change(ctx context.Context, n int) (int, error) {
	probe, err := l.dial(ctx, sockets)
	if err != nil {
		return 0, err
	}
	defer probe.conn.Close()
	version := 1
	for i := range n {
		version++
		write := l.put
		if i%2 == 0 {
			write = l.save
		}
		if i%brokenEvery == 0 {
			if err := l.breakIt(ctx, version, i%2 == 0); err != nil {
				return 0, err
			}
		}
		l.begun.Store(int64(version))
		if err := write(ctx, version); err != nil {
			return 0, fmt.Errorf("version %d: %w", version, err)
		}
		if err := probe.until(ctx, version); err != nil {
			return 0, fmt.Errorf("version %d: %w", version, err)
		}
		l.sure.Store(int64(version))
	}
	return version, nil
}

// save changes the file, which the server notices some time.
func (l *load) save(_ context.Context, version int) error { return l.write(script(version)) }

// write writes the file as simple editors do, first empty and then whole. Where the machine may stop
// between the two for longer than the server has patience, it replaces the file instead.
func (l *load) write(text string) error {
	if *long {
		return os.WriteFile(l.file, []byte(text), 0o644)
	}
	temporary := filepath.Join(filepath.Dir(l.file), ".saved")
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, l.file)
}

// put writes by the API: when it answers, no message gets the version before.
func (l *load) put(ctx context.Context, version int) error {
	info, err := l.API.PutSource(ctx, api.KindService, service, api.NewSource{Source: script(version)}, "")
	if err == nil && info.Version != version {
		err = fmt.Errorf("it is version %d in the history", info.Version)
	}
	l.sure.Store(int64(version))
	return err
}

// breakIt tries a version that does not compile.
func (l *load) breakIt(ctx context.Context, version int, byFile bool) error {
	if !byFile {
		_, err := l.API.PutSource(ctx, api.KindService, service, api.NewSource{Source: broken(version)}, "")
		var refusal *api.Refusal
		if !errors.As(err, &refusal) || refusal.Status != http.StatusUnprocessableEntity {
			return fmt.Errorf("a version that does not compile: %w", err)
		}
		return nil
	}
	if err := l.write(broken(version)); err != nil {
		return err
	}
	deadline := time.Now().Add(servertest.Patience)
	for {
		list, err := l.API.Services(ctx)
		if err != nil {
			return err
		}
		for _, s := range list.Items {
			if s.Name == service && s.Problem != "" {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return errors.New("a broken file is not noticed")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// push sends numbers to all clients by the API until ctx ends.
func (l *load) push(ctx context.Context) error {
	for n := 0; ; n++ {
		for i := range sockets {
			if ctx.Err() != nil {
				return nil
			}
			m := api.Message{Message: fmt.Sprintf(`{"p":%d}`, n), JSONCompound: true}
			// Not with ctx: a request that is cut off may have arrived.
			if _, err := l.API.Send(context.WithoutCancel(ctx), key(i), m); err != nil {
				return fmt.Errorf("push %d to socket %d: %w", n, i, err)
			}
			l.pushed[i].Add(1)
		}
		time.Sleep(time.Millisecond) // the clients are to be the load
	}
}

func key(i int) string { return fmt.Sprintf("/services/%s-s-%d", service, i) }

// client is a socket that sends numbers and knows what must come back.
type client struct {
	load    *load
	conn    net.Conn
	index   int
	sent    int
	answers int
	pushes  int
	version int // of the last answer
	atLeast []int
}

func (l *load) dial(ctx context.Context, index int) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, servertest.Patience)
	defer cancel()
	conn, _, _, err := ws.Dial(ctx, fmt.Sprintf("ws%s/services/%s?X-StatefulSocketId=%d", strings.TrimPrefix(l.URL(), "http"), service, index))
	return &client{load: l, conn: conn, index: index}, err
}

// run sends and receives until the load stops, and then what is still to come.
func (c *client) run(ctx context.Context) error {
	for !c.load.stop.Load() && ctx.Err() == nil {
		if err := c.exchange(burst); err != nil {
			return fmt.Errorf("socket %d: %w", c.index, err)
		}
	}
	for c.pushes < int(c.load.pushed[c.index].Load()) && ctx.Err() == nil {
		if err := c.receive(); err != nil {
			return fmt.Errorf("socket %d: %w", c.index, err)
		}
	}
	return nil
}

// until exchanges messages until a version answers.
func (c *client) until(ctx context.Context, version int) error {
	for deadline := time.Now().Add(servertest.Patience); c.version != version; {
		if err := c.exchange(1); err != nil {
			return fmt.Errorf("the probe: %w", err)
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("version %d still answers", c.version)
		}
	}
	return nil
}

// exchange sends messages and receives their answers.
func (c *client) exchange(messages int) error {
	if err := c.conn.SetDeadline(time.Now().Add(servertest.Patience)); err != nil {
		return err
	}
	for range messages {
		c.atLeast = append(c.atLeast, int(c.load.sure.Load()))
		if err := wsutil.WriteClientText(c.conn, fmt.Append(nil, c.sent)); err != nil {
			return fmt.Errorf("send message %d: %w", c.sent, err)
		}
		c.sent++
	}
	for c.answers < c.sent {
		if err := c.receive(); err != nil {
			return err
		}
	}
	return nil
}

// receive takes the next frame and checks what is in it.
func (c *client) receive() error {
	text, err := wsutil.ReadServerText(c.conn)
	if err != nil {
		return fmt.Errorf("after %d answers and %d pushes: %w", c.answers, c.pushes, err)
	}
	var items []item
	if err := json.Unmarshal(text, &items); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	newest := int(c.load.begun.Load())
	for _, it := range items {
		if it.P != nil {
			if *it.P != c.pushes {
				return fmt.Errorf("push %d came where %d was due", *it.P, c.pushes)
			}
			c.pushes++
			continue
		}
		if it.I == nil || *it.I != c.answers || it.N != c.answers+1 {
			return fmt.Errorf("%s came where the answer to %d was due", text, c.answers)
		}
		if it.V < max(c.version, c.atLeast[0]) || it.V > newest {
			return fmt.Errorf("version %d answered message %d: the last one was %d, at least %d was in force, the newest was %d", it.V, *it.I, c.version, c.atLeast[0], newest)
		}
		c.version, c.atLeast = it.V, c.atLeast[1:]
		c.answers++
		c.load.answers.Add(1)
	}
	return nil
}
