package basescript

// ctl is how a statement ended.
type ctl uint8

const (
	ctlNext     ctl = iota
	ctlReturn       // the value is in frame.ret
	ctlThrow        // the error is in frame.err
	ctlBreak        // out of the loop or switch frame.label names (0: the innermost)
	ctlContinue     // next turn of the loop frame.label names (0: the innermost)
)

// expr and stmt are what the tree is compiled to. They are shared by all runs; everything that
// belongs to a run is reached through the frame.
//
// A small function that makes such a closure is marked go:noinline: the Go compiler copies the closure of
// a function it inlines, and inlines nothing inside the copy.
type (
	expr func(f *frame) (Value, *Error)
	stmt func(f *frame) ctl
)

// env holds the captured variables of one activation of a scope; everything else lives in slots of
// the frame. scope is its layout, for text compiled at run time.
type env struct {
	scope  *scope
	parent *env
	vals   []Value
	mark   uint32
}

func (r *Run) newEnv(s *scope, parent *env) (*env, *Error) {
	if e := r.alloc(int64(64 + sizeValue*s.envSize)); e != nil {
		return nil, e
	}
	if s.envSize <= 4 {
		small := &struct {
			env
			room [4]Value
		}{}
		small.env = env{scope: s, parent: parent, vals: small.room[:s.envSize:s.envSize]}
		return &small.env, nil
	}
	return &env{scope: s, parent: parent, vals: make([]Value, s.envSize)}, nil
}

// up returns the env hops levels out.
func (e *env) up(hops int) *env {
	for ; hops > 0; hops-- {
		e = e.parent
	}
	return e
}

// frame is one activation of a function: its slots, and the run it belongs to. Frames are kept by the
// run and used again in stack order; nothing refers to a frame after its call has returned.
type frame struct {
	run    *Run
	code   *funcCode
	inst   *Instance
	slots  []Value
	env    *env
	this   Value
	fn     *function // the callee, nil when called as a top-level function
	extra  []Value   // arguments beyond the parameters, where the function can see them
	ret    Value
	err    *Error
	label  int
	passed int     // arguments passed
	target *Object // what new was applied to, in the constructor of a class
	cold   bool    // this, fn, extra or target is set
	active bool    // it runs; until then its arguments are being evaluated
	room   [8]Value
}

// pushFrame takes a frame for a call of code. Arguments are then evaluated straight into its slots; the
// frame is already in sight of the live-bytes budget.
func (r *Run) pushFrame(code *funcCode) *frame {
	if r.top == len(r.frames) {
		r.frames = append(r.frames, &frame{run: r})
	}
	f := r.frames[r.top]
	r.top++
	f.code = code
	f.passed = 0
	if n := code.slots; n <= len(f.room) {
		f.slots = f.room[:n]
	} else if n <= cap(f.slots) {
		f.slots = f.slots[:n]
	} else {
		f.slots = make([]Value, n)
	}
	return f
}

// popFrame gives the topmost frame back. Only what the next call could see is wiped; what merely keeps
// memory is left for Run.Close.
func (r *Run) popFrame(f *frame) {
	r.top--
	f.active = false
	wipe(f.slots)
	if f.cold {
		f.this, f.fn, f.extra, f.target, f.cold = Undefined, nil, nil, nil, false
	}
	if f.ret.p != nil {
		f.ret = Undefined
	}
	if f.err != nil {
		f.err = nil
	}
}

// wipe is clear for the few slots most functions have, many of which hold numbers: clear is a call,
// and tells the collector of every one.
func wipe(slots []Value) {
	if len(slots) > 8 {
		clear(slots)
		return
	}
	for i := range slots {
		v := &slots[i]
		if v.p != nil {
			v.p = nil
		}
		v.n, v.k, v.buf = 0, KindUndefined, false
	}
}

// throw ends a statement with an error.
func (f *frame) throw(e *Error) ctl {
	f.err = e
	return ctlThrow
}

// setArg stores argument i of a call being prepared.
func (f *frame) setArg(i int, v Value) {
	f.passed++
	if i < f.code.params {
		f.slots[i] = v
	} else if f.code.wantsExtra {
		f.addExtra(v)
	}
}

func (f *frame) addExtra(v Value) {
	f.extra = append(f.extra, v)
	f.run.bytes += sizeValue
	f.cold = true
}

// exec runs the prepared call in f and gives the frame back. Errors leave with the position line of
// the function they left.
func (r *Run) exec(f *frame) (v Value, e *Error) {
	code := f.code
	r.steps--
	depth := r.depth
	r.depth = depth + code.weight
	if r.steps <= 0 || r.depth > r.limit {
		if e = r.refuse(code); e != nil {
			r.depth = depth
			r.popFrame(f)
			return Undefined, e
		}
	}
	f.active = true
	if code.plain {
		v, e = code.body(f)
	} else {
		v, e = code.run(f)
	}
	r.depth = depth
	if f.target != nil {
		r.made = f.this
	}
	r.popFrame(f)
	if e != nil {
		return Undefined, e.leave()
	}
	return v, nil
}

// refuse is asked about a call when the depth or the steps of the run are used up, or it is time to
// look. A call takes as much depth as the function's expressions nest, because that is what its
// evaluation takes of the Go stack.
func (r *Run) refuse(code *funcCode) *Error {
	if r.depth > r.limit {
		return r.stop(BudgetDepth, "calls nested deeper than %d", r.limit) // the call's line comes from its caller
	}
	if e := r.look(); e != nil {
		return e.raisedAt(code.prog.url, code.line)
	}
	return nil
}

// funcCode is a compiled function, shared by all runs.
type funcCode struct {
	name   string
	prog   *Program
	line   int
	scope  *scope
	params int // parameters that arrive in slots 0…params-1
	slots  int
	weight int
	// copies are the captured parameters: from slot to env index.
	copies []paramCopy
	// prologue fills defaults, patterns, rest, arguments and hoisted functions.
	prologue   []stmt
	body       expr
	hasEnv     bool
	plain      bool // nothing comes before the body
	wantsExtra bool
	arrow      bool
	method     bool // not a constructor
	strict     bool // the prologue counts the arguments
	class      *classInfo
}

type paramCopy struct{ slot, index int }

// run evaluates the function in a frame whose arguments are in place.
func (c *funcCode) run(f *frame) (Value, *Error) {
	if c.hasEnv {
		env, e := f.run.newEnv(c.scope, f.env)
		if e != nil {
			return Undefined, e.raisedAt(c.prog.url, c.line)
		}
		f.env = env
		for _, p := range c.copies {
			env.vals[p.index] = f.slots[p.slot]
		}
	}
	for _, s := range c.prologue {
		if s(f) == ctlThrow {
			return Undefined, f.err
		}
	}
	return c.body(f)
}

// function is what a function object refers to: script code with its surroundings, a native function,
// a built-in method, or a string expression on its caller's frame.
type function struct {
	code   *funcCode
	env    *env
	inst   *Instance
	this   Value // of arrow functions
	native *Func
	method *Method
	bound  *boundCall
	text   *textCode
	frame  *frame // of string expressions
	home   *Object
	global *Global
	class  *classValue
	// self is the function object.
	self *Object
}

type boundCall struct {
	fn, this Value
	args     []Value
}

type functionObject struct {
	Object
	function
}

// newFunction makes a function object and charges the run for it.
func (r *Run) newFunction(fn function) (*Object, *Error) {
	if e := r.alloc(sizeObject + 160); e != nil {
		return nil, e
	}
	o := &functionObject{function: fn}
	o.Object.class = classFunction
	o.Object.ext = &o.function
	o.function.self = &o.Object
	return &o.Object, nil
}

func (o *Object) function() *function {
	if o == nil || o.class != classFunction {
		return nil
	}
	return o.ext.(*function)
}
