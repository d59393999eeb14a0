package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// joining is a service whose socket does what it is told, and whose hooks "process" and "close" can be held.
var joining = servertest.App(map[string]string{
	"services/room.js": `
		function id(context) { return context.WebSocketCurrentId }
		function held(what) {
			alert(what + ' waits');
			while (tools_web.get_user_data(what) == null) Sleep(1);
		}
		function process(context) {
			if (message == 'late') held('late');
			if (message != 'leave') tools_web.join_recipients(message + '_recipients', '77', id(context));
			if (message == 'leave') tools_web.leave_recipients(null, id(context));
			alert(message + ' done');
		}
		function close(context) {
			held('close');
			if (tools_web.get_user_data('leaves') != null) tools_web.leave_recipients(null, id(context));
			alert('close done');
		}`,
})

// recipients returns the value of a list; "" where it is absent.
func recipients(t *testing.T, s *servertest.Server, name string) string {
	t.Helper()
	resp, body := s.Ask(t, "GET", "/api/v1/user-data/"+name+"_recipients", "")
	if resp.StatusCode == 404 {
		return ""
	}
	return body
}

func set(t *testing.T, s *servertest.Server, key, value string) {
	t.Helper()
	if resp, body := s.Ask(t, "PUT", "/api/v1/user-data/"+key, `{"value":`+value+`}`, "Content-Type", "application/json"); resp.StatusCode != 200 {
		t.Fatalf("set %s: %s %s", key, resp.Status, body)
	}
}

func abort(t *testing.T, s *servertest.Server, key string) {
	t.Helper()
	if resp, body := s.Ask(t, "DELETE", "/api/v1/sockets/"+url.PathEscape(key), ""); resp.StatusCode != 204 {
		t.Fatalf("abort %s: %s %s", key, resp.Status, body)
	}
}

// leaves returns how often sockets have left lists, as the metrics have it.
func leaves(t *testing.T, s *servertest.Server) float64 {
	t.Helper()
	n, _ := sample(t, scrape(t, s), `tutorsocket_userdata_operations_total{bucket="userdata",operation="leave",outcome="ok"}`)
	return n
}

// TestANewSocketHasTheMembershipsOfItsOwn: somebody opens a key again before the hook close of the socket that had it
// has ended. What that one joined goes, what the new one joined stays.
func TestANewSocketHasTheMembershipsOfItsOwn(t *testing.T) {
	const key = "/services/room-s-anna"
	for name, c := range map[string]struct {
		end    func(t *testing.T, s *servertest.Server, socket *servertest.Socket)
		leaves float64 // how often the old socket leaves all lists
	}{
		"window":   {func(_ *testing.T, _ *servertest.Server, socket *servertest.Socket) { socket.Drop() }, 1},
		"good-bye": {func(t *testing.T, _ *servertest.Server, socket *servertest.Socket) { socket.Close(t) }, 1},
		"abort":    {func(t *testing.T, s *servertest.Server, _ *servertest.Socket) { abort(t, s, key) }, 1},
		"by script": {func(t *testing.T, s *servertest.Server, socket *servertest.Socket) {
			set(t, s, "leaves", "1")
			socket.Close(t)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, joining, servertest.Settings(func(c *config.Config) { c.Resume.Window = 500 * time.Millisecond }))
			first := s.Dial(t, "room", "anna")
			first.Send(t, "old")
			s.Lines.Expect(t, "old done")
			first.Send(t, "both")
			s.Lines.Expect(t, "both done")
			if list := recipients(t, s, "old"); !strings.Contains(list, key) {
				t.Fatalf("it has not joined: %s", list)
			}
			c.end(t, s, first)
			s.Lines.Expect(t, "close waits")

			second := s.Dial(t, "room", "anna")
			second.ExpectQuiet(t)
			if list := recipients(t, s, "old"); list != "" {
				t.Errorf("the new socket inherits %s", list)
			}
			second.Send(t, "both")
			second.Send(t, "new")
			s.Lines.Expect(t, "new done")
			before := leaves(t, s)
			set(t, s, "close", "1")
			s.Lines.Expect(t, "close done")
			until(t, "the first socket has left", func() bool { return leaves(t, s) == before+c.leaves })
			for _, name := range []string{"both", "new"} {
				if list := recipients(t, s, name); !strings.Contains(list, key) {
					t.Errorf("the new socket was taken out of %s: %s", name, list)
				}
			}
			if list := recipients(t, s, "old"); list != "" {
				t.Errorf("what the old socket joined: %s", list)
			}
			second.Close(t)
			until(t, "all have left", func() bool { return recipients(t, s, "both")+recipients(t, s, "new") == "" })
		})
	}
}

// TestACallThatOutlivesItsSocketJoinsNothing: the hook process runs on after its socket has ended, and joins when the
// key has been opened again.
func TestACallThatOutlivesItsSocketJoinsNothing(t *testing.T) {
	const key = "/services/room-s-anna"
	s := servertest.Start(t, joining)
	set(t, s, "close", "1")
	s.Dial(t, "room", "anna").Send(t, "late")
	s.Lines.Expect(t, "late waits")
	abort(t, s, key)
	second := s.Dial(t, "room", "anna")
	second.Send(t, "new")
	s.Lines.Expect(t, "new done")
	set(t, s, "late", "1")
	s.Lines.Expect(t, "close done")
	until(t, "the first socket has left", func() bool { return recipients(t, s, "late") == "" })
	if list := recipients(t, s, "new"); !strings.Contains(list, key) {
		t.Errorf("the new socket was taken out: %s", list)
	}
	second.Send(t, "leave")
	s.Lines.Expect(t, "leave done")
	if list := recipients(t, s, "new"); list != "" {
		t.Errorf("it does not leave: %s", list)
	}
}
