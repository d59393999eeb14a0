package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

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

// told is an answer whose schema [telling] has put into the document: one type for operations that take the same,
// because the library is compiled anew for each pair of what is taken and answered, into 20 KB.
type told struct{ Body any }

// telling declares what an operation answers that gives it as told.
func telling[T any](router huma.API, op huma.Operation) huma.Operation {
	schema := router.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
	op.Responses = map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): {Content: map[string]*huma.MediaType{jsonType: {Schema: schema}}}}
	return op
}

func (h *handler) registerSockets(router huma.API) {
	huma.Register(router, h.operation("list-sockets", http.MethodGet, "/sockets", "Sockets, ordered by key", http.StatusOK), h.listSockets)
	huma.Register(router, h.operation("get-socket", http.MethodGet, "/sockets/{key}", "One socket", http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable), h.getSocket)
	huma.Register(router, h.operation("abort-socket", http.MethodDelete, "/sockets/{key}", "End a socket at once", http.StatusNoContent, http.StatusNotFound, http.StatusServiceUnavailable), h.abortSocket)
	huma.Register(router, h.operation("patch-tags", http.MethodPatch, "/sockets/{key}/tags", "Set and remove tags", http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable), h.patchTags)
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
	infos, more, missing, err := h.Sockets.List(ctx, hub.ListQuery{Filter: filter, Node: in.Node, After: after, Limit: in.Limit})
	if err != nil {
		return nil, problemOf(err, "")
	}
	items := make([]Socket, 0, len(infos))
	for _, info := range infos {
		items = append(items, socketOf(info))
	}
	next := ""
	if more && len(infos) > 0 {
		next = cursorOf("sockets", infos[len(infos)-1].Key)
	}
	return &answer[List[Socket]]{listOf(items, next, missing)}, nil
}

func (h *handler) getSocket(ctx context.Context, in *socketKey) (*answer[Socket], error) {
	return h.describe(ctx, in.Key)
}

func (h *handler) describe(ctx context.Context, key string) (*answer[Socket], error) {
	info, ok, err := h.Sockets.Info(ctx, hub.Ref{Key: key})
	if err == nil && !ok {
		err = hub.ErrNotFound
	}
	if err != nil {
		return nil, problemOf(err, key)
	}
	return &answer[Socket]{socketOf(info)}, nil
}

func (h *handler) abortSocket(ctx context.Context, in *socketKey) (*struct{}, error) {
	if err := h.Sockets.Abort(ctx, hub.Ref{Key: in.Key}); err != nil {
		return nil, problemOf(err, in.Key)
	}
	return nil, nil
}

func (h *handler) patchTags(ctx context.Context, in *tagsPatch) (*answer[Socket], error) {
	if _, err := h.Sockets.PatchTags(ctx, hub.Ref{Key: in.Key}, in.Body); err != nil {
		return nil, problemOf(err, in.Key)
	}
	return h.describe(ctx, in.Key)
}
