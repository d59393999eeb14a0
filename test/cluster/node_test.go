package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// node is one tutorsocket server.
type node struct {
	*process
	address string
	links   []*link // to the NATS servers
	http    *http.Client
	base    string
}

// answerTime bounds a request: nothing of what nodes ask each other takes so long.
const answerTime = 20 * time.Second

// newNodes starts nodes a, b, c… on NATS servers and waits until they answer. settings are KEY=VALUE.
func newNodes(t testing.TB, s *servers, n int, settings ...string) (nodes []*node) {
	t.Helper()
	path, err := programs.tutorsocket()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"TUTORSOCKET_NATS_REPLICAS=" + fmt.Sprint(len(s.list)), "TUTORSOCKET_SHUTDOWN_DRAIN=3s"}
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		env = append(env, "TUTORSOCKET_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))+"="+value)
	}
	for i, address := range freeAddresses(t, n) {
		one := &node{address: address, base: "http://" + address}
		transport := &http.Transport{MaxIdleConnsPerHost: 16}
		one.http = &http.Client{Transport: transport, Timeout: answerTime}
		t.Cleanup(transport.CloseIdleConnections)
		var urls []string
		for _, server := range s.list {
			l := newLink(t, server.client)
			one.links = append(one.links, l)
			urls = append(urls, "nats://"+l.address())
		}
		dir := servertest.WriteFiles(t, app)
		one.process = &process{
			t: t, name: string(rune('a' + i)), path: path, dir: dir,
			args: []string{"dev", "--app", ".", "--data", "data", "--listen", address, "--node-name", string(rune('a' + i))},
			env:  append(slices.Clone(env), "TUTORSOCKET_NATS_URL="+strings.Join(urls, ",")),
		}
		one.start()
		t.Cleanup(one.cleanUp)
		nodes = append(nodes, one)
	}
	for _, one := range nodes {
		one.ready()
	}
	return nodes
}

// ready waits until the node answers.
func (n *node) ready() {
	n.t.Helper()
	until(n.t, n.name+" answers", func() bool {
		if !n.runs() {
			n.t.Fatalf("%s has ended:\n%s", n.name, n.text())
		}
		status, _ := n.ask(http.MethodGet, "/nodes", nil)
		return status == http.StatusOK
	})
}

// partition cuts the node off from all NATS servers, or undoes it.
func (n *node) partition(cut bool) {
	for _, l := range n.links {
		if cut {
			l.cut()
		} else {
			l.heal()
		}
	}
}

// token is that of the last start.
func (n *node) token() string {
	var admin struct{ Token string }
	text, err := os.ReadFile(filepath.Join(n.dir, "data", "admin.json"))
	if err == nil {
		err = json.Unmarshal(text, &admin)
	}
	if err != nil {
		return ""
	}
	return admin.Token
}

// ask makes a request of the API. The status is 0 if there was no answer.
func (n *node) ask(method, path string, body any) (status int, answer []byte) {
	text, err := json.Marshal(body)
	if err != nil {
		n.t.Error(err)
		return 0, nil
	}
	req, err := http.NewRequestWithContext(context.Background(), method, n.base+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		n.t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+n.token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.http.Do(req)
	if err != nil {
		time.Sleep(5 * time.Millisecond) // one that is away is not to be asked all the time
		return 0, nil
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

// must is ask where a status is expected, and decodes the answer into one.
func (n *node) must(want int, method, path string, body, answer any) {
	n.t.Helper()
	status, text := n.ask(method, path, body)
	if status != want {
		n.t.Fatalf("%s: %s %s: status %d, want %d: %s", n.name, method, path, status, want, text)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			n.t.Fatalf("%s: %s %s: %v: %s", n.name, method, path, err, text)
		}
	}
}

// run runs a script and returns the lines it writes.
func (n *node) run(source string) string {
	n.t.Helper()
	var result api.RunResult
	n.must(http.StatusOK, http.MethodPost, "/runs", map[string]any{"source": source}, &result)
	var lines []string
	for _, line := range result.Lines {
		lines = append(lines, line.Text)
	}
	if !result.OK {
		n.t.Fatalf("%s: %s\n%s: %+v", n.name, source, strings.Join(lines, "\n"), result)
	}
	return strings.Join(lines, "\n")
}

// app has an ordinary service, mail, one whose queues are durable, post, and one that answers what it is sent.
var app = map[string]string{
	"services/mail.js": service,
	"services/post.js": service,
	"services/echo.js": "function process( context )\n{\n\ttools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ RValue( context.WebSocketCurrentId ), message, true ] );\n}\n",
}

const service = `
function process( context )
{
	order = ParseJson( message );
	for ( key in order.to )
	{
		tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ key, order.text, true ] );
	}
}
`

// pause stops the process where it is, and goOn has it run again.
func (n *node) pause() { n.signal(syscall.SIGSTOP) }
func (n *node) goOn()  { n.signal(syscall.SIGCONT) }
