package ws

import "errors"

// farInflate decompresses the data of a message in the plainest way (RFC 1951), and says how far
// back its matches reach, which no library tells.
func farInflate(packed string) (text string, farthest int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("damaged")
		}
	}()
	z := &farReader{in: packed + "\x00\x00\xff\xff"}
	for z.at < len(z.in) {
		z.block()
	}
	return string(z.out), z.farthest, nil
}

type farReader struct {
	in       string
	at       int // next byte
	held     uint
	nheld    int // bits in held
	out      []byte
	farthest int
}

func (z *farReader) bits(n int) int {
	for z.nheld < n {
		z.held |= uint(z.in[z.at]) << z.nheld
		z.at++
		z.nheld += 8
	}
	v := z.held & (1<<n - 1)
	z.held >>= n
	z.nheld -= n
	return int(v)
}

func (z *farReader) block() {
	z.bits(1)
	switch z.bits(2) {
	case 0:
		z.held, z.nheld = 0, 0
		n := z.bits(16)
		z.bits(16)
		z.out = append(z.out, z.in[z.at:z.at+n]...)
		z.at += n
	case 1:
		lengths := make([]int, 288)
		for i := range lengths {
			switch {
			case i < 144, i >= 280:
				lengths[i] = 8
			case i < 256:
				lengths[i] = 9
			default:
				lengths[i] = 7
			}
		}
		z.symbols(canonical(lengths[:288]), canonical([]int{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}))
	case 2:
		z.symbols(z.codes())
	default:
		panic("reserved")
	}
}

// codes reads the codes of a dynamic block (RFC 1951, 3.2.7).
func (z *farReader) codes() (literals, distances map[code]int) {
	nlit, ndist, nlen := z.bits(5)+257, z.bits(5)+1, z.bits(4)+4
	var short [19]int
	for _, i := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:nlen] {
		short[i] = z.bits(3)
	}
	lengthCodes := canonical(short[:])
	var lengths []int
	for len(lengths) < nlit+ndist {
		repeat, value := 1, 0
		switch s := z.symbol(lengthCodes); s {
		case 16:
			value, repeat = lengths[len(lengths)-1], 3+z.bits(2)
		case 17:
			repeat = 3 + z.bits(3)
		case 18:
			repeat = 11 + z.bits(7)
		default:
			value = s
		}
		for range repeat {
			lengths = append(lengths, value)
		}
	}
	return canonical(lengths[:nlit]), canonical(lengths[nlit:])
}

func (z *farReader) symbols(literals, distances map[code]int) {
	for {
		s := z.symbol(literals)
		switch {
		case s < 256:
			z.out = append(z.out, byte(s))
			continue
		case s == 256:
			return
		}
		length := 258
		if s -= 257; s < 8 {
			length = 3 + s
		} else if s < 28 {
			extra := s/4 - 1
			length = 3 + (4+s%4)<<extra + z.bits(extra)
		}
		d := z.symbol(distances)
		distance := 1 + d
		if d >= 4 {
			extra := d/2 - 1
			distance = 1 + (2+d%2)<<extra + z.bits(extra)
		}
		z.farthest = max(z.farthest, distance)
		for range length {
			z.out = append(z.out, z.out[len(z.out)-distance])
		}
	}
}

// code is a Huffman code with its length.
type code struct{ length, bits int }

// canonical returns what codes of such lengths stand for (RFC 1951, 3.2.2).
func canonical(lengths []int) map[code]int {
	codes := map[code]int{}
	next := 0
	for length := 1; length <= 15; length++ {
		for symbol, l := range lengths {
			if l == length {
				codes[code{length, next}] = symbol
				next++
			}
		}
		next <<= 1
	}
	return codes
}

func (z *farReader) symbol(codes map[code]int) int {
	var c code
	for c.length < 15 {
		c = code{c.length + 1, c.bits<<1 | z.bits(1)}
		if s, ok := codes[c]; ok {
			return s
		}
	}
	panic("no such code")
}
