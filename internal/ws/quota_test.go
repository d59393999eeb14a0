package ws

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/quota"
)

// limited is a rig whose users and addresses are.
func limited(cfg rigConfig, limits quota.Config) rigConfig {
	cfg.quota = &limits
	return cfg
}

// dialFrom opens a socket over a pipe, as if it came from an address.
func dialFrom(t *testing.T, r *rig, remote, target string) *client {
	t.Helper()
	return askFrom(t, r, remote, target).upgraded()
}

func askFrom(t *testing.T, r *rig, remote, target string) *client {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close() })
	go func() { answerFrom(r, far, remote) }()
	return askOn(t, near, target, nil)
}

const (
	home, work = "192.0.2.1:4000", "192.0.2.2:4000"
	annaEcho   = "/services/echo?user=anna"
	borisEcho  = "/services/echo?user=boris"
)

// All sockets of a user are slowed down together: each message is handled, at the rate of one. Others, also from the
// same address, notice nothing.
func TestTheSocketsOfAUserShareARate(t *testing.T) {
	inTime(t, limited(rigConfig{ws: Config{Heartbeat: -1}}, quota.Config{User: quota.Limits{Messages: 10}, Surge: time.Second}), func(t *testing.T, r *rig) {
		const sockets, each = 5, 22
		other := dialFrom(t, r, home, borisEcho)
		begin := time.Now()
		var wg sync.WaitGroup
		for i := range sockets {
			c := dialFrom(t, r, fmt.Sprintf("192.0.2.%d:4000", i), annaEcho)
			flood(c, each, textFrame)
			wg.Go(func() {
				for i := range each {
					c.wantText(fmt.Sprint(i))
				}
			})
		}
		time.Sleep(3 * time.Second)
		at := time.Now()
		for i := range 5 {
			other.text(fmt.Sprint(i))
			other.wantText(fmt.Sprint(i))
		}
		if d := time.Since(at); d != 0 {
			t.Errorf("another user waited %v", d)
		}
		wg.Wait()
		if d, want := time.Since(begin), (sockets*each-10)*time.Second/10; d != want {
			t.Errorf("all took %v, want %v", d, want)
		}
		r.wantNoEnd(t)
	})
}

// All users of an address are slowed down together, those of another are not.
func TestTheUsersOfAnAddressShareARate(t *testing.T) {
	inTime(t, limited(rigConfig{ws: Config{Heartbeat: -1}}, quota.Config{Address: quota.Limits{Messages: 10}, Surge: time.Second}), func(t *testing.T, r *rig) {
		const sockets, each = 5, 22
		other := dialFrom(t, r, work, "/services/echo?user=0")
		begin := time.Now()
		var wg sync.WaitGroup
		for i := range sockets {
			c := dialFrom(t, r, fmt.Sprintf("192.0.2.1:%d", 4000+i), fmt.Sprint("/services/echo?user=", i))
			flood(c, each, textFrame)
			wg.Go(func() {
				for i := range each {
					c.wantText(fmt.Sprint(i))
				}
			})
		}
		time.Sleep(3 * time.Second)
		at := time.Now()
		other.text("hello")
		other.wantText("hello")
		if d := time.Since(at); d != 0 {
			t.Errorf("the same user elsewhere waited %v", d)
		}
		wg.Wait()
		if d, want := time.Since(begin), (sockets*each-10)*time.Second/10; d != want {
			t.Errorf("all took %v, want %v", d, want)
		}
	})
}

// Who sends on and on is closed with a reason that names the setting, and is listed; a quiet socket of the same user
// is slowed down, and goes on.
func TestWhoSendsOnAndOnIsClosed(t *testing.T) {
	inTime(t, limited(rigConfig{ws: Config{Heartbeat: -1}}, quota.Config{User: quota.Limits{Messages: 10}, Surge: time.Second}), func(t *testing.T, r *rig) {
		quiet := dialFrom(t, r, home, annaEcho)
		noisy := dialFrom(t, r, home, annaEcho+"&X-StatefulSocketId=1")
		begin := time.Now()
		done := flood(noisy, 1000, textFrame)
		text := make(chan string)
		go func() { text <- noisy.wantClose(1008) }()
		for i := range 8 {
			time.Sleep(4 * time.Second)
			quiet.text(fmt.Sprint(i))
			quiet.wantText(fmt.Sprint(i))
		}
		if got := <-text; got != "this user sends more than 10 messages a second (limits.user_messages)" {
			t.Errorf("the client is told %q", got)
		}
		<-done
		r.wantEnd(t, 1008)
		refused, _ := r.refusals.Newest(0, 10)
		if len(refused) != 1 {
			t.Fatalf("refusals: %+v", refused)
		}
		no := refused[0].Value
		about(t, "closed", no.Time.Sub(begin), 30*time.Second)
		if no.Setting != "limits.user_messages" || no.Status != 1008 || no.What != auth.RefusedLimit || no.Remote != home ||
			no.UserID != "anna" || no.Service != "echo" || no.StatefulID != "1" || no.Path != "/services/echo" || !strings.Contains(no.Detail, "10 messages") {
			t.Errorf("refusal: %+v", no)
		}
		r.wantNoEnd(t)
	})
}

// The rate of a socket is listed in the same way.
func TestARateThatIsExceededIsListed(t *testing.T) {
	inTime(t, rigConfig{ws: Config{Rate: 10, Burst: 5, Heartbeat: -1}}, func(t *testing.T, r *rig) {
		c := dialFrom(t, r, home, annaEcho)
		done := flood(c, 1000, textFrame)
		c.wantClose(1008)
		<-done
		if refused, _ := r.refusals.Newest(0, 10); len(refused) != 1 || refused[0].Value.Setting != "limits.rate" {
			t.Errorf("refusals: %+v", refused)
		}
	})
}

// Bytes count whatever they are: messages, unfinished ones, pongs nobody has asked for.
func TestBytesAreSlowedDownThenRefused(t *testing.T) {
	for name, frame := range map[string]func(i int) []byte{
		"messages":         func(int) []byte { return masked(ws.OpText, true, repeat("x", 994)) },
		"unfinished texts": func(i int) []byte { return masked(map[bool]ws.OpCode{true: ws.OpText}[i == 0], false, repeat("x", 94)) },
		"pongs":            func(int) []byte { return masked(ws.OpPong, true, repeat("x", 94)) },
	} {
		t.Run(name, func(t *testing.T) {
			quiet := func(context.Context, *hub.Socket, string) error { return nil }
			inTime(t, limited(rigConfig{ws: Config{Heartbeat: -1}}, quota.Config{User: quota.Limits{Bytes: 1000}, Address: quota.Limits{Bytes: 1 << 20}, Surge: 10 * time.Second}), func(t *testing.T, r *rig) {
				r.onMessage = quiet
				c, other := dialFrom(t, r, home, annaEcho), dialFrom(t, r, home, borisEcho)
				begin := time.Now()
				sent := make(chan int)
				go func() {
					n := 0
					for i := 0; ; i++ {
						m, err := c.nc.Write(frame(i))
						n += m
						if err != nil || time.Since(begin) > 20*time.Second {
							sent <- n
							return
						}
					}
				}()
				if n := <-sent; n < 28000 || n > 32000 {
					t.Errorf("%d bytes were taken in 20 s", n)
				}
				other.text("hello")
				done := flood(c, 10000, func(i int) []byte { return frame(i + 1) })
				if text := c.wantClose(1008); text != "this user sends more than 1000 bytes a second (limits.user_bytes)" {
					t.Errorf("the client is told %q", text)
				}
				<-done
				refused, _ := r.refusals.Newest(0, 10)
				if len(refused) != 1 || refused[0].Value.Setting != "limits.user_bytes" {
					t.Fatalf("refusals: %+v", refused)
				}
				about(t, "closed", refused[0].Value.Time.Sub(begin), 30*time.Second)
				r.wantEnd(t, 1008)
				r.wantNoEnd(t)
			})
		})
	}
}

// Pauses begin anew: a user may go to the limit for ever.
func TestAUserWhoPausesIsNotClosed(t *testing.T) {
	inTime(t, limited(rigConfig{ws: Config{Heartbeat: -1}}, quota.Config{User: quota.Limits{Messages: 10}, Surge: 2 * time.Second}), func(t *testing.T, r *rig) {
		c := dialFrom(t, r, home, annaEcho)
		for range 50 {
			flood(c, 30, textFrame)
			for i := range 30 {
				c.wantText(fmt.Sprint(i))
			}
			time.Sleep(2 * time.Second)
		}
		r.wantNoEnd(t)
	})
}

// A debt of script time slows the next message, also of another socket; one that is too large ends whoever sends,
// and no new connection gets in until it is paid.
func TestScriptTimeIsOwed(t *testing.T) {
	inTime(t, limited(rigConfig{ws: Config{Heartbeat: -1}}, quota.Config{User: quota.Limits{Compute: 50}, Surge: 10 * time.Second}), func(t *testing.T, r *rig) {
		worked := 15 * time.Second
		r.onMessage = func(_ context.Context, s *hub.Socket, text string) error {
			if text == "work" {
				r.quota.Computed(s.User().ID, s.Handshake().RemoteAddr, worked)
			}
			_, err := s.Send(hub.NewMessage(text), hub.ModeText)
			return err
		}
		first, second, other := dialFrom(t, r, home, annaEcho), dialFrom(t, r, work, annaEcho), dialFrom(t, r, home, borisEcho)
		first.text("work")
		first.wantText("work")
		begin := time.Now()
		other.text("x")
		other.wantText("x")
		if d := time.Since(begin); d != 0 {
			t.Errorf("another user waited %v", d)
		}
		second.text("x")
		second.wantText("x")
		if d := time.Since(begin); d != 20*time.Second {
			t.Errorf("the next message waited %v", d)
		}
		worked = time.Minute
		first.text("work")
		first.wantText("work")
		second.text("x")
		const told = "this user keeps scripts at work for more than 50 % of a processor (limits.user_compute)"
		if text := second.wantClose(1008); text != told {
			t.Errorf("the client is told %q", text)
		}
		no := askFrom(t, r, work, annaEcho)
		if after, err := strconv.Atoi(no.response.Header.Get("Retry-After")); no.response.StatusCode != 429 || err != nil || after < 115 || after > 120 {
			t.Errorf("a new connection: %s, Retry-After %d", no.response.Status, after)
		}
		time.Sleep(2 * time.Minute)
		c := dialFrom(t, r, work, annaEcho)
		c.text("x")
		c.wantText("x")
	})
}

// A handshake too many waits, then it gets 429, Retry-After and a reason; it is listed. Who waits as long is served.
func TestHandshakesAreSlowedDownThenRefused(t *testing.T) {
	for name, c := range map[string]struct {
		limits  quota.Config
		setting string
		other   func(i int) (remote, target string) // who is not concerned
	}{
		"of a user": {quota.Config{User: quota.Limits{Handshakes: 60}}, "limits.user_handshakes",
			func(i int) (string, string) { return home, fmt.Sprint("/services/echo?user=", i) }},
		"from an address": {quota.Config{Address: quota.Limits{Handshakes: 60}}, "limits.address_handshakes",
			func(i int) (string, string) { return fmt.Sprintf("192.0.2.%d:4000", i+2), annaEcho }},
	} {
		t.Run(name, func(t *testing.T) {
			c.limits.Surge = 3 * time.Second
			// One at a time may be in its handshake: who waits for the limit is not in the way of others.
			inTime(t, limited(rigConfig{ws: Config{Heartbeat: -1, Handshakes: 1}}, c.limits), func(t *testing.T, r *rig) {
				begin := time.Now()
				waited := make(chan time.Duration, 8)
				var wg sync.WaitGroup
				for range 8 { // three at once, five that wait up to 5 s
					wg.Go(func() {
						dialFrom(t, r, home, annaEcho)
						waited <- time.Since(begin)
					})
				}
				synctest.Wait()
				for i := range 5 {
					remote, target := c.other(i)
					dialFrom(t, r, remote, target)
				}
				if d := time.Since(begin); d != 0 {
					t.Errorf("others waited %v", d)
				}
				no := askFrom(t, r, home, annaEcho)
				wantProblem(t, no.response, 429, c.setting+"); try again in 6 s")
				if after := no.response.Header.Get("Retry-After"); after != "6" {
					t.Errorf("Retry-After: %s", after)
				}
				refused, _ := r.refusals.Newest(0, 10)
				if len(refused) != 1 || refused[0].Value.Setting != c.setting || refused[0].Value.What != auth.RefusedLimit || refused[0].Value.Status != 429 {
					t.Errorf("refusals: %+v", refused)
				}
				wg.Wait()
				var total time.Duration
				for range 8 {
					total += <-waited
				}
				if total != (1+2+3+4+5)*time.Second {
					t.Errorf("they waited %v together", total)
				}
				time.Sleep(time.Second)
				at := time.Now()
				dialFrom(t, r, home, annaEcho)
				if d := time.Since(at); d != 0 {
					t.Errorf("who has waited waits %v more", d)
				}
			})
		})
	}
}

// What is refused for another reason counts for the address: guessing is slowed down too.
func TestRefusedRequestsCountForTheAddress(t *testing.T) {
	inTime(t, limited(rigConfig{}, quota.Config{Address: quota.Limits{Handshakes: 60}, Surge: 3 * time.Second}), func(t *testing.T, r *rig) {
		begin := time.Now()
		for range 5 {
			if no := askFrom(t, r, home, "/services/echo?user=nobody"); no.response.StatusCode != 401 {
				t.Fatal(no.response.Status)
			}
		}
		if d := time.Since(begin); d != 2*time.Second {
			t.Errorf("five tries took %v", d)
		}
	})
}

// A handshake that waits for a limit ends when the server stops; its place among those under way is right.
func TestHeldHandshakesEndWithTheServer(t *testing.T) {
	for name, limits := range map[string]quota.Config{
		"of a user":       {User: quota.Limits{Handshakes: 1}, Patience: time.Hour},
		"from an address": {Address: quota.Limits{Handshakes: 1}, Patience: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, limited(rigConfig{ws: Config{Handshakes: 1}}, limits), func(t *testing.T, r *rig) {
				dialFrom(t, r, home, annaEcho)
				begin := time.Now()
				status := make(chan int)
				go func() { status <- askFrom(t, r, home, annaEcho).response.StatusCode }()
				synctest.Wait()
				if inside, _ := r.server.gate.load(); inside != 0 {
					t.Errorf("%d are inside", inside)
				}
				go r.server.Shutdown(context.Background())
				if got := <-status; got != 503 {
					t.Errorf("status %d", got)
				}
				if d := time.Since(begin); d > time.Second {
					t.Errorf("it took %v", d)
				}
				synctest.Wait()
				if inside, _ := r.server.gate.load(); inside != 0 {
					t.Errorf("%d are inside afterwards", inside)
				}
			})
		})
	}
}

// Over real sockets: one user with many of them is slowed down and loses nothing, then is refused; another user of
// the same address is served all the time.
func TestLimitsOverRealSockets(t *testing.T) {
	both(t, limited(rigConfig{ws: Config{Throttle: time.Second}}, quota.Config{User: quota.Limits{Messages: 200}, Surge: time.Second, Debt: time.Second}), func(t *testing.T, r *rig) {
		const sockets, each = 4, 60 // 40 more than there are at once
		other := dial(t, r.url, borisEcho)
		began := time.Now()
		clients := make([]*client, sockets)
		for i := range clients {
			clients[i] = dial(t, r.url, annaEcho)
			flood(clients[i], each, textFrame)
		}
		for _, c := range clients {
			for i := range each {
				c.wantText(fmt.Sprint(i))
			}
		}
		if d := time.Since(began); d < 150*time.Millisecond {
			t.Errorf("%d messages took %v", sockets*each, d)
		}
		for _, c := range clients {
			flood(c, 1e6, textFrame)
		}
		for range sockets {
			r.wantEnd(t, 1008)
		}
		other.text("hello")
		other.wantText("hello")
		if text := clients[0].wantClose(1008); !strings.Contains(text, "limits.user_messages") {
			t.Errorf("the client is told %q", text)
		}
	})
}

// Over real sockets a user who connects too often gets 429, and another of the same address gets in.
func TestHandshakesOverRealSockets(t *testing.T) {
	both(t, limited(rigConfig{}, quota.Config{User: quota.Limits{Handshakes: 600}, Surge: time.Second, Patience: 500 * time.Millisecond}), func(t *testing.T, r *rig) {
		refused := make(chan *http.Response, 40)
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				if c := ask(t, r.url, annaEcho, nil); c.response.StatusCode != 101 {
					refused <- c.response
				}
			})
		}
		wg.Wait()
		dial(t, r.url, borisEcho)
		close(refused)
		n := 0
		for resp := range refused {
			n++
			wantProblem(t, resp, 429, "this user connects more than 600 times a minute (limits.user_handshakes); try again in")
			if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || s < 1 || s > 4 {
				t.Errorf("Retry-After: %s", resp.Header.Get("Retry-After"))
			}
		}
		if n == 0 {
			t.Error("nobody was refused")
		}
	})
}

// answerFrom serves one request that comes over a connection, as if it came from an address.
func answerFrom(r *rig, nc net.Conn, remote string) {
	br := bufio.NewReader(nc)
	req, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	req.RemoteAddr = remote
	answer := httptest.NewRecorder()
	r.server.ServeHTTP(pipeWriter{answer, nc, br}, req)
	if answer.Code != http.StatusOK { // no socket: the connection is not the server's
		var b bytes.Buffer
		answer.Result().Write(&b)
		io.Copy(nc, &b)
		nc.Close()
	}
}
