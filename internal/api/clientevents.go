package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxEventLine bounds one line of an event stream, in bytes. A log line has at
// most 64 KiB of text, each byte of which JSON may write as six.
const maxEventLine = 1 << 20

// serverEvent is one server-sent event.
type serverEvent struct {
	name string
	id   string
	data []byte // valid until the next event
}

// readEvents passes each event to take until the stream ends (nil), breaks, or
// take returns an error, which is then returned. An event cut off by the end of
// the stream is dropped, as the standard wants.
func readEvents(stream io.Reader, take func(serverEvent) error) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 4<<10), maxEventLine)
	var e serverEvent
	for lines.Scan() {
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		if len(line) == 0 {
			if e.name != "" || len(e.data) > 0 {
				if err := take(e); err != nil {
					return err
				}
			}
			e = serverEvent{data: e.data[:0]}
			continue
		}
		e.field(line)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("an event of the server is longer than %d bytes", maxEventLine)
	}
	return lines.Err()
}

// field takes one line of an event; comments and unknown fields are passed over.
func (e *serverEvent) field(line []byte) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		e.name = string(value)
	case "id":
		e.id = string(value)
	case "data":
		if len(e.data) > 0 {
			e.data = append(e.data, '\n')
		}
		e.data = append(e.data, value...)
	}
}
