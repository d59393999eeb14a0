package gojabench

import (
	"flag"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

var formPrograms = flag.Int("forms", 3, "random programs TestFormsAgree writes in every form")

// generateDialect writes a program with array functions and evaluated text. Only what it gives to the array
// functions depends on the style.
func generateDialect(seed uint64, s style) string {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 44)), budget: 40, lexical: true, trusted: true, dialect: true, style: s}
	g.evals = g.chance(50)
	g.lexical = g.chance(70)
	return g.program()
}

const mainHead = "function main(x) {\n"

// bodyOf splits a program into what stands before main and the statements of main.
func bodyOf(src string) (before, body string) {
	before, body, _ = strings.Cut(src, mainHead)
	return before, strings.TrimSuffix(strings.TrimRight(body, "\n"), "}")
}

// chunks are the statements of a body: its lines, with the deeper ones and the closing ones of each.
func chunks(body string) []string {
	var list []string
	label := false
	for _, line := range strings.Split(body, "\n") {
		top := strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "\t\t") && !strings.HasPrefix(line, "\t}") &&
			!strings.HasPrefix(line, "\tcase ") && !strings.HasPrefix(line, "\tdefault:")
		if strings.HasPrefix(line, "\t\tbreak;") {
			top = false
		}
		if len(list) == 0 || top && !label {
			list = append(list, line)
		} else {
			list[len(list)-1] += "\n" + line
		}
		label = strings.HasSuffix(line, ":") && strings.HasPrefix(line, "\tl")
	}
	return list
}

var declaration = regexp.MustCompile(`\bvar (\w+) (=|of|in) `)

// forms are ways to run the same statements.
var forms = map[string]func(src string) string{
	// Nothing is a constant and everything is kept where text may reach it.
	"beside eval":        func(src string) string { return strings.Replace(src, mainHead, mainHead+"\teval('');\n", 1) },
	"beside InPlaceEval": func(src string) string { return strings.Replace(src, mainHead, mainHead+"\tInPlaceEval('');\n", 1) },
	"beside text": func(src string) string {
		return strings.Replace(src, mainHead, mainHead+"\tArraySelect([], x + '');\n", 1)
	},
	"undeclared": func(src string) string {
		before, body := bodyOf(src)
		return before + mainHead + declaration.ReplaceAllString(body, "$1 $2 ") + "}\n"
	},
	"evaluated":   func(src string) string { return evaluatedBody(src, "return eval(%)") },
	"in place":    func(src string) string { return evaluatedBody(src, "InPlaceEval(%)") },
	"OptEval":     func(src string) string { return evaluatedBody(src, "return OptEval(%, 'failed')") },
	"with fields": func(src string) string { return evaluatedBody(src, "return eval(%, {zz: 1})") },
	"expression": func(src string) string {
		return evaluatedBody(src, "return ArrayExtract(['x'], %)")
	},
	"computed": func(src string) string {
		return evaluatedBody(src, "return ArrayExtract(['x'], x + %)")
	},
	"arrow": func(src string) string {
		before, body := bodyOf(src)
		return before + mainHead + "return (() => {" + body + "})() }\n"
	},
	"nested": func(src string) string {
		before, body := bodyOf(src)
		return before + mainHead + "function inner() {" + body + "} return inner() }\n"
	},
	"getter": func(src string) string {
		before, body := bodyOf(src)
		return before + mainHead + "return { get v() {" + body + "} }.v }\n"
	},
	"caught": func(src string) string {
		before, body := bodyOf(src)
		return before + mainHead + "try { throw 'x' } catch (err) { for (let once = 0; once < 1; once++) { switch (1) { case 1: {" + body + "} } } }\n}\n"
	},
	"one by one": func(src string) string {
		before, body := bodyOf(src)
		var b strings.Builder
		for _, c := range chunks(body) {
			b.WriteString("InPlaceEval(" + quote(c) + ");\n")
		}
		return before + mainHead + b.String() + "}\n"
	},
}

func evaluatedBody(src, how string) string {
	before, body := bodyOf(src)
	return before + mainHead + strings.Replace(how, "%", quote(body), 1) + "\n}\n"
}

// TestFormsAgree runs random programs of the dialect in many forms: what they print must be the same.
func TestFormsAgree(t *testing.T) {
	differ := 0
	for i := range *formPrograms {
		seed := *firstSeed + uint64(i)
		plain := generateDialect(seed, asFunction)
		want := runOurs(plain)
		if strings.Contains(want, "ours: ") {
			t.Errorf("seed %d fails: %s", seed, want)
			continue
		}
		compare := func(form, styled string, write func(string) string) {
			if runOurs(write(styled)) == want || differ > 5 {
				return
			}
			differ++
			p, s := shrinkForm(plain, styled, write)
			t.Errorf("seed %d, %s, shrunk:\n%s\nplain:\n%s\nthis form:\n%s", seed, form, strings.TrimPrefix(write(s), prelude), runOurs(p), runOurs(write(s)))
		}
		for name, s := range styles {
			styled := generateDialect(seed, s)
			compare(name, styled, func(src string) string { return src })
			for form, write := range forms {
				compare(name+", "+form, styled, write)
			}
		}
	}
}

var styles = map[string]style{"functions": asFunction, "arrow functions": asArrow, "literals": asLiteral, "bodies": asBody, "computed": asComputed, "in variables": asVariable}

// shrinkForm removes the same lines of a program in two styles as long as they differ.
func shrinkForm(plain, styled string, write func(string) string) (string, string) {
	p, s := strings.Split(strings.TrimPrefix(plain, prelude), "\n"), strings.Split(strings.TrimPrefix(styled, prelude), "\n")
	without := func(lines []string, from, to int) []string {
		return append(append([]string(nil), lines[:from]...), lines[to:]...)
	}
	text := func(lines []string) string { return prelude + strings.Join(lines, "\n") }
	deadline := time.Now().Add(20 * time.Second)
	for size := len(p) / 2; size >= 1; {
		removed := false
		for from := 0; from+size <= len(p) && time.Now().Before(deadline); {
			q, r := without(p, from, from+size), without(s, from, from+size)
			want, got := runOurs(text(q)), runOurs(write(text(r)))
			if want != got && !strings.Contains(want, "ours: ") && !strings.Contains(got, "ours: syntax") && !strings.Contains(got, "not defined") && strings.Contains(text(r), mainHead) {
				p, s, removed = q, r, true
			} else {
				from++
			}
		}
		if !removed || size > 1 {
			size /= 2
		}
	}
	return text(p), text(s)
}
