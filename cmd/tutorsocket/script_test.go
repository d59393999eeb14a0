package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// patience is how long anything expected may take.
const patience = time.Minute

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tutorsocket": main})
}

// TestScript runs the binary as one would in a terminal. Besides the usual
// commands of testscript there are:
//
//	exits N COMMAND…  run a command that must end with the exit code N
//	ready [DATA]      wait until the server with the data folder (.tutorsocket)
//	                  answers; sets SERVER, ADDR and TOKEN
//	unready           wait until the server at SERVER is no longer ready
//	terminate         send SIGTERM to the commands in the background
//	http METHOD PATH  ask the server at SERVER, with the token; the answer is
//	                  standard output
//	connect PATH      open a socket to the server at SERVER and keep it
//	cut PATH          open a socket and break its connection
//	waits PATTERN COMMAND…  run a command until its standard output matches
//	keep NAME         set NAME to what the last command printed, a line
//	occupy            listen on a free port until the end; sets OCCUPIED
//	port              set PORT to one that is free, and that nobody is given by chance
//
// and on Linux, for a command on a pseudo-terminal (terminal_linux_test.go):
//
//	terminal COMMAND… start it
//	keys TEXT…        type texts with Enter, "TEXT^" without it, or ^C ^D ^up ^left ^tab
//	shows TEXT…       wait until it shows them, in this order
//	ended N           wait until it ends with the exit code
func TestScript(t *testing.T) {
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"exits":     exits,
		"ready":     ready,
		"unready":   unready,
		"terminate": terminate,
		"http":      ask,
		"connect":   connect,
		"cut":       cut,
		"occupy":    occupy,
		"port":      freePort,
		"waits":     waits,
		"keep":      keep,
	}
	maps.Copy(commands, terminalCommands)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // each command would take a second more
			return nil
		},
		Cmds: commands,
	})
}

// terminalCommands need a pseudo-terminal.
var terminalCommands map[string]func(*testscript.TestScript, bool, []string)

// freePort looks below the ports that systems give out by themselves, so that a server can come back to it.
func freePort(ts *testscript.TestScript, _ bool, _ []string) {
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(12000)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		l.Close()
		ts.Setenv("PORT", strings.TrimPrefix(addr, "127.0.0.1:"))
		return
	}
	ts.Fatalf("there is no free port")
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// until asks again and again, and fails when it takes too long.
func until(ts *testscript.TestScript, what string, done func() bool) {
	for deadline := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func keep(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: keep NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func ready(ts *testscript.TestScript, _ bool, args []string) {
	data := ".tutorsocket"
	if len(args) > 0 {
		data = args[0]
	}
	var admin struct{ Server, Token string }
	until(ts, "server ready", func() bool {
		text, err := os.ReadFile(ts.MkAbs(filepath.Join(data, "admin.json")))
		return err == nil && json.Unmarshal(text, &admin) == nil && isReady(admin.Server, tlscert.TrustLocal(ts.MkAbs(data)))
	})
	ts.Setenv("SERVER", admin.Server)
	_, addr, _ := strings.Cut(admin.Server, "://")
	ts.Setenv("ADDR", addr)
	ts.Setenv("TOKEN", admin.Token)
}

func unready(ts *testscript.TestScript, _ bool, _ []string) {
	until(ts, "server not ready", func() bool { return !isReady(ts.Getenv("SERVER"), nil) })
}

func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

func isReady(server string, trust *tls.Config) bool {
	transport := http.DefaultTransport.(*http.Transport)
	if trust != nil {
		transport = &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}
	}
	resp, err := (&http.Client{Transport: transport}).Get(server + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func ask(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: http METHOD PATH")
	}
	req, err := http.NewRequest(args[0], ts.Getenv("SERVER")+args[1], nil)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
	resp, err := http.DefaultTransport.RoundTrip(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	_, err = ts.Stdout().Write([]byte(resp.Status + "\n" + string(body) + "\n"))
	ts.Check(err)
}

func connect(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: connect PATH")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, _, err := ws.Dial(ctx, "ws://"+ts.Getenv("ADDR")+args[0])
	ts.Check(err)
	ts.Check(settled(conn))
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		answerClose(conn)
	}()
	ts.Defer(func() {
		conn.Close()
		<-answered
	})
}

// settled waits until the server reads from a connection: its answer to the handshake comes a moment before.
func settled(conn net.Conn) error {
	if err := ws.WriteFrame(conn, ws.MaskFrame(ws.NewTextFrame([]byte("$hbt")))); err != nil {
		return err
	}
	for {
		header, err := ws.ReadHeader(conn)
		if err != nil {
			return err
		}
		payload, err := io.ReadAll(io.LimitReader(conn, header.Length))
		if err != nil || string(payload) == "$ok" {
			return err
		}
	}
}

// cut opens a socket as connect does and breaks its connection, so that it is detached.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: cut PATH")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, _, err := ws.Dial(ctx, "ws://"+ts.Getenv("ADDR")+args[0])
	ts.Check(err)
	ts.Check(conn.Close())
}

// answerClose does what a browser does when the server says good-bye.
func answerClose(conn net.Conn) {
	defer conn.Close()
	for {
		header, err := ws.ReadHeader(conn)
		if err != nil {
			return
		}
		payload, err := io.ReadAll(io.LimitReader(conn, header.Length))
		if err != nil {
			return
		}
		if header.OpCode == ws.OpClose {
			_ = ws.WriteFrame(conn, ws.MaskFrame(ws.NewCloseFrame(payload))) // the server may be gone
			return
		}
	}
}

func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("OCCUPIED", l.Addr().String())
}
