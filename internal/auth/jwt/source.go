package jwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// maxKeys is the largest file or answer with keys that is read, in bytes.
	maxKeys = 256 << 10
	// askPause is the least time between two readings of keys that tokens ask for: who sends tokens with
	// invented key ids must not make this server a flood for another.
	askPause = 10 * time.Second
	// retryPause is how soon keys that could not be read are tried again.
	retryPause = 30 * time.Second
)

// source is one place where keys come from, and what came from there last.
type source struct {
	name    string // its setting and place, for errors and records
	remote  bool   // it may be away when the server starts
	rotates bool   // keys come and go there: an unknown key id is a reason to look
	secrets bool   // keys for HS256 may come from there
	load    func(ctx context.Context) (keys []key, doubts []string, err error)

	reading chan struct{} // holds one while keys are being read

	mu     sync.Mutex // guards what follows
	keys   []key
	loaded time.Time // when they were read; zero: never
	asked  time.Time // when a token last had them read; zero: never
	err    error     // of the last reading
	doubts []string  // of the last reading that worked
}

// keyring is all sources together.
type keyring struct {
	sources []*source
	clock   func() time.Time
	keep    time.Duration
	logger  *slog.Logger
}

func newKeyring(cfg Config, logger *slog.Logger) *keyring {
	r := &keyring{clock: cfg.Clock, keep: cfg.KeepKeys, logger: logger}
	add := func(s *source) {
		s.reading = make(chan struct{}, 1)
		r.sources = append(r.sources, s)
	}
	plain := func(parse func([]byte) ([]key, error)) func([]byte) ([]key, []string, error) {
		return func(text []byte) ([]key, []string, error) {
			keys, err := parse(text)
			return keys, nil, err
		}
	}
	if cfg.SecretFile != "" {
		add(&source{name: "secret_file " + cfg.SecretFile, secrets: true, load: fromFile(cfg.SecretFile, plain(parseSecret))})
	}
	for _, name := range cfg.KeyFiles {
		add(&source{name: "key_files " + name, load: fromFile(name, plain(parsePublic))})
	}
	if cfg.JWKSFile != "" {
		parse := func(text []byte) ([]key, []string, error) { return parseSet(text, true) }
		add(&source{name: "jwks_file " + cfg.JWKSFile, rotates: true, secrets: true, load: fromFile(cfg.JWKSFile, parse)})
	}
	if cfg.JWKSURL != "" {
		add(&source{name: "jwks_url " + plainAddress(cfg.JWKSURL), remote: true, rotates: true, load: fromURL(cfg.JWKSURL, cfg.Timeout)})
	}
	return r
}

// start reads the files, each of which must be there.
func (r *keyring) start() error {
	var wrong []error
	for _, s := range r.sources {
		if s.remote {
			continue
		}
		if err := r.read(context.Background(), s); err != nil {
			wrong = append(wrong, s.named(err))
		}
	}
	return errors.Join(wrong...)
}

// find returns the keys that a token may have been signed with. sure is false if others may turn up when
// sources are read again: if none has the id that the token names.
func (r *keyring) find(alg jose.SignatureAlgorithm, id string) (keys []key, sure bool) {
	oldest := r.clock().Add(-r.keep)
	for _, s := range r.sources {
		s.mu.Lock()
		if s.err == nil || !s.loaded.Before(oldest) {
			for _, k := range s.keys {
				if k.fits(alg, id) {
					keys = append(keys, k)
					sure = sure || k.id == id
				}
			}
		}
		s.mu.Unlock()
	}
	return keys, sure || id == "" && len(keys) > 0
}

// away reports whether a source that may have keys for an algorithm could not be read.
func (r *keyring) away(alg jose.SignatureAlgorithm) bool {
	return slices.ContainsFunc(r.sources, func(s *source) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return (s.err != nil || s.loaded.IsZero()) && (s.secrets || alg != jose.HS256)
	})
}

// ask has sources read again where keys for an algorithm may have turned up, unless a token has done so a moment
// ago, and waits until that is done or ctx ends.
func (r *keyring) ask(ctx context.Context, alg jose.SignatureAlgorithm) {
	for _, s := range r.sources {
		if !s.rotates || alg == jose.HS256 && !s.secrets {
			continue
		}
		select {
		case s.reading <- struct{}{}: // who has waited for another reading finds that it has been done a moment ago
		case <-ctx.Done():
			return
		}
		if s.mayAsk(r.clock()) {
			// A client that goes away must not end what others wait for.
			r.read(context.WithoutCancel(ctx), s)
		}
		<-s.reading
	}
}

// mayAsk reports whether a token may have the source read now, and takes it that it does.
func (s *source) mayAsk(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked.IsZero() && now.Sub(s.asked) < askPause {
		return false
	}
	s.asked = now
	return true
}

// readAll reads all sources again and reports whether all could be read.
func (r *keyring) readAll(ctx context.Context) bool {
	all := true
	for _, s := range r.sources {
		select {
		case s.reading <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		all = r.read(ctx, s) == nil && all
		<-s.reading
	}
	return all
}

// read reads a source. If it cannot be read its keys stay as they were. What changes is recorded. The caller holds
// s.reading.
func (r *keyring) read(ctx context.Context, s *source) error {
	keys, doubts, err := s.load(ctx)
	if err != nil && ctx.Err() != nil {
		return err // nobody wants to know any more; it says nothing about the source
	}
	s.mu.Lock()
	before, known, had := s.err, s.doubts, !s.loaded.IsZero()
	if s.err = err; err == nil {
		s.keys, s.doubts, s.loaded = keys, doubts, r.clock()
	}
	s.mu.Unlock()
	switch {
	case err != nil && before == nil:
		r.logger.Warn("keys for tokens cannot be read", "error", s.named(err))
	case err == nil && (before != nil || !had):
		r.logger.Info("keys for tokens read", "text", s.name, "count", len(keys))
	}
	if err == nil && !slices.Equal(doubts, known) {
		for _, doubt := range doubts {
			r.logger.Warn("a key for tokens left out", "text", s.name, "reason", doubt)
		}
	}
	return err
}

// named says which source an error is about.
func (s *source) named(err error) error { return fmt.Errorf("%s: %w", s.name, err) }

// fromFile loads the keys of a file.
func fromFile(name string, parse func([]byte) ([]key, []string, error)) func(context.Context) ([]key, []string, error) {
	return func(context.Context) ([]key, []string, error) {
		text, err := readKeyFile(name)
		if err != nil {
			return nil, nil, err
		}
		return parse(text)
	}
}

// readKeyFile reads a file whole if it may be one with keys.
func readKeyFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	text, err := readAtMost(f, maxKeys)
	if err != nil {
		return nil, withoutPath(err)
	}
	return text, nil
}

// withoutPath is the error of a file without its name, which is said already.
func withoutPath(err error) error {
	var of *os.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

func readAtMost(from io.Reader, most int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, int64(most)+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > most:
		return nil, fmt.Errorf("is longer than %d bytes: that is no set of keys", most)
	}
	return text, nil
}

// fromURL loads the keys that a server publishes. The server has so long to answer; no redirection is followed, for
// it may lead anywhere.
func fromURL(address string, timeout time.Duration) func(context.Context) ([]key, []string, error) {
	client := &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    timeout,
			MaxResponseHeaderBytes: 64 << 10,
			DisableKeepAlives:      true, // the next request is an hour away
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) ([]key, []string, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		text, err := fetch(ctx, client, address)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, nil, fmt.Errorf("did not answer within %v", timeout)
		} else if err != nil {
			return nil, nil, err
		}
		keys, doubts, err := parseSet(text, false)
		if errors.Is(err, errEmptySet) {
			// Whoever has lost the only key to a thief takes it out: this is no outage that the last keys bridge.
			return nil, []string{"the set is empty, so none of its tokens counts"}, nil
		}
		return keys, doubts, err
	}
}

func fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, withoutAddress(err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := client.Do(req)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return nil, fmt.Errorf("redirects (%s) to %s; if that is right, set jwks_url to it", resp.Status, shown(plainAddress(resp.Header.Get("Location"))))
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("answers %s", resp.Status)
	}
	return readAtMost(resp.Body, maxKeys)
}

// withoutAddress is the error of a request without its address, whose query may be secret.
func withoutAddress(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// plainAddress is an address for others to see.
func plainAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
	return u.String()
}
