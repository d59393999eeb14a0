//go:build unix

package server_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// The cost of metrics is measured on demand:
//
//	go test ./internal/server -run MetricsCost -cost -rounds 9 -v
var (
	cost        = flag.Bool("cost", false, "measure what metrics cost in processor time per message of a broadcast")
	costRounds  = flag.Int("rounds", 9, "rounds to measure, the median of which counts")
	costSockets = flag.Int("sockets", 500, "sockets that get each message")
	costSends   = flag.Int("sends", 400, "messages that each server sends to all its sockets in a round")
	costBurst   = flag.Int("burst", 10, "messages sent before it is waited for their arrival")
)

// costLimit is how much dearer a message may be with metrics.
const costLimit = 1.05

// costServer is set in the process of a server that is measured, to whether it counts.
const costServer = "TUTORSOCKET_TEST_COST_SERVER"

// TestMetricsCost compares two servers, each in a process of its own so that the clients do not count.
// They take turns burst by burst, so that what else the machine does hits both alike.
func TestMetricsCost(t *testing.T) {
	if enabled := os.Getenv(costServer); enabled != "" {
		serveForCost(t, enabled == "true")
		return
	}
	if !*cost {
		t.Skip("only with -cost")
	}
	on, off := startCost(t, true), startCost(t, false)
	costTurns(t, on, off) // until buffers and heaps have their size
	var with, without, ratios []float64
	for i := range *costRounds {
		a, b := costTurns(t, on, off)
		with, without, ratios = append(with, perMessage(a)), append(without, perMessage(b)), append(ratios, a.Seconds()/b.Seconds())
		t.Logf("round %d: %.0f ns per message with metrics, %.0f without, ratio %.3f", i+1, with[i], without[i], ratios[i])
	}
	ratio := median(ratios)
	t.Logf("median of %d: %.0f ns per message with metrics, %.0f without, ratio %.3f", *costRounds, median(with), median(without), ratio)
	if ratio > costLimit {
		t.Errorf("metrics make a message %.1f %% dearer", 100*(ratio-1))
	}
}

func perMessage(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / float64(*costSockets**costSends)
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// serveForCost is the process that is measured: it says where it serves, and for each line it reads how
// much processor time it has taken, in nanoseconds.
func serveForCost(t *testing.T, enabled bool) {
	s := servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) {
		c.Metrics.Enabled = enabled
		c.WS.Heartbeat = -1 // the clients only count bytes
	}))
	fmt.Println("serving", s.URL(), s.Token())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			t.Fatal(err)
		}
		fmt.Println("used", used.Utime.Nano()+used.Stime.Nano())
	}
}

// costSide is a server that is measured, and its clients.
type costSide struct {
	in       io.Writer
	out      *bufio.Scanner
	client   *costClient
	received atomic.Int64 // bytes, by all sockets
	arrived  chan struct{}
	wanted   atomic.Int64
}

func startCost(t *testing.T, enabled bool) *costSide {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMetricsCost$", "-test.timeout=1h")
	cmd.Env = append(os.Environ(), costServer+"="+strconv.FormatBool(enabled))
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
	side := &costSide{in: in, out: bufio.NewScanner(out), arrived: make(chan struct{}, 1)}
	words := side.answer(t, "serving")
	side.client = newCostClient(t, words[1], words[2])
	for range *costSockets {
		side.dial(t, strings.TrimPrefix(words[1], "http://"))
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	return side
}

// answer reads the next line of the server that begins with a word.
func (c *costSide) answer(t *testing.T, word string) []string {
	t.Helper()
	for c.out.Scan() {
		if words := strings.Fields(c.out.Text()); len(words) > 1 && words[0] == word {
			return words
		}
	}
	t.Fatalf("the server ended: %v", c.out.Err())
	return nil
}

func (c *costSide) dial(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	conn, _, _, err := ws.Dial(ctx, "ws://"+addr+"/services/echo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go c.read(conn)
}

// read counts what comes.
func (c *costSide) read(conn net.Conn) {
	buf := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if c.received.Add(int64(n)) >= c.wanted.Load() {
			select {
			case c.arrived <- struct{}{}:
			default:
			}
		}
	}
}

// costTurns has both servers broadcast, burst by burst in turns, and returns the processor time it took
// each of them.
func costTurns(t *testing.T, on, off *costSide) (with, without time.Duration) {
	t.Helper()
	first, second := on.used(t), off.used(t)
	for i := 0; i < *costSends; i += *costBurst {
		if i / *costBurst % 2 == 0 {
			on.broadcast(t)
			off.broadcast(t)
		} else {
			off.broadcast(t)
			on.broadcast(t)
		}
	}
	return on.used(t) - first, off.used(t) - second
}

// broadcast sends a burst to all sockets and waits until it has arrived.
func (c *costSide) broadcast(t *testing.T) {
	t.Helper()
	c.wanted.Store(c.received.Load() + int64(*costBurst**costSockets*(len(costText)+2)))
	for range *costBurst {
		c.client.send(t)
	}
	c.wait(t)
}

func (c *costSide) wait(t *testing.T) {
	t.Helper()
	patience := time.After(servertest.Patience)
	for c.received.Load() < c.wanted.Load() {
		select {
		case <-c.arrived:
		case <-patience:
			t.Fatalf("%d bytes did not arrive", c.wanted.Load()-c.received.Load())
		}
	}
}

func (c *costSide) used(t *testing.T) time.Duration {
	t.Helper()
	if _, err := io.WriteString(c.in, "used\n"); err != nil {
		t.Fatal(err)
	}
	ns, err := strconv.ParseInt(c.answer(t, "used")[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(ns)
}

// costText is the message of the broadcast: shorter than 126 bytes, so that its frame has two more.
const costText = "the quick brown fox jumps over the lazy dog, and the lazy dog sleeps on"

// costClient sends to everybody through the HTTP API.
type costClient struct {
	url, token string
	http       *http.Client
}

func newCostClient(t *testing.T, url, token string) *costClient {
	c := &costClient{url + "/api/v1/messages", token, &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

func (c *costClient) send(t *testing.T) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", c.url, strings.NewReader(`{"message":"`+costText+`","filter":""}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if want := fmt.Sprintf(`{"addressed":%d,`, *costSockets); err != nil || !strings.HasPrefix(string(body), want) {
		t.Fatalf("%s %s, error %v", resp.Status, body, err)
	}
}
