package check_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/check"
)

var reserved = regexp.MustCompile(`[(,]\s*(?:\.\.\.)?(default|new|function|in|var|class|delete|return|this|typeof|void|with|enum|case)\??:`)

// TestBindings: every name scripts may use is described, and its signature can stand in a declaration.
func TestBindings(t *testing.T) {
	all := check.Bindings()
	if len(all) < 200 {
		t.Fatalf("%d bindings", len(all))
	}
	var walk func(path string, list []check.Binding)
	walk = func(path string, list []check.Binding) {
		for _, b := range list {
			name := path + b.Name
			function := b.Kind == "function" || b.Kind == "hook"
			switch {
			case function && (b.Doc == "" || !strings.Contains(b.Signature, "): ")):
				t.Errorf("%s lacks a sentence or a signature: %q %q", name, b.Doc, b.Signature)
			case b.Kind == "value" && (b.Doc == "" || b.Signature == ""):
				t.Errorf("%s lacks a sentence or a type", name)
			case reserved.MatchString(b.Signature):
				t.Errorf("%s%s: this is no name for a parameter", name, b.Signature)
			}
			for _, pair := range []string{"()", "[]", "{}"} {
				if strings.Count(b.Signature, pair[:1]) != strings.Count(b.Signature, pair[1:]) {
					t.Errorf("%s%s: brackets do not match", name, b.Signature)
				}
			}
			walk(name+".", b.Members)
		}
	}
	walk("", all)
	find := func(name string) check.Binding {
		i := slices.IndexFunc(all, func(b check.Binding) bool { return b.Name == name })
		if i < 0 {
			t.Fatalf("%s is missing", name)
		}
		return all[i]
	}
	if b := find("StrContains"); b.Kind != "function" || b.Origin != "shared" {
		t.Errorf("%+v", b)
	}
	if b := find("JSON"); b.Kind != "namespace" || b.Origin != "superset" || len(b.Members) != 2 {
		t.Errorf("%+v", b)
	}
	tag := slices.IndexFunc(find("WebSocket").Members, func(b check.Binding) bool { return b.Name == "GetTag" })
	if b := find("WebSocket").Members[tag]; b.Since != "1.24" || b.Kind != "function" {
		t.Errorf("%+v", b)
	}
}

// TestTypingsText: what the compiler cannot say of the typings.
func TestTypingsText(t *testing.T) {
	text := check.Typings(nil)
	for _, part := range []string{
		"/** Whether the value is true, 1, '1' or 'true'. */\n\tfunction is_true(value: any): boolean;",
		"Not in WebTutor. */\ndeclare var JSON: JSON;",
		"Datex.XHTTP 1.24. */\n\tGetTag(name: string): string | null;",
		"declare function StrContains(",
		"CallClassStaticMethod(className: 'Datex.XHTTP.WebSocketContext', method: 'GetLocalWebSocket', args: [socketId: string]): WebSocket | null;",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the typings lack\n%s", part)
		}
	}
	if text != check.Typings(nil) {
		t.Error("the typings differ from one time to the next")
	}
	for _, part := range []string{"StrContains", "interface Array", "interface Request"} {
		if strings.Contains(check.Typings(&check.Declared{}), part) {
			t.Errorf("the typings for the package repeat %s", part)
		}
	}
}
