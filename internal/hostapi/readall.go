package hostapi

import (
	"fmt"
	"io"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

const (
	// maxData bounds what a script takes in at once: a file, the answer of a server.
	maxData  = 32 << 20
	readUnit = 64 << 10
)

// tooLarge is the error of data beyond maxData.
type tooLarge struct{}

func (tooLarge) Error() string { return fmt.Sprintf("larger than %d MiB", maxData>>20) }

// readAll reads to the end, charging the run before its buffer grows; size is how much is expected, 0
// if that is not known. The whole buffer is charged each time, since the run holds nothing else of it.
func readAll(r *basescript.Run, src io.Reader, size int64) ([]byte, error) {
	if size > maxData {
		return nil, tooLarge{}
	}
	var data []byte
	room := max(int(size)+1, readUnit) // one more, to see the end without growing
	for {
		if len(data) == cap(data) {
			room = max(room, min(2*cap(data), maxData+1))
			if err := r.Alloc(room); err != nil {
				return nil, err
			}
			grown := make([]byte, len(data), room)
			copy(grown, data)
			data = grown
		}
		n, err := src.Read(data[len(data):min(cap(data), len(data)+readUnit)])
		data = data[:len(data)+n]
		switch {
		case len(data) > maxData:
			return nil, tooLarge{}
		case err == io.EOF:
			return data, nil
		case err != nil:
			return data, err
		}
	}
}
