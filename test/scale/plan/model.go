package main

import (
	"fmt"
	"math"
	"time"
)

// load says how many sockets there are and what they do. Rates are per socket and second.
type load struct {
	sockets  float64
	stateful float64       // share of sockets with an id of their own
	life     time.Duration // of a socket, from opening to close
	inbound  float64       // messages of clients to scripts, each answered
	direct   float64       // messages of scripts to one socket, which may be anywhere
	grouped  float64       // messages that reach a socket as one of a group
	reach    float64       // sockets that a message to a group reaches
	bytes    float64       // of a message
	ping     time.Duration // between protocol pings
	script   time.Duration // processor time of a script for a message
}

// machine is what a node or a NATS server runs on.
type machine struct {
	cores  float64
	memory float64 // bytes
	use    float64 // the part of cores and memory that is planned with
	files  float64 // that a process may have open
}

// plan is what a load needs.
type plan struct {
	nodes     float64 // that carry the load; one more is there for the one that fails
	decides   string  // what the number of nodes comes from
	perNode   perNode
	nats      nats
	broadcast broadcast
	nodeLost  time.Duration // until all of a node that fails are open elsewhere, as far as claims decide it
}

type perNode struct {
	sockets, memory, files  float64
	cores                   float64
	netClients, netNATS     float64 // bytes in a second, both directions
	deliveries, groupServed float64 // per second
}

type nats struct {
	servers         float64
	decides         string
	messages, bytes float64 // passed on in a second by all servers
	cores           float64 // of all servers
	claims          float64 // claimed and released in a second
	claimShare      float64 // of what one stream can do
	memory, disk    float64 // of the directory on each of its three servers
	connections     float64
}

// broadcast is one message to all sockets.
type broadcast struct {
	natsMessages float64
	processor    time.Duration // of all nodes
	takes        time.Duration // with all cores of the nodes, of which one fills queues
}

const replicas = 3

// mostNodes is where a plan gives up.
const mostNodes = 100_000

// beats is how many heartbeats a node sends in a second; each reaches all others.
const beats = 1

// calculate makes a plan. The number of nodes decides what a group send costs, and that the number of nodes: it
// begins with one node and adds as many as are missing until none is.
func calculate(l load, m machine, f figures) (plan, error) {
	p := plan{nodes: 1}
	for {
		if p.nodes > mostNodes {
			return plan{}, fmt.Errorf("%.0f messages to groups in a second are too many: each goes to every node, and more nodes do not help", l.groupSends())
		}
		need, decides := nodesNeeded(l, m, f, p.nodes)
		if need <= p.nodes {
			break
		}
		p.nodes, p.decides = need, decides
	}
	p.perNode = onNode(l, f, p.nodes)
	p.nats = onNATS(l, m, f, p.nodes)
	p.broadcast = broadcast{
		natsMessages: 1 + 2*p.nodes, // to each node, and its answer
		processor:    seconds(l.sockets*f.delivery.Seconds() + p.nodes*f.group.Seconds()),
	}
	p.broadcast.takes = max(seconds(p.broadcast.processor.Seconds()/(p.nodes*m.cores)), seconds(p.perNode.sockets*f.enqueue.Seconds()))
	p.nodeLost = seconds(p.perNode.sockets * l.stateful / float64(f.claimRate))
	return p, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// nodesNeeded is how many nodes the load takes when a message to many goes to as many as given.
func nodesNeeded(l load, m machine, f figures, nodes float64) (need float64, decides string) {
	one := onNode(l, f, nodes)
	for _, limit := range []struct {
		name string
		used float64 // of what a node has
	}{
		{"memory", one.memory / (m.memory * m.use)},
		{"processor", one.cores / (m.cores * m.use)},
		{"open files", one.files / m.files},
	} {
		if n := math.Ceil(nodes * limit.used); n > need {
			need, decides = n, limit.name
		}
	}
	return max(need, 1), decides
}

// groupSends is how many messages to many there are in a second.
func (l load) groupSends() float64 { return l.sockets * l.grouped / l.reach }

// opens is how many sockets are opened, and as many closed, in a second.
func (l load) opens() float64 { return l.sockets / l.life.Seconds() }

func onNode(l load, f figures, nodes float64) perNode {
	n := l.sockets / nodes
	away := (nodes - 1) / nodes // of all direct sends
	written := l.inbound + l.direct + l.grouped
	opens := l.opens() / nodes
	perSocket := l.inbound*(f.inbound+l.script).Seconds() +
		l.direct*(away*f.direct.Seconds()+f.delivery.Seconds()) +
		l.grouped*f.delivery.Seconds() +
		f.ping.Seconds()/l.ping.Seconds()
	return perNode{
		sockets: n, memory: n * float64(f.socketBytes), files: n + 100,
		cores:      n*perSocket + l.groupSends()*f.group.Seconds() + opens*(f.open.Seconds()+l.stateful*f.claim.Seconds()),
		netClients: n * (l.inbound + written) * (l.bytes + 60),
		netNATS: n*l.direct*away*2*(l.bytes+float64(f.directBytes)) +
			l.groupSends()*(l.bytes+float64(f.groupBytes)),
		deliveries: n * written, groupServed: l.groupSends(),
	}
}

func onNATS(l load, m machine, f figures, nodes float64) nats {
	claims := l.opens() * l.stateful
	direct := l.sockets * l.direct * (nodes - 1) / nodes
	group := l.groupSends()
	n := nats{
		claims:     claims,
		claimShare: 2 * claims / float64(f.claimRate),
		memory:     l.sockets * l.stateful * float64(f.claimMemory+f.claimDisk), // what is on disk may be cached
		disk:       l.sockets * l.stateful * float64(f.claimDisk),
	}
	passed := 2*direct + 2*nodes*group + nodes*nodes*beats
	n.connections = nodes + 1
	n.servers, n.decides = replicas, "three keep the directory"
	for {
		// What is for a node at another server passes two.
		hops := 1 + (n.servers-1)/n.servers
		n.messages = passed*hops + claims*float64(f.claimMessages)
		n.cores = passed*hops*f.natsMessage.Seconds() + claims*f.natsClaim.Seconds()
		n.bytes = hops*(direct*(l.bytes+float64(f.directBytes))+nodes*group*(l.bytes+float64(f.groupBytes))) + claims*float64(f.claimBytes)
		need := math.Ceil(n.cores / (m.cores * m.use))
		if need <= n.servers {
			return n
		}
		n.servers, n.decides = need, "processor"
	}
}
