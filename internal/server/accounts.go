package server

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// accountsBucket is where users and their sessions are kept, out of reach of scripts.
const accountsBucket = "accounts"

// openAccounts opens the users of this server and what lets them in.
func (s *Server) openAccounts(ctx context.Context, refused *auth.Refusals) (users *accounts.Store, logins *login.Server, err error) {
	cfg := userdata.Config{
		Bucket: s.store.bucket(accountsBucket), Replicas: s.store.replicas, MaxBytes: s.store.maxValueBytes(),
		Metrics: s.metrics, Sole: !s.store.outside(),
	}
	var values *userdata.Store
	if err := s.store.open(ctx, func(ctx context.Context) (err error) { values, err = userdata.Open(ctx, s.store.js, cfg); return err }); err != nil {
		return nil, nil, err
	}
	s.onClose("accounts", func(context.Context) error { values.Close(); return nil })
	users = accounts.New(accounts.Config{Metrics: s.metrics}, values)
	logins = login.New(login.Config{
		Origins: auth.NewOrigins(s.cfg.Settings.Guard.AllowedOrigins), Refusals: refused, Metrics: s.metrics, Logger: s.logger,
	}, users, values)
	s.group.Go(func() error { return logins.Run(s.alive) })
	return users, logins, nil
}
