package hub

import (
	"fmt"
	"slices"
	"strings"
)

// Filter is a condition over sockets. The zero value matches all open ones: detached ones are left out
// unless a condition looks at $state, or the filter is for sending ([Filter.Reaching]). Made by
// [ParseFilter].
type Filter struct {
	text  string
	conds []cond // all must hold
	reach bool   // detached sockets too, unless a condition looks at the state
}

// Reaching returns the filter for whom it sends to: detached sockets get what is sent by filter, too,
// unless it looks at $state (design: "Sockets over the wire").
func (f Filter) Reaching() Filter {
	f.reach = true
	return f
}

// Reaches reports whether the filter was made by [Filter.Reaching].
func (f Filter) Reaches() bool { return f.reach }

// openOnly reports whether detached sockets are left out: lists hold open ones only.
func (f *Filter) openOnly() bool {
	return !f.reach && !slices.ContainsFunc(f.conds, func(c cond) bool { return c.subject == subjectState })
}

// subject says what a condition looks at.
type subject uint8

const (
	subjectTag subject = iota
	subjectService
	subjectUser
	subjectState
	subjectNode
)

// metaSubjects are the names of the JSON form that do not mean a tag.
var metaSubjects = map[string]subject{
	"$service": subjectService,
	"$user":    subjectUser,
	"$state":   subjectState,
	"$node":    subjectNode,
}

// cond is one condition: the subject is there and has one of values (any at all if values is
// nil), or it is absent and absent is allowed.
type cond struct {
	subject subject
	name    string // of the tag
	values  []string
	any     bool // there with whatever value
	absent  bool // not there
}

// FilterError says where a filter is wrong.
type FilterError struct {
	Pos int    // in characters, the first is 0
	Msg string // what is wrong there and what to do
}

// Error returns the position and what is wrong there.
func (e *FilterError) Error() string {
	return fmt.Sprintf("wrong filter at position %d: %s", e.Pos, e.Msg)
}

// String returns the text the filter was parsed from, "" for one that matches all.
func (f Filter) String() string { return f.text }

// accepts reports whether a subject that is (or is not) there with this value meets c.
func (c *cond) accepts(value string, there bool) bool {
	if !there {
		return c.absent
	}
	return c.any || slices.Contains(c.values, value)
}

// matches reports whether s meets all conditions but skip, which the caller knows to hold.
// tags are those of s. The caller holds the lock of the shard of s.
func (f *Filter) matches(s *Socket, tags Tags, skip *cond) bool {
	for i := range f.conds {
		c := &f.conds[i]
		if c == skip {
			continue
		}
		value, there := "", true
		switch c.subject {
		case subjectTag:
			value, there = tags.Get(c.name)
		case subjectService:
			value = s.Service()
		case subjectUser:
			value = s.user.Load().ID
		case subjectState:
			value = s.indexed.state()
		case subjectNode:
			value = s.hub.cfg.Node
		}
		if !c.accepts(value, there) {
			return false
		}
	}
	return true
}

// hopeless reports whether no socket of this hub can match, whatever its tags.
func (f *Filter) hopeless(node string) bool {
	for i := range f.conds {
		switch c := &f.conds[i]; c.subject {
		case subjectState:
			if !c.accepts(StateOpen, true) && !c.accepts(StateDetached, true) {
				return true
			}
		case subjectNode:
			if !c.accepts(node, true) {
				return true
			}
		}
	}
	return false
}

// ParseFilter reads a filter:
//
//	                    an empty text, or null: all sockets
//	$name               the tag is there
//	$name:value         it has this value, which may contain ":"
//	$name:[a,b]         it has one of these; spaces belong to the values
//	{"name":"value"}    JSON: all members must hold; an array means any of its items, null
//	                    that the tag is absent; $service, $user, $state and $node look at
//	                    the socket itself
//
// Comparison is on text and case sensitive (spec/websocket.md B.1; design: "Filter"). What does
// not fit gives a [*FilterError], never a filter that matches nothing by accident: an empty
// value, and a name with characters of an operator, can be said in the JSON form only.
func ParseFilter(text string) (Filter, error) {
	p := filterParser{text: text}
	var err *FilterError
	switch {
	case text == "" || text == "null":
		return Filter{}, nil
	case text[0] == '$':
		err = p.short()
	default:
		err = p.object()
	}
	if err != nil {
		return Filter{}, err
	}
	return Filter{text: strings.Clone(text), conds: p.conds}, nil
}
