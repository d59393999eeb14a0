package hostapi_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Every script misbehaves on its second line. Its error is one of the script: its message has the text behind the
// script, the last line of its trace is the second.
var pastTheirTime = []struct{ name, src, want string }{
	{"an enormous repeat", "\n'x'.repeat(Math.pow(2, 50))", "Text is longer than"},
	{"an enormous repeat in memory", "\nfor (;;) 'x'.repeat(500000000)", "Script stopped"},
	{"long texts joined", "s = 'x'.repeat(100000000)\nfor (;;) t = s + 1", "Script stopped"},
	{"long texts compared", "s = 'x'.repeat(100000000); t = s + 'a'; u = s + 'b'\nfor (;;) t == u", "Script stopped"},
	{"long texts in upper case", "s = 'жы'.repeat(25000000)\nfor (;;) s.toUpperCase()", "Script stopped"},
	{"long texts searched", "s = 'x'.repeat(100000000)\nfor (;;) StrContains(s, 'y', true)", "Script stopped"},
	{"long texts encoded", "s = 'x'.repeat(100000000)\nfor (;;) EncodeJson(s)", "Script stopped"},
	{"long texts hashed", "s = 'x'.repeat(100000000)\nfor (;;) Md5Hex(s)", "Script stopped"},
	{"long texts split", "s = 'x,'.repeat(2000000)\nfor (;;) s.split(',')", "Script stopped"},
	{"long texts matched", "s = 'x'.repeat(20000000)\nfor (;;) /y/.test(s)", "Script stopped"},
	{"XML of a long text", "s = '<&'.repeat(10000000)\nfor (;;) tools.object_to_text(s, 'xml')", "Script stopped"},
	{"XML of much", "a = []; for (i = 0; i < 100000; i++) a.push({ a: i })\nfor (;;) tools.object_to_text(a, 'xml')", "Script stopped"},
	{"XML read", "s = '<r>' + '<a>1</a>'.repeat(500000) + '</r>'\nfor (;;) tools.read_object(s)", ""},
	{"a catastrophic expression", "\n/(a+)+$/.test('a'.repeat(100) + 'b')", "Script stopped"},
	{"a catastrophic alternative", "\n'x'.repeat(100).replace(/(x|xx|x?)*y/g, '')", "Script stopped"},
	{"BB code", "s = '[b]x'.repeat(200000)\nfor (;;) tools_web.convert_bbcode_to_html(s)", "Script stopped"},
	{"entities", "s = '&<x'.repeat(10000000)\nfor (;;) { tools_web.convert_xss(s); tools_web.html_decode(s) }", "Script stopped"},
	{"a cyclic object", "o = { a: [] }; o.a.push(o)\nEncodeJson(o)", "Object contains itself"},
	{"a cyclic object in XML", "o = {}; o.a = o; o.b = o\ntools.object_to_text(o, 'xml', 1000)", ""},
	{"an enormous array", "\nnew Array(1000000000)", ""},
	{"an enormous length", "a = []\na.length = 4294967295", ""},
	{"an enormous index", "a = []\na[999999999] = 1", ""},
	{"recursion", "\nfunction f() { return f() + 1 } f()", "nested deeper"},
	{"recursion of a comparison", "\nfunction f() { [2, 1].sort(f) } f()", "nested deeper"},
	{"recursion of a getter", "\no = { get x() { return this.x } }; o.x", "nested deeper"},
	{"recursion of toString", "\no = { toString: function () { return '' + String(this.toString()) } }; o.toString()", "nested deeper"},
	{"recursion of eval", "\nfunction f() { eval('f()') } f()", "nested deeper"},
	{"recursion of string expressions", "\nfunction f() { ArraySelect([1], 'f()') } f()", "nested deeper"},
	{"nested JSON", "s = '['.repeat(1000000)\nParseJson(s)", "nested deeper"},
	{"a nested expression", "s = '('.repeat(8000)\nnew RegExp(s)", ""},
	{"nested code", "s = '('.repeat(30000)\neval(s)", ""},
	{"waiting: Sleep", "\nSleep(3600000)", "Script stopped"},
	{"waiting: Sleep that is caught", "\nfor (;;) try { Sleep(3600000) } catch (e) { }", "Script stopped"},
	{"waiting: a lock another run holds", "\nCallObjectMethodWithLock({ f: function () { } }, 'f', [], new Lock('held'))", "Script stopped"},
	{"waiting: EvalCs another run is in", "\nEvalCs('1')", "Script stopped"},
	{"waiting: a server that never answers", "\nHttpRequest('URL')", "Script stopped"},
}

func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}

// TestNamedScriptsStopInTime: each ends at most 50 ms of computing after its limit, with an error on its own line,
// whatever it waits for.
func TestNamedScriptsStopInTime(t *testing.T) {
	w := newWeb(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.settings.RequestTimeout = time.Minute
	holdOthers(t, w)
	if underRace {
		t.Skip("time is measured without the race detector")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, tc := range pastTheirTime {
		program := mustCompile(t, strings.ReplaceAll(tc.src, "URL", w.url))
		var past time.Duration
		for range 3 {
			if past = stopsInTime(t, w, program, tc.name, tc.want); past <= 50*time.Millisecond {
				break
			}
		}
		if past > 50*time.Millisecond {
			t.Errorf("%s: %v past its limit", tc.name, past)
		}
	}
	if got, err := w.exec(w.env(), "alert(EncodeJson([1, 'a']))"); err != nil || len(got) != 1 {
		t.Errorf("another run: %q, %v", got, err)
	}
}

// stopsInTime returns how long a script computed past its limit.
func stopsInTime(t *testing.T, w *web, program *basescript.Program, name, want string) time.Duration {
	const limit = 100 * time.Millisecond
	ctx := t.Context()
	if strings.HasPrefix(name, "waiting") {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	r := basescript.NewRun(ctx, basescript.RunConfig{Host: w.env(), Limits: basescript.Limits{Compute: limit, Bytes: 512 << 20, Depth: 1000}})
	defer r.Close()
	began, start := threadTime(), time.Now()
	_, err := r.Exec(program)
	past := threadTime() - began - limit
	var e *basescript.Error
	var fault *basescript.PanicError
	switch {
	case errors.As(err, &fault):
		t.Errorf("%s: panic: %v\n%s", name, fault.Value, fault.Stack)
	case !errors.As(err, &e) || !strings.Contains(e.Message, want):
		t.Errorf("%s ended with %v, want something about %q", name, err, want)
	case len(e.Frames) == 0:
		t.Errorf("%s: no line named: %v", name, err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("%s took %v", name, took)
	}
	return past
}

// holdOthers starts runs that hold a lock and are in EvalCs, until the test ends.
func holdOthers(t *testing.T, w *web) {
	started := make(chan struct{}, 2)
	w.settings.MayCall = func(string, string) bool { started <- struct{}{}; return false }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	for _, src := range []string{
		"CallObjectMethodWithLock({ f: function () { tutorsocket.method_refusal('a', 'b'); Sleep(3600000) } }, 'f', [], new Lock('held'))",
		"EvalCs(\"tutorsocket.method_refusal('a', 'b'); Sleep(3600000)\")",
	} {
		program, env := mustCompile(t, src), w.env()
		go func() {
			r := basescript.NewRun(ctx, basescript.RunConfig{Host: env})
			defer r.Close()
			_, _ = r.Exec(program)
			ended <- struct{}{}
		}()
		<-started
	}
	t.Cleanup(func() {
		stop()
		<-ended
		<-ended
	})
}
