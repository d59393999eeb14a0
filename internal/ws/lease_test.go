package ws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// callers lets in those it knows, by the parameter user.
type callers map[string]auth.Caller

func (c callers) Authenticate(r *http.Request) (auth.Caller, error) {
	caller, ok := c[r.URL.Query().Get("user")]
	if !ok {
		return caller, fmt.Errorf("%w: nobody knows you", auth.ErrUnauthenticated)
	}
	return caller, nil
}

// under is a caller whose ground is a lease.
func under(user string, lease *auth.Lease) auth.Caller {
	return auth.Caller{User: hub.User{ID: user}, Lease: lease}
}

func forEver() *auth.Lease { return auth.NewLease(time.Time{}) }

// A token that expires closes the socket, though nobody sends anything: for good, also where the socket
// would outlive its connection otherwise.
func TestExpiryClosesAnIdleSocket(t *testing.T) {
	cfg := resuming
	cfg.auth = expiring{}
	both(t, cfg, func(t *testing.T, r *rig) {
		c := dial(t, r.url, statefulEcho)
		if text := c.wantClose(hub.CodeSessionEnded); text != "the token has expired" {
			t.Errorf("the client is told %q", text)
		}
		if e := r.wantEnd(t, hub.CodeSessionEnded); e.socket.State() != hub.StateGone {
			t.Errorf("the socket is %s", e.socket.State())
		}
		if r.hub.Len() != 0 {
			t.Error("the socket is still there")
		}
	})
}

// expiring gives out tokens that hold for a moment.
type expiring struct{}

func (expiring) Authenticate(r *http.Request) (auth.Caller, error) {
	return under(r.URL.Query().Get("user"), auth.NewLease(time.Now().Add(100*time.Millisecond))), nil
}

// A logout closes all sockets of the session, and only those. What was queued before is delivered.
func TestLogoutClosesTheSocketsOfASession(t *testing.T) {
	session, other := forEver(), forEver()
	both(t, rigConfig{auth: callers{"anna": under("anna", session), "other": under("anna", other), "dev": under("dev", nil)}}, func(t *testing.T, r *rig) {
		if _, over := session.Over(); over { // the second path
			session = forEver()
			r.server.deps.Auth.(callers)["anna"] = under("anna", session)
		}
		one, two := dial(t, r.url, "/services/echo?user=anna&X-StatefulSocketId=1"), dial(t, r.url, "/services/other?user=anna")
		stays := []*client{dial(t, r.url, "/services/echo?user=other"), dial(t, r.url, "/services/echo?user=dev")}
		one.text("x")
		one.wantText("x")
		if _, err := r.socket(t, "1").Send(hub.NewMessage("last"), hub.ModeText); err != nil {
			t.Fatal(err)
		}
		session.End("you have logged out")
		one.wantText("last")
		for _, c := range []*client{one, two} {
			if text := c.wantClose(hub.CodeSessionEnded); text != "you have logged out" {
				t.Errorf("the client is told %q", text)
			}
			r.wantEnd(t, hub.CodeSessionEnded)
		}
		for _, c := range stays {
			c.text("still here")
			c.wantText("still here")
		}
	})
}

// What arrives after the end does not reach the service, however close behind it is.
func TestMessageAfterTheEndIsNotDelivered(t *testing.T) {
	for range 20 {
		lease := forEver()
		r := newRig(t, rigConfig{auth: callers{"anna": under("anna", lease)}})
		var got []string
		r.onMessage = func(_ context.Context, s *hub.Socket, text string) error {
			got = append(got, text)
			lease.End("you have logged out")
			return nil
		}
		c := ask(t, r.url, "/services/echo?user=anna", append(masked(ws.OpText, true, "before"), masked(ws.OpText, true, "after")...)).upgraded()
		c.wantClose(hub.CodeSessionEnded)
		r.wantEnd(t, hub.CodeSessionEnded)
		if len(got) != 1 || got[0] != "before" {
			t.Fatalf("the service got %q", got)
		}
	}
}

func TestLeaseThatEndsWhileTheSocketOpens(t *testing.T) {
	lease := forEver()
	r := newRig(t, rigConfig{auth: callers{"anna": under("anna", lease)}})
	r.onOpen = func(context.Context, *hub.Socket) error { lease.End("you have logged out"); return nil }
	c := dial(t, r.url, "/services/echo?user=anna")
	c.wantClose(hub.CodeSessionEnded)
	r.wantEnd(t, hub.CodeSessionEnded)
	wantProblem(t, ask(t, r.url, "/services/echo?user=anna", nil).response, 401, "you have logged out")
}

// A renewed socket stands on the new lease alone.
func TestRenewal(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		first, second := forEver(), forEver()
		r.server.deps.Auth = callers{"anna": under("anna", first)}
		c := dial(t, r.url, "/services/echo?user=anna&X-StatefulSocketId=1")
		s := r.socket(t, "1")
		if err := r.server.Renew(s.Key(), under("anna", second)); err != nil {
			t.Fatal(err)
		}
		first.End("the token has expired")
		c.text("x")
		c.wantText("x")
		second.End("the second one too")
		if text := c.wantClose(hub.CodeSessionEnded); text != "the second one too" {
			t.Errorf("the client is told %q", text)
		}
		r.wantEnd(t, hub.CodeSessionEnded)
		if err := r.server.Renew(s.Key(), under("anna", forEver())); !errors.Is(err, hub.ErrNotFound) && !errors.Is(err, hub.ErrClosed) {
			t.Errorf("renewing a socket that has ended: %v", err)
		}
	})
}

func TestRefusedRenewal(t *testing.T) {
	cfg := resuming
	first, over := forEver(), forEver()
	over.End("the token has expired")
	cfg.auth = callers{"u1": under("u1", first)}
	r := newRig(t, cfg)
	c := dial(t, r.url, statefulEcho)
	s := r.socket(t, "1")
	for what, tt := range map[string]struct {
		key    string
		caller auth.Caller
		err    error
	}{
		"another user":   {s.Key(), under("u2", forEver()), auth.ErrForbidden},
		"other services": {s.Key(), auth.Caller{User: hub.User{ID: "u1"}, Services: []string{"other"}, Lease: forEver()}, auth.ErrForbidden},
		"an old token":   {s.Key(), under("u1", over), auth.ErrUnauthenticated},
		"no socket":      {hub.BuildKey("echo", "2"), under("u1", forEver()), hub.ErrNotFound},
	} {
		if err := r.server.Renew(tt.key, tt.caller); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", what, err, tt.err)
		}
	}
	c.text("x")
	c.wantText("x")
	c.nc.Close()
	wantState(t, s, hub.StateDetached)
	if err := r.server.Renew(s.Key(), under("u1", forEver())); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("a detached socket: %v", err)
	}
	c = dial(t, r.url, statefulEcho)
	first.End("you have logged out") // none of the renewals has taken its place
	if text := c.wantClose(hub.CodeSessionEnded); text != "you have logged out" {
		t.Errorf("the client is told %q", text)
	}
}

// A socket that was there for ever may get an end, and the other way round.
// Who has lost a right does not keep it by renewing.
func TestRenewalWithFewerRights(t *testing.T) {
	lease := forEver()
	chief := auth.Caller{User: hub.User{ID: "u1", Admin: true}, Lease: lease}
	r := newRig(t, rigConfig{auth: callers{"u1": chief}})
	c := dial(t, r.url, statefulEcho)
	key := r.socket(t, "1").Key()
	if err := r.server.Renew(key, under("u1", forEver())); !errors.Is(err, auth.ErrForbidden) {
		t.Errorf("without the right: %v", err)
	}
	if err := r.server.Renew(key, auth.Caller{User: chief.User, Lease: forEver()}); err != nil {
		t.Errorf("with the right: %v", err)
	}
	lease.End("not its ground any more")
	c.text("x")
	c.wantText("x")
}

func TestRenewalOfSocketsWithoutAnEnd(t *testing.T) {
	lease := forEver()
	r := newRig(t, rigConfig{})
	c := dial(t, r.url, statefulEcho)
	key := r.socket(t, "1").Key()
	for _, l := range []*auth.Lease{lease, nil} {
		if err := r.server.Renew(key, under("u1", l)); err != nil {
			t.Fatal(err)
		}
	}
	lease.End("nobody's")
	c.text("x")
	c.wantText("x")
	last := forEver()
	if err := r.server.Renew(key, under("u1", last)); err != nil {
		t.Fatal(err)
	}
	last.End("over")
	c.wantClose(hub.CodeSessionEnded)
}

// A lease that lives on, of a session with many sockets over a day, keeps none of them in memory.
func TestLeaseKeepsNoConnection(t *testing.T) {
	session, renewed := forEver(), forEver()
	r := newRig(t, rigConfig{auth: callers{"u1": under("u1", session)}})
	var gone weak.Pointer[conn]
	func() {
		c := dial(t, r.url, statefulEcho)
		s := r.socket(t, "1")
		conn, _ := r.server.connOf(s.Key())
		if gone = weak.Make(conn); conn == nil || conn.ground == nil {
			t.Fatal("the connection has no ground")
		}
		if err := r.server.Renew(s.Key(), under("u1", renewed)); err != nil {
			t.Fatal(err)
		}
		c.sendClose(1000, "")
		c.wantClose(1000)
		r.wantEnd(t, 1000)
	}()
	eventually(t, "the connection is forgotten", func() bool { runtime.GC(); return gone.Value() == nil })
	session.End("x") // until here both are in use
	renewed.End("x")
}

// Sessions may end while the server does. Nothing may run on: goleak looks.
func TestLeasesThatEndDuringShutdown(t *testing.T) {
	lease := forEver()
	r := newRig(t, rigConfig{auth: callers{"u1": under("u1", lease)}})
	const n = 50
	for range n {
		dial(t, r.url, "/services/echo?user=u1")
	}
	var all sync.WaitGroup
	all.Go(func() { lease.End("you have logged out") })
	r.shutdown()
	all.Wait()
	for range n {
		if e := within(t, r.closed, "the call of Closed"); e.reason.Code != hub.CodeSessionEnded && e.reason.Code != hub.CodeShutdown {
			t.Errorf("ended with %v", e.reason)
		}
	}
}

// The tags of a caller are those of a new socket, before the service has seen it. One that is resumed has
// its own.
func TestTagsOfTheCaller(t *testing.T) {
	known := callers{
		"u1":    {User: hub.User{ID: "u1"}, Tags: map[string]string{"department": "sales"}},
		"moved": {User: hub.User{ID: "u1"}, Tags: map[string]string{"department": "stores"}},
	}
	cfg := resuming
	cfg.auth = known
	r := newRig(t, cfg)
	tags := make(chan string, 2)
	r.onOpen = func(_ context.Context, s *hub.Socket) error {
		value, _ := s.Tags().Get("department")
		tags <- value
		return nil
	}
	c := dial(t, r.url, statefulEcho)
	if got := within(t, tags, "Opened"); got != "sales" {
		t.Errorf("the socket begins with %q", got)
	}
	filter, err := hub.ParseFilter("$department:sales")
	if err != nil || len(r.hub.Select(filter)) != 1 {
		t.Errorf("a filter does not find it, error %v", err)
	}
	s := r.socket(t, "1")
	if err := s.ReplaceTags(hub.NewTags(map[string]string{"department": "legal"})); err != nil {
		t.Fatal(err)
	}
	c.nc.Close()
	wantState(t, s, hub.StateDetached)
	dial(t, r.url, statefulEcho)
	if got := within(t, tags, "Opened"); got != "legal" {
		t.Errorf("the resumed socket has %q", got)
	}
	dial(t, r.url, strings.Replace(statefulEcho, "user=u1", "user=moved", 1))
	if got := within(t, tags, "Opened"); got != "stores" {
		t.Errorf("the socket of a user who has been moved has %q", got)
	}
}

func TestCallersThatMayNotOpen(t *testing.T) {
	many := map[string]string{}
	for i := range 65 {
		many[fmt.Sprint("tag", i)] = "x"
	}
	r := newRig(t, rigConfig{auth: callers{
		"elsewhere": {Services: []string{"other"}}, "nowhere": {Services: []string{}}, "here": {Services: []string{"other", "echo"}},
		"tagged": {Tags: many},
	}})
	for user, detail := range map[string]string{"elsewhere": `the service "echo"`, "nowhere": `the service "echo"`, "tagged": "65 tags", "unknown": ""} {
		status := 403
		if user == "unknown" {
			status = 401
		}
		wantProblem(t, ask(t, r.url, "/services/echo?user="+user, nil).response, status, detail)
	}
	dial(t, r.url, "/services/echo?user=here")
	if r.hub.Len() != 1 {
		t.Errorf("%d sockets are open", r.hub.Len())
	}
}
