package basescript

import (
	"iter"
	"slices"
)

// library is one or more programs whose functions scripts call as methods of one object
// (spec/basescript.md 1.12). Several are the files of one namespace: a later one comes first, and a name
// a file does not have is looked up in the others.
type library struct {
	class    string
	programs []*Program
	object   Value
}

// Library returns the object whose methods are the top-level functions of library programs; class is what
// ObjectType says of it. There is one object for the same programs in a run. A method the programs
// do not have is the error "Unknown method: name()"; a function can be read as a property, and nothing
// can be set. Each program is set up once per run, when one of its functions is first asked for.
func (r *Run) Library(class string, programs ...*Program) Value {
	for _, l := range r.libraries {
		if l.class == class && slices.Equal(l.programs, programs) {
			return l.object
		}
	}
	l := &library{class: class, programs: slices.Clone(programs)}
	r.bytes += sizeObject
	l.object = ObjectValue(&Object{class: classHost, ext: l})
	r.libraries = append(r.libraries, l)
	return l.object
}

// LibraryPrograms returns the programs behind an object made by Library, nil for every other value.
func LibraryPrograms(v Value) []*Program {
	if l, ok := v.Object().Host().(*library); ok {
		return l.programs
	}
	return nil
}

func (l *library) ClassName() string { return l.class }

// Get returns a function. The function objects of a program are made once per run.
func (l *library) Get(r *Run, name string) (Value, bool, error) {
	for i := len(l.programs) - 1; i >= 0; i-- {
		p := l.programs[i]
		code := p.functions[name]
		if code == nil {
			continue
		}
		inst, e := r.instance(p, true)
		if e != nil {
			return Undefined, true, e
		}
		v, e := r.functionOf(inst, code)
		if e != nil {
			return Undefined, true, e
		}
		return v, true, nil
	}
	return Undefined, false, nil
}

// Set refuses: a library is functions only.
func (l *library) Set(_ *Run, name string, _ Value) (bool, error) {
	return true, Errorf("A code library cannot be changed: %s", name)
}

// Call leaves calls to Get: the function is script code, its errors have no line for a built-in.
func (l *library) Call(*Run, string, []Value) (Value, bool, error) { return Undefined, false, nil }

func (l *library) Iterate(*Run) iter.Seq[Value] { return nil }

// PropertyNames are the names of the functions, those of the first file first.
func (l *library) PropertyNames() []string {
	var names []string
	for _, p := range l.programs {
		for _, name := range p.names {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// fromNamespace finds a name a file does not have in the other files of its namespace.
func (r *Run) fromNamespace(p *Program, name string) (Value, bool, *Error) {
	for i := len(r.libraries) - 1; i >= 0; i-- {
		l := r.libraries[i]
		if len(l.programs) < 2 || !slices.Contains(l.programs, p) {
			continue
		}
		v, ok, err := l.Get(r, name)
		if err != nil {
			return Undefined, false, toError(err)
		}
		return v, ok, nil
	}
	return Undefined, false, nil
}
