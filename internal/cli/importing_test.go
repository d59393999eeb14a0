package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// importInto imports lines into a server that answers as put says.
func importInto(t *testing.T, ctx context.Context, lines string, flags importFlags, put http.HandlerFunc) (imported, error) {
	t.Helper()
	server := httptest.NewServer(put)
	t.Cleanup(server.Close)
	client, err := api.NewClient(server.URL, "token")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Env: Env{Stderr: io.Discard, Now: time.Now}}
	return p.importData(ctx, client, strings.NewReader(lines), 0, flags)
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"key":"k","value":1}`)
}

// TestImportKeepsTheOrderOfAKey: lines are on their way together, but those of one key one after the other.
func TestImportKeepsTheOrderOfAKey(t *testing.T) {
	var lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&lines, "{\"key\":\"same\",\"value\":%d}\n{\"key\":\"k%d\",\"value\":0}\n{\"key\":\"l%d\",\"value\":0}\n", i, i, i)
	}
	var mu sync.Mutex
	var got []string
	running, most := 0, 0
	together := make(chan struct{})
	done, err := importInto(t, t.Context(), lines.String(), importFlags{}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		if running++; running > most {
			if most = running; most == 3 {
				close(together)
			}
		}
		if strings.HasSuffix(r.URL.Path, "/same") {
			got = append(got, string(body))
		}
		mu.Unlock()
		<-together // none ends before several are there
		accepted(w)
		mu.Lock()
		running--
		mu.Unlock()
	})
	if err != nil || done.Imported != 600 {
		t.Fatal(done, err)
	}
	for i, body := range got {
		if want := fmt.Sprintf(`{"value":%d}`, i); strings.TrimSpace(body) != want {
			t.Fatalf("write %d is %s, want %s", i, body, want)
		}
	}
	if most < 3 || most > importsAtOnce {
		t.Errorf("%d requests at once, want 3 to %d", most, importsAtOnce)
	}
}

// TestImportStopsAtTheFirstLineThatFails: whatever the order of the answers, the line that is named is the first.
func TestImportStopsAtTheFirstLineThatFails(t *testing.T) {
	var lines strings.Builder
	for i := 1; i <= 100; i++ {
		fmt.Fprintf(&lines, "{\"key\":\"%d\",\"value\":0}\n", i)
	}
	later := make(chan struct{})
	var once sync.Once
	done, err := importInto(t, t.Context(), lines.String(), importFlags{}, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/5"):
			<-later // line 9 fails before
			http.Error(w, "broken", http.StatusInternalServerError)
		case strings.HasSuffix(r.URL.Path, "/9"):
			once.Do(func() { close(later) })
			http.Error(w, "broken", http.StatusInternalServerError)
		default:
			accepted(w)
		}
	})
	if err == nil || !strings.HasPrefix(err.Error(), "line 5 was not stored: ") {
		t.Error(err)
	}
	if done.Imported < 4 || done.Imported > 4+importsAtOnce {
		t.Errorf("%d lines are stored", done.Imported)
	}
}

// TestImportThatIsStopped says how far it came.
func TestImportThatIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	done, err := importInto(t, ctx, "{\"key\":\"a\",\"value\":0}\n\n{\"key\":\"b\",\"value\":0}\n{\"key\":\"a\",\"value\":1}\n", importFlags{skip: true},
		func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/b") {
				_, _ = io.Copy(io.Discard, r.Body) // only then the server looks whether the client is there
				stop()
				<-r.Context().Done()
				return
			}
			accepted(w)
		})
	// The answer to the first line may or may not have been heard; if it was, the last may be stored as well.
	want := map[int]string{0: "stopped at line 1: ", 1: "stopped at line 3: ", 2: "stopped at line 3: "}[done.Imported]
	if err == nil || want == "" || !strings.HasPrefix(err.Error(), want) || done.Skipped != 0 {
		t.Error(done, err)
	}
}
