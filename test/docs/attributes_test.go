package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var attributeRow = regexp.MustCompile("(?m)^\\| `([a-z]+)` \\|")

// TestLogAttributes: the attributes of records are those of the table in both pages, in each record they
// and the message are constants, and nothing else is in the tables.
func TestLogAttributes(t *testing.T) {
	used := logCalls(t)
	for name, heading := range map[string]string{"docs/en/logs.md": "## Attributes\n", "docs/ru/logs.md": "## Атрибуты\n"} {
		_, table, ok := strings.Cut(readPage(t, name).text, heading)
		if !ok {
			t.Errorf("%s has no heading %q", name, heading)
			continue
		}
		table, _, _ = strings.Cut(table, "\n## ")
		var said []string
		for _, m := range attributeRow.FindAllStringSubmatch(table, -1) {
			said = append(said, m[1])
			if used[m[1]] == "" {
				t.Errorf("%s explains the attribute %s, which no record has", name, m[1])
			}
		}
		for key, where := range used {
			if !slices.Contains(said, key) {
				t.Errorf("%s: the attribute %q is not in the table of %s; use one that is, or explain it there", where, key, name)
			}
		}
	}
}

// logCalls reads the program and returns the attributes of its records, and where each is used.
func logCalls(t *testing.T) (used map[string]string) {
	t.Helper()
	c := &logReader{t: t, files: token.NewFileSet(), used: map[string]string{}}
	for _, dir := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(c.files, name, nil, 0)
			if err == nil {
				ast.Inspect(f, c.visit)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if c.calls < 10 {
		t.Fatalf("only %d records were found", c.calls)
	}
	return c.used
}

type logReader struct {
	t     *testing.T
	files *token.FileSet
	used  map[string]string // attribute to a place
	calls int
}

// before says how many arguments of a method of slog.Logger come before the attributes; the last of them
// is the message.
var before = map[string]int{
	"Debug": 1, "Info": 1, "Warn": 1, "Error": 1, "DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2,
	"Log": 3, "LogAttrs": 3, "With": 0,
}

// constructors are the functions that make an attribute.
var constructors = []string{"String", "Int", "Int64", "Uint64", "Float64", "Bool", "Time", "Duration", "Any", "Group", "GroupAttrs"}

func (c *logReader) visit(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return true
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return true
	}
	receiver := lastName(method.X)
	first, logs := before[method.Sel.Name]
	switch {
	case receiver == "slog" && slices.Contains(constructors, method.Sel.Name):
		c.attribute(call.Args[0])
	case logs && slices.Contains([]string{"log", "logger", "Logger", "slog"}, receiver):
		c.record(call, first)
	}
	return true
}

// record reads the call of a logger whose attributes begin with the argument of number first.
func (c *logReader) record(call *ast.CallExpr, first int) {
	c.calls++
	if first > 0 && !isText(call.Args[first-1]) {
		c.t.Errorf("%s: the message of a record is a constant", c.place(call))
	}
	for i := first; i < len(call.Args); i++ {
		switch arg := call.Args[i].(type) {
		case *ast.CallExpr: // slog.String and the like are visited on their own
		case *ast.Ident:
			if !call.Ellipsis.IsValid() { // what a list holds was made by calls
				c.attribute(arg)
				i++
			}
		default:
			c.attribute(arg)
			i++ // its value
		}
	}
}

func (c *logReader) attribute(key ast.Expr) {
	if !isText(key) {
		c.t.Errorf("%s: the name of an attribute is a constant", c.place(key))
		return
	}
	name, err := strconv.Unquote(key.(*ast.BasicLit).Value)
	if err != nil {
		c.t.Error(err)
	}
	c.used[name] = c.place(key)
}

func (c *logReader) place(n ast.Node) string { return c.files.Position(n.Pos()).String() }

func isText(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING
}

// lastName is the name a selector ends with: logger of s.cfg.logger.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// TestSpans: the pages about traces name the spans and the attributes of package tracing, and no others.
func TestSpans(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal", "tracing", "spans.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Values) == 1 && isText(spec.Values[0]) {
			text, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			known[text] = true
		}
		return true
	})
	if len(known) < 20 {
		t.Fatalf("only %d names were found", len(known))
	}
	for _, name := range []string{"docs/en/tracing.md", "docs/ru/tracing.md"} {
		said := map[string]bool{}
		for _, m := range inline.FindAllStringSubmatch(prose(readPage(t, name).text), -1) {
			said[m[1]] = true
			if strings.HasPrefix(m[1], "tutorsocket.") && !known[m[1]] {
				t.Errorf("%s explains %s, which no span has", name, m[1])
			}
		}
		for text := range known {
			if !said[text] {
				t.Errorf("%s does not explain %s", name, text)
			}
		}
	}
}
