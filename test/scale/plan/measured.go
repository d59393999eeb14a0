package main

import "time"

// measured is what the measurements of this repository say of one machine with two cores, as docs/en/capacity.md and
// docs/en/scaling.md show it. What a claim sends between three servers is counted from their protocol: the write or the removal
// and its answer, to two replicas and back, for both, and a look.
var measured = figures{
	socketBytes:   6600 + 700,
	open:          250 * time.Microsecond,
	inbound:       20 * time.Microsecond,
	delivery:      12 * time.Microsecond,
	enqueue:       3 * time.Microsecond,
	ping:          20 * time.Microsecond,
	direct:        22 * time.Microsecond,
	directBytes:   250,
	group:         15 * time.Microsecond,
	groupBytes:    210,
	natsMessage:   6 * time.Microsecond,
	claim:         40 * time.Microsecond,
	natsClaim:     300 * time.Microsecond,
	claimMessages: 14,
	claimBytes:    2500,
	claimRate:     5000,
	claimMemory:   214,
	claimDisk:     233,
}

// figures are what single things cost.
type figures struct {
	socketBytes int           // memory of a silent socket at its node, with its claim
	open        time.Duration // processor time of a node to open and close a socket
	inbound     time.Duration // of a node for a message of a client and the answer, without the script
	delivery    time.Duration // of a node to write a message to a client
	enqueue     time.Duration // of the one goroutine of a node that puts messages to many into queues, for each
	ping        time.Duration // of a node for a protocol ping and its pong
	direct      time.Duration // of both nodes for a send to a socket of another node, without the client's write
	directBytes int           // through NATS for it, beside the message
	group       time.Duration // of each node for a message to many, beside the deliveries
	groupBytes  int           // through NATS for each node of it, beside the message
	natsMessage time.Duration // processor time of a NATS server for a message it passes on

	claim         time.Duration // processor time of a node to claim a key and to release it
	natsClaim     time.Duration // of all NATS servers for it
	claimMessages int           // between servers and nodes for it
	claimBytes    int           // of these
	claimRate     int           // claims and releases in a second at most, on one stream with three replicas
	claimMemory   int           // bytes of each NATS server's memory for a claimed key
	claimDisk     int           // and of its disk
}
