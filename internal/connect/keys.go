package connect

import "io"

// lineEnd says how a line of the editor ended.
type lineEnd int

const (
	byEnter     lineEnd = iota
	byPaste             // a line break inside pasted text
	byInterrupt         // Ctrl-C
	byQuit              // Ctrl-C for the second time
)

const (
	ctrlC  = 3
	escape = 27
	// killLine moves to the end of the line, removes all of it.
	killLine  = "\x05\x15"
	pasteOn   = "\x1b[200~"
	pasteOff  = "\x1b[201~"
	signOfTab = "␉"
)

// keys stands between the console and the editor, which would end at Ctrl-C and does not tell a pasted line break from
// Enter. It hands on one line at most with each Read, so that after a line of the editor end says how that one ended.
// Line breaks at the end of a paste are dropped: who pastes, looks and then presses Enter. It belongs to the goroutine
// that reads lines.
type keys struct {
	console io.Reader
	buffer  [512]byte
	unread  []byte // of the console, not looked at yet
	out     []byte // for the editor

	end        lineEnd
	interrupts int    // Ctrl-C pressed so often with nothing between
	marker     []byte // what may become the marker of a paste
	pasting    bool
	breaks     int  // line breaks of the paste that may be its last ones
	afterCR    bool // a line feed that follows is the same line break
}

func (k *keys) Read(p []byte) (int, error) {
	for len(k.out) == 0 {
		if len(k.unread) == 0 {
			n, err := k.console.Read(k.buffer[:])
			if n == 0 && err != nil {
				return 0, err
			}
			k.unread = k.buffer[:n]
		}
		k.translate()
	}
	n := copy(p, k.out)
	k.out = k.out[n:]
	return n, nil
}

// translate moves what was read to out, up to the end of a line.
func (k *keys) translate() {
	k.out = nil
	for len(k.unread) > 0 {
		if k.breaks > 0 && k.unread[0] != escape && !isBreak(k.unread[0]) && len(k.marker) == 0 {
			k.breaks--
			k.enter(byPaste)
			return
		}
		c := k.unread[0]
		k.unread = k.unread[1:]
		if c == '\n' && k.afterCR {
			k.afterCR = false
			continue
		}
		k.afterCR = c == '\r'
		if k.pasting {
			k.pasted(c)
		} else if k.typed(c) {
			return
		}
	}
}

func isBreak(c byte) bool { return c == '\r' || c == '\n' }

// typed takes a key that was pressed, and says whether a line ended.
func (k *keys) typed(c byte) bool {
	if c == ctrlC {
		k.interrupts++
		k.out = append(k.out, killLine...)
		k.enter(byInterrupt)
		if k.interrupts > 1 {
			k.end = byQuit
		}
		return true
	}
	k.interrupts = 0
	if isBreak(c) {
		k.enter(byEnter)
		return true
	}
	k.out = append(k.out, c)
	k.marker = follow(k.marker, c, pasteOn)
	if len(k.marker) == len(pasteOn) {
		k.marker, k.pasting, k.breaks = nil, true, 0
	}
	return false
}

// pasted takes a byte of pasted text. Control codes have no business there.
func (k *keys) pasted(c byte) {
	before := k.marker
	k.marker = follow(k.marker, c, pasteOff)
	switch {
	case len(k.marker) == len(pasteOff):
		k.marker, k.pasting, k.breaks = nil, false, 0
		k.out = append(k.out, pasteOff...)
		return
	case len(k.marker) > 0:
		return
	case len(before) > 0:
		k.out = append(k.out, before[1:]...) // it was no marker; its escape is dropped
	}
	switch {
	case isBreak(c):
		k.breaks++
	case c == '\t':
		k.out = append(k.out, signOfTab...)
	case c >= ' ' && c != 0x7f:
		k.out = append(k.out, c)
	}
}

// follow returns the part of a marker seen so far, none if c does not go on with it.
func follow(seen []byte, c byte, marker string) []byte {
	switch {
	case marker[len(seen)] == c:
		return append(seen, c)
	case c == marker[0]:
		return []byte{c}
	}
	return nil
}

func (k *keys) enter(end lineEnd) {
	k.out = append(k.out, '\r')
	k.end = end
}
