// Package quota limits what a user and what an address may take together, with all their sockets: handshakes,
// messages, bytes, and the time that scripts work for them.
//
// [Table] keeps an account for each user and each address, with a token bucket for each of the four kinds. A
// bucket is one point in time: when it will be full again. So what has been quiet for long enough is full, an
// account whose buckets are all full says the same as none, and is dropped. What is asked for and is not there is
// owed: a [Verdict] says how long to wait until the debt is paid, or, where that takes too long, that it is
// refused. Nobody waits in here; whoever asks does.
//
// Addresses are IPv4 addresses and the /64 networks of IPv6, each of which is one subscriber. Users are told apart
// by 128 bits of a hash with a secret of the process, so that the table holds no pointers and no texts of
// strangers. Who has no user id, and an address that cannot be read, has no account, and is not limited as such.
//
// The table is bounded: 65,536 accounts of users and as many of addresses, which take some 170 bytes each. When it
// is full, of some accounts drawn by lot the one goes that owes least: a flood of new addresses does not wash away
// what those owe that are at a limit.
// It is split into shards with a lock each, held for a few dozen nanoseconds; asking takes no memory.
//
// ws asks, for handshakes and messages; engine says what the calls of services have taken. Each node of a cluster
// counts for itself. The package knows neither sockets nor requests. All is safe for concurrent use, and a nil
// [Table] limits nothing.
package quota
