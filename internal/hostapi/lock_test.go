package hostapi_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

func TestLockFunctions(t *testing.T) {
	b := newBench(t)
	b.prints(`l = new Lock; m = Lock(); alert(ObjectType(l) + ' ' + ObjectType(m) + ' ' + DataType(l))`, "Lock Lock object")
	b.prints(`o = {n: 1, add: function (a, b) { return this.n + a + b }}; l = new Lock;
		alert(CallObjectMethodWithLock(o, 'add', [2, 3], l)); alert(GetObjectPropertyWithLock(o, 'n', l));
		SetObjectPropertyWithLock(o, 'n', 7, l); alert(o.n); SetObjectPropertyWithLock(o, 'new', 8, l); alert(o['new'])`, "6", "1", "7", "8")
	// One run may take a lock over and over.
	b.prints(`l = new Lock; o = {f: function (n) { return n == 0 ? 'in' : CallObjectMethodWithLock(o, 'f', [n - 1], l) }};
		alert(CallObjectMethodWithLock(o, 'f', [5], l)); alert(GetObjectPropertyWithLock({a: 1}, 'a', l))`, "in", "1")
	// An error gives it back.
	b.prints(`l = new Lock; o = {f: function () { throw 'inside' }};
		for (i = 0; i < 3; i++) try { CallObjectMethodWithLock(o, 'f', [], l) } catch (e) { alert(e.message) }`, "inside", "inside", "inside")
	b.prints(`a = [3, 1, 2]; alert(CallObjectMethodWithLock(a, 'join', ['-'], new Lock)); alert(CallObjectMethodWithLock('абв', 'charAt', [1], new Lock))`, "3-1-2", "б")
	b.fails(`CallObjectMethodWithLock({}, 'f', [], {})`, "The last argument must be a Lock, not object")
	b.fails(`CallObjectMethodWithLock({}, 'f', [], null)`, "The last argument must be a Lock, not null")
	b.fails(`CallObjectMethodWithLock({}, 'f', 5, new Lock)`, "The arguments of f must be an array, not integer")
	b.fails(`CallObjectMethodWithLock({}, 'f', [])`, "Wrong number of arguments")
	b.fails(`CallObjectMethodWithLock({}, 'f', [], new Lock)`, "Unknown method: f()")
	b.fails(`GetObjectPropertyWithLock({}, 'x', new Lock)`, "Unknown object property: x")
	b.fails(`new Lock({})`, "The name of a lock must be text, not object")
}

// hold is a script that shows when two runs are inside at the same time.
const hold = `
	lock = new Lock;
	work = { run: function () { enter(); Sleep(1); leave() } };
	function enter() { v = GlobalCache.GetEntry('inside'); if (v == 1) GlobalCache.SetEntry('clash', 1); GlobalCache.SetEntry('inside', 1) }
	function leave() { GlobalCache.SetEntry('inside', 0) }
	for (i = 0; i < 10; i++) CallObjectMethodWithLock(work, 'run', [], LOCK);`

// The top-level locks of a script are the same in all its runs, and so are those of one name.
func TestLocksSerialiseRuns(t *testing.T) {
	for name, lock := range map[string]string{"of the top level": "lock", "of a name": "new Lock('mine')", "from the cache": "GlobalCache.GetEntry('lock')"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.prints(`function make() { return new Lock } GlobalCache.SetEntry('lock', make())`)
			program := mustCompile(t, strings.Replace(hold, "LOCK", lock, 1))
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					r := basescript.NewRun(t.Context(), basescript.RunConfig{Host: b.env()})
					defer r.Close()
					if _, err := r.Exec(program); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			b.prints(`alert(GlobalCache.GetEntry('clash'))`, "undefined")
		})
	}
}

func mustCompile(t *testing.T, source string) *basescript.Program {
	t.Helper()
	program, err := basescript.Compile("x-local://test.js", source, basescript.Options{Globals: hostapi.Globals()})
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// A run that waits for a lock ends with its context, waiting costs no computing time, and a run that is
// stopped inside gives the lock back.
func TestLockPastItsTime(t *testing.T) {
	b := newBench(t)
	started := make(chan struct{})
	b.settings.MayCall = func(string, string) bool { close(started); return false }
	holder := mustCompile(t, `CallObjectMethodWithLock({ f: function () { tutorsocket.method_refusal('a', 'b'); Sleep(3600000) } }, 'f', [], new Lock('slow'))`)
	waiter := mustCompile(t, `CallObjectMethodWithLock({ f: function () { return 'got it' } }, 'f', [], new Lock('slow')); return 'done'`)
	exec := func(ctx context.Context, p *basescript.Program) (string, error) {
		r := basescript.NewRun(ctx, basescript.RunConfig{Host: b.env(), Limits: basescript.Limits{Compute: 20 * time.Millisecond}})
		defer r.Close()
		v, err := r.Exec(p)
		return v.Text(), err
	}
	holding, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := exec(holding, holder)
		ended <- err
	}()
	<-started
	late, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := exec(late, waiter); err == nil || !strings.Contains(err.Error(), "Script stopped: its time is over") {
		t.Errorf("waiting ended with %v", err)
	}
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("waited %v", waited)
	}
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "Script stopped") {
		t.Errorf("holding ended with %v", err)
	}
	if got, err := exec(t.Context(), waiter); got != "done" || err != nil {
		t.Errorf("a lock of an ended run: %q, %v", got, err)
	}
}
