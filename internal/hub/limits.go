package hub

import (
	"fmt"
	"net/netip"
	"sync"
)

// Limits bound the open sockets; 0 is no limit. Detached sockets do not count (design: "Limits and
// defaults").
type Limits struct {
	PerUser    int
	PerAddress int // an IPv4 address, or the /64 network of an IPv6 one, which is one subscriber
	Total      int
}

// subscriberBits is what a provider gives one subscriber of IPv6.
const subscriberBits = 64

// crowd counts open sockets against the limits. Its lock is taken last.
type crowd struct {
	limits Limits

	mu        sync.Mutex
	total     int
	users     map[string]int       // nil where there is no limit
	addresses map[netip.Prefix]int // nil where there is no limit
}

// subscriber returns whom an address "host:port" belongs to, the zero value if it is none.
func subscriber(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	addr := at.Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = subscriberBits
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

// shown writes a subscriber as people know it: an address of IPv4 without the length of its prefix.
func shown(from netip.Prefix) string {
	if from.IsSingleIP() {
		return from.Addr().String()
	}
	return from.String()
}

// admit counts an open socket in, or says which limit it would exceed.
func (c *crowd) admit(user, remote string) error {
	from := c.from(remote)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.limits.Total > 0 && c.total >= c.limits.Total:
		return &LimitError{"total", fmt.Sprintf("%d are open, and no more may be", c.total)}
	case c.limits.PerUser > 0 && c.users[user] >= c.limits.PerUser:
		return &LimitError{"per_user", fmt.Sprintf("this user has %d open, and may have no more", c.users[user])}
	case from.IsValid() && c.limits.PerAddress > 0 && c.addresses[from] >= c.limits.PerAddress:
		return &LimitError{"per_address", fmt.Sprintf("%d are open from %s, and no more may be", c.addresses[from], shown(from))}
	}
	c.total++
	if c.limits.PerUser > 0 {
		if c.users == nil {
			c.users = map[string]int{}
		}
		c.users[user]++
	}
	c.arrive(from)
	return nil
}

// leave counts an open socket out that admit has counted in.
func (c *crowd) leave(user, remote string) {
	from := c.from(remote)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if c.limits.PerUser > 0 {
		if c.users[user]--; c.users[user] == 0 {
			delete(c.users, user)
		}
	}
	c.depart(from)
}

// move notes that an open socket is connected from elsewhere now.
func (c *crowd) move(before, now string) {
	from, to := c.from(before), c.from(now)
	if from == to {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.depart(from)
	c.arrive(to)
}

func (c *crowd) from(remote string) netip.Prefix {
	if c.limits.PerAddress <= 0 {
		return netip.Prefix{}
	}
	return subscriber(remote)
}

func (c *crowd) arrive(from netip.Prefix) {
	if !from.IsValid() {
		return
	}
	if c.addresses == nil {
		c.addresses = map[netip.Prefix]int{}
	}
	c.addresses[from]++
}

func (c *crowd) depart(from netip.Prefix) {
	if !from.IsValid() {
		return
	}
	if c.addresses[from]--; c.addresses[from] == 0 {
		delete(c.addresses, from)
	}
}
