package ws

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// closing is the payload of a close frame.
func closing(code int, text string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + text
}

// bytesOf joins encoded frames.
func bytesOf(frames ...[]byte) (all []byte) {
	for _, f := range frames {
		all = append(all, f...)
	}
	return all
}

// with returns a copy of a frame with one byte changed.
func with(frame []byte, at int, change func(byte) byte) []byte {
	frame = append([]byte(nil), frame...)
	frame[at] = change(frame[at])
	return frame
}

// TestConformance: what a client sends, and what it gets for it. Every row is run in one piece,
// and byte by byte, on the path with readiness and on the buffered one.
func TestConformance(t *testing.T) {
	text := masked(ws.OpText, true, "hi")
	longPing := repeat("p", 125)
	tests := []struct {
		name  string
		bytes []byte
		texts []string // echoed
		pongs []string // before the texts
		code  int      // of the close the server sends
	}{
		{"text", bytesOf(text, masked(ws.OpText, true, "Привет, 😀")), []string{"hi", "Привет, 😀"}, nil, 0},
		{"empty text", masked(ws.OpText, true, ""), []string{""}, nil, 0},
		{"125 bytes", masked(ws.OpText, true, repeat("x", 125)), []string{repeat("x", 125)}, nil, 0},
		{"126 bytes", masked(ws.OpText, true, repeat("x", 126)), []string{repeat("x", 126)}, nil, 0},
		{"fragments", bytesOf(masked(ws.OpText, false, "a"), masked(ws.OpContinuation, false, ""), masked(ws.OpContinuation, false, "b"), masked(ws.OpContinuation, true, "c")), []string{"abc"}, nil, 0},
		{"character split by fragments", bytesOf(masked(ws.OpText, false, "\xd0"), masked(ws.OpContinuation, true, "\x9f")), []string{"П"}, nil, 0},
		{"empty fragments", bytesOf(masked(ws.OpText, false, ""), masked(ws.OpContinuation, true, "")), []string{""}, nil, 0},
		{"ping between fragments", bytesOf(masked(ws.OpText, false, "a"), masked(ws.OpPing, true, "x"), masked(ws.OpContinuation, true, "b")), []string{"ab"}, []string{"x"}, 0},
		{"ping echoes its payload", masked(ws.OpPing, true, longPing), nil, []string{longPing}, 0},
		{"empty ping", masked(ws.OpPing, true, ""), nil, []string{""}, 0},
		{"unsolicited pong", bytesOf(masked(ws.OpPong, true, "x"), text), []string{"hi"}, nil, 0},

		{"close 1000", masked(ws.OpClose, true, closing(1000, "bye")), nil, nil, 1000},
		{"close 1001", masked(ws.OpClose, true, closing(1001, "")), nil, nil, 1001},
		{"close 4999", masked(ws.OpClose, true, closing(4999, repeat("x", 123))), nil, nil, 4999},
		{"close without code", masked(ws.OpClose, true, ""), nil, nil, 1005},
		{"nothing counts after a close", bytesOf(masked(ws.OpClose, true, closing(1000, "")), masked(ws.OpBinary, true, "x")), nil, nil, 1000},

		{"binary", masked(ws.OpBinary, true, "x"), nil, nil, 1003},
		{"fragmented binary", masked(ws.OpBinary, false, "x"), nil, nil, 1003},
		{"not masked", ws.MustCompileFrame(ws.NewTextFrame([]byte("hi"))), nil, nil, 1002},
		{"RSV1", with(text, 0, func(b byte) byte { return b | 0x40 }), nil, nil, 1002},
		{"RSV2", with(text, 0, func(b byte) byte { return b | 0x20 }), nil, nil, 1002},
		{"RSV3", with(text, 0, func(b byte) byte { return b | 0x10 }), nil, nil, 1002},
		{"reserved opcode 3", masked(ws.OpCode(3), true, "x"), nil, nil, 1002},
		{"reserved opcode 11", masked(ws.OpCode(11), true, ""), nil, nil, 1002},
		{"ping of 126 bytes", masked(ws.OpPing, true, repeat("x", 126)), nil, nil, 1002},
		{"fragmented ping", masked(ws.OpPing, false, "x"), nil, nil, 1002},
		{"fragmented close", masked(ws.OpClose, false, closing(1000, "")), nil, nil, 1002},
		{"continuation of nothing", masked(ws.OpContinuation, true, "x"), nil, nil, 1002},
		{"continuation after the end", bytesOf(masked(ws.OpText, false, "a"), masked(ws.OpContinuation, true, "b"), masked(ws.OpContinuation, true, "c")), []string{"ab"}, nil, 1002},
		{"text within a message", bytesOf(masked(ws.OpText, false, "a"), text), nil, nil, 1002},
		{"length 5 in 16 bits", []byte{0x81, 0x80 | 126, 0, 5, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'}, nil, nil, 1002},
		{"length 5 in 64 bits", []byte{0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0}, nil, nil, 1002},
		{"length with the highest bit", []byte{0x81, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0}, nil, nil, 1002},
		{"close with one byte", masked(ws.OpClose, true, "x"), nil, nil, 1002},
		{"close with invalid text", masked(ws.OpClose, true, closing(1000, "\xff")), nil, nil, 1007},

		{"invalid UTF-8", masked(ws.OpText, true, "a\xffb"), nil, nil, 1007},
		{"surrogate", masked(ws.OpText, true, "\xed\xa0\x80"), nil, nil, 1007},
		{"overlong", masked(ws.OpText, true, "\xc0\xaf"), nil, nil, 1007},
		{"beyond the last character", masked(ws.OpText, true, "\xf4\x90\x80\x80"), nil, nil, 1007},
		{"cut character at the end", masked(ws.OpText, true, "a\xd0"), nil, nil, 1007},
		{"cut character at the end of fragments", bytesOf(masked(ws.OpText, false, "a"), masked(ws.OpContinuation, true, "\xd0")), nil, nil, 1007},
		{"valid first, then invalid", bytesOf(text, masked(ws.OpText, true, "\xff")), []string{"hi"}, nil, 1007},
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		tests = append(tests, struct {
			name  string
			bytes []byte
			texts []string
			pongs []string
			code  int
		}{fmt.Sprint("close ", code), masked(ws.OpClose, true, closing(code, "")), nil, nil, 1002})
	}
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		for _, tt := range tests {
			for _, step := range []int{len(tt.bytes), 1} {
				t.Run(fmt.Sprintf("%s/%d at once", tt.name, step), func(t *testing.T) {
					c := dial(t, r.url, "/services/echo")
					for rest := tt.bytes; len(rest) > 0; {
						n := min(step, len(rest))
						c.raw(rest[:n])
						rest = rest[n:]
					}
					for _, want := range tt.pongs {
						c.wantFrame(ws.OpPong, want)
					}
					for _, want := range tt.texts {
						c.wantText(want)
					}
					if tt.code != 0 {
						c.wantClose(tt.code)
						r.wantEnd(t, tt.code)
						return
					}
					c.sendClose(1000, "")
					c.wantClose(1000)
					r.wantEnd(t, 1000)
				})
			}
		}
	})
}

// A client that has said good-bye and closed its side of the TCP connection still gets the answer, and
// so does one that has broken a rule.
func TestCloseOfAClientThatShutsItsSide(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		for code, last := range map[int][]byte{
			1000: masked(ws.OpClose, true, closing(1000, "")),
			1001: masked(ws.OpClose, true, closing(1001, "")),
			1002: masked(ws.OpCode(3), true, ""),
		} {
			t.Run(fmt.Sprint(code), func(t *testing.T) {
				c := dial(t, r.url, "/services/echo")
				c.raw(last)
				if err := c.nc.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				c.wantClose(code)
				r.wantEnd(t, code)
			})
		}
	})
}

// What a client has asked before it says good-bye is answered.
func TestAnswersBeforeTheClose(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		large := repeat("x", 60<<10)
		c := dial(t, r.url, "/services/echo")
		for i := range 20 {
			c.text(fmt.Sprint(i, large))
		}
		c.sendClose(1000, "bye")
		for i := range 20 {
			c.wantText(fmt.Sprint(i, large))
		}
		if text := c.wantClose(1000); text != "" {
			t.Errorf("the client is told %q, which it said itself", text)
		}
		if e := r.wantEnd(t, 1000); e.reason.Text != "bye" {
			t.Errorf("the socket ended with %v", e.reason)
		}
	})
}

// Ten pings give ten pongs in their order.
func TestPongsInOrder(t *testing.T) { both(t, rigConfig{}, pongsInOrder) }

func pongsInOrder(t *testing.T, r *rig) {
	c := dial(t, r.url, "/services/echo")
	for i := range 10 {
		c.send(ws.OpPing, true, fmt.Sprint(i))
	}
	for i := range 10 {
		c.wantFrame(ws.OpPong, fmt.Sprint(i))
	}
}

// The answers of a client that asks without waiting come in the order it asked.
func TestPongsAmongAnswers(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		const rounds = 200
		c := dial(t, r.url, "/services/echo")
		go func() {
			for i := range rounds { // each in a packet of its own: the writer is at every point when one comes
				c.nc.Write(masked(ws.OpPing, true, fmt.Sprint(i)))
				c.nc.Write(bytesOf(masked(ws.OpPing, true, "again"), masked(ws.OpText, true, fmt.Sprint(i))))
			}
		}()
		for i, pongs := 0, 0; i < rounds; {
			op, payload, err := c.next()
			switch {
			case err != nil:
				t.Fatal(err)
			case op == ws.OpPong:
				pongs++
			case payload != fmt.Sprint(i):
				t.Fatalf("want %d, got %q", i, payload)
			default:
				if i++; pongs < 2*i {
					t.Fatalf("message %d is answered before the ping in front of it", i)
				}
			}
		}
	})
}

// A fragment with a byte that nothing can make good ends the connection before the message is
// complete.
func TestInvalidTextFailsFast(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		for name, part := range map[string][]byte{
			"in a fragment":        masked(ws.OpText, false, "ok \xff"),
			"in a part of a frame": masked(ws.OpText, true, "ok \xff and more")[:10],
		} {
			t.Run(name, func(t *testing.T) {
				c := dial(t, r.url, "/services/echo")
				c.raw(part)
				c.wantClose(1007)
				r.wantEnd(t, 1007)
			})
		}
	})
}

func TestMessageLimit(t *testing.T) {
	both(t, rigConfig{ws: Config{MessageLimit: 1000}}, func(t *testing.T, r *rig) {
		t.Run("at the limit", func(t *testing.T) {
			c := dial(t, r.url, "/services/echo")
			c.text(repeat("x", 1000))
			c.wantText(repeat("x", 1000))
			c.sendClose(1000, "")
			c.wantClose(1000)
			r.wantEnd(t, 1000)
		})
		t.Run("beyond, before the payload comes", func(t *testing.T) {
			c := dial(t, r.url, "/services/echo")
			c.raw(masked(ws.OpText, true, repeat("x", 1001))[:8])
			c.wantClose(1009)
			r.wantEnd(t, 1009)
		})
		t.Run("sum of fragments", func(t *testing.T) {
			c := dial(t, r.url, "/services/echo")
			c.send(ws.OpText, false, repeat("x", 600))
			c.raw(masked(ws.OpContinuation, true, repeat("x", 401))[:8])
			c.wantClose(1009)
			r.wantEnd(t, 1009)
		})
		t.Run("largest length there is", func(t *testing.T) {
			c := dial(t, r.url, "/services/echo")
			c.send(ws.OpText, false, "x")
			c.raw([]byte{0x80, 0x80 | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
			c.wantClose(1009)
			r.wantEnd(t, 1009)
		})
	})
}

// Each echo is a message of its own, the sizes cross every length encoding and buffer.
func TestLargeMessages(t *testing.T) {
	const limit = 16 << 20
	both(t, rigConfig{ws: Config{MessageLimit: limit}, hub: hub.Config{MaxBytes: limit}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo")
		for _, n := range []int{4095, 4096, 16370, 16384, 65535, 65536, 1 << 20, 10 << 20} {
			// A character of two bytes at an odd offset is cut by every even chunk.
			want := "x" + repeat("я", n/2)
			c.text(want)
			c.wantText(want)
		}
	})
}

// A client that sends 10 MB without looking still learns why it was closed.
func TestTenMegabytesBeyondTheLimit(t *testing.T) {
	both(t, rigConfig{}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo")
		c.text(repeat("x", 10<<20))
		c.wantClose(1009)
		r.wantEnd(t, 1009)
	})
}

func FuzzInbound(f *testing.F) {
	f.Add(masked(ws.OpText, true, "hi"), 1, false)
	f.Add(bytesOf(masked(ws.OpText, false, "П"), masked(ws.OpPing, true, "x"), masked(ws.OpContinuation, true, "р")), 3, true)
	f.Add(masked(ws.OpClose, true, closing(1000, "bye")), 2, false)
	f.Add(packedFrame(ws.OpText, true, pack("hello, hello, hello")), 2, true)
	f.Add(bytesOf(packedFrame(ws.OpText, false, pack("hello")[:3]), masked(ws.OpPing, true, ""), masked(ws.OpContinuation, true, pack("hello")[3:])), 5, true)
	f.Add(packedFrame(ws.OpText, true, pack(repeat("x", 5000))), 7, true)
	f.Fuzz(func(t *testing.T, data []byte, step int, deflate bool) {
		step = max(step, 1)
		whole, parts := events(data, len(data)+1, deflate), events(data, step, deflate)
		if slices.Contains(whole, "a text that must not come") {
			t.Fatal("a text beyond the limit, or not UTF-8")
		}
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Fatalf("in one piece: %v, %d at once: %v", whole, step, parts)
		}
	})
}

// events feeds bytes to a fresh inbound in pieces and says what came of them.
func events(data []byte, step int, deflate bool) (all []string) {
	rules := rules{limit: 1 << 10, deflate: deflate}
	var in inbound
	for len(data) > 0 {
		n := min(step, len(data))
		p := append([]byte(nil), data[:n]...)
		data = data[n:]
		for len(p) > 0 {
			var e event
			e, p = in.next(p, rules)
			switch e.kind {
			case eventText:
				text := e.takeText()
				if int64(len(text)) > rules.limit || !utf8.ValidString(text) {
					return append(all, "a text that must not come")
				}
				all = append(all, "text "+text)
			case eventPing:
				all = append(all, "ping "+string(e.data))
			case eventClose, eventFault:
				// A fault may be found earlier in small pieces, but it is the same.
				return append(all, fmt.Sprint(e.kind, e.reason.Code))
			}
		}
	}
	return all
}
