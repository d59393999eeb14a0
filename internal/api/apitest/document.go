package apitest

import (
	"bytes"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Object is a JSON object.
type Object = map[string]any

// Document is a parsed OpenAPI document. Its methods may be called concurrently.
type Document struct {
	Root       Object
	Operations []Operation // ordered by id

	mu      sync.Mutex // guards what follows
	schemas *jsonschema.Compiler
}

// Operation is one method of one path.
type Operation struct {
	ID     string
	Method string
	Path   string // below the server's, as the document writes it
	Object Object
	place  string // JSON pointer
}

// location names the document for the validator; nothing is loaded from it.
const location = "https://tutorsocket.example/openapi.json"

// Parse reads a document.
func Parse(text []byte) (*Document, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parse the document: %w", err)
	}
	root, ok := parsed.(Object)
	if !ok {
		return nil, fmt.Errorf("the document is a %T", parsed)
	}
	d := &Document{Root: root, schemas: jsonschema.NewCompiler()}
	d.schemas.DefaultDraft(jsonschema.Draft2020)
	d.schemas.AssertFormat()
	if err := d.schemas.AddResource(location, parsed); err != nil {
		return nil, err
	}
	paths, _ := root["paths"].(Object)
	for path, item := range paths {
		for method, op := range item.(Object) {
			object := op.(Object)
			id, _ := object["operationId"].(string)
			d.Operations = append(d.Operations, Operation{
				ID: id, Method: strings.ToUpper(method), Path: path, Object: object, place: "#/paths/" + escape(path) + "/" + method,
			})
		}
	}
	slices.SortFunc(d.Operations, func(a, b Operation) int { return strings.Compare(a.ID+a.Path, b.ID+b.Path) })
	return d, nil
}

// escape makes a text a part of a JSON pointer in a URL fragment.
func escape(text string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(text)
}

// Operation returns the operation with the id; ok is false if there is none.
func (d *Document) Operation(id string) (op Operation, ok bool) {
	i := slices.IndexFunc(d.Operations, func(op Operation) bool { return op.ID == id })
	if i < 0 {
		return Operation{}, false
	}
	return d.Operations[i], true
}

// Resolve follows the reference of an object, if it is one, and returns where the
// target is.
func (d *Document) Resolve(object Object, place string) (Object, string) {
	for range 10 {
		ref, ok := object["$ref"].(string)
		if !ok {
			return object, place
		}
		var at any = d.Root
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			members, _ := at.(Object)
			at = members[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		}
		target, ok := at.(Object)
		if !ok {
			return Object{}, ref
		}
		object, place = target, ref
	}
	return Object{}, place
}

// Responses returns the answers of an operation by status, references followed,
// and where each is.
func (d *Document) Responses(op Operation) (responses map[string]Object, places map[string]string) {
	responses, places = map[string]Object{}, map[string]string{}
	all, _ := op.Object["responses"].(Object)
	for status, r := range all {
		responses[status], places[status] = d.Resolve(r.(Object), op.place+"/responses/"+status)
	}
	return responses, places
}

// RequestBody returns the types of the body an operation takes, and where they are.
func (d *Document) RequestBody(op Operation) (content Object, place string) {
	body, _ := op.Object["requestBody"].(Object)
	content, _ = body["content"].(Object)
	return content, op.place + "/requestBody/content"
}

// Validate holds a JSON value against the schema at a place of the document.
func (d *Document) Validate(place string, value any) error {
	d.mu.Lock()
	schema, err := d.schemas.Compile(location + place)
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("compile the schema at %s: %w", place, err)
	}
	return schema.Validate(value)
}

// Check says in what an answer to an operation is not what the document declares.
func (d *Document) Check(op Operation, resp *http.Response, body string) error {
	responses, places := d.Responses(op)
	status := strconv.Itoa(resp.StatusCode)
	declared, ok := responses[status]
	if !ok {
		return fmt.Errorf("status %s is not declared; there are %s", status, strings.Join(slices.Sorted(maps.Keys(responses)), ", "))
	}
	if headers, _ := declared["headers"].(Object); resp.StatusCode >= 400 {
		for name := range headers {
			if resp.Header.Get(name) == "" {
				return fmt.Errorf("the header %s, declared for status %s, is missing", name, status)
			}
		}
	}
	content, _ := declared["content"].(Object)
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if len(content) == 0 {
		if body != "" {
			return fmt.Errorf("a body, which status %s does not declare: %s", status, body)
		}
		return nil
	}
	if _, ok := content[kind]; !ok {
		return fmt.Errorf("the type %q is not declared for status %s", resp.Header.Get("Content-Type"), status)
	}
	if resp.Request != nil && resp.Request.Method == http.MethodHead {
		return nil
	}
	return d.checkBody(kind, body, places[status]+"/content/"+escape(kind)+"/schema")
}

func (d *Document) checkBody(kind, body, place string) error {
	var value any
	var err error
	switch {
	case kind == "text/event-stream":
		value, err = Events(body)
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		value, err = jsonschema.UnmarshalJSON(strings.NewReader(body))
	default:
		value = body
	}
	if err != nil {
		return fmt.Errorf("the body cannot be read as %s: %w", kind, err)
	}
	if err := d.Validate(place, value); err != nil {
		return fmt.Errorf("the body is not what is declared: %w\n%s", err, body)
	}
	return nil
}

// Events reads a stream of server-sent events, each with the members event and data;
// comments and an event that has not ended are left out.
func Events(stream string) ([]any, error) {
	list := []any{}
	blocks := strings.Split(stream, "\n\n")
	for _, block := range blocks[:len(blocks)-1] {
		event := Object{}
		for line := range strings.SplitSeq(block, "\n") {
			field, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "event":
				event["event"] = value
			case "data":
				data, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
				if err != nil {
					return nil, fmt.Errorf("data of an event: %w in %s", err, value)
				}
				event["data"] = data
			case "", "id", "retry":
			default:
				return nil, fmt.Errorf("an event has the field %q", field)
			}
		}
		if len(event) > 0 {
			list = append(list, event)
		}
	}
	return list, nil
}
