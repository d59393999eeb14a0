package hostapi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// Whatever a script does with these functions, it ends in time and with an error of its own.
func TestHostileScripts(t *testing.T) {
	b := newBench(t)
	const limit = 16 << 20
	for _, source := range []string{
		"s = 'x'.repeat(14000000); tools.object_to_text([s, s, s, s], 'xml')",
		"s = '<'.repeat(14000000); tools.object_to_text(s)",
		"a = []; for (i = 0; i < 20; i++) a = [a, a]; tools.object_to_text(a, 'xml', 100)",
		"o = {}; o.a = o; o.b = o; tools.object_to_text(o, 'xml', 100)",
		"tools.read_object('<r>' + '<a/>'.repeat(9000) + '</r>'); s = '<r>' + '<a b=\"1\">x</a>'.repeat(1000000) + '</r>'; tools.read_object(s)",
		"tools.read_object('<a>'.repeat(2000000))",
		"a = []; for (i = 0; i < 100; i++) a.push('x'.repeat(100000) + i); while (true) GlobalCache.SetEntry('k', a)",
		"s = 'x'.repeat(3000000); GlobalCache.SetEntry('k', s); a = []; while (true) a.push([GlobalCache.GetEntry('k') + a.length])",
		"a = []; for (i = 0; i < 9000; i++) a.push(i); GlobalCache.SetEntry('k', a); l = []; while (true) l.push(GlobalCache.GetEntry('k'))",
		"for (i = 0; i < 9000; i++) tools_web.set_data_cache('k' + i, [1, 2, 3]); l = []; while (true) l.push(tools_web.get_data_cache_by_pattern('k*'))",
		"while (true) tools_web.get_data_cache_by_pattern('*')",
		"a = []; while (true) a.push(new Lock)",
		"a = []; while (true) a.push(new Thread)",
		"a = []; while (true) { t = new Thread; t.Param.s = 'x'.repeat(10000) + a.length; a.push(t) }",
		"s = '[url=/'.repeat(500000); while (true) tools_web.convert_bbcode_to_html(s)",
		"s = '&'.repeat(2000000); while (true) tools_web.convert_xss(s)",
		"o = { get x() { while (true) { } } }; GlobalCache.SetEntry('k', o)",
		"o = { get x() { o['y' + Math.random()] = 1; return [o] } }; while (true) tools.object_to_text(o, 'xml', 20)",
		"o = { f: function () { return CallObjectMethodWithLock(o, 'f', [], l) } }; l = new Lock; o.f()",
		"for (i = 0; ; i++) CallObjectMethodWithLock([], 'push', [i], new Lock('n' + i))",
	} {
		program, err := basescript.Compile("x-local://test.js", source, basescript.Options{Globals: b.globals()})
		if err != nil {
			t.Fatalf("%s\n%v", source, err)
		}
		r := basescript.NewRun(t.Context(), basescript.RunConfig{Host: b.service(), Limits: basescript.Limits{Compute: 100 * time.Millisecond, Bytes: limit}})
		began := time.Now()
		_, err = r.Exec(program)
		took := time.Since(began)
		r.Close()
		var e *basescript.Error
		if !errors.As(err, &e) || strings.Contains(e.Message, "Internal error") {
			t.Errorf("%s\nended with %v", source, err)
		}
		if took > 20*time.Second {
			t.Errorf("%s\ntook %v: %v", source, took, err)
		}
	}
}

// TestHeldValuesCount: what host objects keep for a script counts against the memory of the run.
func TestHeldValuesCount(t *testing.T) {
	b := newBench(t)
	for _, source := range []string{
		"a = []; while (true) a.push(MethodReference({ s: 'x'.repeat(100000) + a.length }, 's'))",
		"a = []; while (true) a.push(MethodReference({}, 's' + 'x'.repeat(100000) + a.length))",
		"a = []; while (true) { t = new Thread; t.Param.s = 'x'.repeat(100000) + a.length; a.push(t) }",
	} {
		b.fails(source, "its values take more than")
	}
}

// looksAgain gives a large library at every address.
type looksAgain struct{ text string }

func (s looksAgain) Text(url, _ string) (text, address string, err error) { return s.text, url, nil }

// TestManyLibraries: addresses that differ behind the question mark do not fill the server's memory.
func TestManyLibraries(t *testing.T) {
	b := newBench(t)
	b.settings.Code = hostapi.NewCodeCache()
	env := b.env()
	env.Sources = looksAgain{"function f() { return 1 }\n//" + strings.Repeat("x", 1<<19)}
	lines, err := b.exec(env, "for (i = 0; i < 50; i++) OpenCodeLib('x-local://a.js'); for (i = 0; i < 20; i++) OpenCodeLib('x-local://a.js?' + i); alert(i); while (true) OpenCodeLib('x-local://a.js?' + i++)")
	if len(lines) != 1 || err == nil || !strings.Contains(err.Error(), "The libraries loaded here are larger than 32 MiB") {
		t.Errorf("wrote %q, ended with %v", lines, err)
	}
}
