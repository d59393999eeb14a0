package hub

// Delivery says what became of a message for several sockets.
type Delivery struct {
	// Nodes has, of each node that holds some of them, how many queues took the message; none with 0.
	Nodes map[string]int
	// Missing names the nodes that did not answer: whether their sockets got the message is not known.
	Missing []string
}

// Addressed returns how many queues took the message, on all nodes that answered.
func (d Delivery) Addressed() int {
	n := 0
	for _, took := range d.Nodes {
		n += took
	}
	return n
}

// Add counts queues of a node that took the message.
func (d *Delivery) Add(node string, took int) {
	if took == 0 {
		return
	}
	if d.Nodes == nil {
		d.Nodes = map[string]int{}
	}
	d.Nodes[node] += took
}
