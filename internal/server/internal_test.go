package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// TestAClientThatReadsNothingIsGivenUp: a stream to it fails, and what comes
// later on a connection is not held to the deadline of what came before.
func TestAClientThatReadsNothingIsGivenUp(t *testing.T) {
	failed := make(chan error, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := bounded(w, 250*time.Millisecond)
		if r.URL.Path == "/short" {
			_, _ = io.WriteString(b, "short")
			return
		}
		for block := make([]byte, 64<<10); ; {
			if _, err := b.Write(block); err != nil {
				failed <- err
				return
			}
		}
	}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-failed:
	case <-time.After(time.Minute):
		t.Fatal("the handler is still writing")
	}
	for range 2 {
		resp, err := s.Client().Get(s.URL + "/short")
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "short" {
			t.Errorf("%s, error %v", body, err)
		}
		resp.Body.Close()
		time.Sleep(300 * time.Millisecond) // the deadline of the first answer passes on the idle connection
	}
}

func TestWaitTellsWhatKeepsTheServerFromGoingOn(t *testing.T) {
	settings := config.Default()
	settings.Listen, settings.Data = "127.0.0.1:0", t.TempDir()
	s, err := Start(t.Context(), Config{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(context.Background()) }()
	broken := errors.New("the listener broke")
	s.fail(broken)
	s.fail(errors.New("what follows from it"))
	if err := s.Wait(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestRunsThatCannotBegin(t *testing.T) {
	e := engine.New(engine.Config{}, engine.Deps{Apps: func() *app.Snapshot { return &app.Snapshot{} }, Logs: logs.New(logs.Config{}, nil, nil)})
	if _, err := (runner{e, new(phase)}).Start(t.Context(), api.Run{Agent: "none"}); !errors.Is(err, api.ErrNoAgent) {
		t.Errorf("an unknown agent gives %v", err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := (runner{e, new(phase)}).Start(t.Context(), api.Run{Source: "1"}); !errors.Is(err, api.ErrStopping) {
		t.Errorf("an engine that was closed gives %v", err)
	}
}

func TestUsersThatScriptsName(t *testing.T) {
	for id, admin := range map[string]bool{"6148914691236517121": true, "42": false, "not an id": false} {
		if u := knownUser(id); u.ID != id || u.Admin != admin {
			t.Errorf("%s: %+v", id, u)
		}
	}
}

func TestTheStoreSyncsAsItIsTold(t *testing.T) {
	for name, want := range map[string]config.Sync{"always": {Always: true}, "at times": {Interval: 3 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			s, err := openEmbedded(t.TempDir(), want, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			got := s.server.JetStreamConfig()
			if got.SyncAlways != want.Always || want.Interval != 0 && got.SyncInterval != want.Interval {
				t.Errorf("always %v, every %v", got.SyncAlways, got.SyncInterval)
			}
			if s.server.Addr() != nil {
				t.Errorf("it listens on %v", s.server.Addr())
			}
		})
	}
}

// TestABodyNobodyReadsMustEnd: the answer does not wait for ever for a body that comes byte by byte, or
// not at all.
func TestABodyNobodyReadsMustEnd(t *testing.T) {
	s := httptest.NewServer(hastenBodies(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}), 50*time.Millisecond))
	defer s.Close()
	for _, length := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // only ends a test that fails
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\n"+length+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401 ") {
			t.Errorf("%s: %q, error %v", length, answer, err)
		}
	}
}
