package cli

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

func TestNear(t *testing.T) {
	names := []string{"broadcast", "group-by-id", "group-by-tag", "hello", "Рассылка"}
	for wrong, want := range map[string]string{
		"helo":       "hello",
		"HELLO":      "hello",
		"group":      "group-by-id group-by-tag",
		"groupbyid":  "group-by-id",
		"bradcost":   "broadcast",
		"рассылка":   "Рассылка",
		"x":          "",
		"":           "",
		"zzzzzzzzzz": "",
	} {
		if got := strings.Join(near(wrong, names), " "); got != want {
			t.Errorf("%q: got %q, want %q", wrong, got, want)
		}
	}
}

func TestMeant(t *testing.T) {
	for want, names := range map[string][]string{
		"":                          {},
		"; did you mean a?":         {"a"},
		"; did you mean a or b?":    {"a", "b"},
		"; did you mean a, b or c?": {"a", "b", "c"},
	} {
		if got := meant(names); got != want {
			t.Errorf("%v: %q", names, got)
		}
	}
}

func TestSameServer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", true},
		{"http://localhost:8080/", "http://127.0.0.1:8080", true},
		{"http://[::1]:8080", "http://LOCALHOST:8080", true},
		{"http://example.com", "http://example.com:80/", true},
		{"https://example.com", "https://example.com:443", true},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8081", false},
		{"http://127.0.0.1:8080", "https://127.0.0.1:8080", false},
		{"http://example.com:8080", "http://127.0.0.1:8080", false},
		{"http://127.0.0.1:8080/a", "http://127.0.0.1:8080/b", false},
		{"http://127.0.0.1:8080@evil.example:8080", "http://127.0.0.1:8080", false},
		{"nonsense", "other nonsense", false},
	} {
		if got := sameServer(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func TestConsole(t *testing.T) {
	var out bytes.Buffer
	plain := func(_, text string) string { return text }
	logger := slog.New(&console{out: &out, mu: new(sync.Mutex), level: slog.LevelInfo, colour: plain})
	logger.Debug("not shown")
	logger.Info("plain", "script", "x-local://a.js", "n", 3, "empty", "", "words", "a b", "took", 2*time.Second)
	logger.With("node", "n1", "service", "s").WithGroup("g").Warn("grouped", "a", 1, slog.Group("h", "b", 2), slog.Group("", "c", 3))
	logger.WithGroup("").With(slog.Group("o", "p", "q")).Error("multi\nline", "error", "one\n\ttwo\x1b[0m\n", slog.Attr{})
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{
		` INFO  plain  script=x-local://a.js  n=3  empty=""  words="a b"  took=2s`,
		` WARN  grouped  service=s  g.a=1  g.h.b=2  g.c=3`,
		" ERROR multi",
		"line  o.p=q",
		"    one",
		"    \ttwo\\x1b[0m",
		"",
	} {
		got := lines[min(i, len(lines)-1)]
		if strings.HasPrefix(want, " INFO") || strings.HasPrefix(want, " WARN") || strings.HasPrefix(want, " ERROR") {
			if _, err := time.Parse("15:04:05", got[:min(8, len(got))]); err != nil {
				t.Errorf("no time in %q", got)
			}
			got = got[min(8, len(got)):]
		}
		if got != want {
			t.Errorf("line %d: got %q, want %q", i, got, want)
		}
	}
}

func TestVersionText(t *testing.T) {
	v := version{Version: "v1.2.3", Go: "go1.26.8", Platform: "linux/amd64"}
	for want, v := range map[string]version{
		"tutorsocket v1.2.3 (go1.26.8, linux/amd64)":                                   v,
		"tutorsocket v1.2.3 (commit 0123456789ab, go1.26.8, linux/amd64)":              {v.Version, "0123456789abcdef", false, v.Go, v.Platform},
		"tutorsocket v1.2.3 (commit 0123456789ab with changes, go1.26.8, linux/amd64)": {v.Version, "0123456789abcdef", true, v.Go, v.Platform},
	} {
		if v.String() != want {
			t.Errorf("got %s, want %s", v, want)
		}
	}
}

func TestMemoryOfAContainer(t *testing.T) {
	for text, want := range map[string]int64{"max\n": math.MaxInt64, "1073741824\n": 1 << 30, "": math.MaxInt64, "-1": math.MaxInt64} {
		if got := parseMemory(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestMissedLinesAreTold(t *testing.T) {
	var out, errs bytes.Buffer
	p := &program{Env: Env{Stdout: &out, Stderr: &errs}}
	show := &runPrinter{program: p}
	for name, print := range map[string]func(api.Line){"logs": p.printLine, "run": show.line} {
		out.Reset()
		errs.Reset()
		print(api.Line{Text: "next", Skipped: 7})
		print(api.Line{Text: "after it"})
		if errs.String() != "7 lines were missed\n" || !strings.Contains(out.String(), "next") {
			t.Errorf("%s: %s%s", name, errs.String(), out.String())
		}
	}
}

func TestATokenFileThatMayNotBeRead(t *testing.T) {
	p := &program{Env: Env{}}
	err := p.noToken(&target{data: "d"}, fmt.Errorf("d/admin.json cannot be read (%w)", fs.ErrPermission))
	if err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), "name the token with --token or TUTORSOCKET_TOKEN") {
		t.Errorf("error %v", err)
	}
}

func TestWhoMayReachAServer(t *testing.T) {
	for _, c := range []struct{ listen, addr, want string }{
		{"0.0.0.0:0", "[::]:1234", "0.0.0.0:1234"},
		{"[::]:0", "[::]:1234", "[::]:1234"},
		{"box.example:80", "192.0.2.7:80", "box.example:80"},
		{":0", "[::]:1234", "port 1234 of this machine"},
		{"127.0.0.1:0", "127.0.0.1:1234", ""},
		{"localhost:0", "127.0.0.1:1234", ""},
		{"[::1]:0", "[::1]:1234", ""},
	} {
		addr, err := net.ResolveTCPAddr("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := exposed(c.listen, addr); got != c.want {
			t.Errorf("%s: %q, want %q", c.listen, got, c.want)
		}
	}
}

func TestKeysMayBeShortened(t *testing.T) {
	for short, full := range map[string]string{
		"/services/a-s-1": "/services/a-s-1",
		"services/a-s-1":  "/services/a-s-1",
		"a-s-1":           "/services/a-s-1",
		"/other":          "/other",
	} {
		if got := fullKey(short); got != full {
			t.Errorf("%s: %s", short, got)
		}
	}
}
