package hub

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Mode says how the sender wants a message packed.
type Mode uint8

const (
	// ModeText asks for a frame of its own (json_compound false).
	ModeText Mode = iota
	// ModeJSON asks to be an item of a JSON array (json_compound true).
	ModeJSON
	// ModePlain is control text such as "$ok": always its own frame with the bare text; it
	// does not fix the mode of a queue.
	ModePlain
)

// FrameSlot names an encoding of a message that can be kept with it.
type FrameSlot uint8

const (
	// SlotText is the frame that holds the text as it is.
	SlotText FrameSlot = iota
	// SlotArray is the frame that holds an array of this one item.
	SlotArray
	// SlotTextDeflated and SlotArrayDeflated are these frames compressed.
	SlotTextDeflated
	SlotArrayDeflated

	frameSlots
)

// Deflated returns the place of the compressed frame of the same text.
func (s FrameSlot) Deflated() FrameSlot { return s + SlotTextDeflated - SlotText }

// Message is an immutable text on its way to one socket or many. What is derived from it is
// derived once and shared. Safe for concurrent use.
type Message struct {
	text    string
	binary  bool // text holds bytes that are no text
	frames  [frameSlots]atomic.Pointer[[]byte]
	native  atomic.Pointer[nativeItem]
	watched *watched // nil: nobody asks what becomes of it

	conflateKey string       // "": nothing takes its place
	gap         *gap         // what it announces; nil: it is of a sender
	queues      atomic.Int32 // it waits in; kept by the message that shared returns
}

// MaxConflateKey is how long a conflate key may be, in characters: it waits with its message. Whoever
// takes one from outside must check it.
const MaxConflateKey = 256

// WithConflateKey returns a message of the same text that takes the place of older ones with the
// key, where the policy of a queue asks for that. It is m itself if that has the key.
func (m *Message) WithConflateKey(key string) *Message {
	if key == m.conflateKey {
		return m
	}
	return &Message{text: m.text, binary: m.binary, watched: m.watched, conflateKey: key}
}

// ConflateKey returns the key, "" if the message has none.
func (m *Message) ConflateKey() string { return m.conflateKey }

// Watcher hears what becomes of a message. It is called by writers, from any goroutine, and must not
// block.
type Watcher interface {
	// Written says that the message has been written to the connection of the socket with the
	// key; the write began at a time and has just ended. It is called once for each queue that
	// took the message, and not at all where the message is lost or its connection is.
	Written(key string, began time.Time)
}

// Receipt hears that a message has arrived. It is called by readers, from any goroutine, without locks
// held, and must not block.
type Receipt interface {
	// Received says that the client has the message: it has answered a ping that was written behind
	// it. Those of one socket are told in the order in which they were queued. It is called once for
	// each queue that took the message, and not at all where the message is lost, its connection ends
	// before the answer, or another connection has the socket by then.
	Received()
}

// watched is what a message knows that was made of another by Watched or WithReceipt.
type watched struct {
	of      *Message // not watched itself
	by      Watcher  // nil: nobody
	receipt Receipt  // nil: nobody
}

// Watched returns the message with somebody who hears when it is written. It shares what is derived
// from the text with m, which stays as it is. The watcher of m, if it has one, is not told; its receipt is.
func (m *Message) Watched(by Watcher) *Message {
	return m.watchedBy(watched{by: by, receipt: m.receipt()})
}

// WithReceipt returns the message with somebody who hears when the client has it, which costs the
// connection a ping now and then. It shares what is derived from the text with m, which stays as it is.
// The receipt of m, if it has one, is not told; its watcher is.
func (m *Message) WithReceipt(r Receipt) *Message {
	return m.watchedBy(watched{by: m.watcher(), receipt: r})
}

func (m *Message) watchedBy(w watched) *Message {
	w.of = m.shared()
	return &Message{text: m.text, conflateKey: m.conflateKey, binary: m.binary, watched: &w}
}

// watcher returns who hears when the message is written, nil if nobody does.
func (m *Message) watcher() Watcher {
	if m.watched == nil {
		return nil
	}
	return m.watched.by
}

// receipt returns who hears when the client has the message, nil if nobody does.
func (m *Message) receipt() Receipt {
	if m.watched == nil {
		return nil
	}
	return m.watched.receipt
}

// shared returns the message that keeps what is derived from the text.
func (m *Message) shared() *Message {
	if m.watched != nil {
		return m.watched.of
	}
	return m
}

// nativeItem is what a message becomes as a JSON item in the native profile.
type nativeItem struct {
	text  string
	array bool
}

// NewMessage makes a message. Bytes that are not UTF-8 are replaced by U+FFFD, because a
// client must drop a connection that carries them.
func NewMessage(text string) *Message {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return &Message{text: text}
}

// NewBinary makes a binary message, which is always a frame of its own. A service has none: only a
// server that accepts binary messages may send them (see ws.Config.AllowBinary).
func NewBinary(data []byte) *Message { return &Message{text: string(data), binary: true} }

// Text returns the text, or the bytes of a binary message.
func (m *Message) Text() string { return m.text }

// Frame returns the bytes kept in slot, asking build for them the first time. The bytes belong
// to the message and must not be modified. When several ask at once build may run more than
// once; all get the same bytes.
func (m *Message) Frame(slot FrameSlot, build func() []byte) []byte {
	m = m.shared()
	if p := m.frames[slot].Load(); p != nil {
		return *p
	}
	made := build()
	if !m.frames[slot].CompareAndSwap(nil, &made) {
		return *m.frames[slot].Load()
	}
	return made
}

// nativeItem returns the message as a JSON item: as it is if it is JSON, otherwise as a JSON
// string. spec/websocket.md F.5
func (m *Message) nativeItem() *nativeItem {
	m = m.shared()
	if item := m.native.Load(); item != nil {
		return item
	}
	item := &nativeItem{text: m.text}
	if json.Valid([]byte(m.text)) {
		item.array = strings.HasPrefix(strings.TrimLeft(m.text, " \t\r\n"), "[")
	} else {
		item.text = quoteJSON(m.text)
	}
	m.native.Store(item)
	return item
}

// quoteJSON returns text as a JSON string, without the escapes meant for HTML.
func quoteJSON(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return `""` // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
