package ws

import (
	"encoding/binary"
	"errors"

	"github.com/gobwas/ws"
)

var (
	errLengthNotMinimal = errors.New("the length of a frame is not encoded in the shortest way")
	errLengthNegative   = errors.New("the length of a frame is impossible")
)

// readHeader takes bytes of a frame header from the front of p. ready is true, and in.frame
// filled, when it is complete. The library's reader wants all bytes at once and does not tell
// how a length was encoded, hence this one.
func (in *inbound) readHeader(p []byte) (n int, ready bool, err error) {
	for {
		need := in.headerLength()
		if in.nheader >= need {
			break
		}
		took := copy(in.header[in.nheader:need], p[n:])
		if took == 0 {
			return n, false, nil
		}
		in.nheader += took
		n += took
	}
	in.nheader = 0
	in.frame, err = decodeHeader(in.header[:])
	return n, err == nil, err
}

// headerLength returns how long the header is, as far as its first bytes tell.
func (in *inbound) headerLength() int {
	const short = 2
	if in.nheader < short {
		return short
	}
	need := short
	switch in.header[1] & 0x7f {
	case 126:
		need += 2
	case 127:
		need += 8
	}
	if in.header[1]&0x80 != 0 {
		need += 4
	}
	return need
}

// decodeHeader reads a complete header (RFC 6455, 5.2).
func decodeHeader(b []byte) (ws.Header, error) {
	h := ws.Header{
		Fin:    b[0]&0x80 != 0,
		Rsv:    b[0] & 0x70 >> 4,
		OpCode: ws.OpCode(b[0] & 0x0f),
		Masked: b[1]&0x80 != 0,
	}
	length := uint64(b[1] & 0x7f)
	rest := b[2:]
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(rest))
		rest = rest[2:]
		if length < 126 {
			return h, errLengthNotMinimal
		}
	case 127:
		length = binary.BigEndian.Uint64(rest)
		rest = rest[8:]
		if length <= 0xffff {
			return h, errLengthNotMinimal
		}
	}
	if length >= 1<<63 {
		return h, errLengthNegative
	}
	h.Length = int64(length)
	if h.Masked {
		copy(h.Mask[:], rest)
	}
	return h, nil
}
