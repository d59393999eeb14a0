package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// CheckRequest is a source to look at. It is not run.
type CheckRequest struct {
	Source  string `json:"source" doc:"The script."`
	Kind    string `json:"kind,omitempty" enum:"agent,service,library,stub,test" doc:"How the script is used; an agent without one."`
	Name    string `json:"name,omitempty" maxLength:"200" doc:"Path in the app folder, for messages and for addresses relative to it."`
	Level   string `json:"level,omitempty" enum:"error,warning,portability" doc:"The mildest level to tell of; warning without one. portability: what works here and not in WebTutor."`
	Version string `json:"version,omitempty" enum:"1.22,1.24,native" doc:"Datex.XHTTP version the script is for; the one the server behaves like without one."`
}

// Diagnostics is what is wrong with a source, in the order of its lines.
type Diagnostics struct {
	Problems []Diagnostic `json:"problems" nullable:"false" doc:"What is wrong, in the order of the lines."`
}

// Diagnostic is something wrong with a source.
type Diagnostic struct {
	File    string `json:"file" doc:"Path in the app folder, or the name of the request."`
	Line    int    `json:"line" doc:"From 1."`
	Column  int    `json:"column" doc:"From 1, in characters."`
	Level   string `json:"level" enum:"error,warning,portability" doc:"error: fails when it is executed; warning: may well be a mistake; portability: works here and not in WebTutor."`
	Kind    string `json:"kind" doc:"syntax, unknown-name, unknown-function, unknown-member, text-expression, arguments, version, refused, portability, app."`
	Message string `json:"message" doc:"What is wrong, for a person."`
	Caret   string `json:"caret,omitempty" doc:"The source line with a mark under the column."`
}

// Binding is a name that scripts may use, or a class of objects they get.
type Binding struct {
	Name      string    `json:"name" doc:"As scripts write it."`
	Kind      string    `json:"kind" enum:"function,namespace,value,class,type,hook" doc:"class: objects of the server; type: values of the language; hook: a function of a service that the server calls."`
	Signature string    `json:"signature" doc:"In TypeScript; empty where the members say it all."`
	Doc       string    `json:"doc" doc:"What it does, in a sentence."`
	Origin    string    `json:"origin" enum:"shared,superset,refused" doc:"shared: in WebTutor and here; superset: here only; refused: in WebTutor, and a call fails here unless the app has a stand-in."`
	Since     string    `json:"since,omitempty" doc:"Datex.XHTTP version that brought it."`
	Members   []Binding `json:"members,omitempty" nullable:"false" doc:"What it has, of namespaces and classes."`
}

func (h *handler) registerChecks(router huma.API) {
	huma.Register(router, h.operation("check-source", http.MethodPost, "/check", "What is wrong with a script", http.StatusOK),
		func(_ context.Context, in *struct{ Body CheckRequest }) (*answer[Diagnostics], error) {
			problems := h.Checker.Check(in.Body)
			if problems == nil {
				problems = []Diagnostic{}
			}
			return &answer[Diagnostics]{Diagnostics{problems}}, nil
		})
	huma.Register(router, telling[List[Binding]](router, h.operation("list-bindings", http.MethodGet, "/bindings", "Names scripts may use", http.StatusOK)),
		func(context.Context, *struct{}) (*told, error) {
			return &told{listOf(h.Checker.Bindings(), "", nil)}, nil
		})
}
