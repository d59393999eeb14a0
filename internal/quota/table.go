package quota

import (
	"context"
	"net/netip"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Config says what may be taken. Zero values are the defaults, and where nothing is limited no limit.
type Config struct {
	User, Address Limits
	// Surge says how much may be taken at once after a pause: as much as is allowed in this time; 10 s. It is at
	// least one of each kind.
	Surge time.Duration
	// Debt is how long a debt may take to be paid before what adds to it is refused; 30 s.
	Debt time.Duration
	// Patience is the same for handshakes, which wait with an open request; 5 s.
	Patience time.Duration
	// Accounts bounds the accounts of users, and those of addresses; 65,536.
	Accounts int
	// Metrics counts what was slowed down and refused; nil: nothing does.
	Metrics *metrics.Registry
}

const (
	defaultSurge    = 10 * time.Second
	defaultDebt     = 30 * time.Second
	defaultPatience = 5 * time.Second
	defaultAccounts = 1 << 16

	// sweepInterval is the time between two looks at all accounts.
	sweepInterval = 30 * time.Second
)

func orDefault[T int | time.Duration](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// Table holds the accounts of users and addresses.
type Table struct {
	started          time.Time
	debt, patience   int64     // nanoseconds
	users, addresses *accounts // nil: they are not limited
}

// New returns a table; nil if nothing is limited. [Table.Run] tidies it up.
func New(cfg Config) *Table {
	orDefault(&cfg.Surge, defaultSurge)
	orDefault(&cfg.Debt, defaultDebt)
	orDefault(&cfg.Patience, defaultPatience)
	orDefault(&cfg.Accounts, defaultAccounts)
	t := &Table{started: time.Now(), debt: int64(cfg.Debt), patience: int64(cfg.Patience)}
	// What is counted is known also where nothing is.
	outcomes := cfg.Metrics.Counters("tutorsocket_quota_exceeded_total",
		"Handshakes, messages, bytes and script time beyond what a user or an address may take, by outcome: slowed (it waited), refused (too much was owed).",
		"of", "kind", "outcome")
	forgotten := cfg.Metrics.Counters("tutorsocket_quota_forgotten_accounts_total",
		"Accounts that were dropped although something was owed, because the table was full.", "of")
	if !cfg.User.none() {
		t.users = newAccounts(users.rules(cfg.User, cfg.Surge, outcomes), cfg.Accounts, forgotten.With(string(users)))
	}
	if !cfg.Address.none() {
		t.addresses = newAccounts(addresses.rules(cfg.Address, cfg.Surge, outcomes), cfg.Accounts, forgotten.With(string(addresses)))
	}
	cfg.Metrics.Read("tutorsocket_quota_accounts", "Users and addresses that have taken something lately, as far as they are limited.", []string{"of"}, func(set func(float64, ...string)) {
		set(float64(t.users.len()), string(users))
		set(float64(t.addresses.len()), string(addresses))
	})
	if t.users == nil && t.addresses == nil {
		return nil
	}
	return t
}

// HandshakeFrom asks for a handshake from an address "host:port".
func (t *Table) HandshakeFrom(remote string) Verdict {
	if t == nil || !t.addresses.cares(Handshakes) {
		return Verdict{}
	}
	return t.from(remote, t.now(), Handshakes, 1, t.patience)
}

// HandshakeBy asks for a handshake of a user.
func (t *Table) HandshakeBy(user string) Verdict {
	if t == nil || !t.users.cares(Handshakes) {
		return Verdict{}
	}
	return t.by(user, t.now(), Handshakes, 1, t.patience)
}

// Message asks for a message of a user from an address. It is refused, or has to wait, also where scripts have
// worked too long for either.
func (t *Table) Message(user, remote string) Verdict { return t.ask(user, remote, Messages, 1) }

// Bytes says that a user has sent bytes from an address. They are there already: the verdict is on the next ones,
// and what is refused is not charged.
func (t *Table) Bytes(user, remote string, n int) Verdict {
	return t.ask(user, remote, Bytes, int64(n))
}

// Computed says that a script has worked for a user at an address. It is charged in any case; who owes too much
// hears of it at the next handshake or message.
func (t *Table) Computed(user, remote string, took time.Duration) {
	if t == nil || took <= 0 {
		return
	}
	now := t.now()
	if t.users.limits(Compute) && user != "" {
		t.users.charge(t.users.hash(user), now, Compute, int64(took))
	}
	if t.addresses.limits(Compute) {
		if k, ok := subscriber(remote); ok {
			t.addresses.charge(k, now, Compute, int64(took))
		}
	}
}

// ask asks for something that both a user and an address have to pay for. What the user is refused the address
// does not pay for.
func (t *Table) ask(user, remote string, kind Kind, amount int64) (v Verdict) {
	if t == nil {
		return v
	}
	forUser, forAddress := t.users.cares(kind), t.addresses.cares(kind)
	if !forUser && !forAddress {
		return v
	}
	now := t.now()
	if forUser {
		v = t.by(user, now, kind, amount, t.debt)
	}
	if forAddress && !v.Refused {
		v = v.and(t.from(remote, now, kind, amount, t.debt))
	}
	return v
}

func (t *Table) by(user string, now int64, kind Kind, amount, most int64) Verdict {
	if user == "" {
		return Verdict{}
	}
	return t.users.ask(t.users.hash(user), now, kind, amount, most)
}

func (t *Table) from(remote string, now int64, kind Kind, amount, most int64) Verdict {
	k, ok := subscriber(remote)
	if !ok {
		return Verdict{}
	}
	return t.addresses.ask(k, now, kind, amount, most)
}

// now is the time since the table was made, in nanoseconds: never set back, and small enough to add to.
func (t *Table) now() int64 { return int64(time.Since(t.started)) }

// Run drops accounts that owe nothing any more, now and then, until ctx ends. Without it they go when others come.
func (t *Table) Run(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			t.users.sweep(t.now())
			t.addresses.sweep(t.now())
		}
	}
}

// subscriber returns whom an address "host:port" belongs to: itself, or the /64 network of an IPv6 one.
func subscriber(remote string) (k key, ok bool) {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return key{}, false
	}
	addr := at.Addr().Unmap()
	if addr.Is4() {
		b := addr.As4()
		return key{uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3]), 4}, true
	}
	b := addr.As16()
	network := uint64(0)
	for _, part := range b[:8] {
		network = network<<8 | uint64(part)
	}
	return key{network, 6}, true
}
