package hostapi

import (
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// SocketAssembly is the code of the assembly that holds the sockets.
const SocketAssembly = "XHTTPMiddlewareStatic"

const (
	socketDLL    = "Datex.XHTTP.dll"
	contextClass = "Datex.XHTTP.WebSocketContext"
)

// netObject is the class of everything that is a .NET object in the original
// (spec/basescript.md 1.1).
const netObject = "BmObject"

var assemblyClass = &basescript.Class{Name: netObject, Methods: []basescript.Method{{
	Name: "CallClassStaticMethod", Min: 2, Call: callStaticMethod,
	Sig: "(className: string, method: string, args?: any[] | null): any",
	Doc: "Calls a static method of a class. The class is Datex.XHTTP.WebSocketContext; there are no others.",
}}}

var dotNetHostClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{{
	Name: "Object",
	Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) {
		return basescript.NewHost(dotNetHostObjectClass, nil), nil
	},
	Sig: "DotNetHostObject",
	Doc: "Gives access to assemblies.",
}}}

var dotNetHostObjectClass = &basescript.Class{Name: netObject, Methods: []basescript.Method{{
	Name: "GetAssembly", Min: 1,
	Call: func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
		return assemblyNamed(r, args[0])
	},
	Sig: "<F extends string>(file: F): F extends 'Websoft.HttpRequest.dll' ? HttpAssembly : Assembly",
	Doc: "The assembly in that file: Datex.XHTTP.dll, which holds the sockets, or Websoft.HttpRequest.dll, which sends requests.",
}}}

// assemblyNamed returns the assembly by its code or its file; the code HttpRequest is that of an
// object, not of its assembly (spec/basescript.md 3.7).
func assemblyNamed(r *basescript.Run, v basescript.Value) (basescript.Value, error) {
	name, err := stringArg("The name of an assembly", v)
	switch {
	case err != nil:
		return basescript.Undefined, err
	case name == requestAssembly:
		return newDotNetRequest(), nil
	case strings.EqualFold(name, requestDLL):
		return basescript.NewHost(httpAssemblyClass, nil), nil
	case name == SocketAssembly || strings.EqualFold(name, socketDLL):
		return once(&envOf(r).assembly, func() basescript.Value { return basescript.NewHost(assemblyClass, nil) }), nil
	}
	return basescript.Undefined, basescript.Errorf("Unknown assembly: %s (there are %s in %s and %s in %s)",
		name, SocketAssembly, socketDLL, requestAssembly, requestDLL)
}

func callStaticMethod(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	class, err := stringArg("The name of a class", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	if class != contextClass {
		return basescript.Undefined, basescript.Errorf("Unknown class: %s (there is %s)", class, contextClass)
	}
	name, err := stringArg("The name of a method", args[1])
	if err != nil {
		return basescript.Undefined, err
	}
	method := socketMethod(name)
	if method == nil {
		return basescript.Undefined, basescript.Errorf("Unknown method: %s() of the class %s", name, contextClass)
	}
	list, err := listArg("The arguments of "+name, arg(args, 2))
	if err != nil {
		return basescript.Undefined, err
	}
	if len(list) < method.Min {
		return basescript.Undefined, basescript.Errorf("%s: %s takes %s", basescript.ErrWrongArguments.Error(), name, method.Sig)
	}
	return method.Call(r, list)
}
