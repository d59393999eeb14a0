package security

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// hush is a text that no script may ever see.
const hush = "hush-5f2c"

// quote writes a text as scripts have it.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\r", `\r`, "\n", `\n`, "\x00", `\0`).Replace(text) + "'"
}

// mustFail runs a script that must end with an error that says this, and tells nothing that is secret.
func mustFail(t *testing.T, s *servertest.Server, source, says string) {
	t.Helper()
	lines, failure := script(t, s, source)
	if failure == "" || !strings.Contains(failure, says) || strings.Contains(lines+failure, hush) {
		t.Errorf("%s\nwrote %q and failed with %q, want %q", source, lines, failure, says)
	}
}

// TestScriptsStayInTheirFolders: the file beside the app folder, those of the machine, and those of the server itself
// are out of reach, however they are named and whatever asks for them.
func TestScriptsStayInTheirFolders(t *testing.T) {
	outside := servertest.WriteFiles(t, map[string]string{"secret.txt": hush, "secret.js": "function f() { return '" + hush + "' }", "app/agents/a.js": "alert( 1 )"})
	if err := os.Symlink(outside, filepath.Join(outside, "app", "link")); err != nil {
		t.Fatal(err)
	}
	s := production(t, func(c *config.Config) { c.Data = filepath.Join(outside, "app", "data") }, servertest.AppDir(filepath.Join(outside, "app")))
	if err := os.WriteFile(filepath.Join(s.DataDir(), "secret.js"), []byte(hush), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{
		"x-local://../secret.js", "x-local://a/../../secret.js", `x-local://..\secret.js`, `x-local://a\..\..\secret.js`, "x-local://./../secret.js",
		"x-local:///" + outside + "/secret.js", "x-local://%2e%2e/secret.js", "x-local://..%2fsecret.js", "x-local://link/secret.js", "x-local://link/app/../secret.js",
		"x-local://data/secret.js", "x-local://DATA/secret.js", "x-local://data/admin.json", "x-local://../secret.js?x", "x-local://a.js?/../../secret.js",
		"../secret.js", `..\secret.js`, "file://" + outside + "/secret.js", "file:///" + outside + "/secret.js", "file://localhost" + outside + "/secret.js",
		filepath.Join(outside, "secret.js"), filepath.Join(s.DataDir(), "secret.js"), filepath.Join(s.DataDir(), "admin.json"),
		"/etc/passwd", "/proc/self/environ", "/dev/zero", `C:\Windows\win.ini`, `\\host\share\x`, "x-local://a\x00/../secret.js", "X-LOCAL://../secret.js",
	}
	for _, name := range names {
		for _, call := range []string{"alert( LoadFileData( %s ) )", "alert( LoadUrlText( %s ) )", "OpenCodeLib( %s ); alert( 'there' )", "alert( EvalCodeUrl( %s ) ); alert( 'there' )", "CopyUrl( 'x-local://copy.txt', %s )", "alert( EvalCodePageUrl( %s ) )"} {
			mustFail(t, s, fmt.Sprintf(call, quote(name)), "")
		}
	}
	for _, name := range names {
		if strings.Contains(name, "?") || strings.HasPrefix(name, "x-local://%") || strings.Contains(name, "..%2f") {
			continue // these are files of the app with odd names
		}
		for _, call := range []string{"PutFileData( %s, 'x' )", "DeleteFile( %s )", "ZipExtract( %s, 'x-local://x' )", "ReadDirectory( %s )"} {
			mustFail(t, s, fmt.Sprintf(call, quote(name)), "")
		}
	}
	text, err := os.ReadFile(filepath.Join(outside, "secret.txt"))
	if err != nil || string(text) != hush {
		t.Errorf("the file outside is %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(outside, "secret.js")); err != nil {
		t.Error(err)
	}
	mustFail(t, s, "LoadFileData( 'x-local://../secret.txt' )", `".." is not allowed`)
	mustFail(t, s, "LoadFileData( 'x-local://data/admin.json' )", "scripts do not see this")
	mustFail(t, s, "OpenCodeLib( 'x-local://../secret.js' )", "leads out of the app folder")
	mustFail(t, s, "alert( EvalCodePageUrl( 'x-local://data/admin.json' ) )", "scripts do not see this")
}

// TestWhereTheDataFolderMayNotBe: everybody reads what lies in the folder web of an app, and scripts what lies in the
// app folder itself. A server whose admin token would lie there does not start.
func TestWhereTheDataFolderMayNotBe(t *testing.T) {
	dir := servertest.WriteFiles(t, map[string]string{"agents/a.js": "alert( 1 )", "web/index.html": "x"})
	for link, to := range map[string]string{"app": dir, "web": filepath.Join(dir, "web")} {
		if err := os.Symlink(to, filepath.Join(dir, "agents", link)); err != nil {
			t.Fatal(err)
		}
	}
	start := func(data string) (*servertest.Server, error) {
		return servertest.TryStart(t, servertest.AppDir(dir), servertest.Settings(func(c *config.Config) { c.Data = filepath.Join(dir, data) }))
	}
	for _, data := range []string{".", "web", "web/data", "web/deep/data", "agents/app", "agents/web/data"} {
		if _, err := start(data); err == nil || !strings.Contains(err.Error(), "--data") {
			t.Errorf("with its data in %s the server says %v", data, err)
		}
		if _, err := os.Stat(filepath.Join(dir, data, "admin.json")); err == nil {
			t.Errorf("with its data in %s the admin token is there", data)
		}
	}
	for _, data := range []string{"webdata", ".tutorsocket"} {
		s, err := start(data)
		if err != nil {
			t.Errorf("with its data in %s: %v", data, err)
			continue
		}
		s.Stop(t)
	}
}

// TestFilesOfSettingsAreOutOfReach: the config file may lie in the app folder, where init writes it, and so may tokens
// and keys. Scripts neither read them nor write others in their place; in the folder web none of them may lie.
func TestFilesOfSettingsAreOutOfReach(t *testing.T) {
	const token = "a-token-of-twenty-letters"
	dir := servertest.WriteFiles(t, map[string]string{"tutorsocket.yaml": "{}", "keys/token": token, "keys/other": "x", "web/token": token})
	start := func(tokenFile string) (*servertest.Server, error) {
		return servertest.TryStart(t, servertest.AppDir(dir), servertest.Settings(func(c *config.Config) {
			c.Data, c.File, c.Admin.TokenFile = t.TempDir(), filepath.Join(dir, "tutorsocket.yaml"), filepath.Join(dir, tokenFile)
		}))
	}
	if _, err := start("web/token"); err == nil || !strings.Contains(err.Error(), "admin.token_file "+filepath.Join(dir, "web", "token")) {
		t.Error(err)
	}
	s, err := start("keys/token")
	if err != nil {
		t.Fatal(err)
	}
	const unseen = "scripts do not see this"
	for _, name := range []string{"tutorsocket.yaml", "TutorSocket.yaml", "keys/../tutorsocket.yaml", "keys/token", "./keys//token"} {
		name = quote("x-local://" + name)
		for _, call := range []string{"LoadFileData( %s )", "LoadUrlText( %s )", "PutUrlText( %s, 'auth: {}' )", "PutFileData( %s, 'x' )", "DeleteFile( %s )", "alert( EvalCodePageUrl( %s ) )", "OpenCodeLib( %s )"} {
			mustFail(t, s, fmt.Sprintf(call, name), "")
		}
	}
	mustFail(t, s, "LoadUrlText( 'x-local://tutorsocket.yaml' )", unseen)
	mustFail(t, s, "alert( EvalCodePageUrl( 'x-local://keys/token' ) )", unseen)
	mustFail(t, s, "PutUrlText( 'x-local://tutorsocket.yaml', 'x' )", unseen)
	mustFail(t, s, "MoveFile( 'x-local://keys', 'x-local://others' )", "")
	if text, err := os.ReadFile(filepath.Join(dir, "keys", "token")); err != nil || string(text) != token {
		t.Errorf("%q, %v", text, err)
	}
	if _, failure := script(t, s, "PutUrlText( 'x-local://keys/other', 'y' )"); failure != "" {
		t.Error(failure)
	}
}

// TestXMLBringsNothingIn: neither from files nor from addresses, and it does not grow.
func TestXMLBringsNothingIn(t *testing.T) {
	file := filepath.Join(servertest.WriteFiles(t, map[string]string{"secret": hush}), "secret")
	s := production(t, nil)
	for _, xml := range []string{
		`<!DOCTYPE a [<!ENTITY x SYSTEM "file://` + file + `">]><a>&x;</a>`, `<!DOCTYPE a SYSTEM "file://` + file + `"><a>&x;</a>`,
		`<!DOCTYPE a [<!ENTITY x "` + hush + `"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>`,
	} {
		mustFail(t, s, "alert( EncodeJson( tools.read_object( "+quote(xml)+" ) ) )", "XML")
	}
}

// TestScriptsReachNoAddress: in production nobody has said where scripts may go, so they go nowhere, least of all to
// the server's own API or to where clouds hand out keys.
func TestScriptsReachNoAddress(t *testing.T) {
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); fmt.Fprint(w, hush) }))
	defer inside.Close()
	s := production(t, nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "http://"), ":")
	for _, url := range []string{
		inside.URL, s.URL() + "/api/v1/sockets", "http://localhost:" + port, "http://[::1]:" + port, "http://[::ffff:127.0.0.1]:" + port,
		"http://0.0.0.0:" + port, "http://0x7f.0.0.1:" + port, "http://2130706433:" + port, "http://169.254.169.254/latest/meta-data", "https://example.com",
		"http://allowed@127.0.0.1:" + port,
	} {
		for _, call := range []string{"HttpRequest( %s )", "LoadUrlData( %s )", "LoadUrlText( %s )", "CopyUrl( 'x-local://x.txt', %s )", "OpenCodeLib( %s )", "EvalCodeUrl( %s )",
			"if ( !UrlExists( %s ) ) throw 'it does not exist'"} {
			says := "http_request.allow"
			if strings.HasPrefix(call, "OpenCodeLib") || strings.HasPrefix(call, "EvalCodeUrl") || strings.HasPrefix(call, "if") {
				says = ""
			}
			mustFail(t, s, fmt.Sprintf(call, quote(url)), says)
		}
	}
	mustFail(t, s, `o = tools.get_object_assembly( 'HttpRequest' ); r = o.Open( `+quote(inside.URL)+` ); throw o.ErrorMessage`, "http_request.allow")
	for _, url := range []string{"gopher://127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "unix:///var/run/docker.sock"} {
		mustFail(t, s, "HttpRequest( "+quote(url)+" )", "http")
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("a server was asked %d times", n)
	}
}

// TestScriptsSeeNoEnvironment: neither variables of the process, nor the machine.
func TestScriptsSeeNoEnvironment(t *testing.T) {
	t.Setenv("TUTORSOCKET_PROBE", hush)
	s := production(t, nil)
	for _, source := range []string{
		"process.env.TUTORSOCKET_PROBE", "require( 'fs' )", "import( 'fs' )", "Deno.env", "globalThis.process.env", "new ActiveXObject( 'WScript.Shell' )",
		"new ActiveXObject( 'Scripting.FileSystemObject' )", "ShellExecute( 'open', 'env' )", "ProcessExecute( 'env', '' )", "GetSysRegStrValue( 'x', 'y' )",
		"tools.get_object_assembly( 'System.Environment' ).CallClassStaticMethod( 'System.Environment', 'GetEnvironmentVariable', [ 'TUTORSOCKET_PROBE' ] )",
		"tools.get_object_assembly( 'XHTTPMiddlewareStatic' ).CallClassStaticMethod( 'System.Diagnostics.Process', 'Start', [ 'env' ] )",
		"tools.dotnet_host.Object.GetAssembly( 'mscorlib.dll' ).CreateClassObject( 'System.Diagnostics.Process' )",
		"( function () { return this } )().process.env", "Function( 'return process' )()", "new Function( 'return process.env' )()", "eval( 'process.env' )", "[].constructor.constructor( 'return process' )()",
		"DaemonStop()", "SimulateCrash()",
	} {
		mustFail(t, s, source, "")
	}
	lines, failure := script(t, s, "alert( '[' + GetSysEnvironmentVariable( 'TUTORSOCKET_PROBE' ) + GetSysEnvironmentVariable( 'PATH' ) + ']' ); alert( EncodeJson( AppConfig ) ); alert( EncodeJson( global_settings.settings ) )")
	if failure != "" || !strings.HasPrefix(lines, "[]\n") || strings.Contains(lines, hush) || strings.Contains(lines, secret) || strings.Contains(lines, s.Token()) {
		t.Errorf("%q, %s", lines, failure)
	}
}

// TestRunsAreAlone: what one run leaves behind in variables, prototypes and built-in objects no other sees, be it of
// the same socket.
func TestRunsAreAlone(t *testing.T) {
	s := production(t, nil, servertest.App(map[string]string{
		"services/room.js": `
			var kept = 'nothing';
			function send(text) { tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext',
				'WriteToWebSocketMessageQueue', [RValue(context.WebSocketCurrentId), text, false]) }
			function process(context) {
				if (message != 'look') { kept = message; leaked = message; try { Array.prototype.leaked = message } catch (e) { } try { Request.leaked = message } catch (e) { } try { tools.leaked = message } catch (e) { } try { Session.Env.curUserID = 1 } catch (e) { } }
				seen = kept;
				try { seen += leaked } catch (e) { }
				try { seen += [].leaked } catch (e) { }
				try { seen += Request.leaked } catch (e) { }
				try { seen += tools.leaked } catch (e) { }
				tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext',
					'WriteToWebSocketMessageQueue', [RValue(context.WebSocketCurrentId), seen + ' of ' + Request.Session.Env.curUserID, false]);
			}`,
	}))
	anna, ben := s.DialPath(t, "/services/room", as(t, "41")...), s.DialPath(t, "/services/room", as(t, "42")...)
	anna.Send(t, hush)
	if got := anna.Next(t); !strings.HasPrefix(got, hush) {
		t.Fatalf("the run itself sees %q", got)
	}
	for _, socket := range []*servertest.Socket{anna, ben} {
		socket.Send(t, "look")
		if got := socket.Next(t); strings.Contains(got, hush) || !strings.HasPrefix(got, "nothing") {
			t.Errorf("another run sees %q", got)
		} else if socket == anna && !strings.HasSuffix(got, "of 41") || socket == ben && !strings.HasSuffix(got, "of 42") {
			t.Errorf("another run is told %q", got)
		}
	}
	if lines, failure := script(t, s, "leaked = 'x'; alert( leaked )"); failure != "" || lines != "x\n" {
		t.Errorf("%q %s", lines, failure)
	}
	mustFail(t, s, "alert( leaked )", "leaked")
}

// TestHeadersOfScripts: no text that a script puts together from what a client sent adds a header or a request of its
// own to one that a script sends, and none changes an answer of the server.
func TestHeadersOfScripts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	requests := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			in, head := bufio.NewReader(conn), ""
			for {
				line, err := in.ReadString('\n')
				head += line
				if err != nil || line == "\r\n" {
					break
				}
			}
			requests <- head
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			_ = conn.Close()
		}
	}()
	defer func() { _ = listener.Close(); <-done }()
	address := listener.Addr().String()
	s := production(t, func(c *config.Config) { c.HTTPRequest.Allow = []string{address} })
	base := "http://" + address
	for _, call := range []string{
		"HttpRequest( " + quote(base) + ", 'get', '', 'X-A: 1\rX-Evil: 2\n' )",
		"HttpRequest( " + quote(base) + ", 'get', '', 'X A: 1\n' )",
		"HttpRequest( " + quote(base) + ", 'get', '', 'X-A: 1\\0X-Evil: 2\n' )",
		"HttpRequest( " + quote(base) + ", 'get', '', 'Host: evil.example\n' )",
		"HttpRequest( " + quote(base) + ", 'GET / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET' )",
		"HttpRequest( " + quote(base) + ", 'CONNECT' )",
		"HttpRequest( " + quote(base+"/ HTTP/1.1\r\nX-Evil: 1\r\n\r\n") + " )",
		"HttpRequest( " + quote("http://"+address+"\r\nX-Evil: 1/") + " )",
	} {
		call = strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(call)
		mustFail(t, s, call, "")
	}
	for _, call := range []string{
		`HttpRequest( ` + quote(base+"/a%0d%0aX-Evil: 1") + ` )`,
		`HttpRequest( ` + quote(base) + `, 'get', '', 'Content-Length: 5\nTransfer-Encoding: chunked\nConnection: X-Evil\n' )`,
		`HttpRequest( ` + quote(base) + `, 'get', '', 'authlogin: a\nauthpassword: b\n' )`,
	} {
		lines, failure := script(t, s, call)
		if failure != "" {
			t.Errorf("%s: %q %s", call, lines, failure)
			continue
		}
		if head := <-requests; strings.Contains(head, "\nX-Evil") || strings.Contains(head, "Content-Length: 5") || strings.Contains(head, "Transfer-Encoding") {
			t.Errorf("%s sent %q", call, head)
		}
	}
	select {
	case head := <-requests:
		t.Errorf("a request was sent: %q", head)
	default:
	}
	for _, call := range []string{`AddHeader( 'Set-Cookie', 'a=b\r\nX-Evil: 1' )`, `Redirect( 'https://evil.example\r\nX-Evil: 1' )`, `SetRespStatus( 200, 'OK\r\nX-Evil: 1' )`} {
		mustFail(t, s, "Response."+call, "there is no request to answer")
	}
}
