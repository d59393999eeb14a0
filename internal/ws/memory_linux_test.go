package ws

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// alone marks a process in which nothing but BenchmarkIdleMemory runs, and says of what.
const alone = "TUTORSOCKET_WS_ALONE"

// BenchmarkIdleMemory reports what a socket costs that is open, has five tags (three of them
// with a value of its own) and is silent: before its first message, after one, and after one that
// fills the buffers. The clients are another process. So is the server, because memory that
// earlier benchmarks have left behind would be used again, and not be seen. With deflate the messages
// and their echoes are compressed.
func BenchmarkIdleMemory(b *testing.B) {
	for _, path := range []string{"plain", "deflate", "TLS"} {
		b.Run(path, func(b *testing.B) {
			if os.Getenv(alone) != "" {
				measureIdle(b, rigConfig{tls: path == "TLS", ws: Config{Heartbeat: -1, Compression: path == "deflate"}})
				return
			}
			measureAlone(b)
		})
	}
}

// measureAlone runs the benchmark in a process of its own, and reports what that has reported.
func measureAlone(b *testing.B) {
	cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^"+strings.ReplaceAll(b.Name(), "/", "$/^")+"$", "-test.benchtime=1x")
	cmd.Env = append(os.Environ(), alone+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	for b.Loop() { // it resets what was reported before; the work was done elsewhere
	}
	fields := strings.Fields(string(out))
	for i, unit := range fields {
		if strings.HasSuffix(unit, "-B/socket") {
			value, err := strconv.ParseFloat(fields[i-1], 64)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(value, unit)
		}
	}
}

func measureIdle(b *testing.B, cfg rigConfig) {
	const crowd = 5000
	r := newRig(b, cfg)
	r.closed = make(chan ending, 2*crowd)
	r.onOpen = func(_ context.Context, s *hub.Socket) error {
		return s.ReplaceTags(hub.NewTags(map[string]string{
			"user_id": s.User().ID, "socket_type": "ws_group", "pong": "1", "is_person": "1", "pid": s.StatefulID(),
		}))
	}
	warm := dial(b, r.url, "/services/echo", offerDeflate) // pools, workers, the HTTP server
	warm.text(prose(2000))
	if cfg.ws.Compression {
		warm.raw(packedFrame(ws.OpText, true, pack(prose(2000))))
	}
	before := measure(b)
	say, hear := callCrowd(b, r.url, crowd)
	for b.Loop() {
	}
	report := func(when string) {
		after := measure(b)
		b.ReportMetric((after.resident-before.resident)/crowd, when+"-B/socket")
		b.ReportMetric((after.stacks-before.stacks)/crowd, when+"-stack-B/socket")
		b.ReportMetric((after.heap-before.heap)/crowd, when+"-heap-B/socket")
	}
	report("new")
	fmt.Fprintln(say, `{"socket_action":"init_socket","socket_type":"ws_group","text":"`+repeat("so said he ", 100)+`"}`)
	hear()
	report("used")
	fmt.Fprintln(say, repeat("x", 16<<10))
	hear()
	report("grown")
}

// callCrowd starts a process with sockets, and waits until they are open.
func callCrowd(b *testing.B, url string, n int) (say io.Writer, hear func()) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crowdURL+"="+url, fmt.Sprint(crowdSize, "=", n))
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	hear = func() {
		if !lines.Scan() || lines.Text() != "ready" {
			b.Fatalf("the crowd says %q", lines.Text())
		}
	}
	hear()
	return in, hear
}

// memory is what this process uses, in bytes.
type memory struct{ resident, stacks, heap float64 }

// measure looks after everything that is free was given back.
func measure(b *testing.B) memory {
	for range 3 { // pools let go of their content in two collections
		debug.FreeOSMemory()
	}
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(data), &size, &pages); err != nil {
		b.Fatal(err)
	}
	s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return memory{float64(pages * os.Getpagesize()), float64(s[0].Value.Uint64()), float64(s[1].Value.Uint64())}
}
