package storefiles

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"github.com/minio/highwayhash"
)

// A record of a block is, little endian: its length (4 bytes, the highest bit says
// that there are headers), sequence (8), time (8), length of the subject (2), the
// subject, with headers their length (4) and they, the data, a checksum (8).
const (
	recordHead   = 22
	checksumSize = 8
	headersBit   = 1 << 31
	maxRecord    = 32 << 20

	// eraseBit marks a message that was erased, tombBit the trace of a removed one.
	eraseBit = 1 << 63
	tombBit  = 1 << 62
)

// block is what a reading of a block file found.
type block struct {
	index   uint32
	size    int64
	records int
	last    uint64   // highest sequence seen
	trace   bool     // begins with the trace of a removed message
	gaps    []span   // what could not be read
	whole   [][]byte // the records, when they were asked for
}

// span is a part of a file, in bytes.
type span struct{ from, to int64 }

// torn reports that nothing but the end of the block is unreadable, as it is after a
// write that was cut off.
func (b *block) torn() bool { return len(b.gaps) == 1 && b.gaps[0].to == b.size }

// readBlock reads all records of a block. Where one cannot be read it looks for the
// next that can. Errors are those of the file system.
func readBlock(path, stream string, index uint32, keep bool) (*block, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := newRecords(stream, index)
	b := &block{index: index, size: int64(len(data))}
	for at := 0; at < len(data); {
		n := r.length(data[at:])
		if n == 0 {
			next := r.resume(data, at+1)
			b.gaps = append(b.gaps, span{int64(at), int64(next)})
			at = next
			continue
		}
		sequence := sequenceOf(data[at:])
		b.records++
		b.last = max(b.last, sequence&^(eraseBit|tombBit))
		b.trace = b.trace || at == 0 && sequence&tombBit != 0
		if keep {
			b.whole = append(b.whole, data[at:at+n])
		}
		at += n
	}
	return b, nil
}

func sequenceOf(record []byte) uint64 { return binary.LittleEndian.Uint64(record[4:]) }

// records reads the records of one block.
type records struct {
	hash interface {
		Write([]byte) (int, error)
		Sum([]byte) []byte
		Reset()
	}
}

func newRecords(stream string, index uint32) *records {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, index))
	return &records{newHash(key)}
}

// length returns the length of the record that data begins with; 0 if there is none
// or its checksum is wrong.
func (r *records) length(data []byte) int {
	n, subject, headers, ok := shape(data)
	if !ok || !bytes.Equal(r.sum(data[:n], subject, headers), data[n-checksumSize:n]) {
		return 0
	}
	return n
}

// shape reads the lengths in the head of a record, and reports whether they fit.
func shape(data []byte) (n, subject int, headers, ok bool) {
	if len(data) < recordHead+checksumSize {
		return 0, 0, false, false
	}
	word := binary.LittleEndian.Uint32(data)
	headers = word&headersBit != 0
	n, subject = int(word&^headersBit), int(binary.LittleEndian.Uint16(data[20:]))
	rest := n - recordHead - checksumSize - subject
	if headers {
		rest -= 4
	}
	return n, subject, headers, rest >= 0 && n <= len(data) && n <= maxRecord
}

func (r *records) sum(record []byte, subject int, headers bool) []byte {
	r.hash.Reset()
	_, _ = r.hash.Write(record[4:20]) // a hash takes everything
	body := record[recordHead : len(record)-checksumSize]
	if headers {
		_, _ = r.hash.Write(body[:subject])
		body, subject = body[subject+4:], 0
	}
	_, _ = r.hash.Write(body)
	return r.hash.Sum(nil)
}

// resume returns where the next readable record begins, len(data) if there is none.
func (r *records) resume(data []byte, from int) int {
	for at := from; at+recordHead+checksumSize <= len(data); at++ {
		if plausible(data[at:]) && r.length(data[at:]) > 0 {
			return at
		}
	}
	return len(data)
}

// plausible keeps resume from computing the checksum of anything: it is about
// sequence and time of a record.
func plausible(data []byte) bool {
	sequence := sequenceOf(data) &^ (eraseBit | tombBit)
	at := int64(binary.LittleEndian.Uint64(data[12:]))
	return sequence < 1<<48 && at > earliest && at < earliest+int64(200*365*24*time.Hour)
}

// earliest is before any store was written.
var earliest = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// tombstone is a record that says no more than that sequences up to this one are used.
func tombstone(stream string, index uint32, sequence uint64, at time.Time) []byte {
	record := make([]byte, recordHead+checksumSize)
	binary.LittleEndian.PutUint32(record, uint32(len(record)))
	binary.LittleEndian.PutUint64(record[4:], sequence|tombBit)
	binary.LittleEndian.PutUint64(record[12:], uint64(at.UnixNano()))
	copy(record[len(record)-checksumSize:], newRecords(stream, index).sum(record, 0, false))
	return record
}

func newHash(key [32]byte) *highwayhash.Digest64 {
	h, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		panic(fmt.Sprintf("storefiles: %v", err)) // the key has the length it must have
	}
	return h
}
