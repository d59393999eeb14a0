package hub

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// What the tags of one socket may amount to. They live as long as the socket and are sent in
// lists, so that a client which may choose its tags must not choose their size as well.
const (
	maxTags      = 64
	maxTagName   = 128
	maxTagValue  = 4 << 10
	maxTagsBytes = 16 << 10
)

// Tags is an immutable set of names with a text each, sorted by name. The zero value is empty.
type Tags struct {
	set *tagSet // nil: empty
}

type tagSet struct {
	pairs []tag
}

type tag struct {
	name, value string
}

// NewTags makes a set. Bytes that are not UTF-8 are replaced by U+FFFD. The limits of a socket
// are not checked here; see [Tags.Check].
func NewTags(values map[string]string) Tags {
	pairs := make([]tag, 0, len(values))
	for name, value := range values {
		pairs = append(pairs, tag{validText(name), validText(value)})
	}
	slices.SortFunc(pairs, compareTags)
	pairs = slices.CompactFunc(pairs, func(a, b tag) bool { return a.name == b.name })
	return packTags(pairs)
}

// TagsOf makes a set of n names and values that come as [Tags.All] yields them. ok is false if they do not: if they
// are not in order, repeat a name, are not UTF-8, not n, or more than a socket may have. The texts are
// kept as they are, with what memory they are a part of.
func TagsOf(n int, pairs iter.Seq2[string, string]) (t Tags, ok bool) {
	if n < 1 || n > maxTags {
		return Tags{}, n == 0
	}
	list := make([]tag, 0, n)
	for name, value := range pairs {
		if len(list) == n || len(list) > 0 && list[len(list)-1].name >= name || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return Tags{}, false
		}
		list = append(list, tag{name, value})
	}
	return Tags{&tagSet{list}}, len(list) == n
}

func compareTags(a, b tag) int {
	return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
}

func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// packTags makes a set of sorted pairs, with all text in one piece of memory: a socket keeps its
// tags for hours, and a dozen small strings would cost more than what they say.
func packTags(pairs []tag) Tags {
	if len(pairs) == 0 {
		return Tags{}
	}
	size := 0
	for _, p := range pairs {
		size += len(p.name) + len(p.value)
	}
	var b strings.Builder
	b.Grow(size)
	for _, p := range pairs {
		b.WriteString(p.name)
		b.WriteString(p.value)
	}
	text, packed := b.String(), make([]tag, len(pairs))
	for i, p := range pairs {
		packed[i].name, text = text[:len(p.name)], text[len(p.name):]
		packed[i].value, text = text[:len(p.value)], text[len(p.value):]
	}
	return Tags{&tagSet{packed}}
}

func (t Tags) pairs() []tag {
	if t.set == nil {
		return nil
	}
	return t.set.pairs
}

// Len returns the number of tags.
func (t Tags) Len() int { return len(t.pairs()) }

// Get returns the value of a tag and whether it is there.
func (t Tags) Get(name string) (string, bool) {
	i, ok := t.find(name)
	if !ok {
		return "", false
	}
	return t.set.pairs[i].value, true
}

func (t Tags) find(name string) (int, bool) {
	return slices.BinarySearchFunc(t.pairs(), name, func(p tag, name string) int {
		return strings.Compare(p.name, name)
	})
}

// All iterates over names and values in the order of names.
func (t Tags) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, p := range t.pairs() {
			if !yield(p.name, p.value) {
				return
			}
		}
	}
}

// Map returns a copy as a map, never nil.
func (t Tags) Map() map[string]string {
	m := make(map[string]string, t.Len())
	for _, p := range t.pairs() {
		m[p.name] = p.value
	}
	return m
}

// Equal reports whether both sets hold the same.
func (t Tags) Equal(other Tags) bool {
	return t.set == other.set || slices.Equal(t.pairs(), other.pairs())
}

// With returns a set in which name has the value, and all else is as in t.
func (t Tags) With(name, value string) Tags {
	name, value = validText(name), validText(value)
	i, found := t.find(name)
	if found && t.set.pairs[i].value == value {
		return t
	}
	pairs := slices.Clone(t.pairs())
	if found {
		pairs[i].value = value
	} else {
		pairs = slices.Insert(pairs, i, tag{name, value})
	}
	return packTags(pairs)
}

// Without returns a set that lacks name, and whether t had it.
func (t Tags) Without(name string) (Tags, bool) {
	i, found := t.find(name)
	if !found {
		return t, false
	}
	return packTags(slices.Delete(slices.Clone(t.pairs()), i, i+1)), true
}

// Check says by which limit t is too much for one socket, in an error that wraps
// [ErrTagLimit]: 64 tags, a name of 1 to 128 bytes, a value of 4 KiB, 16 KiB in all.
func (t Tags) Check() error {
	if t.Len() > maxTags {
		return fmt.Errorf("%w: %d tags, a socket has at most %d", ErrTagLimit, t.Len(), maxTags)
	}
	total := 0
	for _, p := range t.pairs() {
		switch {
		case p.name == "":
			return fmt.Errorf("%w: a tag needs a name", ErrTagLimit)
		case len(p.name) > maxTagName:
			return fmt.Errorf("%w: the name %q… has %d bytes, at most %d are possible", ErrTagLimit, cutText(p.name, 32), len(p.name), maxTagName)
		case len(p.value) > maxTagValue:
			return fmt.Errorf("%w: the value of %q has %d bytes, at most %d are possible", ErrTagLimit, p.name, len(p.value), maxTagValue)
		}
		total += len(p.name) + len(p.value)
	}
	if total > maxTagsBytes {
		return fmt.Errorf("%w: names and values have %d bytes, at most %d are possible", ErrTagLimit, total, maxTagsBytes)
	}
	return nil
}

// patch returns a set with the changes made: a nil value removes the tag, any other sets it.
func (t Tags) patch(changes map[string]*string) Tags {
	values := t.Map()
	for name, value := range changes {
		if value == nil {
			delete(values, name)
		} else {
			values[name] = *value
		}
	}
	return NewTags(values)
}
