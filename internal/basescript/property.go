package basescript

import "sync/atomic"

// maxArrayLen bounds the length an assignment to an index or to length may give an array.
const maxArrayLen = 1 << 26

// protoSet holds the prototype objects a run has touched (Array.prototype…). They belong to the run:
// what a script adds there is gone with it.
type protoSet struct {
	object, array, str, number, boolean, function, err, date *Object
}

// protoFor returns the run's prototype object for values like v, nil while no script touched it.
func (r *Run) protoFor(v Value) *Object {
	p := r.protos
	if p == nil {
		return nil
	}
	switch v.k {
	case KindString:
		return p.str
	case KindInt, KindReal:
		return p.number
	case KindBool:
		return p.boolean
	case KindDate:
		return p.date
	case KindObject:
		switch v.obj().class {
		case classArray:
			return p.array
		case classFunction:
			return p.function
		case classError:
			return p.err
		}
	}
	return nil
}

// getProperty reads v.name by the whole rule: own properties, host members, prototypes, then the
// built-in methods as values. ok is false if there is no such property.
func (r *Run) getProperty(v Value, name string) (Value, bool, *Error) {
	switch v.k {
	case KindObject:
		o := v.obj()
		if o.class == classHost {
			got, ok, err := o.ext.(Host).Get(r, name)
			if err != nil {
				return Undefined, false, toError(err)
			}
			if ok {
				return got, true, nil
			}
			break
		}
		if got, ok := o.Get(name); ok {
			return r.unfold(got, v)
		}
		for p := o.proto; p != nil; p = p.proto {
			r.steps--
			if got, ok := p.Get(name); ok {
				return r.unfold(got, v)
			}
		}
		switch o.class {
		case classFunction:
			if got, ok, e := r.functionProperty(o, name); ok || e != nil {
				return got, ok, e
			}
		case classError:
			if got, ok, err := r.errorProperty(o, name); err != nil {
				return Undefined, false, toError(err)
			} else if ok {
				return got, true, nil
			}
		}
	case KindString:
		if name == "length" { // bytes: spec/basescript.md 2.2
			return Int(int64(v.n)), true, nil
		}
		if i, ok := arrayIndex(name); ok {
			return r.charAt(v.Str(), i)
		}
	case KindUndefined, KindNull:
		return Undefined, false, nil
	}
	return r.inherited(v, name)
}

// inherited looks a name up where every value of a type has it: the run's prototypes, the built-in
// methods.
func (r *Run) inherited(v Value, name string) (Value, bool, *Error) {
	if r.protos != nil {
		if p := r.protoFor(v); p != nil {
			if got, ok := p.Get(name); ok {
				return r.unfold(got, v)
			}
		}
		if p := r.protos.object; p != nil && v.k == KindObject {
			if got, ok := p.Get(name); ok {
				return r.unfold(got, v)
			}
		}
	}
	if m := builtinMethod(v, name); m != nil {
		fn, e := r.newFunction(function{method: m})
		if e != nil {
			return Undefined, false, e
		}
		return ObjectValue(fn), true, nil
	}
	return Undefined, false, nil
}

// unfold turns a stored property into its value: a getter runs with this as the object it was read
// from.
func (r *Run) unfold(got, this Value) (Value, bool, *Error) {
	if got.k != kindAccessor {
		return got, true, nil
	}
	get := got.accessor().get
	if get == nil {
		return Undefined, true, nil
	}
	v, e := r.callValue(ObjectValue(get), this, nil)
	return v, true, e
}

// builtinMethod returns the method every value of v's type has under that name, nil if none.
func builtinMethod(v Value, name string) *Method {
	switch v.k {
	case KindString:
		return stringMethods[name]
	case KindInt, KindReal:
		return numberMethods[name]
	case KindBool:
		return boolMethods[name]
	case KindDate:
		return dateMethods[name]
	case KindObject:
		var m *Method
		switch v.obj().class {
		case classArray:
			m = arrayMethods[name]
		case classFunction:
			m = functionMethods[name]
		case classError:
			m = errorMethods[name]
		}
		if m == nil {
			m = objectMethods[name]
		}
		return m
	}
	return nil
}

// charAt is text[i], counted in characters.
func (r *Run) charAt(s string, i int) (Value, bool, *Error) {
	if err := r.scan(min(len(s), i)); err != nil {
		return Undefined, false, toError(err)
	}
	at := charOffset(s, i)
	if at >= len(s) {
		return Undefined, false, nil
	}
	v, err := r.part(String(s), at, charEnd(s, at))
	if err != nil {
		return Undefined, false, toError(err)
	}
	return v, true, nil
}

// setProperty writes v.name. On undefined, null and other scalars, and where a host object does not
// take the name, it is the error of an absent property.
func (r *Run) setProperty(v Value, name string, val Value) *Error {
	if v.k != KindObject {
		return errUnknownProperty(name)
	}
	o := v.obj()
	if o.class == classHost {
		ok, err := o.ext.(Host).Set(r, name, val)
		if err != nil {
			return toError(err)
		}
		if !ok {
			return errUnknownProperty(name)
		}
		return nil
	}
	if o.frozen {
		return Errorf("Object is read only: %s", name)
	}
	if o.class == classArray {
		if i, ok := arrayIndex(name); ok {
			return r.setElement(o, i, val)
		}
		if name == "length" {
			return r.setLength(o, val)
		}
		o = o.named()
	}
	return r.setNamed(o, name, val, v)
}

func (r *Run) setNamed(o *Object, name string, val, this Value) *Error {
	if i := o.find(name); i >= 0 {
		if o.vals[i].k == kindAccessor {
			return r.callSetter(o.vals[i], name, val, this)
		}
		o.vals[i] = val
		return nil
	}
	for p := o.proto; p != nil; p = p.proto {
		r.steps--
		if got, ok := p.Get(name); ok && got.k == kindAccessor {
			return r.callSetter(got, name, val, this)
		}
	}
	return r.addProperty(o, name, val)
}

func (r *Run) addProperty(o *Object, name string, val Value) *Error {
	size := 2*(sizeKey+sizeValue) + int64(len(name)) // lists double as they grow
	if len(o.keys) >= indexFrom-1 {
		return r.addToMany(o, name, val)
	}
	if e := r.alloc(size); e != nil {
		return e
	}
	o.add(name, val)
	return nil
}

// addToMany adds a property to an object with an index. Its lists are charged as they grow, the old ones
// being alive beside the new.
func (r *Run) addToMany(o *Object, name string, val Value) *Error {
	size, n := allocSize(len(name))+sizeEntry, len(o.keys)
	room := n + n/4 + 8
	if n == cap(o.keys) {
		size += int64(room) * sizeKey
	}
	if len(o.vals) == cap(o.vals) {
		size += int64(room) * sizeValue
	}
	if e := r.alloc(size); e != nil {
		return e
	}
	if n == cap(o.keys) {
		o.keys = append(make([]string, 0, room), o.keys...)
		o.sharedKeys = false
	}
	if len(o.vals) == cap(o.vals) {
		o.vals = append(make([]Value, 0, room), o.vals...)
	}
	o.add(name, val)
	return nil
}

func (r *Run) callSetter(got Value, name string, val, this Value) *Error {
	set := got.accessor().set
	if set == nil {
		return Errorf("Property %s is read only", name)
	}
	_, e := r.callValue(ObjectValue(set), this, []Value{val})
	return e
}

// setElement writes an array element; elements between the end and i become undefined.
func (r *Run) setElement(o *Object, i int, v Value) *Error {
	if i < len(o.vals) {
		o.vals[i] = v
		return nil
	}
	if i >= maxArrayLen {
		return Errorf("Array index too large: %d", i)
	}
	if e := r.grow(o, i+1); e != nil {
		return e
	}
	o.vals = o.vals[:i+1]
	o.vals[i] = v
	return nil
}

// grow makes room for n elements, charging the run for new capacity.
func (r *Run) grow(o *Object, n int) *Error {
	if n <= cap(o.vals) {
		return nil
	}
	size := max(n, 2*len(o.vals), 4)
	if e := r.alloc(int64(size) * sizeValue); e != nil {
		return e
	}
	vals := make([]Value, len(o.vals), size)
	copy(vals, o.vals)
	o.vals = vals
	return nil
}

func (r *Run) setLength(o *Object, v Value) *Error {
	n, ok := v.ToInt()
	if !ok || n < 0 || n > maxArrayLen {
		return NewError("Invalid array length")
	}
	if int(n) <= len(o.vals) {
		r.steps -= int64(len(o.vals)-int(n)) >> 4
		o.Truncate(int(n))
		return nil
	}
	if e := r.grow(o, int(n)); e != nil {
		return e
	}
	r.steps -= (n - int64(len(o.vals))) >> 4
	o.vals = o.vals[:n]
	return nil
}

// index reads v[key].
func (r *Run) index(v, key Value) (Value, bool, *Error) {
	if key.k == KindReal {
		if i, ok := realToInt(key.Real()); ok && float64(i) == key.Real() {
			key = Int(i)
		}
	}
	if key.k == KindInt && v.k == KindObject {
		o, i := v.obj(), key.Int()
		switch o.class {
		case classArray:
			if i >= 0 && i < int64(len(o.vals)) {
				return o.vals[i], true, nil
			}
			if i >= 0 {
				return Undefined, false, nil
			}
		case classHost:
			if x, ok := o.ext.(Indexed); ok && x.Len() >= 0 {
				if i >= 0 && i < int64(x.Len()) {
					return x.At(r, int(i)), true, nil
				}
				return Undefined, false, nil
			}
		}
	}
	return r.getProperty(v, r.keyText(key))
}

// keyText is a property name made at run time; a long one is charged as work.
func (r *Run) keyText(key Value) string {
	name := key.ownText()
	if len(name) > longText {
		r.steps -= int64(len(name) >> 6)
	}
	return name
}

// setIndex writes v[key].
func (r *Run) setIndex(v, key, val Value) *Error {
	if v.k == KindObject && v.obj().class == classArray && !v.obj().frozen {
		if i, ok := wholeNumber(key); ok && i >= 0 {
			return r.setElement(v.obj(), int(min(i, maxArrayLen)), val)
		}
	}
	return r.setProperty(v, r.keyText(key), val)
}

// wholeNumber returns the integer a number is, if it is one.
func wholeNumber(v Value) (int64, bool) {
	switch v.k {
	case KindInt:
		return v.Int(), true
	case KindReal:
		i, ok := realToInt(v.Real())
		return i, ok && float64(i) == v.Real()
	}
	return 0, false
}

// hasProperty is the in operator and HasProperty: own and prototype properties, not built-in methods.
func (r *Run) hasProperty(v Value, name string) (bool, *Error) {
	o := v.Object()
	if o == nil {
		return false, nil
	}
	if o.class == classHost {
		_, ok, err := o.ext.(Host).Get(r, name)
		if err != nil {
			return false, toError(err)
		}
		return ok, nil
	}
	for p := o; p != nil; p = p.proto {
		r.steps--
		if _, ok := p.Get(name); ok {
			return true, nil
		}
	}
	return false, nil
}

// field reads a field of a string expression's element: own data and host members only, so that
// names of built-in methods do not hide the caller's variables (spec/basescript.md 1.11).
func (r *Run) field(v Value, name string, hint *atomic.Uint32) (Value, bool, *Error) {
	if v.k != KindObject {
		return Undefined, false, nil
	}
	o := v.obj()
	if o.class == classHost {
		got, ok, err := o.ext.(Host).Get(r, name)
		if err != nil {
			return Undefined, false, toError(err)
		}
		return got, ok, nil
	}
	if o.class == classArray {
		got, ok := o.Get(name)
		return got, ok, nil
	}
	for p := o; p != nil; p = p.proto {
		if i := p.findHint(name, hint); i >= 0 {
			return r.unfold(p.vals[i], v)
		}
	}
	return Undefined, false, nil
}
