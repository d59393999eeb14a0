package jwt_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
)

// publisher is an identity provider's server of keys.
type publisher struct {
	*httptest.Server

	mu     sync.Mutex
	answer http.HandlerFunc
	count  int
}

// newPublisher starts one that answers with a set of keys.
func newPublisher(t *testing.T, set string) *publisher {
	t.Helper()
	p := &publisher{}
	p.publish(set)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.count++
		answer := p.answer
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) does(answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *publisher) publish(set string) {
	p.does(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, set) })
}

func (p *publisher) fails() {
	p.does(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusBadGateway) })
}

func (p *publisher) fetches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// clock is one that tests set.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanos.Store(time.Now().UnixNano())
	return c
}

func (c *clock) now() time.Time           { return time.Unix(0, c.nanos.Load()) }
func (c *clock) forward(by time.Duration) { c.nanos.Add(int64(by)) }

func fromPublisher(p *publisher, c *clock) jwt.Config {
	return jwt.Config{JWKSURL: p.URL + "/keys", Issuer: issuer, Audience: []string{audience}, Clock: c.now}
}

// signer signs tokens with a key id, that count for a month.
type signer struct {
	id  string
	key *ecdsa.PrivateKey
}

func newSigner(id string) signer {
	return signer{id, made(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
}

func (s signer) jwk() object { return jwk(s.key.Public(), object{"kid": s.id}) }

func (s signer) token() string {
	long := claims().with(object{"exp": time.Now().Add(30 * 24 * time.Hour).Unix()})
	return forge(object{"alg": "ES256", "kid": s.id}, long, signsEC(s.key))
}

func expect(t *testing.T, m *jwt.Method, s signer, want error) {
	t.Helper()
	if _, err := m.Authenticate(bearing(s.token())); !errors.Is(err, want) {
		t.Errorf("a token of the key %s: error %v, want %v", s.id, err, want)
	}
}

func TestKeysAreRotated(t *testing.T) {
	old, next := newSigner("2026-10"), newSigner("2026-11")
	p, c := newPublisher(t, set(old.jwk())), newClock()
	m := method(t, fromPublisher(p, c))

	expect(t, m, old, nil) // the first token has the keys fetched
	expect(t, m, old, nil)
	if n := p.fetches(); n != 1 {
		t.Errorf("%d fetches for two tokens of one key", n)
	}
	c.forward(11 * time.Second)
	p.publish(set(old.jwk(), next.jwk()))
	expect(t, m, next, nil) // at once
	expect(t, m, old, nil)
	if n := p.fetches(); n != 2 {
		t.Errorf("%d fetches after the key was new", n)
	}

	// The old key goes. Nobody asks for it, so it counts until the keys are read again.
	p.publish(set(next.jwk()))
	expect(t, m, old, nil)
	c.forward(11 * time.Second)
	expect(t, m, newSigner("unknown"), auth.ErrUnauthenticated)
	expect(t, m, old, auth.ErrUnauthenticated)
	expect(t, m, next, nil)
}

// TestTheOnlyKeyIsTakenOut: a set that says that there are no keys is believed, and so is the next one.
func TestTheOnlyKeyIsTakenOut(t *testing.T) {
	stolen, next := newSigner("stolen"), newSigner("next")
	p, c := newPublisher(t, set(stolen.jwk())), newClock()
	var log bytes.Buffer
	m, err := jwt.New(fromPublisher(p, c), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, m, stolen, nil)
	p.publish(`{"keys":[]}`)
	c.forward(11 * time.Second)
	expect(t, m, next, auth.ErrUnauthenticated)
	expect(t, m, stolen, auth.ErrUnauthenticated)
	if !strings.Contains(log.String(), "the set is empty") {
		t.Errorf("the log says nothing:\n%s", log.String())
	}
	c.forward(11 * time.Second)
	p.publish(set(next.jwk()))
	expect(t, m, next, nil)
	expect(t, m, stolen, auth.ErrUnauthenticated)
}

// TestAFloodOfInventedKeys: tokens with key ids that nobody has do not become requests to the publisher.
func TestAFloodOfInventedKeys(t *testing.T) {
	known, unknown := newSigner("known"), newSigner("")
	p, c := newPublisher(t, set(known.jwk())), newClock()
	m := method(t, fromPublisher(p, c))
	expect(t, m, known, nil)
	c.forward(time.Minute)
	var flood sync.WaitGroup
	for i := range 50 {
		text := signer{fmt.Sprint("invented ", i), unknown.key}.token()
		flood.Go(func() {
			if _, err := m.Authenticate(bearing(text)); !errors.Is(err, auth.ErrUnauthenticated) || !strings.Contains(err.Error(), "there is no key \"invented ") {
				t.Errorf("error %v", err)
			}
		})
	}
	flood.Wait()
	if n := p.fetches(); n != 2 {
		t.Errorf("%d fetches, one of them for the flood was right", n)
	}
	for range 3 {
		c.forward(11 * time.Second)
		expect(t, m, signer{"invented", unknown.key}, auth.ErrUnauthenticated)
		expect(t, m, signer{"invented too", unknown.key}, auth.ErrUnauthenticated)
	}
	if n := p.fetches(); n != 5 {
		t.Errorf("%d fetches after three pauses, want one each", n)
	}
	// HS256 is never a reason: no secret is published.
	c.forward(time.Minute)
	if _, err := m.Authenticate(bearing(token("HS256", claims()))); !errors.Is(err, auth.ErrUnauthenticated) || p.fetches() != 5 {
		t.Errorf("error %v, %d fetches", err, p.fetches())
	}
}

// TestOutage: the keys that were there go on to count, for a day; what only new keys could say is not known.
func TestOutage(t *testing.T) {
	old, next := newSigner("old"), newSigner("next")
	p, c := newPublisher(t, set(old.jwk())), newClock()
	p.fails()
	var log bytes.Buffer
	cfg := fromPublisher(p, c)
	cfg.JWKSURL += "?secret=1"
	m, err := jwt.New(cfg, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, m, old, auth.ErrUnavailable) // it was down when the server started
	c.forward(11 * time.Second)
	p.publish(set(old.jwk()))
	expect(t, m, old, nil)

	p.fails()
	c.forward(11 * time.Second)
	expect(t, m, next, auth.ErrUnavailable)
	expect(t, m, next, auth.ErrUnavailable) // in the pause as well
	expect(t, m, old, nil)
	c.forward(23 * time.Hour)
	expect(t, m, old, nil)
	c.forward(2 * time.Hour)
	expect(t, m, old, auth.ErrUnavailable)

	c.forward(11 * time.Second)
	p.publish(set(next.jwk()))
	expect(t, m, next, nil)
	expect(t, m, old, auth.ErrUnauthenticated)

	if n := strings.Count(log.String(), "keys for tokens cannot be read"); n != 2 {
		t.Errorf("%d records of two outages:\n%s", n, log.String())
	}
	if n := strings.Count(log.String(), `msg="keys for tokens read"`); n != 2 {
		t.Errorf("%d records of the keys being there again:\n%s", n, log.String())
	}
	for _, secret := range []string{"secret=1", strings.Split(old.token(), ".")[2][:20]} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "/keys: answers 502") {
		t.Errorf("the log does not say what is wrong:\n%s", log.String())
	}
}

// TestClosedPort: nobody listens there at all.
func TestClosedPort(t *testing.T) {
	s := newSigner("k")
	p, c := newPublisher(t, set(s.jwk())), newClock()
	m := method(t, fromPublisher(p, c))
	expect(t, m, s, nil)
	p.Close()
	c.forward(time.Minute)
	expect(t, m, newSigner("other"), auth.ErrUnavailable)
	expect(t, m, s, nil)
}

// TestAnswersThatAreNoKeys: each leaves the keys as they were.
func TestAnswersThatAreNoKeys(t *testing.T) {
	good, attacker := newSigner("good"), newSigner("attacker")
	private := jwk(attacker.key.Public(), object{"kid": "attacker", "d": base64.RawURLEncoding.EncodeToString(made(attacker.key.Bytes()))})
	weak := jwk(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(3), 1022), E: 65537}, object{"kid": "attacker"})
	elsewhere := newPublisher(t, set(attacker.jwk()))
	hang := make(chan struct{})
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string // in the log
	}{
		"a page":         {says("<html>"), "is not a set of keys"},
		"no set":         {says(`[]`), "is not a set of keys"},
		"no keys":        {says(`{}`), "holds no key for"},
		"keys are null":  {says(`{"keys":null}`), "holds no key for"},
		"a null key":     {says(`{"keys":[null]}`), "holds no key for"},
		"keys twice":     {says(`{"keys":[],"keys":[` + strings.TrimSuffix(strings.TrimPrefix(set(attacker.jwk()), `{"keys":[`), `]}`) + `]}`), "is not a set of keys"},
		"too long":       {says(strings.Repeat(" ", 256<<10) + set(attacker.jwk())), "is longer than 262144 bytes"},
		"too many":       {says(set(many(attacker.jwk(), 65)...)), "holds 65 keys"},
		"a secret":       {says(set(jwk(hmacKey, object{"kid": "attacker"}))), "it is a secret"},
		"a private key":  {says(set(private)), "it is private"},
		"a weak key":     {says(set(weak)), "an RSA key of 1024 bits"},
		"another curve":  {says(set(jwk(made(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).Public(), nil))), "on the curve P-384"},
		"for encryption": {says(set(attacker.jwk().with(object{"use": "enc"}))), "holds no key for"},
		"not found":      {http.NotFound, "answers 404"},
		"a redirection":  {http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP, "redirects (302 Found) to"},
		"no answer":      {func(_ http.ResponseWriter, r *http.Request) { wait(r, hang) }, "did not answer within 250ms"},
		"a slow answer": {func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"keys":[`)
			w.(http.Flusher).Flush()
			wait(r, hang)
		}, "did not answer within 250ms"},
		"a broken answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, set(attacker.jwk())[:100])
		}, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			p, now := newPublisher(t, set(good.jwk())), newClock()
			cfg := fromPublisher(p, now)
			cfg.Timeout = 250 * time.Millisecond
			var log bytes.Buffer
			m, err := jwt.New(cfg, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, m, good, nil)
			p.does(c.answer)
			now.forward(11 * time.Second)
			expect(t, m, attacker, auth.ErrUnavailable)
			expect(t, m, good, nil)
			if !strings.Contains(log.String(), c.want) {
				t.Errorf("the log does not say %q:\n%s", c.want, log.String())
			}
		})
	}
	close(hang)
	if n := elsewhere.fetches(); n != 0 {
		t.Errorf("a redirection was followed %d times", n)
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// wait holds an answer back until the client is gone or the test over.
func wait(r *http.Request, over chan struct{}) {
	select {
	case <-over:
	case <-r.Context().Done():
	}
}

func many(key object, n int) (keys []object) {
	for range n {
		keys = append(keys, key)
	}
	return keys
}

// TestBadKeysAmongGoodOnes: they are left out and told once.
func TestBadKeysAmongGoodOnes(t *testing.T) {
	good := newSigner("good")
	p, c := newPublisher(t, set(jwk(hmacKey, object{"kid": "secret"}), good.jwk(), object{"kty": "RSA", "n": "AQ"}, object{"kty": "new"})), newClock()
	var log bytes.Buffer
	m, err := jwt.New(fromPublisher(p, c), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, m, good, nil)
	c.forward(time.Minute)
	expect(t, m, newSigner("other"), auth.ErrUnauthenticated)
	if n := strings.Count(log.String(), "a key for tokens left out"); n != 2 || p.fetches() != 2 {
		t.Errorf("%d records of two keys in %d readings:\n%s", n, p.fetches(), log.String())
	}
	signed := forge(object{"alg": "HS256", "kid": "secret"}, claims(), signsHMAC(hmacKey))
	if _, err := m.Authenticate(bearing(signed)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a secret that everybody can read signs: %v", err)
	}
}

// TestAClientThatLeaves: one who asks for new keys and goes does not keep others from them.
func TestAClientThatLeaves(t *testing.T) {
	s := newSigner("k")
	p, c := newPublisher(t, ""), newClock()
	asked, answer := make(chan struct{}), make(chan struct{})
	p.does(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		fmt.Fprint(w, set(s.jwk()))
	})
	m := method(t, fromPublisher(p, c))
	ctx, leave := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := m.Authenticate(bearing(s.token()).WithContext(ctx)); err != nil {
			t.Errorf("who has left gets %v", err)
		}
	})
	<-asked
	leave()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Renew(gone, s.token()); !errors.Is(err, auth.ErrUnavailable) {
		t.Errorf("who does not wait gets %v", err)
	}
	both.Go(func() { expect(t, m, s, nil) })
	close(answer)
	both.Wait()
	if n := p.fetches(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// TestRun: keys are read again on the interval, those of files too, and sooner after a failure.
func TestRun(t *testing.T) {
	old, next := newSigner("old"), newSigner("next")
	p := newPublisher(t, set(old.jwk()))
	secretFile := file(t, string(hmacKey))
	m := method(t, jwt.Config{JWKSURL: p.URL, SecretFile: secretFile, Refresh: 5 * time.Millisecond, Issuer: issuer, Audience: []string{audience}})
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()

	eventually(t, func() bool { return p.fetches() > 1 })
	p.fails()
	n := p.fetches()
	eventually(t, func() bool { return p.fetches() > n+1 })
	expect(t, m, old, nil)
	p.publish(set(next.jwk()))
	eventually(t, func() bool {
		_, err := m.Authenticate(bearing(old.token()))
		return errors.Is(err, auth.ErrUnauthenticated)
	})
	expect(t, m, next, nil)

	another := []byte("another secret of more than 32 bytes")
	if err := os.WriteFile(secretFile, another, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		_, err := m.Authenticate(bearing(forge(object{"alg": "HS256"}, claims(), signsHMAC(another))))
		return err == nil
	})
	if _, err := m.Authenticate(bearing(token("HS256", claims()))); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("the old secret: %v", err)
	}
	stop()
	if err := <-ran; err != nil {
		t.Errorf("Run ended with %v", err)
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that")
		}
	}
}

// TestSetInAFile: it is read at once when a token names a key that is new there.
func TestSetInAFile(t *testing.T) {
	old, next := newSigner("old"), newSigner("next")
	c, name := newClock(), file(t, set(old.jwk()))
	m := method(t, jwt.Config{JWKSFile: name, Issuer: issuer, Audience: []string{audience}, Clock: c.now})
	expect(t, m, old, nil)
	expect(t, m, next, auth.ErrUnauthenticated)
	if err := os.WriteFile(name, []byte(set(next.jwk())), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, m, next, auth.ErrUnauthenticated) // it was read a moment ago
	c.forward(11 * time.Second)
	expect(t, m, next, nil)
	expect(t, m, old, auth.ErrUnauthenticated)
	if err := os.WriteFile(name, []byte("{"), 0o600); err != nil { // half written
		t.Fatal(err)
	}
	c.forward(11 * time.Second)
	expect(t, m, old, auth.ErrUnavailable)
	expect(t, m, next, nil)
}
