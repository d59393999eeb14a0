package logs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is 16:14:11 where the test runs: log lines show local time.
var at = time.Date(2026, 11, 23, 16, 14, 11, 0, time.Local)

// history returns the remembered lines that match. The caller is in a synctest
// bubble, so the hour passes when the follower has nothing left to read.
func history(l *logs.Log, q logs.Query) []logs.Line {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	return slices.Collect(l.Follow(ctx, q))
}

func texts(lines []logs.Line) string {
	var s []string
	for _, l := range lines {
		s = append(s, l.Text)
	}
	return strings.Join(s, ",")
}

func TestLineLooksLikeTheOriginals(t *testing.T) {
	for want, line := range map[string]logs.Line{
		"16:14:11 [0282]\tpid: 111111111": {Time: at, Thread: 282, Text: "pid: 111111111"},
		"16:14:11 [0007]\t":               {Time: at, Thread: 7},
		"16:14:11 [12345]\tx":             {Time: at, Thread: 12345, Text: "x"},
		"16:14:11 [0001]\tboom\n(x-local://agents/a.js, line 3)": {
			Time: at.UTC(), Thread: 1, Text: "boom\n(x-local://agents/a.js, line 3)", Error: true},
	} {
		if got := line.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWriteShowsRecordsAndNumbers(t *testing.T) {
	var out, record bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&record, nil)).With("node", "n1")
	l := logs.New(logs.Config{}, logger, &out)

	if l.Last() != 0 {
		t.Errorf("last line of an empty log: %d", l.Last())
	}
	l.Write(logs.Line{Time: at, Thread: 282, Text: "hello", Service: "main_ws_service", Socket: "/services/main_ws_service-s-1", User: "5"})
	kept := l.Write(logs.Line{Thread: 283, Text: "boom\n(x, line 1)", Error: true, Agent: "a", Skipped: 7})
	if kept.Seq != 2 || l.Last() != 2 || kept.Skipped != 0 || time.Since(kept.Time) > time.Minute {
		t.Errorf("kept as %+v, last %d", kept, l.Last())
	}
	if want := "16:14:11 [0282]\thello\n" + kept.String() + "\n"; out.String() != want {
		t.Errorf("shown %q, want %q", out.String(), want)
	}

	dec := json.NewDecoder(&record)
	for _, want := range []string{
		`{"level":"INFO","msg":"script line","node":"n1","service":"main_ws_service","socket":"/services/main_ws_service-s-1","text":"hello","thread":282,"user":"5"}`,
		`{"agent":"a","error":"boom\n(x, line 1)","level":"ERROR","msg":"script line","node":"n1","thread":283}`,
	} {
		var got map[string]any
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		delete(got, "time")
		if text, _ := json.Marshal(got); string(text) != want {
			t.Errorf("recorded %s\nwant     %s", text, want)
		}
	}
}

func TestTokensOfUsersAreNotLogged(t *testing.T) {
	const token = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"
	var out, record bytes.Buffer
	l := logs.New(logs.Config{}, slog.New(slog.NewJSONHandler(&record, nil)), &out)
	kept := l.Write(logs.Line{Text: "got " + token})
	l.Write(logs.Line{Text: `got {"action":"renew_token","token":"hush"}`, Error: true})
	b := newBook(t)
	b.enable("own", "")
	b.Write("own", 1, "got "+token)
	shown := out.String() + record.String() + kept.Text + strings.Join(b.files(b.dir), "")
	if strings.Contains(shown, "eyJ") || strings.Contains(shown, "hush") || strings.Count(shown, "got [token]") != 4 {
		t.Errorf("logged is %s", shown)
	}
}

func TestLevelOfTheLoggerIsRespected(t *testing.T) {
	var record bytes.Buffer
	l := logs.New(logs.Config{}, slog.New(slog.NewTextHandler(&record, &slog.HandlerOptions{Level: slog.LevelError})), nil)
	l.Write(logs.Line{Text: "chatter"})
	l.Write(logs.Line{Text: "trouble", Error: true})
	if got := record.String(); strings.Contains(got, "chatter") || !strings.Contains(got, "trouble") {
		t.Errorf("recorded %q", got)
	}
}

func TestTerminalIsNotCommandedByLoggedText(t *testing.T) {
	for text, want := range map[string]string{
		"plain\ttext\nof two lines": "plain\ttext\nof two lines",
		"пользователь 😀":            "пользователь 😀",
		"\x1b[2J":                   `\x1b[2J`,
		"a\r\nb\rc":                 "a\nb\\rc",
		"\x00\x7f\u009b":            `\x00\x7f\u009b`,
		"bytes \xff\xfe":            `bytes \xff\xfe`,
		"\u202egnp.exe":             `\u202egnp.exe`,
		"it's 'quoted'\x07":         `it's 'quoted'\a`,
	} {
		var out bytes.Buffer
		l := logs.New(logs.Config{}, nil, &out)
		kept := l.Write(logs.Line{Time: at, Thread: 1, Text: text})
		if kept.Text != text {
			t.Errorf("kept %q as %q", text, kept.Text)
		}
		if got := out.String(); got != "16:14:11 [0001]\t"+want+"\n" {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestLongTextIsCutAtACharacter(t *testing.T) {
	l := logs.New(logs.Config{}, nil, nil)
	if got := l.Write(logs.Line{Text: strings.Repeat("x", logs.MaxText)}); len(got.Text) != logs.MaxText {
		t.Errorf("a text of the allowed length becomes %d bytes", len(got.Text))
	}
	for lead := range 3 {
		text := strings.Repeat("x", lead) + strings.Repeat("я", logs.MaxText)
		got := l.Write(logs.Line{Text: text}).Text
		head, mark, found := strings.Cut(got, "… [")
		if !found || len(got) > logs.MaxText || len(got) < logs.MaxText-100 {
			t.Fatalf("%d bytes left, ending %q", len(got), got[len(got)-40:])
		}
		if !strings.HasPrefix(text, head) || strings.ContainsRune(head, '\uFFFD') || len(head)%2 != lead%2 {
			t.Errorf("cut inside a character, after %d bytes", len(head))
		}
		if want := fmt.Sprintf("%d bytes cut]", len(text)-len(head)); mark != want {
			t.Errorf("mark %q, want %q", mark, want)
		}
	}
}

func TestHistoryIsBoundedByLinesAndBytes(t *testing.T) {
	synctest.Test(t, testHistoryIsBounded)
}

func testHistoryIsBounded(t *testing.T) {
	l := logs.New(logs.Config{History: 4}, nil, nil)
	for i := range 10 {
		l.Write(logs.Line{Text: fmt.Sprint(i)})
	}
	if got := texts(history(l, logs.Query{})); got != "6,7,8,9" {
		t.Errorf("remembered %s", got)
	}

	l = logs.New(logs.Config{HistoryBytes: 10_000}, nil, nil)
	for i := range 10 {
		l.Write(logs.Line{Text: fmt.Sprint(i) + strings.Repeat("x", 3000)})
	}
	if got := history(l, logs.Query{}); len(got) < 1 || len(got) > 3 || got[len(got)-1].Seq != 10 {
		t.Errorf("remembered %d lines", len(got))
	}
	if huge := l.Write(logs.Line{Text: strings.Repeat("y", 20_000)}); l.Last() != huge.Seq {
		t.Error("a line larger than the history is lost at once")
	}
}

func TestQuery(t *testing.T) {
	for name, c := range map[string]struct {
		query logs.Query
		want  string
	}{
		"all":                      {logs.Query{}, "one,two,three,Two again"},
		"since":                    {logs.Query{Since: at.Add(2 * time.Second)}, "three,Two again"},
		"after a number":           {logs.Query{AfterSeq: 3}, "Two again"},
		"after the newest":         {logs.Query{AfterSeq: 4}, ""},
		"after an earlier process": {logs.Query{AfterSeq: 999}, "one,two,three,Two again"},
		"thread":                   {logs.Query{Thread: 2}, "two,Two again"},
		"contains":                 {logs.Query{Contains: "wo"}, "two,Two again"},
		"all conditions":           {logs.Query{Thread: 2, Contains: "t", Since: at, AfterSeq: 1}, "two"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := logs.New(logs.Config{}, nil, nil)
				for i, text := range []string{"one", "two", "three", "Two again"} {
					l.Write(logs.Line{Time: at.Add(time.Duration(i) * time.Second), Thread: 1 + i%2, Text: text})
				}
				if got := texts(history(l, c.query)); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestFollowGoesOnWithNewLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := logs.New(logs.Config{}, nil, nil)
		l.Write(logs.Line{Text: "before"})
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for line := range l.Follow(ctx, logs.Query{}) {
				got = append(got, line.Text)
			}
		}()
		synctest.Wait()
		l.Write(logs.Line{Text: "after"})
		synctest.Wait()
		if want := "[before after]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
		cancel()
		<-done
	})
}

func TestSlowFollowerIsToldWhatItMissed(t *testing.T) {
	l := logs.New(logs.Config{History: 10}, nil, nil)
	l.Write(logs.Line{Text: "0"})
	var got []logs.Line
	for line := range l.Follow(t.Context(), logs.Query{}) {
		got = append(got, line)
		if len(got) == 1 {
			for i := 1; i <= 100; i++ { // ninety more than are remembered
				l.Write(logs.Line{Text: fmt.Sprint(i)})
			}
		}
		if line.Text == "100" {
			break
		}
	}
	if len(got) != 11 || got[1].Text != "91" || got[1].Skipped != 90 || got[2].Skipped != 0 {
		t.Errorf("got %d lines, %+v", len(got), got)
	}
}

func TestResumingTooLateTellsWhatIsMissing(t *testing.T) {
	l := logs.New(logs.Config{History: 5}, nil, nil)
	for i := 1; i <= 20; i++ {
		l.Write(logs.Line{Text: fmt.Sprint(i)})
	}
	for line := range l.Follow(t.Context(), logs.Query{AfterSeq: 3}) {
		if line.Seq != 16 || line.Skipped != 12 {
			t.Errorf("resumed at %d with %d missing, want 16 and 12", line.Seq, line.Skipped)
		}
		break
	}
	for line := range l.Follow(t.Context(), logs.Query{}) {
		if line.Seq != 16 || line.Skipped != 0 {
			t.Errorf("a new follower begins at %d with %d missing, want 16 and 0", line.Seq, line.Skipped)
		}
		break
	}
}

func TestManyWritersAndFollowers(t *testing.T) {
	const writers, each, followers = 8, 500, 4
	var out bytes.Buffer // written under the log's own lock
	l := logs.New(logs.Config{History: writers * each}, nil, &out)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	var reading, writing sync.WaitGroup
	for f := range followers {
		reading.Go(func() {
			var next uint64 = 1
			for line := range l.Follow(ctx, logs.Query{}) {
				if line.Seq != next {
					t.Errorf("follower %d got line %d instead of %d", f, line.Seq, next)
					return
				}
				if next++; next > writers*each {
					return
				}
			}
			t.Errorf("follower %d saw only %d lines", f, next-1)
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				l.Write(logs.Line{Thread: w, Text: fmt.Sprint(i)})
			}
		})
	}
	writing.Wait()
	reading.Wait()
	if n := strings.Count(out.String(), "\n"); n != writers*each {
		t.Errorf("%d lines shown", n)
	}
}

func TestAnEndedContextYieldsNothing(t *testing.T) {
	l := logs.New(logs.Config{}, nil, nil)
	l.Write(logs.Line{Text: "x"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for line := range l.Follow(ctx, logs.Query{}) {
		t.Errorf("got %+v", line)
	}
}

func BenchmarkWriteWithoutReaders(b *testing.B) {
	l := logs.New(logs.Config{}, nil, nil)
	b.ReportAllocs()
	for b.Loop() {
		l.Write(logs.Line{Thread: 1, Text: "pid: 111111111", Agent: "a", Time: at})
	}
}

func TestLevelOfTheLinesShownToAPerson(t *testing.T) {
	var out strings.Builder
	l := logs.New(logs.Config{Level: slog.LevelWarn}, nil, &out)
	l.Write(logs.Line{Thread: 1, Text: "plain"})
	l.Write(logs.Line{Thread: 2, Text: "broken", Error: true})
	if got := out.String(); strings.Contains(got, "plain") || !strings.Contains(got, "broken") {
		t.Errorf("shown: %q", got)
	}
	if l.Last() != 2 {
		t.Errorf("%d lines kept, want both", l.Last())
	}
}
