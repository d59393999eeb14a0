package hub

import (
	"cmp"
	"container/heap"
	"slices"
)

// ListQuery asks for a page of sockets, ordered by key.
type ListQuery struct {
	Filter Filter
	Node   string // only those of this node; "": of all
	After  string // only keys after this one
	Limit  int    // most of the page; less than 1: none
}

// List returns the first sockets by key that match after a key, in order, and whether more follow the last of
// them: never, where there are none. Sockets that come and go between two pages move no others from one page to the next. The
// cost is that of [Hub.Select]; no more than the page is sorted.
func (h *Hub) List(q ListQuery) (infos []Info, more bool) {
	if q.Limit < 1 || q.Node != "" && q.Node != h.cfg.Node {
		return nil, false
	}
	after := q.After
	for {
		sockets, follow := page(h.Select(q.Filter), after, q.Limit-len(infos))
		for _, s := range sockets {
			if info := s.Info(); info.State != StateGone {
				infos = append(infos, info)
			}
		}
		if !follow || len(infos) == q.Limit {
			return infos, follow
		}
		after = sockets[len(sockets)-1].key // some ended just now: the page is filled up
	}
}

// page returns the limit smallest keys after the given one, in order, and whether there are more. It does not
// sort the others.
func page(sockets []*Socket, after string, limit int) (items []*Socket, more bool) {
	top := make(largestFirst, 0, min(limit, len(sockets))+1)
	for _, s := range sockets {
		if s.key <= after {
			continue
		}
		if len(top) == limit {
			more = true
			if s.key > top[0].key {
				continue
			}
			top[0] = s
			heap.Fix(&top, 0)
			continue
		}
		heap.Push(&top, s)
	}
	slices.SortFunc(top, func(a, b *Socket) int { return cmp.Compare(a.key, b.key) })
	return top, more
}

// largestFirst is a heap with the largest key on top.
type largestFirst []*Socket

func (l largestFirst) Len() int           { return len(l) }
func (l largestFirst) Less(i, j int) bool { return l[i].key > l[j].key }
func (l largestFirst) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *largestFirst) Push(x any)        { *l = append(*l, x.(*Socket)) }
func (l *largestFirst) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
