package basescript

import "math"

var objectMethods, errorMethods map[string]*Method

func init() { // the tables refer to functions that refer to the tables
	objectMethods = methodTable([]Method{
		{Name: "HasProperty", Min: 1, Call: hasProperty, Sig: "(name: string | number): boolean", Doc: "Tells whether the object has a property, even one that is undefined."},
		{Name: "GetProperty", Min: 1, Call: func(r *Run, self Value, args []Value) (Value, error) { return getProperty(r, self, args[0]) }, Sig: "(name: string | number): any", Doc: "Returns a property; fails if the object has none of that name."},
		{Name: "GetOptProperty", Min: 1, Call: getOptProperty, Sig: "(name: string | number, otherwise?: any): any", Doc: "Returns a property, the default if the object has none of that name."},
		{Name: "SetProperty", Min: 2, Call: setProperty, Sig: "(name: string | number, value: any): void", Doc: "Sets a property, creating it if need be."},
		{Name: "AddProperty", Min: 2, Call: addProperty, Sig: "(name: string | number, value: any): void", Doc: "Creates a property; one that exists keeps its value."},
		{Name: "hasOwnProperty", Origin: Superset, Min: 1, Call: hasOwnProperty, Sig: "(name: any): boolean", Doc: "Tells whether the object itself has a property."},
		{Name: "toString", Call: objectToString, Sig: "(): string", Doc: "Names the kind of the object: [object Object]."},
		{Name: "valueOf", Call: func(_ *Run, self Value, _ []Value) (Value, error) { return self.Scalar(), nil }, Sig: "(): any", Doc: "Returns the scalar the object stands for, else the object."},
	})
	errorMethods = methodTable([]Method{
		{Name: "toString", Call: selfText, Sig: "(): string", Doc: "Returns the message with the position lines."},
	})
}

func objectGlobals() []Global {
	const byName = "(object: any, name: string): any"
	const newErr = "(message?: any): Error"
	globals := functionGlobals([]Func{
		{Name: "CallObjectMethod", Min: 2, Call: callObjectMethod, Sig: "(object: any, name: string, args?: any[]): any", Doc: "Calls a method by its name."},
		{Name: "GetObjectProperty", Min: 2, Call: func(r *Run, args []Value) (Value, error) { return getProperty(r, args[0], args[1]) }, Sig: byName, Doc: "Returns a property by its name; fails if there is none."},
		{Name: "GetOptObjectProperty", Min: 2, Call: getOptObjectProperty, Sig: byName, Doc: "Returns a property by its name, undefined if there is none."},
		{Name: "GetObjectPropertyOrSelf", Min: 2, Call: getObjectPropertyOrSelf, Sig: byName, Doc: "Returns a property by its name, the object itself for This."},
		{Name: "SetObjectProperty", Min: 3, Call: setObjectProperty, Sig: "(object: any, name: string, value: any): void", Doc: "Sets a property by its name."},
		{Name: "GetClassObjectPropertyNames", Min: 1, Call: propertyNames, Sig: "(object: any): string[]", Doc: "Returns the names of the properties."},
		{Name: "Cancel", Call: cancel, Sig: "(): never", Doc: "Ends the script without an error message."},
		{Name: "IsCancelError", Min: 1, Call: isCancelError, Sig: "(error: any): boolean", Doc: "Tells whether an error is that of Cancel."},
		{Name: "UserError", Min: 1, Call: userError, New: userError, Sig: "(message: any, inner?: any): Error", Doc: "Makes an error whose text is shown without position lines."},
		{Name: "UiError", Min: 1, Call: userError, New: userError, Sig: "(message: any): Error", Doc: "Makes an error whose text is shown without position lines."},
		{Name: "ExtractUserError", Min: 1, Call: extractUserError, Sig: "(error: any): string", Doc: "Returns the part of an error meant for users, else all of its text."},
		{Name: "Error", Call: newError(""), New: newError(""), Sig: newErr, Doc: "Makes an error to throw."},
		{Name: "TypeError", Origin: Superset, Call: newError("TypeError"), New: newError("TypeError"), Sig: newErr, Doc: "Makes an error to throw."},
		{Name: "RangeError", Origin: Superset, Call: newError("RangeError"), New: newError("RangeError"), Sig: newErr, Doc: "Makes an error to throw."},
		{Name: "SyntaxError", Origin: Superset, Call: newError("SyntaxError"), New: newError("SyntaxError"), Sig: newErr, Doc: "Makes an error to throw."},
		{Name: "ReferenceError", Origin: Superset, Call: newError("ReferenceError"), New: newError("ReferenceError"), Sig: newErr, Doc: "Makes an error to throw."},
	})
	globals = append(globals, collectionGlobals()...)
	return append(globals, Global{Name: "Object", Static: objectClass, Sig: "(value?: any): object", Doc: "Makes an object.",
		Func: &Func{Name: "Object", Call: newObject, New: newObject, Sig: "(value?: any): object", Doc: "Makes an object."}})
}

var objectClass = &Class{Name: "Object", Methods: superset([]Method{
	{Name: "keys", Min: 1, Call: static(propertyNames), Sig: "(object: any): string[]", Doc: "Returns the names of the properties."},
	{Name: "getOwnPropertyNames", Min: 1, Call: static(propertyNames), Sig: "(object: any): string[]", Doc: "Returns the names of the properties."},
	{Name: "values", Min: 1, Call: static(objectValues), Sig: "(object: any): any[]", Doc: "Returns the values of the properties."},
	{Name: "entries", Min: 1, Call: static(objectEntries), Sig: "(object: any): [string, any][]", Doc: "Returns names and values of the properties."},
	{Name: "fromEntries", Min: 1, Call: static(objectFromEntries), Sig: "(entries: any[]): object", Doc: "Makes an object of names and values."},
	{Name: "assign", Min: 1, Call: static(objectAssign), Sig: "(target: any, ...sources: any[]): any", Doc: "Copies the properties of objects into the first."},
	{Name: "create", Min: 1, Call: static(objectCreate), Sig: "(prototype: any): object", Doc: "Makes an object with a prototype."},
	{Name: "getPrototypeOf", Min: 1, Call: static(objectPrototype), Sig: "(object: any): any", Doc: "Returns the prototype of an object, null if it has none of its own."},
	{Name: "defineProperty", Min: 3, Call: static(objectDefine), Sig: "(object: any, name: any, descriptor: any): any", Doc: "Sets a property by its value or its get and set functions."},
	{Name: "freeze", Min: 1, Call: static(objectFreeze), Sig: "(object: any): any", Doc: "Makes an object read only."},
	{Name: "isFrozen", Min: 1, Call: static(objectIsFrozen), Sig: "(object: any): boolean", Doc: "Tells whether an object is read only."},
	{Name: "hasOwn", Min: 2, Call: func(r *Run, _ Value, args []Value) (Value, error) { return hasOwnProperty(r, args[0], args[1:]) }, Sig: "(object: any, name: any): boolean", Doc: "Tells whether an object itself has a property."},
	{Name: "is", Min: 2, Call: static(objectIs), Sig: "(a: any, b: any): boolean", Doc: "Compares two values, NaN being equal to itself."},
})}

func hasProperty(r *Run, self Value, args []Value) (Value, error) {
	ok, e := r.hasProperty(self, args[0].Text())
	if e != nil {
		return Undefined, e
	}
	return Bool(ok), nil
}

// ownProperty reads data: own properties, those of prototypes, host members, but no built-in methods.
func ownProperty(r *Run, v Value, name string) (Value, bool, error) {
	ok, e := r.hasProperty(v, name)
	if e != nil {
		return Undefined, false, e
	}
	if !ok {
		return Undefined, false, nil
	}
	return r.OptProperty(v, name)
}

func getProperty(r *Run, self, name Value) (Value, error) {
	v, ok, err := ownProperty(r, self, name.Text())
	if err == nil && !ok {
		err = errUnknownProperty(name.Text())
	}
	return v, err
}

// getOptProperty does not apply the default to a property that is there but undefined
// (spec/basescript.md 1.6).
func getOptProperty(r *Run, self Value, args []Value) (Value, error) {
	v, ok, err := ownProperty(r, self, args[0].Text())
	if err == nil && !ok {
		return arg(args, 1), nil
	}
	return v, err
}

func setProperty(r *Run, self Value, args []Value) (Value, error) {
	return Undefined, r.SetProperty(self, args[0].ownText(), args[1])
}

func addProperty(r *Run, self Value, args []Value) (Value, error) {
	ok, e := r.hasProperty(self, args[0].Text())
	if e != nil {
		return Undefined, e
	}
	if ok {
		return Undefined, nil
	}
	return setProperty(r, self, args)
}

func hasOwnProperty(r *Run, self Value, args []Value) (Value, error) {
	o := self.Object()
	if o == nil || o.class == classHost {
		return hasProperty(r, self, args)
	}
	_, ok := o.Get(args[0].Text())
	return Bool(ok), nil
}

// objectToString answers as Object.prototype.toString does, which code calls with any value as self to
// learn its kind.
func objectToString(_ *Run, self Value, _ []Value) (Value, error) {
	kind := "Object"
	switch o := self.Object(); {
	case self.k == KindUndefined:
		kind = "Undefined"
	case self.k == KindNull:
		kind = "Null"
	case self.k == KindBool:
		kind = "Boolean"
	case self.isNumber():
		kind = "Number"
	case self.k == KindString:
		kind = "String"
	case self.k == KindDate:
		kind = "Date"
	case o.class == classArray:
		kind = "Array"
	case o.class == classFunction:
		kind = "Function"
	case o.class == classError:
		kind = "Error"
	case o.class == classHost:
		if s, ok := o.scalar(); ok {
			return String(s.Text()), nil
		}
	}
	return String("[object " + kind + "]"), nil
}

func callObjectMethod(r *Run, args []Value) (Value, error) {
	var list []Value
	if v := arg(args, 2); !v.IsNil() {
		var err error
		if list, err = r.collect(v); err != nil {
			return Undefined, err
		}
	}
	return r.CallMethod(args[0], args[1].Text(), list)
}

func getOptObjectProperty(r *Run, args []Value) (Value, error) {
	v, _, err := ownProperty(r, args[0], args[1].Text())
	return v, err
}

func getObjectPropertyOrSelf(r *Run, args []Value) (Value, error) {
	if args[1].Text() == "This" {
		return args[0], nil
	}
	return getProperty(r, args[0], args[1])
}

func setObjectProperty(r *Run, args []Value) (Value, error) {
	return Undefined, r.SetProperty(args[0], args[1].ownText(), args[2])
}

// ownNames returns the names of an object's properties. A scalar has none; undefined and null are an
// error.
func ownNames(v Value) ([]string, error) {
	if v.IsNil() {
		return nil, errNotA("an object", v)
	}
	o := v.Object()
	if o == nil {
		return nil, nil
	}
	if o.class == classHost {
		if names, ok := o.ext.(Enumerated); ok {
			return names.PropertyNames(), nil
		}
		return nil, nil
	}
	if o.class == classArray {
		return o.Keys(), nil // made anew each time
	}
	return append([]string(nil), o.Keys()...), nil
}

func propertyNames(r *Run, args []Value) (Value, error) {
	if o := args[0].Object(); o != nil {
		if err := r.reserve(int64(o.Len()), sizeKey); err != nil {
			return Undefined, err
		}
	}
	names, err := ownNames(args[0])
	if err != nil {
		return Undefined, err
	}
	return r.texts(names)
}

// eachProperty calls fn with the name and value of each property.
func (r *Run) eachProperty(v Value, fn func(name string, v Value) error) error {
	names, err := ownNames(v)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := r.Step(1); err != nil {
			return err
		}
		val, ok, err := r.OptProperty(v, name)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := fn(name, val); err != nil {
			return err
		}
	}
	return nil
}

func objectValues(r *Run, args []Value) (Value, error) {
	out := r.NewArray(nil)
	defer r.Pin(ObjectValue(out))()
	err := r.eachProperty(args[0], func(_ string, v Value) error { return r.appendTo(out, v) })
	return ObjectValue(out), err
}

func objectEntries(r *Run, args []Value) (Value, error) {
	out := r.NewArray(nil)
	defer r.Pin(ObjectValue(out))()
	err := r.eachProperty(args[0], func(name string, v Value) error {
		if err := r.Alloc(sizeObject + 2*sizeValue); err != nil {
			return err
		}
		return r.appendTo(out, ObjectValue(newArrayOf([]Value{String(name), v})))
	})
	return ObjectValue(out), err
}

func objectFromEntries(r *Run, args []Value) (Value, error) {
	o := r.NewObject()
	err := r.each(args[0], func(pair Value) (bool, error) {
		name, _, e := r.index(pair, Int(0))
		if e != nil {
			return false, e
		}
		v, _, e := r.index(pair, Int(1))
		if e != nil {
			return false, e
		}
		return true, r.SetProperty(ObjectValue(o), name.ownText(), v)
	})
	return ObjectValue(o), err
}

func objectAssign(r *Run, args []Value) (Value, error) {
	for _, source := range args[1:] {
		if source.IsNil() {
			continue
		}
		err := r.eachProperty(source, func(name string, v Value) error { return r.SetProperty(args[0], name, v) })
		if err != nil {
			return Undefined, err
		}
	}
	return args[0], nil
}

func newObject(r *Run, args []Value) (Value, error) {
	if v := arg(args, 0); !v.IsNil() {
		return v, nil
	}
	return ObjectValue(r.NewObject()), r.Alloc(sizeObject)
}

func objectCreate(r *Run, args []Value) (Value, error) {
	o := r.NewObject()
	if proto := args[0].Object(); proto != nil && proto.class != classHost {
		o.proto = proto
	} else if !args[0].IsNull() {
		return Undefined, errNotA("an object", args[0])
	}
	return ObjectValue(o), r.Alloc(sizeObject)
}

func objectPrototype(_ *Run, args []Value) (Value, error) {
	if o := args[0].Object(); o != nil {
		return ObjectValue(o.proto), nil
	}
	return Null, nil
}

// objectDefine sets a property by its descriptor. All properties can be changed and enumerated,
// whatever the descriptor says.
func objectDefine(r *Run, args []Value) (Value, error) {
	o, descriptor := args[0].Object(), args[2]
	if o == nil || o.class == classHost || descriptor.k != KindObject {
		return Undefined, errNotA("an object", args[0])
	}
	if err := writable(o); err != nil {
		return Undefined, err
	}
	var pair accessor
	for name, slot := range map[string]**Object{"get": &pair.get, "set": &pair.set} {
		fn, err := r.option(descriptor, name)
		if err != nil {
			return Undefined, err
		}
		if fn.Object().IsFunction() {
			*slot = fn.Object()
		}
	}
	if pair.get == nil && pair.set == nil {
		v, err := r.option(descriptor, "value")
		if err != nil {
			return Undefined, err
		}
		return args[0], r.SetProperty(args[0], args[1].ownText(), v)
	}
	if o.class == classArray {
		return Undefined, NewError("An array takes no get and set functions")
	}
	if err := r.Alloc(sizeKey + sizeValue + sizeObject); err != nil {
		return Undefined, err
	}
	o.Set(args[1].ownText(), accessorValue(&pair))
	return args[0], nil
}

func objectFreeze(_ *Run, args []Value) (Value, error) {
	if o := args[0].Object(); o != nil && o.class != classHost {
		o.frozen = true
	}
	return args[0], nil
}

func objectIsFrozen(_ *Run, args []Value) (Value, error) {
	o := args[0].Object()
	return Bool(o == nil || o.frozen), nil
}

func objectIs(r *Run, args []Value) (Value, error) {
	a, b := args[0], args[1]
	bothNaN := a.k == KindReal && b.k == KindReal && math.IsNaN(a.Real()) && math.IsNaN(b.Real())
	return Bool(bothNaN || r.Equal(a, b)), nil
}

func cancel(*Run, []Value) (Value, error) {
	return Undefined, &Error{Message: "Cancelled", Kind: Cancelled}
}

func isCancelError(_ *Run, args []Value) (Value, error) {
	e := args[0].Object().ErrorOf()
	return Bool(e != nil && e.Kind == Cancelled), nil
}

func newError(name string) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		e := &Error{name: name}
		if v := arg(args, 0); !v.IsUndefined() {
			e.Message = v.ownText()
		}
		return r.NewErrorObject(e), r.Alloc(2*sizeObject + len(e.Message))
	}
}

func userError(r *Run, args []Value) (Value, error) {
	e := &Error{Message: args[0].ownText(), Kind: UserFault}
	if inner := arg(args, 1).Object().ErrorOf(); inner != nil {
		e.cause = inner
	}
	return r.NewErrorObject(e), r.Alloc(2*sizeObject + len(e.Message))
}

func extractUserError(_ *Run, args []Value) (Value, error) {
	if e := args[0].Object().ErrorOf(); e != nil && e.Kind == UserFault {
		return String(e.Message), nil
	}
	return textOf(args[0]), nil
}
