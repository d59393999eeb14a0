package ws

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const offerDeflate = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"

// pack returns compressed data as a message has it.
func pack(text string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, text)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// unpack is the reverse.
func unpack(packed string) (string, error) {
	r := flate.NewReader(strings.NewReader(packed + "\x00\x00\xff\xff\x01\x00\x00\xff\xff"))
	text, err := io.ReadAll(r)
	return string(text), err
}

// packedFrame is a frame of a client with the bit that says compressed.
func packedFrame(op ws.OpCode, fin bool, payload string) []byte {
	return with(masked(op, fin, payload), 0, func(b byte) byte { return b | 0x40 })
}

// wantPacked reads a frame that must be compressed and hold the text. It returns its payload.
func (c *client) wantPacked(text string) (payload string) {
	c.t.Helper()
	h, payload, err := c.nextRaw()
	if err != nil || h.OpCode != ws.OpText || h.Rsv != rsvDeflate {
		c.t.Fatalf("want a compressed text, got %+v (%v)", h, err)
	}
	if got, err := unpack(payload); err != nil || got != text {
		c.t.Fatalf("want %.60q, got %.60q (%v)", text, got, err)
	}
	return payload
}

// prose is text that can be compressed.
func prose(n int) string {
	words := strings.Fields(`{"socket_action": "send_message", "text": "сообщение пользователь группа завтра встреча`)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprint(&b, words[r.IntN(len(words))], r.IntN(100), ", ")
	}
	return b.String()
}

// noise is text that cannot.
func noise(n int) string {
	r := rand.New(rand.NewPCG(2, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(128))
	}
	return string(b)
}

// TestOffers: what a client offers, and what the server makes of it (RFC 7692, 5 and 7.1).
func TestOffers(t *testing.T) {
	const agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	r := newRig(t, rigConfig{ws: Config{Compression: true}})
	for _, tt := range []struct {
		offer []string // header lines
		want  string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"permessage-deflate"}, agreed},
		{[]string{"permessage-deflate; client_max_window_bits"}, agreed},
		{[]string{"permessage-deflate;client_max_window_bits=8"}, agreed},
		{[]string{"permessage-deflate; server_no_context_takeover"}, agreed},
		{[]string{"permessage-deflate; client_no_context_takeover; server_no_context_takeover"}, agreed},
		{[]string{"permessage-deflate; server_max_window_bits=8"}, agreed + "; server_max_window_bits=8"},
		{[]string{"permessage-deflate; server_max_window_bits=9"}, agreed + "; server_max_window_bits=9"},
		{[]string{"permessage-deflate; server_max_window_bits=15"}, agreed + "; server_max_window_bits=15"},
		{[]string{`permessage-deflate; server_max_window_bits="10"`}, agreed + "; server_max_window_bits=10"},

		{[]string{"permessage-deflate; server_max_window_bits"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits="}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=7"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=16"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=09"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=+9"}, ""},
		{[]string{`permessage-deflate; server_max_window_bits="`}, ""},
		{[]string{"permessage-deflate; client_max_window_bits=x"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits="}, ""},
		{[]string{"permessage-deflate; client_max_window_bits=16"}, ""},
		{[]string{"permessage-deflate; client_no_context_takeover=1"}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover=true"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=9; server_max_window_bits=9"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits; client_max_window_bits"}, ""},
		{[]string{"permessage-deflate; speed=9"}, ""},
		{[]string{"permessage-deflate;"}, ""},
		{[]string{"x-webkit-deflate-frame"}, ""},
		{[]string{"permessage-deflates, ;;, ="}, ""},

		{[]string{"permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=11"}, agreed + "; server_max_window_bits=11"},
		{[]string{"permessage-bzip2, permessage-deflate; server_max_window_bits=12, permessage-deflate"}, agreed + "; server_max_window_bits=12"},
		{[]string{"permessage-deflate; speed=9", "foo; bar=\"1\"", "permessage-deflate"}, agreed},
	} {
		t.Run(strings.Join(tt.offer, " | "), func(t *testing.T) {
			var header []string
			for _, line := range tt.offer {
				header = append(header, "Sec-WebSocket-Extensions: "+line)
			}
			c := dial(t, r.url, "/services/echo", header...)
			if got := strings.Join(c.response.Header.Values("Sec-WebSocket-Extensions"), " | "); got != tt.want {
				t.Errorf("the answer is %q, want %q", got, tt.want)
			}
			c.text("hi")
			c.wantText("hi")
		})
	}
	t.Run("switched off", func(t *testing.T) {
		c := dial(t, newRig(t, rigConfig{}).url, "/services/echo", offerDeflate)
		if got, any := c.response.Header["Sec-Websocket-Extensions"]; any {
			t.Errorf("the answer is %q", got)
		}
		c.raw(packedFrame(ws.OpText, true, pack("hi")))
		c.wantClose(1002)
	})
}

// TestDeflateConformance: what a client sends that may compress, and what it gets for it. Every
// row is run in one piece, and byte by byte.
func TestDeflateConformance(t *testing.T) {
	hello := packedFrame(ws.OpText, true, pack("Hello"))
	rfc := func(payload string) []byte { return packedFrame(ws.OpText, true, payload) }
	half := len(pack("Hello")) / 2
	tests := []struct {
		name  string
		bytes []byte
		texts []string // echoed
		pongs []string // before the texts
		code  int      // of the close the server sends
	}{
		{"text", bytesOf(hello, packedFrame(ws.OpText, true, pack("Привет, 😀"))), []string{"Hello", "Привет, 😀"}, nil, 0},
		{"plain between compressed", bytesOf(hello, masked(ws.OpText, true, "plain"), hello), []string{"Hello", "plain", "Hello"}, nil, 0},
		{"fragments", bytesOf(packedFrame(ws.OpText, false, pack("Hello")[:half]), masked(ws.OpContinuation, false, ""), masked(ws.OpContinuation, true, pack("Hello")[half:])), []string{"Hello"}, nil, 0},
		{"end in an empty fragment", bytesOf(packedFrame(ws.OpText, false, pack("Hello")), masked(ws.OpContinuation, true, "")), []string{"Hello"}, nil, 0},
		{"begin with an empty fragment", bytesOf(packedFrame(ws.OpText, false, ""), masked(ws.OpContinuation, true, pack("Hello"))), []string{"Hello"}, nil, 0},
		{"ping between fragments", bytesOf(packedFrame(ws.OpText, false, pack("Hello")[:half]), masked(ws.OpPing, true, "x"), masked(ws.OpContinuation, true, pack("Hello")[half:])), []string{"Hello"}, []string{"x"}, 0},
		{"plain fragments", bytesOf(masked(ws.OpText, false, "a"), masked(ws.OpContinuation, true, "b")), []string{"ab"}, nil, 0},
		{"heartbeat of the original", packedFrame(ws.OpText, true, pack("$hbt")), []string{"$ok"}, nil, 0},

		{"RFC 7692, 7.2.3.1", rfc("\xf2\x48\xcd\xc9\xc9\x07\x00"), []string{"Hello"}, nil, 0},
		{"7.2.3.3, not compressed", rfc("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), []string{"Hello"}, nil, 0},
		{"7.2.3.4, marked as last", rfc("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), []string{"Hello"}, nil, 0},
		{"7.2.3.5, two blocks", rfc("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), []string{"Hello"}, nil, 0},
		{"7.2.3.6, empty", rfc("\x00"), []string{""}, nil, 0},
		{"marked as last, and more", rfc("\xf3\x48\xcd\xc9\xc9\x07\x00" + "\xf2\x48\xcd\xc9\xc9\x07\x00"), []string{"HelloHello"}, nil, 0},
		{"marked as last, and nothing", rfc("\xf3\x48\xcd\xc9\xc9\x07\x00"), []string{"Hello"}, nil, 0},

		{"RSV1 on a continuation", bytesOf(packedFrame(ws.OpText, false, pack("Hello")), packedFrame(ws.OpContinuation, true, "")), nil, nil, 1002},
		{"RSV1 on a continuation only", bytesOf(masked(ws.OpText, false, "a"), packedFrame(ws.OpContinuation, true, pack("b"))), nil, nil, 1002},
		{"RSV1 on a ping", packedFrame(ws.OpPing, true, "x"), nil, nil, 1002},
		{"RSV1 on a pong", packedFrame(ws.OpPong, true, "x"), nil, nil, 1002},
		{"RSV1 on a close", packedFrame(ws.OpClose, true, closing(1000, "")), nil, nil, 1002},
		{"RSV1 and RSV2", with(hello, 0, func(b byte) byte { return b | 0x20 }), nil, nil, 1002},
		{"RSV3 alone", with(masked(ws.OpText, true, "x"), 0, func(b byte) byte { return b | 0x10 }), nil, nil, 1002},
		{"compressed text within a message", bytesOf(masked(ws.OpText, false, "a"), hello), nil, nil, 1002},
		{"compressed, not masked", with(ws.MustCompileFrame(ws.NewTextFrame([]byte(pack("Hello")))), 0, func(b byte) byte { return b | 0x40 }), nil, nil, 1002},
		{"compressed binary", packedFrame(ws.OpBinary, true, pack("x")), nil, nil, 1003},

		{"no data at all", rfc(""), nil, nil, 1002},
		{"no compressed data", rfc("\xff\xff\xff\xff"), nil, nil, 1002},
		{"cut short", rfc(pack(prose(2000))[:400]), nil, nil, 1002},
		{"reaches back before the beginning", rfc("\xfa\x28\x00\x12\x00"), nil, nil, 1002},
		{"invalid UTF-8", rfc(pack("a\xffb")), nil, nil, 1007},
		{"cut character at the end", rfc(pack("a\xd0")), nil, nil, 1007},
		{"valid first, then damaged", bytesOf(hello, rfc("\x07")), []string{"Hello"}, nil, 1002},
	}
	both(t, rigConfig{ws: Config{Compression: true}}, func(t *testing.T, r *rig) {
		for _, tt := range tests {
			for _, step := range []int{len(tt.bytes), 1} {
				t.Run(fmt.Sprintf("%s/%d at once", tt.name, step), func(t *testing.T) {
					c := dial(t, r.url, "/services/echo", offerDeflate)
					for part := range slices.Chunk(tt.bytes, step) {
						c.raw(part)
					}
					for _, want := range tt.pongs {
						c.wantFrame(ws.OpPong, want)
					}
					for _, want := range tt.texts {
						c.wantText(want)
					}
					code := tt.code
					if code == 0 {
						code = 1000
						c.sendClose(1000, "")
					}
					c.wantClose(code)
					r.wantEnd(t, code)
				})
			}
		}
	})
}

// Echoes of all sizes come back compressed where that makes them shorter.
func TestDeflatedEcho(t *testing.T) {
	const limit = 2 << 20
	both(t, rigConfig{ws: Config{MessageLimit: limit, Compression: true, Heartbeat: -1}, hub: hub.Config{MaxBytes: limit}}, func(t *testing.T, r *rig) {
		c := dial(t, r.url, "/services/echo", offerDeflate)
		for _, n := range []int{0, 1, 500} {
			text := repeat("x", n)
			c.raw(packedFrame(ws.OpText, true, pack(text)))
			c.wantText(text)
		}
		for _, n := range []int{compressFrom, 1000, 4096, 16370, 65535, 1 << 20} {
			text := prose(min(n, 65535))
			text = repeat(text, max(1, n/len(text)))
			c.raw(packedFrame(ws.OpText, true, pack(text)))
			if got := c.wantPacked(text); len(got) > len(text)*3/4 {
				t.Errorf("%d bytes are %d compressed", len(text), len(got))
			}
		}
		for _, n := range []int{compressFrom, 5000, 100000} {
			text := noise(n)
			c.raw(packedFrame(ws.OpText, true, pack(text)))
			c.wantText(text)
		}
	})
}

// Bytes that cannot be compressed go out as they are.
func TestNotCompressible(t *testing.T) {
	data := make([]byte, 10000)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	frame := outgoing(t, hub.ModePlain, hub.NewBinary(data))
	var d deflater
	if encoded := d.encode(frame, maxWindow); encoded != nil {
		t.Errorf("%d bytes became %d", len(data), len(encoded))
	}
}

// outgoing returns the frame that messages become in a queue.
func outgoing(t *testing.T, mode hub.Mode, messages ...*hub.Message) hub.Outgoing {
	t.Helper()
	hc, err := hub.New(hub.Config{}).Open(hub.OpenRequest{Service: "echo", Key: hub.NewVolatileKey("echo", 0), Waker: deaf{}, Handshake: &hub.Handshake{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if _, err := hc.Socket().Send(m, mode); err != nil {
			t.Fatal(err)
		}
	}
	var b hub.Batch
	hc.Next(&b)
	frames := slices.Collect(b.Frames())
	if len(frames) != 1 {
		t.Fatalf("%d frames", len(frames))
	}
	return frames[0]
}

type deaf struct{}

func (deaf) Wake() {}

// Items that wait together are one compressed frame.
func TestDeflatedArray(t *testing.T) {
	one, two := `{"a":"`+prose(1000)+`"}`, `{"b":"`+prose(2000)+`"}`
	frame := outgoing(t, hub.ModeJSON, hub.NewMessage(one), hub.NewMessage(two))
	var d deflater
	encoded := d.encode(frame, maxWindow)
	h, err := ws.ReadHeader(bytes.NewReader(encoded))
	if err != nil || h.Rsv != rsvDeflate || !h.Fin || h.OpCode != ws.OpText {
		t.Fatalf("header %+v (%v)", h, err)
	}
	got, err := unpack(string(encoded[len(encoded)-int(h.Length):]))
	if want := "[" + one + "," + two + "]"; err != nil || got != want {
		t.Errorf("got %.60q (%v)", got, err)
	}
}

// A small message that becomes a huge one is refused at the limit, and no memory is spent on it.
func TestBomb(t *testing.T) {
	const limit = 64 << 10
	bomb := pack(repeat("\x00", 20<<20))
	if len(bomb) > limit {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	both(t, rigConfig{ws: Config{MessageLimit: limit, Compression: true}}, func(t *testing.T, r *rig) {
		for name, sent := range map[string][]byte{
			"in one frame": packedFrame(ws.OpText, true, bomb),
			"in fragments": bytesOf(packedFrame(ws.OpText, false, bomb[:1000]), masked(ws.OpContinuation, true, bomb[1000:])),
			"a byte over":  packedFrame(ws.OpText, true, pack(repeat("x", limit+1))),
		} {
			t.Run(name, func(t *testing.T) {
				c := dial(t, r.url, "/services/echo", offerDeflate)
				c.raw(sent)
				c.wantClose(1009)
				r.wantEnd(t, 1009)
			})
		}
		t.Run("at the limit", func(t *testing.T) {
			c := dial(t, r.url, "/services/echo", offerDeflate)
			c.raw(packedFrame(ws.OpText, true, pack(repeat("x", limit))))
			c.wantPacked(repeat("x", limit))
			c.sendClose(1000, "")
			c.wantClose(1000)
			r.wantEnd(t, 1000)
		})
		t.Run("longer compressed than the limit, but not as text", func(t *testing.T) {
			c := dial(t, r.url, "/services/echo", offerDeflate)
			var stored []byte // blocks without compression, and short ones: longer than the text
			for part := range slices.Chunk([]byte(noise(limit)), 100) {
				n := byte(len(part))
				stored = append(append(stored, 0, n, 0, ^n, 0xff), part...)
			}
			c.raw(packedFrame(ws.OpText, true, string(append(stored, 0))))
			c.wantText(noise(limit))
			c.sendClose(1000, "")
			c.wantClose(1000)
			r.wantEnd(t, 1000)
		})
		t.Run("too many compressed bytes, before they come", func(t *testing.T) {
			c := dial(t, r.url, "/services/echo", offerDeflate)
			c.raw(packedFrame(ws.OpText, true, repeat("x", int(packedLimit(limit))+1))[:14])
			c.wantClose(1009)
			r.wantEnd(t, 1009)
		})
	})
	t.Run("memory", func(t *testing.T) {
		var z inflater
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := z.inflate([]byte(bomb), nil, limit)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, errTooLarge) {
			t.Fatalf("the bomb gave %v", err)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20 {
			t.Errorf("%d bytes were spent on it", spent)
		}
	})
}

// A window is kept to: no text that is sent reaches farther back than the client can.
func TestServerWindow(t *testing.T) {
	r := newRig(t, rigConfig{ws: Config{Compression: true, MessageLimit: 1 << 20}})
	text := prose(70000)
	for bits := minWindow; bits <= maxWindow; bits++ {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			c := dial(t, r.url, "/services/echo", fmt.Sprint(offerDeflate, "; server_max_window_bits=", bits))
			c.text(text)
			payload := c.wantPacked(text)
			got, farthest, err := farInflate(payload)
			if err != nil || got != text {
				t.Fatalf("read with another decoder: %d bytes of %d (%v)", len(got), len(text), err)
			}
			if farthest > 1<<bits {
				t.Errorf("a match reaches back %d bytes", farthest)
			}
			if farthest < 1<<bits/4 {
				t.Errorf("of the window only %d bytes are used", farthest)
			}
		})
	}
}

// A message that goes to many is compressed once; those who did not agree, or have a small
// window, get it in their way.
func TestDeflatedFanOut(t *testing.T) {
	for mode, name := range map[hub.Mode]string{hub.ModeText: "text", hub.ModeJSON: "array"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigConfig{ws: Config{Compression: true}})
			var packed, plain, small []*client
			for range 5 {
				packed = append(packed, dial(t, r.url, "/services/echo", offerDeflate))
				plain = append(plain, dial(t, r.url, "/services/echo"))
				small = append(small, dial(t, r.url, "/services/echo", offerDeflate+"; server_max_window_bits=9"))
			}
			large, short := `{"text":"`+strings.ReplaceAll(prose(20000), `"`, "")+`"}`, `{"text":"short"}`
			m := hub.NewMessage(large)
			for _, s := range r.hub.Select(hub.Filter{}) {
				for _, m := range []*hub.Message{m, hub.NewMessage(short)} {
					if _, err := s.Send(m, mode); err != nil {
						t.Fatal(err)
					}
				}
			}
			// In an array both may be one frame, or not.
			read := func(c *client) (text string, frames []string) {
				want := large + short
				for len(text) < len(want) {
					h, payload, err := c.nextRaw()
					if err != nil {
						t.Fatal(err)
					}
					frames = append(frames, payload)
					if h.Rsv != 0 {
						if payload, err = unpack(payload); err != nil {
							t.Fatal(err)
						}
					}
					if mode == hub.ModeJSON {
						payload = strings.ReplaceAll(strings.Trim(payload, "[]"), "},{", "}{")
					}
					text += payload
				}
				if text != want {
					t.Fatalf("got %.60q", text)
				}
				return text, frames
			}
			for _, c := range slices.Concat(packed, small) {
				if _, frames := read(c); len(frames[0]) > len(large)/2 {
					t.Errorf("the large message came as %d bytes", len(frames[0]))
				}
			}
			for _, c := range plain {
				if _, frames := read(c); len(frames[0]) < len(large) {
					t.Errorf("the large message came as %d bytes", len(frames[0]))
				}
			}
			if mode == hub.ModeText {
				m.Frame(hub.SlotTextDeflated, func() []byte {
					t.Error("the compressed frame was not kept")
					return nil
				})
			}
		})
	}
}

// Many writers that want the same message compressed at once do it once a processor at most.
func TestCompressedOnceForAll(t *testing.T) {
	frame := outgoing(t, hub.ModePlain, hub.NewMessage(prose(20000)))
	c := &conn{window: maxWindow}
	frames := make(chan []byte, 100)
	for range cap(frames) {
		go func() { frames <- c.deflated(frame, frame.Len()) }()
	}
	first := within(t, frames, "a frame")
	for range cap(frames) - 1 {
		if other := within(t, frames, "a frame"); &other[0] != &first[0] {
			t.Fatal("two frames of one message")
		}
	}
}

// A compressed text is a text for those who watch and count.
func TestDeflatedTrace(t *testing.T) {
	r := newRig(t, rigConfig{ws: Config{Compression: true}})
	c := dial(t, r.url, "/services/echo?X-StatefulSocketId=1", offerDeflate)
	trace, err := r.server.Trace(r.socket(t, "1"))
	if err != nil {
		t.Fatal(err)
	}
	defer trace.Leave()
	text := prose(3000)
	c.raw(packedFrame(ws.OpText, true, pack(text)))
	c.wantPacked(text)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	n := 0
	for f := range trace.Follow(ctx, 0) {
		if f.Text != text || f.Bytes != len(text) {
			t.Errorf("frame %d has %d bytes: %.60q", n, f.Bytes, f.Text)
		}
		if n++; n == 2 {
			return
		}
	}
	t.Errorf("%d frames", n)
}

// The headers of the handshake that scripts see do not tell of extensions.
func TestExtensionIsNotKept(t *testing.T) {
	r := newRig(t, rigConfig{ws: Config{Compression: true}})
	dial(t, r.url, "/services/echo?X-StatefulSocketId=1", offerDeflate)
	if h := r.socket(t, "1").Handshake().Header; strings.Contains(h, http.CanonicalHeaderKey(extensionsHeader)) {
		t.Errorf("the header is %q", h)
	}
}

// FuzzInflate: what one decompressor makes of data, the other makes too, up to the limit.
func FuzzInflate(f *testing.F) {
	f.Add([]byte(pack("Hello")))
	f.Add([]byte(pack(prose(5000))))
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		const limit = 4096
		var z inflater
		half := len(packed) / 2
		text, err := z.inflate(packed[:half], packed[half:], limit)
		if len(text) > limit {
			t.Fatalf("%d bytes", len(text))
		}
		again, errAgain := z.inflate(nil, packed, limit)
		if text != again || err != errAgain {
			t.Fatalf("%q (%v), and in one piece %q (%v)", text, err, again, errAgain)
		}
		var d deflater
		if encoded := d.encode(outgoing(t, hub.ModePlain, hub.NewBinary(packed)), minWindow); encoded != nil {
			h, err := ws.ReadHeader(bytes.NewReader(encoded))
			if err != nil {
				t.Fatal(err)
			}
			got, farthest, err := farInflate(string(encoded[len(encoded)-int(h.Length):]))
			if err != nil || got != string(packed) || farthest > 1<<minWindow {
				t.Fatalf("%d bytes came back as %d, back to %d (%v)", len(packed), len(got), farthest, err)
			}
		}
	})
}
