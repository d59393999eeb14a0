package api

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

// TestEveryOperationHasAScope: by its own name, so that nobody has forgotten to think of it; and one that was
// forgotten would be closed.
func TestEveryOperationHasAScope(t *testing.T) {
	h, ok := New(Config{}, Deps{}).(*handler)
	if !ok {
		t.Fatal("the API is not a handler")
	}
	named := map[string]bool{}
	for pattern, terms := range h.terms {
		if _, ok := scopes[terms.operation]; !ok && terms.operation != "get-openapi" {
			t.Errorf("%s (%s) has no scope in scope.go", pattern, terms.operation)
		}
		named[terms.operation] = true
	}
	for operation := range scopes {
		if !named[operation] {
			t.Errorf("scope.go has the operation %s, and there is none", operation)
		}
	}
	if s := scopeOf("an operation of next year"); s != keys.Admin {
		t.Errorf("an operation that was forgotten wants %q", s)
	}
}
