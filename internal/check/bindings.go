package check

import (
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// Binding is a name that scripts may use, or a class of objects they get.
type Binding struct {
	Name      string
	Kind      string // function, namespace, value; class: of the server; type: of the language; hook: of services
	Signature string // in TypeScript, empty where the members say it all
	Doc       string
	Origin    string // shared, superset (here only), refused (fails here unless there is a stand-in)
	Since     string // version of Datex.XHTTP that brought it, empty for all
	Members   []Binding
}

// Bindings returns everything scripts may use, in the order of the tables.
func Bindings() []Binding {
	var list []Binding
	globals := hostapi.Globals()
	for _, name := range globals.Names() {
		list = append(list, globalBinding(globals.Lookup(name)))
	}
	for _, c := range hostapi.Classes() {
		list = append(list, classBinding(c.Name, "class", c.Class))
	}
	for _, c := range hostapi.StaticClasses() {
		b := Binding{Name: c.Name, Kind: "class", Doc: "Called by its name, with CallClassStaticMethod of an Assembly.", Origin: originName(basescript.Shared)}
		for i := range c.Methods {
			b.Members = append(b.Members, funcBinding(&c.Methods[i], "function"))
		}
		list = append(list, b)
	}
	for _, c := range basescript.BuiltinTypes() {
		list = append(list, classBinding(c.Name, "type", c))
	}
	hooks := hostapi.Hooks()
	for i := range hooks {
		list = append(list, funcBinding(&hooks[i], "hook"))
	}
	return list
}

func globalBinding(g *basescript.Global) Binding {
	b := Binding{Name: g.Name, Kind: "value", Signature: g.Sig, Doc: g.Doc, Origin: originName(g.Origin), Since: g.Since}
	if g.Static != nil {
		b.Kind, b.Members = "namespace", classBinding("", "", g.Static).Members
	}
	if f := g.Func; f != nil {
		of := funcBinding(f, "function")
		b.Kind, b.Signature = of.Kind, of.Signature
		if g.Origin == basescript.Shared {
			b.Origin = of.Origin
		}
		if b.Doc == "" {
			b.Doc = of.Doc
		}
		if b.Since == "" {
			b.Since = of.Since
		}
	}
	return b
}

func funcBinding(f *basescript.Func, kind string) Binding {
	return Binding{Name: f.Name, Kind: kind, Signature: f.Sig, Doc: f.Doc, Origin: originName(f.Origin), Since: f.Since}
}

func classBinding(name, kind string, c *basescript.Class) Binding {
	b := Binding{Name: name, Kind: kind, Origin: originName(basescript.Shared)}
	for _, p := range c.Props {
		b.Members = append(b.Members, Binding{Name: p.Name, Kind: "value", Signature: p.Sig, Doc: p.Doc, Origin: originName(p.Origin), Since: p.Since})
	}
	for _, m := range c.Methods {
		b.Members = append(b.Members, Binding{Name: m.Name, Kind: "function", Signature: m.Sig, Doc: m.Doc, Origin: originName(m.Origin), Since: m.Since})
	}
	return b
}

func originName(o basescript.Origin) string {
	switch o {
	case basescript.Superset:
		return "superset"
	case basescript.Refused:
		return "refused"
	}
	return "shared"
}
