package basescript

import (
	"github.com/dop251/goja/ast"
)

// elementField is a name in a string expression that may be a field of its element, or a member read off
// the element (This.name). It is read once for each element of a list, and lists are mostly made of like
// objects, so it remembers how the last one was made. Its element lives in a slot.
type elementField struct {
	name string
	slot int // of the element
	// memo is the slot of the memory: a key, where the last element had the field, or a key list, where
	// it had none.
	memo int
	hint hintCell
	// rest is what the name means where the element has no such field; a member means nothing then.
	rest   operand
	member bool
	p      *at
}

// newElementField is a name that means rest where the element in a slot has no such field.
func (c *compiler) newElementField(name string, slot int, rest operand, p *at) *elementField {
	return &elementField{name: name, slot: slot, memo: c.temp(), rest: rest, p: p}
}

// elementMember returns a member of the element as such, nil for any other read.
func (c *compiler) elementMember(n *ast.DotExpression) *elementField {
	id, ok := n.Left.(*ast.Identifier)
	if name := n.Identifier.Name.String(); ok && name != "length" {
		if v, elements := c.find(id.Name.String()); v != nil && v.kind == varElement && v.inSlot() && len(elements) == 0 {
			return &elementField{name: name, slot: v.index, memo: c.temp(), member: true, p: c.at(n.Identifier.Idx)}
		}
	}
	return nil
}

// peek finds where the value lies if that takes no more than a look, else nil. It stays there until
// other code runs.
func (x *elementField) peek(f *frame) *Value {
	elem, memo := &f.slots[x.slot], &f.slots[x.memo]
	if elem.k != KindObject {
		return nil
	}
	o := elem.obj()
	if i := int(memo.n); memo.k == kindKey && i < len(o.keys) && o.class == classObject {
		if got := &o.vals[i]; memo.isKey(o.keys[i], x.name) && got.k != kindAccessor {
			return got
		}
		return nil
	}
	if memo.isKeys(o.keys) && o.proto == nil && o.class == classObject {
		if x.rest.eval == nil && !x.member {
			return &f.slots[x.rest.slot]
		}
		return x.rest.peek(f)
	}
	return nil
}

// get reads the name.
func (x *elementField) get(f *frame) (Value, *Error) {
	if got := x.peek(f); got != nil {
		return *got, nil
	}
	elem := f.slots[x.slot]
	if elem.k == KindObject && elem.obj().class == classObject {
		x.remember(f, elem.obj())
	}
	if x.member {
		return f.run.read(elem, x.name, x.p)
	}
	v, ok, e := f.run.field(elem, x.name, &x.hint.at)
	if e != nil {
		return Undefined, x.p.raise(e)
	}
	if ok {
		return v, nil
	}
	return x.rest.get(f)
}

// remember notes how an element is made.
func (x *elementField) remember(f *frame, o *Object) {
	if i := o.findHint(x.name, &x.hint.at); i >= 0 {
		f.slots[x.memo] = keyValue(o.keys[i], i)
	} else if !x.member && o.proto == nil {
		f.slots[x.memo] = keysValue(o.keys)
	}
}

// peek finds where an operand lies if no code has to run for it, else nil.
func (o *operand) peek(f *frame) *Value {
	switch {
	case o.eval == nil:
		return &f.slots[o.slot]
	case o.literal:
		return &o.v
	case o.field != nil:
		return o.field.peek(f)
	}
	return nil
}

// comparesField reports whether equalsField can compare two operands.
func comparesField(a, b *operand) bool {
	if a.keep > 0 {
		return false
	}
	return a.field != nil && (b.field != nil || b.literal || b.eval == nil) || b.field != nil && a.eval == nil
}

// equalsField compares two operands one of which at least is a field of an element.
//
//go:noinline
func equalsField(a, b *operand, want bool) test {
	field, other := a.field, b
	if field == nil {
		field, other = b.field, a
	}
	return func(f *frame) (bool, *Error) {
		if x, y := field.peek(f), other.peek(f); x != nil && y != nil {
			if x.k == y.k && (x.k == KindInt || x.k == KindBool) {
				return (x.n == y.n) == want, nil
			}
			return f.run.Equal(*x, *y) == want, nil
		}
		x, y, e := both(f, a, b)
		if e != nil {
			return false, e
		}
		return f.run.Equal(x, y) == want, nil
	}
}
