package conformance

import (
	"bytes"
	"compress/flate"
	"math/rand/v2"
	"testing"
)

// blocks writes blocks of DEFLATE (RFC 1951) with fixed codes, as the test wants them and not as a library
// would: any distance, any mixture.
type blocks struct {
	out  []byte
	free uint // bits of the last byte not used yet
}

// put appends bits, the lowest first.
func (b *blocks) put(v int, n uint) {
	for i := range n {
		if b.free == 0 {
			b.out = append(b.out, 0)
			b.free = 8
		}
		b.out[len(b.out)-1] |= byte(v>>i&1) << (8 - b.free)
		b.free--
	}
}

// code appends a Huffman code, the highest bit first.
func (b *blocks) code(v int, n uint) {
	for i := range n {
		b.put(v>>(n-1-i), 1)
	}
}

func (b *blocks) symbol(s int) {
	switch {
	case s < 144:
		b.code(0x30+s, 8)
	case s < 256:
		b.code(0x190+s-144, 9)
	case s < 280:
		b.code(s-256, 7)
	default:
		b.code(0xc0+s-280, 8)
	}
}

// begin begins a block with fixed codes; final sets BFINAL.
func (b *blocks) begin(final bool) {
	head := 1 << 1
	if final {
		head |= 1
	}
	b.put(head, 3)
}

func (b *blocks) literals(s string) {
	for _, c := range []byte(s) {
		b.symbol(int(c))
	}
}

// match appends a reference back.
func (b *blocks) match(length, distance int) {
	at := 0
	for at+1 < len(lengthBase) && lengthBase[at+1] <= length {
		at++
	}
	b.symbol(endOfBlock + 1 + at)
	b.put(length-lengthBase[at], lengthExtra[at])
	at = 0
	for at+1 < len(distanceBase) && distanceBase[at+1] <= distance {
		at++
	}
	b.code(at, 5)
	b.put(distance-distanceBase[at], distanceExtra[at])
}

func (b *blocks) end() { b.symbol(endOfBlock) }

// stored appends a block without compression.
func (b *blocks) stored(s string) {
	b.put(0, 3)
	b.free = 0
	n := len(s)
	b.out = append(b.out, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
	b.out = append(b.out, s...)
}

// payload ends a message: an empty stored block, without its last four bytes (RFC 7692, 7.2.1).
func (b *blocks) payload() string {
	b.stored("")
	return string(b.out[:len(b.out)-4])
}

// deflater compresses what the client sends within any window, with a history across messages.
type deflater struct {
	window  int
	forget  bool
	history string
}

// message returns the payload of a compressed message.
func (d *deflater) message(s string) string {
	if d.forget {
		d.history = ""
	}
	all := d.history + s
	seen := map[string]int{}
	const least, most = 4, 258
	for i := 0; i+least <= len(d.history); i++ {
		seen[all[i:i+least]] = i
	}
	var b blocks
	b.begin(false)
	for i := len(d.history); i < len(all); {
		at, ok := -1, false
		if i+least <= len(all) {
			at, ok = seen[all[i:i+least]]
		}
		n := 1
		if ok && i-at <= d.window {
			for n = least; n < most && i+n < len(all) && all[at+n] == all[i+n]; {
				n++
			}
			b.match(n, i-at)
		} else {
			b.symbol(int(all[i]))
		}
		for end := i + n; i < end; i++ {
			if i+least <= len(all) {
				seen[all[i:i+least]] = i
			}
		}
	}
	b.end()
	d.history = all[max(0, len(all)-d.window):]
	return b.payload()
}

// The tools of this test agree with the library.
func TestOwnDeflate(t *testing.T) {
	for _, window := range []int{1 << 8, 1 << 9, 1 << 12, 1 << 15} {
		out, in := deflater{window: window}, inflater{window: window}
		var stream bytes.Buffer
		library, err := flate.NewWriter(&stream, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		own := inflater{window: 1 << 15}
		for i := range 2 * len(samples) {
			again := samples[i%len(samples)].make(32)
			want := again + noise.make(window/2) + again + samples[i%len(samples)].make(rand.IntN(1000))
			payload := out.message(want)
			if got, err := in.message([]byte(payload)); err != nil || string(got) != want {
				t.Fatalf("window %d: %v", window, err)
			}
			stream.Reset()
			library.Write([]byte(want))
			library.Flush()
			got, err := own.message(bytes.TrimSuffix(stream.Bytes(), []byte{0, 0, 0xff, 0xff}))
			if err != nil || string(got) != want {
				t.Fatalf("of the library: %v", err)
			}
		}
		if in.reached <= window/2 {
			t.Errorf("window %d: the farthest distance is %d, too little for a test", window, in.reached)
		}
	}
}
