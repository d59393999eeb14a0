package peers

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// States of a node.
const (
	Ready    = "ready"
	Draining = "draining"
)

// Node is one process of the cluster.
type Node struct {
	Name        string
	Incarnation string    // 16 hexadecimal digits, drawn at the start of the process
	Tag         uint32    // the first 8 of them; never 0
	Started     time.Time // by its own clock
	Version     string
	State       string          // [Ready] or [Draining]
	About       json.RawMessage // what its [Config].About returned last; nil: nothing

	number uint64 // the incarnation as a number
}

// described is how heartbeats describe a node.
type described struct {
	Started time.Time       `json:"started"`
	Version string          `json:"version,omitempty"`
	State   string          `json:"state"`
	About   json.RawMessage `json:"about,omitempty"`
}

// newIncarnation draws one whose tag is not 0.
func newIncarnation() uint64 {
	var b [8]byte
	for {
		rand.Read(b[:]) // never fails
		if n := binary.BigEndian.Uint64(b[:]); n>>32 != 0 {
			return n
		}
	}
}

// NewIncarnation returns an incarnation for a process that has no peers: 16 hexadecimal digits that no other has.
func NewIncarnation() string { return incarnationText(newIncarnation()) }

func incarnationText(n uint64) string { return fmt.Sprintf("%016x", n) }

func (n *Node) become(incarnation uint64) {
	n.number, n.Incarnation, n.Tag = incarnation, incarnationText(incarnation), uint32(incarnation>>32)
}

func (n *Node) describe() []byte {
	b, err := json.Marshal(described{n.Started, n.Version, n.State, n.About})
	if err != nil { // About is no JSON
		b, _ = json.Marshal(described{n.Started, n.Version, n.State, nil})
	}
	return b
}

// nodeOf returns the node that a heartbeat describes.
func nodeOf(f *frame) (Node, error) {
	var d described
	if err := json.Unmarshal(f.body, &d); err != nil {
		return Node{}, fmt.Errorf("heartbeat: %w", err)
	}
	n := Node{Name: string(f.name), Started: d.Started, Version: d.Version, State: d.State, About: d.About}
	n.become(f.incarnation)
	return n, nil
}

// token makes the name of a node a token of a subject: what has a meaning there, or is not
// readable, is written as "=" and two hexadecimal digits.
func token(name string) string {
	plain := true
	for i := range len(name) {
		plain = plain && plainByte(name[i])
	}
	if plain {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; plainByte(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02x", c)
		}
	}
	return b.String()
}

func plainByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
