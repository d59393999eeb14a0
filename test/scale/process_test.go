package scale

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/nats-io/nats-server/v2/server"
)

// partVariable has this program play a part in a process of its own, whose processor time is told apart from that of the
// nodes: that of the NATS server, or that of the clients.
const partVariable = "TUTORSOCKET_SCALE_PART"

func play(part string) (code int) {
	var err error
	switch part {
	case "nats":
		err = playNATS()
	case "clients":
		err = playClients()
	default:
		err = fmt.Errorf("there is no part %q", part)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// playNATS is a server until its input ends. It says its address first.
func playNATS() error {
	folder, err := os.MkdirTemp("", "scale")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	srv, err := server.NewServer(&server.Options{
		ServerName: "scale", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: folder, MaxPayload: 2 << 20, JetStreamMaxStore: 16 << 30,
	})
	if err != nil {
		return err
	}
	srv.Start()
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(patience) {
		return fmt.Errorf("the NATS server does not start")
	}
	fmt.Println(srv.ClientURL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// playClients opens sockets and reads all that comes. It is told line by line: "open URL FROM TO" opens sockets with
// these ids, "await N" waits until N bytes have come in all; each is answered with "done".
func playClients() error {
	var read atomic.Int64
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		words := strings.Fields(in.Text())
		var numbers []int64
		for _, word := range words {
			if n, err := strconv.ParseInt(word, 10, 64); err == nil {
				numbers = append(numbers, n)
			}
		}
		switch words[0] {
		case "open":
			for id := numbers[0]; id < numbers[1]; id++ {
				if err := openAndRead(fmt.Sprint(words[1], "?X-StatefulSocketId=", id), &read); err != nil {
					return err
				}
			}
		case "await":
			for read.Load() < numbers[0] {
				time.Sleep(time.Millisecond)
			}
		}
		fmt.Println("done")
	}
	return in.Err()
}

func openAndRead(url string, read *atomic.Int64) error {
	conn, buffered, _, err := ws.DefaultDialer.Dial(noContext, url)
	if err != nil {
		return err
	}
	if buffered != nil {
		return fmt.Errorf("the server speaks before it is asked")
	}
	go func() {
		b := make([]byte, 4<<10)
		for {
			n, err := conn.Read(b)
			read.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	return nil
}

// process is a part being played.
type process struct {
	t     testing.TB
	pid   int
	in    io.WriteCloser
	lines *bufio.Scanner
}

func startPart(t testing.TB, part string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), partVariable+"="+part)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sync.OnceFunc(func() { _ = in.Close(); _ = cmd.Wait() }))
	return &process{t, cmd.Process.Pid, in, bufio.NewScanner(out)}
}

// line is the next one the process says.
func (p *process) line() string {
	p.t.Helper()
	if !p.lines.Scan() {
		p.t.Fatal("the process has ended")
	}
	return p.lines.Text()
}

// do tells the process something and waits until it is done.
func (p *process) do(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
	if said := p.line(); said != "done" {
		p.t.Fatalf("the process says %q", said)
	}
}

// processorTime is what a process has used, in its own and the system's name, in steps of 10 ms.
func processorTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Skip("this system does not say what a process uses: ", err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// listen listens on a free port of this machine.
func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
