package api

import (
	"cmp"
	"container/heap"
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

type socketList struct {
	PageQuery
	Filter string `query:"filter" doc:"Which sockets: $name, $name:value, $name:[a,b], or a JSON object. All open ones without one; detached ones only if it says so: {\"$state\":[\"open\",\"detached\"]}."`
	Node   string `query:"node" doc:"Only sockets of this node."`
}

type socketKey struct {
	Key string `path:"key" doc:"The key of the socket, percent-encoded." example:"%2Fservices%2Fmain_ws_service-s-123"`
}

type tagsPatch struct {
	Key  string `path:"key" doc:"The key of the socket, percent-encoded." example:"%2Fservices%2Fmain_ws_service-s-123"`
	Body tagValues
}

// tagValues are tags to set, or with null to remove.
type tagValues map[string]*string

// maxTagValues is how many tags one request may change: enough to replace as many
// as a socket can have.
const maxTagValues = 128

// Schema describes the map; by itself the library would not take null.
func (tagValues) Schema(huma.Registry) *huma.Schema {
	most := maxTagValues
	return &huma.Schema{
		Type:                 huma.TypeObject,
		Description:          "Tags to set; null removes one.",
		MaxProperties:        &most,
		AdditionalProperties: &huma.Schema{Type: huma.TypeString, Nullable: true},
	}
}

type answer[T any] struct{ Body T }

func (h *handler) registerSockets(router huma.API) {
	huma.Register(router, h.operation("list-sockets", http.MethodGet, "/sockets", "Sockets, ordered by key", http.StatusOK), h.listSockets)
	huma.Register(router, h.operation("get-socket", http.MethodGet, "/sockets/{key}", "One socket", http.StatusOK, http.StatusNotFound), h.getSocket)
	huma.Register(router, h.operation("abort-socket", http.MethodDelete, "/sockets/{key}", "End a socket at once", http.StatusNoContent, http.StatusNotFound), h.abortSocket)
	huma.Register(router, h.operation("patch-tags", http.MethodPatch, "/sockets/{key}/tags", "Set and remove tags", http.StatusOK, http.StatusNotFound), h.patchTags)
}

// listSockets answers with a page ordered by key, so that sockets that come and
// go between two pages move no others from one page to the next.
func (h *handler) listSockets(ctx context.Context, in *socketList) (*answer[List[Socket]], error) {
	filter, err := parseFilter(in.Filter, "query.filter")
	if err != nil {
		return nil, err
	}
	after, err := in.position("sockets")
	if err != nil {
		return nil, err
	}
	if in.Node != "" && in.Node != h.cfg.Node {
		return &answer[List[Socket]]{listOf[Socket](nil, "", []string{in.Node})}, nil
	}
	selected, missing, err := h.Sockets.Select(ctx, filter, in.Node == "")
	if err != nil {
		return nil, problemOf(err, "")
	}
	refs, more := page(selected, after, in.Limit)
	items := make([]Socket, 0, len(refs))
	for _, ref := range refs {
		info, ok, err := h.Sockets.Info(ctx, ref)
		if err != nil {
			return nil, problemOf(err, ref.Key)
		}
		if ok {
			items = append(items, socketOf(info))
		}
	}
	next := ""
	if more {
		next = cursorOf("sockets", refs[len(refs)-1].Key)
	}
	return &answer[List[Socket]]{listOf(items, next, missing)}, nil
}

// page returns the limit smallest keys after the given one, in order, and
// whether there are more. It does not sort the others.
func page(refs []hub.Ref, after string, limit int) (items []hub.Ref, more bool) {
	top := make(largestFirst, 0, min(limit, len(refs))+1)
	for _, ref := range refs {
		if ref.Key <= after {
			continue
		}
		if len(top) == limit && ref.Key > top[0].Key {
			more = true
			continue
		}
		heap.Push(&top, ref)
		if len(top) > limit {
			heap.Pop(&top)
			more = true
		}
	}
	slices.SortFunc(top, func(a, b hub.Ref) int { return cmp.Compare(a.Key, b.Key) })
	return top, more
}

// largestFirst is a heap with the largest key on top.
type largestFirst []hub.Ref

func (l largestFirst) Len() int           { return len(l) }
func (l largestFirst) Less(i, j int) bool { return l[i].Key > l[j].Key }
func (l largestFirst) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *largestFirst) Push(x any)        { *l = append(*l, x.(hub.Ref)) }
func (l *largestFirst) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

func (h *handler) getSocket(ctx context.Context, in *socketKey) (*answer[Socket], error) {
	ref, err := h.find(ctx, in.Key)
	if err != nil {
		return nil, problemOf(err, in.Key)
	}
	return h.describe(ctx, ref)
}

// find returns the socket with the key, or hub.ErrNotFound.
func (h *handler) find(ctx context.Context, key string) (hub.Ref, error) {
	ref, ok, err := h.Sockets.Find(ctx, key)
	if err == nil && !ok {
		err = hub.ErrNotFound
	}
	return ref, err
}

func (h *handler) describe(ctx context.Context, ref hub.Ref) (*answer[Socket], error) {
	info, ok, err := h.Sockets.Info(ctx, ref)
	if err == nil && !ok {
		err = hub.ErrNotFound
	}
	if err != nil {
		return nil, problemOf(err, ref.Key)
	}
	return &answer[Socket]{socketOf(info)}, nil
}

func (h *handler) abortSocket(ctx context.Context, in *socketKey) (*struct{}, error) {
	ref, err := h.find(ctx, in.Key)
	if err == nil {
		err = h.Sockets.Abort(ctx, ref)
	}
	if err != nil {
		return nil, problemOf(err, in.Key)
	}
	return nil, nil
}

func (h *handler) patchTags(ctx context.Context, in *tagsPatch) (*answer[Socket], error) {
	ref, err := h.find(ctx, in.Key)
	if err == nil {
		_, err = h.Sockets.PatchTags(ctx, ref, in.Body)
	}
	if err != nil {
		return nil, problemOf(err, in.Key)
	}
	return h.describe(ctx, ref)
}
