package webtutor_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/webtutor"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// installed is the page that is shipped, with a secret as an administrator writes it in.
func installed(t *testing.T, secret string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../../../integration/webtutor/tutorsocket_session.html"))
	if err != nil {
		t.Fatal(err)
	}
	const empty = "sSecret = '';"
	if strings.Count(string(text), empty) != 1 {
		t.Fatalf("the page has not one line %q", empty)
	}
	return strings.Replace(string(text), empty, "sSecret = '"+secret+"';", 1)
}

// scriptLog is what a page has logged.
type scriptLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *scriptLog) Line(text string, _ bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, text)
}

// after has a page run code when user_init has said who the user is.
func after(t *testing.T, page, code string) string {
	t.Helper()
	const init = "tools_web.user_init( Request, Request.Query );"
	if strings.Count(page, init) != 1 {
		t.Fatalf("the page has not one line with %q", init)
	}
	return strings.Replace(page, init, init+" "+code, 1)
}

// play runs a page as WebTutor does for a request with headers, by our own evaluator, and returns what it
// writes.
func play(ctx context.Context, page, header string, user hub.User, log *scriptLog) (string, error) {
	out := &scriptLog{}
	const mark = "written: "
	source := "alert('" + mark + "' + EvalCodePage(" + literal(page) + "))"
	program, err := basescript.Compile("x-local://wt/web/tutorsocket_session.html", source, basescript.Options{Globals: hostapi.Globals()})
	if err != nil {
		return "", err
	}
	env := &hostapi.Env{
		Settings: &hostapi.Settings{Profile: hub.Profile124, Shared: hostapi.NewShared(nil)}, Log: out, User: user, Hook: hostapi.HookProcess,
		Handshake: &hub.Handshake{Method: "GET", URL: "/tutorsocket_session.html", Host: "portal.example.com", RemoteAddr: "10.0.0.1:1", Header: header},
	}
	run := basescript.NewRun(ctx, basescript.RunConfig{Host: env, Limits: basescript.Limits{Compute: time.Minute, Bytes: 64 << 20}})
	defer run.Close()
	if _, err := run.Exec(program); err != nil {
		return "", err
	}
	for _, line := range out.lines {
		if text, ok := strings.CutPrefix(line, mark); ok {
			return text, nil
		}
		log.Line(line, false)
	}
	return "", fmt.Errorf("the page has not written; log %q", out.lines)
}

// literal is a text as a literal of the dialect.
func literal(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", `\r`, "\n", `\n`).Replace(text) + `"`
}

var teacher = hub.User{ID: "7177256154427237596", Login: "anna", Name: `Анна "Ann" Петрова`, Fields: map[string]string{"code": "007", "email": "a@example.com"}}

func TestThePageAnswers(t *testing.T) {
	const secret = "X-Tutorsocket-Secret: s3cret\r\n"
	const known = `{"id":"7177256154427237596","login":"anna","name":"Анна \"Ann\" Петрова","admin":false,"fields":{"code":"007","email":"a@example.com"}}`
	for name, c := range map[string]struct {
		secret string // in the page
		header string
		after  string // what is changed when the user is known
		user   hub.User
		want   string
	}{
		"a user":                    {"s3cret", secret, "", teacher, known},
		"nobody":                    {"s3cret", secret, "", hub.User{}, `{"id":null}`},
		"an administrator":          {"s3cret", secret, "Request.Session.Env.curUser.access = {access_role: 'admin'};", teacher, strings.Replace(known, `"admin":false`, `"admin":true`, 1)},
		"another role":              {"s3cret", secret, "Request.Session.Env.curUser.access = {access_role: 'hr'};", teacher, known},
		"let in, but not logged in": {"s3cret", secret, "Request.Session.Env.curUserID = null;", teacher, `{"id":null}`},
		"logged in with the id 0":   {"s3cret", secret, "Request.Session.Env.curUserID = 0;", teacher, `{"id":null}`},
		"no record of the user":     {"s3cret", secret, "Request.Session.Env.curUser = null;", teacher, `{"id":"7177256154427237596","admin":false,"fields":{}}`},
		"a header in lower case":    {"s3cret", "accept: */*\r\nx-tutorsocket-secret: s3cret\r\n", "", teacher, known},
		"another secret":            {"s3cret", "X-Tutorsocket-Secret: other\r\n", "", teacher, `{"error":"secret"}`},
		"more than the secret":      {"s3cret", "X-Tutorsocket-Secret: s3cret1\r\n", "", teacher, `{"error":"secret"}`},
		"an empty secret":           {"s3cret", "X-Tutorsocket-Secret: \r\n", "", teacher, `{"error":"secret"}`},
		"no secret":                 {"s3cret", "Accept: */*\r\n", "", teacher, `{"error":"secret"}`},
		"the page as it is shipped": {"", "X-Tutorsocket-Secret: \r\n", "", teacher, `{"error":"secret"}`},
		"a script that fails":       {"s3cret", secret, "delete Request.Session.Env;", teacher, `{"error":"failed"}`},
	} {
		t.Run(name, func(t *testing.T) {
			log := &scriptLog{}
			got, err := play(t.Context(), after(t, installed(t, c.secret), c.after), c.header, c.user, log)
			if got = strings.TrimSpace(got); err != nil || got != c.want {
				t.Errorf("wrote  %s, error %v\nwant   %s", got, err, c.want)
			}
			if failed := c.want == `{"error":"failed"}`; failed != (len(log.lines) == 1 && strings.HasPrefix(log.lines[0], "tutorsocket_session: ")) || !failed && len(log.lines) > 0 {
				t.Errorf("logged %q", log.lines)
			}
		})
	}
}

// TestTheMethodAndThePage: the page, run behind a real HTTP server, and the method understand each other.
func TestTheMethodAndThePage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "header")
	if err := os.WriteFile(file, []byte("X-Tutorsocket-Secret=s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		secret string // in the page
		want   error
	}{"the same secret": {"s3cret", nil}, "another secret": {"changed", auth.ErrUnavailable}} {
		t.Run(name, func(t *testing.T) {
			page, log := installed(t, c.secret), &scriptLog{}
			users := map[string]hub.User{"a": teacher}
			w := newWorld(t, func(cfg *webtutor.Config) { cfg.Header = file })
			w.portal.answer(func(rw http.ResponseWriter, r *http.Request) {
				var header strings.Builder
				_ = r.Header.Write(&header)
				cookie, _ := r.Cookie("SessionID")
				text, err := play(r.Context(), page, header.String(), users[cookie.Value], log)
				if err != nil {
					http.Error(rw, strconv.Quote(err.Error()), http.StatusInternalServerError)
					return
				}
				_, _ = rw.Write([]byte(text))
			})
			if c.want != nil {
				w.refused(handshake("SessionID=a"), c.want)
				if !strings.Contains(w.lines.String(), "compare the secret") {
					t.Errorf("the log says %s", w.lines)
				}
				return
			}
			caller := w.enter("a", teacher.ID)
			if !reflect.DeepEqual(caller.User, teacher) || caller.Services != nil {
				t.Errorf("the user is %+v, want %+v", caller.User, teacher)
			}
			w.refused(handshake("SessionID=b"), auth.ErrUnauthenticated)
		})
	}
}
