package basescript

import (
	"math"
	mathbits "math/bits"
)

var arrayMethods map[string]*Method

var arrayClass = &Class{Name: "Array", Methods: superset([]Method{
	{Name: "isArray", Call: func(_ *Run, _ Value, args []Value) (Value, error) { return Bool(arg(args, 0).Object().IsArray()), nil }, Sig: "(value: any): boolean", Doc: "Tells whether the value is an array."},
	{Name: "of", Call: func(r *Run, _ Value, args []Value) (Value, error) { return r.array(append([]Value(nil), args...)) }, Sig: "(...elements: any[]): any[]", Doc: "Makes an array of its arguments."},
	{Name: "from", Min: 1, Call: arrayFrom, Sig: "(source: any, map?: (elem: any, index: number) => any): any[]", Doc: "Makes an array of a collection, a text or an object with a length."},
})}

func init() { // the table refers to functions that refer to the table
	const test = "(test: (elem: any, index: number, list: any[]) => any, self?: any)"
	javascript := superset(onArray([]arrayMethod{
		{"pop", 0, arrayPop, "(): any", "Removes the last element and returns it."},
		{"shift", 0, arrayShift, "(): any", "Removes the first element and returns it."},
		{"unshift", 0, arrayUnshift, "(...elements: any[]): number", "Puts elements before the first and returns the new length."},
		{"slice", 0, arraySlice, "(start?: number, end?: number): any[]", "Returns a copy of a range."},
		{"concat", 0, arrayConcat, "(...lists: any[]): any[]", "Returns the elements with those of other arrays behind them."},
		{"reverse", 0, arrayReverse, "(): any[]", "Turns the order of the elements round."},
		{"sort", 0, arraySortInPlace, "(compare?: (a: any, b: any) => number): any[]", "Sorts the elements, as texts unless told how to compare."},
		{"lastIndexOf", 0, arrayLastIndexOf, "(value: any, start?: number): number", "Returns the last position of a value, -1 if there is none."},
		{"includes", 0, arrayIncludes, "(value: any, start?: number): boolean", "Tells whether a value is among the elements."},
		{"find", 1, arraySearch(false, false), test + ": any", "Returns the first element that passes the test."},
		{"findIndex", 1, arraySearch(false, true), test + ": number", "Returns the position of the first element that passes the test, -1 if none does."},
		{"findLast", 1, arraySearch(true, false), test + ": any", "Returns the last element that passes the test."},
		{"findLastIndex", 1, arraySearch(true, true), test + ": number", "Returns the position of the last element that passes the test, -1 if none does."},
		{"filter", 1, arrayFilter, test + ": any[]", "Returns the elements that pass the test."},
		{"map", 1, arrayMap, test + ": any[]", "Returns what the function gives for each element."},
		{"forEach", 1, arrayForEach, test + ": void", "Calls the function for each element."},
		{"some", 1, arrayQuantify(true), test + ": boolean", "Tells whether an element passes the test."},
		{"every", 1, arrayQuantify(false), test + ": boolean", "Tells whether all elements pass the test."},
		{"reduce", 1, arrayReduce(false), "(step: (sum: any, elem: any, index: number, list: any[]) => any, initial?: any): any", "Folds the elements into one value."},
		{"reduceRight", 1, arrayReduce(true), "(step: (sum: any, elem: any, index: number, list: any[]) => any, initial?: any): any", "Folds the elements into one value, from the last on."},
		{"flat", 0, arrayFlat, "(depth?: number): any[]", "Returns the elements with those of inner arrays in their place."},
		{"flatMap", 1, arrayFlatMap, test + ": any[]", "Returns what the function gives, inner arrays flattened."},
		{"fill", 0, arrayFill, "(value: any, start?: number, end?: number): any[]", "Sets a range of elements to a value."},
		{"keys", 0, arrayParts(true, false), "(): number[]", "Returns the positions of the elements."},
		{"values", 0, arrayParts(false, true), "(): any[]", "Returns a copy of the elements."},
		{"entries", 0, arrayParts(true, true), "(): [number, any][]", "Returns the elements, each behind its position."},
		{"at", 0, arrayAt, "(index: number): any", "Returns an element, counted from the end if negative."},
		{"toString", 0, func(r *Run, o *Object, _ []Value) (Value, error) { return r.joinElements(o, ",") }, "(): string", "Returns the elements with commas between them."},
	}))
	arrayMethods = methodTable(append(javascript, onArray([]arrayMethod{ // spec/basescript.md 2.3
		{"push", 0, arrayPush, "(...elements: any[]): number", "Appends elements and returns the new length."},
		{"splice", 0, arraySplice, "(start: number, count?: number, ...elements: any[]): any[]", "Replaces a range of elements and returns what was there."},
		{"join", 0, arrayJoin, "(separator?: any): string", "Returns the elements as a text."},
		{"indexOf", 0, arrayIndexOf, "(value: any, start?: number): number", "Returns the position of a value, -1 if there is none."},
		{"AppendUniqueValue", 1, arrayAppendUnique, "(value: any): boolean", "Appends a value unless it is there; tells whether it was appended."},
		{"ByValueExists", 1, arrayIncludes, "(value: any): boolean", "Tells whether a value is among the elements."},
		{"ObtainByValue", 1, arrayObtain, "(value: any): number", "Returns the position of a value, appending it if it is not there."},
		{"FindIndexBySortedValue", 1, arrayIndexOf, "(value: any, start?: number): number", "Returns the position of a value in a sorted array, -1 if it is not there."},
		{"ObtainBySortedValue", 1, arrayObtainSorted, "(value: any): number", "Returns the position of a value in a sorted array, inserting it if it is not there."},
	})...))
}

// arrayMethod is a method whose self is known to be an array.
type arrayMethod struct {
	name string
	min  int
	call func(r *Run, o *Object, args []Value) (Value, error)
	sig  string
	doc  string
}

// onArray makes methods that refuse any self but an array; through Function.call they can be given
// anything.
func onArray(list []arrayMethod) []Method {
	methods := make([]Method, len(list))
	for i, m := range list {
		methods[i] = Method{Name: m.name, Min: m.min, Sig: m.sig, Doc: m.doc,
			Call: func(r *Run, self Value, args []Value) (Value, error) {
				o := self.Object()
				if !o.IsArray() {
					return Undefined, errNotA("an array", self)
				}
				return m.call(r, o, args)
			}}
	}
	return methods
}

// writable refuses to change a frozen array.
func writable(o *Object) error {
	if o.frozen {
		return NewError("Object is read only")
	}
	return nil
}

// newArray is Array(…): one whole number is a length, anything else the elements.
func newArray(r *Run, args []Value) (Value, error) {
	if len(args) != 1 || !args[0].isNumber() {
		return r.array(append([]Value(nil), args...))
	}
	if !isInteger(args[0]) || args[0].real() < 0 || args[0].real() > maxArrayLen {
		return Undefined, NewError("Invalid array length")
	}
	n := int64(args[0].real())
	if err := r.reserve(n, sizeValue); err != nil {
		return Undefined, err
	}
	return ObjectValue(r.NewArray(make([]Value, n))), nil
}

func arrayFrom(r *Run, _ Value, args []Value) (Value, error) {
	list, err := r.arrayOf(args[0])
	if err != nil || !arg(args, 1).Object().IsFunction() {
		return list, err
	}
	return arrayMap(r, list.Object(), args[1:])
}

// arrayOf makes an array of a collection, the characters of a text, or an object with a length.
func (r *Run) arrayOf(v Value) (Value, error) {
	o := v.Object()
	switch {
	case v.k == KindString:
		return r.splitText(v.Str(), "", maxArrayLen)
	case o == nil || o.class != classObject:
		return arraySelectAll(r, []Value{v})
	}
	length, _, err := r.OptProperty(v, "length")
	if err != nil {
		return Undefined, err
	}
	n, _ := length.ToInt()
	list, err := newArray(r, []Value{Int(max(0, n))})
	if err != nil {
		return Undefined, err
	}
	for i := range list.Object().vals {
		item, _, e := r.index(v, Int(int64(i)))
		if e != nil {
			return Undefined, e
		}
		list.Object().vals[i] = item
	}
	return list, nil
}

func arrayPush(r *Run, o *Object, args []Value) (Value, error) {
	if err := writable(o); err != nil {
		return Undefined, err
	}
	for _, v := range args {
		if err := r.appendTo(o, v); err != nil {
			return Undefined, err
		}
	}
	return Int(int64(len(o.vals))), nil
}

func arrayPop(_ *Run, o *Object, _ []Value) (Value, error) {
	if err := writable(o); err != nil || len(o.vals) == 0 {
		return Undefined, err
	}
	last := o.vals[len(o.vals)-1]
	o.Truncate(len(o.vals) - 1)
	return last, nil
}

// arrayShift moves the beginning of the array instead of its elements: a loop that takes one after the
// other stays linear. Now and then it copies what is left, or the memory of what was taken would stay and
// not be seen: whenever the room left is a multiple of an eighth of itself.
func arrayShift(r *Run, o *Object, _ []Value) (Value, error) {
	if err := writable(o); err != nil || len(o.vals) == 0 {
		return Undefined, err
	}
	first := o.vals[0]
	o.vals[0] = Undefined
	o.vals = o.vals[1:]
	room := cap(o.vals)
	if step := 1 << max(1, mathbits.Len(uint(room))-4); room%step == 0 {
		if err := r.Alloc(len(o.vals) * sizeValue); err != nil {
			return Undefined, err
		}
		o.vals = append(make([]Value, 0, len(o.vals)), o.vals...)
	}
	return first, nil
}

func arrayUnshift(r *Run, o *Object, args []Value) (Value, error) {
	if err := r.replaceRange(o, 0, 0, args); err != nil {
		return Undefined, err
	}
	return Int(int64(len(o.vals))), nil
}

// replaceRange puts elements in the place of count others.
func (r *Run) replaceRange(o *Object, from, count int, with []Value) error {
	if err := writable(o); err != nil {
		return err
	}
	if err := r.Step((len(o.vals) - from) >> 6); err != nil {
		return err
	}
	if len(with) <= count {
		copy(o.vals[from:], with)
		end := copy(o.vals[from+len(with):], o.vals[from+count:]) + from + len(with)
		o.Truncate(end)
		return nil
	}
	n := len(o.vals) + len(with) - count
	if n > cap(o.vals) {
		if err := r.reserve(int64(n+n/2), sizeValue); err != nil {
			return err
		}
		o.vals = append(make([]Value, 0, n+n/2), o.vals...)
	}
	old := len(o.vals)
	o.vals = o.vals[:n]
	copy(o.vals[from+len(with):], o.vals[from+count:old])
	copy(o.vals[from:], with)
	return nil
}

func arraySplice(r *Run, o *Object, args []Value) (Value, error) {
	n := len(o.vals)
	from := relativeIndex(indexArg(args, 0, 0), n)
	count := n - from
	switch {
	case len(args) == 0:
		count = 0
	case len(args) > 1:
		count = max(0, min(indexArg(args, 1, 0), count))
	}
	removed, err := r.copyRange(o, from, from+count)
	if err != nil {
		return Undefined, err
	}
	var with []Value
	if len(args) > 2 {
		with = args[2:]
	}
	return removed, r.replaceRange(o, from, count, with)
}

// relativeIndex counts negative positions from the end and keeps all within the array.
func relativeIndex(i, n int) int {
	if i < 0 {
		return max(0, i+n)
	}
	return min(i, n)
}

// copyRange returns a new array of some elements.
func (r *Run) copyRange(o *Object, from, to int) (Value, error) {
	n := max(0, to-from)
	if err := r.reserve(int64(n), sizeValue); err != nil {
		return Undefined, err
	}
	if n == 0 {
		return r.array(nil)
	}
	return ObjectValue(r.NewArray(append(make([]Value, 0, n), o.vals[from:to]...))), r.Alloc(sizeObject)
}

func arraySlice(r *Run, o *Object, args []Value) (Value, error) {
	n := len(o.vals)
	return r.copyRange(o, relativeIndex(indexArg(args, 0, 0), n), relativeIndex(indexArg(args, 1, n), n))
}

func arrayConcat(r *Run, o *Object, args []Value) (Value, error) {
	n := len(o.vals)
	for _, v := range args {
		if list := v.Object(); list.IsArray() {
			n += len(list.vals)
		} else {
			n++
		}
	}
	if err := r.reserve(int64(n), sizeValue); err != nil {
		return Undefined, err
	}
	vals := append(make([]Value, 0, n), o.vals...)
	for _, v := range args {
		if list := v.Object(); list.IsArray() {
			vals = append(vals, list.vals...)
		} else {
			vals = append(vals, v)
		}
	}
	return ObjectValue(r.NewArray(vals)), nil
}

func arrayJoin(r *Run, o *Object, args []Value) (Value, error) {
	separator := ","
	if v := arg(args, 0); !v.IsUndefined() {
		separator = v.Text()
	}
	return r.joinElements(o, separator)
}

// joinElements joins the texts of the elements; undefined and null are empty.
func (r *Run) joinElements(o *Object, separator string) (Value, error) {
	out := textBuilder{r: r}
	for i, v := range o.vals {
		if err := r.Step(1); err != nil {
			return Undefined, err
		}
		if i > 0 {
			if err := out.add(separator); err != nil {
				return Undefined, err
			}
		}
		if v.IsNil() {
			continue
		}
		if err := out.add(v.Text()); err != nil {
			return Undefined, err
		}
	}
	return out.value(), nil
}

func arrayReverse(r *Run, o *Object, _ []Value) (Value, error) {
	if err := writable(o); err != nil {
		return Undefined, err
	}
	for i, j := 0, len(o.vals)-1; i < j; i, j = i+1, j-1 {
		o.vals[i], o.vals[j] = o.vals[j], o.vals[i]
	}
	return ObjectValue(o), r.Step(len(o.vals) >> 6)
}

// arraySortInPlace sorts a copy, so that a comparison that changes the array does no harm, and puts
// it in place. Undefined elements come last.
func arraySortInPlace(r *Run, o *Object, args []Value) (Value, error) {
	if err := writable(o); err != nil {
		return Undefined, err
	}
	if err := r.reserve(2*int64(len(o.vals)), sizeValue); err != nil {
		return Undefined, err
	}
	compare, err := r.comparison(arg(args, 0))
	if err != nil {
		return Undefined, err
	}
	sorted := make([]Value, 0, len(o.vals))
	for _, v := range o.vals {
		if !v.IsUndefined() {
			sorted = append(sorted, v)
		}
	}
	missing := len(o.vals) - len(sorted)
	defer r.Pin(ObjectValue(r.NewArray(append([]Value(nil), sorted...))))()
	if err := mergeSort(sorted, compare); err != nil {
		return Undefined, err
	}
	o.setElements(append(sorted, make([]Value, missing)...))
	return ObjectValue(o), nil
}

// comparison makes the order of sort: a function's, or that of the texts.
func (r *Run) comparison(fn Value) (func(a, b Value) (int, error), error) {
	if fn.IsNil() {
		return func(a, b Value) (int, error) {
			if err := r.Step(1); err != nil {
				return 0, err
			}
			x, y := a.Text(), b.Text()
			switch {
			case x < y:
				return -1, nil
			case x > y:
				return 1, nil
			}
			return 0, nil
		}, nil
	}
	call, err := r.newElementCall(fn, Undefined, 2)
	if err != nil {
		return nil, err
	}
	return func(a, b Value) (int, error) {
		call.args[0], call.args[1] = a, b
		v, err := call.do()
		if err != nil {
			return 0, err
		}
		switch f := toNumber(v.Scalar()).real(); {
		case f < 0:
			return -1, nil
		case f > 0:
			return 1, nil
		}
		return 0, nil
	}, nil
}

func arrayIndexOf(r *Run, o *Object, args []Value) (Value, error) {
	i, err := r.indexOf(o, arg(args, 0), relativeIndex(indexArg(args, 1, 0), len(o.vals)))
	return Int(int64(i)), err
}

func (r *Run) indexOf(o *Object, v Value, from int) (int, error) {
	for i := from; i < len(o.vals); i++ {
		if e := r.step(1); e != nil { // comparing charges long texts
			return -1, e
		}
		if r.Equal(o.vals[i], v) {
			return i, nil
		}
	}
	return -1, nil
}

func arrayLastIndexOf(r *Run, o *Object, args []Value) (Value, error) {
	from := len(o.vals) - 1
	if i := indexArg(args, 1, from); i < 0 {
		from = i + len(o.vals)
	} else {
		from = min(i, from)
	}
	for i := from; i >= 0; i-- {
		if e := r.step(1); e != nil {
			return Undefined, e
		}
		if r.Equal(o.vals[i], arg(args, 0)) {
			return Int(int64(i)), nil
		}
	}
	return Int(-1), r.Step(len(o.vals) >> 2)
}

func arrayIncludes(r *Run, o *Object, args []Value) (Value, error) {
	v, from := arg(args, 0), relativeIndex(indexArg(args, 1, 0), len(o.vals))
	if v.k == KindReal && math.IsNaN(v.Real()) {
		for _, elem := range o.vals[from:] {
			if elem.k == KindReal && math.IsNaN(elem.Real()) {
				return True, nil
			}
		}
		return False, r.Step(len(o.vals) >> 2)
	}
	i, err := r.indexOf(o, v, from)
	return Bool(i >= 0), err
}

// elementCall calls a script function again and again with the same slice of arguments.
type elementCall struct {
	r        *Run
	fn, self Value
	args     []Value
	passed   []Value // the args the function accepts
}

func (r *Run) newElementCall(fn, self Value, args int) (*elementCall, error) {
	if !fn.Object().IsFunction() {
		return nil, errNotA("a function", fn)
	}
	c := &elementCall{r: r, fn: fn, self: self, args: make([]Value, args)}
	c.passed = fn.Object().function().accepted(c.args)
	return c, nil
}

func (c *elementCall) do() (Value, error) {
	n := len(c.r.pins)
	c.r.pins = append(c.r.pins, c.args...)
	v, e := c.r.callValue(c.fn, c.self, c.passed)
	c.r.unpin(n)
	c.r.keepResult(v)
	if e != nil {
		return Undefined, e
	}
	return v, nil
}

// element calls the function with an element, its position and the array.
func (c *elementCall) element(o *Object, i int) (elem, result Value, err error) {
	elem = o.vals[i]
	c.args[0], c.args[1], c.args[2] = elem, Int(int64(i)), ObjectValue(o)
	result, err = c.do()
	return elem, result, err
}

// eachElement calls a script function for the elements there are now, unless they go meanwhile, until
// fn returns false.
func (r *Run) eachElement(o *Object, args []Value, fn func(i int, elem, result Value) (bool, error)) error {
	call, err := r.newElementCall(args[0], arg(args, 1), 3)
	if err != nil {
		return err
	}
	n := len(o.vals)
	for i := 0; i < n && i < len(o.vals); i++ {
		elem, result, err := call.element(o, i)
		if err != nil {
			return err
		}
		if more, err := fn(i, elem, result); err != nil || !more {
			return err
		}
	}
	return nil
}

func arraySearch(fromEnd, wantIndex bool) func(*Run, *Object, []Value) (Value, error) {
	return func(r *Run, o *Object, args []Value) (Value, error) {
		call, err := r.newElementCall(args[0], arg(args, 1), 3)
		if err != nil {
			return Undefined, err
		}
		n := len(o.vals)
		for turn := range n {
			i := turn
			if fromEnd {
				i = n - 1 - turn
			}
			if i >= len(o.vals) {
				continue
			}
			elem, ok, err := call.element(o, i)
			switch {
			case err != nil:
				return Undefined, err
			case ok.Truthy() && wantIndex:
				return Int(int64(i)), nil
			case ok.Truthy():
				return elem, nil
			}
		}
		if wantIndex {
			return Int(-1), nil
		}
		return Undefined, nil
	}
}

// buildElements makes an array from what a script function gives for each element, with room for so
// many to begin with.
func (r *Run) buildElements(o *Object, room int, args []Value, fn func(out *Object, elem, result Value) error) (Value, error) {
	if err := r.reserve(int64(room), sizeValue); err != nil {
		return Undefined, err
	}
	out := r.NewArray(make([]Value, 0, room))
	defer r.Pin(ObjectValue(out))()
	err := r.eachElement(o, args, func(_ int, elem, result Value) (bool, error) {
		return true, fn(out, elem, result)
	})
	if err != nil {
		return Undefined, err
	}
	return ObjectValue(out), nil
}

func arrayFilter(r *Run, o *Object, args []Value) (Value, error) {
	return r.buildElements(o, 0, args, func(out *Object, elem, ok Value) error {
		if !ok.Truthy() {
			return nil
		}
		return r.appendTo(out, elem)
	})
}

func arrayMap(r *Run, o *Object, args []Value) (Value, error) {
	n := len(o.vals)
	v, err := r.buildElements(o, n, args, func(out *Object, _, result Value) error { return r.appendTo(out, result) })
	// As many as there were, also where the function took some away.
	for err == nil && len(v.Object().vals) < n {
		err = r.appendTo(v.Object(), Undefined)
	}
	return v, err
}

func arrayForEach(r *Run, o *Object, args []Value) (Value, error) {
	return Undefined, r.eachElement(o, args, func(int, Value, Value) (bool, error) { return true, nil })
}

// arrayQuantify makes some (which ends at the first truth) and every (at the first untruth).
func arrayQuantify(some bool) func(*Run, *Object, []Value) (Value, error) {
	return func(r *Run, o *Object, args []Value) (Value, error) {
		answer := !some
		err := r.eachElement(o, args, func(_ int, _, ok Value) (bool, error) {
			if ok.Truthy() == some {
				answer = some
				return false, nil
			}
			return true, nil
		})
		return Bool(answer), err
	}
}

func arrayReduce(fromEnd bool) func(*Run, *Object, []Value) (Value, error) {
	return func(r *Run, o *Object, args []Value) (Value, error) {
		call, err := r.newElementCall(args[0], Undefined, 4)
		if err != nil {
			return Undefined, err
		}
		n, sum, started := len(o.vals), arg(args, 1), len(args) > 1
		for turn := range n {
			i := turn
			if fromEnd {
				i = n - 1 - turn
			}
			if i >= len(o.vals) {
				continue
			}
			if !started {
				sum, started = o.vals[i], true
				continue
			}
			call.args[0], call.args[1], call.args[2], call.args[3] = sum, o.vals[i], Int(int64(i)), ObjectValue(o)
			if sum, err = call.do(); err != nil {
				return Undefined, err
			}
		}
		if !started {
			return Undefined, NewError("Reduce of an empty array needs an initial value")
		}
		return sum, nil
	}
}

func arrayFlat(r *Run, o *Object, args []Value) (Value, error) {
	out := r.NewArray(nil)
	err := r.flatten(out, o, min(indexArg(args, 0, 1), maxJSONDepth))
	return ObjectValue(out), err
}

func (r *Run) flatten(out, o *Object, depth int) error {
	for _, v := range o.vals {
		if err := r.Step(1); err != nil {
			return err
		}
		inner := v.Object()
		if depth > 0 && inner.IsArray() {
			if err := r.flatten(out, inner, depth-1); err != nil {
				return err
			}
			continue
		}
		if err := r.appendTo(out, v); err != nil {
			return err
		}
	}
	return nil
}

func arrayFlatMap(r *Run, o *Object, args []Value) (Value, error) {
	return r.buildElements(o, 0, args, func(out *Object, _, result Value) error {
		if inner := result.Object(); inner.IsArray() {
			return r.flatten(out, inner, 0)
		}
		return r.appendTo(out, result)
	})
}

func arrayFill(r *Run, o *Object, args []Value) (Value, error) {
	if err := writable(o); err != nil {
		return Undefined, err
	}
	n := len(o.vals)
	from, to := relativeIndex(indexArg(args, 1, 0), n), relativeIndex(indexArg(args, 2, n), n)
	for i := from; i < to; i++ {
		o.vals[i] = arg(args, 0)
	}
	return ObjectValue(o), r.Step(max(0, to-from) >> 6)
}

func arrayAt(_ *Run, o *Object, args []Value) (Value, error) {
	i := indexArg(args, 0, 0)
	if i < 0 {
		i += len(o.vals)
	}
	if i < 0 || i >= len(o.vals) {
		return Undefined, nil
	}
	return o.vals[i], nil
}

func arrayAppendUnique(r *Run, o *Object, args []Value) (Value, error) {
	i, err := r.indexOf(o, args[0], 0)
	if err != nil || i >= 0 {
		return False, err
	}
	if _, err := arrayPush(r, o, args[:1]); err != nil {
		return Undefined, err
	}
	return True, nil
}

func arrayObtain(r *Run, o *Object, args []Value) (Value, error) {
	i, err := r.indexOf(o, args[0], 0)
	if err != nil || i >= 0 {
		return Int(int64(i)), err
	}
	n, err := arrayPush(r, o, args[:1])
	return Int(n.Int() - 1), err
}

func arrayObtainSorted(r *Run, o *Object, args []Value) (Value, error) {
	low, high := 0, len(o.vals)
	for low < high {
		middle := (low + high) / 2
		if compareAny(o.vals[middle], args[0]) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(o.vals) && r.Equal(o.vals[low], args[0]) {
		return Int(int64(low)), nil
	}
	return Int(int64(low)), r.replaceRange(o, low, 0, args[:1])
}

// arrayParts makes keys, values and entries, which return arrays and not iterators: for-of and spread
// take either.
func arrayParts(keys, values bool) func(r *Run, o *Object, _ []Value) (Value, error) {
	return func(r *Run, o *Object, _ []Value) (Value, error) {
		size := sizeValue
		if keys && values {
			size += sizeObject + 2*sizeValue
		}
		if err := r.reserve(int64(len(o.vals)), size); err != nil {
			return Undefined, err
		}
		list := make([]Value, len(o.vals))
		for i, v := range o.vals {
			if e := r.step(1); e != nil {
				return Undefined, e
			}
			switch {
			case !values:
				list[i] = Int(int64(i))
			case !keys:
				list[i] = v
			default:
				list[i] = ObjectValue(newArrayOf([]Value{Int(int64(i)), v}))
			}
		}
		return ObjectValue(r.NewArray(list)), nil
	}
}
