package durability

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestKill: the program is killed at random moments while data are written, and has everything that it acknowledged
// when it runs again. Now and then it is stopped instead, or the write that was under way has left the beginning of
// a record.
func TestKill(t *testing.T) {
	rounds := 4
	if *long {
		rounds = 200
	}
	r := chance(t)
	p := newPost(t)
	all := loads(r)
	p.start()
	var starting time.Duration
	for round := range rounds {
		var working sync.WaitGroup
		for _, l := range all {
			working.Go(func() { l.work(p) })
		}
		<-time.After(time.Duration(r.IntN(400)) * time.Millisecond) // the moment is part of the experiment
		signal := syscall.SIGKILL
		if r.IntN(10) == 0 {
			signal = syscall.SIGTERM
		}
		p.end(signal)
		working.Wait()
		if signal == syscall.SIGKILL && r.IntN(4) == 0 {
			tear(t, p.data, r.IntN(60)+1)
		}
		began := time.Now()
		p.start()
		starting += time.Since(began)
		for _, l := range all {
			for _, wrong := range l.check(p) {
				t.Errorf("round %d, after %v: %s", round, signal, wrong)
			}
		}
		if t.Failed() {
			p.end(syscall.SIGTERM)
			t.Fatalf("it said:\n%s", p.output.String())
		}
	}
	acked := 0
	for _, l := range all {
		acked += l.count()
	}
	if acked < rounds {
		t.Errorf("only %d writes were acknowledged", acked)
	}
	t.Logf("%d kills, %d acknowledged writes, %v from a start to the first answer", rounds, acked, starting/time.Duration(rounds))
	p.end(syscall.SIGTERM)
	if strings.Contains(p.output.String(), "not as it was") {
		t.Errorf("a store that is whole is doubted:\n%s", p.output.String())
	}
}

// tear appends the beginning of a record to the newest block of user data.
func tear(t *testing.T, data string, n int) {
	t.Helper()
	path := newestBlock(t, data, "KV_userdata")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, n)
	if _, err := f.ReadAt(head, 0); err != nil {
		return // it is shorter
	}
	if _, err := f.Write(head[:max(1, n/2)]); err != nil {
		t.Fatal(err)
	}
}

// newestBlock is the file to which a stream writes.
func newestBlock(t *testing.T, data, stream string) string {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(data, "nats", "jetstream", "$G", "streams", stream, "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatal("no blocks", err)
	}
	newest := blocks[0]
	for _, b := range blocks {
		if len(b) > len(newest) || len(b) == len(newest) && b > newest {
			newest = b
		}
	}
	return newest
}
