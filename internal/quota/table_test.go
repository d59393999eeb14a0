package quota

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inTime runs a test with a table where time is fake.
func inTime(t *testing.T, cfg Config, test func(t *testing.T, table *Table)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, New(cfg)) })
}

const (
	anna, boris = "7177256154427237596", "111111111"
	home, work  = "192.0.2.1:4000", "192.0.2.2:4000"
)

// What is there is given at once, what is not after a wait, and what would take too long not at all. What was
// refused is not owed.
func TestFirstSlowedThenRefused(t *testing.T) {
	for name, ask := range map[string]func(table *Table) Verdict{
		"handshakes of a user":         func(table *Table) Verdict { return table.HandshakeBy(anna) },
		"handshakes from an address":   func(table *Table) Verdict { return table.HandshakeFrom(home) },
		"messages of a user":           func(table *Table) Verdict { return table.Message(anna, "") },
		"messages from an address":     func(table *Table) Verdict { return table.Message("", home) },
		"messages that both may send":  func(table *Table) Verdict { return table.Message(anna, home) },
		"bytes of a user":              func(table *Table) Verdict { return table.Bytes(anna, "", 1000) },
		"bytes from an address":        func(table *Table) Verdict { return table.Bytes("", home, 1000) },
		"bytes that both may send":     func(table *Table) Verdict { return table.Bytes(anna, home, 1000) },
		"bytes, whatever the messages": func(table *Table) Verdict { table.Message(anna, home); return table.Bytes(anna, home, 1000) },
	} {
		t.Run(name, func(t *testing.T) {
			limits := Limits{Handshakes: 60, Messages: 1, Bytes: 1000}
			inTime(t, Config{User: limits, Address: limits, Surge: 3 * time.Second, Debt: 2 * time.Second, Patience: 2 * time.Second}, func(t *testing.T, table *Table) {
				want := func(wait time.Duration, refused bool) {
					t.Helper()
					if v := ask(table); v.Wait != wait || v.Refused != refused || (v.Rule == nil) != (wait == 0) {
						t.Fatalf("got %+v, want a wait of %v, refused %v", v, wait, refused)
					}
				}
				for range 3 {
					want(0, false)
				}
				want(time.Second, false)
				want(2*time.Second, false)
				want(3*time.Second, true)
				want(3*time.Second, true)
				time.Sleep(time.Second)
				want(2*time.Second, false)
				time.Sleep(time.Hour)
				for range 3 {
					want(0, false)
				}
				want(time.Second, false)
			})
		})
	}
}

// A limit that allows less than one in the time of a surge allows one all the same.
func TestOneIsAlwaysAllowed(t *testing.T) {
	inTime(t, Config{User: Limits{Handshakes: 1}, Surge: time.Second}, func(t *testing.T, table *Table) {
		if v := table.HandshakeBy(anna); v.Wait != 0 {
			t.Errorf("the first handshake waits %v", v.Wait)
		}
		if v := table.HandshakeBy(anna); !v.Refused || v.Wait != time.Minute {
			t.Errorf("the second: %+v", v)
		}
	})
}

// The accounts of one are not those of another; what is one for a provider is one here.
func TestWhoseAccountItIs(t *testing.T) {
	same := map[string][2]string{
		"another port":              {"192.0.2.1:4000", "192.0.2.1:4001"},
		"IPv4 in the form of IPv6":  {"192.0.2.1:4000", "[::ffff:192.0.2.1]:4000"},
		"a network of IPv6":         {"[2001:db8:0:1::1]:4000", "[2001:db8:0:1:ffff::2]:4000"},
		"an address with its zone":  {"[fe80::1%eth0]:4000", "[fe80::1]:4000"},
		"the address of the socket": {"192.0.2.1:4000", "192.0.2.1:4000"},
	}
	others := map[string][2]string{
		"another address":              {"192.0.2.1:4000", "192.0.2.2:4000"},
		"another network of IPv6":      {"[2001:db8:0:1::1]:4000", "[2001:db8:0:2::1]:4000"},
		"IPv6 with the bits of IPv4":   {"0.0.0.1:4000", "[0:0:0:1::1]:4000"},
		"loopback of IPv6 and nothing": {"0.0.0.0:4000", "[::1]:4000"},
	}
	try := func(pair [2]string) (refused bool) {
		synctest.Test(t, func(t *testing.T) {
			table := New(Config{Address: Limits{Messages: 1}, Surge: time.Second, Debt: time.Second})
			for range 3 {
				table.Message(anna, pair[0])
			}
			refused = table.Message(boris, pair[1]).Refused
		})
		return refused
	}
	for name, pair := range same {
		if !try(pair) {
			t.Errorf("%s: %v are two", name, pair)
		}
	}
	for name, pair := range others {
		if try(pair) {
			t.Errorf("%s: %v are one", name, pair)
		}
	}
	inTime(t, Config{User: Limits{Messages: 1}, Address: Limits{Messages: 1}, Surge: time.Second, Debt: time.Second}, func(t *testing.T, table *Table) {
		for range 10 {
			table.Message(anna, home)
		}
		if v := table.Message(boris, work); v.Wait != 0 {
			t.Errorf("another user elsewhere waits: %+v", v)
		}
		for range 10 {
			if v := table.Message("", "pipe"); v.Wait != 0 {
				t.Fatalf("nobody from nowhere waits: %+v", v)
			}
		}
	})
}

// Who is refused as a user does not use up what others of his address have.
func TestARefusedUserCostsTheAddressNothing(t *testing.T) {
	inTime(t, Config{User: Limits{Messages: 1}, Address: Limits{Messages: 100}, Surge: time.Second, Debt: time.Second}, func(t *testing.T, table *Table) {
		for range 1000 {
			table.Message(anna, home)
		}
		if v := table.Message(boris, home); v.Wait != 0 || v.Busy {
			t.Errorf("another user of the address: %+v", v)
		}
	})
}

// What scripts have worked is owed by the messages and the handshakes that follow, not by bytes, and cannot be
// refused itself.
func TestComputeIsOwedAfterwards(t *testing.T) {
	for name, c := range map[string]struct {
		cfg          Config
		user, remote string // another who is charged for the same
	}{
		"user":    {Config{User: Limits{Compute: 50}}, anna, work},
		"address": {Config{Address: Limits{Compute: 50}}, boris, home},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Surge, c.cfg.Debt, c.cfg.Patience = 10*time.Second, 20*time.Second, 8*time.Second
			inTime(t, c.cfg, func(t *testing.T, table *Table) {
				handshake := func() Verdict { return table.HandshakeBy(c.user).and(table.HandshakeFrom(c.remote)) }
				table.Computed(anna, home, 5*time.Second)
				if v := table.Message(c.user, c.remote); v.Wait != 0 || !v.Busy {
					t.Errorf("with nothing owed: %+v", v)
				}
				table.Computed(anna, home, 4*time.Second)
				if v := table.Message(c.user, c.remote); v.Wait != 8*time.Second || v.Refused || v.Rule.Setting() != "limits."+name+"_compute" {
					t.Errorf("a message: %+v", v)
				}
				if v := handshake(); v.Wait != 8*time.Second || v.Refused {
					t.Errorf("a handshake: %+v", v)
				}
				if v := table.Bytes(c.user, c.remote, 1<<20); v != (Verdict{}) {
					t.Errorf("bytes: %+v", v)
				}
				if v := table.Message("another", "198.51.100.1:1"); v != (Verdict{}) {
					t.Errorf("somebody else: %+v", v)
				}
				table.Computed(anna, home, time.Minute)
				if v := table.Message(c.user, c.remote); !v.Refused || v.Wait != 128*time.Second {
					t.Errorf("a message of who owes a lot: %+v", v)
				}
				time.Sleep(115 * time.Second)
				if v := table.Message(c.user, c.remote); v.Refused || v.Wait != 13*time.Second {
					t.Errorf("a message after a while: %+v", v)
				}
				if v := handshake(); !v.Refused {
					t.Errorf("a handshake, which has less patience: %+v", v)
				}
				time.Sleep(23 * time.Second)
				if v := table.Message(c.user, c.remote); v != (Verdict{}) {
					t.Errorf("when all is paid: %+v", v)
				}
			})
		})
	}
}

// A pause is when half of all there is of messages, bytes and script time is there.
func TestBusy(t *testing.T) {
	inTime(t, Config{User: Limits{Messages: 10, Bytes: 1000, Compute: 10}}, func(t *testing.T, table *Table) {
		for what, take := range map[string]func(){
			"messages": func() {
				for range 60 {
					table.Message(anna, home)
				}
			},
			"bytes":   func() { table.Bytes(anna, home, 6000) },
			"compute": func() { table.Computed(anna, home, 600*time.Millisecond) },
		} {
			if v := table.Message(anna, home); v.Busy {
				t.Errorf("%s: busy before", what)
			}
			take()
			if v := table.Message(anna, home); !v.Busy {
				t.Errorf("%s: not busy", what)
			}
			time.Sleep(2 * time.Second)
		}
	})
}

func TestNoLimits(t *testing.T) {
	table := New(Config{})
	if table != nil {
		t.Fatal("a table that limits nothing is made")
	}
	table.Computed(anna, home, time.Hour)
	for _, v := range []Verdict{table.HandshakeBy(anna), table.HandshakeFrom(home), table.Message(anna, home), table.Bytes(anna, home, 1<<40)} {
		if v != (Verdict{}) {
			t.Errorf("%+v", v)
		}
	}
	if err := table.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// What a client is told names the limit and the setting, and fits a close frame.
func TestReasons(t *testing.T) {
	largest := Limits{Handshakes: math.MaxInt32, Messages: math.MaxInt32, Bytes: math.MaxInt64, Compute: math.MaxInt32}
	table := New(Config{User: largest, Address: Limits{Handshakes: 60, Messages: 5, Bytes: 3 << 20, Compute: 150}})
	for _, rules := range [][kinds]*Rule{table.users.rules, table.addresses.rules} {
		for _, r := range rules {
			if text := r.String(); len(text) > 123 || !strings.Contains(text, "("+r.Setting()+")") {
				t.Errorf("%q, of %s", text, r.Setting())
			}
		}
	}
	for kind, want := range map[Kind]string{
		Handshakes: "this address connects more than 60 times a minute (limits.address_handshakes)",
		Messages:   "this address sends more than 5 messages a second (limits.address_messages)",
		Bytes:      "this address sends more than 3 MiB a second (limits.address_bytes)",
		Compute:    "this address keeps scripts at work for more than 150 % of a processor (limits.address_compute)",
	} {
		if got := table.addresses.rules[kind].String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The buckets are those of the textbook: never more than the surge and the rate since then, never less.
func TestBucketsAgainstAModel(t *testing.T) {
	const rate, surge, most = 10, 4, 2 // a second, seconds, seconds
	inTime(t, Config{User: Limits{Messages: rate}, Surge: surge * time.Second, Debt: most * time.Second}, func(t *testing.T, table *Table) {
		random := rand.New(rand.NewPCG(1, 2))
		there, last := float64(rate*surge), time.Now()
		for i := range 20000 {
			if random.IntN(20) == 0 {
				time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond)
			}
			there = min(there+rate*time.Since(last).Seconds(), rate*surge)
			last = time.Now()
			v := table.Message(anna, home)
			wait := max(0, (1-there)/rate)
			if math.Abs(v.Wait.Seconds()-wait) > 1e-6 && !(v.Refused && wait > most) {
				t.Fatalf("message %d: a wait of %v, want %.3f s", i, v.Wait, wait)
			}
			if math.Abs(wait-most) > 1e-6 && v.Refused != (wait > most) {
				t.Fatalf("message %d: refused %v with a wait of %.3f s", i, v.Refused, wait)
			}
			if !v.Refused {
				there--
			}
		}
	})
}

// A million addresses do not make the table grow beyond its bound, nor wash away what somebody owes.
func TestAnAttackOfManyAddresses(t *testing.T) {
	registry := metrics.New()
	inTime(t, Config{Address: Limits{Handshakes: 60}, Metrics: registry}, func(t *testing.T, table *Table) {
		for range 15 {
			table.HandshakeFrom(home)
		}
		before := heap()
		for i := range 1 << 20 {
			table.HandshakeFrom(fmt.Sprintf("[2001:db8:%x:%x::1]:443", i>>16, i&0xffff))
		}
		accounts, bytes := table.addresses.len(), heap()-before
		if accounts > defaultAccounts {
			t.Errorf("there are %d accounts", accounts)
		}
		if each := float64(bytes) / float64(accounts); each > 200 {
			t.Errorf("%d accounts take %.0f bytes each", accounts, each)
		} else {
			t.Logf("%d accounts take %.0f bytes each, %d KiB together", accounts, each, bytes>>10)
		}
		if n := registry.Sum("tutorsocket_quota_accounts", "of", "address"); int(n) != accounts {
			t.Errorf("%v accounts are counted", n)
		}
		if n := registry.Sum("tutorsocket_quota_forgotten_accounts_total", "of", "address"); int(n) != 1<<20+1-accounts {
			t.Errorf("%v forgotten accounts are counted", n)
		}
		if v := table.HandshakeFrom(home); !v.Refused {
			t.Errorf("who owes most is forgotten: %+v", v)
		}
		runtime.KeepAlive(table)
	})
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Who has been quiet costs nothing: accounts go when others come, and with time.
func TestWhoIsQuietCostsNothing(t *testing.T) {
	inTime(t, Config{Address: Limits{Messages: 1}}, func(t *testing.T, table *Table) {
		remote := func(i int) string { return fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255) }
		for i := range 300000 { // a hundred at a time, none of them twice
			table.Message(anna, remote(i))
			if i%100 == 99 {
				time.Sleep(2 * time.Second)
			}
		}
		if n := table.addresses.len(); n > shardCount*fewest {
			t.Errorf("of 300,000 that came one after the other %d are there", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- table.Run(ctx) }()
		for i := range 30000 {
			table.Message(anna, remote(i))
		}
		if n := table.addresses.len(); n < 30000 {
			t.Errorf("of 30,000 %d are there", n)
		}
		before := heap()
		time.Sleep(time.Minute)
		if n := table.addresses.len(); n != 0 {
			t.Errorf("after a minute %d are there", n)
		}
		if given := before - heap(); given < 30000*60 {
			t.Errorf("%d bytes are given back", given)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Many at once are charged for all they take.
func TestManyAtOnce(t *testing.T) {
	const goroutines, each = 8, 2000
	table := New(Config{User: Limits{Messages: 1, Compute: 1}, Address: Limits{Messages: 1}, Surge: 100 * time.Hour, Accounts: 1024})
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				table.Message(anna, home)
				table.Computed(fmt.Sprint(g, i), home, time.Millisecond)
				table.Bytes(boris, work, 10)
				if i%100 == 0 {
					table.users.sweep(table.now())
				}
			}
		})
	}
	wg.Wait()
	gone := time.Duration(table.users.shard(table.users.hash(anna)).find(table.users.hash(anna)).full[Messages])
	if gone < goroutines*each*time.Second || gone > goroutines*each*time.Second+time.Minute {
		t.Errorf("%v are gone of the bucket, of %d messages", gone, goroutines*each)
	}
	if n := table.users.len(); n > 1024 {
		t.Errorf("there are %d accounts", n)
	}
}

func TestCounters(t *testing.T) {
	registry := metrics.New()
	inTime(t, Config{User: Limits{Messages: 1}, Address: Limits{Handshakes: 60}, Surge: time.Second, Debt: time.Second, Patience: time.Second, Metrics: registry}, func(t *testing.T, table *Table) {
		for range 5 {
			table.Message(anna, home)
			table.HandshakeFrom(home)
		}
		for _, of := range [][2]string{{"user", "messages"}, {"address", "handshakes"}} {
			for outcome, want := range map[string]float64{"slowed": 1, "refused": 3} {
				if n := registry.Sum("tutorsocket_quota_exceeded_total", "of", of[0], "kind", of[1], "outcome", outcome); n != want {
					t.Errorf("%v %s: %v", of, outcome, n)
				}
			}
		}
		table.users.rules[Messages].CountRefusal()
		if n := registry.Sum("tutorsocket_quota_exceeded_total"); n != 9 {
			t.Errorf("%v in all", n)
		}
	})
}

func FuzzSubscriber(f *testing.F) {
	for _, text := range []string{home, "[2001:db8::1]:1", "[::ffff:1.2.3.4]:5", "[fe80::1%x]:1", "pipe", ":80", "1.2.3.4"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, ok := subscriber(text)
		if !ok && k != (key{}) || ok && k.b != 4 && k.b != 6 || k.b == 4 && k.a > math.MaxUint32 {
			t.Errorf("%q gives %v, %v", text, k, ok)
		}
	})
}
