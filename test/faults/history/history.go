package history

import (
	"encoding/json"
	"fmt"
	"sync"
)

// Answer is what the sender of a message knows about it.
type Answer uint8

const (
	// Unknown: there was no answer, or it does not say. The message may come, once.
	Unknown Answer = iota
	// Taken: the server took the message for the socket. It comes, or its loss is announced.
	Taken
	// Full: the server said that it dropped the message. It must be announced and must not come.
	Full
	// Refused: there was no such socket. The message must not come and is not announced.
	Refused
)

// Ending says what became of the last messages a connection was handed.
type Ending uint8

const (
	// Whole: all that the server wrote has been seen, because its close frame came, or because the test
	// made sure of it.
	Whole Ending = iota
	// Torn: the connection was lost. What the server wrote before it noticed may be missing.
	Torn
	// Over: the socket ended with the connection, and what waited for it is forgotten.
	Over
)

// Send is one message to one socket.
type Send struct {
	Key, From string
	N         int

	h            *History
	answer       Answer
	began, ended int64
}

// Conn is one connection of a socket.
type Conn struct {
	Key, User string

	h              *History
	dialed, opened int64
	noticed        int64 // the server knew by then that it was lost; 0: by the next connection
	ended          int64 // nothing came any more
	closed         bool
	ending         Ending
	items          []received
	wrong          []string // frames and items that nobody understands
}

// unknown is what a gap counts when nobody knows how many messages were lost.
const unknown = -1

// received is an item that came: a message, or a gap if missed is not 0.
type received struct {
	at     int64
	from   string
	n      int
	missed int
	reason string
}

// History is what is written down of a test. The zero value is ready.
type History struct {
	// AtLeastOnce says which sockets get each message at least once, whatever happens to their connections and
	// nodes: what was taken must come, and what has come may come again. Nil: none. Set before anything else.
	AtLeastOnce func(key string) bool
	// Repeats says whose messages may come again to the same socket, or behind later ones; nil: nobody's. Set before
	// anything else.
	Repeats func(from string) bool

	mu    sync.Mutex
	clock int64 // orders what happened
	sends map[string][]*Send
	conns map[string][]*Conn
}

// now returns the next moment. Called with mu held.
func (h *History) now() int64 {
	h.clock++
	return h.clock
}

// Send writes down that a message is about to be sent.
func (h *History) Send(key, from string, n int) *Send {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &Send{Key: key, From: from, N: n, h: h, began: h.now()}
	if h.sends == nil {
		h.sends = map[string][]*Send{}
	}
	h.sends[key] = append(h.sends[key], s)
	return s
}

// Answered writes down what the sender was told.
func (s *Send) Answered(a Answer) {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	s.answer, s.ended = a, s.h.now()
}

// Dial returns the moment before a connection is asked for, for Opened.
func (h *History) Dial() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now()
}

// Opened writes down that a connection came about.
func (h *History) Opened(key, user string, dialed int64) *Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &Conn{Key: key, User: user, h: h, dialed: dialed, opened: h.now()}
	if h.conns == nil {
		h.conns = map[string][]*Conn{}
	}
	h.conns[key] = append(h.conns[key], c)
	return c
}

// Noticed writes down that the server knows that the connection is lost: what is sent from now on cannot have
// been handed to it.
func (c *Conn) Noticed() {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	if c.noticed == 0 {
		c.noticed = c.h.now()
	}
}

// Ended writes down how the connection ended. Only the first call counts.
func (c *Conn) Ended(e Ending) {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	if !c.closed {
		c.closed, c.ending, c.ended = true, e, c.h.now()
	}
}

// Item is what messages of a test look like: number N of the sender From.
type Item struct {
	From string `json:"from"`
	N    int    `json:"n"`
	Pad  string `json:"pad,omitempty"`
}

// Text returns the item as it is sent.
func (i Item) Text() string {
	text, err := json.Marshal(i)
	if err != nil {
		panic(fmt.Sprintf("history: encode plain text: %v", err))
	}
	return string(text)
}

// Frame writes down a frame that came: an array of items, messages or gaps. It returns the messages.
func (c *Conn) Frame(text string) (messages []Item) {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		c.wrong = append(c.wrong, fmt.Sprintf("the frame %s is no array", short(text)))
		return nil
	}
	for _, item := range raw {
		var m struct {
			Item
			Action string `json:"socket_action"`
		}
		switch err := json.Unmarshal(item, &m); {
		case err == nil && m.Action == "gap":
			c.gap(string(item))
		case err == nil && m.From != "":
			c.items = append(c.items, received{at: c.h.now(), from: m.From, n: m.N})
			messages = append(messages, m.Item)
		default:
			c.wrong = append(c.wrong, fmt.Sprintf("nobody sent the item %s", short(string(item))))
		}
	}
	return messages
}

// gap takes an announcement, which must read exactly as the contract has it. Called with mu held.
func (c *Conn) gap(text string) {
	var g struct {
		Missed int    `json:"missed"`
		Reason string `json:"reason"`
	}
	err := json.Unmarshal([]byte(text), &g)
	known := g.Missed > 0 && (g.Reason == "overflow" || g.Reason == "expired" || g.Reason == "node_lost") || g.Missed == unknown && g.Reason == "node_lost"
	if err == nil && known &&
		text == fmt.Sprintf(`{"socket_action":"gap","socket_type":"","uid":"","missed":%d,"reason":%q}`, g.Missed, g.Reason) {
		c.items = append(c.items, received{at: c.h.now(), missed: g.Missed, reason: g.Reason})
		return
	}
	c.wrong = append(c.wrong, fmt.Sprintf("no gap reads %s", short(text)))
}

// Missed returns the sum of what the gaps of a connection with the reason count so far.
func (c *Conn) Missed(reason string) (sum int) {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	for _, i := range c.items {
		if i.reason == reason {
			sum += i.missed
		}
	}
	return sum
}

func short(text string) string {
	if len(text) > 120 {
		return text[:120] + "…"
	}
	return text
}
