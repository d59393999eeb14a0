package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sort"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// Select returns the sockets that a filter chooses, in no particular order: of all
// nodes, or of this one. Each is there once, also one that moves meanwhile. missing names the nodes that did not
// answer, or not wholly. Errors: ctx's.
func (c *Cluster) Select(ctx context.Context, f hub.Filter, allNodes bool) (refs []hub.Ref, missing []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var remote []page
	if allNodes {
		var e encoder
		e.filter(f)
		if remote, missing, err = c.gather(ctx, OpSelect, e.buf); err != nil {
			return nil, nil, err
		}
	}
	sockets := c.hub.Select(f)
	count := len(sockets)
	for i := range remote {
		count += remote[i].items
	}
	refs = make([]hub.Ref, 0, count)
	for _, s := range sockets {
		refs = append(refs, hub.Ref{Key: s.Key(), Local: s})
	}
	if count == len(sockets) {
		return refs, missing, nil
	}
	seen := make(map[string]struct{}, count)
	for _, ref := range refs {
		seen[ref.Key] = struct{}{}
	}
	for i := range remote {
		refs = remote[i].selected(refs, seen)
		remote[i] = page{} // what no reference is a part of goes
	}
	return refs, missing, nil
}

// selected appends the sockets of a page that are not yet there.
func (p *page) selected(refs []hub.Ref, seen map[string]struct{}) []hub.Ref {
	d := decoder{rest: p.text}
	for range p.items {
		key, opened, tags := d.text(), d.time(), d.tags()
		if d.bad {
			break
		}
		if _, twice := seen[key]; twice {
			continue
		}
		seen[key] = struct{}{}
		refs = append(refs, hub.Ref{Key: key, Remote: hub.NewRemoteSocket(p.node, opened, tags)})
	}
	return refs
}

// List returns a page of sockets, ordered by key, and whether more follow: each node tells its first ones. missing names
// the nodes that did not answer, and the one asked for if there is none of the name. Errors: ctx's.
func (c *Cluster) List(ctx context.Context, q hub.ListQuery) (infos []hub.Info, more bool, missing []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, nil, err
	}
	var remote []page
	if q.Node == "" || q.Node != c.hub.Node() {
		var e encoder
		e.filter(q.Filter)
		e.text(q.After)
		e.size(q.Limit)
		if remote, missing, err = c.gatherFrom(ctx, q.Node, OpList, e.buf); err != nil {
			return nil, false, nil, err
		}
	}
	infos, more = c.listHere(q)
	for i := range remote {
		more = remote[i].listed(&infos) || more
	}
	if len(remote) == 0 {
		return infos, more, missing, nil
	}
	sort.Slice(infos, func(i, j int) bool { // of one that moves, the newest
		a, b := &infos[i], &infos[j]
		return cmp.Or(cmp.Compare(a.Key, b.Key), b.ConnectedAt.Compare(a.ConnectedAt)) < 0
	})
	infos = slices.CompactFunc(infos, func(a, b hub.Info) bool { return a.Key == b.Key })
	if len(infos) > q.Limit {
		infos, more = infos[:max(q.Limit, 0)], true
	}
	return infos, more, missing, nil
}

// listHere lists sockets of this node.
func (c *Cluster) listHere(q hub.ListQuery) (infos []hub.Info, more bool) {
	infos, more = c.hub.List(q)
	for i := range infos {
		c.lines.count(&infos[i])
	}
	return infos, more
}

// listed appends the sockets of a page and says whether the node has more than it told.
func (p *page) listed(infos *[]hub.Info) (more bool) {
	d := decoder{rest: p.text}
	more = d.bool()
	for range p.items {
		info, _ := d.info(p.node)
		if d.bad {
			break
		}
		*infos = append(*infos, info)
	}
	return more
}

// TagNames returns the names of tags in use, each with how many sockets have it. missing names
// the nodes that did not answer. Errors: ctx's.
func (c *Cluster) TagNames(ctx context.Context) (names map[string]int, missing []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	remote, missing, err := c.gather(ctx, OpTagNames, nil)
	if err != nil {
		return nil, nil, err
	}
	names = c.hub.TagNames()
	for i := range remote {
		remote[i].counted(names)
	}
	return names, missing, nil
}

// TagValues calls each with the values of one tag after the other, each value with how many sockets have it: no
// more than those of one are in memory. A node that is missing once is not asked again. Errors: ctx's.
func (c *Cluster) TagValues(ctx context.Context, names []string, each func(name string, values map[string]int)) (missing []string, err error) {
	var ask []string
	if c.far != nil {
		ask = c.far.others()
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return missing, err
		}
		var e encoder
		e.text(name)
		remote, silent, err := c.gatherOf(ctx, ask, OpTagValues, e.buf)
		if err != nil {
			return missing, err
		}
		missing = append(missing, silent...)
		ask = slices.DeleteFunc(ask, func(node string) bool { return slices.Contains(silent, node) })
		values := c.hub.TagValues(name)
		for i := range remote {
			remote[i].counted(values)
		}
		each(name, values)
	}
	slices.Sort(missing)
	return missing, nil
}

// counted adds the counts of a page.
func (p *page) counted(counts map[string]int) {
	d := decoder{rest: p.text}
	for range p.items {
		text, n := d.text(), d.size()
		if d.bad {
			break
		}
		counts[text] += n
	}
}

// page is a part of what a node answers to a question after many things.
type page struct {
	node  string
	items int
	text  string // what a decoder reads
}

// gather asks all other nodes and returns their answers, which may be parts of them for those that are missing.
// Errors: ctx's.
func (c *Cluster) gather(ctx context.Context, op peers.Op, body []byte) (pages []page, missing []string, err error) {
	return c.gatherFrom(ctx, "", op, body)
}

// gatherFrom is gather for one node; "" means all. One that there is not is missing.
func (c *Cluster) gatherFrom(ctx context.Context, node string, op peers.Op, body []byte) (pages []page, missing []string, err error) {
	var names []string
	if c.far != nil {
		names = c.far.others()
	}
	switch {
	case node == "":
		return c.gatherOf(ctx, names, op, body)
	case slices.Contains(names, node):
		return c.gatherOf(ctx, []string{node}, op, body)
	}
	return nil, []string{node}, nil
}

// gatherOf is gather for some nodes. Pages are only put aside while they come, so that they come as fast as they can.
func (c *Cluster) gatherOf(ctx context.Context, nodes []string, op peers.Op, body []byte) (pages []page, missing []string, err error) {
	open := make(map[string]bool, len(nodes)) // whose answer is not whole
	for _, node := range nodes {
		open[node] = true
	}
	take := func(node string, body []byte) error {
		d := decode(body)
		last, items := d.bool(), d.size()
		if d.bad || items > len(d.rest) { // every item takes a byte
			return errAnswer(node)
		}
		pages = append(pages, page{node, items, d.rest})
		if last {
			delete(open, node)
		}
		return nil
	}
	switch len(nodes) {
	case 0:
		return nil, nil, nil
	case 1: // a message that only goes there
		err = c.far.AskPages(ctx, nodes[0], op, body, func(body []byte) error { return take(nodes[0], body) })
	default:
		_, err = c.far.Gather(ctx, nodes, op, body, take)
	}
	if err != nil && ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	return pages, slices.Sorted(maps.Keys(open)), nil // whatever else went wrong, it is they that did not answer
}
