package basescript

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime/debug"
	"sync"
	"time"
)

// Limits are the budgets of a run. Zero means no limit, except Depth, where it means DefaultDepth.
type Limits struct {
	// Steps bounds calls, loop turns and elements handled by built-ins.
	Steps int64
	// Compute bounds the time spent computing; waiting inside Run.Wait does not count.
	Compute time.Duration
	// Depth bounds nested calls.
	Depth int
	// Bytes bounds what the run's live values hold.
	Bytes int64
}

// DefaultDepth is the call depth of a run that names none (design: architecture 7). A level takes
// about a kilobyte of Go stack, so a Go stack overflow is far away.
const DefaultDepth = 1000

// RunConfig is what a run needs to know.
type RunConfig struct {
	Limits Limits
	// Host is handed to host functions by Run.Host.
	Host any
	// NullEqualsUndefined makes null == undefined true (compat.null_equals_undefined).
	NullEqualsUndefined bool
	// Collector, if any, is told of a run that has made much of its Limits.Bytes.
	Collector Collector
}

// Collector knows how much memory large runs take together. A run that makes little never calls it;
// others may do so at once.
type Collector interface {
	// Grown is called once, when a run has made largeRun bytes; it may come to hold as much as its limit.
	Grown(limit int64)
	// Weighed is called when such a run was weighed and may make so many bytes more before it is again.
	Weighed(more int64)
	// Ended is called at the end of a run that Grown was called for.
	Ended(limit int64)
}

// largeRun is the number of bytes from which a run is large.
const largeRun = 16 << 20

// clockEvery is the number of steps between two looks at the clock and the context.
const clockEvery = 4096

// Run is one execution: a fresh environment, its budgets, its call stack. It belongs to one
// goroutine from NewRun to Close.
type Run struct {
	ctx    context.Context
	cfg    RunConfig
	steps  int64 // left until the next look at the clock
	used   int64 // steps of earlier looks
	depth  int
	limit  int // depth limit
	bytes  int64
	budget int64 // of bytes, until something is to be done about them
	large  bool  // the collector was told
	walk   uint32
	timing bool
	start  time.Time
	waited time.Duration

	frames []*frame
	top    int
	args   []Value // arguments of native calls in progress
	pins   []Value // values natives hold across calls into scripts

	instances  []*Instance // of libraries; a run knows a handful
	libraries  []*library  // objects made by Library
	globals    map[*Global]Value
	protos     *protoSet
	line       int     // of the last call that may reach a built-in through a value
	inCritical int     // calls of EvalCs in progress
	made       Value   // the object the class constructor that ended last was run on
	page       *Object // the innermost page in progress

	subjects     []*subject // texts prepared for regular expressions
	subjectClock uint64
}

var runPool = sync.Pool{New: func() any { return new(Run) }}

// NewRun returns a fresh run. It takes well below a microsecond; the memory of ended runs is used
// again, wiped. Close it when the last value of it has been used.
func NewRun(ctx context.Context, cfg RunConfig) *Run {
	r := runPool.Get().(*Run)
	r.ctx = ctx
	r.cfg = cfg
	r.limit = cfg.Limits.Depth
	if r.limit <= 0 {
		r.limit = DefaultDepth
	}
	r.budget = math.MaxInt64
	if n := cfg.Limits.Bytes; n > 0 {
		r.budget = n
		if cfg.Collector != nil {
			r.budget = min(n, largeRun)
		}
	}
	r.steps = clockEvery
	if cfg.Limits.Steps > 0 && cfg.Limits.Steps < clockEvery {
		r.steps = cfg.Limits.Steps
	}
	return r
}

// maxKeptFrames bounds the memory an ended run leaves for the next one.
const maxKeptFrames = 64

// Close ends the run and gives its memory back. Values made in the run stay valid as long as no
// script uses them; the run itself must not be used again.
func (r *Run) Close() {
	if r.large {
		r.large = false
		r.cfg.Collector.Ended(r.cfg.Limits.Bytes)
	}
	if r.top != 0 || r.depth != 0 {
		return // a panic went through it: let the collector have it
	}
	for _, f := range r.frames {
		if f.code == nil {
			break // never used in this run
		}
		*f = frame{run: r, slots: f.slots[:0]}
	}
	frames, args := r.frames, r.args
	if len(frames) > maxKeptFrames {
		clear(frames[maxKeptFrames:])
		frames = frames[:maxKeptFrames]
	}
	if cap(args) > 1024 {
		args = nil
	}
	clear(args[:cap(args)])
	clear(r.instances)
	*r = Run{frames: frames, args: args[:0], instances: r.instances[:0]}
	runPool.Put(r)
}

// Context ends when the run must: blocking host calls wait on it.
func (r *Run) Context() context.Context { return r.ctx }

// Host is the value given to NewRun for host functions.
func (r *Run) Host() any { return r.cfg.Host }

// Limits returns the budgets of the run.
func (r *Run) Limits() Limits { return r.cfg.Limits }

// Step charges n steps before a host function does work in proportion to n. It returns a Stopped
// error once the budget of steps or time is used up or the context has ended.
func (r *Run) Step(n int) error {
	if err := r.step(int64(n)); err != nil {
		return err
	}
	return nil
}

func (r *Run) step(n int64) *Error {
	r.steps -= n
	if r.steps > 0 {
		return nil
	}
	return r.look()
}

// look is taken every few thousand steps: the total of steps, the clock, the context.
func (r *Run) look() *Error {
	limits := &r.cfg.Limits
	r.used += clockEvery - r.steps
	r.steps = clockEvery
	if limits.Steps > 0 {
		if r.used >= limits.Steps {
			return r.stop(BudgetSteps, "the limit of %d steps is used up", limits.Steps)
		}
		r.steps = min(clockEvery, limits.Steps-r.used)
		r.used -= clockEvery - r.steps
	}
	if err := r.ctx.Err(); err != nil {
		return r.stopByContext()
	}
	if limits.Compute > 0 {
		now := time.Now()
		if !r.timing {
			r.timing, r.start, r.waited = true, now, 0
		}
		if now.Sub(r.start)-r.waited > limits.Compute {
			return r.stop(BudgetCompute, "the limit of %v of computing time is used up", limits.Compute)
		}
	}
	return nil
}

// remaining is the time left of the run's budget and until its context ends, but not more than most; an
// error if there is none left. It is what work that looks at neither while it lasts is given.
func (r *Run) remaining(most time.Duration) (time.Duration, *Error) {
	if r.ctx.Err() != nil {
		return 0, r.stopByContext()
	}
	left, now, limits := most, time.Now(), &r.cfg.Limits
	if limits.Compute > 0 {
		if !r.timing {
			r.timing, r.start, r.waited = true, now, 0
		}
		if left = min(left, limits.Compute-(now.Sub(r.start)-r.waited)); left <= 0 {
			return 0, r.stop(BudgetCompute, "the limit of %v of computing time is used up", limits.Compute)
		}
	}
	if deadline, ok := r.ctx.Deadline(); ok {
		if left = min(left, deadline.Sub(now)); left <= 0 { // its timer is about to fire
			e := r.stop(BudgetTime, "its time is over")
			e.cause = context.DeadlineExceeded
			return 0, e
		}
	}
	return left, nil
}

func (r *Run) stop(budget Budget, format string, args ...any) *Error {
	e := Errorf("Script stopped: "+format, args...)
	e.Kind, e.Budget = Stopped, budget
	return e
}

func (r *Run) stopByContext() *Error {
	cause := context.Cause(r.ctx)
	var e *Error
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		e = r.stop(BudgetTime, "its time is over")
	case errors.Is(cause, context.Canceled):
		e = r.stop(BudgetNone, "cancelled")
	default:
		e = r.stop(BudgetNone, "%v", cause)
	}
	e.cause = cause
	return e
}

// Alloc charges n bytes before a host function makes a value of that size. It returns a Stopped error
// when the live values of the run would exceed its budget.
func (r *Run) Alloc(n int) error {
	if err := r.alloc(int64(n)); err != nil {
		return err
	}
	return nil
}

func (r *Run) alloc(n int64) *Error {
	r.bytes += n
	r.steps -= n >> 6 // the next call or loop turn looks
	if r.bytes <= r.budget {
		return nil
	}
	return r.weigh(n)
}

// weigh replaces the count of allocated bytes by what the run still reaches. A run near its limit is
// weighed again only after a sixteenth of the limit more, so that weighing stays cheap beside the
// allocations that cause it.
func (r *Run) weigh(wanted int64) *Error {
	limit := r.cfg.Limits.Bytes
	if r.budget < limit {
		r.budget, r.large = limit, true
		r.cfg.Collector.Grown(limit)
		if r.bytes <= limit {
			return nil
		}
	}
	r.dropSubjects()
	live := r.liveBytes() + wanted
	if live > limit {
		return r.stop(BudgetMemory, "its values take more than %d MiB", limit>>20)
	}
	r.bytes = min(live, limit-limit/16)
	if r.large {
		r.cfg.Collector.Weighed(limit - r.bytes + wanted)
	}
	return nil
}

// Wait runs fn, which may block, outside the compute budget. fn must return when ctx ends. After it
// the run's context is looked at, so a cancelled run ends here.
func (r *Run) Wait(fn func(ctx context.Context) error) error {
	began := time.Now()
	if !r.timing {
		r.timing, r.start = true, began
	}
	err := fn(r.ctx)
	r.waited += time.Since(began)
	if r.ctx.Err() != nil {
		return r.stopByContext()
	}
	return err
}

// Waited returns how much of the run's time was spent inside Wait so far: the rest it has computed.
func (r *Run) Waited() time.Duration { return r.waited }

// Pin keeps v reachable for the live-bytes budget while a host function calls back into scripts, and
// returns a function that lets it go. Calls nest.
func (r *Run) Pin(v Value) (release func()) {
	n := len(r.pins)
	r.pins = append(r.pins, v)
	return func() {
		clear(r.pins[n:])
		r.pins = r.pins[:n]
	}
}

// PanicError is the cause of an Error made from a Go panic inside a run: a fault of this program, not
// of the script. Stack is for the operator's log, never for the script or its user.
type PanicError struct {
	Value any
	Stack []byte
}

func (p *PanicError) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// guard turns a panic into an error at the outermost border of the run.
func (r *Run) guard(err *error) {
	p := recover()
	if p == nil {
		return
	}
	*err = &Error{
		Message: "Internal error, see the server's log",
		Kind:    Stopped,
		cause:   &PanicError{Value: p, Stack: debug.Stack()},
	}
}

// Exec runs the top level of a program and returns the value of a top-level return, if any. The
// error, if any, is an *Error.
func (r *Run) Exec(p *Program) (v Value, err error) {
	if r.top == 0 {
		defer r.guard(&err)
	}
	inst, e := r.instance(p, false)
	if e == nil {
		v, e = r.runTop(inst)
	}
	if e != nil {
		return Undefined, e
	}
	return v, nil
}

// Call calls a top-level function of a program: missing arguments are undefined, extra ones are
// ignored, but for V2 sources, where both are ErrWrongArguments. Each program is set up once per run.
// It returns ErrNoFunction if the program has no such function, else an *Error.
func (r *Run) Call(p *Program, name string, args ...Value) (v Value, err error) {
	if r.top == 0 {
		defer r.guard(&err)
	}
	code := p.functions[name]
	if code == nil {
		return Undefined, ErrNoFunction
	}
	inst, e := r.instance(p, true)
	if e == nil {
		v, e = r.callCode(code, inst, inst.root, Undefined, args)
		if e != nil && len(e.Frames) == 0 {
			e = e.raisedAt(p.url, code.line)
		}
	}
	if e != nil {
		return Undefined, e
	}
	return v, nil
}

// CallValue calls a function value. A value that is not a function is an error.
func (r *Run) CallValue(fn, this Value, args ...Value) (Value, error) {
	n := len(r.pins)
	r.pins = append(append(r.pins, this), args...)
	v, e := r.callValue(fn, this, args)
	r.unpin(n)
	if e != nil {
		return Undefined, e
	}
	r.keepResult(v)
	return v, nil
}

// CallMethod calls obj.name(args…) as a script would, with the same errors (CallObjectMethod).
func (r *Run) CallMethod(obj Value, name string, args []Value) (Value, error) {
	v, e := r.callMethod(obj, name, args)
	if e != nil {
		return Undefined, e
	}
	return v, nil
}

// GetProperty reads a property as obj.name does: getters run, an absent one is the error
// "Unknown object property: name".
func (r *Run) GetProperty(obj Value, name string) (Value, error) {
	v, ok, e := r.getProperty(obj, name)
	if e != nil {
		return Undefined, e
	}
	if !ok {
		return Undefined, errUnknownProperty(name)
	}
	return v, nil
}

// OptProperty reads a property; ok is false if it is absent.
func (r *Run) OptProperty(obj Value, name string) (v Value, ok bool, err error) {
	v, ok, e := r.getProperty(obj, name)
	if e != nil {
		return Undefined, false, e
	}
	return v, ok, nil
}

// SetProperty writes a property as obj.name = v does.
func (r *Run) SetProperty(obj Value, name string, v Value) error {
	if e := r.setProperty(obj, name, v); e != nil {
		return e
	}
	return nil
}

// Items returns the elements for-in visits of an array or host collection; ok is false for anything
// that is not a collection (plain objects, strings, empty values). Iteration over an array is live.
func (r *Run) Items(v Value) (items iter.Seq[Value], ok bool) {
	o := v.Object()
	switch {
	case o == nil:
		return nil, false
	case o.class == classArray:
		return func(yield func(Value) bool) {
			for i := 0; i < len(o.vals); i++ {
				if !yield(o.vals[i]) {
					return
				}
			}
		}, true
	case o.class == classHost:
		items = o.ext.(Host).Iterate(r)
		return items, items != nil
	}
	return nil, false
}

// NewObject returns an empty JsObject. Like the other constructors it counts what it makes; the budget
// is looked at with the next charge.
func (r *Run) NewObject() *Object {
	r.bytes += sizeObject
	return &Object{}
}

// NewArray returns an array that owns vals. Charge the run before making a large one.
func (r *Run) NewArray(vals []Value) *Object {
	r.bytes += sizeObject
	return &Object{class: classArray, vals: vals}
}

// NewErrorObject returns an error object with the message, as new Error(message) makes it. e then belongs
// to the object.
func (r *Run) NewErrorObject(e *Error) Value {
	r.bytes += sizeObject + sizeError + int64(len(e.Message))
	return ObjectValue(newErrorObject(e))
}

// Equal is the dialect's == (and ===): strict, on scalars (spec/basescript.md 1.3).
func (r *Run) Equal(a, b Value) bool {
	r.chargeTexts(a, b)
	if equal(a, b) {
		return true
	}
	return r.cfg.NullEqualsUndefined && a.IsNil() && b.IsNil()
}

// longText is the length from which looking at a text is charged as work.
const longText = 4096

// chargeTexts charges comparing long texts.
func (r *Run) chargeTexts(a, b Value) {
	if a.k == KindString && b.k == KindString && a.n > longText && b.n > longText {
		r.steps -= int64(min(a.n, b.n) >> 6)
	}
}

// Callback is a function or string expression that a built-in calls once per element.
type Callback struct {
	r  *Run
	fn Value
}

// Callback returns v, an argument at one of the Func's Text positions, ready to be called: a function,
// or script text evaluated with This as the element (spec/basescript.md 1.11). Text that does not
// parse is an error, as is any other value.
func (r *Run) Callback(v Value) (Callback, error) {
	if v.Object().IsFunction() {
		return Callback{r, v}, nil
	}
	if v.k == KindString {
		fn, e := r.textFunction(v.Str())
		if e != nil {
			return Callback{}, e
		}
		return Callback{r, fn}, nil
	}
	return Callback{}, Errorf("A string expression or a function is expected, not %s", v.Kind())
}

// Call evaluates the callback for one element. It charges a step.
func (c Callback) Call(elem Value) (Value, error) {
	r := c.r
	n := len(r.pins)
	r.pins = append(r.pins, elem) // the callback may drop what holds it
	v, e := r.callback(c.fn, elem)
	r.unpin(n)
	if e != nil {
		return Undefined, e
	}
	r.keepResult(v)
	return v, nil
}

func (r *Run) unpin(n int) {
	clear(r.pins[n:])
	r.pins = r.pins[:n]
}

// keepResult keeps a long text a callback returned in sight of the live-bytes budget until the
// built-in that called it returns: it is putting it together with others where nothing sees them.
func (r *Run) keepResult(v Value) {
	if v.k == KindString && v.n > 16*longText {
		r.pins = append(r.pins, v)
	}
}
