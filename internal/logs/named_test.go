package logs_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// book is named logs over folders of a test, with a clock that can be set.
type book struct {
	*testing.T
	*logs.Named
	dir, scratch string
	record       bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func newBook(t *testing.T, change ...func(*logs.NamedConfig)) *book {
	t.Helper()
	dir := t.TempDir()
	b := &book{T: t, dir: filepath.Join(dir, "logs"), scratch: filepath.Join(dir, "scratch"), now: at}
	if err := os.Mkdir(b.scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := logs.NamedConfig{Dir: b.dir, Scratch: b.scratch, Logger: slog.New(slog.NewTextHandler(&b.record, nil)), Now: b.clock}
	for _, c := range change {
		c(&cfg)
	}
	b.Named = logs.NewNamed(cfg)
	t.Cleanup(b.Close)
	return b
}

func (b *book) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *book) enable(name, options string) {
	b.Helper()
	if err := b.Enable(name, options); err != nil {
		b.Fatal(err)
	}
}

// files returns the log files below a folder with their texts, "NAME: TEXT", sorted.
func (b *book) files(dir string) []string {
	b.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		rest, _ := filepath.Rel(dir, name)
		found = append(found, filepath.ToSlash(rest)+": "+string(text))
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		b.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func (b *book) want(dir string, want ...string) {
	b.Helper()
	if got := b.files(dir); !slices.Equal(got, want) {
		b.Errorf("files\n%q\nwant\n%q", got, want)
	}
}

// spec/basescript.md 2.8 and 4.1.
func TestNamedLogs(t *testing.T) {
	b := newBook(t)
	b.Write("own", 1, "lost: the log is not open")
	b.enable("own", "")
	b.enable("own", "") // twice is once
	b.Write("own", 95, "first")
	b.Write("own", 12345, "of two\nlines")
	b.Disable("own")
	b.Disable("own")
	b.Write("own", 1, "lost again")
	b.want(b.dir, "own-2026-11-23.log: 16:14:11 [0095]\tfirst\n16:14:11 [12345]\tof two\nlines\n")
	if b.Enabled("own") || b.Enabled("none") {
		t.Error("a closed log is open")
	}
	// A new day, a new file; what was there is continued.
	b.enable("own", "")
	b.Write("own", 1, "again")
	b.now = at.AddDate(0, 0, 1)
	b.Write("own", 2, "tomorrow")
	b.want(b.dir, "own-2026-11-23.log: 16:14:11 [0095]\tfirst\n16:14:11 [12345]\tof two\nlines\n16:14:11 [0001]\tagain\n",
		"own-2026-11-24.log: 16:14:11 [0002]\ttomorrow\n")
}

func TestOptionsOfNamedLogs(t *testing.T) {
	b := newBook(t)
	b.enable("month", "life-time=month")
	b.enable("ever", "Life-Time = permanent ; use-std-event-prefix = 0; unknown=1")
	b.enable("csv", "header-str=date\turl\tquery;use-std-event-prefix=0")
	b.enable("sub", "base-dir=my/Logs;life-time=permanent")
	b.enable("local", `base-dir=x-local://Logs\a;life-time=permanent`)
	b.enable("here", "life-time=permanent;base-dir="+filepath.Join(b.dir, "here"))
	b.enable("scratch", "life-time=permanent;base-dir="+b.scratch)
	for _, name := range []string{"month", "ever", "csv", "sub", "local", "here", "scratch"} {
		b.Write(name, 7, "x")
		b.Write(name, 7, "y")
	}
	const lines = "16:14:11 [0007]\tx\n16:14:11 [0007]\ty\n"
	b.want(b.dir, "Logs/a/local.log: "+lines, "csv-2026-11-23.log: date\turl\tquery\nx\ny\n", "ever.log: x\ny\n",
		"here/here.log: "+lines, "month-2026-11.log: "+lines, "my/Logs/sub.log: "+lines)
	b.want(b.scratch, "scratch.log: "+lines)
	// New options count, none keep the old.
	b.enable("ever", "")
	b.Write("ever", 7, "z")
	b.enable("ever", "life-time=permanent")
	b.Write("ever", 7, "prefix")
	if got := b.files(b.dir)[2]; got != "ever.log: x\ny\nz\n16:14:11 [0007]\tprefix\n" {
		t.Errorf("%q", got)
	}
	for options, want := range map[string]string{
		"life-time=week":                     "life-time is day, month or permanent, not week",
		"base-dir=../x":                      "base-dir ../x has .. in it",
		`base-dir=..\..\x`:                   "has .. in it",
		"base-dir=/etc":                      "lies outside of the folder of the logs",
		"base-dir=file:///etc":               "lies outside",
		`base-dir=C:\Windows`:                "lies outside",
		"base-dir=//server/share":            "lies outside",
		"base-dir=" + b.scratch + "/../x":    "has .. in it",
		"base-dir=" + b.scratch + "y":        "lies outside",
		"base-dir=x-local://../x":            "has .. in it",
		"base-dir=x-local:///etc":            "lies outside",
		"base-dir=a/b/c/d/e/f/g/h/i":         "more than 8 folders deep",
		"base-dir=x;life-time=week":          "life-time",
		"life-time=month;life-time=\x1b[2Ja": `not \x1b[2Ja`,
	} {
		if err := b.Enable("bad", options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", options, err)
		}
	}
	if b.Enabled("bad") {
		t.Error("a log with bad options is open")
	}
}

// Names come from clients: none leads out of the folder.
func TestHostileNamesOfLogs(t *testing.T) {
	b := newBook(t)
	for name, file := range map[string]string{
		"../../evil": "_.._.._evil", "/etc/cron.d/x": "_etc_cron.d_x", `..\evil`: "_.._evil", `C:\evil`: "C__evil", "a\x00b": "a_b",
		".hidden": "_.hidden", "..": "_", "NUL": "_NUL", "com1.x": "_com1.x", "журнал №1": "журнал _1", "a\nb": "a_b", "\xff": "_",
		"a:stream": "a_stream", "dots...": "dots", "${HOME}": "__HOME_", "a/../b": "a_.._b",
	} {
		b.enable(name, "life-time=permanent;use-std-event-prefix=0")
		b.Write(name, 1, "x")
		if _, err := os.Stat(filepath.Join(b.dir, file+".log")); err != nil {
			t.Errorf("%q: %v; there are %q", name, err, b.files(b.dir))
		}
		b.Disable(name)
	}
	if entries, err := os.ReadDir(filepath.Dir(b.dir)); err != nil || len(entries) != 2 {
		t.Errorf("beside the folder: %v, %v", entries, err)
	}
	for _, name := range []string{"", strings.Repeat("x", 201)} {
		if err := b.Enable(name, ""); err == nil || err.Error() != "the name of a log has 1 to 200 bytes" {
			t.Errorf("%q: %v", name, err)
		}
	}
	b.enable(strings.Repeat("я", 100), "life-time=permanent")
	b.Write(strings.Repeat("я", 100), 1, "x")
	if _, err := os.Stat(filepath.Join(b.dir, strings.Repeat("я", 60)+".log")); err != nil {
		t.Error(err)
	}
}

func TestNamedLogsDoNotFollowLinks(t *testing.T) {
	b := newBook(t)
	outside := filepath.Join(filepath.Dir(b.dir), "outside.txt")
	if err := os.WriteFile(outside, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(b.dir, "own.log")); err != nil {
		t.Skip("no links here:", err)
	}
	b.enable("own", "life-time=permanent")
	b.Write("own", 1, "x")
	if text, err := os.ReadFile(outside); err != nil || string(text) != "old" {
		t.Errorf("%q, %v", text, err)
	}
	if !strings.Contains(b.record.String(), "named log is not written") {
		t.Errorf("recorded %q", b.record.String())
	}
}

func TestNamedLogsAreBounded(t *testing.T) {
	b := newBook(t, func(c *logs.NamedConfig) { c.MaxFile, c.MaxTotal, c.MaxFiles = 1<<20, 3<<20, 5 })
	line := strings.Repeat("x", 60<<10)
	for _, name := range []string{"a", "b", "c", "d"} {
		b.enable(name, "use-std-event-prefix=0")
		for range 20 {
			b.Write(name, 1, line)
		}
	}
	var total, largest int
	for _, file := range b.files(b.dir) {
		total += len(file)
		largest = max(largest, len(file))
	}
	if total > 3<<20+1000 || total < 3<<20-(70<<10) || largest > 1<<20+100 || largest < 900<<10 {
		t.Errorf("%d bytes in all, %d in one", total, largest)
	}
	// Trouble is told once, not with each line.
	if got := strings.Count(b.record.String(), "named log is not written"); got != 4 {
		t.Errorf("told %d times: %s", got, b.record.String())
	}
	for i := range 10 {
		name := fmt.Sprintf("n%d", i)
		b.enable(name, "header-str=h")
		b.Write(name, 1, "x")
		b.Disable(name)
	}
	if got := len(b.files(b.dir)); got != 5 {
		t.Errorf("%d files", got)
	}
	// What is there counts after a restart.
	again := logs.NewNamed(logs.NamedConfig{Dir: b.dir, MaxFiles: 5, Now: b.clock})
	defer again.Close()
	if err := again.Enable("later", ""); err != nil {
		t.Fatal(err)
	}
	again.Write("later", 1, "x")
	if got := len(b.files(b.dir)); got != 5 {
		t.Errorf("%d files after the restart", got)
	}
	for i := range 300 {
		if err := b.Enable(fmt.Sprintf("many%d", i), ""); err != nil {
			if err.Error() != "more than 200 logs are open" || i != 196 {
				t.Errorf("log %d: %v", i, err)
			}
			return
		}
	}
	t.Error("any number of logs opens")
}

func TestNamedLogsAtOnceAndClosed(t *testing.T) {
	b := newBook(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 100 {
				name := fmt.Sprintf("log%d", n%3)
				_ = b.Enable(name, [...]string{"", "life-time=month", "life-time=day"}[n%3])
				b.Write(name, i, "line")
				if n%10 == 0 {
					b.Disable(name)
				}
			}
		})
	}
	wg.Wait()
	for _, file := range b.files(b.dir) {
		for line := range strings.Lines(file[strings.Index(file, ": ")+2:]) {
			if !strings.HasPrefix(line, "16:14:11 [000") || !strings.HasSuffix(line, "]\tline\n") {
				t.Fatalf("a broken line %q", line)
			}
		}
	}
	b.Close()
	b.Close()
	before := b.files(b.dir)
	b.Write("log0", 1, "late")
	if err := b.Enable("log0", ""); err == nil || b.Enabled("log0") {
		t.Errorf("it opens again: %v", err)
	}
	b.want(b.dir, before...)
}

func TestNamedLogsWithoutAFolder(t *testing.T) {
	n := logs.NewNamed(logs.NamedConfig{})
	defer n.Close()
	if err := n.Enable("a", "life-time=month;base-dir=x"); err != nil || !n.Enabled("a") {
		t.Errorf("error %v", err)
	}
	n.Write("a", 1, "x") // to nowhere
}
