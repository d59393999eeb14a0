package basescript

import (
	"maps"
	"slices"
)

// BuiltinType is what every value of a type has without anybody giving it.
type BuiltinType struct {
	// Name is that of the function that makes such values: String, Array, MethodReference.
	Name string
	// Props may have no Get and Set: the evaluator answers for them.
	Props []Prop
	// Arrays, functions and errors have the methods of Object too.
	Methods []Method
}

// BuiltinTypes returns what values have by their types, for those who check scripts and write typings.
// The tables are copies.
func BuiltinTypes() []BuiltinType {
	length := func(doc string) []Prop { return []Prop{{Name: "length", Sig: "number", Doc: doc}} }
	types := []BuiltinType{
		{Name: "String", Props: length("The number of bytes.")},
		{Name: "Number"}, {Name: "Boolean"}, {Name: "Date"}, {Name: "Object"},
		{Name: "Array", Props: length("The number of elements; a smaller one drops the rest.")},
		{Name: "Function", Props: functionProps},
		{Name: "Error", Props: []Prop{
			{Name: "message", Sig: "string", Doc: "The text without position lines."},
			{Name: "code", Sig: "any", Doc: "What the script that threw the error put there, else undefined."},
			{Name: "name", Sig: "string", Doc: "The constructor of the error.", Origin: Superset},
			{Name: "stack", Sig: "string", Doc: "The text with the position lines.", Origin: Superset},
		}},
	}
	for i, table := range []map[string]*Method{stringMethods, numberMethods, boolMethods, dateMethods, objectMethods,
		arrayMethods, functionMethods, errorMethods} {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			types[i].Methods = append(types[i].Methods, *table[name])
		}
	}
	for _, c := range []*Class{mapClass, setClass, methodReferenceClass} {
		types = append(types, BuiltinType{Name: c.Name, Props: slices.Clone(c.Props), Methods: slices.Clone(c.Methods)})
	}
	return types
}

var functionProps = []Prop{
	{Name: "name", Sig: "string", Doc: "The name of the function.", Origin: Superset},
	{Name: "length", Sig: "number", Doc: "The number of parameters.", Origin: Superset},
	{Name: "prototype", Sig: "any", Doc: "The prototype of the objects new makes.", Origin: Superset},
}
