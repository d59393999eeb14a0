package basescript

// newArrayOf returns an array with a copy of vals. Short arrays take one allocation.
func newArrayOf(vals []Value) *Object {
	n := len(vals)
	switch {
	case n == 0:
		return &Object{class: classArray}
	case n <= 4:
		small := &struct {
			Object
			room [4]Value
		}{}
		copy(small.room[:], vals)
		small.Object.class = classArray
		small.Object.vals = small.room[:n]
		return &small.Object
	}
	return &Object{class: classArray, vals: append(make([]Value, 0, n), vals...)}
}

// newParsedObject returns an object with copies of keys and vals. With like, whose keys are the same,
// it uses like's key list. With shared its key list stands alone, for objects to come: a list inside
// the object would keep the object's values alive for as long as any of them.
func newParsedObject(keys []string, vals []Value, like *Object, shared bool) *Object {
	n := len(keys)
	if n == 0 {
		return &Object{}
	}
	if like == nil && hasDuplicate(keys) {
		return newDedupedObject(keys, vals)
	}
	var o *Object
	switch {
	case like != nil:
		o = newObjectRoom(vals)
		like.sharedKeys, o.sharedKeys = true, true
		o.keys = like.keys[:n:n]
	case shared || n > 8:
		o = newObjectRoom(vals)
		o.keys = append(make([]string, 0, n), keys...)
	default:
		return newInlineObject(keys, vals)
	}
	if n >= indexFrom {
		o.reindex()
	}
	return o
}

// hasDuplicate reports equal names. Long lists are left to a map.
func hasDuplicate(keys []string) bool {
	if len(keys) >= indexFrom {
		seen := make(map[string]struct{}, len(keys))
		for _, k := range keys {
			seen[k] = struct{}{}
		}
		return len(seen) < len(keys)
	}
	for i := 1; i < len(keys); i++ {
		for j := range i {
			if keys[i] == keys[j] {
				return true
			}
		}
	}
	return false
}

// newDedupedObject keeps the place of the first of equal keys and the value of the last.
func newDedupedObject(keys []string, vals []Value) *Object {
	o := &Object{}
	for i, k := range keys {
		o.Set(k, vals[i])
	}
	return o
}

// newObjectRoom returns an object with a copy of vals in its own allocation where they are few.
func newObjectRoom(vals []Value) *Object {
	n := len(vals)
	switch {
	case n <= 4:
		s := &struct {
			Object
			room [4]Value
		}{}
		copy(s.room[:], vals)
		s.Object.vals = s.room[:n]
		return &s.Object
	case n <= 8:
		s := &struct {
			Object
			room [8]Value
		}{}
		copy(s.room[:], vals)
		s.Object.vals = s.room[:n]
		return &s.Object
	}
	return &Object{vals: append(make([]Value, 0, n), vals...)}
}

// newInlineObject returns an object of at most eight properties in one allocation.
func newInlineObject(keys []string, vals []Value) *Object {
	n := len(keys)
	switch {
	case n <= 2:
		s := &struct {
			Object
			names [2]string
			room  [2]Value
		}{}
		copy(s.names[:], keys)
		copy(s.room[:], vals)
		s.Object.keys, s.Object.vals = s.names[:n], s.room[:n]
		return &s.Object
	case n <= 4:
		s := &struct {
			Object
			names [4]string
			room  [4]Value
		}{}
		copy(s.names[:], keys)
		copy(s.room[:], vals)
		s.Object.keys, s.Object.vals = s.names[:n], s.room[:n]
		return &s.Object
	}
	s := &struct {
		Object
		names [8]string
		room  [8]Value
	}{}
	copy(s.names[:], keys)
	copy(s.room[:], vals)
	s.Object.keys, s.Object.vals = s.names[:n], s.room[:n]
	return &s.Object
}
