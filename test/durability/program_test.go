package durability

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "durability")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tutorsocket")
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/tutorsocket").CombinedOutput()
	if err != nil {
		_, _ = os.Stderr.Write(out)
	}
	return path, err
})

// program is the built binary and the data folder it works on.
type program struct {
	t    *testing.T
	path string
	data string
	args []string // besides those every start has
	env  []string // NAME=value

	cmd    *exec.Cmd
	output bytes.Buffer // valid when it has ended
	ended  chan struct{}
	http   *http.Client
	server string
	token  string
}

func newProgram(t *testing.T, data string) *program {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return &program{t: t, path: path, data: data, http: &http.Client{Transport: transport, Timeout: servertest.Patience}}
}

// newPost is a program with the app of this package, of which the service post is durable. settings are NAME=value.
func newPost(t *testing.T, settings ...string) *program {
	p := newProgram(t, filepath.Join(t.TempDir(), "data"))
	p.args = []string{"--app", servertest.WriteFiles(t, app)}
	p.env = []string{"TUTORSOCKET_SERVICES_POST_DELIVERY=durable"}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		p.env = append(p.env, "TUTORSOCKET_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))+"="+value)
	}
	return p
}

// launch starts the server, and does not wait for it.
func (p *program) launch() {
	p.t.Helper()
	_ = os.Remove(filepath.Join(p.data, "admin.json")) // of the one that was killed
	p.output.Reset()
	p.cmd = exec.Command(p.path, append([]string{"dev", "--listen", "127.0.0.1:0", "--data", p.data}, p.args...)...)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, ended := p.cmd, make(chan struct{})
	p.ended = ended
	go func() {
		defer close(ended)
		_ = cmd.Wait() // its state says how
	}()
	p.t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
}

// start starts the server and returns when it answers.
func (p *program) start() {
	p.t.Helper()
	p.launch()
	for deadline := time.Now().Add(servertest.Patience); ; time.Sleep(2 * time.Millisecond) {
		var admin struct{ Server, Token string }
		text, err := os.ReadFile(filepath.Join(p.data, "admin.json"))
		if err == nil && json.Unmarshal(text, &admin) == nil {
			p.server, p.token = admin.Server, admin.Token
			if status, _ := p.ask(http.MethodGet, "/nodes", nil); status == http.StatusOK {
				return
			}
		}
		select {
		case <-p.ended:
			p.t.Fatalf("the program does not start:\n%s", p.output.String())
		default:
		}
		if time.Now().After(deadline) {
			p.t.Fatal("the program does not answer")
		}
	}
}

// end sends a signal and returns when the program has ended.
func (p *program) end(signal os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	p.wait()
}

func (p *program) wait() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(servertest.Patience):
		p.t.Fatal("the program does not end")
	}
}

// ask makes a request of the API; the status is 0 if there was no answer.
func (p *program) ask(method, path string, body any) (status int, answer []byte) {
	text, err := json.Marshal(body)
	if err != nil {
		p.t.Error(err)
		return 0, nil
	}
	req, err := http.NewRequestWithContext(context.Background(), method, p.server+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		p.t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

// run runs a command of the program on its data folder.
func (p *program) run(args ...string) (output string, code int) {
	p.t.Helper()
	cmd := exec.Command(p.path, append(args, "--data", p.data)...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
