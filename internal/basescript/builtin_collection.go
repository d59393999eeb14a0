package basescript

import "iter"

// Map and Set are a superset: the dialect has neither. Their keys are equal by the dialect's own rule
// (spec/basescript.md 1.3), NaN being equal to itself; entries keep the order of their insertion.

// mapObject is a Map or a Set: a host object with entries behind it.
type mapObject struct {
	instance
	entries []mapEntry
	index   map[valueKey]int
	removed int // entries that are gone but keep their place
	loops   int // loops that are going through the entries
}

type mapEntry struct {
	key, val Value
	gone     bool
}

const (
	// sizeMap is what a map takes beside its object, its entries and its index.
	sizeMap = 160
	// sizeMapEntry is an entry, sizeMapIndex its place in the index, half of which may be empty.
	sizeMapEntry = 56
	sizeMapIndex = 112
	// leastMapIndex is the index of a map with an entry.
	leastMapIndex = 464
)

var (
	mapClass = &Class{Name: "Map", Iterate: mapIterate(mapPair)}
	setClass = &Class{Name: "Set", Iterate: mapIterate(mapKey)}
)

func init() { // the tables refer to functions that refer to the tables
	const each = "(visit: (value: any, key: any, collection: any) => void, self?: any): void"
	size := []Prop{{Name: "size", Get: mapSize, Sig: "number", Doc: "The number of entries."}}
	both := func(list ...Method) []Method {
		return superset(append(list,
			Method{Name: "has", Min: 1, Call: onMap(mapHas), Sig: "(key: any): boolean", Doc: "Tells whether there is an entry."},
			Method{Name: "delete", Min: 1, Call: onMap(mapDelete), Sig: "(key: any): boolean", Doc: "Removes an entry and tells whether it was there."},
			Method{Name: "clear", Call: onMap(mapClear), Sig: "(): void", Doc: "Removes all entries."},
			Method{Name: "forEach", Min: 1, Call: onMap(mapForEach), Sig: each, Doc: "Calls the function for each entry, in the order of insertion."},
		))
	}
	mapClass.Props, setClass.Props = supersetProps(size), size
	mapClass.Methods = both(
		Method{Name: "get", Min: 1, Call: onMap(mapGet), Sig: "(key: any): any", Doc: "Returns the value of a key, undefined if there is none."},
		Method{Name: "set", Min: 2, Call: onMap(mapSet), Sig: "(key: any, value: any): Map", Doc: "Sets the value of a key and returns the map."},
		Method{Name: "keys", Call: onMap(mapList(mapKey)), Sig: "(): any[]", Doc: "Returns the keys as an array."},
		Method{Name: "values", Call: onMap(mapList(mapValue)), Sig: "(): any[]", Doc: "Returns the values as an array."},
		Method{Name: "entries", Call: onMap(mapList(mapPair)), Sig: "(): [any, any][]", Doc: "Returns keys and values as an array of pairs."},
	)
	setClass.Methods = both(
		Method{Name: "add", Min: 1, Call: onMap(setAdd), Sig: "(value: any): Set", Doc: "Adds a value unless it is there and returns the set."},
		Method{Name: "keys", Call: onMap(mapList(mapKey)), Sig: "(): any[]", Doc: "Returns the values as an array."},
		Method{Name: "values", Call: onMap(mapList(mapKey)), Sig: "(): any[]", Doc: "Returns the values as an array."},
		Method{Name: "entries", Call: onMap(mapList(mapPair)), Sig: "(): [any, any][]", Doc: "Returns pairs of each value with itself."},
	)
}

func collectionGlobals() []Global {
	return functionGlobals([]Func{
		{Name: "Map", Origin: Superset, Call: newMap, New: newMap, Sig: "(pairs?: any): Map", Doc: "Makes a map of pairs of key and value."},
		{Name: "Set", Origin: Superset, Call: newSet, New: newSet, Sig: "(values?: any): Set", Doc: "Makes a set of values."},
	})
}

func (r *Run) newMapObject(c *Class) (*mapObject, error) {
	o := &Object{class: classHost}
	m := &mapObject{instance: instance{class: c, object: ObjectValue(o)}, index: make(map[valueKey]int)}
	o.ext = m
	return m, r.Alloc(sizeObject + sizeMap)
}

func newMap(r *Run, args []Value) (Value, error) {
	m, err := r.newMapObject(mapClass)
	if err != nil || arg(args, 0).IsNil() {
		return m.object, err
	}
	defer r.Pin(m.object)()
	err = r.each(args[0], func(pair Value) (bool, error) {
		if _, ok := r.Items(pair); !ok {
			return false, errNotA("a pair of key and value", pair)
		}
		key, _, e := r.index(pair, Int(0))
		if e != nil {
			return false, e
		}
		v, _, e := r.index(pair, Int(1))
		if e != nil {
			return false, e
		}
		return true, m.put(r, key, v)
	})
	return m.object, err
}

func newSet(r *Run, args []Value) (Value, error) {
	m, err := r.newMapObject(setClass)
	if err != nil || arg(args, 0).IsNil() {
		return m.object, err
	}
	defer r.Pin(m.object)()
	list := args[0]
	if list.k == KindString {
		if list, err = r.arrayOf(list); err != nil {
			return Undefined, err
		}
	}
	err = r.each(list, func(v Value) (bool, error) { return true, m.put(r, v, v) })
	return m.object, err
}

// onMap makes a method of a map or set.
func onMap(call func(r *Run, m *mapObject, args []Value) (Value, error)) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, self Value, args []Value) (Value, error) {
		if o := self.Object(); o != nil {
			if m, ok := o.ext.(*mapObject); ok {
				return call(r, m, args)
			}
		}
		return Undefined, errNotA("a map or set", self)
	}
}

func (m *mapObject) put(r *Run, key, val Value) error {
	k := r.keyOf(key)
	if i, ok := m.index[k]; ok {
		m.entries[i].val = val
		return nil
	}
	size, n := sizeMapIndex, len(m.entries)
	if n == 0 {
		size = leastMapIndex
	}
	room := n
	if n == cap(m.entries) {
		room = n + max(1, min(n, 8+n/4))
		size += room * sizeMapEntry
	}
	if err := r.Alloc(size); err != nil {
		return err
	}
	if room > n {
		m.entries = append(make([]mapEntry, 0, room), m.entries...)
	}
	m.index[k] = len(m.entries)
	m.entries = append(m.entries, mapEntry{key: key, val: val})
	return nil
}

// remove leaves the place of an entry empty: loops may be going through the entries.
func (m *mapObject) remove(r *Run, key Value) bool {
	k := r.keyOf(key)
	i, ok := m.index[k]
	if !ok {
		return false
	}
	delete(m.index, k)
	m.entries[i] = mapEntry{gone: true}
	m.removed++
	if m.removed > 16 && m.removed > len(m.entries)/2 && m.loops == 0 {
		m.compact(r)
	}
	return true
}

func (m *mapObject) compact(r *Run) {
	kept := make([]mapEntry, 0, len(m.entries)-m.removed)
	for _, e := range m.entries {
		if !e.gone {
			m.index[r.keyOf(e.key)] = len(kept)
			kept = append(kept, e)
		}
	}
	m.entries, m.removed = kept, 0
}

// weigh adds what the entries hold to the live bytes of the run.
func (m *mapObject) weigh(w *weigher) {
	w.bytes += sizeMap + int64(cap(m.entries))*sizeMapEntry
	if len(m.index) > 0 {
		w.bytes += max(leastMapIndex, int64(len(m.index))*sizeMapIndex)
	}
	for _, e := range m.entries {
		w.value(e.key)
		w.value(e.val)
	}
}

// each visits the entries, also those that are added meanwhile.
func (m *mapObject) each(r *Run, visit func(e mapEntry) (bool, error)) error {
	m.loops++
	defer func() { m.loops-- }()
	for i := 0; i < len(m.entries); i++ {
		if err := r.Step(1); err != nil {
			return err
		}
		if e := m.entries[i]; !e.gone {
			if more, err := visit(e); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// mapPart is what a loop or list takes of an entry.
type mapPart func(r *Run, e mapEntry) Value

func mapKey(_ *Run, e mapEntry) Value   { return e.key }
func mapValue(_ *Run, e mapEntry) Value { return e.val }

// mapPair counts the pair it makes, but never fails: a loop that could not raise the error would end
// early in its place.
func mapPair(r *Run, e mapEntry) Value {
	r.bytes += 2 * sizeValue
	return ObjectValue(r.NewArray([]Value{e.key, e.val}))
}

func mapIterate(part mapPart) func(r *Run, self Value) iter.Seq[Value] {
	return func(r *Run, self Value) iter.Seq[Value] {
		m := self.obj().ext.(*mapObject)
		return func(yield func(Value) bool) {
			// A run whose steps are used up or whose time is over learns it again at its next step.
			_ = m.each(r, func(e mapEntry) (bool, error) { return yield(part(r, e)), nil })
		}
	}
}

func mapList(part mapPart) func(*Run, *mapObject, []Value) (Value, error) {
	return func(r *Run, m *mapObject, _ []Value) (Value, error) {
		out := r.NewArray(nil)
		defer r.Pin(ObjectValue(out))()
		err := m.each(r, func(e mapEntry) (bool, error) { return true, r.appendTo(out, part(r, e)) })
		return ObjectValue(out), err
	}
}

func mapSize(_ *Run, self Value) (Value, error) {
	return Int(int64(len(self.obj().ext.(*mapObject).index))), nil
}

func mapHas(r *Run, m *mapObject, args []Value) (Value, error) {
	_, ok := m.index[r.keyOf(args[0])]
	return Bool(ok), nil
}

func mapGet(r *Run, m *mapObject, args []Value) (Value, error) {
	if i, ok := m.index[r.keyOf(args[0])]; ok {
		return m.entries[i].val, nil
	}
	return Undefined, nil
}

func mapSet(r *Run, m *mapObject, args []Value) (Value, error) {
	return m.object, m.put(r, args[0], args[1])
}

func setAdd(r *Run, m *mapObject, args []Value) (Value, error) {
	return m.object, m.put(r, args[0], args[0])
}

func mapDelete(r *Run, m *mapObject, args []Value) (Value, error) {
	return Bool(m.remove(r, args[0])), nil
}

func mapClear(_ *Run, m *mapObject, _ []Value) (Value, error) {
	for i := range m.entries {
		m.entries[i] = mapEntry{gone: true}
	}
	clear(m.index)
	if m.removed = len(m.entries); m.loops == 0 {
		m.entries, m.removed = nil, 0
	}
	return Undefined, nil
}

func mapForEach(r *Run, m *mapObject, args []Value) (Value, error) {
	call, err := r.newElementCall(args[0], arg(args, 1), 3)
	if err != nil {
		return Undefined, err
	}
	err = m.each(r, func(e mapEntry) (bool, error) {
		call.args[0], call.args[1], call.args[2] = e.val, e.key, m.object
		_, err := call.do()
		return true, err
	})
	return Undefined, err
}
