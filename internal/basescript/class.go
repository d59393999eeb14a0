package basescript

import "github.com/dop251/goja/ast"

// Classes are a superset: the dialect has none (spec/basescript.md 1.9).

// classInfo marks the code of a class's constructor.
type classInfo struct {
	derived bool
	// implied: the class declares no constructor; a derived one hands its arguments on.
	implied bool
}

// classValue is what a class's function object adds: its parent, and the fields new objects get.
type classValue struct {
	parent *Object
	fields []classField
}

// classField is a field with its initialiser, a function run on the new object; nil for undefined.
type classField struct {
	key  string
	init *Object
}

// classMember compiles one method, accessor or field; fn is the class, proto its prototype.
type classMember func(f *frame, fn, proto *Object) *Error

func (c *compiler) classLiteral(n *ast.ClassLiteral) expr {
	s := c.analysis.scopes[n]
	outer := c.scope
	var parent expr
	if n.SuperClass != nil {
		parent = c.expr(n.SuperClass)
	}
	c.scope = s
	code := c.constructorCode(n)
	var members []classMember
	for _, e := range n.Body {
		if m := c.classMember(e); m != nil {
			members = append(members, m)
		}
	}
	bind := func(*frame, Value) *Error { return nil }
	if n.Name != nil {
		bind = c.store(s.own(n.Name.Name.String()))
	}
	c.scope = outer
	p, keep := c.at(n.Class), c.temp()
	return func(f *frame) (Value, *Error) {
		var super Value
		if parent != nil {
			var e *Error
			if super, e = parent(f); e != nil {
				return Undefined, e
			}
			if !super.Object().IsFunction() {
				return Undefined, p.raise(NewError("The parent of a class is not a constructor"))
			}
		}
		f.slots[keep] = super
		v, e := f.makeClass(code, super.Object(), s, bind, members)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}

// makeClass creates the constructor and its prototype and runs the members.
func (f *frame) makeClass(code *funcCode, parent *Object, s *scope, bind storer, members []classMember) (Value, *Error) {
	saved := f.env
	defer func() { f.env = saved }()
	if s.hasEnv {
		inner, e := f.run.newEnv(s, saved)
		if e != nil {
			return Undefined, e
		}
		f.env = inner
	}
	v, e := f.closure(code)
	if e != nil {
		return Undefined, e
	}
	fn := v.obj()
	fo := fn.function()
	fo.class = &classValue{parent: parent}
	proto := &Object{}
	proto.Set("constructor", v)
	if parent != nil {
		inherited, _, e := f.run.functionProperty(parent, "prototype")
		if e != nil {
			return Undefined, e
		}
		proto.proto = inherited.Object()
		fn.proto = parent
	}
	fo.home = proto
	fn.Set("prototype", ObjectValue(proto))
	if e := bind(f, v); e != nil {
		return Undefined, e
	}
	for _, m := range members {
		if e := m(f, fn, proto); e != nil {
			return Undefined, e
		}
	}
	return v, nil
}

// constructorCode compiles the declared constructor, or an empty one.
func (c *compiler) constructorCode(n *ast.ClassLiteral) *funcCode {
	name := ""
	if n.Name != nil {
		name = n.Name.Name.String()
	}
	info := &classInfo{derived: n.SuperClass != nil, implied: true}
	for _, e := range n.Body {
		if m, ok := e.(*ast.MethodDefinition); ok && isConstructor(m) {
			info.implied = false
			code := c.closureCode(m.Body, name, false)
			code.class = info
			return code
		}
	}
	empty := newScope(c.scope, &funcScope{})
	return &funcCode{name: name, prog: c.prog, line: c.src.lineOf(n.Idx0()), scope: empty, weight: 1,
		wantsExtra: true, body: literal(Undefined), class: info}
}

func isConstructor(m *ast.MethodDefinition) bool {
	return !m.Static && !m.Computed && m.Kind == ast.PropertyKindMethod && propertyKey(m.Key) == "constructor"
}

func (c *compiler) classMember(e ast.ClassElement) classMember {
	switch e := e.(type) {
	case *ast.MethodDefinition:
		if isConstructor(e) {
			return nil
		}
		key := c.keyOf(e.Key, e.Computed)
		code := c.closureCode(e.Body, propertyKey(e.Key), false)
		code.method = true
		return func(f *frame, fn, proto *Object) *Error {
			name, err := key(f)
			if err != nil {
				return err
			}
			v, err := f.closure(code)
			if err != nil {
				return err
			}
			if e.Static {
				return f.run.define(fn, name, v, e.Kind)
			}
			return f.run.define(proto, name, v, e.Kind)
		}
	case *ast.FieldDefinition:
		return c.fieldMember(e)
	}
	return nil
}

func (c *compiler) fieldMember(e *ast.FieldDefinition) classMember {
	key := c.keyOf(e.Key, e.Computed)
	var code *funcCode
	if e.Initializer != nil {
		s := c.analysis.scopes[e]
		code = &funcCode{name: propertyKey(e.Key), prog: c.prog, line: c.src.lineOf(e.Idx0()), scope: s, hasEnv: s.hasEnv, method: true}
		k := c.child(s, code)
		code.body = k.expr(e.Initializer)
		code.slots, code.weight = k.fn.slots, 1+k.nest/weightPer
	}
	return func(f *frame, fn, proto *Object) *Error {
		name, err := key(f)
		if err != nil {
			return err
		}
		field := classField{key: name}
		if code != nil {
			v, err := f.closure(code)
			if err != nil {
				return err
			}
			v.obj().function().home = proto
			field.init = v.obj()
		}
		if e.Static {
			return f.run.initField(fn, field)
		}
		fn.function().class.fields = append(fn.function().class.fields, field)
		return nil
	}
}

func (r *Run) initField(o *Object, field classField) *Error {
	var v Value
	if field.init != nil {
		var e *Error
		if v, e = r.callValue(ObjectValue(field.init), ObjectValue(o), nil); e != nil {
			return e
		}
	}
	return r.define(o, field.key, v, ast.PropertyKindValue)
}

// constructClass is new C(…). target is the class new was applied to: it gives the prototype.
func (r *Run) constructClass(fn *Object, fo *function, args []Value, target *Object) (Value, *Error) {
	if !fo.code.class.derived {
		obj, e := r.newInstanceOf(target)
		if e == nil {
			e = r.initFields(obj, fo)
		}
		if e != nil {
			return Undefined, e
		}
		return r.runConstructor(fo, ObjectValue(obj), args, target)
	}
	if fo.code.class.implied {
		v, e := r.nested(func() (Value, *Error) { return r.constructParent(fo, args, target) })
		if e == nil {
			e = r.initFields(v.obj(), fo)
		}
		return v, e
	}
	return r.runConstructor(fo, Undefined, args, target)
}

func (r *Run) runConstructor(fo *function, this Value, args []Value, target *Object) (Value, *Error) {
	f := r.pushFrame(fo.code)
	for i, a := range args {
		f.setArg(i, a)
	}
	r.bind(f, fo, this)
	f.target, f.cold = target, true
	r.made = this
	v, e := r.exec(f)
	if e != nil {
		return Undefined, e
	}
	if v.k == KindObject {
		return v, nil
	}
	if fo.code.class.derived {
		this = r.made // what super() made
	}
	if this.k != KindObject {
		return Undefined, NewError("super() was not called in the constructor")
	}
	return this, nil
}

func (r *Run) initFields(o *Object, fo *function) *Error {
	for _, field := range fo.class.fields {
		if e := r.initField(o, field); e != nil {
			return e
		}
	}
	return nil
}

// constructParent makes the object of a derived class by its parent.
func (r *Run) constructParent(fo *function, args []Value, target *Object) (Value, *Error) {
	parent := fo.class.parent
	po := parent.function()
	if po.code != nil && po.code.class != nil {
		return r.constructClass(parent, po, args, target)
	}
	v, e := r.construct(ObjectValue(parent), args)
	if e != nil {
		return Undefined, e
	}
	if v.k != KindObject {
		return Undefined, NewError("The parent class makes no object")
	}
	proto, _, e := r.functionProperty(target, "prototype")
	v.obj().proto = proto.Object()
	return v, e
}

// superConstructor compiles super(…).
func (c *compiler) superConstructor(args []argument, p *at) expr {
	return func(f *frame) (Value, *Error) {
		list, e := f.argumentList(args, p)
		if e != nil {
			return Undefined, e
		}
		if f.fn == nil || f.fn.class == nil || f.target == nil {
			return Undefined, p.raise(NewError("super() belongs into the constructor of a derived class"))
		}
		r := f.run
		v, e := r.nested(func() (Value, *Error) { return r.constructParent(f.fn, list, f.target) })
		if e == nil {
			f.this = v
			e = r.initFields(v.obj(), f.fn)
		}
		if e != nil {
			return Undefined, p.raise(e)
		}
		return Undefined, nil
	}
}

// superProperty finds what super.name means: a member of the prototype's prototype.
func (f *frame) superProperty(name string) (Value, *Error) {
	if f.fn == nil || f.fn.home == nil {
		return Undefined, NewError("super belongs into a method")
	}
	for p := f.fn.home.proto; p != nil; p = p.proto {
		if got, ok := p.Get(name); ok {
			v, _, e := f.run.unfold(got, f.this)
			return v, e
		}
	}
	return Undefined, errUnknownProperty(name)
}

func (c *compiler) superRead(name string, p *at) expr {
	return func(f *frame) (Value, *Error) {
		v, e := f.superProperty(name)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return v, nil
	}
}

func (c *compiler) superCall(name string, args []argument, p *at) expr {
	return func(f *frame) (Value, *Error) {
		fn, e := f.superProperty(name)
		if e != nil {
			return Undefined, p.raise(e)
		}
		return f.callWith(fn, f.this, args, name, p)
	}
}

func (c *compiler) classDeclaration(n *ast.ClassDeclaration) stmt {
	value := c.expr(n.Class)
	v, _ := c.find(n.Class.Name.Name.String())
	store := c.store(v)
	return func(f *frame) ctl {
		v, e := value(f)
		if e == nil {
			e = store(f, v)
		}
		if e != nil {
			return f.throw(e)
		}
		return ctlNext
	}
}
