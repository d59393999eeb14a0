package conformance

import (
	"fmt"
)

// Lengths around the borders of their encodings.
var lengths = []int{0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537}

// framing: RFC 6455, 5.2: lengths, reserved bits, opcodes.
func framing() []conformanceCase {
	var cases []conformanceCase
	for _, n := range lengths {
		payload := repeat("*", n)
		for _, f := range []frame{text(payload), binaryOf(repeat("\xfe", n))} {
			c := named(func(c *client) {
				c.send(f)
				c.want(f.op, f.payload)
				c.bye()
			}, "6455/5.2/%d bytes, opcode %d", n, f.op)
			c.inOne = n > 1000
			cases = append(cases, c)
			if n > 1000 {
				cases = append(cases, chopped(f, 997))
			}
		}
	}
	cases = append(cases, lengthLies()...)
	return append(cases, reserved()...)
}

// chopped is a case of a frame sent in pieces of some size.
func chopped(f frame, size int) conformanceCase {
	c := named(func(c *client) {
		for b := f.encode(); len(b) > 0; {
			n := min(size, len(b))
			c.write(b[:n])
			b = b[n:]
		}
		c.want(f.op, f.payload)
		c.bye()
	}, "6455/5.2/%d bytes, opcode %d, in chunks of %d", len(f.payload), f.op, size)
	c.inOne = true
	return c
}

func lengthLies() []conformanceCase {
	var cases []conformanceCase
	for _, wide := range []int{2, 8} {
		for _, op := range []byte{opText, opBinary, opPing, opClose} {
			cases = append(cases, named(func(c *client) {
				f := text("hello").called(op).lengthIn(wide)
				if op == opClose {
					f.payload = closePayload(1000, "bye")
				}
				c.send(f)
				c.wantClose(1002)
			}, "6455/5.2/opcode %d with a short length in %d bytes", op, wide))
		}
		cases = append(cases, named(func(c *client) {
			c.send(text("").lengthIn(wide))
			c.wantClose(1002)
		}, "6455/5.2/no payload and a length in %d bytes", wide))
	}
	for _, n := range []int{126, 65535} {
		c := named(func(c *client) {
			c.send(text(repeat("x", n)).lengthIn(8))
			c.wantClose(1002)
		}, "6455/5.2/length %d in 8 bytes", n)
		c.inOne = true
		cases = append(cases, c)
	}
	return append(cases,
		named(func(c *client) {
			c.send(text("x").claiming(1 << 63))
			c.wantClose(1002)
		}, "6455/5.2/length with the highest bit"),
		named(func(c *client) {
			c.send(text("x").claiming(1<<64 - 1))
			c.wantClose(1002)
		}, "6455/5.2/length of all bits"),
		named(func(c *client) {
			c.send(binaryOf("x").claiming(1<<63 - 1))
			c.wantClose(1009)
		}, "6455/10.4/the largest length there is"),
		named(func(c *client) {
			c.send(text("x").unfinished(), rest("x").claiming(1<<63-1))
			c.wantClose(1009)
		}, "6455/10.4/the largest length there is, in a fragment"),
		named(func(c *client) {
			c.send(text("x").unfinished(), rest("x").claiming(32<<20))
			c.wantClose(1009)
		}, "6455/10.4/fragments beyond the limit by a byte"),
	)
}

// reserved: bits and opcodes that mean nothing yet.
func reserved() []conformanceCase {
	var cases []conformanceCase
	for rsv := byte(rsv3); rsv <= rsv1|rsv2|rsv3; rsv += rsv3 {
		for _, op := range []byte{opText, opBinary, opPing, opPong, opClose} {
			cases = append(cases, named(func(c *client) {
				f := text("").called(op).reserved(rsv)
				if op < opClose {
					f.payload = "hello"
				}
				c.send(text("before"), f, ping("after"))
				c.wantText("before")
				c.wantClose(1002)
			}, "6455/5.2/reserved bits %03b, opcode %d", rsv>>4, op))
		}
		cases = append(cases, named(func(c *client) {
			c.send(text("a").unfinished(), last("b").reserved(rsv))
			c.wantClose(1002)
		}, "6455/5.2/reserved bits %03b, continuation", rsv>>4))
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		for what, f := range map[string]frame{
			"empty": {op: op}, "with a payload": {op: op, payload: "hello"}, "not final": {op: op, payload: "hello", open: true},
		} {
			cases = append(cases, named(func(c *client) {
				c.send(text("before"), f, ping("after"))
				c.wantText("before")
				c.wantClose(1002)
			}, "6455/5.2/reserved opcode %d, %s", op, what))
		}
		cases = append(cases, named(func(c *client) {
			c.send(text("a").unfinished(), frame{op: op, payload: "b"}, last("c"))
			c.wantClose(1002)
		}, "6455/5.2/reserved opcode %d between fragments", op))
	}
	return cases
}

// masking: RFC 6455, 5.1 and 5.3.
func masking() []conformanceCase {
	var cases []conformanceCase
	for _, f := range []frame{text("hello"), text(""), binaryOf("hello"), ping("x"), pong(""), closing(1000, ""), text("a").unfinished()} {
		cases = append(cases, named(func(c *client) {
			c.send(f.unmasked())
			c.wantClose(1002)
		}, "6455/5.1/not masked: opcode %d with %d bytes, open %v", f.op, len(f.payload), f.open))
	}
	cases = append(cases, named(func(c *client) {
		c.send(text("a").unfinished(), last("b").unmasked())
		c.wantClose(1002)
	}, "6455/5.1/not masked: the second fragment"))
	for _, mask := range []uint32{0, 1, 0xff000000, 0xffffffff, 0x81818181} {
		for n := range 9 {
			cases = append(cases, named(func(c *client) {
				payload := "Привет, 😀"[:n/2*2] + repeat("x", n%2)
				c.send(text(payload).maskedWith(mask), ping(payload).maskedWith(mask))
				c.wantEach([]string{payload}, message{opText, payload})
				c.bye()
			}, "6455/5.3/mask %08x, %d bytes", mask, n))
		}
	}
	return append(cases, named(func(c *client) {
		var frames []frame
		for i := range 50 {
			frames = append(frames, text(fmt.Sprint(i)).maskedWith(uint32(i)*0x01020304))
		}
		c.send(frames...)
		for i := range 50 {
			c.wantText(fmt.Sprint(i))
		}
		c.bye()
	}, "6455/5.3/each frame has a mask of its own"))
}
