package basescript

import (
	"maps"
	"slices"
	"sync"
)

// BuiltinTypes returns what the values of the language's own types have, for documents and typings: a
// class each of Object, Function, Array, String, Number, Boolean, Date and Error, its methods in the
// order of their names, and the classes of the objects built-in functions make. What Object has, every
// other object has too.
func BuiltinTypes() []*Class { return builtinTypes() }

var builtinTypes = sync.OnceValue(func() []*Class {
	length := []Prop{{Name: "length", Sig: "number", Doc: "The number of elements; a smaller one drops the rest."}}
	return []*Class{
		typeClass("Object", objectMethods, nil),
		typeClass("Function", functionMethods, supersetProps([]Prop{
			{Name: "name", Sig: "string", Doc: "The name of the function."},
			{Name: "length", Sig: "number", Doc: "The number of parameters."},
			{Name: "prototype", Sig: "any", Doc: "The prototype of the objects new makes."},
		})),
		typeClass("Array", arrayMethods, length),
		typeClass("String", stringMethods, []Prop{{Name: "length", Sig: "number", Doc: "The number of bytes; StrCharCount counts characters."}}),
		typeClass("Number", numberMethods, nil),
		typeClass("Boolean", boolMethods, nil),
		typeClass("Date", dateMethods, nil),
		typeClass("Error", errorMethods, []Prop{
			{Name: "message", Sig: "string", Doc: "The text without the position lines."},
			{Name: "code", Sig: "any", Doc: "What the script that threw the error put there, else undefined."},
			{Name: "name", Origin: Superset, Sig: "string", Doc: "The constructor of the error."},
			{Name: "stack", Origin: Superset, Sig: "string", Doc: "The text with the position lines."},
		}),
		mapClass, setClass, regExpClass,
	}
})

func typeClass(name string, methods map[string]*Method, props []Prop) *Class {
	c := &Class{Name: name, Props: props}
	for _, n := range slices.Sorted(maps.Keys(methods)) {
		c.Methods = append(c.Methods, *methods[n])
	}
	return c
}
