package api_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
)

// TestOpenAPI checks that the document describes each route, that its references
// lead somewhere, and that everybody may read it, several at once.
func TestOpenAPI(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { f.ask(t, "GET", "/api/v1/openapi.json", "", "Authorization", "") })
	}
	wg.Wait()
	resp, body := f.ask(t, "GET", "/api/v1/openapi.json", "", "Authorization", "")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/openapi+json" {
		t.Fatalf("status %d, type %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	var doc struct {
		OpenAPI    string
		Servers    []struct{ URL string }
		Paths      map[string]map[string]struct{ Responses map[string]any }
		Components map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Servers) != 1 || doc.Servers[0].URL != "/api/v1" {
		t.Errorf("version %s, servers %v", doc.OpenAPI, doc.Servers)
	}
	for _, route := range []string{
		"GET /sockets", "GET /sockets/{key}", "DELETE /sockets/{key}", "PATCH /sockets/{key}/tags",
		"POST /sockets/{key}/messages", "POST /messages", "GET /services", "GET /agents",
		"POST /agents/{name}/runs", "POST /runs", "GET /runs", "GET /runs/{id}", "DELETE /runs/{id}", "GET /user-data", "GET /user-data/{key}", "PUT /user-data/{key}", "DELETE /user-data/{key}", "GET /nodes", "POST /nodes/{name}/drain", "GET /logs", "GET /stats", "POST /check", "GET /bindings", "GET /openapi.json",
		"GET /sockets/events", "GET /sockets/{key}/trace", "GET /tags", "GET /refusals", "POST /messages/batch",
		"GET /libraries", "GET /services/{name}/source", "PUT /libraries/{name}/source", "GET /agents/{name}/versions", "GET /services/{name}/versions/{n}",
		"GET /services/{name}/versions/{n}/diff", "POST /agents/{name}/versions/{n}/restore",
	} {
		method, path, _ := strings.Cut(route, " ")
		op, ok := doc.Paths[path][strings.ToLower(method)]
		if !ok || len(op.Responses) == 0 {
			t.Errorf("%s is not described", route)
		}
		if _, ok := op.Responses["400"]; !ok {
			t.Errorf("%s does not say that a query may be wrong", route)
		}
		if _, ok := op.Responses["401"]; !ok && path != "/openapi.json" {
			t.Errorf("%s does not say that it wants a token", route)
		}
	}
	for _, part := range strings.Split(body, `"$ref":"`)[1:] {
		ref, _, _ := strings.Cut(part, `"`)
		kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		if _, ok := doc.Components[kind][name]; !ok {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	if strings.Contains(body, "$schema") {
		t.Error("the document speaks of $schema members, which answers do not have")
	}
}
