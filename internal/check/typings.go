package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// TypingsFile is the usual name of the typings.
const TypingsFile = "tutorsocket.d.ts"

// Typings returns the declarations of everything scripts may use, in TypeScript. Beside the
// declarations of with, if that is not nil, only what they lack is declared, so that both compile
// together.
//
// The declarations are made for projects without the libraries of browsers ("noLib": true), as WebTutor's
// are; they do not contradict them where a project has them.
func Typings(with *Declared) string {
	t := &typings{with: with, out: new(strings.Builder), known: map[string]bool{}, used: map[string]bool{}}
	t.language()
	t.classes()
	t.hooks()
	globals := hostapi.Globals()
	for _, name := range globals.Names() {
		t.global(globals.Lookup(name))
	}
	t.rest()
	return t.header() + t.out.String()
}

// typings writes one file of declarations.
type typings struct {
	with  *Declared
	out   *strings.Builder
	known map[string]bool // types declared here
	used  map[string]bool // types in signatures
}

const header = `// Made by "tutorsocket types" from what scripts can call. Make it anew instead of changing it.
`

const headerAlone = `//
// Editors take it from a jsconfig.json or tsconfig.json beside it, without the names of browsers:
//
//	{ "compilerOptions": { "noLib": true, "checkJs": true }, "include": ["**/*.js", "tutorsocket.d.ts"] }
`

const headerWith = `// It adds to ` + TypesPackage + ` what that package lacks.
`

func (t *typings) header() string {
	if t.with != nil {
		return header + headerWith
	}
	return header + headerAlone
}

// takeType says whether a type of that name is to be declared here.
func (t *typings) takeType(name string) bool {
	if t.known[name] || t.with.typed(name) || t.with != nil && !t.with.Installed && isLanguageType(name) {
		return false
	}
	t.known[name] = true
	return true
}

// language declares the types of the language's own values. Index signatures are inherited, because
// they may be declared only once.
func (t *typings) language() {
	if t.with != nil { // they declare what TypeScript wants, or nothing would compile
		for _, c := range basescript.BuiltinTypes() {
			t.known[c.Name] = true
			if generics[c.Name] != "" && t.with.Installed && !t.with.typed(c.Name) {
				t.block("interface "+c.Name+generics[c.Name], c, true)
			}
		}
		return
	}
	t.out.WriteString("\ninterface TutorIndexed<T> { [index: number]: T }\n")
	for _, c := range basescript.BuiltinTypes() {
		t.known[c.Name] = true
		head := "interface " + c.Name + generics[c.Name]
		switch c.Name {
		case "Array":
			head += "<T> extends TutorIndexed<T>"
		case "String":
			head += " extends TutorIndexed<string>"
		}
		t.block(head, c, c.Name == "String" || c.Name == "RegExp" || generics[c.Name] != "")
	}
	t.out.WriteString(`
interface CallableFunction extends Function {}
interface NewableFunction extends Function {}
interface IArguments extends TutorIndexed<any> { length: number }
`)
}

// generics are the parameters of types that TypeScript's own libraries declare with some; signatures here
// name them without.
var generics = map[string]string{"Map": "<K = any, V = any>", "Set": "<T = any>"}

func isLanguageType(name string) bool {
	return slices.ContainsFunc(basescript.BuiltinTypes(), func(c *basescript.Class) bool { return c.Name == name })
}

// classes declares the objects of the server.
func (t *typings) classes() {
	for _, c := range hostapi.Classes() {
		if t.with != nil && !t.with.Installed && !t.socketType(c.Name) || !t.takeType(c.Name) {
			continue
		}
		head := "interface " + c.Name
		if m := c.Class.Method("ToArray"); m != nil && c.Class.At != nil {
			_, result, _ := strings.Cut(m.Sig, "): ")
			head += " { [index: number]: " + strings.TrimSuffix(result, "[]") + " }\n" + head
		}
		t.block(head, c.Class, true)
	}
}

// socketType reports whether a class is about sockets: returned, in the end, by a static class or given
// to a hook. The rest of the server's classes is WebTutor's, and typings of WebTutor have them.
func (t *typings) socketType(name string) bool {
	reached := map[string]bool{"Assembly": true}
	for _, c := range hostapi.StaticClasses() {
		for _, m := range c.Methods {
			note(reached, m.Sig)
		}
	}
	for _, h := range hostapi.Hooks() {
		note(reached, h.Sig)
	}
	for range 5 { // classes refer to each other a few steps deep
		for _, c := range hostapi.Classes() {
			if !reached[c.Name] {
				continue
			}
			for _, p := range c.Class.Props {
				note(reached, p.Sig)
			}
			for _, m := range c.Class.Methods {
				note(reached, m.Sig)
			}
		}
	}
	return reached[name]
}

// block writes an interface with the members of a class. Properties are read only where they are and
// exact asks for it: two declarations must agree, and TypeScript's own of Array and Error are not.
func (t *typings) block(head string, c *basescript.Class, exact bool) {
	fmt.Fprintf(t.out, "\n%s {\n", head)
	t.members(c, exact)
	t.out.WriteString("}\n")
}

func (t *typings) members(c *basescript.Class, exact bool) {
	for _, p := range c.Props {
		t.doc("\t", p.Doc, p.Origin, p.Since)
		readonly, optional := "", ""
		switch {
		case exact && p.Set == nil, c.Name == "Function" && p.Name != "prototype":
			readonly = "readonly "
		case c.Name == "Error" && p.Name == "stack":
			optional = "?"
		}
		fmt.Fprintf(t.out, "\t%s%s%s: %s;\n", readonly, p.Name, optional, t.sig(p.Sig))
	}
	for _, m := range c.Methods {
		if m.Name == staticCaller {
			t.overloads(m)
			continue
		}
		t.doc("\t", m.Doc, m.Origin, m.Since)
		fmt.Fprintf(t.out, "\t%s%s;\n", m.Name, t.sig(m.Sig))
	}
}

// staticCaller is the method that calls static methods of .NET classes by their names.
const staticCaller = "CallClassStaticMethod"

// overloads declares what each static method takes and returns.
func (t *typings) overloads(m basescript.Method) {
	for _, class := range hostapi.StaticClasses() {
		for _, f := range class.Methods {
			params, result := splitSig(t.sig(f.Sig))
			args := "args: [" + params + "]"
			if f.Min == 0 {
				args = "args?: [" + params + "] | null"
			}
			t.doc("\t", f.Doc, f.Origin, f.Since)
			fmt.Fprintf(t.out, "\t%s(className: '%s', method: '%s', %s): %s;\n", m.Name, class.Name, f.Name, args, result)
		}
	}
}

// splitSig divides a signature into parameters and result.
func splitSig(sig string) (params, result string) {
	end := strings.LastIndex(sig, "): ")
	return strings.TrimPrefix(sig[:end], "("), sig[end+len("): "):]
}

// hooks declares the functions of services.
func (t *typings) hooks() {
	t.out.WriteString("\n/** The functions of a service: write @type {ServiceHooks['process']} above function process( context ). */\ninterface ServiceHooks {\n")
	t.known["ServiceHooks"] = true
	for _, h := range hostapi.Hooks() {
		t.doc("\t", h.Doc, h.Origin, h.Since)
		fmt.Fprintf(t.out, "\t%s%s;\n", h.Name, t.sig(h.Sig))
	}
	t.out.WriteString("}\n")
}

// global declares a name.
func (t *typings) global(g *basescript.Global) {
	switch {
	case t.with != nil && !t.with.Installed && isLanguageName(g.Name): // whatever they lack of the language
	case t.with.closed(g.Name):
	case g.Static != nil && g.Func == nil && (g.Sig == "" || g.Sig == "object"):
		t.namespace(g)
	case t.with.value(g.Name) && (t.with.Installed || g.Origin != basescript.Superset):
	case g.Static != nil || g.Func != nil && g.Func.New != nil:
		t.constructor(g)
	case g.Func != nil:
		b := globalBinding(g)
		t.doc("", b.Doc, g.Func.Origin, b.Since)
		fmt.Fprintf(t.out, "declare function %s%s;\n", g.Name, t.sig(g.Func.Sig))
	default:
		t.doc("", g.Doc, g.Origin, g.Since)
		t.variable(g.Name, t.sig(g.Sig))
	}
}

var languageNames = sync.OnceValue(func() *basescript.Globals { return basescript.NewGlobals() })

func isLanguageName(name string) bool { return languageNames().Lookup(name) != nil }

// otherNames are variables of browsers and of Windows Script Host that mean something else here, each
// with a name that is only there with them. In a project that has their libraries they stay what they
// are there: a second declaration would be an error.
var otherNames = map[string]string{
	"Request": "onmessage", "Response": "onmessage", "Lock": "onmessage", "ActiveXObject": "WScript",
}

func (t *typings) variable(name, of string) {
	if mark, ok := otherNames[name]; ok {
		of = fmt.Sprintf("typeof globalThis extends { %s: any; %s: infer T } ? T : %s", mark, name, of)
	}
	fmt.Fprintf(t.out, "declare var %s: %s;\n", name, of)
}

// namespace declares a name that is only there for its members. Other typings may have a part of them.
func (t *typings) namespace(g *basescript.Global) {
	whole := t.out
	t.out = new(strings.Builder)
	for _, p := range g.Static.Props {
		if !t.with.member(g.Name, p.Name) {
			t.doc("\t", p.Doc, p.Origin, p.Since)
			fmt.Fprintf(t.out, "\tconst %s: %s;\n", p.Name, t.sig(p.Sig))
		}
	}
	for _, m := range g.Static.Methods {
		if !t.with.member(g.Name, m.Name) || t.ours(m.Sig) {
			for _, sig := range t.forms(m) {
				t.doc("\t", m.Doc, m.Origin, m.Since)
				fmt.Fprintf(t.out, "\tfunction %s%s;\n", m.Name, t.sig(sig))
			}
		}
	}
	members := t.out.String()
	t.out = whole
	if members == "" {
		return
	}
	t.doc("", g.Doc, g.Origin, g.Since)
	fmt.Fprintf(t.out, "declare namespace %s {\n%s}\n", g.Name, members)
}

// conditional is a signature whose result depends on the text of its only argument.
var conditional = regexp.MustCompile(`^<\w+ extends string>\((\w+): \w+\): \w+ extends ('[^']*') \? (\w+) : (\w+)$`)

// forms returns the signatures of a function: beside others, which may declare it for any text, those for
// the texts that matter, because TypeScript tries literal ones first.
func (t *typings) forms(m basescript.Method) []string {
	part := conditional.FindStringSubmatch(m.Sig)
	if t.with == nil || part == nil || m.Name != "get_object_assembly" {
		return []string{m.Sig}
	}
	return []string{
		fmt.Sprintf("(%s: %s): %s", part[1], part[2], part[3]),
		fmt.Sprintf("(%s: '%s'): %s", part[1], hostapi.SocketAssembly, part[4]),
	}
}

// ours reports whether a function returns objects that are declared here: it is declared as well, as
// one more form of what others declare.
func (t *typings) ours(sig string) bool {
	_, result := splitSig(sig)
	named := map[string]bool{}
	note(named, result)
	for name := range named {
		if t.known[name] && !isLanguageType(name) {
			return true
		}
	}
	return false
}

// constructor declares a name with members that can be called as well, or one such as Math.
func (t *typings) constructor(g *basescript.Global) {
	of := g.Name + "Constructor"
	if g.Func == nil {
		of = g.Name
	}
	t.known[of] = true
	fmt.Fprintf(t.out, "\ninterface %s {\n", of)
	if f := g.Func; f != nil {
		t.doc("\t", f.Doc, f.Origin, f.Since)
		if f.New != nil {
			fmt.Fprintf(t.out, "\tnew %s;\n", t.sig(f.Sig))
		}
		if f.Call != nil {
			fmt.Fprintf(t.out, "\t%s;\n", t.sig(f.Sig))
		}
	}
	if g.Static != nil {
		t.members(g.Static, true)
	}
	t.out.WriteString("}\n")
	t.doc("", g.Doc, g.Origin, g.Since)
	t.variable(g.Name, of)
}

// doc writes the comment above a declaration.
func (t *typings) doc(indent, text string, origin basescript.Origin, since string) {
	switch origin {
	case basescript.Superset:
		text += " Not in WebTutor."
	case basescript.Refused:
		text += " Not supported here."
	}
	if since != "" {
		text += " Datex.XHTTP " + since + "."
	}
	if text = strings.TrimSpace(text); text != "" {
		fmt.Fprintf(t.out, "%s/** %s */\n", indent, strings.ReplaceAll(text, "*/", "* /"))
	}
}

// sig notes the types a signature names.
func (t *typings) sig(sig string) string {
	note(t.used, sig)
	return sig
}

var (
	quoted   = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	typeName = regexp.MustCompile(`\b[A-Z]\w+\b(\??:)?`)
)

// note adds the types a signature names to a set.
func note(set map[string]bool, sig string) {
	for _, name := range typeName.FindAllString(quoted.ReplaceAllString(sig, ""), -1) {
		if !strings.HasSuffix(name, ":") {
			set[name] = true
		}
	}
}

// rest declares the types that signatures name and nothing describes: objects with any members.
func (t *typings) rest() {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(t.used)) {
		if name != anyObject && t.takeType(name) {
			names = append(names, name)
		}
	}
	if t.used[anyObject] || len(names) > 0 {
		fmt.Fprintf(t.out, "\n/** An object whose members are not known beforehand. */\ninterface %s { [name: string]: any }\n", anyObject)
	}
	for _, name := range names {
		fmt.Fprintf(t.out, "interface %s extends %s {}\n", name, anyObject)
	}
}

const anyObject = "JsObject"
