package tracing

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strings"
)

// place is where a span is: its trace, its id, and what travels with the trace.
type place struct {
	trace  [16]byte
	span   [8]byte
	flags  byte   // of W3C Trace Context
	state  string // the header tracestate, for other systems
	remote bool   // the span is another process's
}

// Flags of a trace (W3C Trace Context, 3.2.2.5 and level 2). Others are not passed on.
const (
	flagSampled = 0x01
	flagRandom  = 0x02 // the caller says that the id of the trace is random
)

// Headers of a trace.
const (
	headerParent = "Traceparent"
	headerState  = "Tracestate"
)

// Bounds of tracestate (W3C Trace Context, 3.3.1). What is over them is not passed on.
const (
	maxState        = 512 // bytes
	maxStateMembers = 32
)

// newPlace returns the place of a new span below parent, or that of the root of a new trace.
func newPlace(parent *place) place {
	var p place
	if parent == nil {
		binary.BigEndian.PutUint64(p.trace[:8], random())
		binary.BigEndian.PutUint64(p.trace[8:], random())
		p.flags = flagSampled
	} else {
		p.trace, p.state = parent.trace, parent.state
		p.flags = parent.flags&flagRandom | flagSampled
	}
	binary.BigEndian.PutUint64(p.span[:], random())
	return p
}

// random returns a number that is not 0: ids of zeros are none.
func random() uint64 {
	for {
		if n := rand.Uint64(); n != 0 {
			return n
		}
	}
}

// extract reads the place of a caller's span, false if the headers name none or are wrong. A wrong
// tracestate does not spoil the rest (W3C Trace Context, 4.3).
func extract(h http.Header) (place, bool) {
	p := place{remote: true}
	text := strings.TrimSpace(h.Get(headerParent))
	const size = len("00-00000000000000000000000000000000-0000000000000000-00")
	if len(text) < size || text[2] != '-' || text[35] != '-' || text[52] != '-' {
		return place{}, false
	}
	var version, flags [1]byte
	if !unhex(version[:], text[:2]) || !unhex(p.trace[:], text[3:35]) || !unhex(p.span[:], text[36:52]) || !unhex(flags[:], text[53:55]) {
		return place{}, false
	}
	// Versions to come may add to the end; 255 is no version.
	if version[0] == 0xff || len(text) > size && (version[0] == 0 || text[size] != '-') {
		return place{}, false
	}
	if p.trace == [16]byte{} || p.span == [8]byte{} {
		return place{}, false
	}
	p.flags = flags[0]
	if state := strings.Join(h.Values(headerState), ","); stateOK(state) {
		p.state = state
	}
	return p, true
}

// unhex reads lower-case hex.
func unhex(to []byte, text string) bool {
	if text != strings.ToLower(text) {
		return false
	}
	_, err := hex.Decode(to, []byte(text))
	return err == nil
}

// stateOK tells whether a tracestate is one that may be passed on.
func stateOK(state string) bool {
	if len(state) > maxState || strings.Count(state, ",") >= maxStateMembers {
		return false
	}
	for member := range strings.SplitSeq(state, ",") {
		member = strings.Trim(member, " \t")
		name, _, ok := strings.Cut(member, "=")
		if member != "" && (!ok || name == "") || strings.ContainsFunc(member, func(c rune) bool { return c < ' ' || c > '~' }) {
			return false
		}
	}
	return true
}

// inject writes the place into the headers of a request.
func (p *place) inject(h http.Header) {
	h.Set(headerParent, "00-"+hex.EncodeToString(p.trace[:])+"-"+hex.EncodeToString(p.span[:])+"-"+hex.EncodeToString([]byte{p.flags}))
	if p.state != "" {
		h.Set(headerState, p.state)
	}
}
