package basescript

import (
	"context"
	"errors"
)

// evalGlobals are the functions that evaluate code (spec/basescript.md 1.12). Those of files belong to
// package hostapi.
func evalGlobals() []Global {
	return functionGlobals([]Func{
		{Name: "eval", Min: 1, Evaluates: EvalSees, Call: evalOwn, Sig: "(code: string, fields?: object): any", Doc: "Runs code that sees the variables of the caller and the fields of an object, and returns the last value; its own variables are gone afterwards."},
		{Name: "InPlaceEval", Min: 1, Evaluates: EvalAdds, Call: evalInPlace, Sig: "(code: string): void", Doc: "Runs code as if it stood here: variables and functions it makes stay."},
		{Name: "OptEval", Min: 1, Evaluates: EvalSees, Call: evalOptional, Sig: "(code: string, otherwise?: any): any", Doc: "Runs code as eval does; the default if it fails."},
		{Name: "EvalCs", Min: 1, Evaluates: EvalSees, Call: evalCritical, Sig: "(code: string): any", Doc: "Runs code as eval does, while no other script of the server runs any in EvalCs."},
		{Name: "SafeEval", Min: 1, Call: evalSafe, Sig: "(code: string, fields?: object[]): any", Doc: "Runs code that sees no variable and no function but the fields of the objects; those of a later object come first."},
		{Name: "ExtEval", Min: 2, Call: evalExtended, Sig: "(code: string, environment: 'Global' | 'Safe', base?: object, fields?: object[]): any", Doc: "Runs code that sees global functions (Global) or none (Safe), and the fields of the objects, but no variables of the caller."},
		{Name: "CheckCodeSyntax", Min: 1, Call: checkSyntax, Sig: "(code: string): void", Doc: "Fails if the code does not parse, with the line at fault."},
		{Name: "EvalCodePage", Min: 1, Evaluates: EvalAdds, Call: evalPage, Sig: "(page: string, options?: object): string", Doc: "Runs a page, text with code in <% %> and <%= %>, as if its code stood here, and returns what it writes."},
	})
}

// codeArg takes code, which is text; other scalars are their text.
func codeArg(v Value) (string, error) {
	if v = v.Scalar(); v.k == KindObject {
		return "", errNotA("code", v)
	}
	return v.Text(), nil
}

// evalOwn returns the value of the code; the second argument is an object whose fields are names.
func evalOwn(r *Run, args []Value) (Value, error) {
	code, err := codeArg(args[0])
	if err != nil {
		return Undefined, err
	}
	var objects []Value
	if fields := arg(args, 1); fields.k == KindObject {
		objects = []Value{fields}
	}
	return r.evaluated(evalText{kind: textOwn, text: code}, objects)
}

func (r *Run) evaluated(t evalText, objects []Value) (Value, error) {
	v, e := r.evaluate(t, objects)
	if e != nil {
		return Undefined, e
	}
	return v, nil
}

func evalInPlace(r *Run, args []Value) (Value, error) {
	code, err := codeArg(args[0])
	if err == nil {
		_, err = r.evaluated(evalText{kind: textInPlace, text: code}, nil)
	}
	return Undefined, err
}

// evalOptional gives the default for any error a script could catch, syntax errors included.
func evalOptional(r *Run, args []Value) (Value, error) {
	v, err := evalOwn(r, args[:1])
	var e *Error
	if err == nil || errors.As(err, &e) && e.Kind == Stopped {
		return v, err
	}
	return arg(args, 1), nil
}

// critical has room for the one run of the process that is in EvalCs.
var critical = make(chan struct{}, 1)

// evalCritical waits outside the computing time until no other run is in EvalCs; the wait ends with
// the run. A run that is in it already does not wait for itself.
func evalCritical(r *Run, args []Value) (Value, error) {
	if r.inCritical == 0 {
		entered := false
		err := r.Wait(func(ctx context.Context) error {
			select {
			case critical <- struct{}{}:
				entered = true
			case <-ctx.Done():
			}
			return nil
		})
		if entered {
			defer func() { <-critical }()
		}
		if err != nil {
			return Undefined, err
		}
	}
	r.inCritical++
	defer func() { r.inCritical-- }()
	return evalOwn(r, args[:1])
}

func evalSafe(r *Run, args []Value) (Value, error) {
	return r.evalIsolated(textSafe, args[0], Undefined, arg(args, 1))
}

// evalExtended knows the environments that need neither a document nor a window.
func evalExtended(r *Run, args []Value) (Value, error) {
	base, objects := arg(args, 2), arg(args, 3)
	switch name := args[1].Text(); name {
	case "Global":
		return r.evalIsolated(textGlobal, args[0], base, objects)
	case "Safe":
		return r.evalIsolated(textSafe, args[0], base, objects)
	case "Doc", "ScreenItem":
		return Undefined, Errorf("The environment %s needs documents or windows, which are not available here", name)
	default:
		return Undefined, Errorf("Unknown environment: %s", describe(args[1]))
	}
}

// evalIsolated evaluates code that sees the fields of objects instead of its caller.
func (r *Run) evalIsolated(kind textKind, code, base, list Value) (Value, error) {
	text, err := codeArg(code)
	if err != nil {
		return Undefined, err
	}
	objects, err := r.fieldObjects(base, list)
	if err != nil {
		return Undefined, err
	}
	return r.evaluated(evalText{kind: kind, text: text}, objects)
}

// fieldObjects are the objects whose fields code sees: a base, and a list of objects or one of them.
func (r *Run) fieldObjects(base, list Value) (objects []Value, err error) {
	if base.k == KindObject {
		objects = append(objects, base)
	}
	if list.k != KindObject {
		return objects, nil
	}
	if _, collection := r.Items(list); !collection {
		return append(objects, list), nil
	}
	err = r.each(list, func(v Value) (bool, error) {
		if len(objects) >= maxEvalObjects {
			return false, Errorf("Code sees the fields of at most %d objects", maxEvalObjects)
		}
		if v.k == KindObject {
			objects = append(objects, v)
		}
		return true, nil
	})
	return objects, err
}

// maxCheckedText bounds the code of CheckCodeSyntax, in bytes: nothing stops a compilation that has begun.
const maxCheckedText = 128 << 10

// checkSyntax compiles the code and throws it away.
func checkSyntax(r *Run, args []Value) (Value, error) {
	code, err := codeArg(args[0])
	if err != nil {
		return Undefined, err
	}
	if len(code) > maxCheckedText {
		return Undefined, Errorf("Code to check is larger than %d KiB", maxCheckedText>>10)
	}
	if err := r.Step(clockEvery/16 + len(code)); err != nil {
		return Undefined, err
	}
	opts := Options{Globals: noGlobals} // which names exist is no matter of syntax
	_, err = compileSafely("", code, opts)
	var se *SyntaxError
	if errors.As(err, &se) {
		return Undefined, NewError(se.inText())
	}
	return Undefined, err
}

// evalPage returns what the page writes. Its options are about the desktop's views: they are not read.
func evalPage(r *Run, args []Value) (Value, error) {
	page, err := codeArg(args[0])
	if err != nil {
		return Undefined, err
	}
	return r.evalPage(evalText{kind: textPage, text: page})
}

// EvalFile runs the text of a file where the built-in in progress was called, as if it stood there:
// variables and functions it makes stay (EvalCodeUrl). It returns the value of the last statement.
// Positions are those of the file. The built-in must be declared with EvalAdds.
func (r *Run) EvalFile(url, text string) (Value, error) {
	return r.evaluated(evalText{kind: textInPlace, text: text, url: url}, nil)
}

// EvalHere is EvalFile for code that lies in no file; positions are those of the call.
func (r *Run) EvalHere(code string) (Value, error) {
	return r.evaluated(evalText{kind: textInPlace, text: code}, nil)
}

// EvalPageFile is EvalFile for a page; it returns what the page writes (EvalCodePageUrl).
func (r *Run) EvalPageFile(url, text string) (Value, error) {
	return r.evalPage(evalText{kind: textPage, text: text, url: url})
}

// evalPage evaluates a page. The function its code writes with is a field of a hidden object, which
// holds the text written so far in sight of the budget of live bytes.
func (r *Run) evalPage(t evalText) (Value, error) {
	out := r.NewObject()
	write, e := r.newFunction(function{native: &Func{Name: pageWriter, Min: 1, Call: func(r *Run, args []Value) (Value, error) {
		text, e := r.appendText(out.vals[1], args[0])
		if e != nil {
			return Undefined, e
		}
		out.vals[1] = text
		return Undefined, nil
	}}})
	if e != nil {
		return Undefined, e
	}
	out.Set(pageWriter, ObjectValue(write))
	out.Set("\x00text", String(""))
	if _, err := r.evaluated(t, []Value{ObjectValue(out)}); err != nil {
		return Undefined, err
	}
	return out.vals[1], nil
}
