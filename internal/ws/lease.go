package ws

import (
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Leases. What lets a user in may end while the socket is open: a token expires, somebody logs out. The
// connection is closed then, also where nobody sends anything, and no message that comes later reaches
// the service: what ends a lease and what arrives are not in one order, so each message looks. A
// connection without a lease pays one pointer.

// ground is on what ground a connection is there, if that may end.
type ground struct {
	lease *auth.Lease
	stop  func() // nobody wants to hear of the end any more
}

// admit says why a caller may not have sockets of a service, nil if he may.
func admit(caller auth.Caller, service string) error {
	if why, over := caller.Lease.Over(); over {
		return fmt.Errorf("%w: %s", auth.ErrUnauthenticated, why)
	}
	if !caller.MayOpen(service) {
		return fmt.Errorf("%w: you may not open sockets of the service %q", auth.ErrForbidden, service)
	}
	return nil
}

// Renew has a socket of this node go on under the lease of a caller, from now on and until its connection
// is over, instead of the one it has. Errors: [auth.ErrForbidden] if the caller is not the user of the
// socket, may not open its service, or is no administrator where the socket is one's, [auth.ErrUnauthenticated] if the lease is over, or the one the
// socket has is; [hub.ErrNotFound] if no socket of this node has the key, [hub.ErrClosed] if it has no
// connection or closes. Then nothing changes.
func (s *Server) Renew(key string, caller auth.Caller) error {
	c, socket := s.connOf(key)
	switch {
	case socket == nil:
		return hub.ErrNotFound
	case socket.User().ID != caller.User.ID:
		return fmt.Errorf("%w: the socket is another user's", auth.ErrForbidden)
	case c == nil:
		return hub.ErrClosed
	}
	if err := admit(caller, socket.Service()); err != nil {
		return err
	}
	if socket.User().Admin && !caller.User.Admin { // scripts go on to see the user who came in
		return fmt.Errorf("%w: you are no administrator any more; connect again", auth.ErrForbidden)
	}
	return c.renew(caller.Lease)
}

// connOf returns the connection of a socket of this node, nil if it has none now.
func (s *Server) connOf(key string) (*conn, *hub.Socket) {
	if s.deps.Local == nil {
		return nil, nil
	}
	ref, ok := s.deps.Local(key)
	if !ok || ref.Local == nil {
		return nil, nil
	}
	hc := ref.Local.Attached()
	if hc == nil {
		return nil, ref.Local
	}
	c, _ := hc.Waker().(*conn)
	return c, ref.Local
}

// renew replaces the ground of a connection. One that is over cannot be: its close is under way.
func (c *conn) renew(lease *auth.Lease) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return hub.ErrClosed
	}
	if why, over := c.ground.over(); over {
		return fmt.Errorf("%w: %s", auth.ErrUnauthenticated, why)
	}
	c.ground.leave()
	c.ground = c.standOn(lease)
	return nil
}

// hold gives a connection its first ground.
func (c *conn) hold(lease *auth.Lease) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ground = c.standOn(lease)
}

// standOn makes a ground of a lease, nil for none, whose end closes the connection.
func (c *conn) standOn(lease *auth.Lease) *ground {
	if lease == nil {
		return nil
	}
	g := &ground{lease: lease}
	g.stop = lease.OnEnd(func(why string) { c.groundLost(g, why) })
	return g
}

// over reports whether the ground is lost, and why. A nil ground holds for ever.
func (g *ground) over() (why string, over bool) {
	if g == nil {
		return "", false
	}
	return g.lease.Over()
}

// leave says that nothing depends on the ground any more.
func (g *ground) leave() {
	if g != nil {
		g.stop()
	}
}

// dropGround lets go of the ground of a connection that is over.
func (c *conn) dropGround() {
	c.mu.Lock()
	g := c.ground
	c.ground = nil
	c.mu.Unlock()
	g.leave()
}

// groundLost closes a connection whose ground has ended, unless it stands on another one by now. The
// lease calls it, on a goroutine that the server waits for like for any other.
func (c *conn) groundLost(g *ground, why string) {
	if !c.srv.beginLate() {
		return
	}
	defer c.srv.late.Done()
	c.mu.Lock()
	lost := c.ground == g
	c.mu.Unlock()
	if lost {
		c.closeSession(why)
	}
}

// closeSession closes the connection because what let the user in has ended.
func (c *conn) closeSession(why string) {
	c.hc.CloseWith(hub.Reason{Code: hub.CodeSessionEnded, Text: why})
}
