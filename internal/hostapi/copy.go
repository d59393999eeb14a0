package hostapi

import (
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// A frozen value is a copy of a value that belongs to no run: what caches, sessions and threads keep.
// It is immutable and may be read by any number of goroutines.
//
// Objects that are reached twice stay one object in a copy, those that contain themselves too. Of a
// plain object the properties are copied, getters as what they return; of an error the message and the
// position lines. A lock or a cache is passed on as itself: they are made for several runs. Functions
// and other host objects cannot be copied, unless they stand for a scalar.
type frozen struct {
	kind   frozenKind
	scalar basescript.Value // also of a shared host object: the Go value in self
	self   any
	fault  *basescript.Error
	keys   []string
	items  []*frozen
}

type frozenKind uint8

const (
	frozenScalar frozenKind = iota
	frozenArray
	frozenObject
	frozenError
	frozenShared
)

// shared is implemented by the Go values behind host objects that several runs may have.
type shared interface {
	// object makes the host object for a run.
	object() basescript.Value
}

const (
	maxFrozenDepth = 500
	// sizeFrozen is what a frozen value takes beside its texts, roughly.
	sizeFrozen = 128
)

// freezer makes one frozen copy.
type freezer struct {
	run   *basescript.Run
	size  int
	most  int
	seen  map[*basescript.Object]*frozen
	depth int
}

// freeze copies a value out of a run. size is about what the copy takes in bytes; more than most is an
// error.
func freeze(r *basescript.Run, v basescript.Value, most int) (f *frozen, size int, err error) {
	c := &freezer{run: r, most: most}
	defer r.Pin(v)()
	f, err = c.value(v)
	return f, c.size, err
}

func (c *freezer) charge(bytes int) error {
	c.size += bytes
	if c.size > c.most {
		return basescript.Errorf("The value is larger than %d KiB", c.most>>10)
	}
	return c.run.Step(1 + bytes>>6)
}

func (c *freezer) value(v basescript.Value) (*frozen, error) {
	if s := v.Scalar(); s.Kind() != basescript.KindObject {
		return c.scalar(s)
	}
	o := v.Object()
	if f := c.seen[o]; f != nil {
		return f, nil
	}
	if c.depth++; c.depth > maxFrozenDepth {
		return nil, basescript.Errorf("The value is nested deeper than %d levels", maxFrozenDepth)
	}
	defer func() { c.depth-- }()
	if err := c.charge(sizeFrozen); err != nil {
		return nil, err
	}
	f := &frozen{}
	if c.seen == nil {
		c.seen = make(map[*basescript.Object]*frozen)
	}
	c.seen[o] = f
	return f, c.object(f, v)
}

func (c *freezer) scalar(v basescript.Value) (*frozen, error) {
	if v.Kind() != basescript.KindString {
		return &frozen{scalar: v}, c.charge(sizeFrozen)
	}
	if err := c.charge(sizeFrozen + len(v.Str())); err != nil {
		return nil, err
	}
	return &frozen{scalar: basescript.String(strings.Clone(v.Str()))}, nil
}

// object fills f with what v consists of.
func (c *freezer) object(f *frozen, v basescript.Value) error {
	o := v.Object()
	if s, ok := basescript.Self[shared](v); ok {
		f.kind, f.self = frozenShared, s
		return nil
	}
	switch {
	case o.IsArray():
		f.kind = frozenArray
		return c.elements(f, o)
	case o.IsError():
		f.kind, f.fault = frozenError, o.ErrorOf()
		return c.charge(len(f.fault.Message))
	case o.IsFunction():
		return basescript.Errorf("A function belongs to its run and cannot be passed on or stored")
	case o.Host() != nil:
		return basescript.Errorf("An object of the class %s belongs to its run and cannot be passed on or stored", o.ClassName())
	}
	f.kind = frozenObject
	for _, key := range append([]string(nil), o.Keys()...) {
		item, ok, err := c.run.OptProperty(v, key)
		if err != nil {
			return err
		}
		if !ok {
			continue // a getter before it has removed it
		}
		if err := c.charge(len(key)); err != nil {
			return err
		}
		copied, err := c.value(item)
		if err != nil {
			return err
		}
		f.keys, f.items = append(f.keys, strings.Clone(key)), append(f.items, copied)
	}
	return nil
}

func (c *freezer) elements(f *frozen, o *basescript.Object) error {
	for i := 0; i < o.Len(); i++ {
		item, err := c.value(o.Elements()[i])
		if err != nil {
			return err
		}
		f.items = append(f.items, item)
	}
	return nil
}

// thawer makes values of a run of one frozen value.
type thawer struct {
	run  *basescript.Run
	seen map[*frozen]basescript.Value
}

// thaw makes a value of the run that is like the frozen one; each call makes a new one.
func thaw(r *basescript.Run, f *frozen) (basescript.Value, error) {
	t := &thawer{run: r}
	return t.value(f)
}

func (t *thawer) value(f *frozen) (basescript.Value, error) {
	switch f.kind {
	case frozenScalar:
		return f.scalar, t.run.Step(1)
	case frozenShared:
		return f.self.(shared).object(), t.run.Step(1)
	case frozenError:
		fault := *f.fault
		fault.Frames = append([]basescript.Frame(nil), fault.Frames...)
		return t.run.NewErrorObject(&fault), t.run.Step(1)
	}
	if v, ok := t.seen[f]; ok {
		return v, nil
	}
	if err := t.run.Step(1 + len(f.items)); err != nil {
		return basescript.Undefined, err
	}
	if err := t.run.Alloc(sizeFrozen + 64*len(f.items)); err != nil {
		return basescript.Undefined, err
	}
	if t.seen == nil {
		t.seen = make(map[*frozen]basescript.Value)
	}
	if f.kind == frozenArray {
		return t.array(f)
	}
	return t.object(f)
}

func (t *thawer) array(f *frozen) (basescript.Value, error) {
	o := t.run.NewArray(make([]basescript.Value, 0, len(f.items)))
	v := basescript.ObjectValue(o)
	t.seen[f] = v
	for _, item := range f.items {
		element, err := t.value(item)
		if err != nil {
			return basescript.Undefined, err
		}
		o.Append(element)
	}
	return v, nil
}

func (t *thawer) object(f *frozen) (basescript.Value, error) {
	o := t.run.NewObject()
	v := basescript.ObjectValue(o)
	t.seen[f] = v
	for i, key := range f.keys {
		item, err := t.value(f.items[i])
		if err != nil {
			return basescript.Undefined, err
		}
		o.Set(key, item)
	}
	return v, nil
}
