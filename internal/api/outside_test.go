package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestNamesOfMembersAreExact: what the document does not have is not taken for
// something it has.
func TestNamesOfMembersAreExact(t *testing.T) {
	f := newFixture(t)
	socket := f.open(t, anna, "1", nil)
	for _, body := range []string{`{"Message":"x"}`, `{"message":"x","MESSAGE":"y"}`, `{"message":"x","Json_Compound":true}`} {
		resp, answer := f.ask(t, "POST", "/api/v1/sockets/"+encoded(anna)+"/messages", body)
		if resp.StatusCode != 422 || !strings.Contains(answer, "unexpected property") {
			t.Errorf("%s: %d %s", body, resp.StatusCode, answer)
		}
	}
	if depth := socket.Info().QueueMessages; depth != 0 {
		t.Errorf("%d messages were sent", depth)
	}
}

// TestOtherOrigins: a page that the guard lets in can use the API, and read what it answers.
func TestOtherOrigins(t *testing.T) {
	f := newFixture(t)
	const page = "http://localhost:3000"
	req, err := http.NewRequest("OPTIONS", f.server.URL+"/api/v1/sockets/"+encoded(anna)+"/tags", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Origin": page, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,content-type",
	} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // without a token, as browsers do
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	allowed := resp.Header.Get("Access-Control-Allow-Headers")
	if resp.StatusCode != 204 || resp.Header.Get("Access-Control-Allow-Origin") != page || resp.Header.Get("Access-Control-Allow-Credentials") != "" ||
		!strings.Contains(resp.Header.Get("Access-Control-Allow-Methods"), "PATCH") || !strings.Contains(allowed, "Authorization") || !strings.Contains(allowed, "Content-Type") {
		t.Errorf("preflight: %s %v", resp.Status, resp.Header)
	}
	for path, want := range map[string]int{"/api/v1/sockets": 200, "/api/v1/sockets?limit=0": 422, "/api/v1/none": 404} {
		resp, _ := f.ask(t, "GET", path, "", "Origin", page)
		if resp.StatusCode != want || resp.Header.Get("Access-Control-Allow-Origin") != page || !strings.Contains(resp.Header.Get("Access-Control-Expose-Headers"), "ETag") {
			t.Errorf("%s: %s %v", path, resp.Status, resp.Header)
		}
	}
	if resp, _ := f.ask(t, "GET", "/api/v1/sockets", ""); resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without an Origin: %v", resp.Header)
	}
	if resp, _ := f.ask(t, "OPTIONS", "/api/v1/sockets", "", "Origin", page); !strings.Contains(resp.Header.Get("Allow"), "GET") {
		t.Errorf("OPTIONS that is no preflight: %s %v", resp.Status, resp.Header)
	}
}

// TestAStreamCutBeforeItsFirstEvent goes on where it began.
func TestAStreamCutBeforeItsFirstEvent(t *testing.T) {
	f := newFixture(t)
	s := f.follow(t, "/sockets/events", "")
	id := firstID(t, s)
	s.resp.Body.Close()
	f.open(t, anna, "1", nil)
	again := f.follow(t, "/sockets/events", id)
	again.expect(t, "opened "+anna, "key")
	// One that must begin with the sockets there are would pass over them with an id.
	snapshot := f.follow(t, "/sockets/events?snapshot=true", "")
	if !snapshot.lines.Scan() || !strings.HasPrefix(snapshot.lines.Text(), ":") {
		t.Errorf("a snapshot begins with %q", snapshot.lines.Text())
	}
}

// TestATraceCutBeforeItsFirstFrame likewise.
func TestATraceCutBeforeItsFirstFrame(t *testing.T) {
	f, trace, path := traced(t)
	s := f.follow(t, path, "")
	id := firstID(t, s)
	s.resp.Body.Close()
	trace.frame("in", "1")
	again := f.follow(t, path, id)
	again.expect(t, "frame 1", "text")
}

// firstID reads the block a stream begins with.
func firstID(t *testing.T, s *stream) string {
	t.Helper()
	id := ""
	for s.lines.Scan() && s.lines.Text() != "" {
		if text, ok := strings.CutPrefix(s.lines.Text(), "id: "); ok {
			id = text
		}
	}
	if id == "" {
		t.Fatal("the stream begins without an id")
	}
	return id
}

// TestAClientThatStillWritesHearsThatItIsTooMuch: the answer must not break the
// connection while the client, which does not listen meanwhile, writes its body.
func TestAClientThatStillWritesHearsThatItIsTooMuch(t *testing.T) {
	f := newFixture(t)
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil { // only ends a test that fails
		t.Fatal(err)
	}
	const size = 6 << 20
	if _, err := fmt.Fprintf(conn, "POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", token, size); err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range size / len(block) {
		if _, err := conn.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 413 || resp.Close {
		t.Errorf("%s, the connection is closed: %v", resp.Status, resp.Close)
	}
}
