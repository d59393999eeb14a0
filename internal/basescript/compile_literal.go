package basescript

import (
	"iter"
	"slices"

	"github.com/dop251/goja/ast"
)

// template compiles a template string: its parts are joined like +.
func (c *compiler) template(n *ast.TemplateLiteral) expr {
	p := c.at(n.OpenQuote)
	texts := make([]string, len(n.Elements))
	for i, e := range n.Elements {
		texts[i] = e.Parsed.String()
	}
	parts := make([]expr, len(n.Expressions))
	for i, e := range n.Expressions {
		parts[i] = c.expr(e)
	}
	keep := c.temp()
	return func(f *frame) (Value, *Error) {
		v := String(texts[0])
		for i, part := range parts {
			f.slots[keep] = v
			got, e := part(f)
			if e != nil {
				return Undefined, e
			}
			if v, e = f.run.appendText(v, String(got.Text())); e == nil {
				v, e = f.run.appendText(v, String(texts[i+1]))
			}
			if e != nil {
				return Undefined, p.raise(e)
			}
		}
		f.slots[keep] = Undefined
		return v, nil
	}
}

func (c *compiler) arrayLiteral(n *ast.ArrayLiteral) expr {
	p := c.at(n.LeftBracket)
	items := make([]argument, len(n.Value))
	calls := false
	for i, e := range n.Value {
		items[i] = c.argument(e)
		calls = calls || (e != nil && c.mayCall(e))
	}
	keep := -1
	if calls {
		keep = c.temp()
	}
	return func(f *frame) (Value, *Error) {
		if e := f.run.alloc(int64(sizeObject + len(items)*sizeValue)); e != nil {
			return Undefined, p.raise(e)
		}
		o := &Object{class: classArray, vals: make([]Value, 0, len(items))}
		v := ObjectValue(o)
		if keep >= 0 {
			f.slots[keep] = v
		}
		for i := range items {
			if items[i].spread {
				if e := items[i].each(f, p, func(x Value) *Error { return f.run.push1(o, x) }); e != nil {
					return Undefined, e
				}
				continue
			}
			x, e := items[i].value(f)
			if e != nil {
				return Undefined, e
			}
			o.vals = append(o.vals, x)
		}
		return v, nil
	}
}

// push1 appends to an array, charging the run for growth.
func (r *Run) push1(o *Object, v Value) *Error {
	if e := r.grow(o, len(o.vals)+1); e != nil {
		return e
	}
	o.vals = append(o.vals, v)
	return nil
}

// argument is an expression in a call or array literal; spread marks ...x.
type argument struct {
	value  expr
	spread bool
}

func (c *compiler) argument(e ast.Expression) argument {
	switch e := e.(type) {
	case nil:
		return argument{value: literal(Undefined)} // a hole
	case *ast.SpreadElement:
		return argument{value: c.expr(e.Expression), spread: true}
	}
	return argument{value: c.expr(e)}
}

// each visits the elements of a spread argument.
func (a argument) each(f *frame, p *at, visit func(Value) *Error) *Error {
	v, e := a.value(f)
	if e != nil {
		return e
	}
	items, ok := f.run.Items(v)
	if !ok && v.k == KindString {
		items, ok = characters(v.Str()), true
	}
	if !ok {
		return p.raise(NewError("Value is not a collection"))
	}
	for x := range items {
		if e = f.run.step(1); e == nil {
			e = visit(x)
		}
		if e != nil {
			return p.raise(e)
		}
	}
	return nil
}

// characters visits the characters of a text, as for-of does.
func characters(s string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for at := 0; at < len(s); {
			end := charEnd(s, at)
			if !yield(String(s[at:end])) {
				return
			}
			at = end
		}
	}
}

func (c *compiler) objectLiteral(n *ast.ObjectLiteral) expr {
	if keys, values, ok := c.plainProperties(n); ok {
		return c.plainObject(n, keys, values)
	}
	return c.generalObject(n)
}

// plainProperties returns the keys and values of a literal with distinct constant keys.
func (c *compiler) plainProperties(n *ast.ObjectLiteral) (keys []string, values []ast.Expression, ok bool) {
	keys, values = make([]string, 0, len(n.Value)), make([]ast.Expression, 0, len(n.Value))
	for _, p := range n.Value {
		var key string
		var value ast.Expression
		switch p := p.(type) {
		case *ast.PropertyShort:
			key, value = p.Name.Name.String(), &p.Name
		case *ast.PropertyKeyed:
			if p.Computed || p.Kind != ast.PropertyKindValue && p.Kind != ast.PropertyKindMethod {
				return nil, nil, false
			}
			key, value = propertyKey(p.Key), p.Value
		default:
			return nil, nil, false
		}
		if key == "__proto__" {
			return nil, nil, false
		}
		keys, values = append(keys, key), append(values, value)
	}
	return keys, values, distinct(keys)
}

// distinct reports whether no two keys are the same.
func distinct(keys []string) bool {
	if len(keys) > 16 {
		seen := make(map[string]bool, len(keys))
		for _, key := range keys {
			if seen[key] {
				return false
			}
			seen[key] = true
		}
		return true
	}
	for i, key := range keys {
		if slices.Contains(keys[:i], key) {
			return false
		}
	}
	return true
}

// propertyKey is the name an uncomputed key stands for.
func propertyKey(key ast.Expression) string {
	switch key := key.(type) {
	case *ast.StringLiteral:
		return key.Value.String()
	case *ast.Identifier:
		return key.Name.String()
	case *ast.NumberLiteral:
		if v, ok := parseNumber(key.Literal); ok {
			return v.Text()
		}
		return key.Literal
	}
	return ""
}

// plainObject builds an object whose key list is the literal's own: objects of one literal share it
// until they get a key of their own.
func (c *compiler) plainObject(n *ast.ObjectLiteral, keys []string, nodes []ast.Expression) expr {
	p := c.at(n.LeftBrace)
	values := make([]expr, len(nodes))
	keep := -1
	for i, e := range nodes {
		values[i] = c.expr(e)
		if c.mayCall(e) && keep < 0 {
			keep = c.temp()
		}
	}
	size := int64(sizeObject + len(keys)*sizeValue)
	return func(f *frame) (Value, *Error) {
		if e := f.run.alloc(size); e != nil {
			return Undefined, p.raise(e)
		}
		o := newLiteral(keys)
		v := ObjectValue(o)
		if keep >= 0 {
			f.slots[keep] = v
		}
		for i, value := range values {
			x, e := value(f)
			if e != nil {
				return Undefined, e
			}
			o.vals[i] = x
		}
		if o.index == nil && len(keys) >= indexFrom {
			o.reindex()
		}
		return v, nil
	}
}

// newLiteral makes an object with the given shared keys and room for their values in one allocation.
func newLiteral(keys []string) *Object {
	n := len(keys)
	switch {
	case n == 0:
		return &Object{}
	case n <= 2:
		o := &struct {
			Object
			room [2]Value
		}{}
		o.Object = Object{keys: keys, sharedKeys: true, vals: o.room[:n:n]}
		return &o.Object
	case n <= 5:
		o := &struct {
			Object
			room [5]Value
		}{}
		o.Object = Object{keys: keys, sharedKeys: true, vals: o.room[:n:n]}
		return &o.Object
	}
	return &Object{keys: keys, sharedKeys: true, vals: make([]Value, n)}
}

// generalObject handles computed keys, accessors, spread and repeated keys.
func (c *compiler) generalObject(n *ast.ObjectLiteral) expr {
	p, keep := c.at(n.LeftBrace), c.temp()
	var parts []func(f *frame, o *Object) *Error
	for _, prop := range n.Value {
		parts = append(parts, c.objectPart(prop, p))
	}
	return func(f *frame) (Value, *Error) {
		if e := f.run.alloc(sizeObject); e != nil {
			return Undefined, p.raise(e)
		}
		o := &Object{}
		f.slots[keep] = ObjectValue(o)
		for _, part := range parts {
			if e := part(f, o); e != nil {
				return Undefined, p.raise(e)
			}
		}
		return ObjectValue(o), nil
	}
}

func (c *compiler) objectPart(prop ast.Property, p *at) func(f *frame, o *Object) *Error {
	switch prop := prop.(type) {
	case *ast.SpreadElement:
		value := c.expr(prop.Expression)
		return func(f *frame, o *Object) *Error {
			v, e := value(f)
			if e != nil {
				return e
			}
			return f.run.copyProperties(o, v)
		}
	case *ast.PropertyShort:
		value := c.identifier(&prop.Name)
		key := prop.Name.Name.String()
		return func(f *frame, o *Object) *Error {
			v, e := value(f)
			if e != nil {
				return e
			}
			return f.run.setNamed(o, key, v, ObjectValue(o))
		}
	case *ast.PropertyKeyed:
		key := c.keyOf(prop.Key, prop.Computed)
		value := c.expr(prop.Value)
		kind := prop.Kind
		return func(f *frame, o *Object) *Error {
			name, e := key(f)
			if e != nil {
				return e
			}
			v, e := value(f)
			if e != nil {
				return e
			}
			return f.run.define(o, name, v, kind)
		}
	}
	return func(*frame, *Object) *Error { return p.raise(NewError("Unsupported property")) }
}

// keyOf compiles a property key to its text.
func (c *compiler) keyOf(key ast.Expression, computed bool) func(f *frame) (string, *Error) {
	if !computed {
		name := propertyKey(key)
		return func(*frame) (string, *Error) { return name, nil }
	}
	value := c.expr(key)
	return func(f *frame) (string, *Error) {
		v, e := value(f)
		return v.ownText(), e
	}
}

// define stores a property of a literal or class: a value, or one half of an accessor.
func (r *Run) define(o *Object, name string, v Value, kind ast.PropertyKind) *Error {
	if fo := v.Object().function(); fo != nil && fo.code != nil && kind != ast.PropertyKindValue {
		fo.home = o
	}
	if kind != ast.PropertyKindGet && kind != ast.PropertyKindSet {
		if i := o.find(name); i >= 0 {
			o.vals[i] = v
			return nil
		}
		return r.addProperty(o, name, v)
	}
	acc := &accessor{}
	if i := o.find(name); i >= 0 && o.vals[i].k == kindAccessor {
		*acc = *o.vals[i].accessor()
	}
	if kind == ast.PropertyKindGet {
		acc.get = v.Object()
	} else {
		acc.set = v.Object()
	}
	if i := o.find(name); i >= 0 {
		o.vals[i] = accessorValue(acc)
		return nil
	}
	return r.addProperty(o, name, accessorValue(acc))
}

// copyProperties adds the own properties of v to o ({...v}).
func (r *Run) copyProperties(o *Object, v Value) *Error {
	from := v.Object()
	if from == nil || from.class == classHost {
		return nil
	}
	for _, key := range from.Keys() {
		got, _ := from.Get(key)
		got, _, e := r.unfold(got, v)
		if e == nil {
			e = r.step(1)
		}
		if e == nil {
			e = r.setNamed(o, key, got, ObjectValue(o))
		}
		if e != nil {
			return e
		}
	}
	return nil
}
