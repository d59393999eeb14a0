package app_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/app"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched is an app that is being watched.
type watched struct {
	*testing.T
	*app.App
	dir     string
	changes chan app.Change
}

// watch starts watching the folder and waits until changes are noticed.
func watch(t *testing.T, files map[string]string) *watched {
	t.Helper()
	w := &watched{T: t, dir: folder(t, files), changes: make(chan app.Change, 100)}
	w.App = load(t, w.dir)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Watch(ctx, func(c app.Change) { w.changes <- c }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	// Written again and again: the first writes may come before the folder is watched.
	deadline := time.Now().Add(10 * time.Second)
	for w.Snapshot().Agents() == nil || !hasAgent(w.Snapshot(), "ready") {
		if time.Now().After(deadline) {
			t.Fatal("the folder is not watched")
		}
		w.write("agents/ready.js", "")
		time.Sleep(time.Millisecond)
	}
	for len(w.changes) > 0 {
		<-w.changes
	}
	return w
}

func hasAgent(s *app.Snapshot, name string) bool {
	_, ok := s.Agent(name)
	return ok
}

func (w *watched) write(name, text string) { w.Helper(); write(w.T, w.dir, name, text) }

func (w *watched) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// next waits for the next change.
func (w *watched) next() app.Change {
	w.Helper()
	select {
	case c := <-w.changes:
		return c
	case <-time.After(10 * time.Second):
		w.Fatal("no change was noticed")
	}
	return app.Change{}
}

// none checks that nothing changes for a while that any change would have been noticed in.
func (w *watched) none() {
	w.Helper()
	select {
	case c := <-w.changes:
		w.Errorf("a change was noticed: %+v", c)
	case <-time.After(150 * time.Millisecond):
	}
}

func (w *watched) agent(name string) *app.Script {
	w.Helper()
	script, ok := w.Snapshot().Agent(name)
	if !ok {
		w.Fatalf("there is no agent %s", name)
	}
	return script
}

func TestChangedScript(t *testing.T) {
	w := watch(t, map[string]string{"agents/a.js": "alert(1)", "agents/b.js": "alert(2)"})
	before, a, b := w.Snapshot(), w.agent("a"), w.agent("b")
	w.write("agents/a.js", "alert(3)")
	change := w.next()

	if change.Snapshot != w.Snapshot() || !slices.Equal(change.Updated, []string{"x-local://agents/a.js"}) || len(change.Removed)+len(change.Problems) > 0 {
		t.Errorf("change %+v", change)
	}
	if got := w.agent("a"); got.Source != "alert(3)" || got.Program == a.Program {
		t.Errorf("in force: %q", got.Source)
	}
	if w.agent("b") != b {
		t.Error("a script that did not change was compiled again")
	}
	if old, _ := before.Agent("a"); old.Source != "alert(1)" {
		t.Error("the old snapshot has changed")
	}
}

// A change is in force within 100 ms. The machine may be busy with other tests: one of several tries
// must do.
func TestChangesAreFast(t *testing.T) {
	w := watch(t, map[string]string{"agents/a.js": "alert(0)"})
	var best time.Duration
	for i := range 10 {
		began := time.Now()
		w.write("agents/a.js", fmt.Sprintf("alert(%d)", i+1))
		w.next()
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
		if best <= 100*time.Millisecond {
			return
		}
	}
	t.Errorf("the fastest of ten changes was in force after %v", best)
}

func TestLastGoodVersionStays(t *testing.T) {
	w := watch(t, map[string]string{"services/s.js": "function process(context) { }"})
	good, _ := w.Snapshot().Service("s")

	w.write("services/s.js", "function process(context) {\n  alert('x' 1)\n}")
	change := w.next()
	if len(change.Problems) != 1 || len(change.Updated) > 0 {
		t.Fatalf("change %+v", change)
	}
	p := change.Problems[0]
	if p.URL != "x-local://services/s.js" || p.Line != 2 || p.Column == 0 || p.Caret == "" || !p.Kept {
		t.Errorf("problem %+v", p)
	}
	if !strings.Contains(p.String(), "The last good version stays in use.") {
		t.Errorf("problem:\n%s", p)
	}
	broken, _ := w.Snapshot().Service("s")
	if broken.Program != good.Program || broken.Source != good.Source || broken.Err == nil {
		t.Errorf("in force: %+v", broken)
	}

	w.write("services/other.js", "")
	if change := w.next(); len(change.Problems) > 0 {
		t.Errorf("a problem known already was told again: %+v", change.Problems)
	}
	if len(w.Problems()) != 1 {
		t.Errorf("problems %v", w.Problems())
	}

	w.write("services/s.js", "function process(context) { return 2 }")
	if change := w.next(); !slices.Equal(change.Solved, []string{"x-local://services/s.js"}) || len(change.Updated) != 1 {
		t.Errorf("change %+v", change)
	}
	if len(w.Problems()) > 0 {
		t.Errorf("problems %v", w.Problems())
	}
}

func TestBrokenAndBack(t *testing.T) {
	w := watch(t, map[string]string{"agents/a.js": "alert(1)"})
	good := w.agent("a")
	w.write("agents/a.js", "alert(")
	w.next()
	w.write("agents/a.js", "alert(1)")
	if change := w.next(); len(change.Solved) != 1 {
		t.Errorf("change %+v", change)
	}
	if got := w.agent("a"); got.Err != nil || got.Source != good.Source {
		t.Errorf("in force: %+v", got)
	}
}

func TestEditorsSaveInSteps(t *testing.T) {
	for _, tc := range []struct {
		name string
		save func(w *watched, text string)
	}{
		{"rename over", func(w *watched, text string) {
			w.write("agents/.a.js.tmp", text)
			w.must(os.Rename(w.path("agents/.a.js.tmp"), w.path("agents/a.js")))
		}},
		{"backup, then write", func(w *watched, text string) {
			w.must(os.Rename(w.path("agents/a.js"), w.path("agents/a.js~")))
			w.write("agents/a.js", text)
			w.must(os.Remove(w.path("agents/a.js~")))
		}},
		{"remove, a moment, write", func(w *watched, text string) {
			w.must(os.Remove(w.path("agents/a.js")))
			time.Sleep(30 * time.Millisecond) // longer than events settle
			w.write("agents/a.js", text)
		}},
		{"empty, a moment, write", func(w *watched, text string) {
			w.must(os.Truncate(w.path("agents/a.js"), 0))
			time.Sleep(30 * time.Millisecond)
			w.write("agents/a.js", text)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := watch(t, map[string]string{"agents/a.js": "alert(1)"})
			for i, text := range []string{"alert(2)", "alert(3)"} {
				tc.save(w, text)
				if change := w.next(); !slices.Equal(change.Updated, []string{"x-local://agents/a.js"}) || len(change.Removed) > 0 {
					t.Errorf("save %d: change %+v", i, change)
				}
				if got := w.agent("a").Source; got != text {
					t.Errorf("save %d: in force %q", i, got)
				}
			}
		})
	}
}

func (w *watched) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func TestRemovedScript(t *testing.T) {
	w := watch(t, map[string]string{"agents/a.js": "alert(1)"})
	w.must(os.Remove(w.path("agents/a.js")))
	if change := w.next(); !slices.Equal(change.Removed, []string{"x-local://agents/a.js"}) {
		t.Errorf("change %+v", change)
	}
	if hasAgent(w.Snapshot(), "a") {
		t.Error("the agent is still there")
	}
}

func TestBuiltInComesAndGoes(t *testing.T) {
	w := watch(t, nil)
	builtin, _ := w.Snapshot().Service("main_ws_service")
	w.write("wtv/wtv_main_ws_service.js", "function process(context) { /* mine */ }")
	w.next()
	if s, _ := w.Snapshot().Service("main_ws_service"); !strings.Contains(s.Source, "mine") {
		t.Error("the file did not replace the built-in service")
	}
	w.must(os.RemoveAll(w.path("wtv")))
	w.next()
	if s, _ := w.Snapshot().Service("main_ws_service"); s.Source != builtin.Source {
		t.Error("the built-in service did not come back")
	}
}

func TestNewFolders(t *testing.T) {
	w := watch(t, nil)
	w.write("services/s.js", "alert(1)")
	w.next()
	w.write("source/api_ext.xml", apiExt("x-local://deep/er/rtk.xml"))
	w.next() // the form file is missing
	w.write("deep/er/rtk.xml", goodForm)
	w.write("deep/er/rtk.js", "function process(context) { }")
	deadline := time.Now().Add(10 * time.Second)
	for len(w.Problems()) > 0 && time.Now().Before(deadline) {
		w.next()
	}
	if s, ok := w.Snapshot().Service("rtk"); !ok || s.Program == nil {
		t.Fatalf("the registered service is not there: %v", w.Problems())
	}
	for len(w.changes) > 0 {
		<-w.changes
	}
	w.write("deep/er/rtk.js", "function process(context) { return 2 }")
	if change := w.next(); !slices.Equal(change.Updated, []string{"x-local://deep/er/rtk.js"}) {
		t.Errorf("change %+v", change)
	}
}

func TestFolderIsReplaced(t *testing.T) {
	w := watch(t, map[string]string{"libs/a.js": "function f() { }"})
	w.must(os.Rename(w.path("libs"), w.path("libs_old")))
	w.write("libs/a.js", "function f() { return 2 }")
	w.next()
	w.write("libs/a.js", "function f() { return 3 }")
	w.next()
	if s, _ := w.Snapshot().Library("a"); !strings.Contains(s.Source, "return 3") {
		t.Errorf("in force: %q", s.Source)
	}
}

func TestBrokenRegistrationKeepsServices(t *testing.T) {
	w := watch(t, map[string]string{
		"source/api_ext.xml": apiExt("x-local://source/rtk.xml"),
		"source/rtk.xml":     goodForm,
		"source/rtk.js":      "function process(context) { }",
	})
	for _, file := range []string{"source/api_ext.xml", "source/rtk.xml"} {
		good, err := os.ReadFile(w.path(file))
		w.must(err)
		w.write(file, "<broken")
		if change := w.next(); len(change.Problems) != 1 || !change.Problems[0].Kept || len(change.Removed) > 0 {
			t.Errorf("%s: change %+v", file, change)
		}
		if _, ok := w.Snapshot().Service("rtk"); !ok {
			t.Errorf("%s: the service is gone", file)
		}
		w.write(file, string(good))
		if change := w.next(); len(change.Solved) != 1 {
			t.Errorf("%s: change %+v", file, change)
		}
	}
	w.write("source/api_ext.xml", apiExt())
	if change := w.next(); len(change.Removed) != 1 {
		t.Errorf("change %+v", change)
	}
}

func TestFolderTurnsUnreadable(t *testing.T) {
	w := watch(t, map[string]string{"services/s.js": "", "agents/a.js": "alert(1)"})
	w.must(os.RemoveAll(w.path("services")))
	w.write("services", "a file")
	change := w.next()
	if len(change.Problems) != 1 || change.Problems[0].URL != "x-local://services" || !change.Problems[0].Kept || len(change.Removed) > 0 {
		t.Errorf("change %+v", change)
	}
	if s, ok := w.Snapshot().Service("s"); !ok || s.Program == nil {
		t.Error("the service is gone")
	}

	w.must(os.Rename(w.dir, w.dir+"_old"))
	w.must(os.WriteFile(w.dir, []byte("a file"), 0o644))
	w.must(os.WriteFile(w.dir+"_old/agents/a.js", []byte("alert(2)"), 0o644)) // still watched
	for change = w.next(); !strings.Contains(change.Problems[0].Message, "is a file, not a folder"); change = w.next() {
	}
	if !hasAgent(w.Snapshot(), "a") {
		t.Error("the last snapshot is not in force any more")
	}
	w.must(os.Remove(w.dir))
	w.must(os.Rename(w.dir+"_old", w.dir))
}

func TestOtherFilesDoNotMatter(t *testing.T) {
	w := watch(t, map[string]string{"agents/a.js": "alert(1)"})
	w.write("notes.txt", "x")
	w.write(".tutorsocket/store", "x")
	w.write("agents/.a.js.swp", "x")
	w.write("agents/a.js~", "x")
	w.write("data/agents/a.js", "x")
	w.none()
}

func TestWatchEndsWithTheFolder(t *testing.T) {
	dir := folder(t, map[string]string{"agents/a.js": "alert(1)"})
	a := load(t, dir)
	done := make(chan error, 1)
	go func() { done <- a.Watch(context.Background(), func(app.Change) {}) }()
	if err := os.RemoveAll(dir); err != nil { // before or after the watch has begun, it must not matter
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Watch: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Watch goes on without a folder")
	}
	if !hasAgent(a.Snapshot(), "a") {
		t.Error("the last snapshot is not in force any more")
	}
}

func TestWatchingTheSampleWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := load(t, "").Watch(ctx, func(app.Change) { t.Error("the sample has changed") }); err != nil {
		t.Error(err)
	}
}
