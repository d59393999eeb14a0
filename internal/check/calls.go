package check

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// call answers what the app knows of a call with literal arguments.
func (c *checker) call(url string, call basescript.Call) basescript.Answer {
	switch {
	case call.Owner == "tools" && call.Name == "call_code_library_method":
		return c.libraryCall(call)
	case call.Owner == "tools" && call.Name == "get_code_library":
		if code, ok := call.TextArg(0); ok {
			_, answer := c.library(code)
			return answer
		}
	case call.Name == "CallClassStaticMethod":
		return staticCall(call)
	case call.Name == "CreateClassObject" && call.Owner == "HttpAssembly":
		return createdClass(call)
	case call.Owner == "" && loaders[call.Name] != "":
		return c.load(url, call, loaders[call.Name])
	case call.Owner == "Thread" && call.Name == "EvalCodeUrl":
		return c.load(url, call, KindAgent)
	}
	return basescript.Answer{}
}

func unknown(message string) basescript.Answer {
	return basescript.Answer{Kind: basescript.FindUnknownFunction, Message: message}
}

// library looks a code library up; the answer names the fault if there is none.
func (c *checker) library(code string) (*app.Script, basescript.Answer) {
	if c.snap == nil {
		return nil, basescript.Answer{}
	}
	if script, ok := c.snap.Library(code); ok {
		return script, basescript.Answer{}
	}
	var codes []string
	for _, script := range c.snap.Libraries() {
		codes = append(codes, script.Name)
	}
	return nil, unknown("The app has no code library " + code + basescript.Meant(code, codes))
}

// libraryCall looks at tools.call_code_library_method( 'code', 'method', … ).
func (c *checker) libraryCall(call basescript.Call) basescript.Answer {
	code, ok := call.TextArg(0)
	if !ok {
		return basescript.Answer{}
	}
	script, answer := c.library(code)
	if script == nil || script.Program == nil {
		return answer
	}
	method, ok := call.TextArg(1)
	if !ok || script.Program.HasFunction(method) {
		return basescript.Answer{}
	}
	return unknown("The code library " + code + " has no method " + method + basescript.Meant(method, script.Program.Functions()))
}

// staticCall looks at CallClassStaticMethod( 'class', 'method', … ).
func staticCall(call basescript.Call) basescript.Answer {
	name, ok := call.TextArg(0)
	if !ok {
		return basescript.Answer{}
	}
	var names []string
	for _, class := range hostapi.StaticClasses() {
		if class.Name == name {
			return staticMethod(class, call)
		}
		names = append(names, class.Name)
	}
	if call.Owner != "Assembly" {
		return basescript.Answer{}
	}
	return unknown("Unknown class " + name + basescript.Meant(name, names))
}

// createdClass looks at CreateClassObject( 'class' ) of the assembly of requests.
func createdClass(call basescript.Call) basescript.Answer {
	name, ok := call.TextArg(0)
	if !ok || name == hostapi.RequestClass {
		return basescript.Answer{}
	}
	return unknown("Unknown class " + name + basescript.Meant(name, []string{hostapi.RequestClass}))
}

func staticMethod(class hostapi.StaticClass, call basescript.Call) basescript.Answer {
	name, ok := call.TextArg(1)
	if !ok {
		return basescript.Answer{}
	}
	var names []string
	for i := range class.Methods {
		m := &class.Methods[i]
		if m.Name != name {
			names = append(names, m.Name)
			continue
		}
		answer := basescript.Answer{Func: m, Count: -1}
		switch {
		case len(call.Args) < 3:
			answer.Count = 0
		case call.Args[2].IsArray:
			answer.Count = call.Args[2].Count
			answer.Message = filterFault(m, call.Args[2].Items)
			answer.Kind = basescript.FindArguments
		}
		return answer
	}
	return unknown("Unknown method " + class.Name + "." + name + "()" + basescript.Meant(name, names))
}

// filterFault is what is wrong with a literal filter of sockets, empty if nothing is.
func filterFault(m *basescript.Func, args []basescript.CallArg) string {
	if m.Name != "GetWebSockets" || len(args) == 0 || !args[0].IsText {
		return ""
	}
	if err := hostapi.CheckFilter(args[0].Text); err != nil {
		return m.Name + ": " + err.Error()
	}
	return ""
}

// loaders are the functions that load a script by its address (spec/basescript.md 1.12), with what the
// script is then.
var loaders = map[string]Kind{
	"OpenCodeLib": KindLibrary, "OpenCodeLibrary": KindLibrary, "RegisterCodeLibrary": KindLibrary, "EvalCodeUrl": kindPart,
}

// load notes the script a call loads, if that is a file of the app.
func (c *checker) load(from string, call basescript.Call, kind Kind) basescript.Answer {
	url, ok := call.TextArg(0)
	if !ok || c.app == nil || strings.Contains(url, "://") && !strings.HasPrefix(url, scheme) {
		return basescript.Answer{}
	}
	text, address, err := c.code(url, from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return basescript.Answer{Kind: kindApp, Message: "The file " + address + " does not exist"}
	case err != nil:
		return basescript.Answer{}
	}
	address, _, _ = strings.Cut(address, "?")
	if ext := path.Ext(address); ext == ".js" || ext == ".bs" {
		c.queue = append(c.queue, loaded{address, kind})
	}
	if call.Name != "OpenCodeLib" {
		return basescript.Answer{}
	}
	return basescript.Answer{Type: c.libraryType(address, text)}
}

// code reads the code an address stands for, as the server does (see [hostapi.CodeAddresses]).
func (c *checker) code(url, from string) (text, address string, err error) {
	for _, candidate := range hostapi.CodeAddresses(url) {
		text, address, err = c.app.Text(candidate, from)
		if err == nil && !hostapi.IsForm(address, text) || err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return text, address, err
}

// libraryType makes a class of a library file, whose methods are its functions; "" if it does not parse.
func (c *checker) libraryType(address, text string) string {
	name := file(address)
	if c.loaded[name] != nil {
		return name
	}
	p, err := basescript.Compile(address, text, basescript.Options{Globals: hostapi.Globals(), Library: true})
	if err != nil {
		return ""
	}
	class := &basescript.Class{Name: name}
	for _, function := range p.Functions() {
		class.Methods = append(class.Methods, basescript.Method{Name: function, Sig: "(...args: any[]): any"})
	}
	c.loaded[name] = class
	return name
}
