package server

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/login"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// accountsBucket is where users and their sessions are kept, out of reach of scripts.
const accountsBucket = "accounts"

// openAccounts opens the users of this server and what lets them in; nil where nobody logs in so. A development server
// has them in any case.
func (s *Server) openAccounts(ctx context.Context, refused *auth.Refusals) (users *accounts.Store, logins *login.Server, err error) {
	if s.cfg.Production && !s.cfg.Settings.LogsIn(config.AuthAccounts) {
		return nil, nil, nil
	}
	cfg := userdata.Config{
		Bucket: s.store.bucket(accountsBucket), Replicas: s.store.replicas, MaxBytes: s.store.maxValueBytes(),
		Metrics: s.metrics, Sole: !s.store.outside(),
	}
	var values *userdata.Store
	if err := s.store.open(ctx, func(ctx context.Context) (err error) { values, err = userdata.Open(ctx, s.store.js, cfg); return err }); err != nil {
		return nil, nil, err
	}
	s.onClose("accounts", func(context.Context) error { values.Close(); return nil })
	settings := s.cfg.Settings.Auth.Accounts
	settings.Users.Metrics = s.metrics
	users = accounts.New(settings.Users, values)
	settings.Login.Origins, settings.Login.Refusals = auth.NewOrigins(s.cfg.Settings.Guard.AllowedOrigins), refused
	settings.Login.Metrics, settings.Login.Logger = s.metrics, s.logger
	logins = login.New(settings.Login, users, values)
	s.group.Go(func() error { return logins.Run(s.alive) })
	return users, logins, nil
}
