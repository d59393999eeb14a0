package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// errNotNow is what a client hears when its token cannot be checked; why is in the log.
var errNotNow = errors.New("the token cannot be checked now; try again in a moment")

// renewer takes the new tokens of users as the door takes those of their handshakes.
type renewer struct {
	// methods returns those of the door; nil: nobody logs in, and any token is as good as none.
	methods func() auth.Method
	local   func(key string) (hub.Ref, bool)
	renew   func(key string, caller auth.Caller) error
	logger  *slog.Logger
}

// Renew implements [hostapi.Renewer].
func (n renewer) Renew(ctx context.Context, key, token string) error {
	methods := n.methods()
	if methods == nil {
		return nil
	}
	ref, ok := n.local(key)
	if !ok {
		return hub.ErrNotFound
	}
	if by := ref.Local.Handshake().LoginBy; by != auth.MethodJWT {
		// What has let the user in keeps its say: a session that ends closes its sockets, whatever else the user has.
		return hostapi.TokenError(fmt.Sprintf("this socket was not opened with a token, but by %s, and stays open as long as that holds", cmp.Or(by, auth.MethodDev)))
	}
	caller, err := methods.Authenticate(handshakeWith(ctx, ref.Local, token))
	if err == nil {
		err = n.renew(key, caller)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, hub.ErrClosed), errors.Is(err, hub.ErrNotFound):
		return err
	case errors.Is(err, auth.ErrUnavailable): // before the others: it may wrap what a method behind it says
	case errors.Is(err, auth.ErrUnauthenticated), errors.Is(err, auth.ErrForbidden), errors.Is(err, auth.ErrNoCredentials):
		return hostapi.TokenError(err.Error())
	}
	n.logger.Error("authentication failed", "socket", key, "user", ref.Local.User().ID, "error", err.Error())
	return errNotNow
}

// handshakeWith is the request that would open the socket with a token, and with nothing else of what the
// first one brought: neither cookies nor headers.
func handshakeWith(ctx context.Context, s *hub.Socket, token string) *http.Request {
	r := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/services/" + s.Service()}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Host: s.Handshake().Host, RemoteAddr: s.Handshake().RemoteAddr, Header: http.Header{"Authorization": {"Bearer " + token}},
	}
	return r.WithContext(ctx)
}
