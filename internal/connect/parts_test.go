package connect

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "plain text": true, "it's": true, "a { b": true, `{"a":1}`: true, `[1,[2]]`: true, `"a"`: true, " {} ": true,
		"{": false, `{"a":`: false, "[": false, `"a`: false, `{"a":"}"`: false, `{"a":"\"}`: false, `["a\\"`: false,
		"]": true, "{]": true, "[1}": true, "{}}": true, `["{"]`: true, "{\n\"a\": [\n1\n]\n}": true,
	} {
		if complete(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestPausesGrowWithinBounds(t *testing.T) {
	for range 100 {
		for attempt, full := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 6: 30 * time.Second, 1 << 20: 30 * time.Second} {
			if p := pause(attempt); p > full || p < full*2/3-1 || p < firstPause {
				t.Errorf("attempt %d: %v", attempt, p)
			}
		}
	}
}

// pressed returns what the editor gets of what a terminal sends in pieces, with the end of each line.
func pressed(t *testing.T, pieces ...string) (lines []string, ends []lineEnd) {
	t.Helper()
	var readers []io.Reader
	for _, p := range pieces {
		readers = append(readers, strings.NewReader(p))
	}
	k := &keys{console: io.MultiReader(readers...)}
	buffer := make([]byte, 16) // less than a line
	line := ""
	for {
		n, err := k.Read(buffer)
		if err != nil {
			if line != "" {
				lines = append(lines, line)
			}
			return lines, ends
		}
		line += string(buffer[:n])
		if strings.HasSuffix(line, "\r") && len(k.out) == 0 {
			lines, ends = append(lines, line), append(ends, k.end)
			line = ""
		}
	}
}

func TestKeys(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		lines  []string
		ends   []lineEnd
	}{
		"lines":            {[]string{"one\rtwo\nthree\r\nfour"}, []string{"one\r", "two\r", "three\r", "four"}, []lineEnd{byEnter, byEnter, byEnter}},
		"interrupt":        {[]string{"ab\x03c\r\x03"}, []string{"ab" + killLine + "\r", "c\r", killLine + "\r"}, []lineEnd{byInterrupt, byEnter, byInterrupt}},
		"interrupt twice":  {[]string{"ab\x03\x03"}, []string{"ab" + killLine + "\r", killLine + "\r"}, []lineEnd{byInterrupt, byQuit}},
		"an arrow":         {[]string{"\x1b", "[", "A\r"}, []string{"\x1b[A\r"}, []lineEnd{byEnter}},
		"paste":            {[]string{pasteOn + "one\rtwo" + pasteOff + "!\r"}, []string{pasteOn + "one\r", "two" + pasteOff + "!\r"}, []lineEnd{byPaste, byEnter}},
		"paste in pieces":  {[]string{"\x1b[2", "00~a\r", "\r\nb\x1b", "[20", "1~", "\r"}, []string{pasteOn + "a\r", "\r", "b" + pasteOff + "\r"}, []lineEnd{byPaste, byPaste, byEnter}},
		"paste that ends":  {[]string{pasteOn + "a\r\r" + pasteOff + "\r"}, []string{pasteOn + "a" + pasteOff + "\r"}, []lineEnd{byEnter}},
		"control codes":    {[]string{pasteOn + "a\x03\x04\x1b[31mb\tc" + pasteOff}, []string{pasteOn + "a[31mb␉c" + pasteOff}, nil},
		"Ctrl-C and paste": {[]string{"\x03" + pasteOn + "x" + pasteOff + "\x03"}, []string{killLine + "\r", pasteOn + "x" + pasteOff + killLine + "\r"}, []lineEnd{byInterrupt, byInterrupt}},
	} {
		lines, ends := pressed(t, c.pieces...)
		if strings.Join(lines, "|") != strings.Join(c.lines, "|") || len(ends) != len(c.ends) {
			t.Errorf("%s: %q %v", name, lines, ends)
			continue
		}
		for i := range ends {
			if ends[i] != c.ends[i] {
				t.Errorf("%s: %q %v", name, lines, ends)
			}
		}
	}
}

func TestHistoryFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state", "tutorsocket", "history")
	h, err := openHistory(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two", "two", " blank", "a\n\tb", `{"password":"x"}`, strings.Repeat("x", maxEntry+1), ""} {
		if err := h.remember(text); err != nil {
			t.Fatal(err)
		}
	}
	if h.Len() != 4 || h.At(0) != `{"password":"x"}` || h.At(1) != "a␊␉b" || h.At(3) != "one" {
		t.Errorf("%q", h.entries)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v %v: others may read it", info.Mode(), err)
	}
	again, err := openHistory(name)
	if err != nil || again.Len() != 3 || again.At(0) != "a␊␉b" {
		t.Errorf("%q %v", again.entries, err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "history")
	servertest.WriteFile(t, name, strings.Repeat("old\n\n", 2*maxHistory)+strings.Repeat("x", maxEntry+1)+"\nnewest\n")
	h, err := openHistory(name)
	if err != nil || h.Len() != maxHistory || h.At(0) != "newest" {
		t.Fatal(h.Len(), err)
	}
	if text, err := os.ReadFile(name); err != nil || strings.Count(string(text), "\n") != maxHistory {
		t.Error(err)
	}
	if err := h.remember("more"); err != nil || h.Len() != maxHistory || h.At(0) != "more" {
		t.Error(h.Len(), err)
	}
}

func TestHistoryThatCannotBeKept(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	servertest.WriteFile(t, name, "")
	h, err := openHistory(filepath.Join(name, "history"))
	if err == nil {
		err = h.remember("one")
	} else {
		h.entries = append(h.entries, "one")
	}
	if err == nil || h.Len() != 1 {
		t.Error(err, h.Len())
	}
	if err := h.remember("two"); err != nil || h.Len() != 2 {
		t.Error("it is said twice:", err)
	}
}

func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"/h": "/help", "/re": "/reconnect", "/r": "/r", "/t": "/tags ", "/tags s": "/tags set ", "/tags ": "/tags ", "/x": "/x", "/wa": "/wa",
	} {
		if got, _ := completion(line); got != want {
			t.Errorf("%q becomes %q", line, got)
		}
	}
	if _, options := completion("/r"); strings.Join(options, " ") != "/raw /reconnect" {
		t.Error(options)
	}
}

func TestTagChanges(t *testing.T) {
	change, err := tagChange("set a=1 b= c=d=e")
	if err != nil || len(change) != 3 || *change["b"] != "" || *change["c"] != "d=e" {
		t.Error(change, err)
	}
	if change, err := tagChange("remove a b"); err != nil || len(change) != 2 || change["a"] != nil {
		t.Error(change, err)
	}
	for _, args := range []string{"set", "remove", "set a", "set =1", "drop a"} {
		if _, err := tagChange(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
