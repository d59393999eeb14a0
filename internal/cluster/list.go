package cluster

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// List returns a page of sockets, ordered by key, and whether more follow. missing names the nodes that did
// not answer, and the one asked for if there is none of the name. Errors: ctx's.
func (c *Cluster) List(ctx context.Context, q hub.ListQuery) (infos []hub.Info, more bool, missing []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, nil, err
	}
	if q.Node != "" && q.Node != c.hub.Node() {
		return nil, false, []string{q.Node}, nil
	}
	infos, more = c.hub.List(q)
	return infos, more, nil, nil
}

// TagNames returns the names of tags in use, each with how many sockets have it. missing names
// the nodes that did not answer. Errors: ctx's.
func (c *Cluster) TagNames(ctx context.Context) (names map[string]int, missing []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return c.hub.TagNames(), nil, nil
}

// TagValues calls each with the values of one tag after the other, each value with how many sockets have it: no
// more than those of one are in memory. A node that is missing once is not asked again. Errors: ctx's.
func (c *Cluster) TagValues(ctx context.Context, names []string, each func(name string, values map[string]int)) (missing []string, err error) {
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return missing, err
		}
		each(name, c.hub.TagValues(name))
	}
	return missing, nil
}
