package gojabench

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var (
	programs  = flag.Int("programs", 3000, "random programs TestRandomProgramsAgree compares")
	firstSeed = flag.Uint64("seed", 1, "seed of the first random program")
)

// known are the differences that are not mended yet: a piece of the program that shows one, and why. The
// list must shrink.
var known = map[string]string{}

// TestRandomProgramsAgree runs random programs of the shared part of the language here and in goja: what
// they print must be the same.
func TestRandomProgramsAgree(t *testing.T) {
	differ, failed := 0, 0
	for i := range *programs {
		seed := *firstSeed + uint64(i)
		src := generate(seed)
		theirs, err := gojaOutput(src)
		if err != nil {
			// goja loses track of block variables now and then; too many failures mean the generator is wrong.
			if failed++; failed > 5+*programs/50 {
				t.Fatalf("seed %d: goja cannot run this program, nor %d others: %v\n%s", seed, failed-1, err, src)
			}
			continue
		}
		ours := runOurs(src)
		if ours == theirs || isKnown(src) {
			continue
		}
		if differ++; differ > 5 {
			t.Fatal("more differences are not shown")
		}
		small := shrink(src, func(s string) bool {
			o, g := runOurs(s), runGojaQuietly(s)
			return o != g && !strings.Contains(g, "goja:") && !strings.Contains(g+o, "not defined") && !strings.HasPrefix(o, "ours: syntax")
		})
		t.Errorf("seed %d, shrunk:\n%s\nours:\n%s\ngoja:\n%s", seed, strings.TrimPrefix(small, prelude), runOurs(small), runGojaQuietly(small))
	}
}

func isKnown(src string) bool {
	for piece := range known {
		if strings.Contains(src, piece) {
			return true
		}
	}
	return false
}

var printing = basescript.NewGlobals([]basescript.Global{{Name: "out", Func: &basescript.Func{Name: "out", Min: 1,
	Call: func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
		b := r.Host().(*strings.Builder)
		b.WriteString(args[0].Text() + "\n")
		return basescript.Undefined, nil
	}}}})

// runOurs returns what a program prints, and how it ended if it failed.
func runOurs(src string) string {
	p, err := basescript.Compile("x-local://random.js", src, basescript.Options{Globals: printing, Library: true})
	if err != nil {
		return "ours: syntax " + err.Error()
	}
	var out strings.Builder
	r := basescript.NewRun(context.Background(), basescript.RunConfig{Host: &out, Limits: basescript.Limits{Compute: 5 * time.Second, Bytes: 256 << 20}})
	defer r.Close()
	if _, err := r.Call(p, "main", basescript.String("")); err != nil {
		return out.String() + "ours: " + err.Error()
	}
	return out.String()
}

func runGojaQuietly(src string) string {
	out, err := gojaOutput(src)
	if err != nil {
		return "goja: " + err.Error()
	}
	return out
}

func gojaOutput(src string) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("goja panics: %v", p)
		}
	}()
	vm := goja.New()
	var out strings.Builder
	timer := time.AfterFunc(5*time.Second, func() { vm.Interrupt("too long") })
	defer timer.Stop()
	if err := vm.Set("out", func(c goja.FunctionCall) goja.Value {
		out.WriteString(c.Argument(0).String() + "\n")
		return goja.Undefined()
	}); err != nil {
		return "", err
	}
	if _, err := vm.RunString("\"use strict\";" + src + "\nmain('')"); err != nil {
		return out.String(), fmt.Errorf("%w", err)
	}
	return out.String(), nil
}

// shrink removes lines as long as the difference stays.
func shrink(src string, differs func(string) bool) string {
	lines := strings.Split(strings.TrimPrefix(src, prelude), "\n")
	deadline := time.Now().Add(20 * time.Second)
	for size := len(lines) / 2; size >= 1; {
		removed := false
		for from := 0; from+size <= len(lines) && time.Now().Before(deadline); {
			rest := append(append([]string(nil), lines[:from]...), lines[from+size:]...)
			if differs(prelude + strings.Join(rest, "\n")) {
				lines, removed = rest, true
			} else {
				from++
			}
		}
		if !removed || size > 1 {
			size /= 2
		}
	}
	return prelude + strings.Join(lines, "\n")
}
