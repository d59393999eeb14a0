package peers

import (
	"encoding/binary"
	"errors"
)

// What two nodes of different versions must agree on: a frame is
//
//	version, kind, op, flags: one byte each
//	incarnation of the sender: 8 bytes, big endian
//	name of the sender: its length in one byte, then its bytes
//	flagGroup: number of the group message, a varint
//	flagPart: number of the body, offset in it, its size: varints
//	flagSent: when it was sent, and how long its sender waits for an answer: varints, both in
//	  milliseconds, the former by a clock of the sender that began with 1 at its start
//	the body, or this part of it: the rest
const (
	frameVersion = 1
	maxName      = 255
	// maxHead bounds what a frame takes beside the body.
	maxHead = 4 + 8 + 1 + maxName + 6*binary.MaxVarintLen64
)

// maxAbout bounds what heartbeats say about a node, in bytes.
const maxAbout = 8 << 10

// MaxBody is the largest body of a request, a page or an answer, in bytes.
const MaxBody = 64 << 20

type kind uint8

const (
	kindRequest kind = iota + 1
	kindAnswer       // the end of an answer
	kindPage         // more will follow
	kindFailure      // the end, too: code, 0, text
	kindProbe        // are you there?
	kindPong         // the answer to a probe
	kindWho          // of a newcomer that is not a member yet: who is there?
	kindHello        // of a new member
	kindHere         // a heartbeat, or the answer to who and hello
	kindBye          // of a member that leaves
	kindBack         // to a member that was silent for too long and is heard again: you were taken for gone
	kinds            // how many there are
)

const (
	flagGroup = 1 << iota
	flagPart
	flagSent
	knownFlags = flagGroup | flagPart | flagSent
)

// frame is one message on the wire.
type frame struct {
	kind        kind
	op          Op
	incarnation uint64
	name        []byte // of the sender; valid as long as what was parsed
	groupSeq    uint64 // 0: not of a group message
	part        part   // total 0: the body is whole
	sent        uint64 // 0: it does not say
	wait        uint64 // of requests: how long the sender waits
	body        []byte
}

// part says which piece of a body a frame brings.
type part struct{ id, offset, total uint64 }

// fits reports whether so many bytes can be this piece of a body.
func (p *part) fits(size uint64) bool {
	return p.total != 0 && p.total <= MaxBody && p.offset <= p.total && size <= p.total-p.offset && size != 0
}

var (
	errShort   = errors.New("frame too short")
	errVersion = errors.New("frame of an unknown version")
	errKind    = errors.New("frame of an unknown kind")
	errSent    = errors.New("frame from before the start of its sender")
	errPart    = errors.New("frame with an impossible part of a body")
)

// append writes the frame behind b.
func (f *frame) append(b []byte) []byte {
	flags := byte(0)
	if f.groupSeq != 0 {
		flags |= flagGroup
	}
	if f.part.total != 0 {
		flags |= flagPart
	}
	if f.sent != 0 {
		flags |= flagSent
	}
	b = append(b, frameVersion, byte(f.kind), byte(f.op), flags)
	b = binary.BigEndian.AppendUint64(b, f.incarnation)
	b = append(b, byte(len(f.name)))
	b = append(b, f.name...)
	if f.groupSeq != 0 {
		b = binary.AppendUvarint(b, f.groupSeq)
	}
	if f.part.total != 0 {
		b = binary.AppendUvarint(b, f.part.id)
		b = binary.AppendUvarint(b, f.part.offset)
		b = binary.AppendUvarint(b, f.part.total)
	}
	if f.sent != 0 {
		b = binary.AppendUvarint(b, f.sent)
		b = binary.AppendUvarint(b, f.wait)
	}
	return append(b, f.body...)
}

// parse reads a frame, which keeps to the bytes of data.
func parse(data []byte) (f frame, err error) {
	const fixed = 4 + 8 + 1
	if len(data) < fixed {
		return frame{}, errShort
	}
	flags := data[3]
	if data[0] != frameVersion || flags&^knownFlags != 0 {
		return frame{}, errVersion
	}
	f.kind, f.op = kind(data[1]), Op(data[2])
	if f.kind == 0 || f.kind >= kinds {
		return frame{}, errKind
	}
	f.incarnation = binary.BigEndian.Uint64(data[4:])
	name := int(data[12])
	rest := data[fixed:]
	if len(rest) < name || name == 0 {
		return frame{}, errShort
	}
	f.name, rest = rest[:name:name], rest[name:]
	if flags&flagGroup != 0 {
		if f.groupSeq, rest, err = varint(rest); err != nil {
			return frame{}, err
		}
	}
	if flags&flagPart != 0 {
		for _, v := range []*uint64{&f.part.id, &f.part.offset, &f.part.total} {
			if *v, rest, err = varint(rest); err != nil {
				return frame{}, err
			}
		}
	}
	if flags&flagSent != 0 {
		for _, v := range []*uint64{&f.sent, &f.wait} {
			if *v, rest, err = varint(rest); err != nil {
				return frame{}, err
			}
		}
		if f.sent == 0 {
			return frame{}, errSent
		}
	}
	if flags&flagPart != 0 && !f.part.fits(uint64(len(rest))) {
		return frame{}, errPart
	}
	f.body = rest
	return f, nil
}

func varint(b []byte) (v uint64, rest []byte, err error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errShort
	}
	return v, b[n:], nil
}
