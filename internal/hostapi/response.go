package hostapi

import "github.com/tutorsocket/tutorsocket/internal/basescript"

var responseGlobals = []basescript.Global{{
	Name: "Response", Sig: "Response", Doc: "What the script writes: the text of the page in progress (EvalCodePage). Elsewhere there is no answer to write to.",
	Value: func(r *basescript.Run) (basescript.Value, bool) { return envOf(r).responseObject(), true },
}}

// responseState is what pages of a run have set of their answer. It goes nowhere: the text of a page is
// a value of the script.
type responseState struct {
	object, contentType, writeMode basescript.Value
}

// responseClass is the answer of a page (spec/basescript.md 3.3). A run answers no request, so that only
// the text and how it is to be taken can be set, by a page; the rest fails and says so.
var responseClass = &basescript.Class{Name: "DxTransResponse", Props: []basescript.Prop{
	pageProp("ContentType", "The type of what the page writes: text/html until a page sets another one. Cannot be set outside of pages.",
		func(s *responseState) *basescript.Value { return &s.contentType }),
	pageProp("WriteMode", "How the page wants to be sent: empty until a page sets it. Cannot be set outside of pages.",
		func(s *responseState) *basescript.Value { return &s.writeMode }),
	{Name: "Stream", Sig: "never", Doc: "The answer as a stream: fails, there is no answer to write to.",
		Get: func(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
			return basescript.Undefined, errNoAnswer(r, "Stream")
		}},
}, Methods: []basescript.Method{
	{Name: "Write", Min: 1, Call: writePage, Sig: "(text: any): void", Doc: "Appends text to what the page in progress writes. Fails outside of pages."},
	{Name: "WriteBinary", Min: 1, Call: writePageData, Sig: "(data: any): void", Doc: "Appends data to what the page in progress writes. Fails outside of pages."},
	noAnswer("AddHeader", 2, "(name: string, value: string): void"),
	noAnswer("Redirect", 1, "(url: string): void"),
	noAnswer("SetRespStatus", 1, "(code: number, text?: string): void"),
	noAnswer("SetWrongAuth", 0, "(options?: string): void"),
	noAnswer("HandleStaticFile", 1, "(path: string): void"),
}}

func (e *Env) responseObject() basescript.Value {
	return once(&e.response.object, func() basescript.Value {
		e.response.contentType, e.response.writeMode = basescript.String("text/html"), basescript.String("")
		return basescript.NewHost(responseClass, nil)
	})
}

// errNoAnswer says why what would change an answer fails.
func errNoAnswer(r *basescript.Run, what string) error {
	if envOf(r).IsService() {
		return errAnswered(what)
	}
	return basescript.Errorf("%s: there is no request to answer", what)
}

// noAnswer is a method that would change more of an answer than its text.
func noAnswer(name string, least int, sig string) basescript.Method {
	return basescript.Method{
		Name: name, Min: least, Sig: sig, Doc: "Would change the answer: fails, scripts answer no requests.",
		Call: func(r *basescript.Run, _ basescript.Value, _ []basescript.Value) (basescript.Value, error) {
			return basescript.Undefined, errNoAnswer(r, name)
		},
	}
}

// pageProp is a text that pages may set.
func pageProp(name, doc string, slot func(*responseState) *basescript.Value) basescript.Prop {
	return basescript.Prop{
		Name: name, Sig: "string", Doc: doc,
		Get: func(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
			return *slot(&envOf(r).response), nil
		},
		Set: func(r *basescript.Run, _, v basescript.Value) error {
			if !r.InPage() {
				return errNoAnswer(r, name)
			}
			*slot(&envOf(r).response) = basescript.String(v.Text())
			return nil
		},
	}
}

func writePage(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	return writeToPage(r, "Write", args[0])
}

func writePageData(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	return writeToPage(r, "WriteBinary", args[0])
}

func writeToPage(r *basescript.Run, what string, v basescript.Value) (basescript.Value, error) {
	written, err := r.WritePage(v)
	if err == nil && !written {
		err = errNoAnswer(r, what)
	}
	return basescript.Undefined, err
}
