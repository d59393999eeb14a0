package basescript

import "strings"

func arrayGlobals() []Global {
	const expr = "expr: string | ((elem: any) => any)"
	const optExpr = "expr?: string | ((elem: any) => any)"
	element := []int{1}
	globals := functionGlobals([]Func{
		{Name: "ArrayOptFirstElem", Min: 1, Call: arrayOptFirst, Sig: "(list: any, otherwise?: any): any", Doc: "Returns the first element, the default if there is none."},
		{Name: "ArrayFirstElem", Min: 1, Call: arrayFirst, Sig: "(list: any): any", Doc: "Returns the first element; fails if there is none."},
		{Name: "ArrayCount", Min: 1, Call: arrayCount, Sig: "(list: any): number", Doc: "Returns the number of elements."},
		{Name: "ArrayOptSize", Min: 1, Call: arrayOptSize, Sig: "(list: any): number", Doc: "Returns the number of elements if it is known beforehand, else undefined."},
		{Name: "ArrayOptFind", Min: 2, Text: element, Call: arrayOptFind, Sig: "(list: any, " + expr + "): any", Doc: "Returns the first element the expression is true for, undefined if there is none."},
		{Name: "ArrayFind", Min: 2, Text: element, Call: arrayFind, Sig: "(list: any, " + expr + "): any", Doc: "Returns the first element the expression is true for; fails if there is none."},
		{Name: "ArrayOptFindByKey", Min: 2, Call: arrayOptFindByKey, Sig: "(list: any, key: any, field?: string): any", Doc: "Returns the first element whose field equals the key, undefined if there is none."},
		{Name: "ArrayOptFindBySortedKey", Min: 2, Call: arrayOptFindByKey, Sig: "(list: any, key: any, field?: string): any", Doc: "Finds by key in a sorted list."},
		{Name: "ArraySelect", Min: 2, Text: element, Call: arraySelect, Sig: "(list: any, " + expr + "): any[]", Doc: "Returns the elements the expression is true for."},
		{Name: "ArraySelectByKey", Min: 2, Call: arraySelectByKey, Sig: "(list: any, key: any, field?: string): any[]", Doc: "Returns the elements whose field equals the key."},
		{Name: "ArraySelectBySortedKey", Min: 2, Call: arraySelectByKey, Sig: "(list: any, key: any, field?: string): any[]", Doc: "Selects by key in a sorted list."},
		{Name: "ArraySelectBySortedKeyPrefix", Min: 2, Call: arraySelectByPrefix, Sig: "(list: any, prefix: any, field?: string): any[]", Doc: "Returns the elements of a sorted list whose field begins with a text."},
		{Name: "ArraySelectAll", Min: 1, Call: arraySelectAll, Sig: "(list: any): any[]", Doc: "Returns a copy of the list."},
		{Name: "ArrayDirect", Min: 1, Call: arrayDirect, Sig: "(list: any): any", Doc: "Returns the list itself if it can be indexed, else a copy."},
		{Name: "ArrayExtract", Min: 1, Text: element, Call: arrayExtract, Sig: "(list: any, " + optExpr + "): any[]", Doc: "Returns the values of the expression for all elements."},
		{Name: "ArrayExtractKeys", Min: 1, Call: arrayExtractKeys, Sig: "(list: any, field?: string): any[]", Doc: "Returns the values of a field of all elements."},
		{Name: "ArrayMerge", Min: 1, Text: element, Call: arrayMerge, Sig: "(list: any, " + optExpr + ", delimiter?: string): string", Doc: "Joins the values of the expression into a text."},
		{Name: "ArrayUnion", Min: 1, Call: arrayUnion, Sig: "(...lists: any[]): any[]", Doc: "Returns the elements of all lists."},
		{Name: "ArrayIntersect", Min: 2, Text: []int{2, 3}, Call: arrayIntersect, Sig: "(list: any, other: any, expr1?: string, expr2?: string): any[]", Doc: "Returns the elements whose key occurs in the other list."},
		{Name: "ArraySelectDistinct", Min: 1, Text: element, Call: arrayDistinct(false), Sig: "(list: any, " + optExpr + "): any[]", Doc: "Returns the first element of each distinct key."},
		{Name: "ArraySelectDistinctKeys", Min: 1, Text: element, Call: arrayDistinct(true), Sig: "(list: any, " + optExpr + "): any[]", Doc: "Returns the distinct keys."},
		{Name: "ArraySort", Min: 2, Text: []int{-1}, Call: arraySort, Sig: "(list: any, expr: string, direction?: '+' | '-', ...more: string[]): any[]", Doc: "Returns the elements sorted by one or more expressions."},
		{Name: "ArrayRange", Min: 2, Call: arrayRange, Sig: "(list: any, start: number, count?: number): any[]", Doc: "Returns so many elements from a position on."},
		{Name: "ArrayMax", Min: 1, Text: element, Call: arrayExtreme(1, true), Sig: "(list: any, " + optExpr + "): any", Doc: "Returns the element with the greatest value; fails if there is none."},
		{Name: "ArrayMin", Min: 1, Text: element, Call: arrayExtreme(-1, true), Sig: "(list: any, " + optExpr + "): any", Doc: "Returns the element with the least value; fails if there is none."},
		{Name: "ArrayOptMax", Min: 1, Text: element, Call: arrayExtreme(1, false), Sig: "(list: any, " + optExpr + "): any", Doc: "Returns the element with the greatest value, undefined if there is none."},
		{Name: "ArrayOptMin", Min: 1, Text: element, Call: arrayExtreme(-1, false), Sig: "(list: any, " + optExpr + "): any", Doc: "Returns the element with the least value, undefined if there is none."},
		{Name: "ArraySum", Min: 1, Text: element, Call: arraySum, Sig: "(list: any, " + optExpr + "): number", Doc: "Returns the sum of the values of the expression."},
		{Name: "ArraySelectHierSubset", Min: 3, Call: arraySelectHier, Sig: "(list: any, key: any, parentField: string): any[]", Doc: "Returns the element with the given id and all below it in a tree."},
		{Name: "ArrayExpand", Min: 1, Text: element, Call: arrayExpand, Sig: "(list: any, " + optExpr + "): any[]", Doc: "Returns the elements of the lists the expression gives."},
	})
	return append(globals, Global{Name: "Array", Static: arrayClass, Sig: "(...elements: any[]): any[]", Doc: "Makes an array.",
		Func: &Func{Name: "Array", Call: newArray, New: newArray, Sig: "(...elements: any[]): any[]", Doc: "Makes an array."}})
}

// each calls fn for every element of an array or host collection, until it returns false or fails. A
// step is charged per element. Arrays may change meanwhile.
func (r *Run) each(list Value, fn func(elem Value) (bool, error)) error {
	if o := list.Object(); o.IsArray() {
		for i := 0; i < len(o.vals); i++ {
			if e := r.step(1); e != nil {
				return e
			}
			if more, err := fn(o.vals[i]); err != nil || !more {
				return err
			}
		}
		return nil
	}
	items, ok := r.Items(list)
	if !ok {
		return errNotA("an array", list)
	}
	for elem := range items {
		if e := r.step(1); e != nil {
			return e
		}
		if more, err := fn(elem); err != nil || !more {
			return err
		}
	}
	return nil
}

// appendTo appends to an array in the making, charging the run as it grows.
func (r *Run) appendTo(o *Object, v Value) error {
	if len(o.vals) == cap(o.vals) {
		if err := r.growTo(o, max(4, 2*len(o.vals))); err != nil {
			return err
		}
	}
	o.vals = append(o.vals, v)
	return nil
}

// growTo gives an array room for so many elements.
func (r *Run) growTo(o *Object, room int) error {
	if err := r.reserve(int64(room), sizeValue); err != nil {
		return err
	}
	o.vals = append(make([]Value, 0, room), o.vals...)
	return nil
}

// list returns the elements of a collection. The slice may be the array's own: it must neither be
// changed nor be held while scripts run.
func (r *Run) list(v Value) ([]Value, error) {
	if o := v.Object(); o.IsArray() {
		return o.vals, r.Step(len(o.vals) >> 6)
	}
	made := r.NewArray(nil)
	err := r.each(v, func(elem Value) (bool, error) { return true, r.appendTo(made, elem) })
	return made.vals, err
}

// collect returns the elements of a collection in a slice of their own.
func (r *Run) collect(v Value) ([]Value, error) {
	vals, err := r.list(v)
	if err != nil || !v.Object().IsArray() {
		return vals, err
	}
	if err := r.reserve(int64(len(vals)), sizeValue); err != nil {
		return nil, err
	}
	return append(make([]Value, 0, len(vals)), vals...), nil
}

// selector is a string expression or function that gives a value for each element; without one the
// value is the element itself.
type selector struct {
	callback Callback
	given    bool
}

func (r *Run) selector(args []Value, i int) (selector, error) {
	v := arg(args, i)
	if v.IsNil() {
		return selector{}, nil
	}
	cb, err := r.Callback(v)
	return selector{cb, true}, err
}

func (s selector) of(elem Value) (Value, error) {
	if !s.given {
		return elem, nil
	}
	return s.callback.Call(elem)
}

// text returns the string expression of a selector that can be evaluated in a loop of its own, and the
// frame it is evaluated on; nil for any other.
func (s selector) text() (*textCode, *frame) {
	if !s.given {
		return nil, nil
	}
	fo := s.callback.fn.obj().function()
	if fo.text == nil || fo.text.scope.hasEnv {
		return nil, nil
	}
	return fo.text, fo.frame
}

// eachOf is each with what a selector gives for every element.
func (r *Run) eachOf(list Value, sel selector, fn func(elem, key Value) (bool, error)) error {
	if o := list.Object(); o.IsArray() {
		if text, f := sel.text(); text != nil {
			return r.eachText(o, text, f, fn)
		}
	}
	return r.each(list, func(elem Value) (bool, error) {
		key, err := sel.of(elem)
		if err != nil {
			return false, err
		}
		return fn(elem, key)
	})
}

// eachTrue calls fn for the elements a selector is true for, until it returns false or fails.
func (r *Run) eachTrue(list Value, sel selector, fn func(elem Value) (bool, error)) error {
	if o := list.Object(); o.IsArray() {
		if text, f := sel.text(); text != nil && text.test != nil {
			return r.eachTest(o, text, f, fn)
		}
	}
	return r.eachOf(list, sel, func(elem, ok Value) (bool, error) {
		if ok.Truthy() {
			return fn(elem)
		}
		return true, nil
	})
}

// eachTest is eachText for a string expression whose truth alone is wanted.
func (r *Run) eachTest(o *Object, text *textCode, f *frame, fn func(elem Value) (bool, error)) error {
	slot, saved := f.lend(text)
	more, err := true, error(nil)
	for i := 0; i < len(o.vals) && more; i++ {
		if e := r.step(2); e != nil {
			err = e
			break
		}
		elem := o.vals[i]
		f.slots[slot] = elem
		ok, e := text.test(f)
		if e != nil {
			err = e
			break
		}
		if !ok {
			continue
		}
		if more, err = fn(elem); err != nil {
			break
		}
	}
	f.slots[slot] = saved
	return err
}

// eachText evaluates a string expression for every element of an array. The element is in sight of the
// live-bytes budget in the frame's slot. An element costs two steps, as with any other callback.
func (r *Run) eachText(o *Object, text *textCode, f *frame, fn func(elem, key Value) (bool, error)) error {
	slot, saved := f.lend(text)
	more, err := true, error(nil)
	for i := 0; i < len(o.vals) && more && err == nil; i++ {
		if e := r.step(2); e != nil {
			err = e
			break
		}
		elem := o.vals[i]
		f.slots[slot] = elem
		key, e := text.body(f)
		if e != nil {
			err = e
			break
		}
		r.keepResult(key)
		more, err = fn(elem, key)
	}
	f.slots[slot] = saved
	return err
}

// build makes an array by looking at each element of a collection and what a selector gives for it, with
// room for so many elements to begin with; it is in sight of the budget of live bytes while it grows.
func (r *Run) build(list Value, sel selector, room int, fn func(out *Object, elem, key Value) error) (Value, error) {
	if err := r.reserve(int64(room), sizeValue); err != nil {
		return Undefined, err
	}
	out := r.NewArray(make([]Value, 0, room))
	defer r.Pin(ObjectValue(out))()
	err := r.eachOf(list, sel, func(elem, key Value) (bool, error) { return true, fn(out, elem, key) })
	if err != nil {
		return Undefined, err
	}
	return ObjectValue(out), nil
}

func arrayOptFirst(r *Run, args []Value) (Value, error) {
	first := arg(args, 1)
	err := r.each(args[0], func(elem Value) (bool, error) {
		first = elem
		return false, nil
	})
	return first, err
}

func arrayFirst(r *Run, args []Value) (Value, error) {
	first, found := Undefined, false
	err := r.each(args[0], func(elem Value) (bool, error) {
		first, found = elem, true
		return false, nil
	})
	if err == nil && !found {
		err = NewError("Array is empty")
	}
	return first, err
}

func arrayCount(r *Run, args []Value) (Value, error) {
	if n := knownLength(args[0]); n >= 0 {
		return Int(int64(n)), nil
	}
	n := 0
	err := r.each(args[0], func(Value) (bool, error) {
		n++
		return true, nil
	})
	return Int(int64(n)), err
}

// knownLength returns the length of an array or indexed collection, -1 for anything else.
func knownLength(v Value) int {
	o := v.Object()
	switch {
	case o.IsArray():
		return len(o.vals)
	case o == nil || o.class != classHost:
		return -1
	}
	if x, ok := o.ext.(Indexed); ok {
		return x.Len()
	}
	return -1
}

func arrayOptSize(_ *Run, args []Value) (Value, error) {
	if n := knownLength(args[0]); n >= 0 {
		return Int(int64(n)), nil
	}
	return Undefined, nil
}

// find returns the first element the selector is true for.
func (r *Run) find(args []Value) (elem Value, found bool, err error) {
	sel, err := r.selector(args, 1)
	if err != nil {
		return Undefined, false, err
	}
	err = r.eachTrue(args[0], sel, func(v Value) (bool, error) {
		elem, found = v, true
		return false, nil
	})
	return elem, found, err
}

func arrayOptFind(r *Run, args []Value) (Value, error) {
	elem, _, err := r.find(args)
	return elem, err
}

func arrayFind(r *Run, args []Value) (Value, error) {
	elem, found, err := r.find(args)
	if err == nil && !found {
		err = NewError("Array element not found")
	}
	return elem, err
}

// keyField reads the name of a key field; without one it is the primary key, id.
func keyField(args []Value, i int) string {
	if v := arg(args, i); !v.IsNil() && v.Text() != "" {
		return v.Text()
	}
	return "id"
}

// fieldEquals tells whether a field of an element, or an element that is a scalar itself, equals key.
func (r *Run) fieldEquals(elem Value, field string, key Value) (bool, error) {
	if elem.k != KindObject {
		return r.Equal(elem, key), nil
	}
	v, ok, err := r.OptProperty(elem, field)
	return ok && r.Equal(v, key), err
}

func arrayOptFindByKey(r *Run, args []Value) (Value, error) {
	field, found := keyField(args, 2), Undefined
	err := r.each(args[0], func(elem Value) (bool, error) {
		ok, err := r.fieldEquals(elem, field, args[1])
		if ok {
			found = elem
		}
		return !ok, err
	})
	return found, err
}

func arraySelectByKey(r *Run, args []Value) (Value, error) {
	field := keyField(args, 2)
	return r.build(args[0], selector{}, 0, func(out *Object, elem, _ Value) error {
		ok, err := r.fieldEquals(elem, field, args[1])
		if err != nil || !ok {
			return err
		}
		return r.appendTo(out, elem)
	})
}

func arraySelectByPrefix(r *Run, args []Value) (Value, error) {
	field, prefix := keyField(args, 2), args[1].Text()
	return r.build(args[0], selector{}, 0, func(out *Object, elem, _ Value) error {
		v, err := r.GetProperty(elem, field)
		if err != nil || !strings.HasPrefix(v.Text(), prefix) {
			return err
		}
		return r.appendTo(out, elem)
	})
}

func arraySelect(r *Run, args []Value) (Value, error) {
	sel, err := r.selector(args, 1)
	if err != nil {
		return Undefined, err
	}
	n := knownLength(args[0])
	out := r.NewArray(nil)
	defer r.Pin(ObjectValue(out))()
	err = r.eachTrue(args[0], sel, func(elem Value) (bool, error) {
		if room := cap(out.vals); len(out.vals) == room && room < n {
			if err := r.growTo(out, min(n, max(8, 4*room))); err != nil {
				return false, err
			}
		}
		return true, r.appendTo(out, elem)
	})
	if err != nil {
		return Undefined, err
	}
	return ObjectValue(out), nil
}

func arraySelectAll(r *Run, args []Value) (Value, error) {
	vals, err := r.collect(args[0])
	if err != nil {
		return Undefined, err
	}
	return ObjectValue(r.NewArray(vals)), r.Alloc(sizeObject)
}

func arrayDirect(r *Run, args []Value) (Value, error) {
	if knownLength(args[0]) >= 0 {
		return args[0], nil
	}
	return arraySelectAll(r, args)
}

func arrayExtract(r *Run, args []Value) (Value, error) {
	sel, err := r.selector(args, 1)
	if err != nil {
		return Undefined, err
	}
	return r.build(args[0], sel, max(0, knownLength(args[0])), func(out *Object, _, v Value) error {
		return r.appendTo(out, v)
	})
}

func arrayExtractKeys(r *Run, args []Value) (Value, error) {
	field := keyField(args, 1)
	return r.build(args[0], selector{}, max(0, knownLength(args[0])), func(out *Object, elem, _ Value) error {
		v, err := r.GetProperty(elem, field)
		if err != nil {
			return err
		}
		return r.appendTo(out, v)
	})
}

func arrayMerge(r *Run, args []Value) (Value, error) {
	sel, err := r.selector(args, 1)
	if err != nil {
		return Undefined, err
	}
	delimiter := ""
	if v := arg(args, 2); !v.IsUndefined() {
		delimiter = v.Text()
	}
	out, first := textBuilder{r: r}, true
	err = r.eachOf(args[0], sel, func(_, v Value) (bool, error) {
		if !first {
			if err := out.add(delimiter); err != nil {
				return false, err
			}
		}
		first = false
		return true, out.add(v.Text())
	})
	return out.value(), err
}

func arrayUnion(r *Run, args []Value) (Value, error) {
	out := r.NewArray(nil)
	for _, list := range args {
		err := r.each(list, func(elem Value) (bool, error) { return true, r.appendTo(out, elem) })
		if err != nil {
			return Undefined, err
		}
	}
	return ObjectValue(out), r.Alloc(sizeObject)
}

// valueSet holds values that count as equal once, by the rule of Run.Equal.
type valueSet map[valueKey]struct{}

type valueKey struct {
	kind Kind
	n    uint64
	text string
	obj  *Object
}

// sizeSetEntry is what an entry of a valueSet is charged as.
const sizeSetEntry = 64

// keyOf makes equal values equal as keys of a map: integers and integral reals alike, dates by
// their instants, objects by identity.
func (r *Run) keyOf(v Value) valueKey {
	v = v.Scalar()
	switch v.k {
	case KindString:
		r.chargeTexts(v, v)
		return valueKey{kind: v.k, text: v.Str()}
	case KindReal:
		if i, ok := realToInt(v.Real()); ok && float64(i) == v.Real() {
			v = Int(i)
		}
	case KindDate:
		t := v.Date().Time
		return valueKey{kind: v.k, n: uint64(t.Unix())<<20 | uint64(t.Nanosecond()/1000)}
	case KindObject:
		return valueKey{kind: v.k, obj: v.obj()}
	case KindNull:
		if r.cfg.NullEqualsUndefined {
			return valueKey{}
		}
	}
	return valueKey{kind: v.k, n: v.n}
}

// add puts a value into the set and reports whether it is new. What is not equal to itself (NaN) always
// is.
func (s valueSet) add(r *Run, v Value) (bool, error) {
	key := r.keyOf(v)
	if _, known := s[key]; known && r.Equal(v, v) {
		return false, nil
	}
	s[key] = struct{}{}
	if e := r.allocHeld(sizeSetEntry, int64(len(s))*sizeSetEntry); e != nil {
		return false, e
	}
	return true, nil
}

func arrayIntersect(r *Run, args []Value) (Value, error) {
	left, err := r.selector(args, 2)
	if err != nil {
		return Undefined, err
	}
	right, err := r.selector(args, 3)
	if err != nil {
		return Undefined, err
	}
	keys := valueSet{}
	err = r.eachOf(args[1], right, func(_, key Value) (bool, error) {
		_, err := keys.add(r, key)
		return true, err
	})
	if err != nil {
		return Undefined, err
	}
	return r.build(args[0], left, 0, func(out *Object, elem, key Value) error {
		if _, ok := keys[r.keyOf(key)]; !ok || !r.Equal(key, key) {
			return nil
		}
		return r.appendTo(out, elem)
	})
}

func arrayDistinct(wantKeys bool) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		sel, err := r.selector(args, 1)
		if err != nil {
			return Undefined, err
		}
		keys := valueSet{}
		return r.build(args[0], sel, 0, func(out *Object, elem, key Value) error {
			isNew, err := keys.add(r, key)
			switch {
			case err != nil || !isNew:
				return err
			case wantKeys:
				return r.appendTo(out, key)
			}
			return r.appendTo(out, elem)
		})
	}
}

// sortOrder is one pair of arguments of ArraySort.
type sortOrder struct {
	sel        selector
	descending bool
}

// arraySort computes all keys first, then sorts stably; a failing expression stops it.
func arraySort(r *Run, args []Value) (Value, error) {
	var orders []sortOrder
	for i := 1; i < len(args); i += 2 {
		sel, err := r.selector(args, i)
		if err != nil {
			return Undefined, err
		}
		orders = append(orders, sortOrder{sel, strings.HasPrefix(arg(args, i+1).Text(), "-")})
	}
	vals, err := r.collect(args[0])
	if err != nil {
		return Undefined, err
	}
	out, keys := r.NewArray(vals), r.NewArray(nil)
	defer r.Pin(ObjectValue(out))()
	defer r.Pin(ObjectValue(keys))()
	for _, elem := range vals {
		for _, o := range orders {
			key, err := o.sel.of(elem)
			if err == nil {
				err = r.appendTo(keys, key.Scalar())
			}
			if err != nil {
				return Undefined, err
			}
		}
	}
	rows, err := r.sortedRows(keys.vals, orders)
	if err != nil {
		return Undefined, err
	}
	sorted := make([]Value, len(vals))
	for i, row := range rows {
		sorted[i] = vals[row]
	}
	return ObjectValue(r.NewArray(sorted)), nil
}

// sortedRows returns the numbers of the rows of keys in sorted order.
func (r *Run) sortedRows(keys []Value, orders []sortOrder) ([]int32, error) {
	width := len(orders)
	n := len(keys) / width
	if err := r.reserve(int64(n), sizeValue+8); err != nil {
		return nil, err
	}
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	err := mergeSort(rows, func(a, b int32) (int, error) {
		if err := r.Step(1); err != nil {
			return 0, err
		}
		for i := range orders {
			c := compareAny(keys[int(a)*width+i], keys[int(b)*width+i])
			if c != 0 && orders[i].descending {
				return -c, nil
			}
			if c != 0 {
				return c, nil
			}
		}
		return 0, nil
	})
	return rows, err
}

// mergeSort sorts stably with a comparison that may fail, at which it stops. Unlike the sorts of the
// standard library it can be ended by the budgets of a run.
func mergeSort[T any](list []T, compare func(a, b T) (int, error)) error {
	return mergeSortInto(list, make([]T, len(list)), compare)
}

func mergeSortInto[T any](list, spare []T, compare func(a, b T) (int, error)) error {
	if len(list) <= 8 {
		return insertionSort(list, compare)
	}
	half := len(list) / 2
	if err := mergeSortInto(list[:half], spare[:half], compare); err != nil {
		return err
	}
	if err := mergeSortInto(list[half:], spare[half:], compare); err != nil {
		return err
	}
	if c, err := compare(list[half-1], list[half]); err != nil || c <= 0 {
		return err // sorted already
	}
	left := spare[:half]
	copy(left, list)
	i, j := 0, half
	for k := 0; i < len(left) && j < len(list); k++ {
		c, err := compare(left[i], list[j])
		if err != nil {
			return err
		}
		if c <= 0 {
			list[k] = left[i]
			i++
		} else {
			list[k] = list[j]
			j++
		}
	}
	copy(list[j-len(left)+i:], left[i:])
	return nil
}

func insertionSort[T any](list []T, compare func(a, b T) (int, error)) error {
	for i := 1; i < len(list); i++ {
		for j := i; j > 0; j-- {
			c, err := compare(list[j-1], list[j])
			if err != nil {
				return err
			}
			if c <= 0 {
				break
			}
			list[j-1], list[j] = list[j], list[j-1]
		}
	}
	return nil
}

func arrayRange(r *Run, args []Value) (Value, error) {
	from, err := intArg(args, 1, 0)
	if err != nil {
		return Undefined, err
	}
	count, err := intArg(args, 2, maxArrayLen)
	if err != nil {
		return Undefined, err
	}
	vals, err := r.list(args[0])
	if err != nil {
		return Undefined, err
	}
	n := int64(len(vals))
	from = max(0, min(from, n))
	count = max(0, min(count, n-from))
	if err := r.reserve(count, sizeValue); err != nil {
		return Undefined, err
	}
	return ObjectValue(r.NewArray(append(make([]Value, 0, count), vals[from:from+count]...))), nil
}

// arrayExtreme makes ArrayMax (sign 1) and ArrayMin (sign -1); of equal values the first counts.
func arrayExtreme(sign int, must bool) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		sel, err := r.selector(args, 1)
		if err != nil {
			return Undefined, err
		}
		var best, bestKey Value
		found := false
		err = r.eachOf(args[0], sel, func(elem, key Value) (bool, error) {
			if !found || compareAny(key, bestKey)*sign > 0 {
				best, bestKey, found = elem, key, true
			}
			return true, nil
		})
		if err == nil && must && !found {
			err = NewError("Array is empty")
		}
		return best, err
	}
}

// arraySum adds numbers and numeric texts; empty values count as nothing.
func arraySum(r *Run, args []Value) (Value, error) {
	sel, err := r.selector(args, 1)
	if err != nil {
		return Undefined, err
	}
	sum := Int(0)
	err = r.eachOf(args[0], sel, func(_, v Value) (bool, error) {
		if v = v.Scalar(); v.IsNil() || isBlank(v) {
			return true, nil
		}
		given := v
		if v.k == KindString || v.k == KindBool {
			v = toNumber(v)
		}
		if !v.isNumber() || (v.k == KindReal && v.Real() != v.Real()) {
			return false, errNotA("a number", given)
		}
		if sum.k == KindInt && v.k == KindInt {
			sum = Int(sum.Int() + v.Int())
		} else {
			sum = Real(sum.real() + v.real())
		}
		return true, nil
	})
	return sum, err
}

func arrayExpand(r *Run, args []Value) (Value, error) {
	sel, err := r.selector(args, 1)
	if err != nil {
		return Undefined, err
	}
	return r.build(args[0], sel, 0, func(out *Object, _, list Value) error {
		return r.each(list, func(v Value) (bool, error) { return true, r.appendTo(out, v) })
	})
}
