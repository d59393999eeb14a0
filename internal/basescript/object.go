package basescript

import (
	cryptorand "crypto/rand"
	"strconv"
	"sync/atomic"
)

// class says what an Object is made of.
type class uint8

const (
	classObject class = iota
	classArray
	classFunction
	classError
	classHost
)

// indexFrom is the number of properties from which an object keeps a map beside its key list.
// A global tree of shapes would be faster still, but keys of client JSON would stay in it for ever
// (design: a private key list, no state shared between runs).
const indexFrom = 16

// Object is anything a script holds by reference: a plain object, an array, a function, an error or
// a host object. Objects belong to one run and one goroutine.
type Object struct {
	class class
	// sharedKeys: keys belongs to the literal that made the object; copy before writing into it.
	sharedKeys bool
	frozen     bool
	// mark is the run's walk that reached the object last (see Run.liveBytes).
	mark uint32
	// keys and vals are the properties in insertion order; an array's elements are its vals and its
	// named properties, rare, live in extra.
	keys  []string
	vals  []Value
	index map[string]int32
	proto *Object
	// ext is what the class needs beside properties: *function, *errorData, Host, *Object
	// (named properties of an array).
	ext any
}

type accessor struct{ get, set *Object }

// Sizes in bytes charged to a run's budget of live bytes.
const (
	sizeObject = 112
	sizeValue  = 24
	sizeKey    = 16
	sizeHost   = 64  // what a host object adds, beside the Go value behind it
	sizeEntry  = 56  // of an index, half of which may be empty
	sizeError  = 240 // what an error adds to its object, its first position lines included
)

// ClassName is what ObjectType returns for the object (spec/basescript.md 1.1).
func (o *Object) ClassName() string {
	switch o.class {
	case classArray:
		return "JsArray"
	case classFunction:
		return "JsFuncObject"
	case classHost:
		return o.ext.(Host).ClassName()
	}
	return "JsObject"
}

// IsArray reports whether o is an array of the dialect. Host collections are not; see Run.Items.
func (o *Object) IsArray() bool { return o != nil && o.class == classArray }

// IsError reports whether o is an error object.
func (o *Object) IsError() bool { return o != nil && o.class == classError }

// IsFunction reports whether o can be called.
func (o *Object) IsFunction() bool { return o != nil && o.class == classFunction }

// Host returns the Go side of a host object, nil for every other object.
func (o *Object) Host() Host {
	if o == nil || o.class != classHost {
		return nil
	}
	return o.ext.(Host)
}

// scalar returns the scalar value of an object that stands for one (spec/basescript.md 1.1).
func (o *Object) scalar() (Value, bool) {
	if o.class == classHost {
		if s, ok := o.ext.(Scalar); ok {
			return s.Scalar(), true
		}
	}
	return Undefined, false
}

// text is the object as text: errors and scalar-valued objects have one, the rest is empty
// (spec/basescript.md 1.2).
func (o *Object) text() string {
	switch o.class {
	case classError:
		return o.ext.(*errorData).text(o)
	case classHost:
		if s, ok := o.scalar(); ok {
			return s.Text()
		}
		if h, ok := o.ext.(*instance); ok {
			if re, ok := h.self.(*regExp); ok {
				return re.text()
			}
		}
	}
	return ""
}

// find returns the position of an own property, -1 if absent.
func (o *Object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return int(i)
		}
		return -1
	}
	for i := range o.keys {
		if o.keys[i] == name {
			return i
		}
	}
	return -1
}

// findHint is find with a memory: hint holds the position where a call site met the name last. It is
// read and written by every goroutine that runs the program, so it may be wrong but never unsafe.
func (o *Object) findHint(name string, hint *atomic.Uint32) int {
	if i := int(hint.Load()); i < len(o.keys) && o.keys[i] == name {
		return i
	}
	return o.findAndHint(name, hint)
}

func (o *Object) findAndHint(name string, hint *atomic.Uint32) int {
	i := o.find(name)
	if i >= 0 {
		hint.Store(uint32(i))
	}
	return i
}

// Get returns an own property of a plain object (or element, or "length", of an array) as stored;
// ok is false if it is absent. Getters are not run: use Run.GetProperty for the whole rule.
func (o *Object) Get(name string) (v Value, ok bool) {
	if o.class == classArray {
		if i, isIndex := arrayIndex(name); isIndex {
			if i < len(o.vals) {
				return o.vals[i], true
			}
			return Undefined, false
		}
		if name == "length" {
			return Int(int64(len(o.vals))), true
		}
		if x, _ := o.ext.(*Object); x != nil {
			return x.Get(name)
		}
		return Undefined, false
	}
	if i := o.find(name); i >= 0 {
		return o.vals[i], true
	}
	return Undefined, false
}

// Set stores an own property, creating it if absent. It charges no budget: host functions call it for
// objects of bounded size, everything else goes through Run.SetProperty.
func (o *Object) Set(name string, v Value) {
	if o.class == classArray {
		if i, isIndex := arrayIndex(name); isIndex && i < len(o.vals) {
			o.vals[i] = v
			return
		}
		o.named().Set(name, v)
		return
	}
	if i := o.find(name); i >= 0 {
		o.vals[i] = v
		return
	}
	o.add(name, v)
}

// named returns the object behind an array's named properties.
func (o *Object) named() *Object {
	x, _ := o.ext.(*Object)
	if x == nil {
		x = &Object{}
		o.ext = x
	}
	return x
}

// add appends a property known to be absent.
func (o *Object) add(name string, v Value) {
	if o.sharedKeys {
		// A literal's key list has no spare capacity of its own: append copies it.
		o.keys = append(o.keys[:len(o.keys):len(o.keys)], name)
		o.sharedKeys = false
	} else {
		o.keys = append(o.keys, name)
	}
	o.vals = append(o.vals, v)
	if o.index != nil {
		o.index[name] = int32(len(o.keys) - 1)
	} else if len(o.keys) >= indexFrom {
		o.reindex()
	}
}

func (o *Object) reindex() {
	o.index = make(map[string]int32, len(o.keys)+len(o.keys)/2)
	for i, k := range o.keys {
		o.index[k] = int32(i)
	}
}

// Delete removes an own property and reports whether it was there. The order of the rest stays.
func (o *Object) Delete(name string) bool {
	if o.class == classArray {
		if i, isIndex := arrayIndex(name); isIndex {
			if i < len(o.vals) {
				o.vals[i] = Undefined
				return true
			}
			return false
		}
		if x, _ := o.ext.(*Object); x != nil {
			return x.Delete(name)
		}
		return false
	}
	i := o.find(name)
	if i < 0 {
		return false
	}
	if o.index != nil {
		o.bury(i)
		return true
	}
	keys := make([]string, 0, len(o.keys)-1)
	keys = append(keys, o.keys[:i]...)
	o.keys = append(keys, o.keys[i+1:]...)
	o.sharedKeys = false
	copy(o.vals[i:], o.vals[i+1:])
	o.vals[len(o.vals)-1] = Undefined
	o.vals = o.vals[:len(o.vals)-1]
	return true
}

// gone is the name of a deleted property of a large object until compact drops it: closing the gap at
// each deletion would make a loop of deletions quadratic. Its entry in the index counts them. No script
// can have a property of that name: nobody is told it.
var gone = cryptorand.Text()

// bury deletes the property at i of an object with an index.
func (o *Object) bury(i int) {
	if o.sharedKeys {
		o.keys, o.sharedKeys = append([]string(nil), o.keys...), false
	}
	delete(o.index, o.keys[i])
	o.keys[i], o.vals[i] = gone, Undefined
	o.index[gone]++
	if int(o.index[gone]) > len(o.keys)/2 {
		o.compact()
	}
}

// compact drops what was deleted. The key list is a new one: a loop may be going through the old.
func (o *Object) compact() {
	if o.index[gone] == 0 {
		return
	}
	keys, n := make([]string, 0, len(o.keys)-int(o.index[gone])), 0
	for i, k := range o.keys {
		if k != gone {
			keys = append(keys, k)
			o.vals[n] = o.vals[i]
			n++
		}
	}
	clear(o.vals[n:])
	o.keys, o.vals = keys, o.vals[:n]
	o.reindex()
}

// Keys returns the names of the own properties in insertion order, for an array its indexes. The
// slice must not be changed.
func (o *Object) Keys() []string {
	if o.class != classArray {
		o.compact()
		return o.keys
	}
	keys := make([]string, len(o.vals))
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	if x, _ := o.ext.(*Object); x != nil {
		keys = append(keys, x.Keys()...)
	}
	return keys
}

// Len returns the number of own properties, for an array the number of its elements.
func (o *Object) Len() int { return len(o.vals) - int(o.index[gone]) }

// Elements returns the elements of an array, nil for anything else. The slice is the array's own:
// writing into it changes the array, appending does not.
func (o *Object) Elements() []Value {
	if o == nil || o.class != classArray {
		return nil
	}
	return o.vals
}

// Append adds an element to an array. Like Set it charges no budget: charge with Run.Alloc first.
func (o *Object) Append(v Value) { o.vals = append(o.vals, v) }

// Truncate shortens an array to n elements.
func (o *Object) Truncate(n int) {
	clear(o.vals[n:])
	o.vals = o.vals[:n]
}

// setElements replaces the elements of an array.
func (o *Object) setElements(vals []Value) { o.vals = vals }

// arrayIndex parses a canonical array index: decimal digits without leading zeros.
func arrayIndex(name string) (int, bool) {
	if name == "" || len(name) > 9 || (name[0] == '0' && len(name) > 1) {
		return 0, false
	}
	n := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// errorData is what an error object adds to its properties: the text scripts see is the property
// "message" (they may change it) followed by the position lines.
type errorData struct {
	err *Error
	// frames is how many lines err had when the object was made: thrown again, err itself goes on and
	// gets more.
	frames int
}

func (d *errorData) text(o *Object) string {
	e := d.present(o)
	return e.Error()
}

// message is the error's text without lines.
func (d *errorData) message(o *Object) string {
	if m, ok := o.Get("message"); ok {
		return m.Text()
	}
	return d.err.Message
}

// present is the error as the object has it: with the present message, and the lines of the time the
// object was made.
func (d *errorData) present(o *Object) Error {
	e := *d.err
	e.Message, e.Frames = d.message(o), e.Frames[:d.frames:d.frames]
	e.own, e.flying = nil, false
	return e
}

// thrown is the error that leaves when the object is thrown. As a rule that is the one it was made
// from, but not if that is on its way already (a finally throws meanwhile) or went on from here before.
func (d *errorData) thrown(o *Object) *Error {
	e := d.err
	if message := d.message(o); e.flying || len(e.Frames) != d.frames || e.Message != message {
		again := d.present(o)
		e = &again
	}
	e.flying = true
	return e
}

// newErrorObject makes the object a catch variable or new Error() gets: a new one, with the properties
// and the class of the object that was thrown (spec/basescript.md 1.10: its identity is not preserved).
func newErrorObject(e *Error) *Object {
	made := &struct {
		Object
		errorData
		room [1]Value
	}{errorData: errorData{err: e, frames: len(e.Frames)}}
	e.flying = false
	o := &made.Object
	made.room[0] = String(e.Message)
	o.class, o.keys, o.sharedKeys, o.vals, o.ext = classError, errorKeys, true, made.room[:], &made.errorData
	if e.own == nil {
		return o
	}
	for i, name := range e.own.Keys() {
		if name != "message" {
			o.Set(name, e.own.vals[i])
		}
	}
	o.proto, e.own = e.own.proto, nil
	return o
}

// errorProperty are the properties every error has though scripts did not give it them: code, which the
// original has, name and stack as in JavaScript.
func (r *Run) errorProperty(o *Object, name string) (Value, bool, error) {
	e := o.ext.(*errorData).err
	switch name {
	case "code":
		return Undefined, true, nil
	case "name":
		if e.name == "" {
			return String("Error"), true, nil
		}
		return String(e.name), true, nil
	case "stack":
		v, err := r.text(o.text())
		return v, true, err
	}
	return Undefined, false, nil
}

// errorKeys are the properties of a new error object.
var errorKeys = []string{"message"}

// ErrorOf returns the error behind an error object with its present message, nil for anything else.
func (o *Object) ErrorOf() *Error {
	if !o.IsError() {
		return nil
	}
	e := o.ext.(*errorData).present(o)
	return &e
}
