package basescript

// callCode calls script code with arguments a host function holds.
func (r *Run) callCode(code *funcCode, inst *Instance, env *env, this Value, args []Value) (Value, *Error) {
	f := r.pushFrame(code)
	for i, a := range args {
		f.setArg(i, a)
	}
	f.inst, f.env = inst, env
	f.this, f.cold = this, true
	return r.exec(f)
}

// callValue calls any function value.
func (r *Run) callValue(fn, this Value, args []Value) (Value, *Error) {
	fo := fn.Object().function()
	if fo == nil {
		return Undefined, NewError("Value is not a function")
	}
	switch {
	case fo.code != nil:
		if fo.code.class != nil {
			return Undefined, Errorf("Class %s is called without new", fo.code.name)
		}
		f := r.pushFrame(fo.code)
		for i, a := range args {
			f.setArg(i, a)
		}
		r.bind(f, fo, this)
		return r.exec(f)
	case fo.native != nil:
		return r.callNative(fo.native, args)
	case fo.method != nil:
		return r.callBuiltin(fo.method, this, args)
	case fo.bound != nil:
		all := append(append([]Value(nil), fo.bound.args...), args...)
		if e := r.alloc(int64(len(all) * sizeValue)); e != nil {
			return Undefined, e
		}
		return r.nested(func() (Value, *Error) { return r.callValue(fo.bound.fn, fo.bound.this, all) })
	case fo.text != nil:
		var elem Value
		if len(args) > 0 {
			elem = args[0]
		}
		return fo.text.eval(fo.frame, elem)
	}
	return Undefined, NewError("Value is not a function")
}

// nested counts a level of calls that takes no frame of its own.
func (r *Run) nested(fn func() (Value, *Error)) (Value, *Error) {
	if r.depth >= r.limit {
		return Undefined, r.stop(BudgetDepth, "calls nested deeper than %d", r.limit)
	}
	r.depth++
	v, e := fn()
	r.depth--
	return v, e
}

// bind completes a frame for a call of a function object.
func (r *Run) bind(f *frame, fo *function, this Value) {
	f.inst, f.env, f.fn = fo.inst, fo.env, fo
	if fo.code.arrow {
		this = fo.this
	}
	f.this, f.cold = this, true
}

// callNative calls a host function with arguments already evaluated.
func (r *Run) callNative(fn *Func, args []Value) (Value, *Error) {
	if len(args) < fn.Min {
		return Undefined, toError(ErrWrongArguments)
	}
	return r.native(func() (Value, error) { return fn.Call(r, args) })
}

func (r *Run) callBuiltin(m *Method, this Value, args []Value) (Value, *Error) {
	if len(args) < m.Min {
		return Undefined, toError(ErrWrongArguments)
	}
	return r.native(func() (Value, error) { return m.Call(r, this, args) })
}

// native counts a call into Go: one level deep, because Go may call scripts back, and one step.
func (r *Run) native(call func() (Value, error)) (Value, *Error) {
	if e := r.enterNative(0, 0); e != nil {
		return Undefined, e
	}
	pins := len(r.pins)
	v, err := call()
	r.depth--
	if len(r.pins) > pins {
		r.unpin(pins)
	}
	if err != nil {
		return Undefined, toError(err)
	}
	return v, nil
}

// callMethod calls obj.name(args…): a function stored under the name, a member of a host object, a
// built-in method of the type; otherwise the error "Unknown method: name()".
func (r *Run) callMethod(obj Value, name string, args []Value) (Value, *Error) {
	if obj.k == KindObject && obj.obj().class == classHost {
		v, _, e := r.callHostMethod(obj, name, args)
		return v, e
	}
	if m := builtinMethod(obj, name); m != nil && r.protos == nil && !ownsProperty(obj, name) {
		return r.callBuiltin(m, obj, args)
	}
	fn, ok, e := r.getProperty(obj, name)
	if e != nil {
		return Undefined, e
	}
	if !ok || !fn.Object().IsFunction() {
		return Undefined, errUnknownMethod(name)
	}
	return r.callValue(fn, obj, args)
}

func ownsProperty(v Value, name string) bool {
	if v.k != KindObject {
		return false
	}
	for o := v.obj(); o != nil; o = o.proto {
		if _, ok := o.Get(name); ok {
			return true
		}
	}
	return false
}

// callHostMethod calls a method of a host object, or a function it has as a property. known is false
// for the latter, and where there is neither.
func (r *Run) callHostMethod(obj Value, name string, args []Value) (v Value, known bool, e *Error) {
	host := obj.obj().ext.(Host)
	known = true
	v, e = r.native(func() (v Value, err error) {
		v, known, err = host.Call(r, name, args)
		return v, err
	})
	if e != nil || known {
		return v, known, e
	}
	fn, ok, e := r.getProperty(obj, name)
	if e == nil && (!ok || !fn.Object().IsFunction()) {
		e = errUnknownMethod(name)
	}
	if e != nil {
		return Undefined, false, e
	}
	v, e = r.callValue(fn, obj, args)
	return v, false, e
}

// callback evaluates a callback for one element without building an argument list.
func (r *Run) callback(fn, elem Value) (Value, *Error) {
	fo := fn.obj().function()
	if fo.text != nil {
		if r.steps--; r.steps <= 0 {
			if e := r.look(); e != nil {
				return Undefined, e
			}
		}
		return fo.text.eval(fo.frame, elem)
	}
	if fo.code != nil && fo.code.class == nil {
		f := r.pushFrame(fo.code)
		f.setArg(0, elem)
		r.bind(f, fo, Undefined)
		return r.exec(f)
	}
	return r.callValue(fn, Undefined, []Value{elem})
}

// construct is new fn(args…).
func (r *Run) construct(fn Value, args []Value) (Value, *Error) {
	fo := fn.Object().function()
	switch {
	case fo == nil:
		return Undefined, NewError("Value is not a constructor")
	case fo.native != nil:
		if fo.native.New == nil {
			return Undefined, Errorf("%s is not a constructor", fo.native.Name)
		}
		if len(args) < fo.native.Min {
			return Undefined, toError(ErrWrongArguments)
		}
		return r.native(func() (Value, error) { return fo.native.New(r, args) })
	case fo.bound != nil:
		all := append(append([]Value(nil), fo.bound.args...), args...)
		return r.nested(func() (Value, *Error) { return r.construct(fo.bound.fn, all) })
	case fo.code == nil || fo.code.arrow || fo.code.method:
		return Undefined, NewError("Value is not a constructor")
	}
	return r.constructCode(fn.obj(), fo, args)
}

// constructCode runs a script function or class as a constructor: on a new object whose prototype is
// the function's, unless the function returns an object itself.
func (r *Run) constructCode(fn *Object, fo *function, args []Value) (Value, *Error) {
	if fo.code.class != nil {
		return r.constructClass(fn, fo, args, fn)
	}
	obj, e := r.newInstanceOf(fn)
	if e != nil {
		return Undefined, e
	}
	f := r.pushFrame(fo.code)
	for i, a := range args {
		f.setArg(i, a)
	}
	r.bind(f, fo, ObjectValue(obj))
	v, e := r.exec(f)
	if e != nil || v.k == KindObject {
		return v, e
	}
	return ObjectValue(obj), nil
}

// newInstanceOf makes an object whose prototype is fn.prototype.
func (r *Run) newInstanceOf(fn *Object) (*Object, *Error) {
	if e := r.alloc(sizeObject); e != nil {
		return nil, e
	}
	proto, _, e := r.functionProperty(fn, "prototype")
	if e != nil {
		return nil, e
	}
	return &Object{proto: proto.Object()}, nil
}

// functionProperty returns the members every function has: prototype (made at first use), name,
// length, and the static members of a built-in constructor.
func (r *Run) functionProperty(o *Object, name string) (Value, bool, *Error) {
	fo := o.function()
	switch name {
	case "prototype":
		return r.prototypeOf(o, fo)
	case "name":
		return String(fo.name()), true, nil
	case "length":
		if fo.code != nil {
			return Int(int64(fo.code.params)), true, nil
		}
		return Int(0), true, nil
	}
	if fo.global != nil && fo.global.Static != nil {
		return r.staticMember(fo.global.Static, name)
	}
	return Undefined, false, nil
}

func (f *function) name() string {
	switch {
	case f.code != nil:
		return f.code.name
	case f.native != nil:
		return f.native.Name
	case f.method != nil:
		return f.method.Name
	}
	return ""
}

// prototypeOf returns fn.prototype. Built-in constructors have the run's own prototype objects.
func (r *Run) prototypeOf(o *Object, fo *function) (Value, bool, *Error) {
	if i := o.find("prototype"); i >= 0 {
		return o.vals[i], true, nil
	}
	if fo.native != nil {
		p := r.builtinPrototype(fo.native.Name)
		return ObjectValue(p), p != nil, nil
	}
	if fo.code == nil || fo.code.arrow {
		return Undefined, false, nil
	}
	proto := &Object{keys: []string{"constructor"}, vals: []Value{ObjectValue(o)}}
	if e := r.alloc(2 * sizeObject); e != nil {
		return Undefined, false, e
	}
	o.Set("prototype", ObjectValue(proto))
	return ObjectValue(proto), true, nil
}

// builtinPrototype returns the run's prototype object of a built-in constructor, making it at first
// use; nil for a function that is none.
func (r *Run) builtinPrototype(name string) *Object {
	if r.protos == nil {
		r.protos = &protoSet{}
	}
	p := r.protos
	var slot **Object
	switch name {
	case "Object":
		slot = &p.object
	case "Array":
		slot = &p.array
	case "String":
		slot = &p.str
	case "Number":
		slot = &p.number
	case "Boolean":
		slot = &p.boolean
	case "Function":
		slot = &p.function
	case "Error":
		slot = &p.err
	case "Date":
		slot = &p.date
	default:
		return nil
	}
	if *slot == nil {
		*slot = &Object{}
	}
	return *slot
}

// staticMember reads a member of a namespace or constructor as a value.
func (r *Run) staticMember(c *Class, name string) (Value, bool, *Error) {
	if m := c.Method(name); m != nil {
		fn, e := r.newFunction(function{method: m})
		if e != nil {
			return Undefined, false, e
		}
		return ObjectValue(fn), true, nil
	}
	if p := c.Prop(name); p != nil {
		v, err := p.Get(r, Undefined)
		if err != nil {
			return Undefined, false, toError(err)
		}
		return v, true, nil
	}
	return Undefined, false, nil
}

// functionMethods are the methods every function value has.
var functionMethods map[string]*Method

func init() { // the table refers to functions that refer to the table
	functionMethods = methodTable(superset([]Method{
		{Name: "call", Sig: "(self?: any, ...args: any[]): any", Doc: "Calls the function with arguments.", Call: func(r *Run, self Value, args []Value) (Value, error) {
			var this Value
			if len(args) > 0 {
				this, args = args[0], args[1:]
			}
			return r.CallValue(self, this, args...)
		}},
		{Name: "apply", Sig: "(self?: any, args?: any[]): any", Doc: "Calls the function with a list of arguments.", Call: func(r *Run, self Value, args []Value) (Value, error) {
			var this Value
			var list []Value
			if len(args) > 0 {
				this = args[0]
			}
			if len(args) > 1 {
				list = append(list, args[1].Object().Elements()...)
			}
			if e := r.alloc(int64(len(list) * sizeValue)); e != nil {
				return Undefined, e
			}
			return r.CallValue(self, this, list...)
		}},
		{Name: "bind", Sig: "(self?: any, ...args: any[]): Function", Doc: "Returns the function with its first arguments fixed.", Call: func(r *Run, self Value, args []Value) (Value, error) {
			b := &boundCall{fn: self}
			if len(args) > 0 {
				b.this = args[0]
				b.args = append(b.args, args[1:]...)
			}
			if e := r.alloc(int64(len(args) * sizeValue)); e != nil {
				return Undefined, e
			}
			fn, e := r.newFunction(function{bound: b})
			if e != nil {
				return Undefined, e
			}
			return ObjectValue(fn), nil
		}},
	}))
}
