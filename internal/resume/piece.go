package resume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sync"
)

// A save is one row of bytes: records, each behind its length as a uvarint. It is cut into pieces, each the
// body of a message with a header in front, all numbers big endian:
//
//	magic    4 bytes
//	version  1 byte
//	sum      4 bytes, CRC-32C of what follows, the rest of the header included
//	save     8 bytes, random, the same in all pieces of a save
//	sockets  4 bytes, how many the save holds in all
//	index    4 bytes, counts the pieces of a save from 0
//	first    4 bytes, where in the body the first record begins; its length if none does
const (
	pieceMagic   = "TSDS"
	pieceVersion = 1
	pieceHeader  = len(pieceMagic) + 1 + 4 + 8 + 4 + 4 + 4
	summedFrom   = len(pieceMagic) + 1 + 4
)

var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// maxRecord bounds a record, so that a wrong length does not ask for memory that is not there. A message
// is at most as large as what wrote it could hold; the hub has no larger ones.
const maxRecord = 1 << 30

// Errors of pieces.
var (
	errDamaged = errors.New("it is damaged")
	errVersion = errors.New("it was written by another version of the program")
)

// piece is a decoded piece.
type piece struct {
	save    [8]byte
	sockets uint32
	index   uint32
	first   int
	body    []byte
}

// parsePiece reads a piece. The body is a part of data.
func parsePiece(data []byte) (piece, error) {
	var p piece
	if len(data) < pieceHeader || string(data[:len(pieceMagic)]) != pieceMagic {
		return p, errDamaged
	}
	if data[len(pieceMagic)] != pieceVersion {
		return p, errVersion
	}
	if binary.BigEndian.Uint32(data[summedFrom-4:]) != crc32.Checksum(data[summedFrom:], castagnoli()) {
		return p, errDamaged
	}
	rest := data[summedFrom:]
	copy(p.save[:], rest)
	p.sockets = binary.BigEndian.Uint32(rest[8:])
	p.index = binary.BigEndian.Uint32(rest[12:])
	first := binary.BigEndian.Uint32(rest[16:])
	p.body = data[pieceHeader:]
	if uint64(first) > uint64(len(p.body)) {
		return p, errDamaged
	}
	p.first = int(first)
	return p, nil
}

// cutter cuts records into pieces. Its fields are set before the first record.
type cutter struct {
	save    [8]byte
	sockets uint32
	size    int                      // of a body, at most
	emit    func(piece []byte) error // gets each piece, which is its own from then on

	index uint32
	first int
	data  []byte // header and body of the piece that grows; nil: none
}

// add writes a record.
func (c *cutter) add(record []byte) error {
	if c.full() {
		if err := c.flush(); err != nil {
			return err
		}
	}
	if c.data == nil {
		c.begin()
	}
	if c.first < 0 {
		c.first = len(c.data) - pieceHeader
	}
	length := binary.AppendUvarint(nil, uint64(len(record)))
	if err := c.write(length); err != nil {
		return err
	}
	return c.write(record)
}

func (c *cutter) begin() {
	c.data = make([]byte, pieceHeader, pieceHeader+c.size)
	c.first = -1
}

// full says that nothing more goes into the piece that grows.
func (c *cutter) full() bool { return len(c.data) == pieceHeader+c.size }

// write appends bytes, over as many pieces as they need. A piece that is full stays until there is more.
func (c *cutter) write(b []byte) error {
	for len(b) > 0 {
		if c.full() {
			if err := c.flush(); err != nil {
				return err
			}
			c.begin()
		}
		n := min(pieceHeader+c.size-len(c.data), len(b))
		c.data = append(c.data, b[:n]...)
		b = b[n:]
	}
	return nil
}

// flush passes on the piece that grows, if there is one.
func (c *cutter) flush() error {
	if c.data == nil {
		return nil
	}
	data := c.data
	c.data = nil
	if c.first < 0 {
		c.first = len(data) - pieceHeader
	}
	copy(data, pieceMagic)
	data[len(pieceMagic)] = pieceVersion
	rest := data[summedFrom:]
	copy(rest, c.save[:])
	binary.BigEndian.PutUint32(rest[8:], c.sockets)
	binary.BigEndian.PutUint32(rest[12:], c.index)
	binary.BigEndian.PutUint32(rest[16:], uint32(c.first))
	binary.BigEndian.PutUint32(data[summedFrom-4:], crc32.Checksum(rest, castagnoli()))
	c.index++
	return c.emit(data)
}

// joiner puts pieces together to records again. A record that lacks a piece is passed over.
type joiner struct {
	save    [8]byte
	next    uint32 // index of the piece to come
	sockets int    // of all saves that were met
	began   bool
	aligned bool   // a record begins behind rest, or rest is one that began
	rest    []byte // of a record that is not complete
}

// add takes the next piece and calls each with the records that it completes, which must not keep them.
func (j *joiner) add(p piece, each func(record []byte)) {
	if j.begins(p) {
		j.began, j.save, j.next, j.aligned, j.rest = true, p.save, 0, true, nil
		j.sockets += int(p.sockets)
	}
	if p.index < j.next {
		return // it came twice
	}
	body := p.body
	if p.index != j.next || !j.aligned {
		j.rest, body = nil, body[p.first:]
		j.aligned = len(body) > 0
	}
	j.next = p.index + 1
	joined := append(j.rest, body...)
	rest := j.records(joined, each)
	if len(rest) < len(joined) {
		rest = bytes.Clone(rest) // what was read should not stay in memory for it
	}
	j.rest = rest
}

// begins says that p is the first there is of another save.
func (j *joiner) begins(p piece) bool { return !j.began || p.save != j.save }

// records calls each with the complete records and returns what is left.
func (j *joiner) records(body []byte, each func(record []byte)) (rest []byte) {
	for len(body) > 0 {
		length, n := binary.Uvarint(body)
		switch {
		case n == 0:
			return body // the length itself is cut
		case n < 0 || length > maxRecord:
			j.aligned = false // nothing can be told of what follows
			return nil
		case uint64(len(body)-n) < length:
			return body
		}
		each(body[n : n+int(length)])
		body = body[n+int(length):]
	}
	return nil
}
