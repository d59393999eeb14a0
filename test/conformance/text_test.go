package conformance

import (
	"fmt"
	"unicode/utf8"
)

// A text is valid UTF-8 or is not (RFC 3629); bad counts the bytes up to the first that nothing can make good,
// 0 where the text only ends too early.
type utf8Case struct {
	name string
	text string
	bad  int
}

var validTexts = []utf8Case{
	{"greek", "κόσμε", 0},
	{"mixed", "Hello-µ@ßöäüàá-UTF-8!!", 0},
	{"russian and emoji", "Привет, 😀!", 0},
	{"zero byte", "a\x00b", 0},
	{"first of one byte", "\x00", 0},
	{"first of two bytes", "\u0080", 0},
	{"first of three bytes", "\u0800", 0},
	{"first of four bytes", "\U00010000", 0},
	{"last of one byte", "\x7f", 0},
	{"last of two bytes", "\u07ff", 0},
	{"last of three bytes", "\uffff", 0},
	{"last of all", "\U0010ffff", 0},
	{"before the surrogates", "\ud7ff", 0},
	{"behind the surrogates", "\ue000", 0},
	{"replacement character", "\ufffd", 0},
	{"byte order mark", "\ufeffa", 0},
	{"reversed byte order mark", "\ufffe", 0},
	{"combining", "e\u0301\u0323", 0},
}

var invalidTexts = []utf8Case{
	{"continuation alone, first", "\x80", 1},
	{"continuation alone, last", "\xbf", 1},
	{"two continuations", "\x80\xbf", 1},
	{"continuation behind ASCII", "abc\xbfdef", 4},
	{"continuation too many", "я\x80", 3},
	{"start of two, then ASCII", "\xc3x", 2},
	{"start of three, then ASCII", "\xe2x", 2},
	{"start of three, one, then ASCII", "\xe2\x82x", 3},
	{"start of four, one, then ASCII", "\xf0\x9fx", 3},
	{"start of four, two, then ASCII", "\xf0\x9f\x98x", 4},
	{"two starts", "\xc3\xc3", 2},
	{"start within a character", "\xe2\x82\xe2\x82\xac", 3},
	{"start of two at the end", "a\xc3", 0},
	{"start of three at the end", "a\xe2", 0},
	{"start of three and one at the end", "a\xe2\x82", 0},
	{"start of four at the end", "a\xf0", 0},
	{"start of four and one at the end", "a\xf0\x9f", 0},
	{"start of four and two at the end", "a\xf0\x9f\x98", 0},
	{"start of five", "\xf8\x88\x80\x80\x80", 1},
	{"start of six", "\xfc\x84\x80\x80\x80\x80", 1},
	{"last of five", "\xfb\xbf\xbf\xbf\xbf", 1},
	{"last of six", "\xfd\xbf\xbf\xbf\xbf\xbf", 1},
	{"fe", "\xfe", 1},
	{"ff", "\xff", 1},
	{"fe fe ff ff", "\xfe\xfe\xff\xff", 1},
	{"ff within a text", "Hello \xff World", 7},
	{"overlong slash in two", "\xc0\xaf", 1},
	{"overlong slash in three", "\xe0\x80\xaf", 2},
	{"overlong slash in four", "\xf0\x80\x80\xaf", 2},
	{"overlong slash in five", "\xf8\x80\x80\x80\xaf", 1},
	{"overlong slash in six", "\xfc\x80\x80\x80\x80\xaf", 1},
	{"overlong zero in two", "\xc0\x80", 1},
	{"overlong zero in three", "\xe0\x80\x80", 2},
	{"overlong zero in four", "\xf0\x80\x80\x80", 2},
	{"last overlong in two", "\xc1\xbf", 1},
	{"last overlong in three", "\xe0\x9f\xbf", 2},
	{"last overlong in four", "\xf0\x8f\xbf\xbf", 2},
	{"first beyond the last character", "\xf4\x90\x80\x80", 2},
	{"further beyond", "\xf5\x80\x80\x80", 1},
	{"far beyond", "\xf7\xbf\xbf\xbf", 1},
	{"beyond, behind a text", "κόσμε\xf4\x90\x80\x80edited", 12},
	{"surrogate d800", "\xed\xa0\x80", 2},
	{"surrogate db7f", "\xed\xad\xbf", 2},
	{"surrogate db80", "\xed\xae\x80", 2},
	{"surrogate dbff", "\xed\xaf\xbf", 2},
	{"surrogate dc00", "\xed\xb0\x80", 2},
	{"surrogate df80", "\xed\xbe\x80", 2},
	{"surrogate dfff", "\xed\xbf\xbf", 2},
	{"pair of surrogates", "\xed\xa0\x80\xed\xb0\x80", 2},
	{"last pair of surrogates", "\xed\xaf\xbf\xed\xbf\xbf", 2},
	{"surrogate within a text", "κόσμε\xed\xa0\x80edited", 12},
	{"Latin-1", "Gr\xfc\xdfe", 3},
	{"UTF-16", "\xff\xfeH\x00", 1},
}

// texts: RFC 6455, 5.6 and 8.1.
func texts() []conformanceCase {
	var cases []conformanceCase
	for _, tt := range append(validTexts, nonCharacters()...) {
		cases = append(cases, named(func(c *client) {
			c.send(text(tt.text))
			c.wantText(tt.text)
			c.send(fragments(opText, "("+tt.text+")", 1)...) // cut within characters
			c.wantText("(" + tt.text + ")")
			c.bye()
		}, "6455/5.6/valid text: %s", tt.name))
	}
	for _, tt := range invalidTexts {
		cases = append(cases, invalid(tt)...)
	}
	return append(cases, slowTexts()...)
}

// nonCharacters are valid UTF-8: the last two of each plane, and a block of 32.
func nonCharacters() (cases []utf8Case) {
	for plane := rune(0); plane <= 0x10; plane++ {
		for _, r := range []rune{0xfffe, 0xffff} {
			cases = append(cases, utf8Case{fmt.Sprintf("non-character %x", plane<<16|r), string(plane<<16 | r), 0})
		}
	}
	all := ""
	for r := rune(0xfdd0); r <= 0xfdef; r++ {
		all += string(r)
	}
	return append(cases, utf8Case{"non-characters fdd0 to fdef", all, 0})
}

// invalid: a text in one frame, in fragments of one byte, and cut behind its first bad byte: a server need not
// wait for the rest (8.1).
func invalid(tt utf8Case) []conformanceCase {
	cases := []conformanceCase{
		named(func(c *client) {
			c.send(text("fine"), text(tt.text))
			c.wantText("fine")
			c.wantClose(1007)
		}, "6455/8.1/%s", tt.name),
		named(func(c *client) {
			c.send(fragments(opText, tt.text, 1)...)
			c.wantClose(1007)
		}, "6455/8.1/%s, in fragments", tt.name),
		named(func(c *client) {
			c.send(binaryOf(tt.text))
			c.wantBinary(tt.text)
			c.bye()
		}, "6455/5.6/binary is free: %s", tt.name),
	}
	if tt.bad == 0 {
		return cases
	}
	return append(cases,
		named(func(c *client) {
			f := text(tt.text + "more")
			c.write(f.encode()[:2+4+tt.bad]) // the frame stays unfinished
			c.wantClose(1007)
		}, "6455/8.1/%s, at its first bad byte", tt.name),
		named(func(c *client) {
			c.send(text("").unfinished())
			for i, b := range []byte(tt.text[:tt.bad]) {
				if i == tt.bad-1 {
					c.alive() // all before is not wrong yet
				}
				c.send(rest(string([]byte{b})))
			}
			c.wantClose(1007)
		}, "6455/8.1/%s, no sooner than its first bad byte", tt.name),
	)
}

// slowTexts: the client waits within characters.
func slowTexts() []conformanceCase {
	return []conformanceCase{
		named(func(c *client) {
			const want = "κόσμε😀"
			c.send(text("").unfinished())
			for i := range len(want) {
				c.send(rest(want[i : i+1]))
				c.alive()
			}
			c.send(last(""))
			c.wantText(want)
			c.bye()
		}, "6455/5.6/the client waits between the bytes of characters"),
		named(func(c *client) {
			c.send(text("\xce").unfinished(), ping("p"), last("\xba"))
			c.wantEach([]string{"p"}, message{opText, "κ"})
			c.send(text("\xe2").unfinished(), last("\x82"))
			c.wantClose(1007)
		}, "6455/8.1/a character may be cut by fragments, not by messages"),
		named(func(c *client) {
			c.send(text("a\xce"), text("\xbab"))
			c.wantClose(1007)
		}, "6455/8.1/a character in two messages"),
		named(func(c *client) {
			c.send(binaryOf("\xce").unfinished(), last("\xff"), text("ok"))
			c.wantBinary("\xce\xff")
			c.wantText("ok")
			c.bye()
		}, "6455/5.6/a binary message leaves nothing to the text behind it"),
		{name: "6455/5.6/characters cut at every buffer border", inOne: true, run: func(c *client) {
			for shift := range utf8.UTFMax {
				want := repeat("x", shift) + repeat("😀", 20000)
				c.send(text(want))
				c.wantText(want)
			}
			c.bye()
		}},
		{name: "6455/8.1/a bad byte at the end of a large text", inOne: true, run: func(c *client) {
			c.send(text(repeat("я", 100000) + "\xff"))
			c.wantClose(1007)
		}},
	}
}
