package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fault breaks something and makes it whole again, while messages flow.
type fault struct {
	name    string
	servers bool // it happens to NATS servers only
	short   bool // it happens without -long and -only, too
	do      func(r *rig, rnd *rand.Rand)
}

// messages is how many are sent while something is broken, at least.
const messages = 60

var faults = []fault{
	{"a node is killed", false, false, func(r *rig, rnd *rand.Rand) {
		n := r.nodes[rnd.IntN(3)]
		n.kill()
		r.flows(messages)
		n.start()
		n.ready()
	}},
	{"a NATS server is killed", true, true, func(r *rig, rnd *rand.Rand) {
		s := r.servers.list[rnd.IntN(3)]
		s.kill()
		r.flows(messages)
		s.start()
		r.servers.ready()
	}},
	{"a node is paused", false, false, func(r *rig, rnd *rand.Rand) {
		n := r.nodes[rnd.IntN(3)]
		n.signal(syscall.SIGSTOP)
		r.givenUp(n)
		r.flows(messages)
		n.signal(syscall.SIGCONT)
	}},
	{"a NATS server is paused", true, false, func(r *rig, rnd *rand.Rand) {
		s := r.servers.list[rnd.IntN(3)]
		s.signal(syscall.SIGSTOP)
		r.flows(3 * messages)
		s.signal(syscall.SIGCONT)
		r.servers.ready()
	}},
	{"a node is cut off from NATS", false, false, func(r *rig, rnd *rand.Rand) {
		n := r.nodes[rnd.IntN(3)]
		n.partition(true)
		r.givenUp(n)
		r.flows(messages)
		n.partition(false)
	}},
	{"a NATS server is cut off from the others", true, false, func(r *rig, rnd *rand.Rand) {
		i := rnd.IntN(3)
		r.servers.isolate(i, true)
		r.flows(3 * messages)
		r.servers.isolate(i, false)
		r.servers.ready()
	}},
	{"all nodes are started again, one after the other", false, false, func(r *rig, rnd *rand.Rand) {
		for _, i := range rnd.Perm(3) {
			n := r.nodes[i]
			n.signal(syscall.SIGTERM)
			if code := n.wait(); code != 0 {
				r.t.Errorf("%s ends with %d:\n%s", n.name, code, n.text())
			}
			r.flows(messages / 3)
			n.start()
			n.ready()
			r.healed()
		}
	}},
}

// givenUp waits until the others have given a node up. Those who sit there find out by themselves.
func (r *rig) givenUp(n *node) {
	r.t.Helper()
	for _, v := range r.seats {
		v.partFrom(n)
	}
	for _, other := range r.nodes {
		if other != n {
			until(r.t, other.name+" gives "+n.name+" up", func() bool {
				names := other.knows()
				return len(names) > 0 && !slices.Contains(names, n.name)
			})
		}
	}
}

// TestFaults: whatever happens to nodes and NATS servers while messages flow and clients go from node to node, no
// message of the durable service is lost, none is out of order, each loss of the others is announced or was on its
// way in a connection that broke, and no socket is on two nodes in the end.
func TestFaults(t *testing.T) {
	if !*long && *only == "" {
		t.Skip("takes long: run it with -args -long, or with -args -only and a part of the name of a fault")
	}
	rnd := chance(t)
	r := newRig(t, 3)
	r.visit(rnd, 6)
	r.suffer(rnd, faults)
	if v := r.history.Judge(); v.Delivered < 500 && *only == "" {
		t.Errorf("%d delivered: this is no load", v.Delivered)
	}
}

// suffer has each of the faults happen.
func (r *rig) suffer(rnd *rand.Rand, faults []fault) {
	faults = slices.DeleteFunc(slices.Clone(faults), func(f fault) bool {
		return !strings.Contains(f.name, *only) || !f.short && !*long && *only == ""
	})
	for round := range rounds(1) {
		for _, i := range rnd.Perm(len(faults)) {
			f := faults[i]
			r.t.Logf("round %d: %s", round+1, f.name)
			r.flow(rnd)
			wandering := r.wander(child(rnd))
			r.flows(messages / 2)
			f.do(r, rnd)
			r.heal()
			r.flows(messages / 2)
			wandering()
			r.rest()
			r.settle()
			if r.t.Failed() {
				r.t.Fatalf("after round %d: %s", round+1, f.name)
			}
		}
	}
}

// TestServersOfOneNode: what happens to NATS servers while a node has others to turn to costs its clients nothing.
func TestServersOfOneNode(t *testing.T) {
	rnd := chance(t)
	r := newRig(t, 1)
	r.visit(rnd, 3)
	r.suffer(rnd, slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return !f.servers }))
}

// wander has visitors lose their connections now and then, until the function returned is called.
func (r *rig) wander(rnd *rand.Rand) (end func()) {
	stop := make(chan struct{})
	var going sync.WaitGroup
	going.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(50+rnd.IntN(150)) * time.Millisecond):
				r.seats[rnd.IntN(len(r.seats))].part()
			}
		}
	})
	return func() {
		close(stop)
		going.Wait()
	}
}

// TestWithoutNATS: nodes that cannot reach NATS serve the sockets they have, open volatile ones, and refuse stateful
// ones with 503. When NATS is back all is as it was.
func TestWithoutNATS(t *testing.T) {
	rnd := chance(t)
	r := newRig(t, 3)
	r.visit(rnd, 2)
	var echoes []*echoing
	for i, n := range r.nodes {
		echoes = append(echoes, newEcho(t, n, fmt.Sprint(i)), newEcho(t, n, ""))
	}
	for _, s := range r.servers.list {
		s.kill()
	}
	for _, n := range r.nodes {
		until(t, n.name+" refuses stateful sockets", func() bool { return refusal(n, "new") == 503 })
		newEcho(t, n, "").check()
	}
	for _, e := range echoes {
		e.check()
	}
	for _, s := range r.servers.list {
		s.start()
	}
	r.servers.ready()
	r.heal()
	for _, e := range echoes {
		e.check()
	}
	for i, n := range r.nodes {
		until(t, n.name+" takes stateful sockets", func() bool { return refusal(n, fmt.Sprintf("again%d", i)) == 0 })
	}
	r.settle()
}
