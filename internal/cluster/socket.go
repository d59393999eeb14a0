package cluster

import (
	"context"
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Info describes a socket; ok is false if it has ended. Errors: ctx's.
func (c *Cluster) Info(ctx context.Context, ref hub.Ref) (info hub.Info, ok bool, err error) {
	s, err := c.resolve(ctx, ref)
	if errors.Is(err, hub.ErrNotFound) {
		return hub.Info{}, false, nil
	}
	if err != nil {
		return hub.Info{}, false, err
	}
	info = s.Info()
	return info, info.State != hub.StateGone, nil
}

// Tags returns the tags of a socket as they are now. Those of a socket that ended
// stay readable through a reference made before, on its own node. Errors: ctx's,
// [hub.ErrNotFound].
func (c *Cluster) Tags(ctx context.Context, ref hub.Ref) (hub.Tags, error) {
	s, err := c.resolve(ctx, ref)
	if err != nil {
		return hub.Tags{}, err
	}
	return s.Tags(), nil
}

// ReplaceTags makes tags the whole set of a socket. Errors: ctx's,
// [hub.ErrNotFound], and one that wraps [hub.ErrTagLimit]; then nothing changes.
func (c *Cluster) ReplaceTags(ctx context.Context, ref hub.Ref, tags hub.Tags) error {
	s, err := c.resolve(ctx, ref)
	if err != nil {
		return err
	}
	return gone(s.ReplaceTags(tags))
}

// PatchTags sets the tags given and removes those given as nil, at once, and
// reports whether the set differs now. Errors are those of ReplaceTags.
func (c *Cluster) PatchTags(ctx context.Context, ref hub.Ref, patch map[string]*string) (changed bool, err error) {
	s, err := c.resolve(ctx, ref)
	if err != nil {
		return false, err
	}
	changed, err = s.PatchTags(patch)
	return changed, gone(err)
}

// Abort drops the connection of a socket at once; it has left every list when
// Abort returns. A socket that has ended already is no error if the reference was
// made before, on its own node. Errors: ctx's, [hub.ErrNotFound].
func (c *Cluster) Abort(ctx context.Context, ref hub.Ref) error {
	s, err := c.resolve(ctx, ref)
	if err != nil {
		return err
	}
	s.Abort()
	return nil
}
