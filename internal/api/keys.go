package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

// Keys are the API keys; *keys.Store has these methods.
type Keys interface {
	Create(ctx context.Context, n keys.New) (key keys.Key, token string, err error)
	List(ctx context.Context) ([]keys.Key, error)
	Revoke(ctx context.Context, id, by string) error
}

// Key is an API key without its secret.
type Key struct {
	ID         string     `json:"id" doc:"Names the key. It stands in its token, and is no secret."`
	Name       string     `json:"name" doc:"What it is for, as who made it said."`
	Scopes     []string   `json:"scopes" nullable:"false" enum:"read,send,run,admin" doc:"What it may do; admin includes the others."`
	CreatedAt  time.Time  `json:"created_at" doc:"When it was made."`
	CreatedBy  string     `json:"created_by" doc:"Who made it: admin, with the admin token, or key:<id>, with that key."`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"When its time is over; absent: never."`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"When it was used last, to ten minutes; absent: never."`
}

// NewKey is an API key to make.
type NewKey struct {
	Name   string   `json:"name" minLength:"1" maxLength:"100" doc:"What the key is for, for people: visible characters and blanks."`
	Scopes []string `json:"scopes" nullable:"false" minItems:"1" maxItems:"4" enum:"read,send,run,admin" doc:"What it may do; admin includes the others."`
	TTL    int64    `json:"ttl,omitempty" minimum:"1" maximum:"3153600000" doc:"Seconds it lives; without it, it never expires."`
}

// CreatedKey is a key just made.
type CreatedKey struct {
	Key
	Token string `json:"token" doc:"What a request carries: Authorization: Bearer <token>. It is told once."`
}

func keyOf(k keys.Key) Key {
	told := Key{ID: k.ID, Name: k.Name, Scopes: []string{}, CreatedAt: k.CreatedAt, CreatedBy: k.CreatedBy}
	for _, s := range k.Scopes {
		told.Scopes = append(told.Scopes, string(s))
	}
	if !k.ExpiresAt.IsZero() {
		told.ExpiresAt = &k.ExpiresAt
	}
	if !k.LastUsedAt.IsZero() {
		told.LastUsedAt = &k.LastUsedAt
	}
	return told
}

func (h *handler) registerKeys(router huma.API) {
	huma.Register(router, telling[List[Key]](router, h.operation("list-keys", http.MethodGet, "/keys", "API keys, the oldest first", http.StatusOK)), h.listKeys)
	huma.Register(router, h.operation("create-key", http.MethodPost, "/keys", "Make an API key", http.StatusCreated, http.StatusConflict), h.createKey)
	huma.Register(router, h.operation("revoke-key", http.MethodDelete, "/keys/{id}", "Revoke an API key", http.StatusNoContent, http.StatusNotFound), h.revokeKey)
}

func (h *handler) listKeys(ctx context.Context, in *PageQuery) (*told, error) {
	list, err := h.Keys.List(ctx)
	if err != nil {
		return nil, keyProblem(err, "")
	}
	items := make([]Key, 0, len(list))
	for _, k := range list {
		items = append(items, keyOf(k))
	}
	// In the order of the list, which is that of their ages.
	page, err := pageOf("keys", items, func(k Key) string { return fmt.Sprintf("%016x-%s", k.CreatedAt.UnixMilli(), k.ID) }, *in)
	if err != nil {
		return nil, err
	}
	return &told{page}, nil
}

func (h *handler) createKey(ctx context.Context, in *struct{ Body NewKey }) (*answer[CreatedKey], error) {
	n := keys.New{Name: in.Body.Name, TTL: time.Duration(in.Body.TTL) * time.Second, By: callerOf(ctx)}
	for _, s := range in.Body.Scopes {
		n.Scopes = append(n.Scopes, keys.Scope(s))
	}
	key, token, err := h.Keys.Create(ctx, n)
	if err != nil {
		return nil, keyProblem(err, "")
	}
	return &answer[CreatedKey]{CreatedKey{keyOf(key), token}}, nil
}

func (h *handler) revokeKey(ctx context.Context, in *idPath) (*struct{}, error) {
	if err := h.Keys.Revoke(ctx, in.ID, callerOf(ctx)); err != nil {
		return nil, keyProblem(err, in.ID)
	}
	return nil, nil
}

// keyProblem translates errors of [Keys]; id is the key the request is about.
func keyProblem(err error, id string) error {
	switch {
	case errors.Is(err, keys.ErrNotFound):
		if own, whole := keys.IDOf(id); whole {
			return problem(http.StatusNotFound, "A key is revoked by its id, which is the part between the underscores: %s. Leave the secret out.", own)
		}
		return problem(http.StatusNotFound, "There is no key with the id %q. GET %s/keys lists them.", shorten(id), Base)
	case errors.Is(err, keys.ErrBadName):
		return at(problem(http.StatusUnprocessableEntity, "The name cannot be taken."), "body.name", err.Error(), nil)
	case errors.Is(err, keys.ErrBadScope):
		return at(problem(http.StatusUnprocessableEntity, "The scopes cannot be taken."), "body.scopes", err.Error(), nil)
	case errors.Is(err, keys.ErrBadTTL):
		return at(problem(http.StatusUnprocessableEntity, "The key cannot live so long."), "body.ttl", err.Error(), nil)
	case errors.Is(err, keys.ErrTooMany):
		return problem(http.StatusConflict, "No more keys can be made: %v.", err)
	case errors.Is(err, keys.ErrUnavailable):
		away := problem(http.StatusServiceUnavailable, "Where API keys are kept cannot be reached: %v.", err)
		return huma.ErrorWithHeaders(away, http.Header{"Retry-After": {"2"}})
	}
	return problemOf(err, "")
}
