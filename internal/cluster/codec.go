package cluster

import "encoding/binary"

// The bodies of requests between nodes: numbers are varints, texts stand behind their length.

func appendUint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

func appendText(b []byte, s string) []byte { return append(appendUint(b, uint64(len(s))), s...) }

// reader takes a body apart. What it reads of a body that is cut or has something else in it is zero, and bad
// is set then.
type reader struct {
	buf []byte
	bad bool
}

// done reports whether all was read and nothing is left.
func (r *reader) done() bool { return !r.bad && len(r.buf) == 0 }

func (r *reader) fail() {
	r.bad, r.buf = true, nil
}

func (r *reader) byte() byte {
	if len(r.buf) == 0 {
		r.fail()
		return 0
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.buf)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[size:]
	return n
}

// length reads how many things follow, each of which takes a byte at least.
func (r *reader) length() int {
	n := r.uint()
	if n > uint64(len(r.buf)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.length()
	s := string(r.buf[:n])
	r.buf = r.buf[n:]
	return s
}
