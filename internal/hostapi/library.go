package hostapi

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Classes of library objects (spec/basescript.md 1.1): a V1 library looks like any object of functions.
const (
	oldLibrary = "JsObject"
	newLibrary = "JsCodeLibrary"
)

// libraryGlobals load code from files (spec/basescript.md 1.12).
var libraryGlobals = functions(
	basescript.Func{
		Name: "OpenCodeLib", Min: 1, Call: openCodeLib,
		Sig: "(url: string): any",
		Doc: "Loads a file of functions, or the one beside an .xml form, and returns an object with the functions as methods; the address may be relative to the calling file.",
	},
	basescript.Func{
		Name: "OpenCodeLibrary", Min: 1, Call: openCodeLibrary,
		Sig: "(url: string): any",
		Doc: "Loads a file of a V2 library (.bs, or any with META:NAMESPACE) and returns the library, other known files of its namespace included.",
	},
	basescript.Func{
		Name: "RegisterCodeLibrary", Min: 1, Call: openCodeLibrary,
		Sig: "(url: string): any",
		Doc: "Loads a file of a V2 library, so that the rest of the run finds it by the name of its namespace.",
	},
	basescript.Func{
		Name: "GetOptCodeLibrary", Min: 1, Call: optCodeLibrary,
		Sig: "(name: string): any",
		Doc: "Returns the V2 library of a namespace: of files in libs and of those the run has loaded; undefined if there is none.",
	},
	basescript.Func{
		Name: "CodeLibraryMethodExists", Min: 2, Call: libraryMethodExists,
		Sig: "(library: any, name: string): boolean",
		Doc: "Tells whether a library has a function.",
	},
	basescript.Func{
		Name: "CallServerMethod", Min: 2, Call: callServerMethod,
		Sig: "(library: any, method: string, args?: any[]): any",
		Doc: "Calls a function of a library, given as an object or by name. On a server that is a direct call.",
	},
	basescript.Func{
		Name: "MethodReference", Min: 2, Call: methodReference, New: methodReference,
		Sig: "(library: any, method: string): MethodReference",
		Doc: "Returns an object that calls a function of a library, given as an object or by name, or a method of another object.",
	},
	basescript.Func{
		Name: "EvalCodeUrl", Min: 1, Evaluates: basescript.EvalAdds, Call: evalFile,
		Sig: "(url: string, code?: string): any",
		Doc: "Runs a file as if its code stood here, then more code; variables and functions they make stay. Returns the last value.",
	},
	basescript.Func{
		Name: "EvalCodePageUrl", Min: 1, Evaluates: basescript.EvalAdds, Call: evalPageFile,
		Sig: "(url: string, options?: object): string",
		Doc: "Runs a page from a file, text with code in <% %> and <%= %>, as if its code stood here, and returns what it writes.",
	},
)

// functions makes a global of each function.
func functions(list ...basescript.Func) []basescript.Global {
	globals := make([]basescript.Global, len(list))
	for i := range list {
		globals[i] = basescript.Global{Name: list[i].Name, Func: &list[i]}
	}
	return globals
}

// openedLibraries are the libraries a run has loaded.
type openedLibraries struct {
	// byURL are files by the address as written and the script that wrote it, so that a loop reads a
	// file once.
	byURL map[[2]string]*basescript.Program
	// spaces are the V2 files the run has loaded, by namespace.
	spaces map[string][]*basescript.Program
	// known are those counted in bytes, the size of their texts.
	known map[*basescript.Program]bool
	bytes int
}

// Limits of the libraries one run loads: addresses that differ in what follows a question mark are
// libraries of their own, which stay as long as the run.
const (
	maxOpenedBytes = 32 << 20
	// sizeOpened is what a library takes beside its text, roughly.
	sizeOpened = 16 << 10
)

// take counts a library, once. It fails if there is no room for it.
func (o *openedLibraries) take(p *basescript.Program, size int) error {
	if o.known[p] {
		return nil
	}
	if o.bytes += size + sizeOpened; o.bytes > maxOpenedBytes {
		return basescript.Errorf("The libraries loaded here are larger than %d MiB", maxOpenedBytes>>20)
	}
	if o.known == nil {
		o.known = make(map[*basescript.Program]bool)
	}
	o.known[p] = true
	return nil
}

// callerURL is the address of the calling script.
func callerURL(r *basescript.Run) string {
	url, _ := r.Caller()
	return url
}

// readSource reads a script file as seen from the calling script.
func readSource(r *basescript.Run, url string) (text, address string, err error) {
	env, from := envOf(r), callerURL(r)
	if env.Sources == nil || env.Settings.Code == nil {
		return "", "", basescript.NewError("There are no script files here")
	}
	err = r.Wait(func(context.Context) (err error) {
		text, address, err = env.Sources.Text(url, from)
		return err
	})
	switch {
	case err == nil:
		err = r.Step(1 + len(text)>>6)
	case errors.Is(err, fs.ErrNotExist):
		err = &missingFile{address}
	}
	return text, address, err
}

// missingFile is a script file that does not exist; errors.Is finds fs.ErrNotExist in it.
type missingFile struct{ address string }

func (m *missingFile) Error() string { return "The file " + m.address + " does not exist" }
func (m *missingFile) Unwrap() error { return fs.ErrNotExist }

// readCode reads the code an address names.
func readCode(r *basescript.Run, url string) (text, address string, err error) {
	for _, candidate := range CodeAddresses(url) {
		text, address, err = readSource(r, candidate)
		if err == nil && !IsForm(address, text) || err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return text, address, err
}

// CodeAddresses returns the addresses where the code may be that an address names, the first that has
// some being it: a form file (.xml) stands for the .js beside it. An .xmi is code, or a form for the .bs
// or .js beside it (see [IsForm]).
func CodeAddresses(url string) []string {
	file, query, found := strings.Cut(url, "?")
	if found {
		query = "?" + query
	}
	ext := path.Ext(file)
	base := strings.TrimSuffix(file, ext)
	switch strings.ToLower(ext) {
	case ".xml":
		return []string{base + ".js" + query}
	case ".xmi":
		return []string{url, base + ".bs" + query, base + ".js" + query}
	}
	return []string{url}
}

// IsForm reports whether what lies at an address is the form of a library and not its code.
func IsForm(address, text string) bool {
	file, _, _ := strings.Cut(address, "?")
	return strings.EqualFold(path.Ext(file), ".xmi") && strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "<")
}

// loadLibrary reads and compiles a library file. A file is read once per run, unless a question mark
// in its address says to look again (spec/basescript.md 1.12).
func loadLibrary(r *basescript.Run, v basescript.Value) (*basescript.Program, error) {
	url, err := stringArg("The address of a library", v)
	if err != nil {
		return nil, err
	}
	opened := &envOf(r).opened
	key := [2]string{url, callerURL(r)}
	if p := opened.byURL[key]; p != nil && !strings.Contains(url, "?") {
		return p, nil
	}
	text, address, err := readCode(r, url)
	if err != nil {
		return nil, err
	}
	p, err := envOf(r).Settings.Code.Library(address, text)
	if err != nil {
		return nil, syntaxError(err)
	}
	if err := opened.take(p, len(text)); err != nil {
		return nil, err
	}
	if opened.byURL == nil {
		opened.byURL = make(map[[2]string]*basescript.Program)
	}
	opened.byURL[[2]string{strings.Clone(url), key[1]}] = p
	return p, nil
}

// syntaxError is an error of a file that does not compile, with the line at fault as a position line.
func syntaxError(err error) error {
	var se *basescript.SyntaxError
	if !errors.As(err, &se) {
		return err
	}
	e := basescript.NewError(se.Message)
	e.Frames = []basescript.Frame{{URL: se.URL, Line: se.Line}}
	return e
}

// isNewFile reports whether the file at an address is of a V2 library whatever it says.
func isNewFile(address string) bool {
	switch strings.ToLower(path.Ext(address)) {
	case ".bs", ".xmi":
		return true
	}
	return false
}

func openCodeLib(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	p, err := loadLibrary(r, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	if p.Namespace() != "" || isNewFile(p.URL()) {
		return r.Library(newLibrary, p), nil
	}
	return r.Library(oldLibrary, p), nil
}

// openCodeLibrary makes the file one of its namespace for the rest of the run.
func openCodeLibrary(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	p, err := loadLibrary(r, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	name := Namespace(p)
	opened := &envOf(r).opened
	if opened.spaces == nil {
		opened.spaces = make(map[string][]*basescript.Program)
	}
	opened.spaces[name] = withProgram(opened.spaces[name], p)
	v, _ := libraryOf(r, name)
	return v, nil
}

// withProgram returns the list with p in it, in the place of what was at its address.
func withProgram(list []*basescript.Program, p *basescript.Program) []*basescript.Program {
	list = slices.Clone(list)
	for i, old := range list {
		if old.URL() == p.URL() {
			list[i] = p
			return list
		}
	}
	return append(list, p)
}

// Namespace is the name of a V2 library: that of META:NAMESPACE, or else of its file.
func Namespace(p *basescript.Program) string {
	if name := p.Namespace(); name != "" {
		return name
	}
	base := path.Base(p.URL())
	return strings.TrimSuffix(base, path.Ext(base))
}

// libraryOf returns the V2 library of a namespace: the files of the app, then those the run has loaded,
// which replace the app's at the same address.
func libraryOf(r *basescript.Run, name string) (basescript.Value, bool) {
	env := envOf(r)
	loaded := env.opened.spaces[name]
	var all []*basescript.Program
	for _, p := range env.Libraries.Namespace(name) {
		if !hasURL(loaded, p.URL()) {
			all = append(all, p)
		}
	}
	all = append(all, loaded...)
	if len(all) == 0 {
		return basescript.Undefined, false
	}
	return r.Library(newLibrary, all...), true
}

func hasURL(list []*basescript.Program, url string) bool {
	return slices.ContainsFunc(list, func(p *basescript.Program) bool { return p.URL() == url })
}

func optCodeLibrary(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	name, err := stringArg("The name of a library", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	v, _ := libraryOf(r, name)
	return v, nil
}

// libraryArg takes a library: an object, the namespace of a V2 library, or the code of a code library.
func libraryArg(r *basescript.Run, v basescript.Value) (basescript.Value, error) {
	if basescript.LibraryPrograms(v) != nil {
		return v, nil
	}
	name, err := stringArg("A library", v)
	if err != nil {
		return basescript.Undefined, err
	}
	if v, ok := libraryOf(r, name); ok {
		return v, nil
	}
	p, err := envOf(r).Libraries.Program(name)
	if err != nil {
		return basescript.Undefined, err
	}
	return r.Library(oldLibrary, p), nil
}

// libraryMethodExists is false for a library there is not.
func libraryMethodExists(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	name := args[1].Text()
	if args[0].Kind() == basescript.KindString {
		v, err := libraryArg(r, args[0])
		return basescript.Bool(err == nil && hasMethod(v, name)), nil
	}
	v, err := libraryArg(r, args[0])
	return basescript.Bool(hasMethod(v, name)), err
}

func hasMethod(library basescript.Value, name string) bool {
	for _, p := range basescript.LibraryPrograms(library) {
		if p.HasFunction(name) {
			return true
		}
	}
	return false
}

func callServerMethod(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	library, err := libraryArg(r, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	name, err := stringArg("The name of a method", args[1])
	if err != nil {
		return basescript.Undefined, err
	}
	list, err := listArg("The arguments of "+name, arg(args, 2))
	if err != nil {
		return basescript.Undefined, err
	}
	return r.CallMethod(library, name, list)
}

// methodRef is a function of a library, or a method of another object.
type methodRef struct {
	object basescript.Value
	name   string
}

// What holds values for scripts must be seen to do so.
var _ = []basescript.Holder{(*methodRef)(nil), (*thread)(nil), (*httpResponse)(nil), (*handler)(nil), (*Env)(nil)}

// Held implements [basescript.Holder].
func (ref *methodRef) Held(visit func(basescript.Value)) int64 {
	visit(ref.object)
	return int64(len(ref.name))
}

var methodReferenceClass = &basescript.Class{Name: "MethodReference", Methods: []basescript.Method{{
	Name: "Call",
	Call: func(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
		ref, _ := basescript.Self[*methodRef](self)
		list, err := listArg("The arguments of "+ref.name, arg(args, 0))
		if err != nil {
			return basescript.Undefined, err
		}
		return r.CallMethod(ref.object, ref.name, list)
	},
	Sig: "(args?: any[]): any",
	Doc: "Calls the function with the arguments of an array.",
}}}

// methodReference fails for a function that a library does not have. A method of another object is looked
// for when it is called.
func methodReference(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	object := args[0]
	if object.Object() == nil {
		var err error
		if object, err = libraryArg(r, object); err != nil {
			return basescript.Undefined, err
		}
	}
	name, err := textArg("The name of a method", args[1])
	if err != nil {
		return basescript.Undefined, err
	}
	if basescript.LibraryPrograms(object) != nil && !hasMethod(object, name) {
		return basescript.Undefined, basescript.Errorf("Unknown method: %s()", name)
	}
	return basescript.NewHost(methodReferenceClass, &methodRef{object, name}), r.Alloc(sizeEntry)
}

// getCodeLibrary is tools.get_code_library.
func getCodeLibrary(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	if _, err := stringArg("The code of a library", args[0]); err != nil {
		return basescript.Undefined, err
	}
	return libraryArg(r, args[0])
}

// evalFile returns the value of the code behind the file, or else of the file.
func evalFile(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	url, err := stringArg("The address of a file", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	var tail basescript.Value
	if tail = arg(args, 1); !tail.IsNil() {
		if _, err := stringArg("The code after a file", tail); err != nil {
			return basescript.Undefined, err
		}
	}
	text, address, err := readCode(r, url)
	if err != nil {
		return basescript.Undefined, err
	}
	v, err := r.EvalFile(address, text)
	if err != nil || tail.IsNil() {
		return v, err
	}
	return r.EvalHere(tail.Text())
}

func evalPageFile(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	url, err := stringArg("The address of a page", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	text, address, err := readSource(r, url)
	if err != nil {
		return basescript.Undefined, err
	}
	return r.EvalPageFile(address, text)
}
