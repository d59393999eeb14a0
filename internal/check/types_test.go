//go:build types

package check_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/check"
)

// web is where npm has put the TypeScript compiler and the typings to go together with.
const web = "../../web"

// goodScript uses sockets as the typings say.
const goodScript = `// @ts-check
/** @type {ServiceHooks['process']} */
function process(context) {
	var assembly = tools.get_object_assembly('XHTTPMiddlewareStatic');
	var sockets = assembly.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'GetWebSockets', ['$chat']).ToArray();
	for (var i = 0; i < sockets.length; i++) {
		if (sockets[i].Value.GetTag('room') == null) {
			continue;
		}
		assembly.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue',
			[sockets[i].Key, EncodeJson({ a: 1 }), true]);
		assembly.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketsMessageQueueArray',
			[[sockets[i].Key], 'x', true, 17]);
		sockets[i].Value.AddOrUpdateTag('x', '1');
	}
	var all = assembly.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'GetWebSockets');
	context.WebSocketCurrent.RemoveTag('x');
	alert(StrContains(context.WebSocketCurrentId, '/services/') + all[0].Value.Tags.ToArray()[0].Key);
}

/** @param {CloseContext} context */
function close(context) {
	alert(context.WebSocketCurrentId + context.CloseReason);
}
`

// badScript has a mistake on each line marked with the name the compiler must complain of.
const badScript = `// @ts-check
/** @type {ServiceHooks['process']} */
function handle(context) {
	var assembly = tools.get_object_assembly('XHTTPMiddlewareStatic');
	assembly.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'GetWebSocket'); // mistake
	assembly.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', ['key']); // mistake
	assembly.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', ['key', 'x', true, {}]); // mistake
	context.WebSocketCurrent.RemoveTags('x'); // mistake
	alert(context.CloseCode); // mistake
	StrContians('a', 'b'); // mistake
}
`

// languageScript uses the language's own names, which only the standalone typings declare in full.
const languageScript = `// @ts-check
var list = [3, 1, 2];
alert(list.map(function (x) { return Math.floor(x) + StrInt(x, 2); }).join(','));
alert(new Date().getTime() + Date().getTime() + Error('x').message + 'abc'.charAt(0).length);
var o = { a: 1 };
alert(o.GetOptProperty('b', 2) + JSON.stringify(Object.keys(o)) + message + tutorsocket.profile);
alert(Request.Session.Env.curUserID + Param.GetOptProperty('x') + curUser.fullname);
alert(/a/g.test('a') + new RegExp('a').source + new Map([[1, 2]]).size + new Set([1]).has(1));
alert(new ActiveXObject('VBScript.RegExp').Execute('a').Count + tools_web.reg_exp_init().Pattern);
var response = HttpRequest('http://example.com', 'post', 'a=b', 'Ignore-Errors: 1\n');
response.SaveToFile('x-local://a.txt');
alert(response.RespCode + response.Header.GetOptProperty('Content-Type'));
var sender = tools.dotnet_host.Object.GetAssembly('Websoft.HttpRequest.dll').CreateClassObject('Websoft.HttpRequest.HttpRequest');
sender.Open('http://example.com', 'GET', '', '', sender.CreateNewHttpClientHandler(false)).Dispose();
tools.get_object_assembly('HttpRequest').Opne('http://example.com'); // mistake
var thread = new Thread();
thread.Param.x = 1;
thread.EvalCode('alert(Param.x)');
GlobalCache.SetEntry('a', [1], { TTL: 5 });
CallObjectMethodWithLock(GlobalCache, 'GetEntry', ['a'], new Lock());
/a/.tset('a'); // mistake
new Map().gte(1); // mistake
eval('1'); OptEval('1', 2); OpenCodeLib('x-local://libs/a.js').f();
`

// TestTypings: the typings compile, alone and beside the package, with the libraries of browsers and
// without; a script that keeps to them passes, and each mistake of one that does not is found.
func TestTypings(t *testing.T) {
	declared, err := check.FindTypesPackage(web)
	if err != nil || declared == nil || !declared.Installed {
		t.Fatalf("npm ci in web first: %v", err)
	}
	without := map[string]any{"noLib": true, "types": []string{}}
	beside := map[string]any{"noLib": true, "types": []string{"*"}, "typeRoots": []string{declared.Dir, filepath.Join(declared.Dir, "xml")}}
	with := map[string]string{"good.js": goodScript, "bad.js": badScript}
	for name, c := range map[string]struct {
		typings string
		options map[string]any
		scripts map[string]string
	}{
		"alone":               {check.Typings(nil), without, map[string]string{"good.js": goodScript, "bad.js": badScript, "language.js": languageScript}},
		"with browsers":       {check.Typings(nil), map[string]any{"types": []string{}}, nil},
		"with the package":    {check.Typings(declared), beside, with},
		"package not at hand": {check.Typings(&check.Declared{}), beside, with},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for file, text := range c.scripts {
				for i, line := range strings.Split(text, "\n") {
					if strings.HasSuffix(line, "// mistake") {
						want = append(want, at(file, i+1))
					}
				}
			}
			got, output := compile(t, c.typings, c.options, c.scripts)
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("complaints at %v, want %v\n%s", got, want, output)
			}
		})
	}
}

func at(file string, line int) string { return file + "(" + strings.TrimSpace(string(mustJSON(line))) }

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

var complaint = regexp.MustCompile(`(?m)^(\S+\.(?:js|ts)\(\d+)|^(error TS\d+)`)

// compile runs the TypeScript compiler and returns where it complains. The typings are given to it as a
// source, because it passes over declarations of libraries to be quick.
func compile(t *testing.T, typings string, options map[string]any, scripts map[string]string) (places []string, output string) {
	t.Helper()
	dir := t.TempDir()
	compiler := map[string]any{"target": "ES2020", "module": "ES2020", "moduleResolution": "bundler", "noEmit": true,
		"allowJs": true, "checkJs": true, "strict": false, "skipLibCheck": true}
	for name, value := range options {
		compiler[name] = value
	}
	files := map[string]string{"typings.ts": typings}
	for name, text := range scripts {
		files[name] = text
	}
	var names []string
	for name, text := range files {
		names = append(names, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	config := mustJSON(map[string]any{"compilerOptions": compiler, "files": names})
	if err := os.WriteFile(filepath.Join(dir, "tsconfig.json"), config, 0o644); err != nil {
		t.Fatal(err)
	}
	tsc, err := filepath.Abs(filepath.Join(web, "node_modules", "typescript", "bin", "tsc"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", tsc, "-p", ".", "--pretty", "false")
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	for _, m := range complaint.FindAllStringSubmatch(string(text), -1) {
		places = append(places, m[1]+m[2])
	}
	if err != nil && len(places) == 0 {
		t.Fatalf("%v\n%s", err, text)
	}
	slices.Sort(places)
	return places, string(text)
}
