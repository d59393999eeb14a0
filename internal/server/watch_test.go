package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// patiently is the context of something that must come soon.
func patiently(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	t.Cleanup(cancel)
	return ctx
}

// TestViewersKnowWhoIsThere: sockets open and close, and viewers whose connections break again
// and again know each of them once.
func TestViewersKnowWhoIsThere(t *testing.T) {
	const workers, rounds, viewers = 4, 30, 3
	// Without a window a socket that loses its connection ends.
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) { c.Resume.Window = 0 }))
	var viewing, working sync.WaitGroup
	for v := range viewers {
		viewing.Go(func() { view(t, s, v, workers*rounds/3) })
	}
	for w := range workers {
		working.Go(func() {
			for i := range rounds {
				id := fmt.Sprintf("w%d.%d", w, i)
				socket := s.Dial(t, "echo", id)
				if i%3 == 0 {
					socket.Close(t)
				} else if i%3 == 1 {
					socket.Drop()
				}
			}
		})
	}
	working.Wait()
	s.Dial(t, "echo", "the-last")
	viewing.Wait()
}

// view follows the sockets until the last one, leaving the stream at random, and checks what it
// knows then. Sockets that were dropped may end later than the last one opens, so it goes on
// until none but those that stay are left.
func view(t *testing.T, s *servertest.Server, v, stay int) {
	ctx := patiently(t)
	r := rand.New(rand.NewPCG(uint64(v), 3))
	here := map[string]bool{}
	after := ""
	complete := func() bool { return here["the-last"] && len(here) == stay+1 }
	for !complete() && ctx.Err() == nil {
		stream, leave := context.WithCancel(ctx)
		left := r.IntN(20) + 1
		err := s.API.SocketEvents(stream, api.SocketEventQuery{Snapshot: true, After: after}, func(e api.SocketEvent) {
			if stream.Err() != nil {
				return // what comes with the last one is to be told again
			}
			switch e.Event {
			case "snapshot":
				clear(here)
			case "opened":
				if here[e.StatefulID] {
					t.Errorf("viewer %d: %s is opened twice", v, e.StatefulID)
				}
				here[e.StatefulID] = true
			case "ended":
				if !here[e.StatefulID] {
					t.Errorf("viewer %d: %s ends and was not there", v, e.StatefulID)
				}
				delete(here, e.StatefulID)
			case "changed":
				if here[e.StatefulID] == e.Matches {
					t.Errorf("viewer %d: %s %s: there before and after", v, e.StatefulID, e.Change)
				}
				if delete(here, e.StatefulID); e.Matches {
					here[e.StatefulID] = true
				}
			}
			if e.ID != "" {
				after = e.ID
				if left--; left <= 0 || complete() {
					leave()
				}
			}
		})
		leave()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("viewer %d: %v", v, err)
			return
		}
	}
	list, err := s.API.Sockets(ctx, api.SocketQuery{Limit: 1000})
	if err != nil {
		t.Error(err)
	}
	want := map[string]bool{}
	for _, socket := range list.Items {
		want[socket.StatefulID] = true
	}
	if !maps.Equal(here, want) {
		t.Errorf("viewer %d knows %v, and there are %v", v, here, want)
	}
}

// TestAViewerThatReadsNothingHoldsNobodyUp, and is told what it missed.
func TestAViewerThatReadsNothingHoldsNobodyUp(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	resp, hurry := slowly(t, s, "/api/v1/sockets/events?snapshot=true")
	// More than connection and ring hold, from a script: requests would take long.
	outcome, err := s.API.Run(patiently(t), api.RunRequest{Source: `
var oContext = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
var oSockets = oContext.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets', [ '', true ] );
var sText = '';
while ( StrLen( sText ) < 4000 ) { sText += 'xxxxxxxxxx' }
for ( oSocket in oSockets ) {
	for ( i = 0; i <= 1200; i++ ) {
		oSocket.Value.SetTagsFromJson( EncodeJson( { n: ( i < 1200 ? '' + i : 'end' ), a: sText, b: sText, c: sText } ) );
	}
}`}, func(l api.Line) { t.Log(l.Text) })
	if err != nil || !outcome.OK {
		t.Fatalf("%+v, error %v", outcome, err)
	}
	anna.ExpectQuiet(t)
	hurry()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	lost := false
	for lines.Scan() && !strings.Contains(lines.Text(), `"n":"end"`) {
		lost = lost || strings.Contains(lines.Text(), `{"sockets":1,"reason":"skipped"`)
	}
	if !strings.Contains(lines.Text(), `"n":"end"`) || !lost {
		t.Errorf("told of the loss: %v; error %v, at the end %.200s", lost, lines.Err(), lines.Text())
	}
}

// slowly opens a stream over a connection that holds little, until it is told to hurry.
func slowly(t *testing.T, s *servertest.Server, path string) (resp *http.Response, hurry func()) {
	t.Helper()
	hurry = func() {}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(16 << 10)
			hurry = func() { _ = tcp.SetReadBuffer(1 << 20) } // it only saves time
		}
		return conn, err
	}}
	req, err := http.NewRequestWithContext(patiently(t), "GET", s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token())
	resp, err = transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		resp.Body.Close()
		transport.CloseIdleConnections()
	})
	return resp, hurry
}

// traceOf follows the frames of a socket until it ends. The channel of frames is closed then.
func traceOf(t *testing.T, s *servertest.Server, key, after string) (frames <-chan string, begin func()) {
	t.Helper()
	got := make(chan string, 100)
	ctx := patiently(t)
	begun := make(chan struct{})
	go func() {
		defer close(got)
		first := true
		ended, err := s.API.TraceSocket(ctx, key, after, func(id string, f api.Frame) {
			if first {
				first = false
				close(begun)
			}
			got <- f.Dir + " " + f.Text
		})
		got <- fmt.Sprint("ended ", ended.Code, " ", ended.Reason, " ", err)
	}()
	return got, func() { <-begun }
}

func TestATraceShowsWhatGoesOverTheWire(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	anna.Send(t, "nobody watches")
	anna.Expect(t, "one nobody watches")
	frames, begun := traceOf(t, s, "/services/echo-s-anna", "")
	// Whether the trace has begun only a frame can show.
	stop := make(chan struct{})
	go func() {
		begun()
		close(stop)
	}()
	sent := 0
	for waiting := true; waiting; {
		select {
		case <-stop:
			waiting = false
		default:
			anna.Send(t, "?")
			anna.Expect(t, "one ?")
			sent++
		}
	}
	anna.Write(t, ws.NewPingFrame(nil)) // no text
	anna.Send(t, "$hbt")
	anna.Expect(t, "$ok")
	if _, err := s.API.Send(t.Context(), "/services/echo-s-anna", api.Message{Message: "from outside"}); err != nil {
		t.Fatal(err)
	}
	anna.Expect(t, "from outside")
	again := s.Dial(t, "echo", "anna") // takes the socket over: the trace goes on
	again.Send(t, "привет")
	again.Expect(t, "one привет")
	again.Close(t)
	var seen []string
	for f := range frames {
		if !strings.HasSuffix(f, "?") {
			seen = append(seen, f)
		}
	}
	want := "in $hbt; out $ok; out from outside; in привет; out one привет; ended 1000  <nil>"
	if got := strings.Join(seen, "; "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	resp, _ := s.Ask(t, "GET", "/api/v1/sockets/%2Fservices%2Fecho-s-anna/trace", "")
	if resp.StatusCode != 404 {
		t.Errorf("a socket that has ended gives %d", resp.StatusCode)
	}
}

// TestTokensAreNotShown: a client renews its token while an administrator watches, and while the service logs and
// sends back what it gets.
func TestTokensAreNotShown(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/echo.js": `
function process(context) {
	alert(message);
	EnableLog('frames');
	LogEvent('frames', message);
	tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue',
		[context.WebSocketCurrentId, 'one ' + message, false]);
	if (StrContains(message, 'fail')) throw message;
}`,
	}))
	token := "eyJhbGciOiJFZERTQSJ9." + strings.Repeat("eyJzdWIiOiI0MiJ9", 50) + ".c2lnbmF0dXJl"
	anna := s.Dial(t, "echo", "anna")
	frames, begun := traceOf(t, s, "/services/echo-s-anna", "")
	go func() {
		begun()
		_, _ = s.API.Send(context.WithoutCancel(t.Context()), "/services/echo-s-anna", api.Message{Message: "begin " + token})
	}()
	for {
		anna.Send(t, "?")
		if got := anna.Next(t); got == "begin "+token { // clients get what was meant for them
			anna.Expect(t, "one ?")
			break
		}
	}
	for _, text := range []string{
		`{"action":"renew_token","token":"` + token + `"}`, `{"action":"renew_token","token":"hush"}`, `fail Bearer ` + token,
		strings.Repeat("x", 16<<10-len(token)/2) + " " + token,
	} {
		anna.Send(t, text)
		anna.Expect(t, "one "+text)
	}
	anna.Close(t)
	seen, hidden := "", 0
	for f := range frames {
		seen += f + "\n"
		hidden += strings.Count(f, "[token]")
	}
	s.Lines.Expect(t, "fail Bearer [token]")
	for what, text := range map[string]string{"the trace": seen, "the log": s.Log.String(), "the lines of scripts": s.Lines.String()} {
		if strings.Contains(text, "eyJ") || strings.Contains(text, "hush") {
			t.Errorf("%s holds a token: %s", what, text)
		}
	}
	if hidden < 7 {
		t.Errorf("seen are %d hidden tokens: %s", hidden, seen)
	}
}

// TestATraceIsResumed: what happened while the connection was broken is told, the end too.
func TestATraceIsResumed(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	req, err := http.NewRequestWithContext(patiently(t), "GET", s.URL()+"/api/v1/sockets/%2Fservices%2Fecho-s-anna/trace", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token())
	resp, err := http.DefaultClient.Do(req) // the stream has begun now
	if err != nil {
		t.Fatal(err)
	}
	anna.Send(t, "1")
	anna.Expect(t, "one 1")
	id, told := "", ""
	for buf := make([]byte, 1<<10); id == ""; {
		n, err := resp.Body.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		told += string(buf[:n])
		if opening, _, ok := strings.Cut(told, "\nevent: frame\n"); ok { // the line before is the id of the first frame
			id = opening[strings.LastIndex(opening, "id: ")+len("id: "):]
		}
	}
	resp.Body.Close()
	anna.Send(t, "2")
	anna.Expect(t, "one 2")
	anna.Close(t)
	frames, _ := traceOf(t, s, "/services/echo-s-anna", id)
	got := ""
	for f := range frames {
		got += f + "; "
	}
	if want := "out one 1; in 2; out one 2; ended 1000  <nil>; "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRefusalsAreListed(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) { c.Guard.AllowedHosts = nil }))
	s.Dial(t, "echo", "anna", "1")
	for _, refused := range []struct {
		path    string
		headers []string
	}{
		{"/services/echo", []string{"Origin", "https://evil.example"}},
		{"/services/echo", []string{"Host", "evil.example"}},
		{"/services/none", nil},
		{"/services/echo?X-StatefulSocketId=", nil},
		{"/services/echo?X-StatefulSocketId=anna&X-Dev-User=2", nil},
		{"/services/echo?X-Dev-User=a%20b", nil},
	} {
		if _, err := s.TryDial(t, refused.path, refused.headers...); err == nil {
			t.Fatalf("%v is let in", refused)
		}
	}
	s.Ask(t, "GET", "/services/echo", "")
	s.Ask(t, "GET", "/services/"+strings.Repeat("long", 1000), "")
	s.Ask(t, "GET", "/api/v1/sockets", "", "Authorization", "Bearer wrong")
	s.Ask(t, "GET", "/api/v1/sockets", "", "Authorization", "") // shows no token: not a login
	list, err := s.API.RefusedRequests(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range list.Items {
		if r.Time.IsZero() || time.Since(r.Time) > time.Hour || r.Remote == "" || r.Detail == "" {
			t.Errorf("incomplete: %+v", r)
		}
		if strings.Contains(fmt.Sprint(r), "wrong") || len(fmt.Sprint(r)) > 2000 {
			t.Errorf("it tells too much: %+v", r)
		}
		service := r.Service
		got += fmt.Sprintln(r.What, r.Status, service[:min(4, len(service))], r.StatefulID, r.UserID, r.Origin, r.Add)
	}
	want := strings.TrimLeft(`
token 401     
service 404 long    
handshake 426 echo    
user 401 echo    
stateful_id 403 echo anna 2  
stateful_id 400 echo    
service 404 none    
host 403     --host evil.example
origin 403    https://evil.example --origin https://evil.example
`, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestASendIsFinishedWhoeverLeaves: a client that goes away before the answer can repeat its
// request, and gets the answer of the first.
func TestASendIsFinishedWhoeverLeaves(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	anna := s.Dial(t, "echo", "anna")
	messages := make([]api.BatchMessage, 50)
	for i := range messages {
		messages[i] = api.BatchMessage{Key: "/services/echo-s-anna", GroupMessage: api.GroupMessage{Message: api.Message{Message: fmt.Sprint(i)}}}
	}
	for round := range 20 {
		ctx := api.WithIdempotencyKey(t.Context(), fmt.Sprint("round", round))
		hasty, cancel := context.WithCancel(ctx)
		go cancel()
		_, _ = s.API.SendBatch(hasty, messages) // the client may be gone at any moment
		var results api.BatchResults
		for {
			var err error
			results, err = s.API.SendBatch(ctx, messages)
			var refusal *api.Refusal
			if errors.As(err, &refusal) && refusal.Status == 409 {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		for i, r := range results.Results {
			if r.Status != 202 {
				t.Fatalf("message %d: %+v", i, r)
			}
			anna.Expect(t, fmt.Sprint(i))
		}
	}
	anna.ExpectQuiet(t)
}
