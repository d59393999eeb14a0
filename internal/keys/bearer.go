package keys

import (
	"net/http"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// Bearers knows who may use the HTTP API: the bearer of the admin token, and those of keys.
type Bearers struct {
	Admin *auth.Admin
	Keys  *Store
}

// Authenticate returns what the bearer token of a request lets its caller do. Errors: those of
// [Store.Check]; [ErrNoKey] also for a request without a token.
func (b Bearers) Authenticate(r *http.Request) (Grant, error) {
	if b.Admin.CheckBearer(r) {
		return AdminGrant(), nil
	}
	token, ok := auth.BearerToken(r)
	if !ok {
		return Grant{}, ErrNoKey
	}
	key, err := b.Keys.Check(r.Context(), token)
	if err != nil {
		return Grant{}, err
	}
	return key.Grant(), nil
}
