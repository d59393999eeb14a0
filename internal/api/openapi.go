package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// runResponses describes the forms in which a new run is told.
func runResponses(schemas huma.Registry) map[string]*huma.Response {
	return map[string]*huma.Response{
		"200": {
			Description: "How the run ended; as a stream, its lines as they come and the outcome at the end. The header Location names the run.",
			Content:     runContent(schemas, reflect.TypeFor[RunResult]()),
		},
		"202": {
			Description: "With detach: the run goes on by itself. The header Location names it.",
			Content:     map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[RunStarted](), true, "")}},
		},
	}
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
	return &huma.Schema{
		Type:        huma.TypeArray,
		Description: "Server-sent events.",
		Items:       &huma.Schema{OneOf: kinds},
	}
}

func event(name string, data *huma.Schema) *huma.Schema {
	return &huma.Schema{
		Title: name,
		Type:  huma.TypeObject,
		Properties: map[string]*huma.Schema{
			"event": {Type: huma.TypeString, Enum: []any{name}},
			"data":  data,
		},
		Required: []string{"event", "data"},
	}
}

// encodeOpenAPI adds the description itself, which the library does not route,
// and returns the document.
func encodeOpenAPI(doc *huma.OpenAPI) []byte {
	doc.AddOperation(&huma.Operation{
		OperationID: "get-openapi", Method: http.MethodGet, Path: openAPIPath[len(Base):],
		Summary:  "This document",
		Security: []map[string][]string{{}},
		Responses: map[string]*huma.Response{
			"200": {
				Description: "An OpenAPI 3.1 document.",
				Content:     map[string]*huma.MediaType{"application/openapi+json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}},
			},
			"400": {
				Description: http.StatusText(http.StatusBadRequest),
				Content: map[string]*huma.MediaType{"application/problem+json": {
					Schema: doc.Components.Schemas.Schema(reflect.TypeFor[huma.ErrorModel](), true, ""),
				}},
			},
		},
	})
	text, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("api: encode the OpenAPI document: %v", err))
	}
	return text
}
