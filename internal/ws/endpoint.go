package ws

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unique"

	"github.com/gobwas/ws"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const (
	servicesPath  = "/services/"
	statefulParam = "X-StatefulSocketId"
	// keyHeader tells a client that cares what it is called here; the original has no such header.
	keyHeader = "X-Socket-Key"
)

// ServeHTTP answers ws[s]://HOST/services/<service>[?X-StatefulSocketId=<id>]. It returns after
// the upgrade; the socket lives on. A request that gets no socket is answered with problem
// details: 400 bad id or handshake, 401 nobody knows who asks, 403 refused user or an id of somebody else, 404 no such
// service, 405, 426 no upgrade request, 429 at a limit, 503 not now. So many handshakes are under
// way at once; the rest waits its turn, until the time for a handshake is over or the client goes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	no := s.serve(w, r)
	if no == nil {
		return
	}
	s.figures.refusedWith(no.Status)
	s.log.Debug("upgrade refused", "status", no.Status, "error", no.Detail)
	s.keep(r, no)
	no.write(w)
}

// serve gives a request its turn, and a socket.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) *refusal {
	if !s.begin() {
		return refuseDraining()
	}
	accepted := false
	defer func() {
		if !accepted {
			s.running.Done()
		}
	}()
	if no := s.slowAddress(r); no != nil { // before the line, so that who waits holds nobody up
		return no
	}
	if no := s.queueUp(r); no != nil {
		return no
	}
	defer s.gate.leave()
	no := s.accept(w, r)
	accepted = no == nil
	return no
}

// accept makes a socket of a request. When it returns nil the connection is the server's,
// and its reader (or nobody, if the client was gone) counts in s.running.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) *refusal {
	req, lease, no := s.name(r)
	if no != nil {
		return no
	}
	if no := s.slowUser(r, req.User.ID); no != nil {
		return no
	}
	c := s.newConn()
	c.traffic = s.figures.services.Of(req.Service)
	req.Waker = c
	c.header = unique.Make(req.Handshake.Header)
	req.Handshake.Header = c.header.Value()
	hc, err := s.deps.Opener.Open(r.Context(), req)
	if err != nil {
		no := s.refuseOpen(err)
		no.user = req.User.ID
		return no
	}
	c.opened(hc)
	c.hold(lease)
	if no := s.upgrade(w, r, c); no != nil {
		c.abandon("the handshake failed")
		return no
	}
	return nil
}

// name says what socket a request asks for and how long its ground holds, or why it cannot have one.
func (s *Server) name(r *http.Request) (hub.OpenRequest, *auth.Lease, *refusal) {
	var req hub.OpenRequest
	service, ok := strings.CutPrefix(r.URL.Path, servicesPath)
	if !ok || !hub.ValidService(service) || !s.deps.ServiceExists(service) {
		return req, nil, refuse(http.StatusNotFound, fmt.Sprintf("there is no socket service at %q; check the name in the URL, /services/<name>", r.URL.Path)).about(auth.RefusedService)
	}
	if no := checkUpgrade(r); no != nil {
		// Browsers hide from pages why a handshake failed; whoever asks without one hears it.
		if _, _, err := s.caller(r, service); no.Status == http.StatusUpgradeRequired && err != nil {
			no = s.refuseUser(err)
		}
		return req, nil, no
	}
	id, stateful, err := statefulID(r.URL.RawQuery)
	if err != nil {
		return req, nil, refuse(http.StatusBadRequest, err.Error()).about(auth.RefusedStatefulID)
	}
	caller, tags, err := s.caller(r, service)
	if err != nil {
		no := s.refuseUser(err)
		no.user = caller.User.ID
		return req, nil, no
	}
	req = hub.OpenRequest{Service: strings.Clone(service), StatefulID: id, User: caller.User, Tags: tags, Handshake: describe(r, caller)}
	if stateful {
		req.Key = hub.BuildKey(req.Service, id)
	} else {
		req.Key = s.deps.Opener.VolatileKey(req.Service)
	}
	return req, caller.Lease, nil
}

// caller says who makes a request for a service, and with what tags the socket begins.
func (s *Server) caller(r *http.Request, service string) (auth.Caller, hub.Tags, error) {
	caller, err := s.deps.Auth.Authenticate(r)
	if err != nil {
		return caller, hub.Tags{}, err
	}
	if err := admit(caller, service); err != nil {
		return caller, hub.Tags{}, err
	}
	tags := hub.NewTags(caller.Tags)
	if err := tags.Check(); err != nil {
		return caller, tags, fmt.Errorf("%w: the tags of the user are too much for a socket: %w", auth.ErrForbidden, err)
	}
	return caller, tags, nil
}

// statefulID reads the id a client chose (spec/websocket.md A.6).
func statefulID(query string) (id string, stateful bool, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", false, fmt.Errorf("the query of the URL cannot be read (%w); percent-encode the values", err)
	}
	switch ids := values[statefulParam]; len(ids) {
	case 0:
		return "", false, nil
	case 1:
		if err := hub.ValidateStatefulID(ids[0]); err != nil {
			return "", false, fmt.Errorf("%s: %w; choose another or leave the parameter out", statefulParam, err)
		}
		return strings.Clone(ids[0]), true, nil
	}
	return "", false, fmt.Errorf("%s stands in the URL more than once; give one", statefulParam)
}

func (s *Server) refuseUser(err error) *refusal {
	switch {
	case errors.Is(err, auth.ErrUnavailable):
	case errors.Is(err, auth.ErrForbidden):
		return refuse(http.StatusForbidden, err.Error())
	case errors.Is(err, auth.ErrUnauthenticated), errors.Is(err, auth.ErrNoCredentials):
		return refuse(http.StatusUnauthorized, err.Error(), "WWW-Authenticate", "Bearer")
	}
	if skipped, due := s.unjudged.due(time.Now()); due {
		s.log.Error("authentication failed", "error", err, "skipped", skipped)
	}
	return refuse(http.StatusServiceUnavailable, "the user cannot be checked now; try again in a moment", "Retry-After", "5")
}

func (s *Server) refuseOpen(err error) *refusal {
	switch {
	case errors.Is(err, hub.ErrKeyTaken):
		return refuse(http.StatusForbidden, err.Error()+"; choose another "+statefulParam).about(auth.RefusedStatefulID)
	case errors.Is(err, hub.ErrKeyLive):
		return refuse(http.StatusForbidden, err.Error()).about(auth.RefusedStatefulID)
	case errors.Is(err, hub.ErrLimit):
		no := refuse(http.StatusTooManyRequests, err.Error()+"; close one that is not needed any more, or try again later", "Retry-After", "30")
		if limit := new(hub.LimitError); errors.As(err, &limit) {
			no.limit = "limits." + limit.Of
			no.Detail += " (" + no.limit + ")"
		}
		return no
	case errors.Is(err, hub.ErrBadKey):
		return refuse(http.StatusBadRequest, err.Error())
	case errors.Is(err, hub.ErrUnavailable), errors.Is(err, hub.ErrNoAnswer): // the cluster has logged it
		return refuse(http.StatusServiceUnavailable, err.Error(), "Retry-After", "5")
	case errors.Is(err, context.Canceled):
		return refuse(http.StatusServiceUnavailable, "the request was given up")
	}
	s.log.Error("opening a socket failed", "error", err)
	return refuse(http.StatusServiceUnavailable, "the socket cannot be opened now; try again in a moment", "Retry-After", "5")
}

// upgrade completes the handshake and starts the connection.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, c *conn) *refusal {
	header := http.Header{keyHeader: {c.hc.Socket().Key()}}
	if protocol := s.protocol(c.hc.Socket().Service(), r.Header); protocol != "" {
		header.Set("Sec-WebSocket-Protocol", protocol)
	}
	var extension string
	if extension, c.window = s.negotiate(r.Header); extension != "" {
		header.Set(extensionsHeader, extension)
	}
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return refuse(http.StatusInternalServerError, "this connection cannot be upgraded: "+err.Error())
	}
	// Both were checked; of several values the library sees the first only.
	r.Header["Connection"], r.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	upgrader := ws.HTTPUpgrader{Timeout: s.cfg.HandshakeTimeout, Header: header}
	_, _, _, err = upgrader.Upgrade(r, hijacked{w, nc, rw})
	if err != nil { // the client is gone, and the connection is ours: nothing can be answered
		nc.Close()
		c.abandon("the client went away during the handshake")
		s.running.Done()
		return nil
	}
	// The first frames may have come in the packet of the request. They are copied, so that
	// the buffers of the HTTP server can go.
	var first []byte
	if n := rw.Reader.Buffered(); n > 0 {
		peeked, _ := rw.Reader.Peek(n) // what is buffered can be peeked at
		first = append(first, peeked...)
	}
	s.figures.accepted.Inc()
	c.start(nc, first)
	return nil
}

// hijacked hands a connection on that is hijacked already. The library would answer in its own
// way where that fails.
type hijacked struct {
	http.ResponseWriter
	nc net.Conn
	rw *bufio.ReadWriter
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.nc, h.rw, nil }
