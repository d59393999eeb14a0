package jwt

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// Method lets in who brings a token that counts. It is an [auth.Method], safe for concurrent use.
type Method struct {
	cfg  Config
	keys *keyring
}

// New returns a method with the keys of its files. The error says all that is wrong with the settings or the
// files. Keys of jwks_url are not there yet: [Method.Run] fetches them, or the first token that needs them. A nil logger
// logs nothing.
func New(cfg Config, logger *slog.Logger) (*Method, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	cfg = cfg.withDefaults()
	m := &Method{cfg: cfg, keys: newKeyring(cfg, logger)}
	if err := m.keys.start(); err != nil {
		return nil, err
	}
	return m, nil
}

// Run keeps the keys fresh until ctx ends; then it returns nil. Keys that cannot be read are tried again every
// half a minute, or on the interval if that is shorter.
func (m *Method) Run(ctx context.Context) error {
	for {
		pause := m.cfg.Refresh
		if !m.keys.readAll(ctx) {
			pause = min(pause, retryPause)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// Authenticate judges the token that a request brings, as [auth.Method] says. The token may be in the header
// Authorization (Bearer), the query parameter access_token, a subprotocol bearer.<jwt> or the cookie that the settings
// name. The lease of the caller ends when the token expires.
func (m *Method) Authenticate(r *http.Request) (auth.Caller, error) {
	token, err := m.find(r)
	if err != nil {
		return auth.Caller{}, err
	}
	return m.judge(r.Context(), token)
}

// Renew judges a token that came in a message, to go on with when another one expires. It returns whom the token names,
// with a lease of its own; that this is the user of the socket is for the caller to see. Errors are those of
// Authenticate, without auth.ErrNoCredentials and auth.ErrForbidden.
func (m *Method) Renew(ctx context.Context, token string) (auth.Caller, error) {
	if token == "" {
		return auth.Caller{}, fmt.Errorf("%w: the token is missing", auth.ErrUnauthenticated)
	}
	return m.judge(ctx, token)
}
