package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

// openAPIType is the media type of the document.
const openAPIType = "application/openapi+json"

// schemaName names a type in the document.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	switch {
	case name == "ErrorModel":
		return "Problem"
	case name == "ErrorDetail":
		return "Mistake"
	case strings.HasPrefix(name, "List") && name != "List":
		return strings.TrimPrefix(name, "List") + "List"
	}
	return name
}

// runResponses describes the forms in which a new run is told.
func runResponses(schemas huma.Registry) map[string]*huma.Response {
	return map[string]*huma.Response{
		"200": {
			Description: "How the run ended; as a stream, its lines as they come and the outcome at the end.",
			Headers:     runLocation(),
			Content:     runContent(schemas, reflect.TypeFor[RunResult]()),
		},
		"202": {
			Description: "With detach: the run goes on by itself.",
			Headers:     runLocation(),
			Content:     map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[RunStarted](), true, "")}},
		},
	}
}

func runLocation() map[string]*huma.Param {
	return map[string]*huma.Param{"Location": {
		Description: "The path of the run.", Schema: &huma.Schema{Type: huma.TypeString}, Example: Base + "/runs/" + exampleRun,
	}}
}

// runAnswer describes the two forms in which a run is looked at.
func runAnswer(schemas huma.Registry) *huma.Response {
	return &huma.Response{
		Description: "The run as it is now; as a stream, its lines so far, new ones, and the outcome at the end.",
		Content:     runContent(schemas, reflect.TypeFor[RunDetail]()),
	}
}

func runContent(schemas huma.Registry, whole reflect.Type) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{
		"application/json": {Schema: schemas.Schema(whole, true, "")},
		eventStreamType: {Schema: events(
			event(eventLine, schemas.Schema(reflect.TypeFor[Line](), true, "")),
			event(eventOutcome, schemas.Schema(reflect.TypeFor[Outcome](), true, "")),
		)},
	}
}

// logAnswer describes the stream of log lines.
func logAnswer(schemas huma.Registry) *huma.Response {
	return &huma.Response{
		Description: "The lines, each with its number as the event's id.",
		Content: map[string]*huma.MediaType{
			eventStreamType: {Schema: events(event(eventLine, schemas.Schema(reflect.TypeFor[Line](), true, "")))},
		},
	}
}

// events describes a stream as the sequence of its events.
func events(kinds ...*huma.Schema) *huma.Schema {
	items := kinds[0]
	if len(kinds) > 1 {
		items = &huma.Schema{OneOf: kinds}
	}
	return &huma.Schema{Type: huma.TypeArray, Description: "Server-sent events.", Items: items}
}

func event(name string, data *huma.Schema) *huma.Schema {
	return &huma.Schema{
		Title: name,
		Type:  huma.TypeObject,
		Properties: map[string]*huma.Schema{
			"event": {Type: huma.TypeString, Enum: []any{name}, Description: "Kind of the event."},
			"data":  data,
		},
		Required: []string{"event", "data"},
	}
}

// completeOpenAPI adds to the document what the types of the handlers do not say:
// groups, texts and examples, the general bounds of requests, and the answers that
// every operation may give. Requests are checked against the same schemas, so it
// must be called before the first one. An operation without an entry in
// descriptions stays without texts; a test finds it.
func completeOpenAPI(doc *huma.OpenAPI) {
	doc.Info.License = &huma.License{Name: "Apache License 2.0", Identifier: "Apache-2.0"}
	doc.Info.Contact = &huma.Contact{Name: "tutorsocket"}
	addOpenAPIOperation(doc)
	bounds := bounder{schemas: doc.Components.Schemas, seen: map[*huma.Schema]bool{}}
	doc.Components.Responses = map[string]*huma.Response{}
	for op := range operations(doc) {
		dropNegotiation(op)
		bounds.bound(op)
		requireScope(op)
		addErrors(doc, op)
		describeHeaders(op)
		if d, ok := descriptions[op.OperationID]; ok {
			d.describe(op)
		}
	}
	doc.Tags = slices.DeleteFunc(groups(), func(g *huma.Tag) bool {
		for op := range operations(doc) {
			if slices.Contains(op.Tags, g.Name) {
				return false
			}
		}
		return true
	})
	describeProblem(doc.Components.Schemas.Map())
}

// describeHeaders words the headers of answers: the library leaves the text of a tag
// in the schema.
func describeHeaders(op *huma.Operation) {
	for _, r := range op.Responses {
		for _, header := range r.Headers {
			if header.Description == "" {
				header.Description, header.Schema.Description = header.Schema.Description, ""
			}
		}
	}
}

// operations yields the operations of the document.
func operations(doc *huma.OpenAPI) func(yield func(*huma.Operation) bool) {
	return func(yield func(*huma.Operation) bool) {
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			item := doc.Paths[path]
			for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
				if op != nil && !yield(op) {
					return
				}
			}
		}
	}
}

// addOpenAPIOperation describes the document itself, which the library does not route.
func addOpenAPIOperation(doc *huma.OpenAPI) {
	doc.AddOperation(&huma.Operation{
		OperationID: "get-openapi", Method: http.MethodGet, Path: openAPIPath[len(Base):],
		Summary:  "This document",
		Security: []map[string][]string{{}},
		Responses: map[string]*huma.Response{"200": {
			Description: "An OpenAPI 3.1 document.",
			Content:     map[string]*huma.MediaType{openAPIType: {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}},
		}},
	})
}

// dropNegotiation removes Accept from the parameters: OpenAPI has it in the types
// of the answers, and nowhere else.
func dropNegotiation(op *huma.Operation) {
	op.Parameters = slices.DeleteFunc(op.Parameters, func(p *huma.Param) bool {
		return p.In == "header" && strings.EqualFold(p.Name, "Accept")
	})
}

// General bounds of requests: of what has no bound of its own.
const (
	maxParamLength = 8 << 10
	maxListItems   = 10_000
	maxMembers     = 10_000
)

// bounder gives bounds to the parts of requests that have none.
type bounder struct {
	schemas huma.Registry
	seen    map[*huma.Schema]bool
}

func (b bounder) bound(op *huma.Operation) {
	for _, p := range op.Parameters {
		b.schema(p.Schema, maxParamLength)
		p.Schema.PrecomputeMessages()
	}
	if op.RequestBody == nil {
		return
	}
	for _, media := range op.RequestBody.Content {
		b.schema(media.Schema, maxBody)
		media.Schema.PrecomputeMessages()
	}
}

func (b bounder) schema(s *huma.Schema, length int) {
	if s == nil || b.seen[s] {
		return
	}
	b.seen[s] = true
	if s.Ref != "" {
		target := b.schemas.SchemaFromRef(s.Ref)
		b.schema(target, length)
		target.PrecomputeMessages()
	}
	switch {
	case s.Type == huma.TypeString && s.MaxLength == nil && s.Enum == nil && s.Format == "":
		s.MaxLength = &length
	case s.Type == huma.TypeArray && s.MaxItems == nil:
		most := maxListItems
		s.MaxItems = &most
	case s.Type == huma.TypeObject && s.AdditionalProperties != nil && s.AdditionalProperties != false && s.MaxProperties == nil:
		most := maxMembers
		s.MaxProperties = &most
	}
	b.schema(s.Items, length)
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		b.schema(values, length)
	}
	for _, member := range s.Properties {
		b.schema(member, length)
	}
	for _, kind := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
		b.schema(kind, length)
	}
}

// addErrors adds the errors any operation may answer with, removes those of bodies
// where none is read, and describes each error once for all operations.
func addErrors(doc *huma.OpenAPI, op *huma.Operation) {
	public := len(op.Security) == 1 && len(op.Security[0]) == 0
	statuses := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity}
	if !public {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusInternalServerError, http.StatusServiceUnavailable)
	}
	if op.Extensions[scopeExtension] == string(keys.Admin) { // not there on a listener for everybody
		statuses = append(statuses, http.StatusNotFound)
	}
	ofBodies := []int{http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
	if op.RequestBody != nil {
		statuses = append(statuses, ofBodies...)
	} else {
		for _, status := range ofBodies {
			delete(op.Responses, strconv.Itoa(status))
		}
	}
	if answersWithContent(op) {
		statuses = append(statuses, http.StatusNotAcceptable)
	}
	for _, status := range statuses {
		if code := strconv.Itoa(status); op.Responses[code] == nil {
			op.Responses[code] = &huma.Response{Description: http.StatusText(status)}
		}
	}
	for code, r := range op.Responses {
		status, err := strconv.Atoi(code)
		if err == nil && status >= 400 && r.Description == http.StatusText(status) {
			op.Responses[code] = sharedError(doc, status)
		}
	}
}

// answersWithContent says whether a success of the operation has a body.
func answersWithContent(op *huma.Operation) bool {
	for code, r := range op.Responses {
		if code[0] == '2' && len(r.Content) > 0 {
			return true
		}
	}
	return false
}

// sharedError returns a reference to the answer with this status.
func sharedError(doc *huma.OpenAPI, status int) *huma.Response {
	name := strings.ReplaceAll(http.StatusText(status), " ", "")
	if doc.Components.Responses[name] == nil {
		e := errorTexts[status]
		if e.text == "" {
			e.text = http.StatusText(status)
		}
		r := &huma.Response{Description: e.text, Headers: e.headers, Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema:  doc.Components.Schemas.Schema(reflect.TypeFor[huma.ErrorModel](), true, ""),
			Example: exampleProblem(status, e),
		}}}
		doc.Components.Responses[name] = r
	}
	return &huma.Response{Ref: "#/components/responses/" + name}
}

func exampleProblem(status int, e errorText) map[string]any {
	p := map[string]any{"title": http.StatusText(status), "status": status, "detail": e.example}
	if e.example == "" {
		p["detail"] = e.text
	}
	if e.mistake != nil {
		p["errors"] = []any{e.mistake}
	}
	return p
}

// describeProblem words the members of problem details for this API.
func describeProblem(schemas map[string]*huma.Schema) {
	problem, mistake := schemas["Problem"], schemas["Mistake"]
	problem.Description = "Problem details (RFC 9457)."
	for name, text := range map[string]string{
		"type":     "Absent: the status says it.",
		"title":    "The status in words.",
		"status":   "The HTTP status.",
		"detail":   "What was wrong and what to do, for a person.",
		"instance": "Absent.",
		"errors":   "Each thing wrong, with its place.",
	} {
		problem.Properties[name].Description = text
		problem.Properties[name].Examples = nil
	}
	mistake.Description = "One thing wrong in a request."
	for name, text := range map[string]string{
		"location": "Where: query.limit, path.key, body.message, body.keys[3].",
		"message":  "What is wrong there.",
		"value":    "The value, if it is short.",
	} {
		mistake.Properties[name].Description = text
	}
}

// encodeOpenAPI returns the document.
func encodeOpenAPI(doc *huma.OpenAPI) []byte {
	text, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("api: encode the OpenAPI document: %v", err))
	}
	return text
}
