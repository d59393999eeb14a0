package server

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/resume"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// openDetached opens the store of detached sockets. At the end of the server those there are then are saved: behind
// the scripts and the requests, which may have written to them.
func (s *Server) openDetached(ctx context.Context, h *hub.Hub) (*resume.Store, error) {
	var store *resume.Store
	err := s.store.open(ctx, func(ctx context.Context) (err error) {
		store, err = resume.Open(ctx, s.store.js, resume.Config{Node: s.node, Replicas: s.store.replicas, Prefix: s.store.prefix})
		return err
	})
	if err != nil {
		return nil, err
	}
	s.onClose("detached sockets", func(ctx context.Context) error {
		s.saveDetached(ctx, store, resume.Kept{Sockets: h.Detached(), Losses: h.Losses()})
		return nil
	})
	return store, nil
}

// saveDetached keeps the sockets, and what users are still to hear of others, for the next start. Where that does
// not work the server stops all the same.
func (s *Server) saveDetached(ctx context.Context, store *resume.Store, kept resume.Kept) {
	saved, err := store.Save(ctx, kept)
	if err != nil && len(kept.Sockets) > 0 {
		s.logger.Error("detached sockets are not saved, their clients will be told of no gap", "count", len(kept.Sockets)-saved, "error", err.Error())
	}
	if saved > 0 {
		s.logger.Info("detached sockets saved", "count", saved)
	}
}

// restoreDetached brings back the sockets that the process before had saved, also those of services that are there
// no more. Nobody can open a socket yet, so that nobody comes before them.
func (s *Server) restoreDetached(ctx context.Context, store *resume.Store, h *hub.Hub, endpoint *ws.Server) {
	kept, lost, err := store.Load(ctx)
	switch {
	case err == nil:
	case lost == 0:
		s.logger.Error("detached sockets of the process before cannot be read, they stay in the store for the next start", "error", err.Error())
	case lost < 0:
		s.logger.Error("detached sockets of the process before are lost, nobody knows how many", "error", err.Error())
	default:
		s.logger.Error("detached sockets of the process before are lost", "count", lost, "error", err.Error())
	}
	h.RestoreLosses(kept.Losses)
	restored := 0
	for _, d := range kept.Sockets {
		if err := endpoint.Restore(d); err != nil {
			s.logger.Error("detached socket is lost", "socket", d.Key, "user", d.User.ID, "error", err.Error())
			continue
		}
		restored++
	}
	if restored > 0 {
		s.logger.Info("detached sockets restored", "count", restored)
	}
}
