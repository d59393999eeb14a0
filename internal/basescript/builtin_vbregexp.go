package basescript

import (
	"iter"
	"strings"
)

// vbRegExp is the Go side of VBScript.RegExp, the dialect's own way to regular expressions
// (spec/basescript.md 1.9, 3.2).
type vbRegExp struct {
	source                        string
	global, ignoreCase, multiLine bool
	compiled                      *pattern
}

// vbMatch is a match of VBScript.RegExp. Positions and lengths count characters.
type vbMatch struct {
	value         Value
	index, length int
	groups        []Value
}

// vbList is a collection of VBScript: matches, or what the groups of one matched.
type vbList []Value

// NewVBRegExp returns an object of the class VBScript.RegExp without a pattern. Global, IgnoreCase and
// MultiLine are all true if on: tools_web.reg_exp_init() begins so, new ActiveXObject with false
// (spec/basescript.md 3.2).
func (r *Run) NewVBRegExp(on bool) (Value, error) {
	if err := r.Alloc(sizeObject + 2*sizeHost); err != nil {
		return Undefined, err
	}
	return NewHost(vbRegExpClass, &vbRegExp{global: on, ignoreCase: on, multiLine: on}), nil
}

// newActiveX is new ActiveXObject(name): names of classes know no case.
func newActiveX(r *Run, args []Value) (Value, error) {
	if name := args[0].Text(); !strings.EqualFold(name, "VBScript.RegExp") {
		return Undefined, Errorf("ActiveXObject: there is no class %s here, only 'VBScript.RegExp'", describe(String(name)))
	}
	return r.NewVBRegExp(false)
}

// VBRegExpClasses are the classes of VBScript.RegExp, of a match and of a list of matches or groups, for
// documents and typings.
func VBRegExpClasses() (regExp, match, list *Class) { return vbRegExpClass, vbMatchClass, vbListClass }

var vbRegExpClass = &Class{Name: "VBScript.RegExp",
	Props: []Prop{
		{Name: "Pattern", Sig: "string", Doc: "The pattern, an empty text at first.",
			Get: func(_ *Run, self Value) (Value, error) { return String(vbOf(self).source), nil },
			Set: func(_ *Run, self Value, v Value) error {
				x := vbOf(self)
				x.source, x.compiled = v.Text(), nil
				return nil
			}},
		vbOption("Global", "Whether Execute and Replace go through all matches.", func(x *vbRegExp) *bool { return &x.global }),
		vbOption("IgnoreCase", "Whether upper and lower case are the same.", func(x *vbRegExp) *bool { return &x.ignoreCase }),
		vbOption("MultiLine", "Whether ^ and $ match at each line.", func(x *vbRegExp) *bool { return &x.multiLine }),
	},
	Methods: []Method{
		{Name: "Test", Min: 1, Call: vbTest, Sig: "(text: any): boolean", Doc: "Tells whether the text matches."},
		{Name: "Execute", Min: 1, Call: vbExecute, Sig: "(text: any): VBMatchCollection", Doc: "Returns the matches: Count, item(i), each with Value, FirstIndex, Length and SubMatches."},
		{Name: "Replace", Min: 2, Call: vbReplace, Sig: "(text: any, replacement: any): string", Doc: "Replaces the matches; $1 stands for what the first group matched."},
	},
}

// vbOption is a property that is true or false.
func vbOption(name, doc string, field func(*vbRegExp) *bool) Prop {
	return Prop{Name: name, Sig: "boolean", Doc: doc,
		Get: func(_ *Run, self Value) (Value, error) { return Bool(*field(vbOf(self))), nil },
		Set: func(_ *Run, self Value, v Value) error {
			x := vbOf(self)
			*field(x), x.compiled = flagArg([]Value{v}, 0), nil
			return nil
		}}
}

func vbOf(self Value) *vbRegExp {
	x, _ := Self[*vbRegExp](self)
	return x
}

func (x *vbRegExp) weigh(w *weigher) {
	w.value(String(x.source))
	if x.compiled != nil {
		(&regExp{pattern: x.compiled}).weigh(w)
	}
}

// expression returns the expression the properties describe at the moment.
func (x *vbRegExp) expression(r *Run) (*regExp, error) {
	if x.compiled == nil {
		flags := patternFlags{global: x.global, ignoreCase: x.ignoreCase, multiline: x.multiLine}
		p, err := r.compilePattern(x.source, flags.String())
		if err != nil {
			return nil, err
		}
		x.compiled = p
	}
	return &regExp{pattern: x.compiled}, nil
}

func vbTest(r *Run, self Value, args []Value) (Value, error) {
	re, err := vbOf(self).expression(r)
	if err != nil {
		return Undefined, err
	}
	found := false
	err = r.eachMatch(re, args[0].Text(), 0, false, func([]int) error { found = true; return nil })
	return Bool(found), err
}

func vbReplace(r *Run, self Value, args []Value) (Value, error) {
	re, err := vbOf(self).expression(r)
	if err != nil {
		return Undefined, err
	}
	return r.replaceMatches(re, args[0].Text(), false, String(args[1].Text()))
}

func vbExecute(r *Run, self Value, args []Value) (Value, error) {
	re, err := vbOf(self).expression(r)
	if err != nil {
		return Undefined, err
	}
	s := args[0].Text()
	list := r.NewArray(nil) // in sight of the live-bytes budget while it grows
	defer r.Pin(ObjectValue(list))()
	chars := charCounter{s: s}
	err = r.eachMatch(re, s, 0, re.isGlobal(), func(loc []int) error {
		if err := r.Alloc(sizeObject + 2*sizeHost + len(loc)/2*sizeValue); err != nil {
			return err
		}
		m := &vbMatch{value: groupText(s, loc, 0), index: chars.before(loc[0]), length: charCount(s[loc[0]:loc[1]])}
		for group := 1; group < len(loc)/2; group++ {
			v := groupText(s, loc, group)
			if v.IsUndefined() {
				v = emptyText
			}
			m.groups = append(m.groups, v)
		}
		return r.appendTo(list, NewHost(vbMatchClass, m))
	})
	return NewHost(vbListClass, vbList(list.vals)), err
}

func (m *vbMatch) weigh(w *weigher) {
	w.value(m.value)
	w.list(m.groups)
}

func (l vbList) weigh(w *weigher) { w.list(l) }

// A match stands for its value, which is its default property.
var vbMatchClass = &Class{Name: "Match",
	Scalar: func(self Value) Value { return vbMatchOf(self).value },
	Props: []Prop{
		vbMatchProp("Value", "string", "The text that matched.", func(m *vbMatch) Value { return m.value }),
		vbMatchProp("FirstIndex", "number", "Where it begins, in characters.", func(m *vbMatch) Value { return Int(int64(m.index)) }),
		vbMatchProp("Length", "number", "How many characters it has.", func(m *vbMatch) Value { return Int(int64(m.length)) }),
		vbMatchProp("SubMatches", "VBMatchCollection", "What its groups matched, an empty text for one that took no part.",
			func(m *vbMatch) Value { return NewHost(vbListClass, vbList(m.groups)) }),
	},
}

func vbMatchProp(name, sig, doc string, get func(*vbMatch) Value) Prop {
	return Prop{Name: name, Sig: sig, Doc: doc, Get: func(r *Run, self Value) (Value, error) {
		return get(vbMatchOf(self)), r.Alloc(sizeHost)
	}}
}

func vbMatchOf(self Value) *vbMatch {
	m, _ := Self[*vbMatch](self)
	return m
}

var vbListClass = &Class{Name: "MatchCollection",
	Props: []Prop{
		{Name: "Count", Get: vbCount, Sig: "number", Doc: "How many items there are."},
		{Name: "length", Get: vbCount, Sig: "number", Doc: "How many items there are."},
	},
	Methods: []Method{
		{Name: "item", Min: 1, Call: vbItem, Sig: "(index: number): any", Doc: "Returns an item; fails if there is none."},
		{Name: "Item", Min: 1, Call: vbItem, Sig: "(index: number): any", Doc: "Returns an item; fails if there is none."},
	},
	Iterate: func(_ *Run, self Value) iter.Seq[Value] {
		return func(yield func(Value) bool) {
			for _, v := range vbListOf(self) {
				if !yield(v) {
					return
				}
			}
		}
	},
	Len: func(self Value) int { return len(vbListOf(self)) },
	At:  func(_ *Run, self Value, i int) Value { return vbListOf(self)[i] },
}

func vbListOf(self Value) vbList {
	l, _ := Self[vbList](self)
	return l
}

func vbCount(_ *Run, self Value) (Value, error) { return Int(int64(len(vbListOf(self)))), nil }

func vbItem(_ *Run, self Value, args []Value) (Value, error) {
	i, ok := args[0].ToInt()
	if list := vbListOf(self); ok && i >= 0 && i < int64(len(list)) {
		return list[i], nil
	}
	return Undefined, errUnknownProperty(args[0].Text())
}
