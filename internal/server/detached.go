package server

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/resume"
)

// keepDetached opens the store of detached sockets, and brings those back that processes before had saved. At
// the end of the server those there are then are saved: behind the scripts and the requests, which may have
// written to them. Another node takes them from there, if there is one.
func (s *Server) keepDetached(ctx context.Context, r *rooms) error {
	store, err := s.openResume(ctx, s.node)
	if err != nil {
		return err
	}
	s.onClose("detached sockets", func(ctx context.Context) error {
		adopter, err := r.sockets.Leave(ctx, func(ctx context.Context) error {
			s.saveDetached(ctx, store, resume.Kept{Sockets: r.hub.Detached(), Losses: r.hub.Losses()})
			return nil
		})
		if adopter != "" {
			s.logger.Info("detached sockets are taken over by another node", "peer", adopter)
		}
		return err
	})
	s.restoreDetached(ctx, store, r)
	return nil
}

// saveDetached keeps the sockets, and what users are still to hear of others. Where that does not work the server
// stops all the same.
func (s *Server) saveDetached(ctx context.Context, store *resume.Store, kept resume.Kept) {
	saved, err := store.Save(ctx, kept)
	if err != nil && len(kept.Sockets) > 0 {
		s.logger.Error("detached sockets are not saved", "count", len(kept.Sockets)-saved, "error", err.Error())
	}
	if saved > 0 {
		s.logger.Info("detached sockets saved", "count", saved)
	}
}

// restoreDetached brings back the sockets that the process before had saved, also those of services that are there
// no more, and in a cluster those of nodes that stopped when nobody was there to take them. Nobody can open a
// socket here yet, so that nobody comes before them.
func (s *Server) restoreDetached(ctx context.Context, store *resume.Store, r *rooms) {
	stores := []*resume.Store{store}
	if s.store.outside() {
		stores = append(stores, s.orphaned(ctx, store, r)...)
	}
	for _, store := range stores {
		kept, lost, err := store.Load(ctx)
		if err != nil {
			s.reportLost(store.Node(), lost, err)
		}
		r.hub.RestoreLosses(kept.Losses)
		s.restoreAll(kept.Sockets, r.endpoint.Restore)
	}
}

// orphaned are the stores of other nodes that do not run.
func (s *Server) orphaned(ctx context.Context, store *resume.Store, r *rooms) (orphaned []*resume.Store) {
	nodes, err := store.Nodes(ctx)
	if err != nil {
		s.logger.Warn("detached sockets of other nodes are not looked for", "error", err.Error())
		return nil
	}
	for _, node := range nodes {
		if r.nodes.isLive(node) {
			continue
		}
		other, err := s.openResume(ctx, node)
		if err != nil {
			s.logger.Warn("detached sockets of another node stay in the store", "peer", node, "error", err.Error())
			continue
		}
		orphaned = append(orphaned, other)
	}
	return orphaned
}

// reportLost says what became of saved sockets that could not be read.
func (s *Server) reportLost(node string, lost int, err error) {
	switch {
	case lost == 0:
		s.logger.Error("detached sockets of a process before cannot be read, they stay in the store", "peer", node, "error", err.Error())
	case lost < 0:
		s.logger.Error("detached sockets of a process before are lost, nobody knows how many", "peer", node, "error", err.Error())
	default:
		s.logger.Error("detached sockets of a process before are lost", "peer", node, "count", lost, "error", err.Error())
	}
}
