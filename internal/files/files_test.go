package files_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/files"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// disk is a tree over folders of a test.
type disk struct {
	*testing.T
	*files.Tree
	app, scratch, data, outside string
}

func newDisk(t *testing.T, change ...func(*files.Config)) *disk {
	t.Helper()
	dir := t.TempDir()
	d := &disk{T: t, app: filepath.Join(dir, "app"), data: filepath.Join(dir, "data"), outside: filepath.Join(dir, "outside")}
	d.scratch = filepath.Join(d.data, "scratch")
	for _, name := range []string{"app/services/chat.js", "app/docs/a.txt", "app/docs/b/c.txt", "app/.git/config", "app/own/lib.js",
		"data/admin.json", "outside/secret.txt"} {
		d.put(filepath.Join(dir, filepath.FromSlash(name)), "content of "+name)
	}
	cfg := files.Config{App: d.app, Scratch: d.scratch, Hidden: []string{d.data}}
	for _, c := range change {
		c(&cfg)
	}
	tree, err := files.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d.Tree = tree
	return d
}

func (d *disk) put(name, text string) {
	d.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		d.Fatal(err)
	}
}

// load reads a file through the tree; an error becomes its text.
func (d *disk) load(name string) string {
	f, size, err := d.Open(name)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil || int64(len(data)) != size {
		return fmt.Sprintf("%d of %d bytes, %v", len(data), size, err)
	}
	return string(data)
}

func (d *disk) write(name, text string) error { return d.Write(name, strings.NewReader(text)) }

// ok fails the test if there is an error.
func (d *disk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// says checks the text of an error.
func (d *disk) says(err error, want string) {
	d.Helper()
	var e *files.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
		d.Errorf("error %v, want %q", err, want)
	}
}

func TestNamesOfOneFile(t *testing.T) {
	d := newDisk(t)
	for _, name := range []string{"x-local://docs/a.txt", `x-local://docs\a.txt`, "X-LOCAL://docs/./a.txt", "x-local://docs//a.txt?v=1",
		"docs/a.txt", `docs\a.txt`, "./docs/a.txt", filepath.Join(d.app, "docs", "a.txt"),
		"file://" + filepath.ToSlash(filepath.Join(d.app, "docs", "a.txt"))} {
		if got := d.load(name); got != "content of app/docs/a.txt" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestHostileNames: no name leads out, whatever is done with it.
func TestHostileNames(t *testing.T) {
	d := newDisk(t)
	secret := filepath.ToSlash(filepath.Join(d.outside, "secret.txt"))
	names := []string{
		"", "../outside/secret.txt", "docs/../../outside/secret.txt", `..\outside\secret.txt`, `docs\..\..\outside\secret.txt`,
		"x-local://../outside/secret.txt", "x-local://docs/../../outside/secret.txt", `x-local://..\outside\secret.txt`,
		"x-local:///etc/passwd", `x-local://\etc\passwd`, "x-local://" + secret,
		"/etc/passwd", "//etc/passwd", "/proc/self/environ", "/dev/zero", secret, "file://" + secret, "file:///etc/passwd",
		"file://localhost/etc/passwd", "file://" + filepath.ToSlash(d.app) + "/../outside/secret.txt",
		filepath.ToSlash(d.app) + "/../outside/secret.txt", filepath.ToSlash(d.scratch) + "/../admin.json",
		filepath.ToSlash(d.app) + "x/secret.txt", filepath.ToSlash(d.scratch) + "y",
		`C:\Windows\win.ini`, "C:/Windows/win.ini", "C:secret.txt", `\\server\share\file`, `\\?\C:\x`, `\\.\PhysicalDrive0`, "//server/share",
		"x-local://docs/a.txt\x00.js", "docs/a\ntxt", "docs/a.txt::$DATA", "docs/a.txt:stream", "docs/a.txt.", "docs/a.txt ", "docs /a.txt",
		"NUL", "docs/nul.txt", "CON", "x-local://com1", "COM¹", "lpt9.log", "aux.", "docs/CONIN$",
		".git/config", "x-local://.git/config", "docs/.hidden", "x-local://docs/\xff\xfe", "docs/a\u200d.txt",
		"docs/" + strings.Repeat("x", 300), strings.Repeat("a/", 3000),
		"http://example.com/a", "ftp://a/b", "x-app://docs/a.txt", "javascript://x",
	}
	for _, name := range names {
		short := name[:min(len(name), 60)]
		if f, _, err := d.Open(name); err == nil {
			_ = f.Close()
			t.Errorf("%q is opened", short)
		} else if strings.Contains(err.Error(), "content") || strings.ContainsAny(err.Error(), "\x00\n") {
			t.Errorf("%q: %v", short, err)
		}
		if _, err := d.Stat(name); err == nil {
			t.Errorf("%q is looked at", short)
		}
		if _, err := d.List(name, true); err == nil {
			t.Errorf("%q is listed", short)
		}
		for what, err := range map[string]error{
			"written": d.write(name, "x"), "made": d.MakeFolder(name, true), "removed": d.Remove(name), "removed whole": d.RemoveFolder(name),
			"moved": d.Move(name, "docs/moved"), "a target": d.Move("docs/a.txt", name), "packed": d.Zip("docs/x.zip", []string{name}, "", noWork),
			"an archive": d.Zip(name, []string{"docs"}, "", noWork), "unpacked": d.Unzip(name, "docs/u", noWork),
		} {
			if err == nil {
				t.Errorf("%q is %s", short, what)
			}
		}
	}
	for _, name := range []string{"app/docs/a.txt", "outside/secret.txt", "data/admin.json", "app/.git/config"} {
		got, err := os.ReadFile(filepath.Join(filepath.Dir(d.app), filepath.FromSlash(name)))
		if err != nil || string(got) != "content of "+name {
			t.Errorf("%s is %q now, %v", name, got, err)
		}
	}
}

func noWork(int) error { return nil }

func TestLinksAreNotFollowed(t *testing.T) {
	d := newDisk(t)
	for link, target := range map[string]string{
		"docs/out.txt": filepath.Join(d.outside, "secret.txt"), "docs/outdir": d.outside, "docs/up": "../..", "docs/code": "../services",
		"docs/same": "a.txt",
	} {
		if err := os.Symlink(target, filepath.Join(d.app, filepath.FromSlash(link))); err != nil {
			t.Skip("no links here:", err)
		}
	}
	for _, name := range []string{"docs/out.txt", "docs/outdir/secret.txt", "docs/up/outside/secret.txt", "docs/code/chat.js", "docs/same"} {
		if got := d.load(name); !strings.Contains(got, "symbolic links are not followed") {
			t.Errorf("%s: %s", name, got)
		}
		d.says(d.write(name, "x"), "symbolic links are not followed")
		d.says(d.Remove(name), "symbolic links are not followed")
		d.says(d.Move("docs/a.txt", name), "symbolic links are not followed")
	}
	list, err := d.List("docs", false)
	d.ok(err)
	if want := []string{filepath.Join(d.app, "docs", "a.txt"), filepath.Join(d.app, "docs", "b")}; !slices.Equal(list, want) {
		t.Errorf("listed %v", list)
	}
	// A folder with links in it goes, and what they lead to stays.
	d.ok(d.RemoveFolder("docs"))
	for _, name := range []string{filepath.Join(d.outside, "secret.txt"), filepath.Join(d.app, "services", "chat.js")} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

// TestSwappedFolder: a folder that becomes a link while it is used does not lead out.
func TestSwappedFolder(t *testing.T) {
	d := newDisk(t)
	dir, link := filepath.Join(d.app, "docs", "b"), filepath.Join(d.app, "docs", "l")
	if err := os.Symlink(d.outside, link); err != nil {
		t.Skip("no links here:", err)
	}
	d.put(filepath.Join(dir, "secret.txt"), "inside")
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		spare := filepath.Join(d.app, "docs", "s")
		for {
			select {
			case <-done:
				return
			default:
			}
			_ = os.Rename(dir, spare)
			_ = os.Rename(link, dir)
			_ = os.Rename(dir, link)
			_ = os.Rename(spare, dir)
		}
	})
	for range 300 {
		if got := d.load("docs/b/secret.txt"); strings.Contains(got, "outside") {
			t.Fatalf("read %q", got)
		}
		_ = d.write("docs/b/new.txt", "x")
	}
	close(done)
	wg.Wait()
	if entries, err := os.ReadDir(d.outside); err != nil || len(entries) != 1 {
		t.Errorf("%v lie outside, %v", entries, err)
	}
}

func TestDevicesAreNotOpened(t *testing.T) {
	d := newDisk(t)
	makePipe(t, filepath.Join(d.app, "docs", "pipe"))
	if got := d.load("docs/pipe"); !strings.Contains(got, "neither a file nor a folder") {
		t.Error(got)
	}
	d.says(d.write("docs/pipe", "x"), "neither a file nor a folder")
}

func TestCodeIsOnlyRead(t *testing.T) {
	d := newDisk(t, func(c *files.Config) {
		c.IsCode = func(file string) bool { return file == "own" || file == "own/lib.js" }
	})
	if got := d.load("services/chat.js"); got != "content of app/services/chat.js" {
		t.Error(got)
	}
	for _, dir := range []string{"wtv", "source", "services", "libs", "agents", "stubs", "tests", "SERVICES", "ſervices"} {
		d.says(d.write(dir+"/x.js", "x"), "holds code")
		d.says(d.MakeFolder(dir+"/new", true), "holds code")
		d.says(d.RemoveFolder(dir), "holds code")
		d.says(d.Move("docs", dir), "holds code")
		d.says(d.Zip("x-local://"+dir+"/x.zip", []string{"docs"}, "", noWork), "holds code")
	}
	d.says(d.Move("services/chat.js", "docs/x"), "holds code")
	d.says(d.write("own/lib.js", "x"), "code in use")
	d.says(d.Move("own", "other"), "code in use")
	d.says(d.RemoveFolder("own"), "code in use")
	d.says(d.RemoveFolder("x-local://"), "the folder itself")
	d.says(d.Move("x-local://", "docs/x"), "the folder itself")
	d.ok(d.write("own/data.txt", "x"))
	d.ok(d.write("servicesx.txt", "x"))
}

// TestFoldersOfTheServerAreHidden: the token lies in the data folder, which may lie in the app folder.
func TestFoldersOfTheServerAreHidden(t *testing.T) {
	d := newDisk(t, func(c *files.Config) {
		inside := filepath.Join(c.App, "docs", "Data")
		if err := os.MkdirAll(inside, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(inside, "admin.json"), []byte("token"), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Hidden = []string{inside}
		c.Scratch = filepath.Join(inside, "scratch")
	})
	for _, name := range []string{"docs/Data/admin.json", "docs/data/admin.json", "docs/Data", filepath.Join(d.app, "docs", "Data", "admin.json")} {
		if got := d.load(name); !strings.Contains(got, "do not see this") {
			t.Errorf("%s: %s", name, got)
		}
	}
	d.says(d.RemoveFolder("docs"), "a folder of the server lies in it")
	d.says(d.Move("docs", "else"), "a folder of the server lies in it")
	list, err := d.List("docs", true)
	d.ok(err)
	if want := []string{"x-local://docs/a.txt", "x-local://docs/b"}; !slices.Equal(list, want) {
		t.Errorf("listed %v", list)
	}
	// Scratch lies in there, and is reached by its own path.
	d.ok(d.write(filepath.Join(d.ScratchFolder(), "x.txt"), "x"))
	if got := d.load(filepath.Join(d.ScratchFolder(), "x.txt")); got != "x" {
		t.Error(got)
	}
}

func TestFilesAndFolders(t *testing.T) {
	d := newDisk(t)
	d.says(d.write("docs/new/x.txt", "x"), "the folder of this file does not exist")
	d.says(d.MakeFolder("docs/new/deep", false), "does not exist")
	d.ok(d.MakeFolder("docs/new/deep", true))
	d.ok(d.MakeFolder("docs/new/deep", false)) // twice is once
	d.ok(d.write("docs/new/x.txt", "one"))
	d.ok(d.write("docs/new/x.txt", "two"))
	if got := d.load("docs/new/x.txt"); got != "two" {
		t.Error(got)
	}
	d.says(d.write("docs/new", "x"), "this is a folder")
	d.says(d.MakeFolder("docs/new/x.txt", true), "this is a file")
	d.says(d.MakeFolder("docs/new/x.txt/y", true), "this is a file")
	d.says(d.Remove("docs/new"), "this is a folder")
	d.says(d.RemoveFolder("docs/new/x.txt"), "this is a file")
	d.ok(d.Move("docs/new/x.txt", "docs/new/deep/y.txt"))
	d.ok(d.Move("docs/new", "docs/newer"))
	d.says(d.Move("docs/newer", "docs/newer/deep/in"), "into itself")
	d.says(d.Move("docs/newer/deep/y.txt", "docs/b"), "this is a folder")
	d.ok(d.Move("docs/newer/deep/y.txt", "docs/a.txt")) // replaces
	if got := d.load("docs/a.txt"); got != "two" {
		t.Error(got)
	}
	other := filepath.Join(d.scratch, "y.txt")
	d.ok(d.Move("docs/a.txt", other))
	if got := d.load(other); got != "two" {
		t.Error(got)
	}
	d.says(d.Move("docs/b", filepath.Join(d.scratch, "b")), "this is a folder")
	d.ok(d.Remove(other))
	for _, err := range []error{d.Remove(other), d.Remove("docs/newer/none"), d.RemoveFolder("none"), d.Move("none", "docs/x")} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	}
	d.says(d.RemoveFolder("x-local://own/../.git"), `".."`)
	d.put(filepath.Join(d.app, "own", "sub", ".keep"), "")
	d.says(d.RemoveFolder("own"), "begin with a dot")
}

func TestAFailedWriteLeavesTheOldFile(t *testing.T) {
	d := newDisk(t)
	stop := errors.New("stopped")
	err := d.Write("docs/a.txt", io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), failing{stop}))
	if !errors.Is(err, stop) || d.load("docs/a.txt") != "content of app/docs/a.txt" {
		t.Errorf("error %v, %.40q", err, d.load("docs/a.txt"))
	}
	entries, err := os.ReadDir(filepath.Join(d.app, "docs"))
	if err != nil || len(entries) != 2 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestScratchIsBounded(t *testing.T) {
	d := newDisk(t, func(c *files.Config) { c.MaxBytes, c.MaxFiles = 1<<20, 5 })
	in := func(name string) string { return filepath.Join(d.scratch, name) }
	big := strings.Repeat("x", 700<<10)
	d.ok(d.write(in("a"), big))
	d.says(d.write(in("b"), big), "the scratch folder is full: scripts may keep 1 MiB there (scratch.max_bytes)")
	d.says(d.Write(in("b"), endless{}), "is full")
	d.ok(d.Remove(in("a")))
	for range 5 { // what is replaced does not count
		d.ok(d.write(in("b"), big[:400<<10]))
	}
	d.ok(d.Move(in("b"), in("c")))
	d.ok(d.MakeFolder(in("d/e"), true)) // with temp: four
	d.ok(d.write(in("d/f"), "x"))
	d.says(d.write(in("g"), "x"), "5 files and folders")
	d.says(d.MakeFolder(in("g"), false), "5 files and folders")
	d.ok(d.RemoveFolder(in("d")))
	d.ok(d.write(in("g"), big[:500<<10]))
	// The app folder has a bound of its own.
	d.ok(d.write("docs/x", big))
	d.says(d.write("docs/y", big), "the app folder is full")
	// What is there counts after a restart as well.
	again, err := files.Open(files.Config{App: d.app, Scratch: d.scratch, MaxBytes: 1 << 20})
	d.ok(err)
	d.says(again.Write(in("h"), strings.NewReader(big)), "is full")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestTemporaryFiles(t *testing.T) {
	d := newDisk(t)
	one, err := d.TempURL(".xlsx")
	d.ok(err)
	two, err := d.TempURL("")
	d.ok(err)
	if one == two || !strings.HasPrefix(one, "file:///") || !strings.HasSuffix(one, ".xlsx") {
		t.Errorf("%s and %s", one, two)
	}
	if _, err := d.Stat(one); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
	d.ok(d.write(one, "x"))
	d.ok(d.MakeFolder(two, false))
	for _, suffix := range []string{"/../x", `\x`, "\x00", ":s", " ", strings.Repeat("x", 300)} {
		if url, err := d.TempURL(suffix); err == nil {
			t.Errorf("suffix %q gives %s", suffix, url)
		}
	}
	// A day later the server starts again.
	path, err := d.Path(one)
	d.ok(err)
	d.ok(os.Chtimes(path, time.Time{}, time.Now().Add(-25*time.Hour)))
	d.put(filepath.Join(d.scratch, ".tmp-left"), "x")
	_, err = files.Open(files.Config{App: d.app, Scratch: d.scratch})
	d.ok(err)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old file: %v", err)
	}
	if _, err := os.Stat(filepath.Join(d.scratch, ".tmp-left")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the unfinished file: %v", err)
	}
	if _, err := d.Stat(two); err != nil {
		t.Errorf("the new folder: %v", err)
	}
}

func TestAddressesAndPaths(t *testing.T) {
	d := newDisk(t)
	for _, tc := range []struct{ address, path string }{
		{"file:///d:/docs/Temp.rar", `d:\docs\Temp.rar`},
		{"file:///tmp/a.txt", "/tmp/a.txt"},
		{"x-local://docs/none.txt", filepath.Join(d.app, "docs", "none.txt")},
		{"docs/a.txt", "docs/a.txt"},
	} {
		if got, err := d.Path(tc.address); err != nil || got != tc.path {
			t.Errorf("path of %s: %q, %v", tc.address, got, err)
		}
	}
	for _, tc := range []struct{ path, base, address string }{
		{`C:\Temp\1.htm`, "", "file:///C:/Temp/1.htm"},
		{"/tmp/a.txt", "", "file:///tmp/a.txt"},
		{"docs/a.txt", "", "x-local://docs/a.txt"},
		{filepath.Join(d.app, "docs", "a.txt"), "x-local://", "x-local://docs/a.txt"},
		{"x-local://docs/a.txt", "", "x-local://docs/a.txt"},
	} {
		if got, err := d.URL(tc.path, tc.base); err != nil || got != tc.address {
			t.Errorf("address of %s: %q, %v", tc.path, got, err)
		}
	}
	if _, err := d.Path("http://example.com/a"); err == nil {
		t.Error("an address of the web has a path")
	}
	if _, err := d.Path("x-local://../x"); err == nil {
		t.Error("an address out of the app has a path")
	}
}

func TestTheSampleIsOnlyRead(t *testing.T) {
	sample := fstest.MapFS{"docs/a.txt": {Data: []byte("sample")}, ".x": {Data: []byte("hidden")}}
	d := newDisk(t, func(c *files.Config) { c.App, c.Sample = "", sample })
	for _, name := range []string{"x-local://docs/a.txt", "docs/a.txt", d.AppFolder() + "/docs/a.txt"} {
		if got := d.load(name); got != "sample" {
			t.Errorf("%s: %s", name, got)
		}
	}
	list, err := d.List("x-local://", true)
	if err != nil || !slices.Equal(list, []string{"x-local://docs"}) {
		t.Errorf("%v, %v", list, err)
	}
	for _, err := range []error{d.write("docs/b.txt", "x"), d.Remove("docs/a.txt"), d.MakeFolder("x", true), d.RemoveFolder("docs"), d.Move("docs", "x")} {
		d.says(err, "the embedded sample app cannot be changed")
	}
	d.ok(d.Zip(filepath.Join(d.scratch, "s.zip"), []string{"docs"}, "", noWork))
	d.ok(d.Unzip(filepath.Join(d.scratch, "s.zip"), filepath.Join(d.scratch, "out"), noWork))
	if got := d.load(filepath.Join(d.scratch, "out", "docs", "a.txt")); got != "sample" {
		t.Error(got)
	}
}

func TestZip(t *testing.T) {
	d := newDisk(t)
	d.put(filepath.Join(d.app, "docs", "пример.txt"), "Привет")
	d.put(filepath.Join(d.app, "docs", ".secret"), "no")
	archive := filepath.Join(d.scratch, "x.zip")
	for _, tc := range []struct {
		items []string
		base  string
		want  []string
	}{
		{[]string{"docs"}, "", []string{"docs/", "docs/a.txt", "docs/b/", "docs/b/c.txt", "docs/пример.txt"}},
		{[]string{"a.txt", "b"}, "x-local://docs", []string{"a.txt", "b/", "b/c.txt"}},
		{[]string{"b/c.txt"}, filepath.Join(d.app, "docs"), []string{"b/c.txt"}},
		{[]string{"x-local://docs/a.txt"}, "docs/b", []string{"a.txt"}},
		{[]string{filepath.Join(d.app, "docs")}, d.app, []string{"docs/", "docs/a.txt", "docs/b/", "docs/b/c.txt", "docs/пример.txt"}},
		{nil, "", nil},
	} {
		d.ok(d.Zip(archive, tc.items, tc.base, noWork))
		r, err := zip.OpenReader(archive)
		d.ok(err)
		var names []string
		for _, f := range r.File {
			names = append(names, f.Name)
		}
		d.ok(r.Close())
		if !slices.Equal(names, tc.want) {
			t.Errorf("%v from %q: %v", tc.items, tc.base, names)
		}
	}
	d.ok(d.Zip(archive, []string{"docs"}, "", noWork))
	d.ok(d.Unzip(archive, filepath.Join(d.scratch, "out"), noWork))
	if got := d.load(filepath.Join(d.scratch, "out", "docs", "пример.txt")); got != "Привет" {
		t.Error(got)
	}
	if err := d.Zip(archive, []string{"none"}, "", noWork); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	stop := errors.New("stopped")
	if err := d.Zip(archive, []string{"docs"}, "", func(int) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	if err := d.Unzip(archive, "docs/u", func(int) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}

// archive makes a zip of raw entries.
func archive(t *testing.T, entries ...zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&e)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(e.Name, "/") {
			_, _ = f.Write([]byte("content"))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileArchives(t *testing.T) {
	d := newDisk(t, func(c *files.Config) { c.MaxBytes = 8 << 20 })
	link := zip.FileHeader{Name: "link"}
	link.SetMode(fs.ModeSymlink | 0o777)
	pipe := zip.FileHeader{Name: "pipe"}
	pipe.SetMode(fs.ModeNamedPipe | 0o600)
	many := make([]zip.FileHeader, 10_001)
	for i := range many {
		many[i].Name = fmt.Sprintf("%d", i)
	}
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"not an archive": {[]byte("hello"), "no zip archive"},
		"empty":          {nil, "no zip archive"},
		"out":            {archive(t, zip.FileHeader{Name: "../../evil.txt"}), `".."`},
		"out, Windows":   {archive(t, zip.FileHeader{Name: `a\..\..\evil.txt`}), `".."`},
		"absolute":       {archive(t, zip.FileHeader{Name: "/etc/evil"}), "absolute"},
		"drive":          {archive(t, zip.FileHeader{Name: `C:\evil`}), "absolute"},
		"stream":         {archive(t, zip.FileHeader{Name: "ab:c"}), "not allowed"},
		"device":         {archive(t, zip.FileHeader{Name: "NUL"}), "device"},
		"hidden":         {archive(t, zip.FileHeader{Name: ".git/hooks/x"}), "dot"},
		"link":           {archive(t, link), "links and devices"},
		"pipe":           {archive(t, pipe), "links and devices"},
		"bomb":           {bomb(t, 4<<20), "far more"},
		"many":           {archive(t, many...), "more than 10000"},
		"file as folder": {archive(t, zip.FileHeader{Name: "a"}, zip.FileHeader{Name: "a/b"}), "this is a file"},
	} {
		d.put(filepath.Join(d.scratch, "x.zip"), string(tc.data))
		err := d.Unzip(filepath.Join(d.scratch, "x.zip"), filepath.Join(d.scratch, "out"), noWork)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(d.data, "evil.txt")); err == nil {
		t.Error("a file was written outside of the folder")
	}
	// Code folders are no targets, not from an archive either.
	d.put(filepath.Join(d.scratch, "x.zip"), string(archive(t, zip.FileHeader{Name: "services/evil.js"})))
	d.says(d.Unzip(filepath.Join(d.scratch, "x.zip"), "x-local://", noWork), "holds code")
	// Names of old Russian archives.
	d.put(filepath.Join(d.scratch, "x.zip"), string(archive(t, zip.FileHeader{Name: "\x8f\xe0\xa8\xac\xa5\xe0.txt", NonUTF8: true})))
	d.ok(d.Unzip(filepath.Join(d.scratch, "x.zip"), filepath.Join(d.scratch, "ru"), noWork))
	if got := d.load(filepath.Join(d.scratch, "ru", "Пример.txt")); got != "content" {
		t.Error(got)
	}
}

func bomb(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("zeros")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, endless{}, size); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestManyAtOnce: counts stay right when many scripts write, move and remove the same names.
func TestManyAtOnce(t *testing.T) {
	d := newDisk(t, func(c *files.Config) { c.MaxBytes, c.MaxFiles = 1<<20, 20 })
	in := func(name string) string { return filepath.Join(d.scratch, name) }
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 40 {
				name := in(fmt.Sprintf("f%d", (i+n)%4))
				_ = d.write(name, strings.Repeat("x", 1000*(n%5)))
				_ = d.MakeFolder(in("dir/sub"), true)
				_ = d.write(in("dir/sub/x"), "x")
				_ = d.Move(name, in("moved"))
				_, _ = d.List(in("."), true)
				_ = d.Remove(name)
				_ = d.RemoveFolder(in("dir"))
			}
		})
	}
	wg.Wait()
	list, err := d.List(d.scratch, false)
	d.ok(err)
	for _, name := range list {
		if filepath.Base(name) == "temp" {
			continue
		}
		if d.Remove(name) != nil {
			d.ok(d.RemoveFolder(name))
		}
	}
	d.ok(d.write(in("whole"), strings.Repeat("x", 1<<20)))
	for i := range 18 { // with temp and whole: all there may be
		d.ok(d.write(in(fmt.Sprintf("e%d", i)), ""))
	}
	if runtime.GOOS != "windows" {
		d.says(d.write(in("more"), ""), "20 files and folders")
	}
}
