package server

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/directory"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/outbox"
	"github.com/tutorsocket/tutorsocket/internal/peers"
	"github.com/tutorsocket/tutorsocket/internal/resume"
)

// clusterConfig is how the sockets of this node are treated in the cluster.
func (s *Server) clusterConfig(r *rooms) cluster.Config {
	settings := s.cfg.Settings
	return cluster.Config{
		Incarnation: s.incarnation,
		Durable:     settings.Durable,
		Window:      settings.Resume.Window, RefuseLiveID: settings.Compat.RefuseLiveID,
		Restore: func(d hub.Detached) error { return r.endpoint.Restore(d) },
		Adopt: func(ctx context.Context, node string, each func(hub.Detached) error) error {
			return s.adopt(ctx, r, node, each)
		},
		Swept:  func(ctx context.Context) { s.sweep(ctx, r) },
		Logger: s.logger, Metrics: s.metrics,
	}
}

// joinCluster makes this node one of several, where the store is one that others use too, and opens what keeps
// durable queues. From then on sockets may be opened.
func (s *Server) joinCluster(ctx context.Context, r *rooms) error {
	settings := s.cfg.Settings
	var p *peers.Peers
	incarnation := s.incarnation // of a node that is alone; others are given one when they join
	if s.store.outside() {
		var err error
		if p, err = s.joinPeers(ctx, r); err != nil {
			return err
		}
		incarnation = p.Self().Incarnation
	}
	var stores cluster.Stores
	if p != nil || settings.AnyDurable() {
		if err := s.store.open(ctx, func(ctx context.Context) (err error) {
			stores.Directory, err = directory.Open(ctx, s.store.js, directory.Config{
				Bucket: s.store.bucket(claimsBucket), Replicas: s.store.replicas, Metrics: s.metrics,
			})
			return err
		}); err != nil {
			return err
		}
	}
	if settings.AnyDurable() {
		box, err := s.openOutbox(ctx, incarnation)
		if err != nil {
			return err
		}
		stores.Outbox = box
	}
	r.sockets.Start(p, stores)
	running, stop := context.WithCancel(context.Background())
	var background sync.WaitGroup
	background.Go(func() { r.sockets.Run(running) })
	background.Go(func() { r.nodes.loseRuns(running, r.history) })
	s.onClose("cluster", func(context.Context) error {
		stop()
		background.Wait()
		return nil
	})
	return nil
}

// claimsBucket is where the claims on stateful keys are.
const claimsBucket = "sockets"

// joinPeers says hello to the other nodes.
func (s *Server) joinPeers(ctx context.Context, r *rooms) (*peers.Peers, error) {
	settings := s.cfg.Settings.NATS
	handlers := r.sockets.Handlers()
	maps.Copy(handlers, r.nodes.handlers())
	p, err := peers.Join(ctx, s.store.conn, peers.Config{
		Name: s.node, Version: s.cfg.Version, Prefix: settings.Prefix, Timeout: settings.Timeout,
		Ops: r.sockets.Ops(), About: r.nodes.about, Metrics: s.metrics, Logger: s.logger,
	}, handlers)
	if err != nil {
		return nil, err
	}
	s.onClose("other nodes", func(ctx context.Context) error {
		err := p.Leave(ctx)
		r.sockets.Close()
		return err
	})
	s.refuse = append(s.refuse, func() { p.SetState(peers.Draining) })
	r.nodes.peers = p
	return p, nil
}

// outboxSettle is how long after a takeover a node that does not know of it may go on.
const outboxSettle = 10 * time.Second

// openOutbox opens the durable queues.
func (s *Server) openOutbox(ctx context.Context, incarnation string) (*outbox.Outbox, error) {
	settings, settle := s.cfg.Settings, time.Duration(0)
	if s.store.outside() { // a node that had the socket, and was given up, may still be storing for it
		settle = outboxSettle
	}
	var box *outbox.Outbox
	err := s.store.open(ctx, func(ctx context.Context) (err error) {
		box, err = outbox.Open(ctx, s.store.js, outbox.Config{
			Writer: incarnation, Prefix: s.store.prefix, Replicas: s.store.replicas,
			MaxAge: settings.Outbox.MaxAge, MaxBytes: settings.Outbox.MaxBytes,
			PortionMessages: settings.Queue.MaxMessages / 2, PortionBytes: settings.Queue.MaxBytes / 2,
			Settle: settle, Metrics: s.metrics, Logger: s.logger,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	s.onClose("durable queues", func(ctx context.Context) error {
		err := box.Flush(ctx)
		box.Close()
		return err
	})
	return box, nil
}

// adopters is how many sockets of a node that leaves are taken over at once.
const adopters = 32

// adopt takes over the detached sockets that another node has saved.
func (s *Server) adopt(ctx context.Context, r *rooms, node string, each func(hub.Detached) error) error {
	store, err := s.openResume(ctx, node)
	if err != nil {
		return err
	}
	kept, lost, err := store.Load(ctx)
	if err != nil {
		s.reportLost(node, lost, err)
	}
	r.hub.RestoreLosses(kept.Losses)
	s.restoreAll(kept.Sockets, each)
	return nil
}

// restoreAll calls restore with each of the sockets, several at a time, and returns how many are here then.
func (s *Server) restoreAll(sockets []hub.Detached, restore func(hub.Detached) error) (restored int) {
	var mu sync.Mutex
	var work sync.WaitGroup
	places := make(chan struct{}, adopters)
	for _, d := range sockets {
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			err := restore(d)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				restored++
			case errors.Is(err, hub.ErrKeyTaken) && s.store.outside(): // its client is at another node already
			default:
				s.logger.Error("detached socket is lost", "socket", d.Key, "user", d.User.ID, "error", err.Error())
			}
		})
	}
	work.Wait()
	if restored > 0 {
		s.logger.Info("detached sockets restored", "count", restored)
	}
	return restored
}

// openResume opens what keeps the detached sockets of a node.
func (s *Server) openResume(ctx context.Context, node string) (store *resume.Store, err error) {
	err = s.store.open(ctx, func(ctx context.Context) (err error) {
		store, err = resume.Open(ctx, s.store.js, resume.Config{Node: node, Replicas: s.store.replicas, Prefix: s.store.prefix})
		return err
	})
	return store, err
}
