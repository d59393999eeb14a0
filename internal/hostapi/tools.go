package hostapi

import (
	"crypto/rand"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// textDepth is how deep tools.object_to_text goes (spec/basescript.md 3.1).
const textDepth = 5

// maxTextDepth bounds the depth a script may ask for.
const maxTextDepth = 100

var toolsGlobals = []basescript.Global{{
	Name: "tools",
	Doc:  "The server's tool box.",
	Static: &basescript.Class{Name: "tools", Methods: []basescript.Method{
		{
			Name: "get_object_assembly", Min: 1,
			Call: func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
				return assemblyNamed(r, args[0])
			},
			Sig: "(code: 'XHTTPMiddlewareStatic'): Assembly",
			Doc: "The .NET assembly of that code: XHTTPMiddlewareStatic, which holds the sockets. There are no others.",
		},
		{
			Name: "call_code_library_method", Min: 2,
			Call: callLibrary,
			Sig:  "(library: string, method: string, args?: any[]): any",
			Doc:  "Calls a function of a code library and returns its result.",
		},
		{
			Name: "object_to_text", Min: 1,
			Call: objectToText,
			Sig:  "(value: any, format: 'json', depth?: number): string",
			Doc:  "Writes a value as JSON, five levels deep; integers above 2147483647 are quoted.",
		},
		{
			Name: "array_to_text", Min: 1,
			Call: objectToText,
			Sig:  "(value: any, format: 'json'): string",
			Doc:  "Writes an array as JSON, as object_to_text does.",
		},
		{
			Name: "read_object", Min: 1,
			Call: readObject,
			Sig:  "(text: string, format?: 'json'): any",
			Doc:  "Reads JSON, and JavaScript literals too, as ParseJson does.",
		},
		{
			Name: "random_string", Min: 1,
			Call: randomString,
			Sig:  "(length: number, characters?: string): string",
			Doc:  "A random text of letters and digits, or of the characters given.",
		},
	}, Props: []basescript.Prop{{
		Name: "dotnet_host",
		Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) {
			return basescript.NewHost(dotNetHostClass, nil), nil
		},
		Sig: "DotNetHost",
		Doc: "Another way to assemblies: dotnet_host.Object.GetAssembly('Datex.XHTTP.dll').",
	}}},
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
	return envOf(r).Libraries.Call(r, code, method, list)
}

// checkFormat accepts JSON; the original's default, XML, is not available and says so.
func checkFormat(function string, v basescript.Value) error {
	switch format := v.Scalar(); {
	case format.IsNil():
		return basescript.Errorf("%s: write the format 'json', the default xml is not supported", function)
	case format.Text() != "json":
		return basescript.Errorf("%s: the format %s is not supported, only json", function, format.Text())
	}
	return nil
}

func objectToText(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	if err := checkFormat("object_to_text", arg(args, 1)); err != nil {
		return basescript.Undefined, err
	}
	depth := textDepth
	if v := arg(args, 2); !v.IsNil() {
		n, ok := v.ToInt()
		if !ok || n < 1 || n > maxTextDepth {
			return basescript.Undefined, basescript.Errorf("The depth is a number from 1 to %d", maxTextDepth)
		}
		depth = int(n)
	}
	text, err := r.EncodeJSON(args[0], basescript.JSONOptions{ExportLargeIntegersAsStrings: true, MaxDepth: depth})
	return basescript.String(text), err
}

func readObject(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	if format := arg(args, 1); !format.IsNil() {
		if err := checkFormat("read_object", format); err != nil {
			return basescript.Undefined, err
		}
	}
	return r.ParseJSON(args[0].Text(), false)
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
