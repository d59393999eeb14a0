package basescript

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// FuzzCompile: no source makes the compiler or a run panic, hang or overflow the stack; what is wrong
// is a SyntaxError with a position inside the source, or an Error.
func FuzzCompile(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, script := range archive.Files {
			f.Add(string(script.Data))
		}
	}
	for _, seed := range []string{"'", "`${`", "/[/", "0x", "((((", "a=>b=>c", "!!!!!a", "<%%>", "\ufeff", "var x = 'a\r\nb'", "}", "class A extends B {}", "for (let i of [1]) () => i"} {
		f.Add(seed)
	}
	globals := testGlobals()
	f.Fuzz(func(t *testing.T, src string) {
		p, err := compile("x-local://fuzz.js", src, Options{Globals: globals})
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Line < 1 || se.Column < 1 || se.Line > strings.Count(src, "\n")+strings.Count(src, "\r")+2 {
				t.Fatalf("error without a place: %#v", err)
			}
			return
		}
		var out strings.Builder
		r := NewRun(context.Background(), RunConfig{Host: &out, Limits: Limits{Steps: 20_000, Compute: time.Second, Bytes: 4 << 20, Depth: 100}})
		defer r.Close()
		_, err = r.Exec(p)
		var fault *PanicError
		if errors.As(err, &fault) {
			t.Fatalf("panic: %v\n%s", fault.Value, fault.Stack)
		}
	})
}

// FuzzPage: no page makes the pre-pass panic; the script has the page's lines, and what is wrong has a
// place in the page.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{"", "a<%= b %>c", "<% if (a) { %>\r\n<% } else { %>b<% } %>", "<%-- c --%>", "<% // x %>\"\\", "<%'%>'%>", "<%", "%><%=;%>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		src, err := newPage("x-local://fuzz.html", page)
		if err == nil {
			if got, want := breaks(src.text), breaks(src.author)+1; got != want { // and the wrapper's own
				t.Fatalf("%d line breaks instead of %d: %q", got, want, src.text)
			}
			_, err = src.parse()
		}
		var se *SyntaxError
		if err != nil && (!errors.As(err, &se) || se.Line < 1 || se.Column < 1 || se.Line > breaks(page)+1) {
			t.Fatalf("error without a place: %#v", err)
		}
	})
}

func breaks(text string) (n int) {
	for i := range len(text) {
		if endsLine(text, i) {
			n++
		}
	}
	return n
}

// FuzzText: text evaluated at run time, in every position a script can be in.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"This.a == x", "return This", "ArraySelect([This], 'This')", "x = x + 1", "function(){ return This }", "{a: This}", "'"} {
		f.Add(seed)
	}
	globals := NewGlobals([]Global{{Name: "text", Value: func(r *Run) (Value, bool) { return String(r.Host().(string)), true }}})
	p, err := Compile("x-local://fuzz.js", `
		function f(x) { function g(y) { return ArraySelect([{ a: 1 }, 2], text) } return g(x) }
		for (i in [1, 2]) { let k = i; try { f(k) } catch (e) { ArrayOptFind([e], text) } }`, Options{Globals: globals})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := NewRun(context.Background(), RunConfig{Host: text, Limits: Limits{Steps: 20_000, Compute: time.Second, Bytes: 4 << 20, Depth: 100}})
		defer r.Close()
		_, err := r.Exec(p)
		var fault *PanicError
		if errors.As(err, &fault) {
			t.Fatalf("panic: %v\n%s", fault.Value, fault.Stack)
		}
	})
}
