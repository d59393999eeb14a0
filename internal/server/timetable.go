package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/runs"
	"github.com/tutorsocket/tutorsocket/internal/timetable"
)

// newLife names one start of a node.
func newLife() string {
	var life [8]byte
	_, _ = rand.Read(life[:]) // never fails
	return hex.EncodeToString(life[:])
}

// openRuns opens the list of runs and begins to keep their history.
func (s *Server) openRuns(ctx context.Context, life string, elsewhere runs.Elsewhere) (*runs.Registry, *runs.History, error) {
	var history *runs.History
	err := s.store.open(ctx, func(ctx context.Context) (err error) {
		history, err = runs.OpenHistory(ctx, s.store.js, runs.HistoryConfig{
			Node: s.node, Life: life, Prefix: s.store.prefix, Replicas: s.store.replicas, Logger: s.logger,
		})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	s.group.Go(func() error { return history.Run(s.alive) })
	return runs.New(runs.Config{Node: s.node, History: history, Elsewhere: elsewhere}), history, nil
}

// openTimetable opens the timetable; [Server.keepTime] begins to follow it.
func (s *Server) openTimetable(ctx context.Context, life string, r *rooms) error {
	return s.store.open(ctx, func(ctx context.Context) (err error) {
		s.timetable, err = timetable.Open(ctx, s.store.js, timetable.Config{
			Node: s.node, Life: life, Bucket: s.store.bucket(timetableBucket), Replicas: s.store.replicas,
			Agents: s.timedAgents, Runner: timedRuns{s, r.engine, r.history},
			Zone: s.cfg.Settings.Agent.Timezone.Location(), Metrics: s.metrics, Logger: s.logger,
		})
		return err
	})
}

// timetableBucket is where it is kept what ran when.
const timetableBucket = "timetable"

// keepTime takes ticks until the server drains. The runs of the timetable end before it.
func (s *Server) keepTime() {
	s.group.Go(func() error { return s.timetable.Run(s.alive) })
	s.refuse = append(s.refuse, s.timetable.Refuse)
	s.onClose("timetable", func(context.Context) error {
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		if err := s.timetable.Close(ctx); err != nil {
			s.logger.Warn("ends of runs are not in the timetable", "error", err.Error())
		}
		return nil
	})
}

// timedAgents are the agents of the app that name times.
func (s *Server) timedAgents() []timetable.Agent {
	var timed []timetable.Agent
	for _, script := range s.app.Snapshot().Agents() {
		if script.Program != nil && len(script.Meta.Timetable.Times) > 0 {
			timed = append(timed, timetable.Agent{Name: script.Name, Timetable: script.Meta.Timetable})
		}
	}
	return timed
}

// timedRuns is the engine as the timetable sees it.
type timedRuns struct {
	server  *Server
	engine  *engine.Engine
	history *runs.History
}

func (t timedRuns) Start(agent string) (*runs.Run, error) {
	reader, err := t.engine.Start(t.server.alive, engine.RunRequest{Agent: agent, Trigger: runs.BySchedule})
	switch {
	case errors.Is(err, engine.ErrClosed):
		return nil, fmt.Errorf("%w: %w", timetable.ErrStopping, err)
	case err != nil:
		return nil, err
	}
	defer reader.Close()
	return reader.Run(), nil
}

func (t timedRuns) Lost(agent, node, life string) { t.history.LoseAgent(agent, node, life) }

// timed adds to the description of an agent when it runs by itself.
func (s *Server) timed(d *api.Script, script *app.Script) {
	table := script.Meta.Timetable
	if len(table.Times) == 0 {
		return
	}
	for _, at := range table.Times {
		d.Schedule = append(d.Schedule, at.String())
	}
	d.Timezone = string(s.cfg.Settings.Agent.Timezone)
	if table.Zone != nil {
		d.Timezone = table.Zone.String()
	}
	status := s.timetable.Status(timetable.Agent{Name: script.Name, Timetable: table})
	if !status.Next.IsZero() {
		d.NextRunAt = &status.Next
	}
	if last := status.Last; last != nil {
		d.LastRun = &api.TimedRun{ID: last.Run, Node: last.Node, State: string(last.State), StartedAt: last.Began, EndedAt: &last.Ended}
	}
	if now := status.Running; now != nil {
		d.LastRun = &api.TimedRun{ID: now.Run, Node: now.Node, State: string(runs.Running), StartedAt: now.Began}
	}
	if skipped := status.Skipped; skipped != nil {
		d.LastSkipped = &api.SkippedRun{At: skipped.At, Reason: skipped.Reason}
	}
}
