package hostapi

import (
	"crypto/rand"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// textDepth is how deep tools.object_to_text goes (spec/basescript.md 3.1).
const textDepth = 5

// maxTextDepth bounds the depth a script may ask for.
const maxTextDepth = 100

var toolsGlobals = []basescript.Global{{
	Name: "tools",
	Doc:  "The server's tool box.",
	Static: &basescript.Class{Name: "tools", Methods: append([]basescript.Method{
		{
			Name: "get_object_assembly", Min: 1,
			Call: func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
				return assemblyNamed(r, args[0])
			},
			Sig: "<C extends string>(code: C): C extends 'HttpRequest' ? DotNetHttpRequest : Assembly",
			Doc: "The .NET assembly of that code: XHTTPMiddlewareStatic, which holds the sockets, or HttpRequest, which is an object that sends requests.",
		},
		{
			Name: "call_code_library_method", Min: 2,
			Call: callLibrary,
			Sig:  "(library: string, method: string, args?: any[]): any",
			Doc:  "Calls a function of a code library and returns its result.",
		},
		{
			Name: "get_code_library", Min: 1,
			Call: getCodeLibrary,
			Sig:  "(library: string): any",
			Doc:  "Returns a code library as an object whose methods are its functions.",
		},
		{
			Name: "object_to_text", Min: 1,
			Call: objectToText,
			Sig:  "(value: any, format?: 'xml' | 'json', depth?: number, name?: string): string",
			Doc:  "Writes a value as XML or JSON, five levels deep; in JSON integers above 2147483647 are quoted. name is that of the XML element, value if it is not given.",
		},
		{
			Name: "array_to_text", Min: 1,
			Call: arrayToText,
			Sig:  "(value: any, format?: 'xml' | 'json', name?: string): string",
			Doc:  "Writes an array as XML or JSON, as object_to_text does. name is that of the XML elements, data if it is not given.",
		},
		{
			Name: "read_object", Min: 1,
			Call: readObject,
			Sig:  "(text: string, format?: 'xml' | 'json'): any",
			Doc:  "Reads what object_to_text has written: XML, or JSON as ParseJson does. Without a format a text that begins with < is XML.",
		},
		{
			Name: "random_string", Min: 1,
			Call: randomString,
			Sig:  "(length: number, characters?: string): string",
			Doc:  "A random text of letters and digits, or of the characters given.",
		},
	}, agentToolMethods...), Props: append([]basescript.Prop{{
		Name: "dotnet_host",
		Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) {
			return basescript.NewHost(dotNetHostClass, nil), nil
		},
		Sig: "DotNetHost",
		Doc: "Another way to assemblies: dotnet_host.Object.GetAssembly('Websoft.HttpRequest.dll').",
	}}, capabilityProps()...)},
}}

func callLibrary(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	code, err := stringArg("The code of a library", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	method, err := stringArg("The name of a method", args[1])
	if err != nil {
		return basescript.Undefined, err
	}
	list, err := listArg("The arguments of "+code+"."+method, arg(args, 2))
	if err != nil {
		return basescript.Undefined, err
	}
	env := envOf(r)
	if p, err := env.Libraries.Program(code); err == nil && p.Namespace() != "" {
		libraryOf(r, p.Namespace()) // its functions may need those of the other files
	}
	return env.Libraries.Call(r, code, method, list)
}

// isXML reports which of the two formats an argument names; XML is the original's default.
func isXML(function string, v basescript.Value) (bool, error) {
	switch format := v.Scalar(); {
	case format.IsNil() || format.Text() == "xml":
		return true, nil
	case format.Text() == "json":
		return false, nil
	default:
		return false, basescript.Errorf("%s: the format %s is not supported, only xml and json", function, format.Text())
	}
}

func objectToText(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	depth := textDepth
	if v := arg(args, 2); !v.IsNil() {
		n, ok := v.ToInt()
		if !ok || n < 1 || n > maxTextDepth {
			return basescript.Undefined, basescript.Errorf("The depth is a number from 1 to %d", maxTextDepth)
		}
		depth = int(n)
	}
	return toText(r, "object_to_text", args, depth, arg(args, 3), itemElement)
}

func arrayToText(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	return toText(r, "array_to_text", args, textDepth, arg(args, 2), arrayElement)
}

// toText writes a value in the format of the second argument. name is that of the XML element.
func toText(r *basescript.Run, function string, args []basescript.Value, depth int, name basescript.Value, usual string) (basescript.Value, error) {
	asXML, err := isXML(function, arg(args, 1))
	if err != nil {
		return basescript.Undefined, err
	}
	var text string
	if asXML {
		if !name.IsNil() && name.Text() != "" {
			usual = name.Text()
		}
		text, err = encodeXML(r, args[0], usual, depth)
	} else {
		text, err = r.EncodeJSON(args[0], basescript.JSONOptions{ExportLargeIntegersAsStrings: true, MaxDepth: depth})
	}
	return basescript.String(text), err
}

func readObject(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	text := args[0].Text()
	asXML := strings.HasPrefix(strings.TrimLeft(text, " \t\r\n\ufeff"), "<")
	if format := arg(args, 1); !format.IsNil() {
		var err error
		if asXML, err = isXML("read_object", format); err != nil {
			return basescript.Undefined, err
		}
	}
	if asXML {
		return decodeXML(r, strings.TrimPrefix(text, "\ufeff"))
	}
	return r.ParseJSON(text, false)
}

const (
	randomCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	maxRandomString  = 1 << 20
)

func randomString(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	n, ok := args[0].ToInt()
	if !ok || n < 0 || n > maxRandomString {
		return basescript.Undefined, basescript.Errorf("random_string takes a length from 0 to %d", maxRandomString)
	}
	choice := []rune(randomCharacters)
	if v := arg(args, 1); !v.IsNil() && v.Text() != "" {
		choice = []rune(v.Text())
	}
	if err := r.Step(1 + int(n)>>4 + len(choice)>>4); err != nil {
		return basescript.Undefined, err
	}
	if err := r.Alloc(4 * int(n)); err != nil {
		return basescript.Undefined, err
	}
	return basescript.String(randomText(int(n), choice)), nil
}

// randomText draws n characters, each with the same probability: 64 random bits are so many more
// than there are characters that the remainder does not show.
func randomText(n int, choice []rune) string {
	random := make([]byte, 8*n)
	_, _ = rand.Read(random) // never fails
	text := make([]rune, n)
	for i := range text {
		var bits uint64
		for _, b := range random[8*i : 8*i+8] {
			bits = bits<<8 | uint64(b)
		}
		text[i] = choice[bits%uint64(len(choice))]
	}
	return string(text)
}
