package basescript

// methodReference is what MethodReference returns: a method of an object, by its name.
type methodReference struct {
	object Value
	name   string
}

var methodReferenceClass = &Class{Name: "MethodReference", Methods: []Method{
	{Name: "Call", Call: callReference, Sig: "(args?: any[]): any", Doc: "Calls the method with the arguments of an array."},
}}

func newMethodReference(r *Run, args []Value) (Value, error) {
	if args[0].k != KindObject {
		return Undefined, errNotA("an object", args[0])
	}
	ref := &methodReference{object: args[0], name: args[1].Text()}
	return NewHost(methodReferenceClass, ref), r.Alloc(2*sizeObject + len(ref.name))
}

func callReference(r *Run, self Value, args []Value) (Value, error) {
	ref, _ := Self[*methodReference](self)
	return callObjectMethod(r, []Value{ref.object, String(ref.name), arg(args, 0)})
}

// Held is the object of the reference (see Holder).
func (ref *methodReference) Held(visit func(Value)) { visit(ref.object) }
