package slowreaders

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/metrics/exposition"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

var (
	long    = flag.Bool("long", false, "measure the latency of those who read, with silent clients and without")
	clients = flag.Int("clients", 500, "how many clients there are; one in a hundred is silent in the rounds B")
	pairs   = flag.Int("pairs", 9, "how many pairs of rounds")
	control = flag.Bool("control", false, "let all clients read in the rounds B too: the spread is that of the machine")
	policy  = flag.String("policy", "disconnect", "what happens when a queue overflows")
)

// What a round is, and what it does each second. The silent ones get more than their share, or their queues would
// not be full before the round ends; in the rounds A they get and read it all the same.
const (
	warmUp      = 4 * time.Second
	measured    = 8 * time.Second
	groups      = 10  // of those who read
	newsRate    = 100 // messages to a group, by turns, each of newsSize bytes: enough that one late message is no late hundredth
	echoRate    = 300 // messages of readers, by turns, that are answered
	bulkRate    = 50  // messages to each of the few that are silent in B
	newsSize    = 200
	bulkSize    = 32 << 10
	sampleEvery = 250 * time.Millisecond
)

// TestLatencyOfOthers measures the program in a process of its own: how long messages take to and through those who
// read, while one client in a hundred reads as well (A) and while it never does (B), by turns. It judges nothing but
// order and memory: figures of a machine that does other things are for people.
func TestLatencyOfOthers(t *testing.T) {
	if !*long {
		t.Skip("it takes minutes: go test -v ./test/slowreaders -run Latency -args -long")
	}
	p := startProgram(t, "TUTORSOCKET_QUEUE_OVERFLOW="+*policy)
	few := max(*clients/100, 5)
	var others []*reader
	for i := range *clients - few {
		others = append(others, read(t, p.url, readerID(i)))
	}
	var ratios []float64
	for pair := range *pairs {
		var got [2]outcome // A, B
		order := []int{0, 1}
		if pair%2 == 1 {
			order = []int{1, 0} // what changes with time is to meet both alike
		}
		for _, which := range order {
			got[which] = p.round(t, fmt.Sprintf("%d%c", pair, 'a'+which), others, few, which == 1 && !*control)
		}
		a, b := got[0], got[1]
		ratios = append(ratios, float64(b.p99)/float64(a.p99))
		t.Logf("pair %d: A %s; B %s; p99 B/A %.3f", pair+1, a, b, ratios[pair])
	}
	slices.Sort(ratios)
	t.Logf("policy %s, %d clients, %d of them silent in B: p99 B/A: median %.3f of %d pairs, from %.3f to %.3f",
		*policy, *clients, few, ratios[len(ratios)/2], len(ratios), ratios[0], ratios[len(ratios)-1])
}

func readerID(i int) string { return fmt.Sprint("reader", i) }

// outcome is what a round has shown.
type outcome struct {
	p50, p99  time.Duration
	messages  int
	resident  int // most memory of the process, in bytes
	queued    int // most bytes in all queues
	reconnect int // how often a silent client had to come back
}

func (o outcome) String() string {
	return fmt.Sprintf("p50 %v, p99 %v of %d messages, %d MiB resident, %d KiB queued, %d reconnects",
		o.p50.Round(10*time.Microsecond), o.p99.Round(10*time.Microsecond), o.messages, o.resident>>20, o.queued>>10, o.reconnect)
}

// round has a few clients that read, or do not, beside the others, and measures the others.
func (p *program) round(t *testing.T, name string, others []*reader, few int, silent bool) (o outcome) {
	ids, unread := make([]string, few), map[string]net.Conn{}
	for i := range ids {
		ids[i] = fmt.Sprintf("few%s.%d", name, i)
		if silent {
			unread[ids[i]] = dialSilent(t, p.url, ids[i])
		} else {
			read(t, p.url, ids[i])
		}
	}
	stop := p.press(t, ids, others)
	time.Sleep(warmUp)
	for _, r := range others {
		if _, err := r.take(); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(measured); time.Now().Before(end); time.Sleep(sampleEvery) {
		o.resident = max(o.resident, p.figure(t, "process_resident_memory_bytes"))
		o.queued = max(o.queued, p.figure(t, "tutorsocket_hub_queue_bytes"))
		if silent {
			o.reconnect += p.comeBack(t, unread)
		}
	}
	stop()
	var waits []time.Duration
	for _, r := range others {
		took, err := r.take()
		if err != nil {
			t.Fatal(err)
		}
		waits = append(waits, took...)
	}
	for _, id := range ids {
		if err := p.api.Abort(t.Context(), key(id)); err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range unread {
		conn.Close() // the kernel has kept for it what nobody will read
	}
	if cap := few * (1<<20 + bulkSize); silent && o.queued > cap {
		t.Errorf("%d bytes in all queues, %d are allowed", o.queued, cap)
	}
	slices.Sort(waits)
	o.messages, o.p50, o.p99 = len(waits), waits[len(waits)/2], waits[len(waits)*99/100]
	return o
}

// comeBack opens the silent sockets anew that have lost their connection, and returns how many.
func (p *program) comeBack(t *testing.T, unread map[string]net.Conn) (n int) {
	list, err := p.api.Sockets(t.Context(), api.SocketQuery{Filter: `{"$state":"detached"}`, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, socket := range list.Items {
		if conn := unread[socket.StatefulID]; conn != nil {
			conn.Close()
			unread[socket.StatefulID] = dialSilent(t, p.url, socket.StatefulID)
			n++
		}
	}
	return n
}

// press sends messages, each at its time, until stop is called. A message counts from when it was due, however late
// it left.
func (p *program) press(t *testing.T, ids []string, others []*reader) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 3)
	every := func(rate int, send func(due time.Time) error) {
		defer func() { done <- struct{}{} }()
		for due := time.Now(); ctx.Err() == nil; due = due.Add(time.Second / time.Duration(rate)) {
			time.Sleep(time.Until(due))
			if err := send(due); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	}
	keys, groupKeys := make([]string, len(ids)), make([][]string, groups)
	for i, id := range ids {
		keys[i] = key(id)
	}
	for i := range others {
		groupKeys[i%groups] = append(groupKeys[i%groups], key(readerID(i)))
	}
	bulk := 0
	go every(newsRate, func(due time.Time) error {
		n := p.news
		p.news++
		_, err := p.api.SendMany(t.Context(), api.GroupMessage{Keys: groupKeys[n%groups],
			Message: api.Message{Message: message("news", 1+n/groups, due, newsSize), ConflateKey: "news"}})
		return err
	})
	go every(bulkRate, func(due time.Time) error {
		bulk++
		_, err := p.api.SendMany(t.Context(), api.GroupMessage{Keys: keys,
			Message: api.Message{Message: message("bulk", bulk, due, bulkSize), ConflateKey: "bulk"}})
		return err
	})
	go every(echoRate, func(due time.Time) error {
		others[p.echoes%len(others)].send(message("echo", 1+p.echoes/len(others), due, newsSize))
		p.echoes++
		return nil
	})
	return func() {
		cancel()
		for range 3 {
			<-done
		}
	}
}

// program is the program in a process of its own.
type program struct {
	url    string
	api    *api.Client
	news   int // messages to groups so far
	echoes int // messages of readers so far
}

func startProgram(t *testing.T, env ...string) *program {
	t.Helper()
	dir := t.TempDir()
	binary, data := filepath.Join(dir, "tutorsocket"), filepath.Join(dir, "data")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/tutorsocket").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary, "dev", servertest.WriteFiles(t, service), "--listen", "127.0.0.1:0", "--data", data, "--log-format", "json")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		admin, err := server.ReadAdminFile(data)
		if err == nil {
			client, err := api.NewClient(admin.Server, admin.Token)
			if err != nil {
				t.Fatal(err)
			}
			return &program{url: admin.Server, api: client}
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// figure returns a figure of the program that has no labels.
func (p *program) figure(t *testing.T, name string) int {
	t.Helper()
	resp, err := http.Get(p.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	families, err := exposition.Parse(string(body))
	if err == nil && (families[name] == nil || len(families[name].Samples) != 1) {
		err = errors.New("there is no such figure")
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return int(families[name].Samples[0].Value)
}
