package conformance

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// zip is what was agreed on about compression, and the two histories.
type zip struct {
	in  inflater
	out deflater
}

// params are those of one offer or answer of permessage-deflate.
type params map[string]string

const (
	extension     = "permessage-deflate"
	serverForgets = "server_no_context_takeover"
	clientForgets = "client_no_context_takeover"
	serverWindow  = "server_max_window_bits"
	clientWindow  = "client_max_window_bits"
)

// parseExtensions reads what a Sec-WebSocket-Extensions header says, as strictly as an answer has to be.
func parseExtensions(values []string) (all []params, err error) {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			name, rest, _ := strings.Cut(one, ";")
			if strings.TrimSpace(name) != extension {
				return nil, fmt.Errorf("there is an extension %q", name)
			}
			p := params{}
			for part := range strings.SplitSeq(rest, ";") {
				key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
				if _, twice := p[key]; twice {
					return nil, fmt.Errorf("%s stands there twice", key)
				}
				if key != "" {
					p[key] = strings.Trim(value, `"`)
				}
			}
			all = append(all, p)
		}
	}
	return all, nil
}

// window returns the size of the window that a parameter gives.
func (p params) window(name string) (int, error) {
	value, ok := p[name]
	if !ok {
		return 1 << 15, nil
	}
	bits, err := strconv.Atoi(value)
	if err != nil || bits < 8 || bits > 15 || strconv.Itoa(bits) != value {
		return 0, fmt.Errorf("%s is %q", name, value)
	}
	return 1 << bits, nil
}

// answers reports whether p may be the answer to an offer (RFC 7692, 7.1).
func (p params) answers(offer params) bool {
	for name, value := range p {
		_, offered := offer[name]
		switch name {
		case serverForgets, clientForgets:
			if value != "" {
				return false
			}
		case clientWindow:
			if !offered {
				return false
			}
		case serverWindow:
		default:
			return false
		}
	}
	if _, offered := offer[serverForgets]; offered {
		if _, ok := p[serverForgets]; !ok {
			return false
		}
	}
	if limit, offered := offer[serverWindow]; offered {
		got, ok := p[serverWindow]
		most, _ := strconv.Atoi(limit)
		bits, _ := strconv.Atoi(got)
		return ok && bits <= most
	}
	return true
}

// agreed reads the answer to offers, which has to be the answer to one of them; nil: no compression.
func agreed(t testing.TB, offer string, h http.Header) *zip {
	t.Helper()
	answers, err := parseExtensions(h["Sec-Websocket-Extensions"])
	if err != nil || len(answers) > 1 {
		t.Fatalf("the answer to %q is %q: %v", offer, h["Sec-Websocket-Extensions"], err)
	}
	if len(answers) == 0 {
		return nil
	}
	p := answers[0]
	answered := false
	for one := range strings.FieldsFuncSeq(offer, func(r rune) bool { return r == ',' || r == '\n' }) {
		offers, err := parseExtensions([]string{one})
		answered = answered || err == nil && p.answers(offers[0])
	}
	inWindow, inErr := p.window(serverWindow)
	outWindow, outErr := p.window(clientWindow)
	if err := errors.Join(inErr, outErr); err != nil || !answered {
		t.Fatalf("the answer to %q is %v: %v", offer, p, err)
	}
	_, inForgets := p[serverForgets]
	_, outForgets := p[clientForgets]
	return &zip{in: inflater{window: inWindow, forget: inForgets}, out: deflater{window: outWindow, forget: outForgets}}
}

// packed is a compressed message; only what a client got agreed on may be sent.
func (c *client) packed(op byte, payload string) frame {
	c.t.Helper()
	if c.zip == nil {
		c.t.Fatal("the server has not agreed on compression")
	}
	return frame{op: op, payload: c.zip.out.message(payload), rsv: rsv1}
}

// packedIn is a compressed message in fragments. Only the first has the bit (RFC 7692, 6.1).
func (c *client) packedIn(op byte, payload string, size int) []frame {
	c.t.Helper()
	frames := fragments(op, c.packed(op, payload).payload, size)
	frames[0].rsv = rsv1
	return frames
}

// raw is a message whose compressed form is given.
func raw(op byte, payload string) frame { return frame{op: op, payload: payload, rsv: rsv1} }

// negotiation: RFC 7692, 5 and 7.1; RFC 6455, 9.1.
func negotiation() []conformanceCase {
	type answer int
	const (
		accepted answer = iota
		declined
		either
	)
	tests := []struct {
		name, offer string
		want        answer
	}{
		{"7692/7.1/nothing but the name", "permessage-deflate", accepted},
		{"7692/7.1/client_max_window_bits without a value", "permessage-deflate; client_max_window_bits", accepted},
		{"7692/7.1/as a browser offers", "permessage-deflate; client_max_window_bits ", accepted},
		{"7692/7.1.2.2/client_max_window_bits 15", "permessage-deflate; client_max_window_bits=15", accepted},
		{"7692/7.1.2.2/client_max_window_bits 9", "permessage-deflate; client_max_window_bits=9", accepted},
		{"7692/7.1.2.2/client_max_window_bits 8", "permessage-deflate; client_max_window_bits=8", accepted},
		{"7692/7.1.2.1/server_max_window_bits 15", "permessage-deflate; server_max_window_bits=15", accepted},
		{"7692/7.1.2.1/server_max_window_bits 12", "permessage-deflate; server_max_window_bits=12", accepted},
		{"7692/7.1.2.1/server_max_window_bits 9", "permessage-deflate; server_max_window_bits=9", accepted},
		{"7692/7.1.2.1/server_max_window_bits 8", "permessage-deflate; server_max_window_bits=8", accepted},
		{"7692/7.1.1.1/server_no_context_takeover", "permessage-deflate; server_no_context_takeover", accepted},
		{"7692/7.1.1.2/client_no_context_takeover", "permessage-deflate; client_no_context_takeover", accepted},
		{"7692/7.1/all parameters", "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10", accepted},
		{"7692/7.1/no spaces", "permessage-deflate;server_no_context_takeover;client_max_window_bits=15", accepted},
		{"7692/7.1/more spaces", "permessage-deflate  ;  server_no_context_takeover  ;\tclient_max_window_bits  =  15", either},
		{"6455/9.1/a quoted value", `permessage-deflate; server_max_window_bits="15"`, accepted},
		{"7692/7.1/two offers, both good", "permessage-deflate; client_no_context_takeover, permessage-deflate", accepted},
		{"7692/5.1/the second offer is the one to take", "permessage-deflate; unknown=1, permessage-deflate", accepted},
		{"7692/5.1/the third offer, after two impossible ones", "permessage-deflate; server_max_window_bits=7, permessage-deflate; x, permessage-deflate", accepted},
		{"7692/5.1/smaller windows, then any", "permessage-deflate; server_max_window_bits=9; server_no_context_takeover, permessage-deflate; server_no_context_takeover, permessage-deflate", accepted},
		{"6455/9.1/two lines", "permessage-deflate; unknown\npermessage-deflate", accepted},
		{"6455/9.1/an extension nobody knows", "x-unknown", declined},
		{"6455/9.1/an extension nobody knows, with parameters", `x-unknown; a=1; b; c="d"`, declined},
		{"6455/9.1/an extension nobody knows, then compression", "x-unknown; a=1, permessage-deflate", accepted},
		{"6455/9.1/an extension that begins alike", "permessage-deflate2", declined},
		{"7692/5/the extension of old browsers", "x-webkit-deflate-frame", declined},

		{"6455/9.1/an empty parameter", "permessage-deflate;", declined},
		{"6455/9.1/nothing but separators", ",;, =", declined},
		{"6455/9.1/a value that is nothing", "permessage-deflate; server_max_window_bits=", declined},
		{"6455/9.1/a quote that does not end", `permessage-deflate; server_max_window_bits="10`, declined},
		{"7692/7.1/unknown parameter", "permessage-deflate; unknown", declined},
		{"7692/7.1/unknown parameter with a value", "permessage-deflate; unknown=15", declined},
		{"7692/7.1/a parameter twice", "permessage-deflate; server_no_context_takeover; server_no_context_takeover", declined},
		{"7692/7.1/a window twice", "permessage-deflate; client_max_window_bits; client_max_window_bits=15", declined},
		{"7692/7.1.1.1/server_no_context_takeover with a value", "permessage-deflate; server_no_context_takeover=1", declined},
		{"7692/7.1.1.2/client_no_context_takeover with a value", "permessage-deflate; client_no_context_takeover=true", declined},
		{"7692/7.1.2.1/server_max_window_bits without a value", "permessage-deflate; server_max_window_bits", declined},
		{"7692/7.1.2.1/server_max_window_bits 7", "permessage-deflate; server_max_window_bits=7", declined},
		{"7692/7.1.2.1/server_max_window_bits 16", "permessage-deflate; server_max_window_bits=16", declined},
		{"7692/7.1.2.1/server_max_window_bits 0", "permessage-deflate; server_max_window_bits=0", declined},
		{"7692/7.1.2.1/server_max_window_bits 015", "permessage-deflate; server_max_window_bits=015", declined},
		{"7692/7.1.2.1/server_max_window_bits 1000000", "permessage-deflate; server_max_window_bits=1000000", declined},
		{"7692/7.1.2.1/server_max_window_bits in words", "permessage-deflate; server_max_window_bits=ten", declined},
		{"7692/7.1.2.2/client_max_window_bits 7", "permessage-deflate; client_max_window_bits=7", declined},
		{"7692/7.1.2.2/client_max_window_bits 16", "permessage-deflate; client_max_window_bits=16", declined},
		{"7692/7.1.2.2/client_max_window_bits 08", "permessage-deflate; client_max_window_bits=08", declined},
		{"7692/7.1.2.2/client_max_window_bits in words", "permessage-deflate; client_max_window_bits=ten", declined},
	}
	var cases []conformanceCase
	for _, tt := range tests {
		cases = append(cases, conformanceCase{name: tt.name, offer: tt.offer, inOne: true, run: func(c *client) {
			if tt.want != either && (c.zip != nil) != (tt.want == accepted) {
				c.t.Fatalf("the offer %q is answered with %q", tt.offer, c.response.Header["Sec-Websocket-Extensions"])
			}
			c.wantEchoes()
		}})
	}
	return cases
}

// wantEchoes sends some messages, compressed ones where that was agreed on.
func (c *client) wantEchoes() {
	c.t.Helper()
	for _, s := range samples {
		for _, size := range []int{1, 600, 5000} {
			payload := s.make(size)
			f := frame{op: s.op, payload: payload}
			if c.zip != nil {
				f = c.packed(s.op, payload)
			}
			c.send(f)
			c.want(s.op, payload)
		}
	}
	c.bye()
}

// compressed: RFC 7692, 6 and 7.2: what is right.
func compressed() []conformanceCase {
	const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00" // 7.2.3.1
	var cases []conformanceCase
	with := func(name string, run func(c *client)) {
		cases = append(cases, conformanceCase{name: "7692/" + name, offer: extension, run: run})
	}
	echoes := func(name, want string, frames ...frame) {
		with(name, func(c *client) {
			c.send(frames...)
			c.want(frames[0].op, want)
			c.bye()
		})
	}
	echoes("7.2.3.1/one block", "Hello", raw(opText, hello))
	echoes("7.2.3.1/one block in two fragments", "Hello", raw(opText, hello[:3]).unfinished(), last(hello[3:]))
	echoes("7.2.3.3/a stored block", "Hello", raw(opText, "\x00\x05\x00\xfa\xffHello\x00"))
	echoes("7.2.3.4/a block with BFINAL", "Hello", raw(opText, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"))
	echoes("7.2.3.5/two blocks", "Hello", raw(opText, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"))
	echoes("7.2.3.6/nothing", "", raw(opText, "\x00"))
	echoes("7.2.3.6/nothing, binary", "", raw(opBinary, "\x00"))
	echoes("7.2.1/nothing, in a block with codes", "", raw(opText, "\x02\x00"))
	echoes("7.2.1/the last four bytes were not taken away", "Hello", raw(opText, hello+"\x00\x00\xff\xff\x00"))
	echoes("7.2.1/binary", "Hello", raw(opBinary, hello))
	echoes("6.1/a fragment a byte", "Hello", packedFragments(hello)...)
	echoes("6.1/empty fragments around", "Hello", raw(opText, "").unfinished(), rest(""), rest(hello), rest(""), last(""))
	with("6.1/control frames between compressed fragments", func(c *client) {
		c.send(raw(opText, hello[:2]).unfinished(), ping("1"), pong("x"), rest(hello[2:4]), ping("2"), last(hello[4:]))
		c.wantEach([]string{"1", "2"}, message{opText, "Hello"})
		c.bye()
	})
	with("6.1/the client waits between compressed fragments", func(c *client) {
		for i := range len(hello) {
			f := rest(hello[i : i+1])
			if i == 0 {
				f = raw(opText, hello[:1]).unfinished()
			}
			c.send(f)
			c.alive()
		}
		c.send(last(""))
		c.wantText("Hello")
		c.bye()
	})
	with("6/messages with and without compression", func(c *client) {
		for i := range 20 {
			payload := samples[i%3].make(100)
			c.send(c.packed(opText, payload), text(payload))
			c.wantText(payload)
			c.wantText(payload)
		}
		c.bye()
	})
	return append(append(cases, histories(hello)...), compressedBlocks()...)
}

// histories: what a message may refer to (7.2.2, 7.2.3.2). Where the server has told the client to begin each
// message anew (7.1.1.2), a reference to the one before is one to nothing.
func histories(hello string) []conformanceCase {
	const helloAgain = "\xf2\x00\x11\x00\x00" // 7.2.3.2
	var cases []conformanceCase
	with := func(name string, before []frame, echoes ...message) {
		cases = append(cases, conformanceCase{name: "7692/" + name, offer: extension, run: func(c *client) {
			c.packed(opText, "") // there is compression
			c.send(append(before, raw(opText, helloAgain))...)
			if c.wantEach(nil, echoes...); c.zip.out.forget {
				c.wantClose(1002, 1007)
				return
			}
			c.wantText("Hello")
			c.bye()
		}})
	}
	said := message{opText, "Hello"}
	with("7.2.3.2/a message that refers to the one before", []frame{raw(opText, hello)}, said)
	with("7.2.3.4/a message that refers to one with BFINAL", []frame{raw(opText, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00")}, said)
	with("7.2.2/a text that refers to binary", []frame{raw(opBinary, hello)}, message{opBinary, "Hello"})
	with("7.2.2/a message that refers to one further back", []frame{raw(opText, hello), text("a"), raw(opText, "\x00"), pong("p"), binaryOf("b")},
		said, message{opText, "a"}, message{opText, ""}, message{opBinary, "b"})
	return cases
}

// packedFragments is a compressed text in fragments of one byte.
func packedFragments(payload string) []frame {
	frames := fragments(opText, payload, 1)
	frames[0].rsv = rsv1
	return frames
}

// compressedBlocks: kinds of blocks, and how far they reach.
func compressedBlocks() []conformanceCase {
	var cases []conformanceCase
	with := func(name, offer string, run func(c *client)) {
		cases = append(cases, conformanceCase{name: "7692/" + name, offer: offer, run: run, inOne: true})
	}
	with("7.2.1/every kind of block in a message", extension, func(c *client) {
		var b blocks
		b.stored("stored ")
		b.begin(false)
		b.literals("fixed ")
		b.match(13, 13)
		b.end()
		b.stored("")
		b.stored(repeat("x", 65535))
		b.begin(false)
		b.match(258, 1)
		b.end()
		c.send(raw(opText, b.payload()))
		c.wantText("stored fixed stored fixed " + repeat("x", 65535+258))
		c.bye()
	})
	for _, distance := range []int{1, 255, 256, 512, 4096, 32767, 32768} {
		with(fmt.Sprintf("7.2.2/a distance of %d", distance), extension, func(c *client) {
			before := english.make(distance)
			length := min(distance, 258)
			var b blocks
			b.begin(false)
			b.literals(before)
			b.match(max(length, 3), distance)
			b.end()
			c.send(raw(opText, b.payload()))
			c.wantText(before + (before + before + before)[:max(length, 3)])
			c.bye()
		})
	}
	with("7.2.2/the same among many others", extension, func(c *client) {
		want := english.make(1000)
		c.send(c.packed(opText, want))
		c.wantText(want)
		for range 30 {
			filler := noise.make(1000)
			c.send(c.packed(opBinary, filler), c.packed(opText, want))
			c.wantBinary(filler)
			c.wantText(want)
		}
		c.bye()
	})
	with("6.1/large texts come compressed", extension, func(c *client) {
		payload := jsons.make(20000)
		c.send(c.packed(opText, payload))
		fin, rsv, op, got, err := c.readFrame()
		if err != nil || op != opText || rsv != rsv1 || len(got) > len(payload)/2 {
			c.t.Fatalf("the echo of %d bytes is FIN %v, reserved bits %#x, opcode %d with %d bytes: %v", len(payload), fin, rsv, op, len(got), err)
		}
	})
	with("8/a megabyte of zeros", extension, func(c *client) {
		payload := repeat("\x00", 1<<20)
		c.send(c.packed(opBinary, payload))
		c.wantBinary(payload)
		c.bye()
	})
	return cases
}

// broken: RFC 7692, 6 and 7.2: what is wrong.
func broken() []conformanceCase {
	const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	var cases []conformanceCase
	fails := func(name, offer string, codes []int, frames ...frame) {
		cases = append(cases, conformanceCase{name: "7692/" + name, offer: offer, run: func(c *client) {
			c.send(append([]frame{text("before")}, frames...)...)
			c.wantText("before")
			c.wantClose(codes...)
		}})
	}
	protocol, invalid, data := []int{1002}, []int{1007}, []int{1002, 1007}
	fails("6/compressed, but not agreed on", "", protocol, raw(opText, hello))
	fails("6/compressed, but declined", "permessage-deflate; unknown", protocol, raw(opText, hello))
	fails("6.1/the bit on a continuation", extension, protocol, raw(opText, hello[:2]).unfinished(), last(hello[2:]).reserved(rsv1))
	fails("6.1/the bit on a continuation only", extension, protocol, text("a").unfinished(), last("b").reserved(rsv1))
	fails("6.1/the bit on a continuation of nothing", extension, protocol, last(hello).reserved(rsv1))
	fails("6.1/the bit on a ping", extension, protocol, ping("\x00").reserved(rsv1))
	fails("6.1/the bit on a pong", extension, protocol, pong("\x00").reserved(rsv1))
	fails("6.1/the bit on a close", extension, protocol, closing(1000, "").reserved(rsv1))
	fails("6.1/the bit on a ping between fragments", extension, protocol, raw(opText, hello[:2]).unfinished(), ping("").reserved(rsv1), last(hello[2:]))
	for rsv := byte(rsv3); rsv <= rsv1|rsv2|rsv3; rsv += rsv3 {
		if rsv != rsv1 {
			fails(fmt.Sprintf("6/reserved bits %03b", rsv>>4), extension, protocol, text(hello).reserved(rsv))
		}
	}
	fails("6/not masked", extension, protocol, raw(opText, hello).unmasked())
	fails("6/a text within a compressed text", extension, protocol, raw(opText, hello[:2]).unfinished(), raw(opText, hello))

	var far, wrongLength blocks
	far.begin(false)
	far.match(5, 5)
	far.end()
	wrongLength.stored("Hello")
	fails("7.2.2/a block of type 3", extension, data, raw(opText, "\x06\x00"))
	fails("7.2.2/a distance into nothing", extension, data, raw(opText, far.payload()))
	fails("7.2.2/a stored block whose lengths differ", extension, data, raw(opText, strings.Replace(string(wrongLength.out), "\xfa", "\xfb", 1)))
	fails("7.2.2/a stored block that is cut", extension, data, raw(opText, string(wrongLength.out[:7])))
	fails("7.2.2/a block that is cut", extension, data, raw(opText, hello[:4]))
	fails("7.2.2/codes that cannot be", extension, data, raw(opText, "\x04\xff\xff\xff\xff\xff\xff\xff"))
	fails("7.2.2/a message that is not compressed at all", extension, data, raw(opText, "Hello, world"))
	fails("7.2.2/noise", extension, data, raw(opBinary, repeat("\xff\xfe\xfd", 30)))
	return append(append(cases, brokenTexts(invalid)...), bombs()...)
}

// brokenTexts: RFC 6455, 8.1 holds for what comes out.
func brokenTexts(invalid []int) []conformanceCase {
	var cases []conformanceCase
	for _, tt := range invalidTexts {
		cases = append(cases, conformanceCase{name: "6455/8.1/compressed: " + tt.name, offer: extension, inOne: true, run: func(c *client) {
			c.send(c.packed(opText, "fine"), c.packed(opText, tt.text))
			c.wantText("fine")
			c.wantClose(invalid...)
		}}, conformanceCase{name: "6455/8.1/compressed, in fragments: " + tt.name, offer: extension, inOne: true, run: func(c *client) {
			c.send(c.packedIn(opText, repeat("x", 50)+tt.text, 3)...)
			c.wantClose(invalid...)
		}})
	}
	for _, tt := range append(validTexts, nonCharacters()...) {
		cases = append(cases, conformanceCase{name: "6455/5.6/compressed: " + tt.name, offer: extension, inOne: true, run: func(c *client) {
			c.send(c.packedIn(opText, tt.text, 2)...)
			c.wantText(tt.text)
			c.bye()
		}})
	}
	return cases
}

// bombs: little that inflates to more than the limit (RFC 6455, 10.4).
func bombs() []conformanceCase {
	var cases []conformanceCase
	size := 40 << 20
	if *long {
		size = 4 << 30
	}
	for _, op := range []byte{opText, opBinary} {
		cases = append(cases, conformanceCase{name: fmt.Sprintf("6455/10.4/a bomb, opcode %d", op), offer: extension, inOne: true, run: func(c *client) {
			c.send(raw(op, bomb(size)))
			c.wantClose(1009)
		}}, conformanceCase{name: fmt.Sprintf("6455/10.4/a bomb in fragments, opcode %d", op), offer: extension, inOne: true, run: func(c *client) {
			frames := fragments(op, bomb(size), 1000)
			frames[0].rsv = rsv1
			c.send(frames...)
			c.wantClose(1009)
		}}, conformanceCase{name: fmt.Sprintf("6455/10.4/more compressed data than can be wanted, opcode %d", op), offer: extension, run: func(c *client) {
			c.send(raw(op, "x").unfinished(), rest("x").claiming(1<<40))
			c.wantClose(1009)
		}})
	}
	return cases
}

// bomb returns the beginning of a compressed message of at least size equal bytes.
func bomb(size int) string {
	var b blocks
	b.begin(false)
	b.literals("x")
	for len(b.out) < 100 {
		b.match(258, 1)
	}
	// A match takes 13 bits, so eight of them repeat every 13 bytes, wherever they begin.
	const begin, period = 20, 13
	return string(b.out[:begin]) + strings.Repeat(string(b.out[begin:begin+period]), size/(8*258)+1)
}

// Five kinds of payload in many sizes, whole and in fragments, with every set of parameters.
func TestCompressionSizes(t *testing.T) {
	sizes, count := []int{16, 1000, 20000}, 2
	if *long {
		sizes, count = []int{16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072}, 50
	}
	offers := []string{
		extension,
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"permessage-deflate; server_max_window_bits=9; client_max_window_bits=9, permessage-deflate",
		"permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9, permessage-deflate",
		"permessage-deflate; server_no_context_takeover; server_max_window_bits=15; client_max_window_bits",
		"permessage-deflate; server_max_window_bits=8; client_max_window_bits=8, permessage-deflate; server_no_context_takeover, permessage-deflate",
	}
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		for _, offer := range offers {
			for _, s := range samples {
				t.Run(s.name+"/"+offer, func(t *testing.T) {
					c := open(t, to, whole, offer)
					for _, size := range sizes {
						for i := range count {
							payload := s.make(size)
							fragment := []int{size + 16, max(size/32, 7)}[i%2]
							c.send(c.packedIn(s.op, payload, fragment)...)
							c.want(s.op, payload)
						}
					}
					c.bye()
				})
			}
		}
	})
}
