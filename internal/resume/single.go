package resume

import (
	"encoding/binary"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// AppendSocket appends a socket to b in the form in which it is saved, for a node that takes it over:
// [ReadSocket] makes it of that again.
func AppendSocket(b []byte, d *hub.Detached) []byte {
	e := encoder{texts: map[string]uint64{}, add: func(record []byte) error {
		b = append(binary.AppendUvarint(b, uint64(len(record))), record...)
		return nil
	}}
	_ = e.socket(d) // only add can fail
	return b
}

// ReadSocket reads what [AppendSocket] has written.
func ReadSocket(b []byte) (hub.Detached, error) {
	d := newDecoder()
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return hub.Detached{}, errRecord
		}
		if err := d.record(b[size : size+int(n)]); err != nil {
			return hub.Detached{}, err
		}
		b = b[size+int(n):]
	}
	if len(d.sockets) != 1 {
		return hub.Detached{}, fmt.Errorf("%w: it holds %d sockets, not one", errRecord, len(d.sockets))
	}
	return d.sockets[0], nil
}
