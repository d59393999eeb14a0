package login

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// grounds are the sessions that callers of this node stand on, each with the one lease of all its
// sockets.
//
// A session must not end unseen between the moment it is read and the moment it has a lease. So a
// ground is entered before the store is read, every change that the watch tells of counts at the ground,
// and a reader that finds another count afterwards reads again.
type grounds struct {
	mu   sync.Mutex // guards what follows
	byID map[string]*ground
}

type ground struct {
	login   string        // of its user, folded; "" until somebody has read it
	user    accounts.User // as sockets of the lease have him
	seenAt  time.Time     // when the session was used last, as it was read
	lease   *auth.Lease   // nil until the session is known to hold
	changes int           // that the watch has told of
	readers int
}

// enter returns the ground of a session, for a reader who calls leave. The caller may read changes.
func (g *grounds) enter(id string) (entered *ground, changes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	entered = g.byID[id]
	if entered == nil {
		entered = new(ground)
		g.byID[id] = entered
	}
	entered.readers++
	return entered, entered.changes
}

func (g *grounds) leave(id string, entered *ground) {
	g.mu.Lock()
	defer g.mu.Unlock()
	entered.readers--
	g.drop(id, entered)
}

// drop forgets a ground that nobody stands on. The caller holds mu.
func (g *grounds) drop(id string, old *ground) {
	if old.readers > 0 {
		return
	}
	if old.lease != nil {
		if _, over := old.lease.Over(); !over {
			return
		}
	}
	delete(g.byID, id)
}

// changed counts a change of a session.
func (g *grounds) changed(id string) (held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	there := g.byID[id]
	if there != nil {
		there.changes++
	}
	return there != nil
}

// changedOf counts a change of a user, whose sessions it returns.
func (g *grounds) changedOf(login string) (ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, there := range g.byID {
		if there.login == login || there.login == "" {
			there.changes++
			ids = append(ids, id)
		}
	}
	return ids
}

// all returns all sessions, of which any may have changed.
func (g *grounds) all() (ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, there := range g.byID {
		there.changes++
		ids = append(ids, id)
	}
	return ids
}

// sweep forgets what is over.
func (g *grounds) sweep() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, there := range g.byID {
		g.drop(id, there)
	}
}

func (g *grounds) len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.byID)
}

// settle gives a session that holds its lease, unless there was a change since the count; then ok is
// false. Sockets keep the user they were opened with, so that another name, other rights or fields are another
// lease: the session goes on, and clients that come back have what is new.
func (g *grounds) settle(entered *ground, changes int, found standing, until time.Time) (lease *auth.Lease, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	entered.login = found.session.Login
	if entered.changes != changes {
		return nil, false
	}
	if entered.lease != nil && !sameToSockets(entered.user, found.user) {
		entered.lease.End(whyChanged)
	}
	entered.user, entered.seenAt = found.user, found.session.SeenAt
	if entered.lease == nil || !entered.lease.Extend(until) {
		entered.lease = auth.NewLease(until).ExpireAs(whyOver)
	}
	return entered.lease, true
}

// sameToSockets reports whether sockets have nothing to learn of a change of their user.
func sameToSockets(a, b accounts.User) bool {
	return a.ID == b.ID && a.Login == b.Login && a.Name == b.Name && a.Admin == b.Admin && maps.Equal(a.Fields, b.Fields)
}

// seen says that a session was used, as it is noted.
func (g *grounds) seen(id string, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if there := g.byID[id]; there != nil && at.After(there.seenAt) {
		there.seenAt = at
	}
}

// unseen returns sessions with open sockets that were not used since a time.
func (g *grounds) unseen(since time.Time) (ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, there := range g.byID {
		if there.lease.InUse() && !there.seenAt.After(since) {
			ids = append(ids, id)
		}
	}
	return ids
}

// close ends the lease of a session that does not hold.
func (g *grounds) close(entered *ground, why string) {
	g.mu.Lock()
	lease := entered.lease
	g.mu.Unlock()
	lease.End(why)
}

func (g *grounds) count(entered *ground) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return entered.changes
}

// standing is a session that holds, with all that is known of it.
type standing struct {
	session  session
	revision uint64
	user     accounts.User
	lease    *auth.Lease
}

// stand looks at a session and its user and brings the lease to what is found. why says that the
// session does not hold. The error is that of the store; then everything stays as it is.
func (s *Server) stand(ctx context.Context, id string) (found standing, why string, err error) {
	entered, changes := s.grounds.enter(id)
	defer s.grounds.leave(id, entered)
	for {
		found, why, err = s.look(ctx, id)
		if err != nil {
			return found, "", err
		}
		if why != "" {
			s.grounds.close(entered, why)
			return found, why, nil
		}
		var ok bool
		if found.lease, ok = s.grounds.settle(entered, changes, found, found.session.until(s.cfg.Idle)); ok {
			return found, "", nil
		}
		changes = s.grounds.count(entered)
	}
}

// look reads a session and its user.
func (s *Server) look(ctx context.Context, id string) (found standing, why string, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	if found.session, found.revision, why, err = s.sessions.read(ctx, id); err != nil || why != "" {
		return found, why, err
	}
	found.user, err = s.users.ByLogin(ctx, found.session.Login)
	switch {
	case errors.Is(err, accounts.ErrNoUser), err == nil && found.user.ID != found.session.UserID:
		return found, whyRemoved, nil
	case err != nil:
		return found, "", fmt.Errorf("read the user: %w", err)
	case found.user.Disabled:
		return found, whyDisabled, nil
	case found.user.Epoch == found.session.Epoch:
		return found, "", nil
	case found.user.PasswordAt.After(found.session.BegunAt):
		return found, whyPassword, nil
	}
	return found, whyEnded, nil
}

// storeTime bounds what one request asks of the store.
const storeTime = 5 * time.Second
