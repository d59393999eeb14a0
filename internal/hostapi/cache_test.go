package hostapi_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// What a cache gives back is like what it got, and shares nothing with it (spec/basescript.md 3.5).
func TestCachesCopy(t *testing.T) {
	b := newBench(t)
	for _, cache := range []string{"GlobalCache", "GlobalStorage"} {
		put := func(value string) string {
			return "c = " + cache + "; c.SetEntry('k', " + value + "); v = c.GetEntry('k');"
		}
		for value, want := range map[string]string{
			"'Привет'": "string Привет", "7177256154427237596": "integer 7177256154427237596", "7.5": "real 7.5",
			"7.0 + 0.0": "real 7", "true": "bool true", "null": "null ", "undefined": "undefined undefined",
			"Date('2024-03-05T09:07:00')": "date 05.03.2024 09:07:00", "Date('2024-03-05')": "date 05.03.2024",
			"Base64Decode('/wA=')": "string \xff\x00", "''": "string ",
		} {
			b.prints(put(value)+"alert(DataType(v) + ' ' + v)", want)
		}
		b.prints(put("{b: [1, {c: 'я'}], a: undefined}")+`alert(EncodeJson(v)); alert(v.HasProperty('a')); v.b.push(2); alert(c.GetEntry('k').b.length)`,
			`{"b":[1,{"c":"я"}]}`, "true", "2")
		b.prints("o = {n: 1}; "+put("o")+"o.n = 2; alert(v.n)", "1")
		b.prints(put("[]")+"alert(IsArray(v) + ' ' + v.length)", "true 0")
		b.prints(put("Error('x')")+"alert(ObjectType(v) + ' ' + v.message)", "JsObject x")
		b.prints("x = {}; "+put("[x, x]")+"alert(v.length)", "2")
		b.prints("c = "+cache+"; alert(DataType(c.GetEntry('none'))); c.DeleteEntry('none'); c.SetEntry(5, 1); alert(c.GetEntry('5')); c.DeleteEntry('5'); alert(c.GetEntry('5') == undefined)",
			"undefined", "1", "true")
		b.fails(cache+".SetEntry('k', [alert])", "A function belongs to its run")
		b.fails(cache+".SetEntry('k', tools.get_object_assembly('XHTTPMiddlewareStatic'))", "An object of the class BmObject belongs to its run")
		b.fails(cache+".SetEntry('k', 'x'.repeat(9000000))", "The value is larger than ")
		b.fails(cache+".SetEntry('', 1)", "The key of a cache entry has 1 to 4096 bytes")
		b.fails(cache+".SetEntry(null, 1)", "The key of a cache entry must be text, not null")
		b.fails(cache+".SetEntry('k', 1, {TTL: 'soon'})", "A time to live is a number of seconds, not soon")
		b.fails(cache+".SetEntry('k')", "Wrong number of arguments")
	}
	b.prints(`o = {}; o.self = o; GlobalCache.SetEntry('k', o); v = GlobalCache.GetEntry('k'); alert(v.self.self == v); alert(v == o)`, "true", "false")
	b.fails(`GlobalCache.SetEntry('k', 'x'.repeat(5000000))`, "The value is larger than 4096 KiB")
	b.fails(`GlobalStorage.SetEntry('k', 'x'.repeat(1100000))`, "The value is larger than 1024 KiB")
	b.prints(`a = []; for (i = 0; i < 20000; i++) a.push(i); GlobalCache.SetEntry('k', a); GlobalStorage.SetEntry('k', a); alert(GlobalCache.GetEntry('k').length + GlobalStorage.GetEntry('k').length)`, "40000")
	b.fails(`o = {}; o.self = o; GlobalStorage.SetEntry('k', o)`, "A value that contains itself cannot be stored")
	b.fails(`GlobalStorage.SetEntry('k', new Lock)`, "A lock or a cache cannot be stored")
	b.fails(`o = {}; for (i = 0; i < 1000; i++) o = {o: o}; GlobalCache.SetEntry('k', o)`, "nested deeper than 500 levels")
	b.prints(`o = { get x() { return 5 } }; GlobalCache.SetEntry('k', o); alert(GlobalCache.GetEntry('k').x)`, "5")
}

func TestCachesAreSharedAndSeparate(t *testing.T) {
	b := newBench(t)
	b.prints(`GlobalCache.SetEntry('k', 1); tools_web.set_data_cache('k', 2, 60); GlobalStorage.SetEntry('k', 3); tools_web.set_user_data('k', 4)`)
	b.prints(`alert(GlobalCache.GetEntry('k') + ' ' + tools_web.get_data_cache('k') + ' ' + GlobalStorage.GetEntry('k') + ' ' + tools_web.get_user_data('k'))`, "1 2 3 4")
	b.prints(`alert(tools_web.remove_data_cache('k')); alert(tools_web.remove_data_cache('k')); alert(tools_web.get_data_cache('k') === null)`, "true", "false", "true")
	b.prints(`for (n in ['list_1', 'list_2', 'other', 'a_list_9_z']) tools_web.set_data_cache(n, n);
		alert(ArrayMerge(ArraySort(tools_web.get_data_cache_by_pattern('list_*'), 'This', '+'), 'This', ' '));
		alert(tools_web.get_data_cache_by_pattern('*list*z').length + ' ' + tools_web.get_data_cache_by_pattern('other').length + ' ' + tools_web.get_data_cache_by_pattern('none*').length)`,
		"list_1 list_2", "1 1 0")
}

func TestCacheEntriesExpire(t *testing.T) {
	b := newBench(t)
	now := time.Now()
	b.settings.Shared = hostapi.NewShared(func() time.Time { return now })
	b.prints(`GlobalCache.SetEntry('short', 1, {TTL: 10}); GlobalCache.SetEntry('long', 1); tools_web.set_data_cache('short', 1, 10)`)
	now = now.Add(9 * time.Second)
	b.prints(`alert(GlobalCache.GetEntry('short'))`, "1")
	now = now.Add(time.Second)
	b.prints(`alert(GlobalCache.GetEntry('short')); alert(GlobalCache.GetEntry('long')); alert(tools_web.get_data_cache('short') == null); alert(tools_web.get_data_cache_by_pattern('*').length)`,
		"undefined", "1", "true", "0")
	b.prints(`GlobalStorage.SetEntry('k', 1, {TTL: 30})`)
	if b.storage.calls[len(b.storage.calls)-1] != "set k 1 30s" {
		t.Errorf("calls %q", b.storage.calls)
	}
}

// A full cache forgets what was not used for longest.
func TestCacheIsBounded(t *testing.T) {
	b := newBench(t)
	b.prints(`for (i = 0; i < 10001; i++) { GlobalCache.SetEntry('k' + i, i); GlobalCache.GetEntry('k0') }
		alert(GlobalCache.GetEntry('k0')); alert(GlobalCache.GetEntry('k1')); alert(GlobalCache.GetEntry('k10000'))`, "0", "undefined", "10000")
	b.prints(`s = 'x'.repeat(1000000); for (i = 0; i < 80; i++) GlobalCache.SetEntry('big' + i, s);
		n = 0; for (i = 0; i < 80; i++) if (GlobalCache.GetEntry('big' + i) != undefined) n++; alert(n)`, "67")
}

func TestGlobalStorageSaysWhatFails(t *testing.T) {
	b := newBench(t)
	b.storage.err = errors.New("the disk is full")
	b.fails(`GlobalStorage.SetEntry('k', 1)`, `GlobalStorage "k": the disk is full`)
	b.fails(`GlobalStorage.GetEntry('k')`, `GlobalStorage "k": the disk is full`)
	b.storage.err = nil
	b.storage.values["bad"] = `{"strange":1}`
	b.fails(`GlobalStorage.GetEntry('bad')`, `The stored value cannot be read`)
	env := b.env()
	env.Storage = nil
	if _, err := b.exec(env, `GlobalStorage.GetEntry('k')`); err == nil || !strings.Contains(err.Error(), "GlobalStorage is not available here") {
		t.Errorf("error %v", err)
	}
}

// Many runs at once get whole values, whoever writes.
func TestCachesUnderLoad(t *testing.T) {
	b := newBench(t)
	program, err := basescript.Compile("x-local://test.js", `
		for (i = 0; i < 200; i++) {
			GlobalCache.SetEntry('k' + i % 7, { a: i, list: [i, i], copy: { a: i } });
			v = GlobalCache.GetEntry('k' + (i + 3) % 7);
			if (v != undefined && (v.a != v.copy.a || v.list[1] != v.a)) throw 'torn';
			if (v != undefined) v.list.push(i);
			tools_web.set_data_cache('k', v, 60); tools_web.get_data_cache_by_pattern('*');
		}`, basescript.Options{Globals: hostapi.Globals()})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			r := basescript.NewRun(t.Context(), basescript.RunConfig{Host: b.env()})
			defer r.Close()
			if _, err := r.Exec(program); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
