package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (h *handler) registerScripts(router huma.API) {
	huma.Register(router, telling[List[Script]](router, h.operation("list-services", http.MethodGet, "/services", "Services of the app, ordered by name", http.StatusOK)),
		func(_ context.Context, in *PageQuery) (*told, error) {
			return pageOfScripts("services", h.Scripts.Services(), *in)
		})
	huma.Register(router, telling[List[Script]](router, h.operation("list-agents", http.MethodGet, "/agents", "Agents of the app, ordered by name", http.StatusOK)),
		func(_ context.Context, in *PageQuery) (*told, error) {
			return pageOfScripts("agents", h.Scripts.Agents(), *in)
		})
}

func pageOfScripts(list string, scripts []Script, q PageQuery) (*told, error) {
	page, err := pageOf(list, scripts, func(s Script) string { return s.Name }, q)
	if err != nil {
		return nil, err
	}
	return &told{page}, nil
}
