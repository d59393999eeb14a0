package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// bearer knows tokens by what they do.
type bearer struct{ asked *http.Request }

func (b *bearer) Authenticate(r *http.Request) (auth.Caller, error) {
	b.asked = r
	token, _ := auth.BearerToken(r)
	errs := map[string]error{
		"old": fmt.Errorf("%w: the token has expired", auth.ErrUnauthenticated), "": auth.ErrNoCredentials,
		"banned": auth.ErrForbidden, "down": fmt.Errorf("%w (dial 10.0.0.1)", auth.ErrUnavailable), "odd": errors.New("dial 10.0.0.1"),
	}
	return auth.Caller{User: hub.User{ID: token}}, errs[token]
}

type noWaker struct{}

func (noWaker) Wake() {}

func TestRenewer(t *testing.T) {
	sockets := hub.New(hub.Config{})
	key := hub.BuildKey("chat", "1")
	_, err := sockets.Open(hub.OpenRequest{Key: key, Service: "chat", StatefulID: "1", User: hub.User{ID: "anna"}, Waker: noWaker{},
		Handshake: &hub.Handshake{LoginBy: auth.MethodJWT, Host: "portal", RemoteAddr: "192.0.2.1:5", Header: "X-Remote-User: root\r\n"}})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	var renewed []string
	var methods bearer
	n := renewer{
		methods: func() auth.Method { return &methods }, logger: slog.New(slog.NewTextHandler(&log, nil)),
		local: func(key string) (hub.Ref, bool) {
			s, ok := sockets.Get(key)
			return hub.Ref{Key: key, Local: s}, ok
		},
		renew: func(key string, caller auth.Caller) error {
			switch caller.User.ID {
			case "anna":
				renewed = append(renewed, key)
				return nil
			case "late":
				return hub.ErrClosed
			}
			return fmt.Errorf("%w: the socket is another user's", auth.ErrForbidden)
		},
	}
	for token, want := range map[string]string{
		"old": "not authenticated: the token has expired", "": "log in first", "banned": "forbidden", "eve": "forbidden: the socket is another user's",
	} {
		var refused hostapi.TokenError
		if err := n.Renew(t.Context(), key, token); !errors.As(err, &refused) || err.Error() != want {
			t.Errorf("%q: %v, want %s", token, err, want)
		}
	}
	for token, want := range map[string]error{"anna": nil, "late": hub.ErrClosed, "down": errNotNow, "odd": errNotNow} {
		if err := n.Renew(t.Context(), key, token); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", token, err, want)
		}
	}
	if err := n.Renew(t.Context(), key+"2", "anna"); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("no socket: %v", err)
	}
	other := hub.BuildKey("chat", "2")
	if _, err := sockets.Open(hub.OpenRequest{Key: other, Service: "chat", StatefulID: "2", User: hub.User{ID: "anna"}, Waker: noWaker{},
		Handshake: &hub.Handshake{LoginBy: auth.MethodAccounts}}); err != nil {
		t.Fatal(err)
	}
	var refused hostapi.TokenError
	if err := n.Renew(t.Context(), other, "anna"); !errors.As(err, &refused) || !strings.Contains(err.Error(), "by accounts") {
		t.Errorf("a token for what a session has opened: %v", err)
	}
	if len(renewed) != 1 || renewed[0] != key {
		t.Errorf("renewed %q", renewed)
	}
	if strings.Count(log.String(), "dial 10.0.0.1") != 2 {
		t.Errorf("the log does not say why tokens cannot be checked: %s", log.String())
	}
	r := methods.asked
	if r.URL.Path != "/services/chat" || r.RemoteAddr != "192.0.2.1:5" || len(r.Header) != 1 || len(r.Cookies()) != 0 {
		t.Errorf("the methods were asked about %+v", r)
	}
	n.methods = func() auth.Method { return nil }
	if err := n.Renew(t.Context(), key, "anything"); err != nil {
		t.Errorf("where nobody logs in: %v", err)
	}
}
