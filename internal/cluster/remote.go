package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// Find returns a socket that any node holds; ok is false if none does. Errors:
// ctx's, one that wraps [hub.ErrNoAnswer] and names the node, [hub.ErrUnavailable].
func (c *Cluster) Find(ctx context.Context, key string) (ref hub.Ref, ok bool, err error) {
	ref.Key = key
	err = c.on(ctx, ref, socketOp{
		op: OpInfo,
		here: func(s *hub.Socket) error {
			ref.Local = s
			return nil
		},
		answer: func(node string, d *decoder) {
			info, opened := d.info(node)
			ref.Remote = hub.NewRemoteSocket(node, opened, info.Tags)
		},
	})
	if errors.Is(err, hub.ErrNotFound) {
		return hub.Ref{}, false, nil
	}
	return ref, err == nil, err
}

// Info describes a socket; ok is false if it has ended. Errors: ctx's, one that wraps [hub.ErrNoAnswer] and
// names the node, [hub.ErrUnavailable].
func (c *Cluster) Info(ctx context.Context, ref hub.Ref) (info hub.Info, ok bool, err error) {
	err = c.on(ctx, ref, socketOp{
		op: OpInfo,
		here: func(s *hub.Socket) error {
			if info = s.Info(); info.State == hub.StateGone {
				return hub.ErrClosed
			}
			c.lines.count(&info)
			return nil
		},
		answer: func(node string, d *decoder) { info, _ = d.info(node) },
	})
	if errors.Is(err, hub.ErrNotFound) {
		return hub.Info{}, false, nil
	}
	return info, err == nil, err
}

// Tags returns the tags of a socket: as they are now; those of a socket of another node as they were when it
// was listed, or changed last through the reference, which costs no request. Those of a socket that ended
// stay readable through a reference made before. Errors: ctx's, [hub.ErrNotFound], and for a reference that
// is only a key those of Info.
func (c *Cluster) Tags(ctx context.Context, ref hub.Ref) (tags hub.Tags, err error) {
	switch {
	case ctx.Err() != nil:
		return hub.Tags{}, ctx.Err()
	case ref.Local != nil:
		return ref.Local.Tags(), nil
	case ref.Remote != nil:
		return ref.Remote.Tags(), nil
	}
	info, ok, err := c.Info(ctx, ref)
	if err == nil && !ok {
		err = hub.ErrNotFound
	}
	return info.Tags, err
}

// ReplaceTags makes tags the whole set of a socket. Errors: those of Info, [hub.ErrNotFound], and one that wraps
// [hub.ErrTagLimit]. Nothing changes then, except that after [hub.ErrNoAnswer] nobody knows.
func (c *Cluster) ReplaceTags(ctx context.Context, ref hub.Ref, tags hub.Tags) error {
	err := tags.Check()
	if err == nil {
		err = c.on(ctx, ref, socketOp{
			op:   OpReplaceTags,
			here: func(s *hub.Socket) error { return s.ReplaceTags(tags) },
			more: func(e *encoder) { e.tags(tags) },
		})
	}
	if err == nil && ref.Remote != nil {
		ref.Remote.SetTags(tags)
	}
	return err
}

// PatchTags sets the tags given and removes those given as nil, at once, and
// reports whether the set differs now. Errors are those of ReplaceTags.
func (c *Cluster) PatchTags(ctx context.Context, ref hub.Ref, patch map[string]*string) (changed bool, err error) {
	var tags hub.Tags
	err = c.on(ctx, ref, socketOp{
		op: OpPatchTags,
		here: func(s *hub.Socket) (err error) {
			changed, err = s.PatchTags(patch)
			tags = s.Tags()
			return err
		},
		more:   func(e *encoder) { e.patch(patch) },
		answer: func(_ string, d *decoder) { changed, tags = d.bool(), d.tags() },
	})
	if err == nil && ref.Remote != nil {
		ref.Remote.SetTags(tags)
	}
	return changed, err
}

// Abort drops the connection of a socket at once; it has left every list when
// Abort returns. A socket that has ended already is no error if the reference was
// made before. Errors: those of Info, [hub.ErrNotFound].
func (c *Cluster) Abort(ctx context.Context, ref hub.Ref) error {
	err := c.on(ctx, ref, socketOp{
		op: OpAbort,
		here: func(s *hub.Socket) error {
			if s.State() == hub.StateGone {
				return hub.ErrClosed
			}
			s.Abort()
			return nil
		},
	})
	if errors.Is(err, hub.ErrNotFound) && (ref.Local != nil || ref.Remote != nil) {
		return nil
	}
	return err
}

// socketOp is something to be done with one socket, wherever it is.
type socketOp struct {
	op     peers.Op
	here   func(s *hub.Socket) error     // does it where the socket is one of this node
	more   func(e *encoder)              // writes what a request says beside the socket; nil: nothing
	answer func(node string, d *decoder) // reads what the other node answers; nil: nothing
}

// on does something with the socket that a reference means. The reference to a socket that has moved to another
// node means that socket still; one of a socket that has ended means no other that has its key by now. Errors:
// those of the operation, with [hub.ErrNotFound] for a socket that has ended, and those of Info.
func (c *Cluster) on(ctx context.Context, ref hub.Ref, do socketOp) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var opened time.Time // of the very socket; zero: whichever has the key
	s := ref.Local
	switch {
	case s != nil:
		opened = s.OpenedAt()
	case ref.Remote != nil:
		opened = ref.Remote.OpenedAt()
		s, _ = c.held(ref.Key, opened)
	default:
		s, _ = c.hub.Get(ref.Key)
	}
	if s != nil {
		if err := do.here(s); c.far == nil || !errors.Is(err, hub.ErrClosed) && !errors.Is(err, hub.ErrMoving) {
			return gone(err)
		}
	}
	if c.far == nil {
		return hub.ErrNotFound
	}
	err := c.elsewhere(ctx, ref, opened, do)
	for try := 0; errors.Is(err, hub.ErrMoving) && try < sendTries; try++ {
		if err := pause(ctx, min(movePause<<try, maxMovePause)); err != nil {
			return err
		}
		c.far.where.moved(ref.Key, "")
		err = c.elsewhere(ctx, hub.Ref{Key: ref.Key}, opened, do)
	}
	if errors.Is(err, hub.ErrMoving) {
		return errStillMoves
	}
	if ref.Local != nil && errors.Is(err, hub.ErrUnavailable) {
		return hub.ErrNotFound // it has ended, most likely; only where it moved to would need the others
	}
	return err
}

// errStillMoves is about a socket of which nobody says that it has it.
var errStillMoves = fmt.Errorf("%w: the socket is being moved to another node", hub.ErrNoAnswer)

// held returns the socket of this node that has the key and was opened then; the zero time means any.
func (c *Cluster) held(key string, opened time.Time) (*hub.Socket, bool) {
	s, ok := c.hub.Get(key)
	if !ok || !opened.IsZero() && !s.OpenedAt().Equal(opened) {
		return nil, false
	}
	return s, true
}

// elsewhere does something with a socket that is not, or no more, one of this node. What is known of where it is may
// be old: a node that does not have it is believed, and it is looked for once more.
func (c *Cluster) elsewhere(ctx context.Context, ref hub.Ref, opened time.Time, do socketOp) error {
	node, err := c.firstPlace(ctx, ref)
	switch {
	case err != nil:
		return err
	case node == c.hub.Node():
		err = hub.ErrNotFound
	default:
		err = c.askOne(ctx, node, ref.Key, opened, do)
	}
	if !errors.Is(err, hub.ErrNotFound) && !errors.Is(err, errNobody) {
		return err
	}
	if _, tagged := hub.TagOfKey(ref.Key); tagged { // it never moves
		return gone(err)
	}
	c.far.where.moved(ref.Key, node)
	again, lookErr := c.owner(ctx, ref.Key)
	switch {
	case lookErr != nil:
		return lookErr
	case again == c.hub.Node():
		if s, ok := c.held(ref.Key, opened); ok {
			return gone(do.here(s))
		}
		return hub.ErrNotFound
	case again == node && errors.Is(err, errNobody):
		return gone(err)
	}
	return gone(c.askOne(ctx, again, ref.Key, opened, do))
}

// firstPlace returns the node that a socket is asked for first.
func (c *Cluster) firstPlace(ctx context.Context, ref hub.Ref) (node string, err error) {
	if ref.Remote != nil {
		return ref.Remote.Node(), nil
	}
	return c.owner(ctx, ref.Key)
}

// owner returns the node that has a key, this one included. Errors: [hub.ErrNotFound], ctx's, [hub.ErrUnavailable].
func (c *Cluster) owner(ctx context.Context, key string) (node string, err error) {
	if tag, ok := hub.TagOfKey(key); ok {
		n, ok := c.far.ByTag(tag)
		switch {
		case ok:
			return n.Name, nil
		case !c.far.Connected():
			return "", hub.ErrUnavailable // a node that nobody has heard of yet may have it
		}
		return "", hub.ErrNotFound
	}
	if _, _, stateful, err := hub.ParseKey(key); err != nil || !stateful {
		return "", hub.ErrNotFound
	}
	node, ok, err := c.far.where.owner(ctx, key)
	if err == nil && !ok {
		err = hub.ErrNotFound
	}
	return node, err
}

// askOne asks a node to do something with a socket.
func (c *Cluster) askOne(ctx context.Context, node, key string, opened time.Time, do socketOp) error {
	var e encoder
	e.text(key)
	e.bool(!opened.IsZero())
	if !opened.IsZero() {
		e.time(opened)
	}
	if do.more != nil {
		do.more(&e)
	}
	body, err := c.far.Ask(ctx, node, do.op, e.buf)
	if err != nil {
		return Unreached(node, err)
	}
	d := decode(body)
	if do.answer != nil {
		do.answer(node, &d)
	}
	if d.bad {
		return errAnswer(node)
	}
	return nil
}
