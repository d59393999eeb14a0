package hostapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/files"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// disk is a bench with files.
type disk struct {
	*web
	app, scratch string
	tree         *files.Tree
}

func newDisk(t *testing.T, handle http.HandlerFunc) *disk {
	t.Helper()
	dir := t.TempDir()
	d := &disk{web: newWeb(t, handle), app: filepath.Join(dir, "app"), scratch: filepath.Join(dir, "scratch")}
	d.put("services/chat.js", "alert(1)")
	d.put("docs/utf8.txt", "\ufeffПривет")
	d.put("docs/cp1251.txt", "\xcf\xf0\xe8\xe2\xe5\xf2")
	d.put("docs/utf16.txt", "\xff\xfe\x1f\x04")
	d.put("docs/bytes.bin", "\x00\x01\xff")
	var err error
	if d.tree, err = files.Open(files.Config{App: d.app, Scratch: d.scratch, MaxBytes: 64 << 20}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *disk) put(name, text string) {
	d.Helper()
	name = filepath.Join(d.app, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		d.Fatal(err)
	}
}

func (d *disk) env() *hostapi.Env {
	env := d.web.env()
	env.Files = d.tree
	return env
}

// begin declares what the scripts of these tests use.
func (d *disk) begin() string {
	return fmt.Sprintf("url = '%s'; app = %q; scratch = %q; ", d.url, d.app, d.scratch)
}

func (d *disk) prints(source string, want ...string) {
	d.Helper()
	got, err := d.exec(d.env(), d.begin()+source)
	if err != nil || !slices.Equal(got, want) {
		d.Errorf("%s\nwrote %q, error %v\nwant  %q", source, got, err, want)
	}
}

func (d *disk) fails(source, want string) {
	d.Helper()
	_, err := d.exec(d.env(), d.begin()+source)
	var e *basescript.Error
	if !errors.As(err, &e) || !strings.Contains(e.Message, want) {
		d.Errorf("%s\nerror %v\nwant  %q", source, err, want)
	}
}

// spec/basescript.md 2.8, row files.
func TestFileFunctions(t *testing.T) {
	d := newDisk(t, nil)
	d.prints(`alert(LoadFileText('x-local://docs/utf8.txt')); alert(LoadFileText('docs/cp1251.txt')); alert(LoadUrlText(app + '/docs/utf16.txt'))
		alert(StrLen(LoadFileData('docs/utf8.txt'))); alert(HexData(LoadUrlData('x-local://docs/bytes.bin')))`, "Привет", "Привет", "П", "15", "0001FF")
	d.prints(`alert(FilePathExists('docs')); alert(FilePathExists('docs/none')); alert(UrlExists('x-local://docs/utf8.txt')); alert(IsDirectory('x-local://docs')); alert(IsDirectory('docs/utf8.txt')); alert(PathIsDirectory('none'))`,
		"true", "false", "true", "true", "false", "false")
	d.prints(`alert(DataType(PutFileData('docs/new.txt', 'один'))); alert(LoadFileData('docs/new.txt')); PutUrlData('x-local://docs/new.txt', 5); PutUrlText('docs/two.txt', null)
		alert(LoadFileData('docs/new.txt') + '.' + LoadFileData('docs/two.txt')); DeleteFile('docs/two.txt'); alert(FilePathExists('docs/two.txt'))`,
		"undefined", "один", "5.", "false")
	d.prints(`ObtainDirectory('data/a/b', true); ObtainDirectory('data/a/b'); CreateDirectory('data/c'); PutFileData('data/c/x', 1); MoveFile('data/c/x', 'data/y'); CopyUrl('data/z', 'data/y'); CopyFile('data/y', 'data/v')
		alert(ArrayMerge(ReadDirectory('x-local://data'), 'This', ' ')); alert(StrReplace(ArrayMerge(ReadDirectoryByPath('data'), 'This', ' '), app, 'APP')); for (u in ReadDirectory(app + '/data')) alert(StrReplace(u, app, 'APP'))
		DeleteDirectory('data'); alert(IsDirectory('data'))`,
		"x-local://data/a x-local://data/c x-local://data/v x-local://data/y x-local://data/z",
		"APP/data/a APP/data/c APP/data/v APP/data/y APP/data/z",
		"file://APP/data/a", "file://APP/data/c", "file://APP/data/v", "file://APP/data/y", "file://APP/data/z", "false")
	d.prints(`u = ObtainTempFile('.txt'); alert(StrBegins(UrlToFilePath(u), scratch)); alert(UrlExists(u)); PutUrlData(u, 'x'); alert(LoadUrlData(u)); alert(LoadFileData(UrlToFilePath(u))); DeleteFile(u); alert(StrEnds(ObtainTempFile(), '.txt'))
		d = ObtainSessionTempFile(); CreateDirectory(UrlToFilePath(d)); alert(IsDirectory(d))`, "true", "false", "x", "x", "false", "true")
	d.prints(`ZipCreate(FilePath(scratch, 'a.zip'), ['utf8.txt'], { BaseDir: 'x-local://docs' }); ZipExtract(FilePath(scratch, 'a.zip'), FilePath(scratch, 'out')); alert(LoadFileText(scratch + '/out/utf8.txt'))
		ZipCreate(scratch + '/b.zip', 'docs'); ZipExtract(scratch + '/b.zip', scratch + '/b'); alert(ArrayCount(ReadDirectory(scratch + '/b/docs')))`, "Привет", "5")
	d.prints(`alert(AppDirectoryPath() == app); alert(AppDataDirectoryPath() == scratch); alert('[' + GetSysEnvironmentVariable('PATH') + ']'); alert(GetSysUserName())`, "true", "true", "[]", "tutorsocket")

	d.fails(`LoadFileData('docs/none')`, "docs/none: the file does not exist")
	d.fails(`LoadFileData('docs')`, "docs: this is a folder, not a file")
	d.fails(`LoadFileData('/etc/passwd')`, "/etc/passwd: scripts reach only the app folder and the scratch folder")
	d.fails(`LoadUrlData('file:///etc/passwd')`, "file:///etc/passwd: scripts reach only")
	d.fails(`LoadFileData('../scratch/x')`, `".." is not allowed`)
	d.fails(`LoadFileData(null)`, "the name of a file is empty")
	d.prints(`alert(FilePathExists('')); alert(UrlExists(null)); alert(IsDirectory(''))`, "false", "false", "false")
	d.fails(`LoadFileData('a\x00b')`, "control characters")
	d.fails(`PutFileData('x-local://services/chat.js', 'x')`, "the folder services holds code, which scripts do not change")
	d.fails(`PutFileData('docs')`, "Wrong number of arguments")
	d.fails(`ZipCreate(scratch + '/x.zip', 5)`, "The files for an archive must be an array, not integer")
	d.fails(`ZipExtract('docs/utf8.txt', scratch)`, "docs/utf8.txt: this is no zip archive")
	d.prints(`try { LoadFileData('docs/none') } catch (e) { alert(e) }`, "docs/none: the file does not exist\n(LoadFileData(),  x-local://test.js,   line 1)")
	_, err := d.exec(d.web.env(), `PutFileData('x', 'y')`)
	if err == nil || !strings.Contains(err.Error(), "There are no files here") {
		t.Errorf("without files: %v", err)
	}
}

func TestFileNames(t *testing.T) {
	d := newDisk(t, nil)
	for source, want := range map[string]string{
		`FileName('work\\data\\doc.pdf')`: "doc.pdf", `FileName('work\\data\\')`: "data", `FileName('x-local://a/b.txt')`: "b.txt", `FileName('слово.txt')`: "слово.txt", `FileName('')`: "", `FileName('/')`: "",
		`ParentDirectory('C:\\a\\b')`: `C:\a`, `ParentDirectory('C:\\a')`: `C:\`, `ParentDirectory('/a/b/')`: "/a", `ParentDirectory('/a')`: "/", `ParentDirectory('a')`: "", `ParentDirectory('x-local://a/b')`: "x-local://a", `ParentDirectory('x-local://a')`: "x-local://",
		`FilePath('/a', 'b')`: "/a/b", `FilePath('/a/', '/b')`: "/a/b", `FilePath('C:\\a', 'b')`: `C:\a\b`, `FilePath('', 'b')`: "b", `FilePath('C:', 'b')`: `C:\b`,
		`IsAbsoluteFilePath('c:\\temp\\1.ddd')`: "true", `IsAbsoluteFilePath('temp\\1.ddd')`: "false", `IsAbsoluteFilePath('/a')`: "true",
		`UrlToFilePath('file:///d:/docs/Temp.rar')`: `d:\docs\Temp.rar`, `FilePathToUrl('C:\\Temp\\1.htm')`: "file:///C:/Temp/1.htm", `UrlToFilePath('x-local://docs/a') == app + '/docs/a'`: "true",
		`FilePathToUrl(app + '/docs/a', 'x-local://')`: "x-local://docs/a",
	} {
		d.prints("alert("+source+")", want)
	}
	d.fails(`UrlToFilePath('http://example.org/')`, "the address is not a local one")
}

// Addresses of the web go the way of HttpRequest.
func TestFilesOfTheWeb(t *testing.T) {
	d := newDisk(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/none":
			rw.WriteHeader(http.StatusNotFound)
		case "/cp1251":
			_, _ = rw.Write([]byte("\xcf\xf0\xe8\xe2\xe5\xf2"))
		default:
			_, _ = rw.Write([]byte("\x00\xff"))
		}
	})
	d.prints(`alert(HexData(LoadUrlData(url))); alert(LoadUrlText(url + '/cp1251')); CopyUrl('docs/copy', url); alert(HexData(LoadFileData('docs/copy'))); alert(UrlExists(url)); alert(UrlExists(url + '/none'))`,
		"00FF", "Привет", "00FF", "true", "false")
	d.prints(`HttpRequest(url).SaveToFile('x-local://docs/saved'); alert(HexData(LoadFileData('docs/saved')))`, "00FF")
	d.fails(`LoadUrlData(url + '/none')`, "HTTP 404 Not Found")
	d.fails(`CopyUrl('docs/copy', 'http://example.org/')`, "Requests to example.org are not allowed; add it to http_request.allow")
	d.fails(`UrlExists('http://example.org/')`, "Requests to example.org are not allowed")
	d.fails(`PutUrlData(url, 'x')`, "this is no file")
	d.fails(`HttpRequest(url).SaveToFile('/tmp/download.bin')`, "scripts reach only")
	d.fails(`HttpRequest(url).SaveToFile('services/x.js')`, "holds code")
}

func TestFormsWithFiles(t *testing.T) {
	d := newDisk(t, nil)
	d.prints(dll+`parts = [{ Type: 'field', FieldName: 'note', Value: 'Привет' }, { Type: 'file', FieldName: 'file', FilePath: app + '/docs/bytes.bin', FileName: 'a"b.bin', ContentType: 'application/octet-stream' }]
		r = http.Open(url, 'put', '', '', handler, null, 15, EncodeJson(parts)); alert(r.RespCode)`, "200")
	got := d.last.Load()
	for _, want := range []string{"name=\"note\"\r\n\r\nПривет\r\n", `name="file"; filename="a\"b.bin"`, "Content-Type: application/octet-stream\r\n\r\n\x00\x01\xff\r\n"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%q is not in %q", want, got.body)
		}
	}
	if got.Method != "POST" || !strings.HasPrefix(got.Header.Get("Content-Type"), "multipart/form-data; boundary=") {
		t.Errorf("%s %v", got.Method, got.Header)
	}
	d.fails(dll+`http.Open(url, 'post', '', '', handler, null, 15, EncodeJson([{ Type: 'file', FilePath: '/etc/passwd' }]))`, "scripts reach only")
	d.fails(dll+`http.Open(url, 'post', '', '', handler, null, 15, 'x')`, "The form is not a JSON array")
	d.fails(dll+`http.Open(url, 'post', '', '', handler, null, 15, '[{"Type":"x"}]')`, `A part of the form has the type "x", not field or file`)
}

// Files count against the memory of a run before they are read, and packing against its time.
func TestFilesWithinBudgets(t *testing.T) {
	d := newDisk(t, nil)
	big, err := os.Create(filepath.Join(d.app, "docs", "big"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(big.Truncate(20<<20), big.Close()); err != nil {
		t.Fatal(err)
	}
	exec := func(source string, limits basescript.Limits) error {
		program, err := basescript.Compile("x-local://test.js", d.begin()+source, basescript.Options{Globals: hostapi.Globals()})
		if err != nil {
			t.Fatal(err)
		}
		r := basescript.NewRun(t.Context(), basescript.RunConfig{Host: d.env(), Limits: limits})
		defer r.Close()
		_, err = r.Exec(program)
		return err
	}
	for _, source := range []string{`LoadFileData('docs/big')`, `LoadFileText('docs/big')`, `LoadUrlData('x-local://docs/big')`} {
		if err := exec(source, basescript.Limits{Bytes: 8 << 20}); err == nil || !strings.Contains(err.Error(), "8 MiB") {
			t.Errorf("%s: %v", source, err)
		}
	}
	if err := exec(`ZipCreate(scratch + '/x.zip', ['docs'])`, basescript.Limits{Steps: 100_000}); err == nil || !strings.Contains(err.Error(), "100000 steps") {
		t.Errorf("packing: %v", err)
	}
	if err := exec(`while (true) PutFileData(scratch + '/x', 'x')`, basescript.Limits{Steps: 20_000}); err == nil || !strings.Contains(err.Error(), "20000 steps") {
		t.Errorf("writing: %v", err)
	}
	if err := exec(`s = 'x'.repeat(1000000); for (i = 0; i < 100; i++) PutFileData(scratch + '/f' + i, s)`, basescript.Limits{}); err == nil || !strings.Contains(err.Error(), "the scratch folder is full") {
		t.Errorf("hoarding: %v", err)
	}
	if err := exec(`LoadFileData(scratch + '/f0')`, basescript.Limits{Compute: time.Minute, Bytes: 8 << 20}); err != nil {
		t.Errorf("a file of 1 MB: %v", err)
	}
	if err := os.Truncate(filepath.Join(d.app, "docs", "big"), 33<<20); err != nil {
		t.Fatal(err)
	}
	d.fails(`LoadFileData('docs/big')`, "docs/big: the file is larger than 32 MiB")
}
