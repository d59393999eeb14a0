package servertest

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// Patience is how long anything expected may take. Tests that pass never wait so
// long.
const Patience = time.Minute

// Server is a running server and what it has said.
type Server struct {
	*server.Server
	API   *api.Client
	Lines *Buffer // log lines of scripts
	Log   *Buffer // structured log
	// TLS says how the server is believed; nil if it does not encrypt.
	TLS *tls.Config
}

// Option changes the server to start.
type Option func(t testing.TB, cfg *server.Config)

// App serves an app of these files: path in the app folder to text.
func App(files map[string]string) Option {
	return func(t testing.TB, cfg *server.Config) {
		cfg.Settings.App = WriteFiles(t, files)
	}
}

// AppDir serves the app in a folder, "" the embedded sample, which is the default.
func AppDir(dir string) Option {
	return func(_ testing.TB, cfg *server.Config) { cfg.Settings.App = dir }
}

// Settings changes settings.
func Settings(change func(*config.Config)) Option {
	return func(_ testing.TB, cfg *server.Config) { change(&cfg.Settings) }
}

// Production starts a server where users log in: with the settings that serve has when nobody says anything.
func Production(change func(*config.Config)) Option {
	return func(_ testing.TB, cfg *server.Config) {
		listen, data, app := cfg.Settings.Listen, cfg.Settings.Data, cfg.Settings.App
		cfg.Production, cfg.Settings = true, config.Default()
		cfg.Settings.Listen, cfg.Settings.Data, cfg.Settings.App = listen, data, app
		change(&cfg.Settings)
	}
}

// Profile chooses the version of the original to behave like.
func Profile(name string) Option {
	return func(t testing.TB, cfg *server.Config) {
		loaded, err := config.Load(config.Sources{Flags: map[string][]string{"datex_version": {name}}})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Settings.DatexVersion, cfg.Settings.Queue.Profile = loaded.DatexVersion, loaded.Queue.Profile
	}
}

// Start starts a server and stops it when the test ends. It fails the test if
// that does not work.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, err := TryStart(t, options...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TryStart is Start for tests of servers that may not start.
func TryStart(t testing.TB, options ...Option) (*Server, error) {
	t.Helper()
	s := &Server{Lines: &Buffer{}, Log: &Buffer{}}
	cfg := server.Config{
		Settings: config.DevDefault(),
		Version:  "test",
		Logger:   slog.New(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Lines:    s.Lines,
	}
	cfg.Settings.Listen = "127.0.0.1:0"
	cfg.Settings.Data = filepath.Join(t.TempDir(), "data")
	for _, option := range options {
		option(t, &cfg)
	}
	started, err := server.Start(t.Context(), cfg)
	if err != nil {
		return nil, err
	}
	s.Server = started
	t.Cleanup(func() { s.Stop(t) })
	if _, encrypted := started.Encrypted(); encrypted {
		s.TLS = tlscert.TrustLocal(s.DataDir())
	}
	s.API, err = api.NewClient(s.URL(), s.Token())
	if err != nil {
		return nil, err
	}
	s.API.WithTLS(s.TLS)
	return s, nil
}

// Stop closes the server now. The end of the test does it otherwise.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("stop the server: %v", err)
	}
}

// Ask sends a request with the admin token and returns the answer and its body.
// headers are names and values by turns; an empty value removes a header.
func (s *Server) Ask(t testing.TB, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true // nothing is to be left over when the test ends
	req.Header.Set("Authorization", "Bearer "+s.Token())
	for i := 0; i+1 < len(headers); i += 2 {
		switch name, value := headers[i], headers[i+1]; {
		case name == "Host":
			req.Host = value
		case value == "":
			req.Header.Del(name)
		default:
			req.Header.Set(name, value)
		}
	}
	transport := http.DefaultTransport.(*http.Transport)
	if s.TLS != nil {
		transport = &http.Transport{TLSClientConfig: s.TLS}
	}
	resp, err := transport.RoundTrip(req) // redirects are answers
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// WriteFiles writes files into a new folder that lasts as long as the test.
func WriteFiles(t testing.TB, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		WriteFile(t, filepath.Join(dir, filepath.FromSlash(name)), text)
	}
	return dir
}

// WriteFile writes a file and the folders it is in.
func WriteFile(t testing.TB, name, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Buffer keeps what is written to it, from any goroutine.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{} // closed by the next write; nil while nobody waits
}

// Write never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news != nil {
		close(b.news)
		b.news = nil
	}
	return b.text.Write(p)
}

// String returns everything so far.
func (b *Buffer) String() string {
	text, _ := b.read()
	return text
}

func (b *Buffer) read() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.news == nil {
		b.news = make(chan struct{})
	}
	return b.text.String(), b.news
}

// Expect waits until the text is there.
func (b *Buffer) Expect(t testing.TB, part string) {
	t.Helper()
	patience := time.After(Patience)
	for {
		text, news := b.read()
		if strings.Contains(text, part) {
			return
		}
		select {
		case <-news:
		case <-patience:
			t.Fatalf("%q did not come; there is:\n%s", part, text)
		}
	}
}
