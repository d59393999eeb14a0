package durability

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDamagedStore: a program whose store was damaged after a kill does not start and names the file, keeps what can
// be read when it is told to, and starts then.
func TestDamagedStore(t *testing.T) {
	for name, harm := range map[string]func(text []byte) []byte{
		"torn tail":      func(text []byte) []byte { return text[:len(text)-10] },
		"half":           func(text []byte) []byte { return text[:len(text)/2] },
		"emptied":        func([]byte) []byte { return nil },
		"garbled head":   func(text []byte) []byte { return append([]byte("garbage!"), text[8:]...) },
		"garbled middle": func(text []byte) []byte { return bytes.Replace(text, []byte(`"n":20,`), []byte(`"n":99,`), 1) },
		"zeros":          func(text []byte) []byte { return make([]byte, len(text)) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t, filepath.Join(t.TempDir(), "data"))
			p.start()
			for n := 1; n <= 40; n++ {
				if !overHTTP(p, "damaged/"+string(rune('A'+n-1)), n) {
					t.Fatal("not stored")
				}
			}
			p.end(syscall.SIGKILL)
			block := newestBlock(t, p.data, "KV_userdata")
			text, err := os.ReadFile(block)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(block, harm(text), 0o600); err != nil {
				t.Fatal(err)
			}

			p.launch()
			p.wait()
			said := p.output.String()
			if p.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, "user data: "+block) || !strings.Contains(said, "tutorsocket data recover") {
				t.Fatalf("it ended with %d and said:\n%s", p.cmd.ProcessState.ExitCode(), said)
			}
			if out, code := p.run("data", "recover", "--check"); code != 1 || !strings.Contains(out, block) {
				t.Errorf("--check ended with %d and said:\n%s", code, out)
			}
			if now, err := os.ReadFile(block); err != nil || !bytes.Equal(now, harm(text)) {
				t.Errorf("a look at the store changed it (%v)", err)
			}

			out, code := p.run("data", "recover")
			if code != 0 || !strings.Contains(out, "the damaged files are in ") {
				t.Fatalf("recover ended with %d and said:\n%s", code, out)
			}
			p.start()
			kept := 0
			for n := 1; n <= 40; n++ {
				got, ok := readOverHTTP(p, "damaged/"+string(rune('A'+n-1)))
				if !ok || got != 0 && got != n {
					t.Errorf("value %d is %d (%v)", n, got, ok)
				}
				if got == n {
					kept++
				}
			}
			t.Logf("%d of 40 kept", kept)
			if want := map[string]int{"torn tail": 39, "garbled head": 39, "garbled middle": 39}[name]; kept < want {
				t.Errorf("%d of 40 values are kept, want %d", kept, want)
			}
			if !overHTTP(p, "after", 1) {
				t.Error("nothing can be stored after the recovery")
			}
			p.end(syscall.SIGKILL)
			p.start() // and it is whole from now on
			if got, ok := readOverHTTP(p, "after"); got != 1 || !ok {
				t.Error("what was stored after the recovery is gone")
			}
			p.end(syscall.SIGTERM)
		})
	}
}

// TestStoreThatIsGone: somebody removed the store, not the data folder.
func TestStoreThatIsGone(t *testing.T) {
	p := newProgram(t, filepath.Join(t.TempDir(), "data"))
	p.start()
	if !overHTTP(p, "key", 1) {
		t.Fatal("not stored")
	}
	p.end(syscall.SIGTERM)
	if err := os.RemoveAll(filepath.Join(p.data, "nats")); err != nil {
		t.Fatal(err)
	}
	p.launch()
	p.wait()
	if said := p.output.String(); !strings.Contains(said, "is gone, with all") {
		t.Fatalf("it said:\n%s", said)
	}
	if out, code := p.run("data", "recover"); code != 0 {
		t.Fatalf("recover ended with %d and said:\n%s", code, out)
	}
	p.start()
	if status, _ := p.ask(http.MethodGet, "/user-data/key", nil); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
	p.end(syscall.SIGTERM)
}
