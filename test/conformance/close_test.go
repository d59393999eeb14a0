package conformance

import (
	"errors"
	"net"
	"time"
)

// closings: RFC 6455, 5.5.1 and 7: who closes with what, and what comes of it.
func closings() []conformanceCase {
	var cases []conformanceCase
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		cases = append(cases, named(func(c *client) {
			c.send(closing(code, ""))
			c.wantClose(code)
		}, "6455/7.4.1/close %d", code), named(func(c *client) {
			c.send(closing(code, "reason: уже ухожу"))
			c.wantClose(code)
		}, "6455/7.4.1/close %d with a reason", code))
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535} {
		cases = append(cases, named(func(c *client) {
			c.send(closing(code, ""))
			c.wantClose(1002)
		}, "6455/7.4.2/close %d", code), named(func(c *client) {
			c.send(closing(code, "reason"))
			c.wantClose(1002)
		}, "6455/7.4.2/close %d with a reason", code))
	}
	cases = append(cases, closePayloads()...)
	return append(cases, closeOrder()...)
}

// closePayloads: 5.5.1, lengths and texts of what a close frame carries.
func closePayloads() []conformanceCase {
	closes := func(name, payload string, codes ...int) conformanceCase {
		return named(func(c *client) {
			c.send(frame{op: opClose, payload: payload})
			c.wantClose(codes...)
		}, "6455/5.5.1/close frame %s", name)
	}
	return []conformanceCase{
		closes("without payload", "", noCode, 1000),
		closes("with one byte", "\x03", 1002),
		closes("with a code", closePayload(1000, ""), 1000),
		closes("with a reason of one byte", closePayload(1000, "."), 1000),
		closes("of 125 bytes", closePayload(1000, repeat("x", 123)), 1000),
		closes("of 125 bytes, characters of two", closePayload(1000, repeat("я", 61)+"."), 1000),
		closes("with an invalid reason", closePayload(1000, "\xce\xba\xed\xa0\x80x"), 1007),
		closes("with a cut reason", closePayload(1000, "bye \xd0"), 1007),
		closes("with an overlong reason", closePayload(1000, "\xc0\xaf"), 1007),
		closes("with a wrong code and an invalid reason", closePayload(999, "\xff"), 1002, 1007),
		closes("of 125 bytes, cut at the end", closePayload(1000, repeat("x", 122)+"\xd0"), 1007),
	}
}

// closeOrder: 5.5.1 and 7.1: what is sent before, behind and instead of a close frame.
func closeOrder() []conformanceCase {
	return []conformanceCase{
		named(func(c *client) {
			c.send(closing(1000, ""), text("no"), ping("no"), closing(1001, ""))
			c.wantClose(1000)
		}, "6455/5.5.1/nothing counts after a close"),
		named(func(c *client) {
			c.send(closing(1000, ""), text("\xff"), frame{op: 3}, text("x").unmasked())
			c.wantClose(1000)
		}, "6455/5.5.1/nothing is wrong after a close"),
		named(func(c *client) {
			c.send(text("a").called(3), text("no"), ping("no"), closing(1000, ""))
			c.wantClose(1002)
		}, "6455/7.1.7/nothing counts after a fault"),
		named(func(c *client) {
			c.send(ping("p"), closing(1000, ""))
			c.wantPong("p")
			c.wantClose(1000)
		}, "6455/5.5.2/a pong before the close"),
		named(func(c *client) {
			c.send(text("a"))
			c.wantText("a")
			c.send(closing(1000, ""))
			c.wantClose(1000)
		}, "6455/7.1.2/close after a message"),
		{name: "6455/7.1.7/a fault in front of much else", inOne: true, run: func(c *client) {
			c.send(text("x").reserved(rsv2), text(repeat("x", 4<<20)))
			c.wantClose(1002)
		}},
		{name: "6455/5.5.1/much behind a close", inOne: true, run: func(c *client) {
			c.send(closing(1000, ""), text(repeat("x", 4<<20)))
			c.wantClose(1000)
		}},
		{name: "6455/7.1.1/the server closes although the client does not", inOne: true, run: func(c *client) {
			c.send(closing(1000, ""))
			for {
				m, err := c.next()
				if err != nil {
					break
				}
				if m.op != opClose {
					c.t.Fatalf("got %v", m)
				}
			}
			c.wantBroken()
		}},
		{name: "6455/7.1.1/the server closes on a client that goes on after a fault", inOne: true, run: func(c *client) {
			c.send(text("x").unmasked())
			c.wantBroken()
		}},
	}
}

// wantBroken sends until the connection is gone for sending, too.
func (c *client) wantBroken() {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for c.writeErr == nil && time.Now().Before(deadline) {
		c.send(text("still here"))
		time.Sleep(time.Millisecond) // the client of this case has nothing to wait for: it talks to nobody
	}
	if ne := net.Error(nil); c.writeErr == nil || errors.As(c.writeErr, &ne) && ne.Timeout() {
		c.t.Fatal("the server keeps a connection that was closed")
	}
}

// ends: connections that end with less than a closing handshake (RFC 6455, 7.1.1, 7.2.1).
func ends() []conformanceCase {
	leaves := func(name string, begin func(c *client)) []conformanceCase {
		how := map[string]func(c *client){
			"shuts its side": func(c *client) { c.shutWrite() },
			"closes":         func(c *client) { c.nc.Close() },
		}
		var cases []conformanceCase
		for what, leave := range how {
			cases = append(cases, named(func(c *client) {
				begin(c)
				leave(c)
				c.wantGone()
			}, "6455/7.2.1/the client %s %s", what, name))
		}
		return cases
	}
	var cases []conformanceCase
	cases = append(cases, leaves("at once", func(*client) {})...)
	cases = append(cases, leaves("between frames", func(c *client) { c.send(text("a")); c.wantText("a") })...)
	cases = append(cases, leaves("between fragments", func(c *client) { c.send(text("a").unfinished()) })...)
	for n := 1; n <= 8; n++ {
		f := text(repeat("x", 200)).encode()
		cases = append(cases, leaves(string(rune('0'+n))+" bytes into a header", func(c *client) { c.write(f[:n]) })...)
	}
	cases = append(cases, leaves("in the middle of a payload", func(c *client) { c.write(text("hello").encode()[:8]) })...)
	cases = append(cases, leaves("in the middle of a ping", func(c *client) { c.write(ping("hello").encode()[:8]) })...)
	cases = append(cases, leaves("in the middle of a close", func(c *client) { c.write(closing(1000, "hello").encode()[:8]) })...)
	return append(cases,
		named(func(c *client) {
			c.send(closing(1000, ""))
			c.shutWrite()
			c.wantClose(1000)
		}, "6455/7.1.1/the client shuts its side behind its close"),
		named(func(c *client) {
			c.send(text("x").unmasked())
			c.shutWrite()
			c.wantClose(1002)
		}, "6455/7.1.7/the client shuts its side behind a fault"),
		named(func(c *client) {
			c.send(closing(1000, ""), text("more"))
			c.shutWrite()
			c.wantClose(1000)
		}, "6455/7.1.1/the client shuts its side behind what it should not have sent"),
	)
}
