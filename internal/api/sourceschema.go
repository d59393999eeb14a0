package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// newSourceSchema is what a JSON body of a write is checked against: the library leaves the body alone,
// because it may be the text itself.
var (
	newSourceSchemas huma.Registry
	newSourceSchema  = func() *huma.Schema {
		newSourceSchemas = huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
		s := newSourceSchemas.Schema(reflect.TypeFor[NewSource](), false, "")
		s.PrecomputeMessages()
		return s
	}()
)

func schemaOf[T any](schemas huma.Registry) *huma.Schema {
	return schemas.Schema(reflect.TypeFor[T](), true, "")
}

// sourceTag describes the header that names a text.
func sourceTag() map[string]*huma.Param {
	return map[string]*huma.Param{"ETag": {Description: "Names the text; If-Match of a write takes it.", Schema: &huma.Schema{Type: huma.TypeString}}}
}

// sourceAnswer describes the forms in which a text is told.
func sourceAnswer(schemas huma.Registry) *huma.Response {
	text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	return &huma.Response{
		Description: "The text as it is now.",
		Headers:     sourceTag(),
		Content:     map[string]*huma.MediaType{jsonType: {Schema: schemaOf[Source](schemas)}, textType: text, scriptType: text, scriptTypeAlso: text},
	}
}

// sourceBody describes the forms in which a text is written.
func sourceBody(schemas huma.Registry) map[string]*huma.MediaType {
	text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	return map[string]*huma.MediaType{jsonType: {Schema: schemaOf[NewSource](schemas)}, textType: text, scriptType: text, scriptTypeAlso: text}
}
