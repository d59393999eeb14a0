package conformance

import (
	"encoding/binary"
	"math/rand/v2"
)

// Opcodes (RFC 6455, 5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// Reserved bits as they stand in the first byte.
const (
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10
)

// A frame is what a client sends. The zero value of what may be a lie is the truth.
type frame struct {
	op      byte
	payload string
	open    bool // FIN is not set
	rsv     byte
	bare    bool   // not masked
	mask    uint32 // 0: a random one
	zero    bool   // the mask is 0, which is a mask as good as any
	wide    int    // the length takes 2 or 8 bytes, though it may be short
	claim   uint64 // the length said, where it is not that of the payload
}

func text(payload string) frame     { return frame{op: opText, payload: payload} }
func binaryOf(payload string) frame { return frame{op: opBinary, payload: payload} }
func ping(payload string) frame     { return frame{op: opPing, payload: payload} }
func pong(payload string) frame     { return frame{op: opPong, payload: payload} }

// rest is a frame of a message that has begun, last its last one.
func rest(payload string) frame { return frame{op: opContinuation, payload: payload, open: true} }
func last(payload string) frame { return frame{op: opContinuation, payload: payload} }

// closing is a close frame with a code.
func closing(code int, reason string) frame {
	return frame{op: opClose, payload: closePayload(code, reason)}
}

func closePayload(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

func (f frame) unfinished() frame         { f.open = true; return f }
func (f frame) reserved(bits byte) frame  { f.rsv = bits; return f }
func (f frame) unmasked() frame           { f.bare = true; return f }
func (f frame) maskedWith(m uint32) frame { f.mask, f.zero = m, m == 0; return f }
func (f frame) lengthIn(bytes int) frame  { f.wide = bytes; return f }
func (f frame) claiming(n uint64) frame   { f.claim = n; return f }
func (f frame) called(op byte) frame      { f.op = op; return f }

// encode returns the frame as it goes over the wire.
func (f frame) encode() []byte {
	first := f.op | f.rsv
	if !f.open {
		first |= 0x80
	}
	length := uint64(len(f.payload))
	if f.claim != 0 {
		length = f.claim
	}
	b := appendLength([]byte{first}, length, f.wide)
	if f.bare {
		return append(b, f.payload...)
	}
	b[1] |= 0x80
	if f.mask == 0 && !f.zero {
		f.mask = rand.Uint32()
	}
	var mask [4]byte
	binary.BigEndian.PutUint32(mask[:], f.mask)
	b = append(b, mask[:]...)
	start := len(b)
	b = append(b, f.payload...)
	for i := range len(f.payload) {
		b[start+i] ^= mask[i&3]
	}
	return b
}

// appendLength appends a length in as few bytes as hold it, or in more.
func appendLength(b []byte, length uint64, wide int) []byte {
	switch {
	case wide == 8 || length > 0xffff:
		return binary.BigEndian.AppendUint64(append(b, 127), length)
	case wide == 2 || length > 125:
		return binary.BigEndian.AppendUint16(append(b, 126), uint16(length))
	}
	return append(b, byte(length))
}

// encodeAll joins frames.
func encodeAll(frames ...frame) (all []byte) {
	for _, f := range frames {
		all = append(all, f.encode()...)
	}
	return all
}

// fragments cuts a message into frames of at most size bytes.
func fragments(op byte, payload string, size int) (frames []frame) {
	for len(payload) > size {
		frames = append(frames, frame{op: op, payload: payload[:size], open: true})
		op, payload = opContinuation, payload[size:]
	}
	return append(frames, frame{op: op, payload: payload})
}
