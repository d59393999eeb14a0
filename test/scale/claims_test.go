package scale

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// claimed is a key and the revision of its claim.
type claimed struct {
	key      string
	revision uint64
}

// crowd claims and releases keys from several goroutines.
type crowd struct {
	t         *testing.T
	d         *directory.Directory
	shares    [][]claimed // of each goroutine
	permanent int         // of each share, which are never released
}

func newCrowd(t *testing.T, d *directory.Directory, goroutines, permanent int) *crowd {
	return &crowd{t: t, d: d, shares: make([][]claimed, goroutines), permanent: permanent / goroutines}
}

// each calls do in every goroutine, n times in all, and returns how long that took.
func (c *crowd) each(n int, do func(share []claimed) ([]claimed, error)) time.Duration {
	c.t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	for i := range c.shares {
		all.Go(func() {
			for range n / len(c.shares) {
				var err error
				if c.shares[i], err = do(c.shares[i]); err != nil {
					c.t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if c.t.Failed() {
		c.t.FailNow()
	}
	return time.Since(began)
}

func (c *crowd) claim(n int) time.Duration {
	c.t.Helper()
	return c.each(n, func(share []claimed) ([]claimed, error) {
		key := fmt.Sprintf("/services/main_ws_service-s-%016x", rand.Uint64())
		revision, err := c.d.Take(c.t.Context(), key, directory.Claim{
			Node: "tutor-app-1-4f2a", Incarnation: "0123456789abcdef", User: "6148914691236517290", Life: rand.Uint64(),
		}, 0)
		return append(share, claimed{key, revision}), err
	})
}

// release gives up n keys, those that are not permanent in any order.
func (c *crowd) release(n int) time.Duration {
	c.t.Helper()
	return c.each(n, func(share []claimed) ([]claimed, error) {
		i := c.permanent + rand.IntN(len(share)-c.permanent)
		err := c.d.Release(c.t.Context(), share[i].key, share[i].revision)
		return slices.Delete(share, i, i+1), err
	})
}

func stateOf(t *testing.T, js jetstream.JetStream) jetstream.StreamState {
	t.Helper()
	s, err := js.Stream(t.Context(), "SOCKETS")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State
}

// TestDirectoryStaysFlat claims and releases many keys while the same number is claimed at any time. One in ten of
// these stays from the beginning, so that no part of the store ever empties by itself.
func TestDirectoryStaysFlat(t *testing.T) {
	t.Run("one server", func(t *testing.T) {
		folder := t.TempDir()
		js, _ := natstest.Start(t, folder)
		churn(t, js, 1, size(100, 20), folder)
	})
	t.Run("three servers", func(t *testing.T) {
		servers := natstest.StartCluster(t, 3)
		churn(t, servers.Connect(t), 3, size(10, 3), servers.Folders()...)
	})
}

func churn(t *testing.T, js jetstream.JetStream, replicas, rounds int, folders ...string) {
	d, err := directory.Open(t.Context(), js, directory.Config{Replicas: replicas})
	if err != nil {
		t.Fatal(err)
	}
	live := size(10_000, 1_000)
	c := newCrowd(t, d, 50, live/10)
	c.claim(live)
	var first, most uint64
	used := processorTime(t, os.Getpid())
	for round := range rounds {
		c.release(live / 2)
		c.claim(live / 2)
		c.release(live / 2)
		took := c.claim(live / 2)
		if round%max(rounds/10, 1) != 0 && round < rounds-1 {
			continue
		}
		now := heap()
		if round == 0 {
			first = now
		}
		most = max(most, now)
		t.Logf("%8d claimed in all: heap %.1f MiB, disk %.1f MiB, %.0f claims/s",
			(round+1)*live, float64(now)/mib, float64(disk(t, folders...))/mib, float64(live/2)/took.Seconds())
	}
	used = processorTime(t, os.Getpid()) - used
	t.Logf("processor time of a claim and its release, with that of all servers: %v", used/time.Duration(rounds*live))
	wantMessages(t, js, uint64(live))
	// A server keeps the block it writes and caches of blocks it read, 8 MiB each, and what is on its way to the others.
	if allowed := first + uint64(replicas)*24*mib; most > allowed {
		t.Errorf("memory grew from %d MiB to %d MiB", first/mib, most/mib)
	}
	if on := disk(t, folders...); on > uint64(replicas)*64*mib {
		t.Errorf("%d claims take %d MiB of the disk", live, on/mib)
	}
	c.permanent = 0
	c.release(live)
	wantMessages(t, js, 0)
}

// wantMessages checks how many messages there are. Of the removed ones nothing is to be left when all are.
func wantMessages(t *testing.T, js jetstream.JetStream, want uint64) {
	t.Helper()
	s := stateOf(t, js)
	if s.Msgs != want {
		t.Errorf("the stream has %d messages for %d claims", s.Msgs, want)
	}
	if want == 0 && s.NumDeleted > 0 {
		t.Errorf("%d removed messages are remembered", s.NumDeleted)
	}
}

// TestBytesPerClaim says what a claimed key takes of a server's memory and disk, and how fast claims are.
func TestBytesPerClaim(t *testing.T) {
	folder := t.TempDir()
	js, _ := natstest.Start(t, folder)
	d, err := directory.Open(t.Context(), js, directory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	keys := size(1_000_000, 10_000)
	c := newCrowd(t, d, 50, 0)
	before := heap()
	took := c.claim(keys)
	t.Logf("%d claims at once: %.0f/s", keys, float64(keys)/took.Seconds())
	if *long {
		time.Sleep(30 * time.Second) // for the server's caches to go; only the figures depend on it
	}
	n := uint64(keys)
	own := uint64(len("/services/main_ws_service-s-0123456789abcdef")+40) * n // what this test keeps
	t.Logf("memory %d bytes per claim, disk %d, stored %d", (heap()-before-own)/n, disk(t, folder)/n, stateOf(t, js).Bytes/n)
	began := time.Now()
	listed := 0
	if err := d.All(t.Context(), func(string, directory.Held) error { listed++; return nil }); err != nil {
		t.Fatal(err)
	}
	if listed != keys {
		t.Errorf("%d of %d claims are listed", listed, keys)
	}
	t.Logf("all listed in %v", time.Since(began))
	some := keys / 20
	took = c.release(some)
	t.Logf("%d releases in any order: %.0f/s", some, float64(some)/took.Seconds())
	took = c.claim(some)
	t.Logf("%d claims: %.0f/s; memory is then %d bytes per claim", some, float64(some)/took.Seconds(), (heap()-before-own)/n)
	one := newCrowd(t, d, 1, 0)
	took = one.claim(1000)
	t.Logf("one claim after the other: %v each", took/1000)
	took = one.release(1000)
	t.Logf("one release after the other: %v each", took/1000)
}
