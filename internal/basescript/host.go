package basescript

import (
	"fmt"
	"iter"
	"sync"
)

// Host is an object whose properties and methods are Go's. Most host objects are a Class with a Go
// value behind it (NewHost); the interface is for those whose members are not known beforehand.
//
// Every call receives the run: charge work to it (Run.Step, Run.Alloc) before doing it, and let
// anything that blocks end with Run.Context, inside Run.Wait.
type Host interface {
	// ClassName is what ObjectType returns.
	ClassName() string
	// Get returns a property; ok is false if the object has none of that name.
	Get(r *Run, name string) (v Value, ok bool, err error)
	// Set stores a property; ok is false if the object does not take it.
	Set(r *Run, name string, v Value) (ok bool, err error)
	// Call calls a method; ok is false if the object has none of that name. args is only valid
	// during the call.
	Call(r *Run, name string, args []Value) (v Value, ok bool, err error)
	// Iterate returns what for-in visits, nil if the object is not a collection. It must not
	// allocate per element more than the element itself.
	Iterate(r *Run) iter.Seq[Value]
}

// Scalar is implemented by host objects that stand for a scalar value (spec/basescript.md 1.1).
type Scalar interface{ Scalar() Value }

// Indexed is implemented by host collections that can be indexed and know their length.
type Indexed interface {
	Len() int
	At(r *Run, i int) Value
}

// Enumerated is implemented by host objects that for-in visits by property names, as JsObjects are.
type Enumerated interface{ PropertyNames() []string }

// Origin says where a name of a binding table exists, for those who check scripts and write typings.
type Origin uint8

// The origins of names.
const (
	// Shared names exist in the original and here.
	Shared Origin = iota
	// Superset names exist here only: JavaScript's own, or this project's. A script that uses one
	// does not run in the original.
	Superset
	// Refused names exist in the original; here a call of one fails and says so, unless the app
	// supplies a stand-in (functions of the document database and of the desktop).
	Refused
)

// Evaluation says what code a function evaluates has to do with the variables of its caller.
type Evaluation uint8

// The kinds of evaluation.
const (
	// EvalSees: the code sees the variables of the caller and may assign them.
	EvalSees Evaluation = iota + 1
	// EvalAdds: the code may also make new variables there.
	EvalAdds
)

// Func is a function Go offers to scripts. Tables of them are shared by all runs.
type Func struct {
	Name string
	// Min is the number of arguments the function needs; fewer are an error, more are ignored
	// (spec/basescript.md 1.6).
	Min int
	// Call does the work. args holds at least Min values and is only valid during the call.
	Call func(r *Run, args []Value) (Value, error)
	// New is called for `new Name(…)`; without it the function is not a constructor.
	New func(r *Run, args []Value) (Value, error)
	// Text lists the argument positions that take a string expression (spec/basescript.md 1.11); a
	// negative position -n means n and every second one after it (ArraySort).
	Text []int
	// Evaluates says that the function evaluates code where it is called (Run.EvalFile and its kin).
	Evaluates Evaluation
	// Sig is the signature in TypeScript, for editors and documents: "(s: string, n?: number): string".
	Sig string
	// Doc says what the function does, in a sentence.
	Doc string
	// Origin says where the function exists; Since is the version of Datex.XHTTP that brought it ("1.24"),
	// empty for every version. OptSince is the version that brought its optional arguments.
	Origin   Origin
	Since    string
	OptSince string
	// Original is how many arguments WebTutor takes where the function takes more; 0: as many.
	Original int
}

// Prop is a property of a Class.
type Prop struct {
	Name string
	Get  func(r *Run, self Value) (Value, error)
	Set  func(r *Run, self Value, v Value) error // nil: read only
	Sig  string
	Doc  string
	// Origin and Since are as for Func.
	Origin Origin
	Since  string
}

// Method is a method of a Class or of a built-in type.
type Method struct {
	Name string
	Min  int
	Call func(r *Run, self Value, args []Value) (Value, error)
	Text []int
	Sig  string
	Doc  string
	// Origin and Since are as for Func.
	Origin Origin
	Since  string
}

// Class is an explicit table of what scripts can do with one kind of host object. It is declared once,
// shared by all runs and never changed afterwards.
type Class struct {
	Name    string
	Props   []Prop
	Methods []Method
	// Iterate, Len and At make objects of the class a collection; all may be nil.
	Iterate func(r *Run, self Value) iter.Seq[Value]
	Len     func(self Value) int
	At      func(r *Run, self Value, i int) Value
	// Scalar gives objects of the class a scalar value; nil: they have none.
	Scalar func(self Value) Value

	once    sync.Once
	props   map[string]*Prop
	methods map[string]*Method
}

func (c *Class) init() {
	c.once.Do(func() {
		c.props = make(map[string]*Prop, len(c.Props))
		for i := range c.Props {
			c.props[c.Props[i].Name] = &c.Props[i]
		}
		c.methods = make(map[string]*Method, len(c.Methods))
		for i := range c.Methods {
			c.methods[c.Methods[i].Name] = &c.Methods[i]
		}
	})
}

// Method returns the method of that name, nil if the class has none.
func (c *Class) Method(name string) *Method {
	c.init()
	return c.methods[name]
}

// Prop returns the property of that name, nil if the class has none.
func (c *Class) Prop(name string) *Prop {
	c.init()
	return c.props[name]
}

// instance is an object of a Class.
type instance struct {
	class  *Class
	self   any
	object Value
}

// NewHost returns a new object of the class with the Go value self behind it.
func NewHost(c *Class, self any) Value {
	h := &struct {
		Object
		instance
	}{}
	h.instance = instance{class: c, self: self}
	h.Object.class = classHost
	v := ObjectValue(&h.Object)
	h.instance.object = v
	if c.Scalar != nil {
		h.Object.ext = (*scalarInstance)(&h.instance)
	} else {
		h.Object.ext = &h.instance
	}
	return v
}

// Self returns the Go value behind an object made by NewHost; ok is false if v is no such object or
// holds another type.
func Self[T any](v Value) (self T, ok bool) {
	if v.k != KindObject || v.obj().class != classHost {
		return self, false
	}
	switch h := v.obj().ext.(type) {
	case *instance:
		self, ok = h.self.(T)
	case *scalarInstance:
		self, ok = h.self.(T)
	}
	return self, ok
}

// ClassOf returns the class of an object made by NewHost, nil for every other value.
func ClassOf(v Value) *Class {
	if v.k == KindObject && v.obj().class == classHost {
		switch h := v.obj().ext.(type) {
		case *instance:
			return h.class
		case *scalarInstance:
			return h.class
		}
	}
	return nil
}

func (h *instance) ClassName() string { return h.class.Name }

func (h *instance) Get(r *Run, name string) (Value, bool, error) {
	if p := h.class.Prop(name); p != nil {
		v, err := p.Get(r, h.object)
		return v, true, err
	}
	return Undefined, false, nil
}

func (h *instance) Set(r *Run, name string, v Value) (bool, error) {
	p := h.class.Prop(name)
	if p == nil {
		return false, nil
	}
	if p.Set == nil {
		return true, Errorf("Property %s of %s is read only", name, h.class.Name)
	}
	return true, p.Set(r, h.object, v)
}

func (h *instance) Call(r *Run, name string, args []Value) (Value, bool, error) {
	m := h.class.Method(name)
	if m == nil {
		return Undefined, false, nil
	}
	if len(args) < m.Min {
		return Undefined, true, ErrWrongArguments
	}
	v, err := m.Call(r, h.object, args)
	return v, true, err
}

func (h *instance) Iterate(r *Run) iter.Seq[Value] {
	if h.class.Iterate == nil {
		return nil
	}
	return h.class.Iterate(r, h.object)
}

func (h *instance) Len() int {
	if h.class.Len == nil {
		return -1
	}
	return h.class.Len(h.object)
}

func (h *instance) At(r *Run, i int) Value {
	if h.class.At == nil {
		return Undefined
	}
	return h.class.At(r, h.object, i)
}

// scalarInstance is an instance whose class gives it a scalar value.
type scalarInstance instance

func (h *scalarInstance) ClassName() string { return h.class.Name }
func (h *scalarInstance) Scalar() Value     { return h.class.Scalar(h.object) }
func (h *scalarInstance) Get(r *Run, name string) (Value, bool, error) {
	return (*instance)(h).Get(r, name)
}
func (h *scalarInstance) Set(r *Run, name string, v Value) (bool, error) {
	return (*instance)(h).Set(r, name, v)
}
func (h *scalarInstance) Call(r *Run, name string, args []Value) (Value, bool, error) {
	return (*instance)(h).Call(r, name, args)
}
func (h *scalarInstance) Iterate(r *Run) iter.Seq[Value] { return (*instance)(h).Iterate(r) }

// Global is a name every script can use: a function, a namespace, or a value that belongs to the run.
type Global struct {
	Name string
	// Func makes the name callable, and usable with new if Func.New is set.
	Func *Func
	// Static holds the members of the name itself: tools.object_to_text, Math.floor, Object.keys.
	// They are bound when a script is compiled and cost a run nothing.
	Static *Class
	// Value looks a name up that belongs to the run (Request, message). ok false means that this run
	// has no such name: the script gets "NAME not defined".
	Value func(r *Run) (v Value, ok bool)
	// Assignable names are assigned on purpose (RESULT): a function that does so without declaring the
	// name assigns it for the whole script, not for itself (spec/basescript.md 5 row 9).
	Assignable bool
	Sig        string
	Doc        string
	// Origin and Since are as for Func; those of Func count where it is set.
	Origin Origin
	Since  string
}

// Globals is the set of names scripts are compiled against, immutable and shared by all programs.
type Globals struct {
	byName     map[string]*Global
	names      []string
	assignable []string
}

// NewGlobals joins the language's own names (Builtins) with tables of host names; a later entry
// replaces an earlier one of the same name. It panics on an entry without a name or a meaning, which
// is a mistake in a table and not in a script.
func NewGlobals(tables ...[]Global) *Globals {
	g := &Globals{byName: make(map[string]*Global)}
	for _, table := range append([][]Global{Builtins()}, tables...) {
		for i := range table {
			e := &table[i]
			if e.Name == "" || (e.Func == nil && e.Static == nil && e.Value == nil) {
				panic(fmt.Sprintf("basescript: empty global %q", e.Name))
			}
			if g.byName[e.Name] == nil {
				g.names = append(g.names, e.Name)
			}
			g.byName[e.Name] = e
		}
	}
	for _, name := range g.names {
		if g.byName[name].Assignable {
			g.assignable = append(g.assignable, name)
		}
	}
	return g
}

// Lookup returns the entry of a name, nil if scripts have no such name.
func (g *Globals) Lookup(name string) *Global { return g.byName[name] }

// Names returns all names in the order of their tables.
func (g *Globals) Names() []string { return append([]string(nil), g.names...) }
