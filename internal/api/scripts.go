package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (h *handler) registerScripts(router huma.API) {
	huma.Register(router, h.operation("list-services", http.MethodGet, "/services", "Services of the app, ordered by name", http.StatusOK),
		func(_ context.Context, in *PageQuery) (*answer[List[Script]], error) {
			return pageOfScripts("services", h.Scripts.Services(), *in)
		})
	huma.Register(router, h.operation("list-agents", http.MethodGet, "/agents", "Agents of the app, ordered by name", http.StatusOK),
		func(_ context.Context, in *PageQuery) (*answer[List[Script]], error) {
			return pageOfScripts("agents", h.Scripts.Agents(), *in)
		})
}

func pageOfScripts(list string, scripts []Script, q PageQuery) (*answer[List[Script]], error) {
	page, err := pageOf(list, scripts, func(s Script) string { return s.Name }, q)
	if err != nil {
		return nil, err
	}
	return &answer[List[Script]]{page}, nil
}
