package basescript

import "strings"

func jsonGlobals() []Global {
	globals := functionGlobals([]Func{
		{Name: "ParseJson", Min: 1, Call: parseJSON,
			Sig: "(text: string, options?: {StrictMode?: boolean}): any",
			Doc: "Turns JSON or, unless StrictMode is set, a JavaScript literal into objects, arrays and scalars."},
		{Name: "EncodeJson", Min: 1, Call: encodeJSON,
			Sig: "(value: any, options?: {PrettyFormat?: boolean, ExportLargeIntegersAsStrings?: boolean}): string",
			Doc: "Writes a value as JSON."},
		{Name: "ParseConfig", Min: 1, Call: parseConfig,
			Sig: "(text: string): object",
			Doc: "Reads the text of an INI file; its sections become objects."},
	})
	return append(globals, Global{Name: "JSON", Origin: Superset, Static: jsonClass, Sig: "JSON", Doc: "JSON as in JavaScript."})
}

var jsonClass = &Class{Name: "JSON", Methods: []Method{
	{Name: "parse", Min: 1, Call: jsonParse,
		Sig: "(text: string, reviver?: (key: string, value: any) => any): any",
		Doc: "Turns strict JSON into objects, arrays and scalars."},
	{Name: "stringify", Call: jsonStringify,
		Sig: "(value: any, replacer?: ((key: string, value: any) => any) | string[], space?: number | string): string",
		Doc: "Writes a value as JSON; undefined for undefined and functions."},
}}

func parseJSON(r *Run, args []Value) (Value, error) {
	strict, err := r.option(arg(args, 1), "StrictMode")
	if err != nil {
		return Undefined, err
	}
	return r.ParseJSON(args[0].Text(), strict.Truthy())
}

func encodeJSON(r *Run, args []Value) (Value, error) {
	var opt JSONOptions
	if options := arg(args, 1); options.k == KindObject {
		pretty, err := r.option(options, "PrettyFormat")
		if err != nil {
			return Undefined, err
		}
		large, err := r.option(options, "ExportLargeIntegersAsStrings")
		if err != nil {
			return Undefined, err
		}
		opt.PrettyFormat, opt.ExportLargeIntegersAsStrings = pretty.Truthy(), large.Truthy()
	}
	text, err := r.EncodeJSON(args[0], opt)
	return String(text), err
}

func jsonParse(r *Run, _ Value, args []Value) (Value, error) {
	v, err := r.ParseJSON(args[0].Text(), true)
	reviver := arg(args, 1)
	if err != nil || !reviver.Object().IsFunction() {
		return v, err
	}
	holder := r.NewObject()
	holder.Set("", v)
	defer r.Pin(ObjectValue(holder))()
	return r.reviveJSON(reviver, ObjectValue(holder), "", v)
}

// reviveJSON hands each parsed value, innermost first, to the reviver and puts its result in place.
func (r *Run) reviveJSON(reviver, holder Value, key string, v Value) (Value, error) {
	if o := v.Object(); o != nil {
		for _, name := range append([]string(nil), o.Keys()...) {
			item, ok := o.Get(name)
			if !ok {
				continue
			}
			revived, err := r.reviveJSON(reviver, v, name, item)
			switch {
			case err != nil:
				return Undefined, err
			case revived.IsUndefined():
				o.Delete(name)
			default:
				o.Set(name, revived)
			}
		}
	}
	return r.CallValue(reviver, holder, String(key), v)
}

func jsonStringify(r *Run, _ Value, args []Value) (Value, error) {
	v, replacer := arg(args, 0), arg(args, 1).Object()
	if replacer.IsFunction() || replacer.IsArray() {
		holder := r.NewObject()
		holder.Set("", v)
		defer r.Pin(ObjectValue(holder))()
		w := jsonReplacer{r: r}
		if replacer.IsFunction() {
			w.fn = args[1]
		} else {
			w.allowed = make(map[string]bool)
			for _, name := range replacer.vals {
				if err := r.Step(4); err != nil {
					return Undefined, err
				}
				w.allowed[name.Text()] = true
			}
		}
		var err error
		if v, err = w.replace(holder, "", v, 0); err != nil {
			return Undefined, err
		}
	}
	if v.IsUndefined() || v.Object().IsFunction() {
		return Undefined, nil
	}
	indent := jsonIndent(arg(args, 2))
	text, err := r.EncodeJSON(v, JSONOptions{PrettyFormat: indent != "", Indent: indent})
	return String(text), err
}

// jsonIndent turns the third argument of JSON.stringify into at most ten characters.
func jsonIndent(space Value) string {
	if n, ok := space.ToInt(); ok && space.isNumber() {
		return strings.Repeat(" ", int(max(0, min(n, 10))))
	}
	if space.k != KindString {
		return ""
	}
	s := space.Str()
	return s[:charOffset(s, 10)]
}

// jsonReplacer makes the copy of a value that JSON.stringify with a replacer writes.
type jsonReplacer struct {
	r       *Run
	fn      Value
	allowed map[string]bool // nil: all names
}

func (w *jsonReplacer) replace(holder *Object, key string, v Value, depth int) (Value, error) {
	if depth > maxJSONDepth {
		return Undefined, Errorf("Object is nested deeper than %d levels", maxJSONDepth)
	}
	if w.fn.k == KindObject {
		var err error
		if v, err = w.r.CallValue(w.fn, ObjectValue(holder), String(key), v); err != nil {
			return Undefined, err
		}
	}
	o := v.Object()
	if o == nil || (o.class != classObject && o.class != classArray) {
		return v, nil
	}
	if err := w.r.Alloc(sizeObject + len(o.vals)*(sizeKey+sizeValue)); err != nil {
		return Undefined, err
	}
	if o.class == classArray {
		return w.replaceElements(o, depth)
	}
	return w.replaceMembers(o, depth)
}

func (w *jsonReplacer) replaceElements(o *Object, depth int) (Value, error) {
	made := w.r.NewArray(make([]Value, 0, len(o.vals)))
	defer w.r.Pin(ObjectValue(made))()
	keys := o.Keys()
	for i := 0; i < len(o.vals) && i < len(keys); i++ {
		if err := w.r.Step(1); err != nil {
			return Undefined, err
		}
		v, err := w.replace(o, keys[i], o.vals[i], depth+1)
		if err != nil {
			return Undefined, err
		}
		made.Append(v)
	}
	return ObjectValue(made), nil
}

func (w *jsonReplacer) replaceMembers(o *Object, depth int) (Value, error) {
	made := w.r.NewObject()
	defer w.r.Pin(ObjectValue(made))()
	for _, name := range append([]string(nil), o.Keys()...) {
		if w.allowed != nil && !w.allowed[name] {
			continue
		}
		if err := w.r.Step(1); err != nil {
			return Undefined, err
		}
		v, ok, err := w.r.OptProperty(ObjectValue(o), name)
		if err != nil {
			return Undefined, err
		}
		if !ok {
			continue
		}
		if v, err = w.replace(o, name, v, depth+1); err != nil {
			return Undefined, err
		}
		made.Set(name, v)
	}
	return ObjectValue(made), nil
}
