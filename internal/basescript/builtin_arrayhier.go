package basescript

// hierarchy is a list of elements that name their parents.
type hierarchy struct {
	ids   []valueKey
	below map[valueKey][]int // positions of the children of an id
}

// hierarchy reads ids and parents of elements.
func (r *Run) hierarchy(vals []Value, parentField string) (*hierarchy, error) {
	if err := r.Alloc(len(vals) * (2*sizeSetEntry + sizeValue)); err != nil {
		return nil, err
	}
	h := &hierarchy{ids: make([]valueKey, len(vals)), below: make(map[valueKey][]int)}
	for i, elem := range vals {
		if err := r.Step(2); err != nil {
			return nil, err
		}
		id, err := r.GetProperty(elem, "id")
		if err != nil {
			return nil, err
		}
		parent, err := r.GetProperty(elem, parentField)
		if err != nil {
			return nil, err
		}
		h.ids[i] = r.keyOf(id)
		key := r.keyOf(parent)
		h.below[key] = append(h.below[key], i)
	}
	return h, nil
}

// choose marks the elements below an id. Links that run in a circle are followed once.
func (h *hierarchy) choose(head valueKey, chosen []bool) {
	pending := []valueKey{head}
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		for _, i := range h.below[id] {
			chosen[i] = true
			pending = append(pending, h.ids[i])
		}
		delete(h.below, id)
	}
}

// arraySelectHier is ArraySelectHierSubset: the element whose id is the key, and every element that
// reaches it over the parent field, in the order of the list. Without such a head the elements below
// it are selected all the same.
func arraySelectHier(r *Run, args []Value) (Value, error) {
	vals, err := r.collect(args[0])
	if err != nil {
		return Undefined, err
	}
	h, err := r.hierarchy(vals, args[2].Text())
	if err != nil {
		return Undefined, err
	}
	head, chosen := r.keyOf(args[1]), make([]bool, len(vals))
	for i, id := range h.ids {
		chosen[i] = id == head
	}
	h.choose(head, chosen)
	out := r.NewArray(nil)
	for i, elem := range vals {
		if !chosen[i] {
			continue
		}
		if err := r.appendTo(out, elem); err != nil {
			return Undefined, err
		}
	}
	return ObjectValue(out), nil
}
