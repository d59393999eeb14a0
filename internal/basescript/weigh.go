package basescript

import "unsafe"

// liveBytes is the size of everything the run's scripts still reach: frames, arguments in progress,
// values pinned by host functions, script-level variables. It is what counts against the budget when
// the sum of all allocations has reached it (design: architecture 1).
func (r *Run) liveBytes() int64 {
	r.walk++
	w := weigher{mark: r.walk}
	for _, f := range r.frames[:r.top] {
		w.list(f.slots)
		w.list(f.extra)
		w.value(f.this)
		w.value(f.ret)
		w.env(f.env)
		if f.fn != nil {
			w.function(f.fn)
		}
		if f.inst != nil {
			w.instance(f.inst)
		}
	}
	w.list(r.args)
	w.list(r.pins)
	for _, inst := range r.instances {
		w.instance(inst)
	}
	for _, v := range r.globals {
		w.value(v)
	}
	for _, s := range r.subjects {
		w.bytes += s.held()
		w.value(String(s.text))
	}
	w.protos(r.protos)
	w.held(r.cfg.Host)
	w.drain()
	return w.bytes
}

// weigher adds up reachable values. Objects are marked; texts that share memory are told apart by
// where their bytes lie.
type weigher struct {
	mark    uint32
	bytes   int64
	pending []*Object
	texts   map[unsafe.Pointer]struct{}
}

// sharedText is the length from which a text is counted once however often it is referred to.
const sharedText = 32

// allocSize is about what the allocator takes for so many bytes: it knows some sizes only, and large ones
// are whole pages.
func allocSize(n int) int64 {
	switch {
	case n > 32<<10:
		return int64(n+pageBytes-1) &^ (pageBytes - 1)
	case n > 256:
		return int64(n + n>>4)
	case n > 8:
		return int64(n+15) &^ 15
	}
	return int64(n)
}

const pageBytes = 8 << 10

// sizeText is what a text of its own takes beside its bytes: what the allocator rounds up, and its place
// among the texts of the weighing.
const sizeText = 24

func (w *weigher) value(v Value) {
	switch v.k {
	case KindString:
		w.text(v)
	case KindDate:
		w.bytes += 48
	case KindObject:
		o := v.obj()
		if o.mark != w.mark {
			o.mark = w.mark
			w.pending = append(w.pending, o)
		}
	case kindAccessor:
		a := v.accessor()
		w.value(ObjectValue(a.get))
		w.value(ObjectValue(a.set))
	}
}

func (w *weigher) text(v Value) {
	size := int64(v.n)
	if b := v.textBuf(); b != nil {
		size = int64(cap(b.b))
	}
	if size > sharedText {
		size += sizeText
	}
	if size <= sharedText || w.once(v.textIdentity()) {
		w.bytes += size
	}
}

func (w *weigher) values(list []Value) {
	for _, v := range list {
		if v.k >= KindString {
			w.value(v)
		}
	}
}

// list is a slice that belongs to no object.
func (w *weigher) list(vals []Value) {
	w.bytes += int64(cap(vals)) * sizeValue
	w.values(vals)
}

func (w *weigher) drain() {
	for len(w.pending) > 0 {
		o := w.pending[len(w.pending)-1]
		w.pending = w.pending[:len(w.pending)-1]
		w.object(o)
	}
}

func (w *weigher) object(o *Object) {
	w.bytes += sizeObject + allocSize(cap(o.vals)*sizeValue)
	if !o.sharedKeys {
		w.bytes += allocSize(cap(o.keys) * sizeKey)
		for _, k := range o.keys {
			w.bytes += allocSize(len(k))
		}
	}
	w.bytes += int64(len(o.index)) * sizeEntry
	w.values(o.vals)
	w.value(ObjectValue(o.proto))
	switch ext := o.ext.(type) {
	case *mapObject:
		ext.weigh(w)
	case *Object:
		w.value(ObjectValue(ext))
	case *function:
		w.bytes += 160
		w.function(ext)
	case *instance:
		w.host(ext.self)
	case *scalarInstance:
		w.host(ext.self)
	case *errorData:
		w.bytes += sizeError + int64(len(ext.err.Message)) + int64(cap(ext.err.Frames))*40
	}
}

// weighable is a Holder of this package.
type weighable interface{ weigh(w *weigher) }

// host adds the Go value behind a host object.
func (w *weigher) host(self any) {
	w.bytes += sizeHost
	if h, ok := self.(weighable); ok {
		h.weigh(w)
		return
	}
	w.held(self)
}

// once reports whether something shared is met for the first time.
func (w *weigher) once(p unsafe.Pointer) bool {
	if _, seen := w.texts[p]; seen {
		return false
	}
	if w.texts == nil {
		w.texts = make(map[unsafe.Pointer]struct{})
	}
	w.texts[p] = struct{}{}
	return true
}

func (w *weigher) function(fn *function) {
	w.env(fn.env)
	w.value(fn.this)
	w.value(ObjectValue(fn.self))
	w.value(ObjectValue(fn.home))
	if fn.bound != nil {
		w.value(fn.bound.fn)
		w.value(fn.bound.this)
		w.list(fn.bound.args)
	}
	if fn.inst != nil {
		w.instance(fn.inst)
	}
}

func (w *weigher) env(e *env) {
	for ; e != nil && e.mark != w.mark; e = e.parent {
		e.mark = w.mark
		w.bytes += 64 + int64(len(e.vals))*sizeValue
		w.values(e.vals)
	}
}

func (w *weigher) instance(inst *Instance) {
	w.env(inst.root)
	for _, v := range inst.funcs {
		w.value(v)
	}
}

func (w *weigher) protos(p *protoSet) {
	if p == nil {
		return
	}
	for _, o := range []*Object{p.object, p.array, p.str, p.number, p.boolean, p.function, p.err, p.date} {
		w.value(ObjectValue(o))
	}
}
