package conformance

import (
	"fmt"
)

// fragmentation: RFC 6455, 5.4.
func fragmentation() []conformanceCase {
	var cases []conformanceCase
	echoes := func(name string, want message, pongs []string, frames ...frame) {
		cases = append(cases, named(func(c *client) {
			c.send(frames...)
			c.wantEach(pongs, want)
			c.bye()
		}, "6455/5.4/%s", name))
	}
	abc := message{opText, "abc"}
	echoes("text in two", message{opText, "ab"}, nil, text("a").unfinished(), last("b"))
	echoes("binary in three", message{opBinary, "\xffbc"}, nil, binaryOf("\xff").unfinished(), rest("b"), last("c"))
	echoes("ping between", abc, []string{"p"}, text("a").unfinished(), ping("p"), rest("b"), last("c"))
	echoes("empty ping between", abc, []string{""}, text("a").unfinished(), ping(""), rest("b"), last("c"))
	echoes("pings everywhere", abc, []string{"1", "2", "3"}, ping("1"), text("a").unfinished(), ping("2"), rest("b"), ping("3"), last("c"))
	echoes("pongs between", abc, nil, text("a").unfinished(), pong("p"), rest("b"), pong(""), last("c"))
	echoes("empty fragments around", abc, nil, text("").unfinished(), rest(""), rest("abc"), rest(""), last(""))
	echoes("only empty fragments", message{opText, ""}, nil, text("").unfinished(), rest(""), rest(""), last(""))
	echoes("only empty fragments, binary", message{opBinary, ""}, nil, binaryOf("").unfinished(), last(""))
	echoes("many of one byte", message{opText, repeat("x", 300)}, nil, fragments(opText, repeat("x", 300), 1)...)
	echoes("many of one byte, binary", message{opBinary, repeat("\x80", 300)}, nil, fragments(opBinary, repeat("\x80", 300), 1)...)
	echoes("fragments of every length encoding", message{opText, repeat("x", 125) + repeat("y", 126) + repeat("z", 300)}, nil,
		text(repeat("x", 125)).unfinished(), rest(repeat("y", 126)), last(repeat("z", 300)))
	cases = append(cases, fragmentSequences()...)
	return append(cases, wrongFragments()...)
}

func fragmentSequences() []conformanceCase {
	return []conformanceCase{
		named(func(c *client) {
			c.send(text("a").unfinished(), last("b"), binaryOf("c").unfinished(), last("d"), text("e"))
			c.wantText("ab")
			c.wantBinary("cd")
			c.wantText("e")
			c.bye()
		}, "6455/5.4/messages behind each other"),
		named(func(c *client) {
			c.send(text("a").unfinished())
			c.alive()
			c.send(rest("b"))
			c.alive()
			c.send(ping("p"), rest("c"))
			c.wantPong("p")
			c.alive()
			c.send(last("d"), text("e"))
			c.wantText("abcd")
			c.wantText("e")
			c.bye()
		}, "6455/5.4/the client waits between fragments"),
		named(func(c *client) {
			c.send(text("a").unfinished(), closing(1000, ""))
			c.wantClose(1000)
		}, "6455/5.4/close between fragments"),
		named(func(c *client) {
			c.send(text("a").unfinished(), closing(1000, ""), last("b"))
			c.wantClose(1000)
		}, "6455/5.5.1/nothing counts after a close between fragments"),
	}
}

func wrongFragments() []conformanceCase {
	var cases []conformanceCase
	fails := func(name string, echoed []string, frames ...frame) {
		cases = append(cases, named(func(c *client) {
			c.send(frames...)
			for _, e := range echoed {
				c.wantText(e)
			}
			c.wantClose(1002)
		}, "6455/5.4/%s", name))
	}
	fails("continuation of nothing", nil, last("a"))
	fails("continuation of nothing, not final", nil, rest("a"), last("b"))
	fails("continuation of nothing, empty", nil, last(""))
	fails("continuation after a whole message", []string{"a"}, text("a"), last("b"))
	fails("continuation after the last fragment", []string{"ab"}, text("a").unfinished(), last("b"), last("c"))
	fails("continuation of nothing, then a message", nil, rest("a"), text("b"))
	fails("text within text", nil, text("a").unfinished(), text("b"))
	fails("binary within text", nil, text("a").unfinished(), binaryOf("b"))
	fails("text within binary", nil, binaryOf("a").unfinished(), text("b"))
	fails("text fragment within text", nil, text("a").unfinished(), text("b").unfinished(), last("c"))
	fails("text within text, after a ping was asked", []string{"x"}, text("x"), text("a").unfinished(), pong(""), text("b"))
	return cases
}

// control: RFC 6455, 5.5.
func control() []conformanceCase {
	var cases []conformanceCase
	payloads := map[string]string{
		"empty": "", "text": "hello", "binary": "\x00\xff\xfe\xfd\xfc\xfb\x00\xff", "125 bytes": repeat("\xfe", 125),
	}
	for what, payload := range payloads {
		cases = append(cases,
			named(func(c *client) {
				c.send(ping(payload))
				c.wantPong(payload)
				c.bye()
			}, "6455/5.5.2/ping, %s", what),
			named(func(c *client) {
				c.send(pong(payload), ping("after"))
				c.wantPong("after")
				c.bye()
			}, "6455/5.5.3/pong nobody asked for, %s", what))
	}
	for _, op := range []byte{opPing, opPong, opClose} {
		for _, n := range []int{126, 127, 65536} {
			c := named(func(c *client) {
				payload := repeat("x", n)
				if op == opClose {
					payload = closePayload(1000, repeat("x", n-2))
				}
				c.send(text("before"), frame{op: op, payload: payload})
				c.wantText("before")
				c.wantClose(1002)
			}, "6455/5.5/opcode %d with %d bytes", op, n)
			c.inOne = n > 1000
			cases = append(cases, c)
		}
		cases = append(cases,
			named(func(c *client) {
				c.send(frame{op: op, open: true}, last(""))
				c.wantClose(1002)
			}, "6455/5.5/opcode %d fragmented", op),
			named(func(c *client) {
				c.send(text("a").unfinished(), frame{op: op, open: true}, last("b"))
				c.wantClose(1002)
			}, "6455/5.5/opcode %d fragmented within a message", op),
			named(func(c *client) {
				// Only the header is there, and enough is known.
				c.write(frame{op: op, claim: 126}.encode()) // a length in two bytes, and a mask
				c.wantClose(1002)
			}, "6455/5.5/opcode %d that says 126 bytes and sends none", op))
	}
	return append(cases, manyPings()...)
}

func manyPings() []conformanceCase {
	tenPings := func() (frames []frame) {
		for i := range 10 {
			frames = append(frames, ping(fmt.Sprint("payload ", i)))
		}
		return frames
	}
	var tenPongs []string
	for i := range 10 {
		tenPongs = append(tenPongs, fmt.Sprint("payload ", i))
	}
	cases := []conformanceCase{
		named(func(c *client) {
			c.send(tenPings()...)
			c.wantEach(tenPongs)
			c.bye()
		}, "6455/5.5.2/ten pings behind each other"),
		named(func(c *client) {
			for i := range 10 {
				c.send(ping(fmt.Sprint("payload ", i)))
				c.wantPong(fmt.Sprint("payload ", i))
			}
			c.bye()
		}, "6455/5.5.2/ten pings, each after the pong before"),
		named(func(c *client) {
			c.send(append([]frame{text("a").unfinished()}, append(tenPings(), last("b"))...)...)
			c.wantEach(tenPongs, message{opText, "ab"})
			c.bye()
		}, "6455/5.5/ten pings within a message"),
		named(func(c *client) {
			c.send(ping("a"), pong("b"), ping("c"), pong("a"))
			c.wantPong("a")
			c.wantPong("c")
			c.bye()
		}, "6455/5.5.3/pongs that answer nothing among pings"),
	}
	huge := named(pingsBehindAHugeMessage, "6455/5.5.2/pings while the server writes a huge message")
	huge.inOne = true
	return append(cases, huge)
}

// pingsBehindAHugeMessage has the server stuck in a write, because nobody reads, while pings come.
func pingsBehindAHugeMessage(c *client) {
	const size = 12 << 20 // more than the buffers of both ends hold
	payload := repeat("0123456789abcdef", size/16)
	c.send(binaryOf(payload), ping("1"))
	c.send(ping("2"), ping("3"))
	c.wantEach([]string{"1", "2", "3"}, message{opBinary, payload})
	c.bye()
}
