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
	// WrongToken adds a request to the API that was answered with 401.
	WrongToken(r *http.Request, detail string)
}

// RefusedRequest is a handshake or a login that was refused. What strangers wrote is cut.
type RefusedRequest struct {
	Seq        uint64    `json:"-"`
	Time       time.Time `json:"time"`
	Remote     string    `json:"remote" doc:"Address of who asked."`
	What       string    `json:"what" enum:"host,origin,token,service,handshake,stateful_id,user,limit,unavailable" doc:"What it was refused for."`
	Status     int       `json:"status" doc:"What it was answered with."`
	Detail     string    `json:"detail"`
	Add        string    `json:"add,omitempty" doc:"The flag that would let it in."`
	Host       string    `json:"host,omitempty"`
	Origin     string    `json:"origin,omitempty"`
	Path       string    `json:"path,omitempty"`
	Service    string    `json:"service,omitempty"`
	StatefulID string    `json:"stateful_id,omitempty"`
	UserID     string    `json:"user_id,omitempty"`
}

func (h *handler) registerRefusals(router huma.API) {
	huma.Register(router, h.operation("list-refusals", http.MethodGet, "/refusals", "Refused handshakes and logins, the newest first", http.StatusOK), h.listRefusals)
}

func (h *handler) listRefusals(_ context.Context, in *PageQuery) (*answer[List[RefusedRequest]], error) {
	position, err := in.position("refusals")
	if err != nil {
		return nil, err
	}
	before, err := strconv.ParseUint(position, 10, 64)
	if position != "" && (err != nil || before == 0) {
		return nil, in.notNext()
	}
	items, more := h.Refusals.Newest(before, in.Limit)
	next := ""
	if more {
		next = cursorOf("refusals", strconv.FormatUint(items[len(items)-1].Seq, 10))
	}
	return &answer[List[RefusedRequest]]{listOf(items, next, nil)}, nil
}
