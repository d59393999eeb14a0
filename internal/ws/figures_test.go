package ws

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/recent"
)

// endings are the ways in which a connection ends. Each ends the socket s of the client c.
var endings = map[string]func(r *rig, c *client, s *hub.Socket){
	"closed by the client":    func(_ *rig, c *client, _ *hub.Socket) { c.sendClose(1000, "bye"); c.wantClose(1000) },
	"closed without a code":   func(_ *rig, c *client, _ *hub.Socket) { c.send(ws.OpClose, true, ""); c.wantClose(1005) },
	"lost":                    func(_ *rig, c *client, _ *hub.Socket) { c.nc.Close() },
	"reset":                   func(_ *rig, c *client, _ *hub.Socket) { c.nc.(*net.TCPConn).SetLinger(0); c.nc.Close() },
	"aborted":                 func(_ *rig, c *client, s *hub.Socket) { s.Abort(); c.wantDropped() },
	"aborted twice":           func(_ *rig, c *client, s *hub.Socket) { s.Abort(); s.Abort(); c.wantDropped() },
	"closed by the server":    func(_ *rig, c *client, s *hub.Socket) { s.CloseWith(hub.Reason{Code: 1001}); c.wantClose(1001) },
	"closed and then aborted": func(_ *rig, c *client, s *hub.Socket) { s.CloseWith(hub.Reason{Code: 1001}); s.Abort(); c.nc.Close() },
	"closed on both sides": func(_ *rig, c *client, s *hub.Socket) {
		s.CloseWith(hub.Reason{Code: 1001})
		c.sendClose(1000, "")
		c.nc.Close()
	},
	"with messages waiting": func(_ *rig, c *client, s *hub.Socket) {
		for range 5 {
			s.Send(hub.NewMessage(repeat("x", 100<<10)), hub.ModeText)
		}
		s.Abort()
		c.nc.Close()
	},
	"refused by the service": func(_ *rig, c *client, _ *hub.Socket) { c.text("refuse"); c.wantClose(1008) },
	"against the protocol":   func(_ *rig, c *client, _ *hub.Socket) { c.send(ws.OpBinary, true, "x"); c.wantClose(1003) },
	"taken over": func(r *rig, c *client, s *hub.Socket) {
		newer := dial(c.t, r.url, "/services/echo?X-StatefulSocketId="+s.StatefulID())
		c.wantClose(4001)
		newer.sendClose(1000, "")
		newer.wantClose(1000)
	},
	"taken over and aborted": func(r *rig, c *client, s *hub.Socket) {
		newer := dial(c.t, r.url, "/services/echo?X-StatefulSocketId="+s.StatefulID())
		s.Abort()
		newer.wantDropped()
		c.nc.Close()
	},
	"back while it closes": func(r *rig, c *client, s *hub.Socket) {
		s.CloseWith(hub.Reason{Code: 1001})
		newer := dial(c.t, r.url, "/services/echo?X-StatefulSocketId="+s.StatefulID())
		newer.nc.Close()
		c.nc.Close()
	},
}

// TestFiguresBalance: however connections end, nothing of them is left in the figures, and all that
// were opened are counted as closed.
func TestFiguresBalance(t *testing.T) {
	registry := metrics.New()
	r := newRig(t, rigConfig{metrics: registry})
	r.onMessage = func(_ context.Context, s *hub.Socket, _ string) error {
		s.CloseWith(hub.Reason{Code: hub.CodeRefused})
		return nil
	}
	for range 5 {
		for name, end := range endings {
			t.Run(name, func(t *testing.T) {
				c := dial(t, r.url, "/services/echo?X-StatefulSocketId=1")
				s := r.socket(t, "1")
				end(r, c, s)
				eventually(t, "the key is free", func() bool { _, there := r.hub.Get(s.Key()); return !there })
			})
		}
		failedHandshakes(t, r)
	}
	for range 5 { // what the shutdown ends
		dial(t, r.url, "/services/other")
	}
	r.shutdown()
	for _, none := range []string{"tutorsocket_hub_sockets", "tutorsocket_hub_queue_messages", "tutorsocket_hub_queue_bytes", "tutorsocket_ws_calls"} {
		if n := registry.Sum(none); n != 0 {
			t.Errorf("%s is %v when all is over", none, n)
		}
	}
	opened, taken, closed := registry.Sum("tutorsocket_hub_opened_sockets_total"), registry.Sum("tutorsocket_hub_takeovers_total"), registry.Sum("tutorsocket_hub_closes_total")
	if opened+taken != closed || taken < 10 {
		t.Errorf("%v were opened and %v taken over, %v closed", opened, taken, closed)
	}
	accepted, broken := registry.Sum("tutorsocket_ws_accepted_handshakes_total"), registry.Sum("tutorsocket_hub_closes_total", "reason", "handshake")
	if accepted+broken != closed || broken != 10 {
		t.Errorf("%v handshakes were accepted and %v broke, %v connections closed", accepted, broken, closed)
	}
	for reason, want := range map[string]float64{"shutdown": 5, "takeover": taken} {
		if n := registry.Sum("tutorsocket_hub_closes_total", "reason", reason); n != want {
			t.Errorf("%v are closed as %s, want %v", n, reason, want)
		}
	}
}

// failedHandshakes makes two that get a socket and no connection: one cannot be upgraded, of the other
// the client is gone.
func failedHandshakes(t *testing.T, r *rig) {
	t.Helper()
	gone, other := net.Pipe()
	other.Close()
	for _, w := range []http.ResponseWriter{
		httptest.NewRecorder(),
		pipeWriter{httptest.NewRecorder(), gone, bufio.NewReader(gone)},
	} {
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(handshake("/services/echo", "test"))))
		if err != nil {
			t.Fatal(err)
		}
		r.server.ServeHTTP(w, req)
	}
}

// TestRefusalsAreCountedAndKeptOnce, each with why.
func TestRefusalsAreCountedAndKeptOnce(t *testing.T) {
	registry, refusals := metrics.New(), auth.NewRefusals()
	r := newRig(t, rigConfig{metrics: registry})
	r.server.deps.Refusals = refusals
	for _, c := range []struct {
		target string
		header string
		opener Opener
		reason string
		what   string
	}{
		{"/services/none", "", nil, "no_service", auth.RefusedService},
		{"/services/echo?user=nobody", "", nil, "unauthenticated", auth.RefusedUser},
		{"/services/echo?user=banned", "", nil, "forbidden", auth.RefusedUser},
		{"/services/echo?user=broken", "", nil, "unavailable", auth.RefusedUnavailable},
		{"/services/echo?X-StatefulSocketId=", "", nil, "bad_request", auth.RefusedStatefulID},
		{"/services/echo", "Sec-WebSocket-Key: short", nil, "bad_request", auth.RefusedHandshake},
		{"/services/echo?X-StatefulSocketId=1", "", failingOpener{hub.ErrKeyTaken}, "forbidden", auth.RefusedStatefulID},
		{"/services/echo?X-StatefulSocketId=1", "", failingOpener{hub.ErrKeyLive}, "forbidden", auth.RefusedStatefulID},
		{"/services/echo", "", failingOpener{fmt.Errorf("%w: 20 are open", hub.ErrLimit)}, "too_many", auth.RefusedLimit},
		{"/services/echo", "", failingOpener{errors.New("no quorum")}, "unavailable", auth.RefusedUnavailable},
	} {
		r.server.deps.Opener = localOpener{r.hub}
		if c.opener != nil {
			r.server.deps.Opener = c.opener
		}
		before, kept := registry.Sum("tutorsocket_ws_refused_handshakes_total", "reason", c.reason), last(refusals).Seq
		all := registry.Sum("tutorsocket_ws_refused_handshakes_total")
		var header []string
		if c.header != "" {
			header = append(header, c.header)
		}
		ask(t, r.url, c.target, nil, header...)
		if n := registry.Sum("tutorsocket_ws_refused_handshakes_total", "reason", c.reason) - before; n != 1 || registry.Sum("tutorsocket_ws_refused_handshakes_total")-all != 1 {
			t.Errorf("%s %s is counted %v times as %s", c.target, c.header, n, c.reason)
		}
		if newest := last(refusals); newest.Seq != kept+1 || newest.Value.What != c.what || newest.Value.Service == "" || time.Since(newest.Value.Time) > time.Hour {
			t.Errorf("%s %s is kept as %+v", c.target, c.header, newest)
		}
	}
}

func last(refusals *auth.Refusals) (newest recent.Item[auth.Refusal]) {
	if items, _ := refusals.Newest(0, 1); len(items) == 1 {
		newest = items[0]
	}
	return newest
}
