package basescript

// NewRecord returns a plain object with the properties of these names, in their order. It owns vals; the
// names are shared with other objects and stay as they are. At most 15 properties; like [Object.Set]
// it charges no budget.
func NewRecord(names []string, vals []Value) *Object {
	return &Object{sharedKeys: true, keys: names[:len(names):len(names)], vals: vals}
}
