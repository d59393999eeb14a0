package server_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// runs runs a source and returns its lines and its error.
func runs(t *testing.T, s *servertest.Server, source string) (lines []string, failure string) {
	t.Helper()
	outcome, err := s.API.Run(t.Context(), api.RunRequest{Source: source}, func(l api.Line) { lines = append(lines, l.Text) })
	if err != nil {
		t.Fatal(err)
	}
	return lines, outcome.Error
}

func TestScriptsReachFilesOfTheAppAndScratch(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/echo.js": "function process(context) {}", "own/api.xml": `<SPXML-INLINE-FORM CODE-LIB="1"/>`, "own/api.js": "function f() {}",
		"source/api_ext.xml": `<api_ext><apis><api><name>a</name><libs><lib><path>x-local://own/api.xml</path></lib></libs></api></apis></api_ext>`,
		"docs/a.txt":         "text",
	}))
	lines, failure := runs(t, s, `PutFileData('docs/b.txt', LoadFileText('x-local://docs/a.txt') + '!'); alert(LoadFileData(AppDirectoryPath() + '/docs/b.txt'))
		u = ObtainTempFile('.txt'); PutUrlData(u, 'x'); alert(LoadUrlData(u))`)
	if strings.Join(lines, ",") != "text!,x" || failure != "" {
		t.Errorf("%q, %s", lines, failure)
	}
	if text, err := os.ReadFile(filepath.Join(s.AppDir(), "docs", "b.txt")); err != nil || string(text) != "text!" {
		t.Errorf("%q, %v", text, err)
	}
	for source, want := range map[string]string{
		`PutFileData('services/echo.js', 'x')`:              "holds code",
		`PutFileData('own/api.js', 'x')`:                    "this is code in use",
		`DeleteDirectory('own')`:                            "this is code in use",
		`LoadFileData('` + s.DataDir() + `/admin.json')`:    "scripts reach only the app folder and the scratch folder",
		`LoadFileData(AppDataDirectoryPath() + '/../lock')`: `".." is not allowed`,
	} {
		if _, failure := runs(t, s, source); !strings.Contains(failure, want) {
			t.Errorf("%s: %q", source, failure)
		}
	}
}

// TestTheTokenIsNotInReach: with the data folder in the app folder as well.
func TestTheTokenIsNotInReach(t *testing.T) {
	dir := servertest.WriteFiles(t, echo)
	s := servertest.Start(t, servertest.AppDir(dir), servertest.Settings(func(c *config.Config) { c.Data = filepath.Join(dir, "data") }))
	for _, name := range []string{"data/admin.json", "x-local://data/admin.json", "DATA/admin.json", filepath.Join(dir, "data", "admin.json")} {
		if _, failure := runs(t, s, `LoadFileData('`+name+`')`); !strings.Contains(failure, "scripts do not see this") {
			t.Errorf("%s: %q", name, failure)
		}
	}
	if lines, failure := runs(t, s, `PutFileData(AppDataDirectoryPath() + '/x', 'y'); alert(LoadFileData(AppDataDirectoryPath() + '/x'))`); failure != "" || strings.Join(lines, "") != "y" {
		t.Errorf("scratch: %q %s", lines, failure)
	}
}

func TestTheSampleAppIsOnlyRead(t *testing.T) {
	s := servertest.Start(t)
	lines, failure := runs(t, s, `alert(ArrayCount(ReadDirectory('x-local://')) > 0); PutFileData('x.txt', 'y')`)
	if strings.Join(lines, ",") != "true,"+failure || !strings.Contains(failure, "the embedded sample app cannot be changed") {
		t.Errorf("%q, %s", lines, failure)
	}
}

func TestNamedLogsAreFiles(t *testing.T) {
	s := servertest.Start(t, servertest.App(echo))
	lines, failure := runs(t, s, `EnableLog('orders'); LogEvent('orders', 'заказ 1'); LogEvent('none', 'x')`)
	if strings.Join(lines, ",") != "orders: заказ 1" || failure != "" {
		t.Errorf("%q, %s", lines, failure)
	}
	found, err := filepath.Glob(filepath.Join(s.DataDir(), "logs", "orders-20??-??-??.log"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if head, line, _ := strings.Cut(string(text), "\t"); err != nil || len(head) != len("HH:MM:SS [NNNN]") || line != "заказ 1\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestRequestsOfScripts(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) }))
	defer other.Close()
	// dev without a list asks anybody.
	s := servertest.Start(t, servertest.App(echo))
	if lines, failure := runs(t, s, `alert(HttpRequest('`+other.URL+`/x').Body)`); strings.Join(lines, "") != "/x" || failure != "" {
		t.Errorf("%q, %s", lines, failure)
	}
	// With one, only those on it.
	s = servertest.Start(t, servertest.App(echo), servertest.Settings(func(c *config.Config) { c.HTTPRequest.Allow = []string{"*.example.com"} }))
	if _, failure := runs(t, s, `HttpRequest('`+other.URL+`/x')`); !strings.Contains(failure, "are not allowed; add it to http_request.allow") {
		t.Errorf("%s", failure)
	}
}

// TestAServerStopsWhileScriptsWait: an answer that does not come holds nothing up.
func TestAServerStopsWhileScriptsWait(t *testing.T) {
	asked := make(chan struct{}, 1)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer slow.Close()
	s := servertest.Start(t, servertest.App(echo))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.API.Run(t.Context(), api.RunRequest{Source: `HttpRequest('` + slow.URL + `')`}, func(api.Line) {})
	}()
	<-asked
	began := time.Now()
	s.Stop(t)
	<-done
	if took := time.Since(began); took > servertest.Patience/2 {
		t.Errorf("it took %v", took)
	}
}
