package server_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// halfOpen opens n connections that begin something and never end it, from an address of this machine, and keeps them
// open until the test ends.
func halfOpen(t testing.TB, s *servertest.Server, n int, from, begin string) (open []net.Conn) {
	t.Helper()
	dialer := &net.Dialer{Timeout: servertest.Patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	for range n {
		conn, err := dialer.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Errorf("connection %d: %v", len(open)+1, err)
			return open
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, begin) // it may be closed already
		open = append(open, conn)
	}
	return open
}

// stillOpen counts those that the server has not closed.
func stillOpen(conns []net.Conn) (n int) {
	for _, conn := range conns {
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			n++
		}
	}
	return n
}

// helloBegun is the beginning of a TLS handshake: a record of 512 bytes, of which one is there.
const helloBegun = "\x16\x03\x01\x02\x00\x01"

// TestTenThousandHalfOpenHandshakes: somebody opens connections, begins a handshake or a request on each and does
// nothing more. Others are let in meanwhile, as ever, and what is held open stays bounded.
func TestTenThousandHalfOpenHandshakes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems have one loopback address only")
	}
	size := attackSize(t)
	for name, c := range map[string]struct {
		option servertest.Option
		begin  string
		n      int
	}{
		"TLS":             {selfSigned(), helloBegun, size},
		"TLS, in silence": {selfSigned(), "", 1000},
		"HTTP":            {servertest.Settings(func(*config.Config) {}), "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, servertest.App(echo), c.option, servertest.Settings(func(c *config.Config) {
				c.Limits.Waiting, c.Limits.WaitingPerAddress = 200, 50
			}))
			before := s.Dial(t, "echo", "before")
			var attack []net.Conn
			var attacking sync.WaitGroup
			attacking.Go(func() {
				for i := range 10 { // of ten addresses
					attack = append(attack, halfOpen(t, s, c.n/10, fmt.Sprintf("127.0.0.%d", 10+i), c.begin)...)
				}
			})
			done := make(chan struct{})
			go func() {
				defer close(done)
				attacking.Wait()
			}()
			for i, over := 0, false; !over || i < 20; i++ {
				if resp, body := s.Ask(t, "GET", "/readyz", ""); resp.StatusCode != 200 {
					t.Fatalf("%s: %s", resp.Status, body)
				}
				socket := s.Dial(t, "echo", "")
				socket.ExpectQuiet(t)
				socket.Close(t)
				select {
				case <-done:
					over = true
				default:
				}
			}
			before.ExpectQuiet(t)
			for deadline := time.Now().Add(servertest.Patience); ; { // some may not have been accepted yet
				left := stillOpen(attack)
				if left <= 200 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d of %d are still open", left, len(attack))
				}
			}
			// On a slow machine the others ran into the time limit of a handshake.
			expectFigure(t, s, "tutorsocket_server_crowded_out_connections_total", float64(c.n)/2)
			s.Log.Expect(t, "connection without a request closed, there are too many")
			if lines := strings.Count(s.Log.String(), "there are too many"); lines > 3 {
				t.Errorf("%d records of one attack", lines)
			}
		})
	}
}

// expectFigure waits until the samples of a family amount to at least so much.
func expectFigure(t *testing.T, s *servertest.Server, name string, least float64) {
	t.Helper()
	sum := 0.0
	for deadline := time.Now().Add(servertest.Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		sum = 0
		for _, sample := range scrape(t, s)[name].Samples {
			sum += sample.Value
		}
		if sum >= least {
			return
		}
	}
	t.Errorf("%s is %v, want at least %v", name, sum, least)
}

// TestOneAddressIsNotAlone: who fills all places of an address is the one whose connections are closed.
func TestOneAddressIsNotAlone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems have one loopback address only")
	}
	s := servertest.Start(t, selfSigned(), servertest.Settings(func(c *config.Config) { c.Limits.Waiting, c.Limits.WaitingPerAddress = 100, 20 }))
	others := halfOpen(t, s, 10, "127.0.0.2", helloBegun)
	attack := halfOpen(t, s, 300, "127.0.0.3", helloBegun)
	expectFigures(t, s, map[string]float64{`tutorsocket_server_crowded_out_connections_total{limit="limits.waiting_per_address"}`: 280})
	if left := stillOpen(others); left != 10 {
		t.Errorf("%d of 10 of another address are open", left)
	}
	if left := stillOpen(attack); left != 20 {
		t.Errorf("%d of the attack are open", left)
	}
}

// TestASlowHandshakeIsFinished: a client on a bad line is let in, if there are not too many.
func TestASlowHandshakeIsFinished(t *testing.T) {
	s := servertest.Start(t, selfSigned())
	slow := halfOpen(t, s, 1, "127.0.0.1", "")[0]
	if _, body := s.Ask(t, "GET", "/healthz", ""); body != "ok\n" {
		t.Errorf("another gets %q", body)
	}
	conn := tls.Client(slow, s.TLS)
	_ = conn.SetDeadline(time.Now().Add(servertest.Patience))
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(answer), "ok\n") {
		t.Errorf("%q, %v", answer, err)
	}
}

// TestRequestsThatCannotBeRead: each is refused, and told in the log and in the list of refusals.
func TestRequestsThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		sent, answer string
		status       int
	}{
		"long headers":      {"GET /a HTTP/1.1\r\nHost: localhost\r\nCookie: secret=" + strings.Repeat("x", 40<<10) + "\r\n\r\n", "HTTP/1.1 431 ", 431},
		"a long path":       {"GET /" + strings.Repeat("x", 40<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 431 ", 431},
		"many headers":      {"GET /a HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("A: b\r\n", 6000) + "\r\n", "HTTP/1.1 431 ", 431},
		"enormous headers":  {"GET /a HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 1<<20), "HTTP/1.1 431 ", 400},
		"no request":        {"\x00\x01\x02\r\n\r\n", "HTTP/1.1 400 ", 400},
		"two lengths":       {"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 400 ", 400},
		"a smuggled header": {"GET /a HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n", "HTTP/1.1 400 ", 400},
		"two hosts":         {"GET /a HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 400 ", 400},
	} {
		for _, encrypted := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", encrypted ", encrypted), func(t *testing.T) {
				s := servertest.Start(t, servertest.Settings(func(c *config.Config) { c.TLS.SelfSigned = encrypted }))
				conn, err := net.Dial("tcp", s.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if encrypted {
					conn = tls.Client(conn, s.TLS)
				}
				_ = conn.SetDeadline(time.Now().Add(servertest.Patience))
				written := make(chan struct{})
				go func() {
					defer close(written)
					_, _ = io.WriteString(conn, c.sent) // the server may not take all
				}()
				answer := make([]byte, len(c.answer))
				if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != c.answer {
					t.Fatalf("%q, error %v", answer, err)
				}
				_ = conn.Close()
				<-written
				s.Log.Expect(t, "request refused before it was read")
				list, err := s.API.RefusedRequests(t.Context(), "", 0)
				if err != nil || len(list.Items) != 1 {
					t.Fatalf("%+v, %v", list, err)
				}
				if r := list.Items[0]; r.What != "request" || r.Status != c.status || r.Detail == "" || !strings.HasPrefix(r.Remote, "127.0.0.1:") {
					t.Errorf("%+v", r)
				}
				if said := s.Log.String() + fmt.Sprint(list); strings.Contains(said, "secret") || strings.Contains(said, "xxxxx"+strings.Repeat("x", 400)) {
					t.Error("what was sent is in the records")
				}
			})
		}
	}
}

// TestHeadersThatAreLongEnough pass.
func TestHeadersThatAreLongEnough(t *testing.T) {
	s := servertest.Start(t)
	if resp, _ := s.Ask(t, "GET", "/healthz", "", "Cookie", strings.Repeat("x", 31<<10)); resp.StatusCode != 200 {
		t.Errorf("%s", resp.Status)
	}
}
