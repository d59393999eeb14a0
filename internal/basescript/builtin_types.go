package basescript

import "sync"

// BuiltinTypes returns what the values of the language's own types have, for documents and typings: a
// class each of Object, Function, Array, String, Number, Boolean, Date and Error, its methods in the
// order of their names. What Object has, every other object has too.
func BuiltinTypes() []*Class { return builtinTypes() }

var builtinTypes = sync.OnceValue(func() []*Class {
	length := []Prop{{Name: "length", Sig: "number", Doc: "The number of elements."}}
	return []*Class{
		typeClass("Object", objectMethods, nil),
		typeClass("Function", functionMethods, nil),
		typeClass("Array", arrayMethods, length),
		typeClass("String", stringMethods, []Prop{{Name: "length", Sig: "number", Doc: "The number of bytes; StrCharCount counts characters."}}),
		typeClass("Number", numberMethods, nil),
		typeClass("Boolean", boolMethods, nil),
		typeClass("Date", dateMethods, nil),
		typeClass("Error", errorMethods, []Prop{{Name: "message", Sig: "string", Doc: "The text without the position lines."}}),
	}
})

func typeClass(name string, methods map[string]*Method, props []Prop) *Class {
	c := &Class{Name: name, Props: props}
	for _, n := range methodNames(methods) {
		c.Methods = append(c.Methods, *methods[n])
	}
	return c
}
