package outbox

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Every message of the stream is a record: a byte that says what it is, the counter of its writer in eight
// bytes, the content, and a checksum of all before it. Numbers in the content are varints, texts stand behind
// their length. The counter and the checksum are filled in when the record is published.
const (
	kindEntry byte = 0xe1 // a message and whom it is for
	kindMarks byte = 0xe2 // how far sockets have got

	counterAt = 1
	contentAt = counterAt + 8
	checksum  = 4
	// framing is what a record takes beside its content.
	framing = contentAt + checksum
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is a stored message. Text and what it was read from share memory.
type entry struct {
	writer   string // incarnation of the process that wrote it
	counter  uint64 // ascending in each writer
	mode     hub.Mode
	conflate string
	text     []byte
	to       []Addressee
}

// startEntry begins the record of a message; addressees are added to it, as many as count says.
func startEntry(writer string, m *hub.Message, mode hub.Mode, count, room int) []byte {
	b := make([]byte, contentAt, framing+len(writer)+len(m.Text())+len(m.ConflateKey())+room+32)
	b[0] = kindEntry
	b = appendText(b, writer)
	b = append(b, byte(mode))
	b = appendText(b, m.ConflateKey())
	b = appendText(b, m.Text())
	return binary.AppendUvarint(b, uint64(count))
}

func appendAddressee(b []byte, a Addressee) []byte {
	b = appendText(b, a.Key)
	return binary.BigEndian.AppendUint64(b, a.Life)
}

// size is what an addressee takes in a record, at most.
func (a Addressee) size() int { return len(a.Key) + 8 + binary.MaxVarintLen32 }

// seal completes a record.
func seal(record []byte, counter uint64) []byte {
	binary.BigEndian.PutUint64(record[counterAt:], counter)
	return binary.BigEndian.AppendUint32(record, crc32.Checksum(record, castagnoli))
}

// open checks a record and returns what is in it.
func open(record []byte, kind byte) (counter uint64, content []byte, err error) {
	if len(record) < framing || record[0] != kind {
		return 0, nil, errDamaged
	}
	end := len(record) - checksum
	if crc32.Checksum(record[:end], castagnoli) != binary.BigEndian.Uint32(record[end:]) {
		return 0, nil, errDamaged
	}
	return binary.BigEndian.Uint64(record[counterAt:]), record[contentAt:end], nil
}

// readEntry reads the record of a message.
func readEntry(record []byte) (entry, error) {
	counter, content, err := open(record, kindEntry)
	if err != nil {
		return entry{}, err
	}
	r := reading{left: content}
	e := entry{counter: counter}
	e.writer = string(r.text())
	e.mode = hub.Mode(r.byte())
	e.conflate = string(r.text())
	e.text = r.text()
	for n := r.count(9); n > 0; n-- {
		e.to = append(e.to, Addressee{string(r.text()), r.uint64()})
	}
	if r.bad || len(r.left) > 0 || e.mode > hub.ModePlain {
		return entry{}, errDamaged
	}
	return e, nil
}

// message makes the message that was stored.
func (e *entry) message() *hub.Message {
	return hub.NewMessage(string(e.text)).WithConflateKey(e.conflate)
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// reading takes a record apart. What is missing reads as zero, and makes it bad.
type reading struct {
	left []byte
	bad  bool
}

func (r *reading) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.left) {
		r.bad = true
		return nil
	}
	taken := r.left[:n:n]
	r.left = r.left[n:]
	return taken
}

func (r *reading) uint() uint64 {
	n, size := binary.Uvarint(r.left)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.take(size)
	return n
}

// count reads how many things follow, each of which takes some bytes at least.
func (r *reading) count(bytes int) int {
	n := r.uint()
	if n > uint64(len(r.left)/bytes) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reading) text() []byte { return r.take(r.count(1)) }

func (r *reading) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reading) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}
