package conformance

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Large messages, whole, in fragments and in chunks.
func TestLarge(t *testing.T) {
	const mega = 1 << 20
	sizes, fragmentSizes, chunks := []int{64 << 10, mega, 4 * mega}, []int{1 << 10, 64 << 10}, []int{512}
	const fragmented, chunked = mega, mega / 4
	if *long {
		sizes = []int{64 << 10, 256 << 10, mega, 4 * mega, 8 * mega, 16 * mega, 32 * mega}
		fragmentSizes = []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, mega, 4 * mega}
		chunks = []int{64, 128, 256, 512, 1024, 2048}
	}
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		for _, op := range []byte{opText, opBinary} {
			for _, size := range sizes {
				t.Run(fmt.Sprintf("%d bytes, opcode %d", size, op), func(t *testing.T) {
					c := open(t, to, whole, "")
					payload := payloadOf(op, size)
					c.send(frame{op: op, payload: payload})
					c.want(op, payload)
					c.bye()
				})
			}
			for _, size := range fragmentSizes {
				t.Run(fmt.Sprintf("fragments of %d bytes, opcode %d", size, op), func(t *testing.T) {
					c := open(t, to, whole, "")
					payload := payloadOf(op, 4*fragmented)
					if !*long {
						payload = payloadOf(op, fragmented)
					}
					c.send(fragments(op, payload, size)...)
					c.want(op, payload)
					c.bye()
				})
			}
			for _, size := range chunks {
				t.Run(fmt.Sprintf("chunks of %d bytes, opcode %d", size, op), func(t *testing.T) {
					c := open(t, to, whole, "")
					payload := payloadOf(op, chunked)
					for b := (frame{op: op, payload: payload}).encode(); len(b) > 0; {
						n := min(size, len(b))
						c.write(b[:n])
						b = b[n:]
					}
					c.want(op, payload)
					c.bye()
				})
			}
		}
	})
}

// payloadOf makes a large payload that differs everywhere.
func payloadOf(op byte, size int) string {
	unit := noise.make(16 << 10)
	if op == opText {
		unit = russian.make(16 << 10)
	}
	all := repeat(unit, size/len(unit)+1)
	if op == opText {
		return all[:size/len(unit)*len(unit)] + repeat("x", size%len(unit))
	}
	return all[:size]
}

// Many messages, each after the echo of the one before, and many at once.
func TestMany(t *testing.T) {
	count := 100
	if *long {
		count = 1000
	}
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		for _, offer := range []string{"", extension} {
			for _, size := range []int{0, 16, 64, 256, 1024, 4096} {
				t.Run(fmt.Sprintf("%d bytes %s", size, offer), func(t *testing.T) {
					c := open(t, to, whole, offer)
					var all []message
					var sent []frame
					for i := range count {
						s := samples[i%len(samples)]
						m := message{s.op, s.make(size)}
						f := frame{op: m.op, payload: m.payload}
						if offer != "" {
							f = c.packed(m.op, m.payload)
						}
						all, sent = append(all, m), append(sent, f)
					}
					if offer == "" {
						for i, f := range sent {
							c.send(f)
							c.want(all[i].op, all[i].payload)
						}
					}
					c.send(sent...)
					c.wantEach(nil, all...)
					c.bye()
				})
			}
		}
	})
}

// The largest message and the smallest that is too large, in one frame and in fragments.
func TestLimit(t *testing.T) {
	const limit = 1000
	opts := echoOptions
	opts.Limit = limit
	onBoth(t, opts, func(t *testing.T, to *target) {
		for _, offer := range []string{"", extension} {
			for _, fragment := range []int{2 * limit, 100, 1} {
				t.Run(fmt.Sprintf("fragments of %d %s", fragment, offer), func(t *testing.T) {
					frames := func(c *client, size int) []frame {
						if offer != "" {
							return c.packedIn(opText, repeat("x", size), fragment)
						}
						return fragments(opText, repeat("x", size), fragment)
					}
					c := open(t, to, whole, offer)
					for range 3 {
						c.send(frames(c, limit)...)
						c.wantText(repeat("x", limit))
					}
					c.send(frames(c, limit+1)...)
					c.wantClose(1009)
				})
			}
		}
		t.Run("before the payload is there", func(t *testing.T) {
			c := open(t, to, whole, "")
			c.write(text(repeat("x", limit+1)).encode()[:8])
			c.wantClose(1009)
		})
	})
}

// Random messages, fragmented at random, with control frames between, cut at random: all is echoed.
func TestRandomSessions(t *testing.T) {
	sessions := 40
	if *long {
		sessions = 2000
	}
	seed := rand.Uint64()
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		for n := range sessions {
			r := rand.New(rand.NewPCG(seed, uint64(n)))
			t.Run(fmt.Sprintf("%d of %d", n, seed), func(t *testing.T) { session(t, to, r) })
		}
	})
}

func session(t *testing.T, to *target, r *rand.Rand) {
	offer := []string{"", extension, "permessage-deflate; client_no_context_takeover", "permessage-deflate; server_no_context_takeover; client_max_window_bits"}[r.IntN(4)]
	c := open(t, to, cut(r.IntN(3)), offer)
	var pongs []string
	var echoes []message
	var frames []frame
	between := func() {
		for r.IntN(4) == 0 {
			payload := noise.make(r.IntN(126))
			if r.IntN(2) == 0 {
				frames = append(frames, pong(payload))
				continue
			}
			pongs, frames = append(pongs, payload), append(frames, ping(payload))
		}
	}
	for range 1 + r.IntN(12) {
		between()
		s := samples[r.IntN(len(samples))]
		m := message{s.op, s.make(r.IntN(1 + 1<<r.IntN(13)))}
		echoes = append(echoes, m)
		for _, f := range c.pieces(r, m) {
			frames = append(frames, f)
			between()
		}
	}
	c.send(frames...)
	c.wantEach(pongs, echoes...)
	c.bye()
}

// pieces makes the frames of a message.
func (c *client) pieces(r *rand.Rand, m message) []frame {
	size := 1 + r.IntN(1+len(m.payload))
	if c.zip != nil && r.IntN(3) > 0 {
		return c.packedIn(m.op, m.payload, max(size, len(m.payload)/64))
	}
	return fragments(m.op, m.payload, max(size, len(m.payload)/64))
}
