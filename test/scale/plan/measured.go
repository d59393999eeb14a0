package main

import "time"

// measured is what the measurements of this repository say of one machine with two cores, as docs/en/scaling.md
// shows it. The plan takes nothing else for granted.
var measured = figures{
	socketBytes:   6600 + 700,
	open:          250 * time.Microsecond,
	inbound:       20 * time.Microsecond,
	delivery:      12 * time.Microsecond,
	ping:          20 * time.Microsecond,
	direct:        30 * time.Microsecond,
	directBytes:   180,
	group:         25 * time.Microsecond,
	groupBytes:    260,
	natsMessage:   3 * time.Microsecond,
	claim:         120 * time.Microsecond,
	natsClaim:     120 * time.Microsecond,
	claimMessages: 10,
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
