package userdata

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

// recipientsSuffix ends the keys whose values may be lists.
const recipientsSuffix = "_recipients"

// recipient is an item of a list that is to be stored.
type recipient struct {
	token    string // of the socket
	socketID string
	item     []byte // compact JSON, as it will be read
	opened   int64  // when the socket that joins was opened; 0: a list says that it is in
}

// Join adds a socket to the list under key, for ttl (0: until it is removed), and
// gives the whole list at least that much life. A socket that is in the list
// already keeps its place. Simultaneous joins, on any node, are all kept. A plain
// value under the key gives way to a list that begins.
//
// An id is used by one socket after the other. opened is when the one that joins was
// opened; the zero time means the one that has the id now. One whose id a later one
// has joins nothing. Errors: [ErrBadKey],
// [ErrBadTTL], [ErrTooLarge], [ErrClosed].
func (s *Store) Join(ctx context.Context, key, personID, socketID string, opened time.Time, ttl time.Duration) (err error) {
	defer s.figures.done(opJoin, &err)
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkKey(socketID); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if ttl < 0 {
		return ErrBadTTL
	}
	r, err := newRecipient(personID, socketID)
	if err != nil {
		return err
	}
	if len(r.item) > s.maxBytes {
		return fmt.Errorf("%w: the member has %d bytes", ErrTooLarge, len(r.item))
	}
	if now := s.opened(socketID); opened.IsZero() {
		r.opened = nanos(now)
	} else if r.opened = nanos(opened); r.opened < nanos(now) {
		return nil
	}
	if err := s.join(ctx, key, r, ttl); err != nil {
		return fmt.Errorf("join %q: %w", key, err)
	}
	return nil
}

// join writes the member and makes sure that it counts: if the list was replaced
// or expired in between, the member belongs to a generation that is over, and
// joins again. The mirror decides, for it has seen every change of the head that
// came before the member.
func (s *Store) join(ctx context.Context, key string, r recipient, ttl time.Duration) error {
	token, _ := encodeKey(key)
	for {
		h, err := s.openList(ctx, key, ttl)
		if err != nil {
			return err
		}
		if err := s.putMembers(ctx, h, []recipient{r}); err != nil {
			return err
		}
		if s.mirror.head(token).Generation == h.Generation {
			return nil
		}
	}
}

// renewSlack is how much of its life a list may have lost before a join writes
// the head anew: joins of the same moment should not all compete for it.
func renewSlack(ttl time.Duration) time.Duration { return min(ttl/1000, time.Second) }

// openList returns the head of a living list that lasts for ttl: the one there
// is, renewed if need be, or that of a new generation.
func (s *Store) openList(ctx context.Context, key string, ttl time.Duration) (head, error) {
	token, _ := encodeKey(key)
	enough := s.expiry(ttl)
	if ttl > 0 {
		enough = enough.Add(-renewSlack(ttl))
	}
	if h := s.mirror.head(token); h.alive(s.clock()) && h.lasts(enough) {
		return h, nil
	}
	return s.changeHead(ctx, key, func(now head) (head, bool) {
		if !now.alive(s.clock()) {
			return newHead(key, s.expiry(ttl)), true
		}
		if now.lasts(enough) {
			return now, false
		}
		return now.until(s.expiry(ttl)), true
	})
}

func newHead(key string, expires time.Time) head {
	return head{Key: key, Generation: nuid.Next()}.until(expires)
}

// until returns the head with another expiry.
func (h head) until(expires time.Time) head {
	h.Expires = 0
	if !expires.IsZero() {
		h.Expires = ceilMilli(expires)
	}
	return h
}

// changeHead replaces the head of a list by what decide makes of it, unless
// decide says that it may stay; decide is asked again when another writer was
// faster. A new generation removes the plain value under the key. The mirror has
// seen the head when changeHead returns.
func (s *Store) changeHead(ctx context.Context, key string, decide func(now head) (next head, write bool)) (head, error) {
	token, _ := encodeKey(key)
	for {
		r, err := s.read(ctx, "s."+token)
		if err != nil {
			return head{}, err
		}
		var old head
		if r.data != nil {
			if err := json.Unmarshal(r.data, &old); err != nil {
				return head{}, fmt.Errorf("read head: %w", err)
			}
		}
		next, change := decide(old)
		if !change {
			return next, s.mirror.wait(ctx, r.revision)
		}
		w := write{subject: "s." + token, data: encode(next), after: &r.revision}
		if next.Expires != 0 {
			w.expires = time.UnixMilli(next.Expires)
		}
		revision, err := s.publish(ctx, w)
		if isConflict(err) {
			continue
		}
		if err != nil {
			return head{}, err
		}
		if next.Generation != old.Generation {
			if _, err := s.dropPlain(ctx, key); err != nil {
				return head{}, err
			}
		}
		return next, s.mirror.wait(ctx, revision)
	}
}

// putMembers writes the recipients that the list does not hold yet, or holds for an
// earlier socket with the id, in their order, and returns when the mirror has seen
// them.
func (s *Store) putMembers(ctx context.Context, h head, rs []recipient) error {
	token, _ := encodeKey(h.Key)
	var series []*nats.Msg
	for _, r := range rs {
		e, ok := s.mirror.member(token, r.token, s.clock())
		if ok && e.visible && bytes.Equal(e.item, r.item) && r.opened <= e.opened {
			continue
		}
		if r.opened == 0 {
			r.opened = nanos(s.opened(r.socketID))
		}
		value := memberValue{Key: h.Key, Generation: h.Generation, Item: r.item, Opened: r.opened}
		series = append(series, s.message(write{subject: "m." + token + "." + r.token, data: encode(value)}))
	}
	last, err := s.storeSeries(ctx, series)
	if err != nil {
		return fmt.Errorf("write to bucket: %w", translate(err))
	}
	return s.mirror.wait(ctx, last)
}

// replaceList makes the list consist of these recipients and gives it a life of
// ttl. Scripts in the style of the seed read a list, add or drop one member and
// store it again: then only the difference is written, and others who join
// meanwhile stay. Any other change begins a new generation.
func (s *Store) replaceList(ctx context.Context, key string, rs []recipient, ttl time.Duration) error {
	if len(rs) == 0 {
		_, err := s.delete(ctx, key, nil)
		return err
	}
	token, _ := encodeKey(key)
	before, present := s.mirror.look(token, s.clock())
	adjust := extends(present, rs)
	h, err := s.changeHead(ctx, key, func(now head) (head, bool) {
		if adjust && now.alive(s.clock()) && now.Generation == before.Generation {
			return now.until(s.expiry(ttl)), true
		}
		return newHead(key, s.expiry(ttl)), true
	})
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(rs))
	for _, r := range rs {
		wanted[r.token] = true
	}
	var gone []entry
	for _, e := range present {
		if !wanted[e.token] {
			gone = append(gone, e)
		}
	}
	if _, _, err := s.removeMembers(ctx, gone); err != nil {
		return err
	}
	return s.putMembers(ctx, h, rs)
}

// extends reports whether the recipients are some of the visible entries, in
// their order, followed by others: then no entry that stays has to move.
func extends(present []entry, rs []recipient) bool {
	stay := make(map[string]int, len(rs))
	for i, r := range rs {
		stay[r.token] = i
	}
	next := 0
	for _, e := range present {
		i, ok := stay[e.token]
		if !ok || !e.visible {
			continue
		}
		if i != next || !bytes.Equal(e.item, rs[i].item) {
			return false
		}
		next++
	}
	return next > 0
}

// Leave removes a socket from the list under key, or from every list if key is
// "", and returns how many it was in. opened is when the socket was opened: what
// later ones with the id have joined stays; the zero time means whichever joined.
// Looking that up costs nothing, so it can be called for every connection that ends.
// Errors: [ErrBadKey] for an empty socketID, [ErrClosed].
func (s *Store) Leave(ctx context.Context, key, socketID string, opened time.Time) (n int, err error) {
	defer s.figures.done(opLeave, &err)
	if err := checkKey(socketID); err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	until := nanos(opened)
	n, err = s.leave(ctx, key, socketID, func(e *entry) bool {
		if until == 0 {
			e.revision = 0 // whatever a simultaneous join makes of it, the socket leaves
			return true
		}
		return e.opened <= until
	})
	if err != nil {
		return n, fmt.Errorf("leave %q: %w", key, err)
	}
	return n, nil
}

// Succeed says that a socket has been opened. What earlier ones with the id have
// joined and not yet left is not its own: they are removed from all lists. Where the
// id was entered while no socket had it, it stays. It costs nothing where there is
// nothing to be removed. Errors are those of Leave.
func (s *Store) Succeed(ctx context.Context, socketID string, opened time.Time) error {
	if err := checkKey(socketID); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	now := nanos(opened)
	if _, err := s.leave(ctx, "", socketID, func(e *entry) bool { return 0 < e.opened && e.opened < now }); err != nil {
		return fmt.Errorf("leave lists of an earlier socket: %w", err)
	}
	return nil
}

// leave removes the entries of a socket id that go, from the list under key or from
// all, and returns how many visible ones. One that was written anew meanwhile is
// asked about again.
func (s *Store) leave(ctx context.Context, key, socketID string, goes func(*entry) bool) (n int, err error) {
	for {
		var going []entry
		for _, e := range s.entriesOf(key, socketID) {
			if goes(&e) {
				going = append(going, e)
			}
		}
		removed, changed, err := s.removeMembers(ctx, going)
		n += removed
		if err != nil || !changed {
			return n, err
		}
	}
}

// entriesOf returns the entry of a socket id in the list under key, or those in all.
func (s *Store) entriesOf(key, socketID string) []entry {
	socketToken, _ := encodeKey(socketID)
	if key == "" {
		return s.mirror.memberships(socketToken, s.clock())
	}
	token, _ := encodeKey(key)
	if e, ok := s.mirror.member(token, socketToken, s.clock()); ok {
		return []entry{e}
	}
	return nil
}

// Sweep removes the members whose sockets are not alive, and what is left of
// lists that expired or were replaced; it returns how many entries went. It is
// meant to be called after a start, for members of an earlier process, and now
// and then. Readers of this store miss them as soon as alive has been asked about
// all. A socket that joins anew meanwhile stays. Errors: [ErrClosed].
func (s *Store) Sweep(ctx context.Context, alive func(socketID string) bool) (int, error) {
	return s.BeginSweep(alive)(ctx)
}

// BeginSweep is the part of [Store.Sweep] that readers notice: when it returns, this
// store shows the members no more whose sockets are not alive. It writes nothing and
// takes microseconds for each member, besides what alive takes. finish removes them
// from the bucket, which takes longer than a start should for a list of very many;
// where it fails, those that are left show again. It is to be called once.
func (s *Store) BeginSweep(alive func(socketID string) bool) (finish func(ctx context.Context) (int, error)) {
	var dead []entry
	for _, e := range s.mirror.all(s.clock()) {
		if !e.visible || !alive(e.socketID) {
			dead = append(dead, e)
			dead[len(dead)-1].visible = true // to be counted
		}
	}
	s.mirror.hide(dead, true)
	return func(ctx context.Context) (int, error) {
		n, _, err := s.removeMembers(ctx, dead)
		if err != nil {
			s.mirror.hide(dead, false)
			return n, fmt.Errorf("sweep recipients: %w", err)
		}
		return n, nil
	}
}

// dropList removes a list and reports whether it had members that counted.
func (s *Store) dropList(ctx context.Context, key string) (bool, error) {
	token, _ := encodeKey(key)
	h, entries := s.mirror.look(token, s.clock())
	if h.Generation != "" {
		revision, err := s.remove(ctx, "s."+token, 0)
		if err != nil {
			return false, err
		}
		if err := s.mirror.wait(ctx, revision); err != nil {
			return false, err
		}
	}
	n, _, err := s.removeMembers(ctx, entries)
	return n > 0, err
}

// removeMembers removes entries and returns how many visible ones. An entry that
// was written anew since it was looked at stays, unless its revision is 0; changed
// tells of that. The mirror has seen the removals, and the changes, when
// removeMembers returns.
func (s *Store) removeMembers(ctx context.Context, entries []entry) (n int, changed bool, err error) {
	last := uint64(0)
	for chunk := range slices.Chunk(entries, maxBatch) {
		revision, err := s.removeTogether(ctx, chunk)
		removed, again := visible(chunk), false
		if err != nil { // one of them is another by now, most likely
			removed, revision, again, err = s.removeEach(ctx, chunk)
		}
		n, changed, last = n+removed, changed || again, max(last, revision)
		if err != nil {
			return n, changed, err
		}
	}
	return n, changed, s.mirror.wait(ctx, last)
}

func visible(entries []entry) (n int) {
	for _, e := range entries {
		if e.visible {
			n++
		}
	}
	return n
}

// removeTogether removes entries, all or none, and returns the revision of the last removal.
func (s *Store) removeTogether(ctx context.Context, entries []entry) (uint64, error) {
	series := make([]*nats.Msg, len(entries))
	for i, e := range entries {
		series[i] = s.removal(e.subject, e.revision)
	}
	return s.storeSeries(ctx, series)
}

// removeEach removes entries one by one, for removeMembers.
func (s *Store) removeEach(ctx context.Context, entries []entry) (n int, last uint64, changed bool, err error) {
	for _, e := range entries {
		revision, err := s.remove(ctx, e.subject, e.revision)
		if isConflict(err) {
			changed = true
			now, err := s.read(ctx, e.subject)
			if err != nil {
				return n, last, changed, err
			}
			last = max(last, now.revision)
			continue
		}
		if err != nil {
			return n, last, changed, err
		}
		last = max(last, revision)
		if e.visible {
			n++
		}
	}
	return n, last, changed, nil
}

// recipients reads a value that scripts store under a list's key. It reports
// false when the value is not a list: then it is kept as it is.
func recipients(key string, value json.RawMessage) ([]recipient, bool) {
	if !strings.HasSuffix(key, recipientsSuffix) {
		return nil, false
	}
	var outer map[string]json.RawMessage
	if json.Unmarshal(value, &outer) != nil || len(outer) != 1 {
		return nil, false
	}
	var items []json.RawMessage
	if json.Unmarshal(outer["result"], &items) != nil || items == nil {
		return nil, false
	}
	rs := make([]recipient, 0, len(items))
	known := make(map[string]bool, len(items))
	for _, item := range items {
		r, ok := parseRecipient(item)
		if !ok {
			return nil, false
		}
		if !known[r.token] {
			known[r.token] = true
			rs = append(rs, r)
		}
	}
	return rs, true
}

// parseRecipient reads an item of a list: an object with a socket_id and a
// person_id. What else it holds is kept.
func parseRecipient(item json.RawMessage) (recipient, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(item, &fields) != nil || fields["person_id"] == nil {
		return recipient{}, false
	}
	socketID := socketOf(item)
	if checkKey(socketID) != nil {
		return recipient{}, false
	}
	var compact bytes.Buffer
	if json.Compact(&compact, item) != nil {
		return recipient{}, false
	}
	token, _ := encodeKey(socketID)
	return recipient{token: token, socketID: socketID, item: compact.Bytes()}, true
}

// socketOf is the socket_id of an item, "" if it has none.
func socketOf(item []byte) string {
	var v struct {
		SocketID string `json:"socket_id"`
	}
	if json.Unmarshal(item, &v) != nil {
		return ""
	}
	return v.SocketID
}

func newRecipient(personID, socketID string) (recipient, error) {
	// spec/websocket.md C.3: both are text, in this order.
	item := encode(struct {
		PersonID string `json:"person_id"`
		SocketID string `json:"socket_id"`
	}{personID, socketID})
	r, ok := parseRecipient(item)
	if !ok {
		return recipient{}, fmt.Errorf("socket %q: %w", socketID, ErrBadKey)
	}
	return r, nil
}

// nanos is a moment in unix nanoseconds, 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// encode writes one of our own structs, which cannot fail. It leaves '<', '>' and
// '&' alone, so that an item reads back as the bytes that were stored.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("userdata: encode %T: %v", v, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
