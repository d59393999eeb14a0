package cluster

// recent is a map that forgets what was neither put nor found for long: what it has is atLeast values, if there were so many,
// and twice as many at most.
type recent[V any] struct {
	atLeast  int
	new, old map[string]V // what is found in old moves to new
}

func (r *recent[V]) get(key string) (v V, ok bool) {
	if v, ok = r.new[key]; ok {
		return v, true
	}
	if v, ok = r.old[key]; ok {
		r.put(key, v)
	}
	return v, ok
}

func (r *recent[V]) put(key string, v V) {
	if len(r.new) >= r.atLeast {
		r.old, r.new = r.new, nil
	}
	if r.new == nil {
		r.new = map[string]V{}
	}
	r.new[key] = v
}

func (r *recent[V]) drop(key string) {
	delete(r.new, key)
	delete(r.old, key)
}
