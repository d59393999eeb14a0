package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
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
	return start(t, files, func(*app.App) {})
}

// patient makes Watch doubt for longer than other programs hold up a test that saves in steps.
func patient(a *app.App) { a.SetPatience(5 * time.Second) }

func start(t *testing.T, files map[string]string, prepare func(*app.App)) *watched {
	t.Helper()
	w := &watched{T: t, dir: folder(t, files), changes: make(chan app.Change, 100)}
	w.App = load(t, w.dir)
	prepare(w.App)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Watch(ctx, func(c app.Change) { w.changes <- c }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	// Written again and again: the first writes may come before the folder is watched. A snapshot is in force before
	// its change is told, and it is the change that must not be taken for one of the test.
	deadline := time.Now().Add(time.Minute)
	for ready := false; !ready; {
		if time.Now().After(deadline) {
			t.Fatal("the folder is not watched")
		}
		w.write("agents/ready.js", "")
		select {
		case c := <-w.changes:
			ready = slices.Contains(c.Updated, "x-local://agents/ready.js")
		case <-time.After(time.Millisecond):
		}
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
	case <-time.After(time.Minute):
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

// A change is in force within 100 ms. The machine may be busy with other tests: one of many tries
// must do.
func TestChangesAreFast(t *testing.T) {
	w := watch(t, map[string]string{"agents/a.js": "alert(0)"})
	var best time.Duration
	for i := range 100 {
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
	t.Errorf("the fastest of a hundred changes was in force after %v", best)
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
			w := start(t, map[string]string{"agents/a.js": "alert(1)"}, patient)
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
	deadline := time.Now().Add(time.Minute)
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

// until waits for changes that make the condition true, and returns all that came.
func (w *watched) until(what string, ok func() bool) (all []app.Change) {
	w.Helper()
	deadline := time.After(time.Minute)
	for !ok() {
		select {
		case c := <-w.changes:
			all = append(all, c)
		case <-deadline:
			w.Fatalf("%s: does not come; problems %v", what, w.Problems())
		case <-time.After(5 * time.Millisecond): // the snapshot is in force before its change is told
		}
	}
	return all
}

func (w *watched) gone() bool { return strings.Contains(problemTexts(w.App), "is gone") }

func (w *watched) agentSays(source string) func() bool {
	return func() bool {
		script, ok := w.Snapshot().Agent("a")
		return ok && script.Source == source
	}
}

func TestFolderGoesAndComesBack(t *testing.T) {
	for _, tc := range []struct {
		name     string
		leave    func(w *watched)
		comeBack func(w *watched)
	}{
		{"removed, made anew", func(w *watched) { w.must(os.RemoveAll(w.dir)) }, func(w *watched) {}},
		{"moved away and back", func(w *watched) { w.must(os.Rename(w.dir, w.dir+"_away")) },
			func(w *watched) { w.must(os.Rename(w.dir+"_away", w.dir)) }},
		{"moved away, another one", func(w *watched) { w.must(os.Rename(w.dir, filepath.Join(w.TempDir(), "away"))) },
			func(w *watched) { w.write("agents/more.js", "") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := watch(t, map[string]string{"agents/a.js": "alert(1)", "services/s.js": "function process(context) { }"})
			for round := range 2 {
				tc.leave(w)
				told := w.until("the folder is gone", w.gone)
				for range 4 { // said once, however often the watch looks
					told = append(told, w.drain()...)
				}
				if len(told) != 1 || len(told[0].Problems) != 1 || !hasAgent(w.Snapshot(), "a") {
					t.Errorf("changes %+v", told)
				}
				for _, p := range w.Problems() {
					if p.URL != w.dir || !p.Kept {
						t.Errorf("problem %+v", p)
					}
				}

				tc.comeBack(w)
				w.write("agents/a.js", fmt.Sprintf("alert('back %d')", round))
				w.write("services/s.js", "function process(context) { }")
				all := w.until("the script of the new folder", w.agentSays(fmt.Sprintf("alert('back %d')", round)))
				all = append(all, w.until("an end of the problem", func() bool { return !w.gone() })...)
				all = append(all, w.drain()...)
				if !slices.ContainsFunc(all, func(c app.Change) bool { return slices.Contains(c.Solved, w.dir) }) {
					t.Errorf("it is not told that the folder is back: %+v", all)
				}
				w.write("agents/a.js", "alert('on')")
				w.until("a change after that", w.agentSays("alert('on')"))
				w.drain()
			}
		})
	}
}

// drain takes the changes that come until nothing happens for a while.
func (w *watched) drain() (all []app.Change) {
	for {
		select {
		case c := <-w.changes:
			all = append(all, c)
		case <-time.After(150 * time.Millisecond):
			return all
		}
	}
}

// A folder replaced in one go must not leave the watch with the folders of old.
func TestFolderIsReplacedAtOnce(t *testing.T) {
	w := watch(t, map[string]string{"agents/a.js": "alert(0)"})
	for i := range 20 {
		if i%2 == 0 {
			w.must(os.RemoveAll(w.dir))
		} else {
			w.must(os.Rename(w.dir, fmt.Sprintf("%s_%d", w.dir, i)))
		}
		for _, text := range []string{fmt.Sprintf("alert('new %d')", i), fmt.Sprintf("alert('changed %d')", i)} {
			w.write("agents/a.js", text)
			w.until(text, w.agentSays(text))
		}
	}
}

func TestWatchBeginsWithoutTheFolder(t *testing.T) {
	dir := folder(t, map[string]string{"agents/a.js": "alert(1)"})
	w := &watched{T: t, App: load(t, dir), dir: dir, changes: make(chan app.Change, 100)}
	w.must(os.RemoveAll(dir))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Watch(ctx, func(c app.Change) { w.changes <- c }) }()
	w.until("the folder is gone", w.gone)
	w.write("agents/a.js", "alert(2)")
	w.until("the new folder", w.agentSays("alert(2)"))
	w.must(os.RemoveAll(dir))
	w.until("the folder is gone", w.gone)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Watch: %v", err)
	}
}

// speaks reports whether the service s takes messages.
func (w *watched) speaks() bool {
	s, ok := w.Snapshot().Service("s")
	return ok && s.Program != nil && s.Program.HasFunction("process")
}

func TestAServiceThatIsWrittenAllTheTimeIsNeverLost(t *testing.T) {
	text := func(i int) string {
		return fmt.Sprintf("function open(context) { }\nfunction process(context) { return %d }\n", i)
	}
	for _, tc := range []struct {
		name  string
		times int
		save  func(w *watched, i int)
	}{
		{"in place", 1500, func(w *watched, i int) {
			w.write("services/s.js", text(i))
			time.Sleep(time.Millisecond)
		}},
		{"in place, in two parts", 200, func(w *watched, i int) {
			w.write("services/s.js", text(i)[:30])
			time.Sleep(3 * time.Millisecond)
			w.write("services/s.js", text(i))
		}},
		{"emptied for a moment", 8, func(w *watched, i int) {
			for range 4 {
				w.write("services/s.js", "")
				time.Sleep(25 * time.Millisecond)
			}
			w.write("services/s.js", text(i))
		}},
		{"removed for a moment", 100, func(w *watched, i int) {
			w.must(os.Remove(w.path("services/s.js")))
			time.Sleep(2 * time.Millisecond)
			w.write("services/s.js", text(i))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := start(t, map[string]string{"services/s.js": text(-1), "agents/a.js": "alert(0)"}, patient)
			var changes []app.Change
			for i := range tc.times {
				tc.save(w, i)
				for len(w.changes) > 0 {
					changes = append(changes, <-w.changes)
				}
			}
			changes = append(changes, w.until("the last text", func() bool {
				s, ok := w.Snapshot().Service("s")
				return ok && s.Source == text(tc.times-1)
			})...)
			for _, c := range append(changes, w.drain()...) {
				s, ok := c.Snapshot.Service("s")
				if !ok || s.Program == nil || !s.Program.HasFunction("process") || len(c.Problems)+len(c.Removed) > 0 {
					t.Fatalf("change %+v", c)
				}
			}
		})
	}
}

// What is in doubt does not delay the rest of the app.
func TestADoubtfulScriptDoesNotDelayOthers(t *testing.T) {
	w := watch(t, map[string]string{"services/s.js": "function process(context) { }", "agents/a.js": "alert(0)"})
	w.write("agents/a.js", "alert(1)")
	for deadline := time.Now().Add(time.Minute); !w.agentSays("alert(1)")(); {
		if time.Now().After(deadline) {
			t.Fatal("the agent was not loaded")
		}
		w.write("services/s.js", "")
		time.Sleep(5 * time.Millisecond)
	}
	if !w.speaks() {
		t.Error("the service was believed empty while it was being written")
	}
}

func TestAServiceThatGoesMuteIsNoted(t *testing.T) {
	const note = "the service has no function process any more"
	for name, text := range map[string]string{"emptied": "", "renamed": "function proces(context) { }"} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, map[string]string{"services/s.js": "function process(context) { }"})
			w.write("services/s.js", text)
			change := w.next()
			if w.speaks() || len(change.Updated) != 1 || len(change.Problems) != 1 {
				t.Fatalf("change %+v", change)
			}
			if p := change.Problems[0]; !p.Note || p.URL != "x-local://services/s.js" || !strings.Contains(p.Message, note) {
				t.Errorf("problem %+v", p)
			}
			w.write("services/s.js", "function open(context) { }")
			if change := w.next(); len(change.Problems)+len(change.Solved) > 0 {
				t.Errorf("told again: %+v", change)
			}
			w.write("services/s.js", "function process(context) { }")
			if change := w.next(); len(change.Solved) != 1 || !w.speaks() {
				t.Errorf("change %+v", change)
			}
		})
	}
	if text := problemTexts(load(t, folder(t, map[string]string{"services/s.js": "function open() { }"}))); text != "" {
		t.Errorf("a service that never had the function: %s", text)
	}
}

func TestScriptsThatDoNotLoadAreNotUpdated(t *testing.T) {
	outside := folder(t, map[string]string{"x.js": ""})
	for name, put := range map[string]func(file string) error{
		"too large": func(file string) error { return os.WriteFile(file, make([]byte, basescript.MaxSource+1), 0o644) },
		"link out":  func(file string) error { return os.Symlink(filepath.Join(outside, "x.js"), file) },
		"pipe":      func(file string) error { return syscall.Mkfifo(file, 0o644) },
		"broken":    func(file string) error { return os.WriteFile(file, []byte("a b"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, map[string]string{"services/ok.js": ""})
			w.must(put(w.path("services/x.js")))
			all := append([]app.Change{w.next()}, w.drain()...)
			var problems int
			for _, c := range all {
				problems += len(c.Problems)
				if len(c.Updated) > 0 {
					t.Errorf("updated: %v", c.Updated)
				}
			}
			script, ok := w.Snapshot().Service("x")
			if problems == 0 || !ok || script.Err == nil {
				t.Fatalf("the problem is not told: %+v", all)
			}
			if text := script.Err.Error(); strings.Count(text, "\n(x-local://services/x.js") != 1 {
				t.Errorf("the error does not name the file: %s", text)
			}
			if text := problemTexts(w.App); strings.Count(text, "(x-local://services/x.js") != 1 {
				t.Errorf("problem: %s", text)
			}
		})
	}
}

func TestWatchingTheSampleWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := load(t, "").Watch(ctx, func(app.Change) { t.Error("the sample has changed") }); err != nil {
		t.Error(err)
	}
}
