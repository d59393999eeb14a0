package security

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// raw sends a request as it is and returns the status and the body of the answer.
func raw(t *testing.T, s *servertest.Server, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(servertest.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp.Status
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status + " " + string(body)
}

// upgrade is a handshake for a path as it is written.
func upgrade(path string, headers ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
		strings.Join(headers, "") + "\r\n"
}

// TestPathsOfServices: a service has one path, and no other way leads to it or past it.
func TestPathsOfServices(t *testing.T) {
	s := production(t, nil)
	bearer := "Authorization: Bearer " + token(t, "41") + "\r\n"
	for _, path := range []string{
		"/services/../services/none", "/services/echo/", "/services/echo/x", "/services//echo", "/services/./echo", "/services/echo/../main_ws_service", "/services/echo%00",
		"/services/%2e%2e/echo", "/services/..%2fecho", "/services/echo%2f", `/services/..\echo`, "/services/..%5cecho", "/services/ECHO", "/services/echo;x=1", "/services/echo.js",
		"/services/x-local:%2f%2fservices%2fecho.js", "/services/wtv_main_ws_service", "/services/services/echo", "/services/echo%20", "/services/echo%0a", "/services/%D0%B5cho", "/services/",
		"/services/*", "/services/" + strings.Repeat("a", 10_000),
	} {
		answer := raw(t, s, upgrade(path, bearer))
		r := record(t, s)
		if !strings.HasPrefix(answer, "404 ") || r.What != "service" || r.Status != 404 || len(r.Path) > 300 {
			t.Errorf("%.60q: %.60q, the record is %+v", path, answer, r)
		}
	}
	for _, path := range []string{"/services/echo?X-StatefulSocketId=a%2f..%2fb%0a", "/services/echo?X-StatefulSocketId=a&X-StatefulSocketId=b", "/services/echo?X-StatefulSocketId=%00", "/services/echo?X-StatefulSocketId=" + strings.Repeat("a", 5000)} {
		answer := raw(t, s, upgrade(path, bearer))
		if r := record(t, s); !strings.HasPrefix(answer, "400 ") || r.What != "stateful_id" || strings.Contains(r.StatefulID, strings.Repeat("a", 300)) {
			t.Errorf("%.60q: %.60q, the record is %+v", path, answer, r)
		}
	}
	// What cannot be read gets its record when its connection is gone.
	for path, status := range map[string]string{"/services/%zz": "400", "services/echo": "400", "/services/../api/v1/sockets": "404", "//services/echo": "404", "/x/../services/echo": "404"} {
		if answer := raw(t, s, upgrade(path, bearer, "Connection: close\r\n")); !strings.HasPrefix(answer, status+" ") {
			t.Errorf("%q: %.60q", path, answer)
		}
	}
	s.DialPath(t, "/services/echo", as(t, "41")...)
}

// TestLogInjection: nobody writes a line of the log by what he sends, nor does anything to the terminal it is read on.
func TestLogInjection(t *testing.T) {
	s := production(t, nil, servertest.App(map[string]string{"services/room.js": "function process(context) { alert('got ' + message); tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [RValue(context.WebSocketCurrentId), 'done', false]) }"}))
	const forged = "x\nlevel=ERROR msg=forged"
	escaped := "x%0alevel=ERROR%20msg=forged%1b%5b2J%0d%e2%80%ae"
	bearer := "Authorization: Bearer " + token(t, "41") + "\r\n"
	raw(t, s, upgrade("/services/"+escaped, bearer))
	raw(t, s, upgrade("/services/room?X-StatefulSocketId="+escaped, bearer))
	raw(t, s, upgrade("/services/room?X-Dev-User="+escaped+"&access_token="+escaped))
	raw(t, s, upgrade("/services/room", "Origin: http://x\x1b[2J.example\r\n"))
	raw(t, s, upgrade("/services/room", "Origin: http://"+escaped+"\r\n"))
	raw(t, s, upgrade("/services/room", "Authorization: Bearer "+forge(t, "HS256", secret, claims(forged))+"\r\n"))
	raw(t, s, upgrade("/services/room", "Authorization: Bearer "+forge(t, "HS256", secret, claims("41", "jti", forged, "exp", 1))+"\r\n"))
	for _, path := range []string{"/" + escaped, "/api/v1/sockets/" + escaped, "/login?next=" + escaped, "/client/" + escaped} {
		raw(t, s, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: x\x1b[2J\r\n\r\n")
	}
	anna := logIn(t, s, "anna")
	anna.client.Jar = nil
	anna.post("/login", anna.form("login", forged+"\x1b[2J", "password", "x"))
	socket := s.DialPath(t, "/services/room", as(t, "41")...)
	socket.Send(t, forged+"\x1b[2J\u202e\x00")
	socket.Expect(t, "done")
	s.Lines.Expect(t, "got x")
	for name, text := range map[string]string{"log": s.Log.String(), "lines of scripts": s.Lines.String()} {
		if strings.ContainsAny(text, "\x1b\x00\r\u202e") {
			t.Errorf("the %s commands a terminal: %q", name, text)
		}
	}
	if strings.Contains(s.Log.String(), "\nlevel=ERROR msg=forged") {
		t.Errorf("a record is forged: %s", s.Log.String())
	}
	list, err := s.API.RefusedRequests(t.Context(), "", 0)
	if err != nil || len(list.Items) < 5 {
		t.Errorf("%d requests are listed, %v", len(list.Items), err)
	}
}

// TestOversizedHeaders: are not taken into memory, and told.
func TestOversizedHeaders(t *testing.T) {
	s := production(t, nil)
	for name, header := range map[string]string{
		"one":    "Cookie: a=" + strings.Repeat(hush, 33<<10/len(hush)) + "\r\n",
		"many":   strings.Repeat("A: b\r\n", 6000),
		"origin": "Origin: https://" + strings.Repeat("a.", 17<<10) + "example\r\n",
	} {
		answer := raw(t, s, upgrade("/services/echo", header))
		r := record(t, s)
		if !strings.HasPrefix(answer, "431 ") || r.What != "request" || r.Status != 431 || r.Detail == "" {
			t.Errorf("%s: %.60q, the record is %+v", name, answer, r)
		}
	}
	s.Log.Expect(t, "request refused before it was read")
	if strings.Contains(s.Log.String(), hush) {
		t.Error("what was sent is in the log")
	}
	refused(t, s, "/services/echo?x="+strings.Repeat("x", 20<<10), nil, 401, "user", "")
}
