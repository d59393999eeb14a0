// Package echoserver is a WebSocket server that sends every message back, text and binary, on the code
// that serves the sockets of services: what a suite of conformance tests finds out about it holds for
// them. It knows no users, scripts or limits of rate.
package echoserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

const (
	service = "echo"
	// DefaultLimit is the largest message echoed where Options say nothing.
	DefaultLimit = 32 << 20
	// closeTime is how long Close waits for clients to take what is left for them.
	closeTime = 5 * time.Second
)

// Options are what may differ. The zero value is a plain server with DefaultLimit and without
// compression.
type Options struct {
	TLS     *tls.Config // nil: no TLS
	Deflate bool        // permessage-deflate for who offers it
	Limit   int64       // largest message, in bytes; 0: DefaultLimit
}

// Server is a running echo server.
type Server struct {
	sockets *ws.Server
	http    *http.Server
	done    chan error // what Serve returned
}

// Start serves on a listener until Close. Any path is a socket.
func Start(ln net.Listener, opts Options) *Server {
	if opts.Limit == 0 {
		opts.Limit = DefaultLimit
	}
	e := echo{hub.New(hub.Config{
		// An echo waits until its client reads: the queue holds some of the largest.
		MaxBytes: 8 * int(opts.Limit), MaxMessages: 1 << 16,
	})}
	sockets := ws.New(ws.Config{
		MessageLimit: opts.Limit, AllowBinary: true, NoHeartbeatText: true, Heartbeat: -1,
		WriteTimeout: time.Minute, Compression: opts.Deflate, DevProtocols: true,
	}, ws.Deps{Opener: e, Auth: e, Handler: e, ServiceExists: func(string) bool { return true }})
	if opts.TLS != nil {
		ln = tls.NewListener(ln, opts.TLS)
	}
	s := &Server{sockets: sockets, done: make(chan error, 1)}
	s.http = &http.Server{Handler: anyPath(sockets), ReadHeaderTimeout: time.Minute}
	go func() { s.done <- s.http.Serve(ln) }()
	return s
}

// anyPath hands requests for any path on as if they were for the service.
func anyPath(sockets http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL = &url.URL{Path: "/services/" + service}
		sockets.ServeHTTP(w, r)
	})
}

// Close closes the sockets and the listener, and waits until nothing runs any more. Clients that
// take no bytes are dropped after five seconds.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if s.sockets.Shutdown(ctx) != nil { // it has dropped the rest, and can be waited for
		err = errors.Join(err, s.sockets.Shutdown(context.Background()))
	}
	if err != nil {
		return fmt.Errorf("close the echo server: %w", err)
	}
	return nil
}

// echo is all that a socket server needs: everybody may come in, and gets back what he sends.
type echo struct{ hub *hub.Hub }

func (e echo) Open(_ context.Context, req hub.OpenRequest) (*hub.Conn, error) {
	return e.hub.Open(req)
}

func (e echo) VolatileKey(service string) string { return hub.NewVolatileKey(service, 0) }

func (e echo) Restore(d hub.Detached, w hub.Waker) (*hub.Conn, error) { return e.hub.Restore(d, w) }

func (echo) Authenticate(*http.Request) (auth.Caller, error) {
	return auth.Caller{User: hub.User{ID: "anybody"}}, nil
}

func (echo) Opened(context.Context, *hub.Socket) error { return nil }

func (echo) Message(_ context.Context, s *hub.Socket, text string) error {
	_, err := s.Send(hub.NewMessage(text), hub.ModePlain)
	return err
}

func (echo) Binary(_ context.Context, s *hub.Socket, data []byte) error {
	_, err := s.Send(hub.NewBinary(data), hub.ModePlain)
	return err
}

func (echo) Closed(*hub.Socket, hub.Reason) {}
