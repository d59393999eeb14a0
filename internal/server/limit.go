package server

import (
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/quota"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// ownFiles is how many open files are kept back for what is no socket: the store, logs and files of scripts,
// requests to the HTTP API and the streams it serves, requests that scripts send. Connections in their handshake
// and those that wait for a request come on top.
const ownFiles = 384

// leastWaiting is how many connections may wait, however few files there are.
const leastWaiting = 16

// waitingLimit is how many connections may wait for a request, given how many files may be open (0: any number).
func waitingLimit(limits config.Limits, files int) int {
	if files > 0 {
		return min(limits.Waiting, max(files/8, leastWaiting))
	}
	return limits.Waiting
}

// SocketLimit returns how many sockets may be open at the same time; 0 is no limit.
func (s *Server) SocketLimit() int { return s.socketLimit }

// socketLimit is the limit of sockets in all that settings ask for, given how many files may be open (0: any
// number). possible is what the files allow.
func socketLimit(limits config.Limits, files int) (limit, possible int) {
	if files > 0 {
		possible = max(files-ownFiles-limits.Handshakes-waitingLimit(limits, files), files/2)
	}
	if limits.Total == config.AutoTotal {
		return possible, possible
	}
	return int(limits.Total), possible
}

// limitSockets settles how many sockets there may be.
func (s *Server) limitSockets() {
	limit, possible := socketLimit(s.cfg.Settings.Limits, openFiles())
	s.socketLimit = limit
	if possible > 0 && (limit == 0 || limit > possible) {
		s.logger.Warn("the open files of this process do not suffice for limits.total", "limit", possible)
	}
}

// openQuota makes the accounts of users and addresses, and has them kept tidy; nil where none is limited.
func (s *Server) openQuota() *quota.Table {
	l := s.cfg.Settings.Limits
	table := quota.New(quota.Config{
		User: quota.Limits{
			Handshakes: int(l.UserHandshakes), Messages: int(l.UserMessages), Bytes: int64(l.UserBytes), Compute: int(l.UserCompute),
		},
		Address: quota.Limits{
			Handshakes: int(l.AddressHandshakes), Messages: int(l.AddressMessages), Bytes: int64(l.AddressBytes), Compute: int(l.AddressCompute),
		},
		Surge: l.Surge, Debt: l.Throttle, Metrics: s.metrics,
	})
	if table != nil {
		s.group.Go(func() error { return table.Run(s.alive) })
	}
	return table
}

// socketQuota and engineQuota are a table as ws and engine want it: where there is none nobody is to be asked.
func socketQuota(t *quota.Table) ws.Quota {
	if t == nil {
		return nil
	}
	return t
}

func engineQuota(t *quota.Table) engine.Quota {
	if t == nil {
		return nil
	}
	return t
}
