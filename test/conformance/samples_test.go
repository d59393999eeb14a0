package conformance

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// sample makes payloads of one kind.
type sample struct {
	name string
	op   byte
	make func(size int) string
}

var (
	jsons = sample{"json", opText, func(size int) string {
		return fill(size, func() string {
			return fmt.Sprintf(`{"uid":"%08x","socket_type":"course","progress":%d,"done":%v},`, rand.Uint32(), rand.IntN(100), rand.IntN(2) == 0)
		})
	}}
	english = sample{"english", opText, func(size int) string {
		return fill(size, word("the", "lesson", "begins", "when", "everybody", "is", "here"))
	}}
	russian = sample{"russian", opText, func(size int) string {
		return fill(size, word("урок", "начинается", "когда", "все", "на", "месте", "😀"))
	}}
	zeros = sample{"zeros", opBinary, func(size int) string { return repeat("\x00", size) }}
	noise = sample{"noise", opBinary, func(size int) string {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(rand.Uint32())
		}
		return string(b)
	}}

	samples = []sample{jsons, english, russian, zeros, noise}
)

// fill joins pieces as long as they fit.
func fill(size int, piece func() string) string {
	var b strings.Builder
	for {
		p := piece()
		if b.Len()+len(p) > size {
			return b.String() + strings.Repeat(".", size-b.Len())
		}
		b.WriteString(p)
	}
}

func word(words ...string) func() string {
	return func() string { return words[rand.IntN(len(words))] + " " }
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }
