package faults

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// program is the built binary, running on a data folder.
type program struct {
	t      *testing.T
	path   string
	dir    string // has the app and the data
	cmd    *exec.Cmd
	output bytes.Buffer // valid when it has ended
}

func build(t *testing.T) *program {
	p := &program{t: t, path: filepath.Join(t.TempDir(), "tutorsocket"), dir: t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", p.path, "../../cmd/tutorsocket").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, text := range services("mail", "post") {
		servertest.WriteFile(t, filepath.Join(p.dir, "app", name), text)
	}
	return p
}

// start starts it, and returns where it answers.
func (p *program) start(r *rig) {
	p.cmd = exec.Command(p.path, "dev", "--listen", "127.0.0.1:0", "--app", "app", "--data", "data")
	p.cmd.Dir = p.dir
	// Queues hold all that is sent while a client is away.
	p.cmd.Env = append(os.Environ(), "TUTORSOCKET_SHUTDOWN_DRAIN=2s", "TUTORSOCKET_QUEUE_MAX_MESSAGES=1000000", "TUTORSOCKET_QUEUE_MAX_BYTES=1GiB")
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it has ended, unless the test failed
	var admin struct{ Server, Token string }
	r.until("the program answers", func() bool {
		text, err := os.ReadFile(filepath.Join(p.dir, "data", "admin.json"))
		if err != nil || json.Unmarshal(text, &admin) != nil {
			return false
		}
		r.move(admin.Server, admin.Token)
		status, _ := r.ask("GET", "/nodes", nil)
		return status == 200
	})
}

// ended waits until it ends by itself, and returns its exit code.
func (p *program) ended() int {
	stuck := time.AfterFunc(servertest.Patience, func() { _ = p.cmd.Process.Kill() })
	defer stuck.Stop()
	_ = p.cmd.Wait() // the code says it
	return p.cmd.ProcessState.ExitCode()
}

// TestSignals: the program is told to end by SIGTERM and by Ctrl-C while messages flow, ends with 0, and finds the
// sockets again when it is started anew.
func TestSignals(t *testing.T) {
	rnd := chance(t)
	p := build(t)
	r := rigAt(t, "", "")
	p.start(r)
	seats := r.seatsOf(4, "11", "12")
	clients := make([]*client, len(seats))
	for i, s := range seats {
		clients[i] = s.open()
	}
	for range rounds(1) {
		for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
			f := r.flow(rnd, true, seats...)
			r.until("messages flow", func() bool { return f.sent.Load() > 30 })
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			clients[0].snap(cut(rnd.IntN(cutKinds)))
			var ending sync.WaitGroup
			for _, c := range clients[1:] {
				ending.Go(func() {
					if code := c.wait("1012"); code != 1012 {
						t.Errorf("%s was closed with %d %s, want 1012", c.seat.key(), code, c.reason)
					}
				})
			}
			ending.Wait()
			if code := p.ended(); code != 0 {
				t.Errorf("after %v it ends with %d:\n%s", signal, code, p.output.String())
			}
			f.end()
			p.start(r)
			from := r.sender("between")
			for i, s := range seats {
				from.sendTo(s.key(), 2)
				clients[i] = s.open()
				clients[i].expect(from.name, from.last)
			}
		}
	}
	v := r.settle(clients...)
	if v.Forgotten > 0 {
		t.Error("a restart loses messages")
	}
	bye(clients...)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ended(); code != 0 {
		t.Errorf("with nothing to wait for it ends with %d:\n%s", code, p.output.String())
	}
}
