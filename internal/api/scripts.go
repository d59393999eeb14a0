package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (h *handler) registerScripts(router huma.API) {
	huma.Register(router, h.operation("list-services", http.MethodGet, "/services", "Services of the app", http.StatusOK),
		func(context.Context, *struct{}) (*answer[List[Script]], error) {
			return &answer[List[Script]]{listOf(h.Scripts.Services(), "", nil)}, nil
		})
	huma.Register(router, h.operation("list-agents", http.MethodGet, "/agents", "Agents of the app", http.StatusOK),
		func(context.Context, *struct{}) (*answer[List[Script]], error) {
			return &answer[List[Script]]{listOf(h.Scripts.Agents(), "", nil)}, nil
		})
}
