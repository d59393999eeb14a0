package quota

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

const (
	shardCount = 64
	// fewest is how many accounts a shard may have before those are looked for that owe nothing.
	fewest = 8
	// drawn is how many are looked at for the one to drop when there is no room.
	drawn = 8
	// roomy is how many times more room than accounts a shard may have before it is made anew.
	roomy = 4
)

// key says whose an account is.
type key struct{ a, b uint64 }

// account says when the buckets of one owner will be full, in nanoseconds; those that are in the past are.
type account struct {
	key  key
	full [kinds]int64
}

// free is when the account will owe nothing and have all its buckets full.
func (a *account) free() int64 { return max(a.full[0], a.full[1], a.full[2], a.full[3]) }

// accounts are those of all users, or of all addresses. Methods of nil limit nothing.
type accounts struct {
	rules     [kinds]*Rule
	one, two  maphash.Seed
	secret    key // nobody outside can choose keys of one shard
	forgotten *metrics.Counter
	shards    [shardCount]shard
}

// shard holds a part of the accounts.
type shard struct {
	mu    sync.Mutex // guards what follows
	index map[key]uint32
	list  []account // without gaps
	tidy  int       // how many there may be before those are looked for that owe nothing
	most  int       // does not change

	_ [64]byte // each shard has cache lines of its own
}

func newAccounts(rules [kinds]*Rule, most int, forgotten *metrics.Counter) *accounts {
	a := &accounts{rules: rules, one: maphash.MakeSeed(), two: maphash.MakeSeed(), secret: key{rand.Uint64(), rand.Uint64()}, forgotten: forgotten}
	for i := range a.shards {
		sh := &a.shards[i]
		sh.index, sh.tidy, sh.most = map[key]uint32{}, fewest, max(1, most/shardCount)
	}
	return a
}

// limits reports whether a kind is limited.
func (a *accounts) limits(kind Kind) bool { return a != nil && a.rules[kind] != nil }

// cares reports whether the verdict on a kind may say something: a handshake waits also for what scripts have
// worked, a message besides hears whether bytes were sent lately.
func (a *accounts) cares(kind Kind) bool {
	switch kind {
	case Handshakes:
		return a.limits(Handshakes) || a.limits(Compute)
	case Messages:
		return a.limits(Messages) || a.limits(Bytes) || a.limits(Compute)
	}
	return a.limits(kind)
}

func (a *accounts) hash(text string) key {
	return key{maphash.String(a.one, text), maphash.String(a.two, text)}
}

// shard finds the shard of a key by a multiplication with the secret, of which all bits count.
func (a *accounts) shard(k key) *shard {
	high, low := bits.Mul64(k.a^a.secret.a, k.b^a.secret.b)
	return &a.shards[(high^low)%shardCount]
}

// ask charges an account, unless it would owe more than most then, or scripts have worked more than that for it.
func (a *accounts) ask(k key, now int64, kind Kind, amount, most int64) Verdict {
	sh := a.shard(k)
	sh.mu.Lock()
	v, forgot := a.askIn(sh, k, now, kind, amount, most)
	sh.mu.Unlock()
	if forgot {
		a.forgotten.Inc()
	}
	switch {
	case v.Refused:
		v.Rule.refused.Inc()
	case v.Rule != nil:
		v.Rule.slowed.Inc()
	}
	return v
}

// askIn is ask with the lock of the shard held.
func (a *accounts) askIn(sh *shard, k key, now int64, kind Kind, amount, most int64) (v Verdict, forgot bool) {
	acc := sh.find(k)
	if acc != nil {
		v.Busy = a.busy(acc, now)
		if rule := a.rules[Compute]; rule != nil && kind != Bytes {
			v = v.and(rule.owed(acc.full[Compute]-now, most))
		}
	}
	rule := a.rules[kind]
	if rule == nil || v.Refused {
		return v, false
	}
	gone := rule.cost(amount) // of the bucket
	if acc != nil {
		gone += max(acc.full[kind]-now, 0)
	}
	if v = v.and(rule.owed(gone, most)); v.Refused {
		return v, false
	}
	if acc == nil {
		acc, forgot = sh.add(k, now)
	}
	acc.full[kind] = now + gone
	return v, forgot
}

// busy reports whether more than half is gone of a bucket of what comes on sockets.
func (a *accounts) busy(acc *account, now int64) bool {
	for kind := Messages; kind < kinds; kind++ {
		if rule := a.rules[kind]; rule != nil && acc.full[kind]-now > rule.burst/2 {
			return true
		}
	}
	return false
}

// owed is the verdict on a bucket of which so much is gone.
func (r *Rule) owed(gone, most int64) (v Verdict) {
	if debt := gone - r.burst; debt > 0 {
		v = Verdict{Wait: time.Duration(debt), Rule: r, Refused: debt > most}
	}
	return v
}

// charge charges an account, whatever it owes.
func (a *accounts) charge(k key, now int64, kind Kind, amount int64) {
	cost := a.rules[kind].cost(amount)
	sh := a.shard(k)
	sh.mu.Lock()
	acc, forgot := sh.find(k), false
	if acc == nil {
		acc, forgot = sh.add(k, now)
	}
	acc.full[kind] = max(acc.full[kind], now) + cost
	sh.mu.Unlock()
	if forgot {
		a.forgotten.Inc()
	}
}

// len returns how many accounts there are.
func (a *accounts) len() (n int) {
	if a == nil {
		return 0
	}
	for i := range a.shards {
		sh := &a.shards[i]
		sh.mu.Lock()
		n += len(sh.list)
		sh.mu.Unlock()
	}
	return n
}

// sweep drops all accounts that owe nothing and gives the room back that nobody needs.
func (a *accounts) sweep(now int64) {
	if a == nil {
		return
	}
	for i := range a.shards {
		a.shards[i].sweep(now)
	}
}

// find returns an account, valid until the next one is added or dropped; nil if there is none. Called with mu held,
// as are those below.
func (sh *shard) find(k key) *account {
	if i, ok := sh.index[k]; ok {
		return &sh.list[i]
	}
	return nil
}

// add makes an account, and reports whether one that owes something had to go for it.
func (sh *shard) add(k key, now int64) (acc *account, forgot bool) {
	if len(sh.list) >= sh.tidy {
		sh.dropFree(now)
	}
	if len(sh.list) >= sh.most {
		forgot = sh.makeRoom(now)
	}
	sh.index[k] = uint32(len(sh.list))
	sh.list = append(sh.list, account{key: k})
	return &sh.list[len(sh.list)-1], forgot
}

// dropFree drops the accounts that owe nothing. When it is due again they may have become twice as many, so that it
// costs each that is added little.
func (sh *shard) dropFree(now int64) {
	for i := len(sh.list) - 1; i >= 0; i-- {
		if sh.list[i].free() <= now {
			sh.drop(i)
		}
	}
	sh.tidy = max(2*len(sh.list), fewest)
}

// makeRoom drops of some accounts the one that owes least.
func (sh *shard) makeRoom(now int64) (forgot bool) {
	least := rand.IntN(len(sh.list))
	for range drawn - 1 {
		if i := rand.IntN(len(sh.list)); sh.list[i].free() < sh.list[least].free() {
			least = i
		}
	}
	forgot = sh.list[least].free() > now
	sh.drop(least)
	return forgot
}

// drop removes an account; the last one takes its place.
func (sh *shard) drop(i int) {
	last := len(sh.list) - 1
	delete(sh.index, sh.list[i].key)
	if i != last {
		sh.list[i] = sh.list[last]
		sh.index[sh.list[i].key] = uint32(i)
	}
	sh.list = sh.list[:last]
}

// sweep takes mu.
func (sh *shard) sweep(now int64) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.dropFree(now)
	if cap(sh.list) < roomy*max(len(sh.list), 1) {
		return
	}
	sh.list = append([]account(nil), sh.list...)
	sh.index = make(map[key]uint32, len(sh.list))
	for i := range sh.list {
		sh.index[sh.list[i].key] = uint32(i)
	}
}
