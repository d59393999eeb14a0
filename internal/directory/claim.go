package directory

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// Claim says whose a key is.
type Claim struct {
	// Node is the name of the node that has the socket.
	Node string
	// Incarnation tells one start of this node from another.
	Incarnation string
	// User is whose socket it is; the same one may take it over.
	User string
	// Life is drawn when the key comes to life and stays through takeovers, also by other nodes. A later socket
	// under the same key has another one.
	Life uint64
	// Since is where the stream of the outbox was when this life began; zero for keys without a durable queue.
	Since uint64
	// Before is the incarnations of nodes that had the key before, the last of them first, with commas between: a node
	// that claims a key may never come to fetch the socket, which is still at one of those then. Empty in the first
	// claim of a life. The directory does not look at it.
	Before string
}

// Held is a claim as it is in the directory.
type Held struct {
	Claim
	// Revision names this very write of the claim. No other one of any key has the same.
	Revision uint64
}

// tokenBytes of a hash make collisions a matter of 2^64 keys.
const tokenBytes = 16

// token is the last part of a key's subject.
func token(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:tokenBytes])
}

// layout is the first byte of a stored claim.
const layout = 1

// mark tells one attempt to take a key from all others.
type mark uint64

// encode is the stored form of a claim:
//
//	layout 1 | mark 8 | life 8 | since | node | incarnation | user | before | key
//
// where since is a varint and each text has its length before it as one.
func encode(key string, c Claim, m mark) []byte {
	b := make([]byte, 0, 32+len(c.Node)+len(c.Incarnation)+len(c.User)+len(c.Before)+len(key))
	b = append(b, layout)
	b = binary.BigEndian.AppendUint64(b, uint64(m))
	b = binary.BigEndian.AppendUint64(b, c.Life)
	b = binary.AppendUvarint(b, c.Since)
	for _, text := range []string{c.Node, c.Incarnation, c.User, c.Before, key} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

// decode reads what encode wrote; anything else is [ErrBroken].
func decode(b []byte) (key string, c Claim, m mark, err error) {
	if len(b) < 17 || b[0] != layout {
		return "", Claim{}, 0, fmt.Errorf("%w: it has %d bytes of an unknown kind", ErrBroken, len(b))
	}
	m = mark(binary.BigEndian.Uint64(b[1:]))
	c.Life = binary.BigEndian.Uint64(b[9:])
	var n int
	if c.Since, n = binary.Uvarint(b[17:]); n <= 0 {
		return "", Claim{}, 0, fmt.Errorf("%w: it ends early", ErrBroken)
	}
	b = b[17+n:]
	for _, text := range []*string{&c.Node, &c.Incarnation, &c.User, &c.Before, &key} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return "", Claim{}, 0, fmt.Errorf("%w: it ends early", ErrBroken)
		}
		*text = string(b[n : n+int(size)])
		b = b[n+int(size):]
	}
	if len(b) > 0 {
		return "", Claim{}, 0, fmt.Errorf("%w: %d bytes follow it", ErrBroken, len(b))
	}
	return key, c, m, nil
}
