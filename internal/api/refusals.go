package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Refusals are the requests that were turned away lately.
type Refusals interface {
	// Newest returns up to n of them numbered below before (0: all), the newest
	// first, and whether there are older ones.
	Newest(before uint64, n int) (refused []RefusedRequest, more bool)
	// WrongToken adds a request to the API that was answered with 401, or with 403 because its key
	// lacks the scope.
	WrongToken(r *http.Request, status int, detail string)
}

// RefusedRequest is a handshake or a login that was refused, or a socket that was closed because of a limit. What strangers wrote is cut.
type RefusedRequest struct {
	Seq        uint64    `json:"-"`
	Time       time.Time `json:"time" doc:"When it was refused."`
	Remote     string    `json:"remote" doc:"Address of who asked."`
	What       string    `json:"what" enum:"host,origin,token,service,handshake,stateful_id,user,limit,unavailable,cross_site,request,call_method,tags" doc:"What it was refused for."`
	Status     int       `json:"status" doc:"What it was answered with; 1008 for an open socket that was closed because of a limit."`
	Detail     string    `json:"detail" doc:"Why, as the answer said."`
	Add        string    `json:"add,omitempty" doc:"What would let it in: in dev a flag, in serve a line of the settings."`
	Setting    string    `json:"setting,omitempty" doc:"The setting to raise, where a limit was exceeded."`
	Host       string    `json:"host,omitempty" doc:"The Host of the request."`
	Origin     string    `json:"origin,omitempty" doc:"The Origin of the request."`
	Path       string    `json:"path,omitempty" doc:"The path of the request."`
	Service    string    `json:"service,omitempty" doc:"The service that was asked for."`
	StatefulID string    `json:"stateful_id,omitempty" doc:"The id the client chose."`
	UserID     string    `json:"user_id,omitempty" doc:"Whose connection it would have been."`
}

func (h *handler) registerRefusals(router huma.API) {
	list := h.operation("list-refusals", http.MethodGet, "/refusals", "Refused handshakes and logins, the newest first", http.StatusOK)
	huma.Register(router, telling[List[RefusedRequest]](router, list), h.listRefusals)
}

func (h *handler) listRefusals(_ context.Context, in *PageQuery) (*told, error) {
	before, err := in.number("refusals")
	if err != nil {
		return nil, err
	}
	items, more := h.Refusals.Newest(before, in.Limit)
	next := ""
	if more {
		next = cursorOf("refusals", strconv.FormatUint(items[len(items)-1].Seq, 10))
	}
	return &told{listOf(items, next, nil)}, nil
}
