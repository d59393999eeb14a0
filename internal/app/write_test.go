package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/app"
)

const twoFunctions = "function process( context )\n{\n}\nfunction helper()\n{\n}\n"

// TestWriteIsNotDoubted: a text that loses a function is in force when Write returns, where the watch would
// wait for it to come back.
func TestWriteIsNotDoubted(t *testing.T) {
	w := start(t, map[string]string{"services/s.js": twoFunctions}, patient)
	inForce := ""
	script, created, err := w.Write(t.Context(), app.Writing{
		Kind: app.Service, Name: "s", Text: "x = 1;",
		InForce: func(script *app.Script) { inForce = script.Source },
	})
	if err != nil || created || script.Source != "x = 1;" || inForce != "x = 1;" {
		t.Fatalf("%+v, created %v, in force %q: %v", script, created, inForce, err)
	}
	if now, _ := w.Snapshot().Service("s"); now != script {
		t.Error("the snapshot has another script")
	}
	if c := w.next(); len(c.Updated) != 1 || c.Updated[0] != "x-local://services/s.js" || c.New[0] != script {
		t.Errorf("the change is %+v", c)
	}
}

// TestWriteLeavesOtherDoubtsAlone: what the watch doubts of another file stays doubted.
func TestWriteLeavesOtherDoubtsAlone(t *testing.T) {
	w := start(t, map[string]string{"services/s.js": twoFunctions, "services/other.js": twoFunctions}, func(a *app.App) { a.SetPatience(time.Minute) })
	w.write("services/other.js", "")
	if _, _, err := w.Write(t.Context(), app.Writing{Kind: app.Service, Name: "s", Text: "x = 1;"}); err != nil {
		t.Fatal(err)
	}
	if other, _ := w.Snapshot().Service("other"); other.Source != twoFunctions {
		t.Errorf("the file that is being saved is %q already", other.Source)
	}
}

func TestWriteMakesFoldersThatAreWatchedThen(t *testing.T) {
	w := watch(t, nil)
	if _, created, err := w.Write(t.Context(), app.Writing{Kind: app.Library, Name: "l", Text: "x = 1;"}); err != nil || !created {
		t.Fatal(created, err)
	}
	w.next()
	for _, text := range []string{"x = 2;", "x = 3;"} {
		w.write("libs/l.js", text)
		for {
			if l, _ := w.Snapshot().Library("l"); l.Source == text {
				break
			}
			w.next()
		}
	}
}

func TestWriteRefusals(t *testing.T) {
	dir := folder(t, map[string]string{"services/s.js": "x = 1;"})
	a := load(t, dir)
	refused := errors.New("not now")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		w    app.Writing
		want error
	}{
		"name":      {t.Context(), app.Writing{Kind: app.Service, Name: "../s", Text: "x = 2;"}, app.ErrBadName},
		"size":      {t.Context(), app.Writing{Kind: app.Service, Name: "s", Text: strings.Repeat(" ", 2<<20+1)}, app.ErrTooLarge},
		"allow":     {t.Context(), app.Writing{Kind: app.Service, Name: "s", Text: "x = 2;", Allow: func(app.Source, bool) error { return refused }}, refused},
		"ctx":       {ended, app.Writing{Kind: app.Service, Name: "s", Text: "x = 2;"}, context.Canceled},
		"no parent": {t.Context(), app.Writing{Kind: app.Agent, Name: "a", Text: "x = 2;"}, app.ErrInTheWay},
	} {
		if name == "no parent" {
			write(t, dir, "agents", "a file")
		}
		if _, _, err := a.Write(c.ctx, c.w); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var wrong *app.DoesNotCompile
	if _, _, err := a.Write(t.Context(), app.Writing{Kind: app.Service, Name: "s", Text: "x = 1;\n)"}); !errors.As(err, &wrong) || wrong.Line != 2 || wrong.Caret == "" {
		t.Errorf("syntax: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "services", "s.js")); err != nil || string(text) != "x = 1;" {
		t.Errorf("the file is %q: %v", text, err)
	}
	if _, _, err := load(t, "").Write(t.Context(), app.Writing{Kind: app.Service, Name: "s", Text: "x = 2;"}); !errors.Is(err, app.ErrNoFolder) {
		t.Errorf("sample: %v", err)
	}
}

func TestSourceIsTheFileAsItIsNow(t *testing.T) {
	dir := folder(t, map[string]string{"services/s.js": "x = 1;", "services/broken.js": "("})
	a := load(t, dir)
	source := func(name string) app.Source {
		t.Helper()
		s, err := a.Source(app.Service, name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := source("s"); s.Text != "x = 1;" || s.Problem != "" {
		t.Errorf("%+v", s)
	}
	if s := source("broken"); s.Text != "(" || !strings.Contains(s.Problem, "services/broken.js") {
		t.Errorf("%+v", s)
	}
	write(t, dir, "services/s.js", "x = 2;")
	if s := source("s"); s.Text != "x = 2;" || s.Problem == "" { // nobody watches
		t.Errorf("%+v", s)
	}
	if s := source("main_ws_service"); !strings.Contains(s.Text, "function process") || s.Problem != "" {
		t.Errorf("the built-in one: %+v", s)
	}
	if _, err := a.Source(app.Service, "none"); !errors.Is(err, app.ErrNoScript) {
		t.Error(err)
	}
}
