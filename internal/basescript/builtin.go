package basescript

import "strings"

// Builtins returns the language's own globals: pure functions and the objects of section 2 of
// spec/basescript.md. Effects (alert, tools, sockets) belong to package hostapi.
func Builtins() []Global {
	var all []Global
	for _, table := range [][]Global{
		convertGlobals(), stringGlobals(), arrayGlobals(), dateGlobals(), jsonGlobals(),
		encodeGlobals(), urlGlobals(), objectGlobals(), mathGlobals(), evalGlobals(), regExpGlobals(),
	} {
		all = append(all, table...)
	}
	return all
}

// functionGlobals makes a global of each function.
func functionGlobals(functions []Func) []Global {
	globals := make([]Global, len(functions))
	for i := range functions {
		f := &functions[i]
		globals[i] = Global{Name: f.Name, Func: f, Sig: f.Sig, Doc: f.Doc, Origin: f.Origin, Since: f.Since}
	}
	return globals
}

// methodTable indexes methods by their names.
func methodTable(list []Method) map[string]*Method {
	table := make(map[string]*Method, len(list))
	for i := range list {
		table[list[i].Name] = &list[i]
	}
	return table
}

// superset marks methods the original does not have (spec/basescript.md 1.9, 2).
func superset(list []Method) []Method {
	for i := range list {
		list[i].Origin = Superset
	}
	return list
}

// supersetProps marks properties the original does not have.
func supersetProps(list []Prop) []Prop {
	for i := range list {
		list[i].Origin = Superset
	}
	return list
}

// arg returns an argument, undefined if it is absent.
func arg(args []Value, i int) Value {
	if i < len(args) {
		return args[i]
	}
	return Undefined
}

// flagArg reads an optional boolean. What is no scalar means false (spec/basescript.md 2.2).
func flagArg(args []Value, i int) bool {
	v := arg(args, i).Scalar()
	return v.k != KindObject && v.Truthy()
}

// intArg reads an optional integer; absent, undefined and null mean the default.
func intArg(args []Value, i int, def int64) (int64, error) {
	v := arg(args, i)
	if v.IsNil() {
		return def, nil
	}
	n, ok := v.ToInt()
	if !ok {
		return 0, errNotA("an integer", v)
	}
	return n, nil
}

// errNotA is the error of an argument that cannot be converted.
func errNotA(what string, v Value) *Error {
	return Errorf("Value is not %s: %s", what, describe(v))
}

// describe names a value in an error: short texts and numbers as they are, the rest by type.
func describe(v Value) string {
	switch v = v.Scalar(); v.k {
	case KindNull:
		return "null"
	case KindObject:
		return v.obj().ClassName()
	case KindString:
		const most = 60
		s := v.Str()
		long := len(s) > 1000
		if long {
			s = s[:1000] // however long the text is, or one of its characters
		}
		if cut := charOffset(s, most); long || cut < len(s) {
			s = s[:cut] + "…"
		}
		return "'" + strings.ToValidUTF8(s, "\ufffd") + "'"
	}
	return v.Text()
}

// scan charges the run for going through n bytes of text.
func (r *Run) scan(n int) error {
	if n < 256 {
		return nil
	}
	return r.Step(n >> 6)
}

// reserve charges the run for n elements of the given size before they are made. Whatever the budgets,
// no single value becomes longer than maxTextBytes or maxArrayLen.
func (r *Run) reserve(n int64, size int) error {
	if size == 1 && n > maxTextBytes {
		return errTextTooLong()
	}
	if size > 1 && n > maxArrayLen {
		return Errorf("Array is longer than %d elements", maxArrayLen)
	}
	if err := r.Step(int(n) >> 6); err != nil {
		return err
	}
	return r.Alloc(int(n) * size)
}

// reserveBeside is reserve for a text that replaces one of held bytes which the weighing does not see.
func (r *Run) reserveBeside(n, held int64) error {
	if n > maxTextBytes {
		return errTextTooLong()
	}
	if err := r.Step(int(n) >> 6); err != nil {
		return err
	}
	if e := r.allocHeld(n, held); e != nil {
		return e
	}
	return nil
}

// allocHeld charges n bytes of a value in the making, of which held bytes exist already where the
// weighing of live values does not see them.
func (r *Run) allocHeld(n, held int64) *Error {
	r.bytes += n
	if r.bytes <= r.budget {
		return nil
	}
	return r.weigh(n + held)
}

// text returns a text a built-in has made, charged to the run. Only for texts that are not much
// larger than an argument; larger ones are reserved before they are made.
func (r *Run) text(s string) (Value, error) {
	if err := r.Alloc(len(s)); err != nil {
		return Undefined, err
	}
	return String(s), nil
}

// part returns the bytes of a text from one position to another. It shares no memory with the text but
// where it is the whole of it: a part kept would keep the whole, and be counted for itself only, and parts
// of parts would keep ever more of it. A copy costs about what finding the positions does.
func (r *Run) part(v Value, from, to int) (Value, error) {
	s := v.Text()
	switch to - from {
	case 0:
		return emptyText, nil
	case 1:
		return byteText(s[from]), nil
	case len(s):
		return textOf(v), nil
	}
	return r.copyText(s[from:to])
}

// textOf returns v as a text, v itself if it is one: the value knows what memory it keeps.
func textOf(v Value) Value {
	if v.k == KindString {
		return v
	}
	return String(v.Text())
}

// byteTexts holds the texts of one byte.
var byteTexts = func() string {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	return string(all[:])
}()

func byteText(c byte) Value { return String(byteTexts[c : int(c)+1]) }

// array returns an array that owns vals, charged to the run.
func (r *Run) array(vals []Value) (Value, error) {
	if err := r.Alloc(sizeObject + cap(vals)*sizeValue); err != nil {
		return Undefined, err
	}
	return ObjectValue(r.NewArray(vals)), nil
}

// option reads a member of an options argument; undefined if the argument is no object or lacks it.
func (r *Run) option(options Value, name string) (Value, error) {
	if options.k != KindObject {
		return Undefined, nil
	}
	v, _, err := r.OptProperty(options, name)
	return v, err
}
