package hostapi_test

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// stubs are stand-ins that say what they are called with.
type stubs map[string]func(args []basescript.Value) basescript.Value

func (s stubs) Stub(_ *basescript.Run, name string, args []basescript.Value) (basescript.Value, bool, error) {
	if f, ok := s[name]; ok {
		return f(args), true, nil
	}
	return basescript.Undefined, false, nil
}

// Functions of the database, the desktop and the like exist and say what is the matter
// (spec/basescript.md 2, rank "–").
func TestRefusedFunctions(t *testing.T) {
	b := newBench(t)
	const database = " is not supported: tutorsocket has no document database; put a stand-in into stubs/"
	b.fails(`XQuery('for $e in persons return $e')`, "XQuery"+database+"XQuery.js")
	b.fails(`OpenDoc()`, "OpenDoc"+database+"OpenDoc.js")
	b.fails(`tools.open_doc(7177256154427237596)`, "tools.open_doc"+database+"tools.open_doc.js")
	b.fails(`f = tools.xquery; f('x')`, "tools.xquery"+database)
	b.fails(`CallObjectMethod(tools, 'open_doc', [1])`, "tools.open_doc"+database)
	b.fails(`DefaultDb.RunSql('select 1')`, "DefaultDb.RunSql"+database)
	b.fails(`alert(DefaultDb.Name)`, "DefaultDb.Name"+database)
	b.fails(`tools_chat.get_chat(1)`, "Unknown method: get_chat()")
	b.fails(`tools_web.check_access(1, 2)`, "tools_web.check_access is not supported: tutorsocket has no portal; put a stand-in into stubs/tools_web.check_access.js")
	b.fails(`StatusMsg('x')`, "StatusMsg is not supported: tutorsocket has no desktop")
	b.fails(`EvalAsync('1')`, "EvalAsync is not supported: tutorsocket has no desktop")
	b.fails(`ShellExecute('open', 'x')`, "ShellExecute is not supported: scripts do not reach the server's machine")
	b.fails(`SendMailMessage('x')`, "SendMailMessage is not supported: tutorsocket sends no mail")
	b.fails(`tools.fly()`, "Unknown method: fly()")
	b.fails(`alert(common.object_types)`, "Unknown object property: object_types")
	b.fails(`alert(global_settings.portal_base_url)`, "Unknown object property: portal_base_url")
	b.prints(`alert(global_settings.debug); alert(global_settings.settings.GetOptProperty('portal_base_url', 'none')); alert(DataType(XQuery))`, "false", "none", "object")
	// The names stay free for a script's own use.
	b.prints(`function XQuery(q) { return [q] } alert(XQuery('own')[0])`, "own")
	b.prints(`FileIsBusy = 5; alert(FileIsBusy)`, "5")
	b.prints(`try { XQuery('x') } catch (e) { alert(e) }`, "XQuery"+database+"XQuery.js\n(XQuery(),  x-local://test.js,   line 1)")
}

func TestStubsStandIn(t *testing.T) {
	b := newBench(t)
	env := b.env()
	rows := func([]basescript.Value) basescript.Value { return basescript.String("stub") }
	env.Stubs = stubs{"tools.open_doc": rows, "XQuery": func(args []basescript.Value) basescript.Value {
		return basescript.String(args[0].Text() + "!")
	}}
	got, err := b.exec(env, `alert(XQuery('q')); alert(tools.open_doc(1)); f = XQuery; alert(f('r'))`)
	if err != nil || len(got) != 3 || got[0] != "q!" || got[1] != "stub" || got[2] != "r!" {
		t.Errorf("wrote %q, error %v", got, err)
	}
}

// What has become a function of this server is refused no more.
func TestNothingIsRefusedThatIsThere(t *testing.T) {
	language := basescript.NewGlobals()
	for _, name := range hostapi.RefusedNames() {
		if language.Lookup(name) != nil {
			t.Errorf("%s is part of the language and refused", name)
		}
	}
	for name, origin := range map[string]basescript.Origin{
		"XQuery": basescript.Refused, "alert": basescript.Shared, "Thread": basescript.Shared, "StrLen": basescript.Shared,
	} {
		if g := hostapi.Globals().Lookup(name); g == nil || g.Func == nil || g.Func.Origin != origin || g.Origin != origin {
			t.Errorf("%s: %+v", name, g)
		}
	}
}
