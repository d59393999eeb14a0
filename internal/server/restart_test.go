package server_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// drain stops a server as SIGTERM does.
func drain(t *testing.T, s *servertest.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	if err := s.Drain(ctx); err != nil {
		t.Errorf("drain: %v", err)
	}
}

// shortDrain is an end that takes no time worth telling where nobody has to be waited for.
var shortDrain = servertest.Settings(func(c *config.Config) { c.Shutdown.Drain = 6 * time.Second })

// until waits for a condition.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, servertest.Patience)
		}
	}
}

// restarting is an app whose hooks say what happens.
var restarting = servertest.App(map[string]string{
	"services/room.js": `
		function open(context) { alert('open ' + context.WebSocketCurrentId) }
		function process(context) {
			tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext',
				'WriteToWebSocketMessageQueue', [RValue(context.WebSocketCurrentId), 'echo ' + message, false]);
		}
		function close(context) { alert('close ' + context.WebSocketCurrentId + ' ' + context.CloseCode) }`,
})

// TestRestartLosesNothing: the client of a stateful socket comes back after a restart and has its tags, gets what was
// written meanwhile, once and in order, and stays in its recipients lists.
func TestRestartLosesNothing(t *testing.T) {
	data := dataDir(filepath.Join(t.TempDir(), "data"))
	slowly := servertest.Settings(func(c *config.Config) { c.Shutdown.Drain = 9 * time.Second })
	s := servertest.Start(t, data, restarting, slowly)
	anna, ben := s.Dial(t, "room", "anna", "77"), s.Dial(t, "room", "")
	anna.Send(t, "1")
	anna.Expect(t, "echo 1")
	ben.Send(t, "1")
	ben.Expect(t, "echo 1")
	const key, path = "/services/room-s-anna", "/api/v1/sockets/%2Fservices%2Froom-s-anna"
	s.Ask(t, "PATCH", path+"/tags", `{"room":"blue"}`, "Content-Type", "application/json")
	s.Ask(t, "PUT", "/api/v1/user-data/room_recipients", `{"value":{"result":[{"person_id":"77","socket_id":"`+key+`"}]}}`, "Content-Type", "application/json")
	// Once nobody is connected the script writes, and ends.
	if _, err := s.API.StartRun(t.Context(), api.RunRequest{Detach: true, Source: `
		function call(name, args) {
			return tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext', name, args);
		}
		large = ''; for (i = 0; i < 16; i++) large += 'я'; while (StrLen(large) < 500000) large += large;
		alert('waiting');
		while (ArrayCount(call('GetWebSockets', [''])) > 0) Sleep(1);
		for (text in ['first', large, 'last']) call('WriteToWebSocketMessageQueue', ['/services/room-s-anna', text, false]);`}); err != nil {
		t.Fatal(err)
	}
	s.Lines.Expect(t, "waiting")

	if resp, body := s.Ask(t, "POST", "/api/v1/nodes/n1/drain", ""); resp.StatusCode != 202 || !strings.Contains(body, `"state":"draining"`) {
		t.Fatalf("%s %s", resp.Status, body)
	}
	if resp, _ := s.Ask(t, "GET", "/readyz", ""); resp.StatusCode != 503 {
		t.Errorf("it is ready: %s", resp.Status)
	}
	anna.ExpectClose(t, 1012)
	ben.ExpectClose(t, 1012)
	drain(t, s)
	s.Log.Expect(t, `msg="detached sockets saved" node=n1 count=1`)
	if lines := s.Lines.String(); strings.Count(lines, "close /services/room-v-") != 1 || strings.Contains(lines, "close "+key) {
		t.Errorf("hooks:\n%s", lines)
	}

	s = servertest.Start(t, data, restarting, shortDrain)
	s.Log.Expect(t, `msg="detached sockets restored" node=n1 count=1`)
	if _, body := s.Ask(t, "GET", "/api/v1/sockets?filter=%7B%22$state%22:%22detached%22%7D", ""); !strings.Contains(body, key) || !strings.Contains(body, `"room":"blue"`) {
		t.Errorf("the list of detached sockets: %s", body)
	}
	if _, body := s.Ask(t, "GET", "/api/v1/user-data/room_recipients", ""); !strings.Contains(body, key) {
		t.Errorf("recipients: %s", body)
	}
	if _, err := s.TryDial(t, "/services/room?X-StatefulSocketId=anna&X-Dev-User=78"); err == nil {
		t.Error("somebody else got the socket")
	}
	anna = s.Dial(t, "room", "anna", "77")
	for _, part := range []string{"first", "яя", "last"} {
		if got := anna.Next(t); !strings.HasPrefix(got, part) || part == "яя" && len(got) < 500_000 {
			t.Fatalf("got %.100s with %d bytes, want %s", got, len(got), part)
		}
	}
	anna.Send(t, "2")
	anna.Expect(t, "echo 2")
	if _, body := s.Ask(t, "GET", path, ""); !strings.Contains(body, `"room":"blue"`) || !strings.Contains(body, `"state":"open"`) {
		t.Errorf("the socket: %s", body)
	}
	anna.Close(t)
	s.Lines.Expect(t, "close "+key+" 1000")

	s.Stop(t)
	s = servertest.Start(t, data, restarting)
	if log := s.Log.String(); strings.Contains(log, "restored") {
		t.Errorf("a socket that has ended is back:\n%s", log)
	}
}

// TestWindowGoesOnAfterARestart: the hook close of a socket whose client does not come back runs once, when its window
// is over, and its queue and its place among recipients go then. Its service may be gone.
func TestWindowGoesOnAfterARestart(t *testing.T) {
	data := dataDir(filepath.Join(t.TempDir(), "data"))
	window := func(d time.Duration) servertest.Option {
		return servertest.Settings(func(c *config.Config) { c.Resume.Window = d })
	}
	s := servertest.Start(t, data, restarting, shortDrain, window(2*time.Second))
	anna := s.Dial(t, "room", "anna")
	anna.ExpectQuiet(t)
	s.Ask(t, "PUT", "/api/v1/user-data/room_recipients", `{"value":{"result":[{"person_id":"77","socket_id":"/services/room-s-anna"}]}}`, "Content-Type", "application/json")
	drain(t, s)
	anna.ExpectClose(t, 1012)

	// The app has lost the service meanwhile, and gets it back: the socket is kept through both.
	s = servertest.Start(t, data, servertest.App(map[string]string{"services/other.js": "function process() {}"}), shortDrain, window(time.Hour))
	s.Log.Expect(t, "detached sockets restored")
	s.Stop(t)
	s = servertest.Start(t, data, restarting, shortDrain, window(2*time.Second))
	s.Lines.Expect(t, "close /services/room-s-anna 1012")
	until(t, "no recipients", func() bool {
		_, body := s.Ask(t, "GET", "/api/v1/user-data/room_recipients", "")
		return !strings.Contains(body, "room-s-anna")
	})
	s.Stop(t)
	if lines := s.Lines.String(); strings.Count(lines, "close ") != 1 || strings.Contains(lines, "open ") {
		t.Errorf("hooks:\n%s", lines)
	}
}

// TestDrainTakesItsTime: sockets are closed one after the other, those left work as always, and who is in a hurry
// does not wait.
func TestDrainTakesItsTime(t *testing.T) {
	s := servertest.Start(t, restarting) // 30 s
	const sockets = 40
	var all []*servertest.Socket
	for i := range sockets {
		all = append(all, s.Dial(t, "room", fmt.Sprint(i)))
		all[i].ExpectQuiet(t)
	}
	drained := make(chan error, 1)
	go func() { drained <- s.Drain(t.Context()) }()
	until(t, "the first socket closed", func() bool { return s.Left().Sockets < sockets })
	if left := s.Left().Sockets; left == 0 {
		t.Error("all were closed at once")
	}
	s.Stop(t)
	if err := <-drained; err != nil {
		t.Error(err)
	}
	for _, socket := range all {
		socket.ExpectClose(t, 1012)
	}
	s.Log.Expect(t, fmt.Sprintf(`msg="detached sockets saved" node=n1 count=%d`, sockets))
}

// TestDrainCancelsScriptsInTheEnd: what does not end is cancelled before the time is over, and sockets are saved.
func TestDrainCancelsScriptsInTheEnd(t *testing.T) {
	s := servertest.Start(t, restarting, shortDrain)
	if _, err := s.API.StartRun(t.Context(), api.RunRequest{Source: "alert('begun'); while (true) Sleep(1)", Detach: true}); err != nil {
		t.Fatal(err)
	}
	s.Lines.Expect(t, "begun")
	anna := s.Dial(t, "room", "anna")
	anna.ExpectQuiet(t)
	drain(t, s)
	anna.ExpectClose(t, 1012)
	s.Lines.Expect(t, "Script stopped: the server is shutting down")
	s.Log.Expect(t, `msg="detached sockets saved" node=n1 count=1`)
}

// TestALossIsToldAfterARestart: a client whose window ended before the restart hears what it missed.
func TestALossIsToldAfterARestart(t *testing.T) {
	data := dataDir(filepath.Join(t.TempDir(), "data"))
	s := servertest.Start(t, data, restarting, servertest.Settings(func(c *config.Config) { c.Resume.Window = 5 * time.Second }))
	anna := s.Dial(t, "room", "anna")
	anna.ExpectQuiet(t)
	anna.Drop()
	const path = "/api/v1/sockets/%2Fservices%2Froom-s-anna"
	until(t, "it is detached", func() bool {
		_, body := s.Ask(t, "GET", path, "")
		return strings.Contains(body, `"detached"`)
	})
	s.Ask(t, "POST", path+"/messages", `{"message":"too late"}`, "Content-Type", "application/json")
	s.Lines.Expect(t, "close /services/room-s-anna")
	s.Stop(t)
	s = servertest.Start(t, data, restarting)
	anna = s.Dial(t, "room", "anna")
	anna.Expect(t, `[{"socket_action":"gap","socket_type":"","uid":"","missed":1,"reason":"expired"}]`)
}

// TestRestartWithoutWindows: what was kept before is still there for its client.
func TestRestartWithoutWindows(t *testing.T) {
	data := dataDir(filepath.Join(t.TempDir(), "data"))
	s := servertest.Start(t, data, restarting, shortDrain)
	anna := s.Dial(t, "room", "anna")
	anna.ExpectQuiet(t)
	s.Stop(t)
	anna.ExpectClose(t, 1012)
	off := servertest.Settings(func(c *config.Config) { c.Resume.Window = 0 })
	s = servertest.Start(t, data, restarting, off)
	s.Log.Expect(t, "detached sockets restored")
	anna = s.Dial(t, "room", "anna")
	anna.Send(t, "1")
	anna.Expect(t, "echo 1")
	s.Stop(t)
	anna.ExpectClose(t, 1012)
	s.Lines.Expect(t, "close /services/room-s-anna 1012") // without windows it ends with its connection
}
