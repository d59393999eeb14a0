package conformance

import (
	"errors"
	"fmt"
)

// inflater inflates what the server sends (RFC 1951), in as few lines as will do. It is not a library because a
// library forgives: a distance beyond the window that was agreed on, or a tail that should not be there.
type inflater struct {
	window  int    // the farthest a distance may reach
	forget  bool   // each message begins without a history
	history []byte // the last bytes of the messages before

	in      []byte
	bit     uint // of in, the next one
	out     []byte
	start   int // of out, the first byte that is not history
	reached int // the farthest any distance has reached
}

var errCut = errors.New("the compressed data ends in the middle")

// message inflates the payload of a message. The four bytes that RFC 7692, 7.2.1 takes away are put back.
func (z *inflater) message(payload []byte) ([]byte, error) {
	if z.forget {
		z.history = nil
	}
	z.in, z.bit = append(append([]byte(nil), payload...), 0, 0, 0xff, 0xff), 0
	z.out = append([]byte(nil), z.history...)
	z.start = len(z.out)
	for z.bit < uint(len(z.in))*8 {
		if err := z.block(); err != nil {
			return nil, err
		}
	}
	z.history = append([]byte(nil), z.out[max(0, len(z.out)-z.window):]...)
	return z.out[z.start:], nil
}

// take takes bits, the lowest first.
func (z *inflater) take(n uint) (v int, err error) {
	for i := range n {
		if z.bit >= uint(len(z.in))*8 {
			return 0, errCut
		}
		v |= int(z.in[z.bit/8]>>(z.bit%8)&1) << i
		z.bit++
	}
	return v, nil
}

func (z *inflater) block() error {
	head, err := z.take(3)
	if err != nil {
		return err
	}
	switch head >> 1 {
	case 0:
		err = z.stored()
	case 1:
		err = z.codes(fixedLengths, fixedDistances)
	case 2:
		err = z.dynamic()
	default:
		err = errors.New("a block of type 3")
	}
	if head&1 != 0 { // the last block; another may follow from the next byte on (7.2.3.4)
		z.align()
	}
	return err
}

func (z *inflater) align() { z.bit = (z.bit + 7) / 8 * 8 }

func (z *inflater) stored() error {
	z.align()
	length, err := z.take(16)
	if err != nil {
		return err
	}
	check, err := z.take(16)
	if err != nil {
		return err
	}
	if length != ^check&0xffff {
		return errors.New("the length of a stored block is not the complement of its check")
	}
	from := int(z.bit / 8)
	if from+length > len(z.in) {
		return errCut
	}
	z.out = append(z.out, z.in[from:from+length]...)
	z.bit += uint(length) * 8
	return nil
}

// huffman is a canonical code: how many codes there are of each length, and their symbols in order.
type huffman struct {
	count   [16]int
	symbols []int
}

func newHuffman(lengths []int) huffman {
	var h huffman
	for length := 1; length < len(h.count); length++ {
		for symbol, l := range lengths {
			if l == length {
				h.count[length]++
				h.symbols = append(h.symbols, symbol)
			}
		}
	}
	return h
}

func (z *inflater) symbol(h huffman) (int, error) {
	code, first, index := 0, 0, 0
	for _, count := range h.count[1:] {
		bit, err := z.take(1)
		if err != nil {
			return 0, err
		}
		code |= bit
		if code-first < count {
			return h.symbols[index+code-first], nil
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, errors.New("a code that nothing stands for")
}

func fixedLiteralLengths() []int {
	lengths := make([]int, 288)
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	return lengths
}

var (
	fixedLengths   = newHuffman(fixedLiteralLengths())
	fixedDistances = newHuffman([]int{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5})

	lengthBase    = []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra   = []uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase  = []int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = []uint{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

const endOfBlock = 256

// codes inflates a block of literals and matches.
func (z *inflater) codes(lengths, distances huffman) error {
	for {
		symbol, err := z.symbol(lengths)
		switch {
		case err != nil:
			return err
		case symbol < endOfBlock:
			z.out = append(z.out, byte(symbol))
		case symbol == endOfBlock:
			return nil
		default:
			if err := z.match(symbol-endOfBlock-1, distances); err != nil {
				return err
			}
		}
	}
}

func (z *inflater) match(symbol int, distances huffman) error {
	length, err := z.value(symbol, lengthBase, lengthExtra)
	if err != nil {
		return err
	}
	if symbol, err = z.symbol(distances); err != nil {
		return err
	}
	distance, err := z.value(symbol, distanceBase, distanceExtra)
	if err != nil {
		return err
	}
	if distance > z.window || distance > len(z.out) {
		return fmt.Errorf("a distance of %d; the window is %d, of which %d are there", distance, z.window, len(z.out))
	}
	z.reached = max(z.reached, distance)
	for range length {
		z.out = append(z.out, z.out[len(z.out)-distance])
	}
	return nil
}

// value returns what a symbol with its extra bits stands for.
func (z *inflater) value(symbol int, base []int, extra []uint) (int, error) {
	if symbol >= len(base) {
		return 0, fmt.Errorf("symbol %d stands for nothing", symbol)
	}
	more, err := z.take(extra[symbol])
	return base[symbol] + more, err
}

// dynamic inflates a block that brings its codes with it.
func (z *inflater) dynamic() error {
	counts, err := z.take(14)
	if err != nil {
		return err
	}
	literals, distances, codes := counts&31+257, counts>>5&31+1, counts>>10+4
	lengths := make([]int, 19)
	for _, at := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:codes] {
		if lengths[at], err = z.take(3); err != nil {
			return err
		}
	}
	all, err := z.lengths(newHuffman(lengths), literals+distances)
	if err != nil {
		return err
	}
	return z.codes(newHuffman(all[:literals]), newHuffman(all[literals:]))
}

// lengths reads n lengths of codes.
func (z *inflater) lengths(h huffman, n int) ([]int, error) {
	var all []int
	for len(all) < n {
		symbol, err := z.symbol(h)
		if err != nil {
			return nil, err
		}
		length, base, bits := 0, 1, uint(0)
		switch {
		case symbol < 16:
			length = symbol
		case symbol == 16 && len(all) == 0:
			return nil, errors.New("a length is repeated before there is one")
		case symbol == 16:
			length, base, bits = all[len(all)-1], 3, 2
		case symbol == 17:
			base, bits = 3, 3
		default:
			base, bits = 11, 7
		}
		more, err := z.take(bits)
		if err != nil {
			return nil, err
		}
		for range base + more {
			all = append(all, length)
		}
	}
	if len(all) > n {
		return nil, errors.New("more lengths than codes")
	}
	return all, nil
}
