package hostapi

import (
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Stubs are the stand-ins an app supplies for functions that are refused here.
type Stubs interface {
	// Stub calls the stand-in for a function within the run. name is the function's, for a member with
	// its namespace ("tools.open_doc"); ok is false if the app has none.
	Stub(r *basescript.Run, name string, args []basescript.Value) (v basescript.Value, ok bool, err error)
}

// lack is what tutorsocket would need to have for some functions of the original.
type lack struct{ reason, doc string }

var (
	noDocuments = lack{"tutorsocket has no document database", "Of the document database"}
	noDesktop   = lack{"tutorsocket has no desktop", "Of the desktop"}
	noSystem    = lack{"scripts do not reach the server's machine", "Of the server's machine"}
	noMail      = lack{"tutorsocket sends no mail", "Of mail"}
	noPortal    = lack{"tutorsocket has no portal", "Of the portal"}
	noSuch      = lack{"tutorsocket does not have it", "Not made yet"}
)

// refuse calls the stand-in for a refused function, or fails with the one error they all have.
func (l lack) refuse(r *basescript.Run, name string, args []basescript.Value) (basescript.Value, error) {
	if stubs := envOf(r).Stubs; stubs != nil {
		if v, ok, err := stubs.Stub(r, name, args); ok || err != nil {
			return v, err
		}
	}
	return basescript.Undefined, basescript.Errorf("%s is not supported: %s; put a stand-in into stubs/%s.js", name, l.reason, name)
}

const refusedSig = "(...args: any[]): any"

func (l lack) documentation(name string) string {
	return l.doc + ": fails, unless the app has a stand-in stubs/" + name + ".js."
}

func (l lack) function(name string) basescript.Global {
	call := func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
		return l.refuse(r, name, args)
	}
	return basescript.Global{Name: name, Origin: basescript.Refused, Func: &basescript.Func{
		Name: name, Sig: refusedSig, Doc: l.documentation(name), Origin: basescript.Refused, Call: call,
	}}
}

func (l lack) method(namespace, name string) basescript.Method {
	full := namespace + "." + name
	return basescript.Method{
		Name: name, Sig: refusedSig, Doc: l.documentation(full), Origin: basescript.Refused,
		Call: func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
			return l.refuse(r, full, args)
		},
	}
}

func (l lack) value(namespace, name string) basescript.Prop {
	full := namespace + "." + name
	return basescript.Prop{
		Name: name, Sig: "any", Doc: l.documentation(full), Origin: basescript.Refused,
		Get: func(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
			return l.refuse(r, full, nil)
		},
	}
}

// refusedFunctions are the global functions of the original that exist here to say why they do not
// work. Names in taken are left out.
func refusedFunctions(taken func(name string) bool) []basescript.Global {
	var list []basescript.Global
	for _, group := range []struct {
		lack
		names string
	}{
		{noDocuments, documentFunctions}, {noDesktop, desktopFunctions}, {noSystem, systemFunctions},
		{noMail, mailFunctions}, {noSuch, otherFunctions},
	} {
		for name := range strings.FieldsSeq(group.names) {
			if !taken(name) {
				list = append(list, group.function(name))
			}
		}
	}
	return list
}

// lackOf is why the members of a namespace are refused.
func lackOf(namespace string) lack {
	if namespace == "tools_web" {
		return noPortal
	}
	return noDocuments
}

// withRefused adds the refused members to the namespaces of the tables, and the namespaces of which
// nothing is implemented.
func withRefused(tables ...[]basescript.Global) [][]basescript.Global {
	seen := make(map[string]bool)
	for i, table := range tables {
		tables[i] = make([]basescript.Global, len(table))
		for j, g := range table {
			if _, ok := refusedMembers[g.Name]; ok && g.Static != nil {
				g.Static = extended(g.Name, g.Static)
				seen[g.Name] = true
			}
			tables[i][j] = g
		}
	}
	var rest []basescript.Global
	for name := range sortedNames(refusedMembers) {
		if !seen[name] {
			rest = append(rest, basescript.Global{
				Name: name, Doc: "A tool box of which nothing works here without stand-ins.", Origin: basescript.Refused,
				Static: extended(name, &basescript.Class{Name: name}),
			})
		}
	}
	return append(tables, rest)
}

// extended returns a class with the members of c and the refused ones of the namespace.
func extended(namespace string, c *basescript.Class) *basescript.Class {
	l, names := lackOf(namespace), refusedMembers[namespace]
	all := &basescript.Class{
		Name:    c.Name,
		Props:   append([]basescript.Prop(nil), c.Props...),
		Methods: append([]basescript.Method(nil), c.Methods...),
	}
	known := func(name string) bool { return c.Method(name) != nil || c.Prop(name) != nil }
	for name := range strings.FieldsSeq(names.functions) {
		if !known(name) {
			all.Methods = append(all.Methods, l.method(namespace, name))
		}
	}
	for name := range strings.FieldsSeq(names.values) {
		if !known(name) {
			all.Props = append(all.Props, l.value(namespace, name))
		}
	}
	return all
}

// RefusedNames returns the names a stand-in may be for: functions by name, members with their namespace.
func RefusedNames() []string {
	var names []string
	globals := Globals()
	for _, name := range globals.Names() {
		g := globals.Lookup(name)
		if g.Origin == basescript.Refused && g.Func != nil {
			names = append(names, name)
		}
		if g.Static == nil {
			continue
		}
		for _, p := range g.Static.Props {
			if p.Origin == basescript.Refused {
				names = append(names, name+"."+p.Name)
			}
		}
		for _, m := range g.Static.Methods {
			if m.Origin == basescript.Refused {
				names = append(names, name+"."+m.Name)
			}
		}
	}
	return names
}
