package main

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

func init() {
	terminalCommands = map[string]func(*testscript.TestScript, bool, []string){
		"terminal": openTerminal, "keys": pressKeys, "shows": shows, "ended": ended,
	}
}

// session is a command on a pseudo-terminal.
type session struct {
	control *os.File
	cmd     *exec.Cmd
	read    chan struct{} // closed when nothing more comes

	mu   sync.Mutex
	text []byte // what came and was not looked for yet
}

// sessions are those of the scripts that run; a script has one at a time.
var sessions sync.Map

func openTerminal(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: terminal COMMAND…")
	}
	control, tty := openPTY(ts)
	defer tty.Close()
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	s := &session{control: control, cmd: exec.Command(path, args[1:]...), read: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env = ts.MkAbs("."), environ(ts)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = tty, tty, tty
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(s.cmd.Start())
	go s.listen()
	sessions.Store(ts, s)
	ts.Defer(func() {
		_ = s.cmd.Process.Kill() // most have ended
		_ = s.cmd.Wait()
		control.Close()
		<-s.read
		sessions.Delete(ts)
	})
}

// environ are the variables of the script that a command here needs.
func environ(ts *testscript.TestScript) (all []string) {
	for _, name := range []string{"HOME", "PATH", "TMPDIR", "XDG_STATE_HOME", "NO_COLOR", "GORACE", "TUTORSOCKET_TOKEN"} {
		if value := ts.Getenv(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return append(all, "TERM=xterm")
}

func openPTY(ts *testscript.TestScript) (control, tty *os.File) {
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	ts.Check(err)
	ts.Check(unix.IoctlSetPointerInt(int(control.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(control.Fd()), unix.TIOCGPTN)
	ts.Check(err)
	ts.Check(unix.IoctlSetWinsize(int(control.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 200}))
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	ts.Check(err)
	return control, tty
}

func (s *session) listen() {
	defer close(s.read)
	buffer := make([]byte, 4096)
	for {
		n, err := s.control.Read(buffer)
		s.mu.Lock()
		s.text = append(s.text, buffer[:n]...)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func sessionOf(ts *testscript.TestScript) *session {
	s, ok := sessions.Load(ts)
	if !ok {
		ts.Fatalf("there is no terminal")
	}
	return s.(*session)
}

// pressKeys types texts, each with Enter behind it; those that begin with a caret are keys.
func pressKeys(ts *testscript.TestScript, _ bool, args []string) {
	names := map[string]string{"^C": "\x03", "^D": "\x04", "^up": "\x1b[A", "^left": "\x1b[D", "^tab": "\t"}
	s := sessionOf(ts)
	for _, arg := range args {
		key, named := names[arg]
		if !named {
			key = strings.TrimSuffix(arg, "^") // without Enter
			if key == arg {
				key += "\r"
			}
		}
		_, err := s.control.WriteString(key)
		ts.Check(err)
	}
}

// shows waits for texts, one behind the other.
func shows(ts *testscript.TestScript, _ bool, args []string) {
	s := sessionOf(ts)
	for _, want := range args {
		deadline := time.Now().Add(patience)
		for !s.found(want) {
			if time.Now().After(deadline) {
				s.mu.Lock()
				defer s.mu.Unlock()
				ts.Fatalf("%q was not shown; there is\n%q", want, s.text)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// found looks for a text and passes over what is before it.
func (s *session) found(want string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := bytes.Index(s.text, []byte(want))
	if i >= 0 {
		s.text = s.text[i+len(want):]
	}
	return i >= 0
}

// ended waits for the end of the command and compares its exit code.
func ended(ts *testscript.TestScript, _ bool, args []string) {
	s := sessionOf(ts)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.cmd.Wait() // the code says how it ended
	}()
	select {
	case <-done:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-done
		ts.Fatalf("it does not end")
	}
	if code := s.cmd.ProcessState.ExitCode(); len(args) != 1 || strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %v; there is\n%q", code, args, s.text)
	}
}
