package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/api/apitest"
	"github.com/tutorsocket/tutorsocket/internal/keys"
)

var update = flag.Bool("update", false, "write testdata/openapi.json")

const goldenDocument = "testdata/openapi.json"

// documentText is the document, indented. Its version is that of no release, so
// that a release does not change it.
func documentText(t *testing.T) []byte {
	t.Helper()
	f := newFixture(t, api.Config{Version: "0.0.0", Node: "n1"})
	_, body := f.ask(t, "GET", "/api/v1/openapi.json", "", "Authorization", "")
	var text bytes.Buffer
	if err := json.Indent(&text, []byte(body), "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(text.Bytes(), '\n')
}

// TestDocumentIsTheOneCommitted keeps testdata/openapi.json, which tools outside Go
// read, the same as what the server gives.
func TestDocumentIsTheOneCommitted(t *testing.T) {
	text := documentText(t)
	if *update {
		if err := os.WriteFile(goldenDocument, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenDocument)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, golden) {
		t.Errorf("the document has changed: %s\nLook at it, then run: go test ./internal/api -run TestDocument -update && (cd web && npm run openapi)", firstDifference(text, golden))
	}
}

func firstDifference(a, b []byte) string {
	left, right := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return fmt.Sprintf("line %d is %q, was %q", i+1, left[i], right[i])
		}
	}
	return fmt.Sprintf("%d lines, were %d", len(left), len(right))
}

// rules collects what the document lacks.
type rules struct {
	t   *testing.T
	doc *apitest.Document
}

func (r rules) want(ok bool, format string, args ...any) {
	r.t.Helper()
	if !ok {
		r.t.Errorf(format, args...)
	}
}

func text(object apitest.Object, name string) string {
	value, _ := object[name].(string)
	return value
}

func member(object apitest.Object, name string) apitest.Object {
	value, _ := object[name].(apitest.Object)
	return value
}

// TestDocumentIsComplete holds for every operation there is: what is missing has to
// be added to its handler's types or to its entry in describe.go.
func TestDocumentIsComplete(t *testing.T) {
	doc, err := apitest.Parse(documentText(t))
	if err != nil {
		t.Fatal(err)
	}
	r := rules{t, doc}
	groups := map[string]int{}
	for _, tag := range doc.Root["tags"].([]any) {
		r.want(text(tag.(apitest.Object), "description") != "", "the group %v has no description", tag)
		groups[text(tag.(apitest.Object), "name")] = 0
	}
	ids := map[string]bool{}
	for _, op := range doc.Operations {
		t.Run(op.Method+" "+op.Path, func(t *testing.T) {
			r := rules{t, doc}
			r.want(!ids[op.ID], "the operation id %q is not the only one", op.ID)
			ids[op.ID] = true
			r.operation(op, groups)
			r.scope(op)
			r.parameters(op)
			r.request(op)
			r.responses(op)
		})
	}
	r.schemas()
}

var (
	kebab    = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	sentence = regexp.MustCompile(`(?s)^[^a-zа-я].*[.!?]$`)
)

func (r rules) operation(op apitest.Operation, groups map[string]int) {
	r.want(kebab.MatchString(op.ID), "the operation id %q is not of the form list-sockets", op.ID)
	summary, description := text(op.Object, "summary"), text(op.Object, "description")
	r.want(summary != "" && !strings.HasSuffix(summary, "."), "the summary %q must be there, without a full stop", summary)
	r.want(sentence.MatchString(description), "the description %q must be sentences; add it to descriptions in describe.go", description)
	tags, _ := op.Object["tags"].([]any)
	r.want(len(tags) == 1, "it must be in one group, not %v; name it in descriptions in describe.go", tags)
	for _, tag := range tags {
		_, ok := groups[tag.(string)]
		r.want(ok, "the group %v is not declared", tag)
	}
}

// scope: the operation says what a key must have, in both ways there are, or that it is open to everybody.
func (r rules) scope(op apitest.Operation) {
	scope, security := text(op.Object, "x-scope"), fmt.Sprint(op.Object["security"])
	if op.ID == "get-openapi" {
		r.want(scope == "" && security == "[map[]]", "it wants the scope %q, and %s", scope, security)
		return
	}
	_, err := keys.ParseScope(scope)
	r.want(err == nil && security == "[map[token:["+scope+"]]]", "it wants the scope %q, and %s; name its scope in scopes in scope.go", scope, security)
}

func (r rules) parameters(op apitest.Operation) {
	params, _ := op.Object["parameters"].([]any)
	for _, p := range params {
		param, _ := r.doc.Resolve(p.(apitest.Object), "")
		place := text(param, "in") + " parameter " + text(param, "name")
		r.want(text(param, "description") != "", "%s has no description", place)
		schema, _ := r.doc.Resolve(member(param, "schema"), "")
		r.bounds(place, schema, map[string]bool{})
		if text(param, "in") == "path" {
			r.want(strings.Contains(op.Path, "{"+text(param, "name")+"}"), "%s is not in the path", place)
		}
	}
}

// bounds checks that whatever a request may hold has a limit.
func (r rules) bounds(place string, schema apitest.Object, seen map[string]bool) {
	if ref := text(schema, "$ref"); ref != "" {
		if seen[ref] {
			return
		}
		seen[ref] = true
		schema, _ = r.doc.Resolve(schema, "")
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { _, ok := schema[name]; return ok })
	}
	is := func(kind string) bool {
		switch types := schema["type"].(type) {
		case string:
			return types == kind
		case []any:
			return slices.Contains(types, any(kind))
		}
		return false
	}
	switch {
	case is("string"):
		r.want(has("maxLength", "enum", "format", "const"), "%s: a text without maxLength, enum or format", place)
	case is("integer"), is("number"):
		r.want(has("minimum", "exclusiveMinimum") && has("maximum", "exclusiveMaximum"), "%s: a number without minimum and maximum", place)
	case is("array"):
		r.want(has("maxItems"), "%s: a list without maxItems", place)
		r.bounds(place+"[]", member(schema, "items"), seen)
	case is("object"):
		values, open := schema["additionalProperties"].(apitest.Object)
		if anything, _ := schema["additionalProperties"].(bool); anything || open {
			r.want(has("maxProperties"), "%s: a map without maxProperties", place)
		}
		if open {
			r.bounds(place+".*", values, seen)
		}
		for name, value := range member(schema, "properties") {
			r.want(r.described(value.(apitest.Object)), "%s.%s has no description", place, name)
			r.bounds(place+"."+name, value.(apitest.Object), seen)
		}
	}
}

// described says whether a schema or what it refers to has a description.
func (r rules) described(schema apitest.Object) bool {
	target, _ := r.doc.Resolve(schema, "")
	return text(schema, "description") != "" || text(target, "description") != "" || text(schema, "$ref") != ""
}

func (r rules) request(op apitest.Operation) {
	content, place := r.doc.RequestBody(op)
	for kind, m := range content {
		media := m.(apitest.Object)
		r.bounds("body", member(media, "schema"), map[string]bool{})
		r.example("the body", place, kind, media)
	}
}

func (r rules) example(what, place, kind string, media apitest.Object) {
	example, ok := media["example"]
	r.want(ok, "%s has no example as %s; add it to descriptions in describe.go", what, kind)
	if !ok {
		return
	}
	place += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(kind) + "/schema"
	err := r.doc.Validate(place, example)
	r.want(err == nil, "the example of %s is not what its schema says: %v", what, err)
}

func (r rules) responses(op apitest.Operation) {
	responses, places := r.doc.Responses(op)
	want := []string{"400", "403", "422"}
	if op.Object["x-scope"] != nil {
		want = append(want, "401", "500", "503")
	}
	if op.Object["requestBody"] != nil {
		want = append(want, "408", "413", "415")
	}
	if strings.Contains(op.Path, "{") && op.Method != "PUT" { // PUT makes what is not there
		want = append(want, "404")
	}
	for _, status := range want {
		r.want(responses[status] != nil, "status %s is not declared", status)
	}
	successes := 0
	for status, response := range responses {
		description := text(response, "description")
		r.want(sentence.MatchString(description), "status %s: the description %q must be a sentence; add it as returns to descriptions in describe.go", status, description)
		content := member(response, "content")
		for name, header := range member(response, "headers") {
			r.want(text(header.(apitest.Object), "description") != "", "status %s: the header %s has no description", status, name)
		}
		if status[0] == '2' {
			successes++
		}
		for kind, media := range content {
			r.example("status "+status, places[status]+"/content", kind, media.(apitest.Object))
		}
		if status[0] >= '4' {
			r.want(len(content) == 1 && content["application/problem+json"] != nil, "status %s is not answered with problem details", status)
		}
		for status, header := range map[string]string{"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"} {
			r.want(responses[status] == nil || member(responses[status], "headers")[header] != nil, "status %s has no %s header", status, header)
		}
	}
	r.want(successes > 0, "no success is declared")
}

// schemas checks the parts that operations share.
func (r rules) schemas() {
	for name, s := range member(member(r.doc.Root, "components"), "schemas") {
		schema := s.(apitest.Object)
		for property, value := range member(schema, "properties") {
			r.want(r.described(value.(apitest.Object)), "schema %s: %s has no description; add a doc tag", name, property)
		}
	}
}
