package app_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var globals = basescript.NewGlobals()

// folder makes an app folder of files by path.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, dir string) *app.App {
	t.Helper()
	a, err := app.Load(app.Config{Dir: dir, Globals: globals})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func names(scripts []*app.Script) []string {
	var list []string
	for _, s := range scripts {
		list = append(list, s.Name)
	}
	return list
}

func problemTexts(a *app.App) string {
	var all []string
	for _, p := range a.Problems() {
		all = append(all, p.String())
	}
	return strings.Join(all, "\n")
}

func TestSample(t *testing.T) {
	a := load(t, "")
	snap := a.Snapshot()
	if text := problemTexts(a); text != "" {
		t.Errorf("problems of the sample:\n%s", text)
	}
	if got, want := names(snap.Services()), []string{"echo", "main_ws_service", "rtk_ws_service"}; !slices.Equal(got, want) {
		t.Errorf("services %v, want %v", got, want)
	}
	if got, want := names(snap.Libraries()), []string{"libDemo", "libMain"}; !slices.Equal(got, want) {
		t.Errorf("libraries %v, want %v", got, want)
	}
	if len(snap.Agents()) < 14 {
		t.Errorf("agents %v, want one for each example", names(snap.Agents()))
	}
	for _, agent := range snap.Agents() {
		if agent.Program == nil || !strings.Contains(agent.Meta.Description, "Before:") {
			t.Errorf("agent %s: the first comment says %q", agent.Name, agent.Meta.Description)
		}
	}
	main, _ := snap.Service("main_ws_service")
	copied, _ := snap.Service("rtk_ws_service")
	if main.URL != "x-local://wtv/wtv_main_ws_service.js" || copied.URL != "x-local://source/rtk_ws_service.js" {
		t.Errorf("addresses %s, %s", main.URL, copied.URL)
	}
	if main.Source != copied.Source {
		t.Error("rtk_ws_service is not a copy of main_ws_service")
	}
	for _, hook := range []string{"open", "process", "close"} {
		if !main.Program.HasFunction(hook) {
			t.Errorf("main_ws_service has no %s", hook)
		}
	}
}

func TestFolderCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	_, err := app.Load(app.Config{Dir: filepath.Join(dir, "missing"), Globals: globals})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "missing does not exist") {
		t.Errorf("missing folder: %v", err)
	}
	write(t, dir, "file", "")
	_, err = app.Load(app.Config{Dir: filepath.Join(dir, "file"), Globals: globals})
	if err == nil || !strings.Contains(err.Error(), "is a file, not a folder") {
		t.Errorf("file as folder: %v", err)
	}
}

func TestShortForms(t *testing.T) {
	a := load(t, folder(t, map[string]string{
		"services/echo.js":  "function process(context) { return 1 }",
		"libs/libX.js":      "function f() { return 1 }",
		"agents/hello.js":   "// Says hello.\n// @timeout 30s\n// @user 17\nalert(1)",
		"agents/readme.txt": "not a script",
		"agents/.hidden.js": "((",
		"agents/sub/x.js":   "((",
	}))
	if text := problemTexts(a); text != "" {
		t.Errorf("problems:\n%s", text)
	}
	snap := a.Snapshot()
	if got, want := names(snap.Services()), []string{"echo", "main_ws_service"}; !slices.Equal(got, want) {
		t.Errorf("services %v, want %v", got, want)
	}
	if got, want := names(snap.Libraries()), []string{"libMain", "libX"}; !slices.Equal(got, want) {
		t.Errorf("libraries %v, want %v", got, want)
	}
	agent, ok := snap.Agent("hello")
	if !ok || agent.URL != "x-local://agents/hello.js" || agent.Kind != app.Agent {
		t.Fatalf("agent %+v", agent)
	}
	if agent.Meta.Description != "Says hello." || agent.Meta.Timeout.String() != "30s" || agent.Meta.User != "17" {
		t.Errorf("meta %+v", agent.Meta)
	}
	if _, ok := snap.Agent("x"); ok {
		t.Error("an agent was taken from a folder below agents")
	}
}

func TestBuiltInsAreReplaced(t *testing.T) {
	a := load(t, folder(t, map[string]string{
		"wtv/wtv_main_ws_service.js": "function process(context) { /* mine */ }",
		"libs/libMain.js":            "function main_socket() { /* mine */ }",
	}))
	service, _ := a.Snapshot().Service("main_ws_service")
	library, _ := a.Snapshot().Library("libMain")
	if !strings.Contains(service.Source, "mine") || !strings.Contains(library.Source, "mine") {
		t.Errorf("the built-in scripts are in force:\n%s\n%s", service.Source, library.Source)
	}
	if library.URL != "x-local://libs/libMain.js" {
		t.Errorf("address of the library: %s", library.URL)
	}
}

const goodForm = `<SPXML-INLINE-FORM CODE-LIB="1" WEB-SERVICE-PATH="/services/rtk"/>`

func apiExt(paths ...string) string {
	var b strings.Builder
	b.WriteString("<api_ext>\n<apis>\n<api><name>x</name><libs>\n")
	for _, p := range paths {
		b.WriteString("<lib><path>" + p + "</path></lib>\n")
	}
	b.WriteString("</libs></api></apis>\n</api_ext>")
	return b.String()
}

func TestRegistration(t *testing.T) {
	a := load(t, folder(t, map[string]string{
		"source/api_ext.xml": `<?xml version="1.0" encoding="windows-1251"?>` + "\n" + apiExt("x-local://source/rtk.xml", "x-local://my/tools_my.xml", `x-local://source\win.xml`),
		"source/rtk.xml":     goodForm,
		"source/rtk.js":      "function process(context) {}",
		"my/tools_my.xml":    `<SPXML-INLINE-FORM CODE-LIB="1"></SPXML-INLINE-FORM>`,
		"my/tools_my.js":     "function f() {}",
		"source/win.xml":     `<SPXML-INLINE-FORM CODE-LIB="1" WEB-SERVICE-PATH="/services/win"/>`,
		"source/win.js":      "function process(context) {}",
	}))
	if text := problemTexts(a); text != "" {
		t.Errorf("problems:\n%s", text)
	}
	service, ok := a.Snapshot().Service("rtk")
	if !ok || service.URL != "x-local://source/rtk.js" || service.Program == nil {
		t.Errorf("service %+v", service)
	}
	if _, ok := a.Snapshot().Service("win"); !ok {
		t.Error("an address with backslashes was not understood")
	}
	library, ok := a.Snapshot().Library("tools_my")
	if !ok || library.URL != "x-local://my/tools_my.js" {
		t.Errorf("library %+v", library)
	}
}

func TestRegistrationProblems(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string // of the problem's text
	}{
		{"broken XML", map[string]string{"source/api_ext.xml": "<api_ext>\n<apis>\n</api_ext>"},
			"XML does not parse: element <apis> closed by </api_ext>\n(x-local://source/api_ext.xml,   line 3)"},
		{"another root", map[string]string{"source/api_ext.xml": "\n<api/>"},
			"the outermost element is api, not api_ext\n(x-local://source/api_ext.xml,   line 2)"},
		{"empty", map[string]string{"source/api_ext.xml": ""}, "there is no element api_ext"},
		{"empty path", map[string]string{"source/api_ext.xml": apiExt("")}, "the path is empty"},
		{"form missing", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml")},
			"the form file x-local://source/rtk.xml does not exist\n(x-local://source/api_ext.xml,   line 4)"},
		{"script missing", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml"), "source/rtk.xml": goodForm},
			"the script x-local://source/rtk.js does not exist"},
		{"other scheme", map[string]string{"source/api_ext.xml": apiExt("file:///etc/passwd")}, "does not begin with x-local://"},
		{"parent folder", map[string]string{"source/api_ext.xml": apiExt("x-local://source/../../rtk.xml")}, "leads out of the app folder"},
		{"parent folder with backslashes", map[string]string{"source/api_ext.xml": apiExt(`x-local://..\rtk.xml`)}, "leads out of the app folder"},
		{"absolute path", map[string]string{"source/api_ext.xml": apiExt("x-local:///etc/passwd")}, "is an absolute path"},
		{"no file", map[string]string{"source/api_ext.xml": apiExt("x-local://.")}, "names no file"},
		{"form without CODE-LIB", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml"),
			"source/rtk.xml": "\n" + `<SPXML-INLINE-FORM WEB-SERVICE-PATH="/services/rtk"/>`},
			`the form has no CODE-LIB="1"` + ", so no script belongs to it\n(x-local://source/rtk.xml,   line 2)"},
		{"form with another path", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml"),
			"source/rtk.xml": `<SPXML-INLINE-FORM CODE-LIB="1" WEB-SERVICE-PATH="/rtk"/>`}, `WEB-SERVICE-PATH is "/rtk"`},
		{"form with a bad name", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml"),
			"source/rtk.xml": `<SPXML-INLINE-FORM CODE-LIB="1" WEB-SERVICE-PATH="/services/a-s-b"/>`}, "-s- and -v- separate"},
		{"form of another kind", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml"), "source/rtk.xml": "<x/>"},
			"the outermost element is x, not SPXML-INLINE-FORM"},
		{"twice", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml", "x-local://source/two.xml"),
			"source/rtk.xml": goodForm, "source/two.xml": goodForm, "source/rtk.js": "", "source/two.js": ""},
			`the service "rtk" is registered twice, x-local://source/two.js is left out`},
		{"short form of the same name", map[string]string{"source/api_ext.xml": apiExt("x-local://source/rtk.xml"),
			"source/rtk.xml": goodForm, "source/rtk.js": "", "services/rtk.js": ""},
			`the service "rtk" is taken by x-local://services/rtk.js`},
		{"deep nesting", map[string]string{"source/api_ext.xml": "<api_ext>" + strings.Repeat("<a>", 5000)}, "nested too deeply"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := load(t, folder(t, tc.files))
			if text := problemTexts(a); !strings.Contains(text, tc.want) {
				t.Errorf("problems:\n%s\nwant %q", text, tc.want)
			}
			if len(a.Problems()) != 1 {
				t.Errorf("%d problems, want one", len(a.Problems()))
			}
			if _, ok := a.Snapshot().Service("main_ws_service"); !ok {
				t.Error("main_ws_service is gone")
			}
		})
	}
}

func TestNothingOutsideTheFolderIsRead(t *testing.T) {
	outside := folder(t, map[string]string{"secret.js": "function process(context) {}", "secret.xml": goodForm})
	dir := folder(t, map[string]string{
		"source/api_ext.xml": apiExt("x-local://source/linked.xml", "x-local://away/secret.xml"),
		"services/ok.js":     "",
		"agents/inside.js":   "alert(1)",
	})
	for link, target := range map[string]string{
		"source/linked.xml":  filepath.Join(outside, "secret.xml"),
		"services/linked.js": filepath.Join(outside, "secret.js"),
		"agents/gone.js":     "nothing.js",
		"agents/alias.js":    "inside.js",
		"away":               outside,
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	a := load(t, dir)
	text := problemTexts(a)
	for _, want := range []string{"x-local://source/linked.xml", "x-local://services/linked.js", "away/secret.xml", "agents/gone.js does not exist"} {
		if !strings.Contains(text, want) {
			t.Errorf("no problem names %s:\n%s", want, text)
		}
	}
	if s, ok := a.Snapshot().Service("linked"); !ok || s.Program != nil || s.Err == nil {
		t.Errorf("a link out of the folder was followed: %+v", s)
	}
	if _, ok := a.Snapshot().Service("rtk"); ok {
		t.Error("a form outside the folder was read")
	}
	if s, ok := a.Snapshot().Agent("alias"); !ok || s.Program == nil {
		t.Errorf("a link within the folder was not followed: %+v", s)
	}
}

func TestPipeIsNotOpened(t *testing.T) {
	dir := folder(t, map[string]string{"agents/ok.js": ""})
	if err := syscall.Mkfifo(filepath.Join(dir, "agents", "pipe.js"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text := problemTexts(load(t, dir)); !strings.Contains(text, "not a regular file\n(x-local://agents/pipe.js)") {
		t.Errorf("problems:\n%s", text)
	}
}

func TestTexts(t *testing.T) {
	cp1251, err := charmap.Windows1251.NewEncoder().String("// Пример\nalert('Привет')")
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("// Пример\nalert('Привет')")
	if err != nil {
		t.Fatal(err)
	}
	a := load(t, folder(t, map[string]string{
		"agents/bom.js":   "\ufeff// Пример\nalert('Привет')",
		"agents/cp.js":    cp1251,
		"agents/utf16.js": utf16,
		"agents/mixed.js": cp1251 + "\n// Привет", // neither, so it is read as Windows-1251
		"agents/page.js":  "<%\n// Пример\nalert('Привет')\n%>",
		"agents/big.js":   strings.Repeat("// long\n", basescript.MaxSource/8) + "//",
		"agents/empty.js": "",
		"agents/crlf.js":  "/*\r\n * Пример\r\n * @timeout 5m\r\n */\r\nalert(1)",
	}))
	for _, name := range []string{"bom", "cp", "utf16", "mixed", "page", "crlf"} {
		agent, _ := a.Snapshot().Agent(name)
		if agent.Err != nil || agent.Meta.Description != "Пример" {
			t.Errorf("%s: %v, description %q", name, agent.Err, agent.Meta.Description)
		}
		if name != "crlf" && !strings.Contains(agent.Source, "'Привет'") {
			t.Errorf("%s was read as %q", name, agent.Source)
		}
	}
	if agent, _ := a.Snapshot().Agent("crlf"); agent.Meta.Timeout.Minutes() != 5 {
		t.Errorf("timeout %v", agent.Meta.Timeout)
	}
	if text := problemTexts(a); text != "the file is larger than 2048 KiB\n(x-local://agents/big.js)" {
		t.Errorf("problems:\n%s", text)
	}
}

func TestNames(t *testing.T) {
	a := load(t, folder(t, map[string]string{
		"services/a-s-b.js":   "",
		"services/x-v.js":     "",
		"services/it's.js":    "",
		"services/a.b_c-1.js": "",
		"agents/two words.js": "",
		"agents/-x.js":        "",
		"agents/рассылка.js":  "",
		"libs/.js":            "",
	}))
	snap := a.Snapshot()
	if got, want := names(snap.Services()), []string{"a.b_c-1", "main_ws_service"}; !slices.Equal(got, want) {
		t.Errorf("services %v, want %v", got, want)
	}
	if got, want := names(snap.Agents()), []string{"рассылка"}; !slices.Equal(got, want) {
		t.Errorf("agents %v, want %v", got, want)
	}
	if n := len(a.Problems()); n != 5 {
		t.Errorf("%d problems, want 5:\n%s", n, problemTexts(a))
	}
}

func TestTags(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"no time", "// @timeout soon\nalert(1)", "@timeout takes a time such as 30s or 5m, up to 24h, not \"soon\"\n(x-local://agents/a.js,   line 1, column 1)"},
		{"negative time", "\n\n/* x\n@timeout -3s */", "line 4"},
		{"a year", "// @timeout 9000h", "up to 24h"},
		{"no user", "// text\n// @user", "@user takes the id of a user"},
		{"two users", "// @user 1 2", "@user takes the id of a user"},
		{"no schedule", "// @schedule", "@schedule: there is no time; write"},
		{"wrong schedule", "// Text\n// @schedule 0 9 * *", "has 4 fields, not 5 or 6; write \"0 9 * * 1-5\" (minute, hour, day, month, day of the week), six fields with seconds first, @daily or @every 10m\n(x-local://agents/a.js,   line 2, column 1)"},
		{"wrong hour", "// @schedule @daily\n// @schedule 0 25 * * *", "the hour: \"25\" is not a number from 0 to 23"},
		{"wrong zone", "// @schedule @daily\n// @timezone Moscow", "@timezone takes a name such as Europe/Moscow"},
		{"wrong overlap", "// @schedule @daily\n// @overlap maybe", "@overlap takes skip or queue, not \"maybe\""},
		{"wrong missed", "// @schedule @daily\n// @missed all", "@missed takes skip or run"},
		{"runs: a zone of no schedule", "// @timezone UTC", "@timezone does nothing without @schedule"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := load(t, folder(t, map[string]string{"agents/a.js": tc.text}))
			if text := problemTexts(a); !strings.Contains(text, tc.want) {
				t.Errorf("problems:\n%s\nwant %q", text, tc.want)
			}
			agent, ok := a.Snapshot().Agent("a")
			if !ok {
				t.Fatal("the agent is gone")
			}
			if runs := strings.HasPrefix(tc.name, "runs"); (agent.Program != nil) != runs || (agent.Err == nil) != runs {
				t.Errorf("program %v, error %v", agent.Program, agent.Err)
			}
		})
	}
}

func TestTimetableOfAnAgent(t *testing.T) {
	a := load(t, folder(t, map[string]string{
		"agents/a.js": "/*\n * Counts.\n * @schedule 0 9 * * 1-5\n * @schedule @daily\n * @timezone Europe/Moscow\n * @overlap queue\n * @missed run\n */",
		"agents/b.js": "// @schedule 30 8 * * *",
		"agents/c.js": "",
	}))
	if len(a.Problems()) != 0 {
		t.Fatal(problemTexts(a))
	}
	of := func(name string) app.Timetable {
		script, _ := a.Snapshot().Agent(name)
		return script.Meta.Timetable
	}
	table := of("a")
	if len(table.Times) != 2 || table.Times[0].String() != "0 9 * * 1-5" || table.Zone.String() != "Europe/Moscow" || !table.Queue || !table.RunMissed {
		t.Errorf("%+v", table)
	}
	at := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) // three o'clock in Moscow
	for _, want := range []string{"26T06:00", "26T21:00", "27T06:00", "27T21:00", "28T21:00"} {
		at = table.Next(at, time.UTC)
		if got := at.UTC().Format("02T15:04"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	tokyo := time.FixedZone("", 9*3600)
	if got := of("b").Next(at, tokyo).Format("02T15:04"); got != "29T08:30" {
		t.Errorf("by default %s", got)
	}
	if got := of("c").Next(at, tokyo); !got.IsZero() {
		t.Errorf("without a schedule %s", got)
	}
}

func TestBrokenScript(t *testing.T) {
	a := load(t, folder(t, map[string]string{
		"services/bad.js": "function process(context)\n{\n\tПривет мир;\n}",
		"services/ok.js":  "",
	}))
	service, ok := a.Snapshot().Service("bad")
	if !ok || service.Program != nil || service.Err == nil {
		t.Fatalf("service %+v", service)
	}
	problems := a.Problems()
	if len(problems) != 1 || problems[0].Line != 3 || problems[0].Column != 9 || problems[0].Kept {
		t.Fatalf("problems %+v", problems)
	}
	if !strings.HasSuffix(problems[0].Caret, "^") || !strings.Contains(problems[0].String(), "Привет мир") {
		t.Errorf("problem:\n%s", problems[0])
	}
}

func TestCompileAgent(t *testing.T) {
	agent := app.CompileAgent("", "// @user 5\nalert(1)", globals)
	if agent.Err != nil || agent.URL != "x-local://run.js" || agent.Meta.User != "5" || agent.Program == nil {
		t.Errorf("agent %+v", agent)
	}
	if agent := app.CompileAgent("/tmp/my agent.js", "alert(", globals); agent.Err == nil || agent.URL != "x-local://tmp/my agent.js" {
		t.Errorf("agent %+v", agent)
	}
	if agent := app.CompileAgent("x", strings.Repeat(" ", basescript.MaxSource+1), globals); agent.Err == nil || agent.Program != nil {
		t.Errorf("a source above the limit was compiled: %+v", agent)
	}
}

// TestText: a script finds files beside itself and from the app folder on, and none outside it.
func TestText(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"libs/a.js": "a", "libs/sub/b.js": "b", "top.js": "top"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.Load(app.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, from, text, address string }{
		{"x-local://libs/a.js", "", "a", "x-local://libs/a.js"},
		{"a.js", "x-local://libs/main.js", "a", "x-local://libs/a.js"},
		{"sub/b.js?v=1", "x-local://libs/main.js", "b", "x-local://libs/sub/b.js"},
		{"../top.js", "x-local://libs/main.js", "top", "x-local://top.js"},
		{"/top.js", "x-local://libs/main.js", "top", "x-local://top.js"},
	} {
		text, address, err := a.Text(c.url, c.from)
		if err != nil || text != c.text || address != c.address {
			t.Errorf("%s from %s: %q, %q, %v", c.url, c.from, text, address, err)
		}
	}
	for _, url := range []string{"../../etc/passwd", "x-local://../x.js", "file:///etc/passwd", "none.js"} {
		if text, _, err := a.Text(url, "x-local://libs/main.js"); err == nil {
			t.Errorf("%s: got %q", url, text)
		}
	}
}

// The data folder of a server may lie in its app folder. What is in it is no code, whatever leads there.
func TestHiddenFoldersHaveNoTexts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"data/admin.json": "secret", "data/deep/a.js": "secret", "database/a.js": "open", "a.js": "open"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "data", "deeper": "data/deep", "a2.js": "data/deep/a.js", "fine": "database"} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.Load(app.Config{Dir: dir, Hidden: []string{filepath.Join(dir, "data"), filepath.Join(dir, "none"), filepath.Dir(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"x-local://data/admin.json", "x-local://data/deep/a.js", "x-local://link/admin.json", "x-local://deeper/a.js", "x-local://a2.js", "x-local://data/./deep/../admin.json", "/data/admin.json?x"} {
		if text, _, err := a.Text(url, "x-local://services/s.js"); err == nil || text != "" {
			t.Errorf("%s: %q", url, text)
		}
	}
	for _, url := range []string{"x-local://database/a.js", "x-local://a.js", "x-local://fine/a.js"} {
		if text, _, err := a.Text(url, ""); err != nil || text != "open" {
			t.Errorf("%s: %q, %v", url, text, err)
		}
	}
}

// What scripts must not change: the files an app is made of, and the folders they lie in.
func TestIsCode(t *testing.T) {
	snap := load(t, folder(t, map[string]string{
		"services/chat.js": "", "source/api_ext.xml": apiExt("x-local://my/tools.xml", "x-local://other/broken.xml"),
		"my/tools.xml": goodForm, "my/tools.js": "", "other/broken.xml": "<x", "docs/a.txt": "",
	})).Snapshot()
	for _, file := range []string{"services/chat.js", "my/tools.js", "my/tools.xml", "MY/Tools.JS", "my", "other/broken.xml", "other/broken.js", "source/api_ext.xml"} {
		if !snap.IsCode(file) {
			t.Errorf("%s is no code", file)
		}
	}
	for _, file := range []string{"docs", "docs/a.txt", "my/other.js", "m", "my/tool", "my/tools.js/x"} {
		if snap.IsCode(file) {
			t.Errorf("%s is code", file)
		}
	}
}

// V2 libraries are files of libs that share a namespace (spec/basescript.md 1.13).
func TestNamespaces(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"libs/b.bs":     "\"META:NAMESPACE:shop\";\nfunction price(n: number, m?: number) { return n }",
		"libs/a.js":     "\"META:NAMESPACE:shop\";\nfunction rate() { return 1 }",
		"libs/plain.bs": "function f(a) {}",
		"libs/plain.js": "function g() {}",
		"libs/bad.bs":   "function (",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.Load(app.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	snap := a.Snapshot()
	for name, want := range map[string]string{
		"shop": "x-local://libs/a.js x-local://libs/b.bs", "plain": "x-local://libs/plain.bs", "bad": "", "libMain": "", "b": "",
	} {
		var urls []string
		for _, p := range snap.Namespace(name) {
			urls = append(urls, p.URL())
		}
		if got := strings.Join(urls, " "); got != want {
			t.Errorf("namespace %s: %q, want %q", name, got, want)
		}
	}
	if library, ok := snap.Library("plain.bs"); !ok || !library.Program.HasFunction("f") {
		t.Error("a .bs file is no library of its own name")
	} else if info, _ := library.Program.Function("f"); !info.Strict {
		t.Error("functions of a .bs file do not count their arguments")
	}
	if len(a.Problems()) != 1 {
		t.Errorf("problems %v", a.Problems())
	}
}
