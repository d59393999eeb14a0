package ws

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/quota"
)

// Quota says what users and addresses may take together, with all their sockets: [quota.Table] does. Who waits as
// long as a verdict says may go on; what is refused is not done. Addresses are "host:port".
type Quota interface {
	HandshakeFrom(remote string) quota.Verdict
	HandshakeBy(user string) quota.Verdict
	Message(user, remote string) quota.Verdict
	// Bytes is told of bytes that are there; its verdict is on those to come.
	Bytes(user, remote string, n int) quota.Verdict
}

// slowAddress has a request wait whose address connects too often, or refuses it.
func (s *Server) slowAddress(r *http.Request) *refusal {
	if s.deps.Quota == nil {
		return nil
	}
	v := s.deps.Quota.HandshakeFrom(r.RemoteAddr)
	if v.Refused {
		return refuseQuota(v, "")
	}
	return s.hold(r.Context(), v.Wait)
}

// slowUser has a request wait whose user connects too often, or refuses it. The place in the gate is somebody
// else's meanwhile.
func (s *Server) slowUser(r *http.Request, user string) *refusal {
	if s.deps.Quota == nil {
		return nil
	}
	v := s.deps.Quota.HandshakeBy(user)
	if v.Refused {
		return refuseQuota(v, user)
	}
	if v.Wait == 0 {
		return nil
	}
	s.gate.leave()
	no := s.hold(r.Context(), v.Wait)
	s.gate.comeBack()
	return no
}

// hold has a request wait. It is refused when its client goes, or the server stops, meanwhile.
func (s *Server) hold(ctx context.Context, wait time.Duration) *refusal {
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return refuse(http.StatusServiceUnavailable, "the request was given up")
	case <-s.refusing:
		return refuseDraining()
	}
}

func refuseQuota(v quota.Verdict, user string) *refusal {
	seconds := int64((v.Wait + time.Second - 1) / time.Second)
	no := refuse(http.StatusTooManyRequests, fmt.Sprintf("%v; try again in %d s", v.Rule, seconds), "Retry-After", strconv.FormatInt(seconds, 10))
	no.user, no.limit = user, v.Rule.Setting()
	return no
}

// payer is who pays for what a client sends.
func (c *conn) payer() (user, remote string) {
	s := c.hc.Socket()
	return s.User().ID, s.Handshake().RemoteAddr
}

// refused ends the connection of a client that has sent too much, and keeps that for who operates the server.
func (c *conn) refused(why, setting string) {
	c.hc.CloseWith(hub.Reason{Code: hub.CodeRefused, Text: why, Cause: hub.CauseRate})
	s := c.hc.Socket()
	user, remote := c.payer()
	c.srv.deps.Refusals.Note(auth.Refusal{
		Remote: remote, What: auth.RefusedLimit, Status: hub.CodeRefused, Detail: why, Setting: setting,
		Path: servicesPath + s.Service(), Service: s.Service(), StatefulID: s.StatefulID(), UserID: user,
	})
}
