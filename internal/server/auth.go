package server

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
	"github.com/tutorsocket/tutorsocket/internal/auth/webtutor"
	"github.com/tutorsocket/tutorsocket/internal/config"
)

// openMethods makes what says who is calling: the ways to log in that the settings name, for each service those of its
// own. Files they need are read now, so that what is wrong with one keeps the server from starting.
func (s *Server) openMethods(r *rooms) error {
	settings := s.cfg.Settings
	byName := map[string]auth.Method{}
	for name, open := range map[string]func(*rooms) (auth.Method, error){
		config.AuthJWT: s.openJWT, config.AuthWebTutor: s.openWebTutor,
		config.AuthHeader:   func(*rooms) (auth.Method, error) { return auth.NewHeader(settings.Auth.Header) },
		config.AuthAccounts: func(r *rooms) (auth.Method, error) { return r.logins, nil },
	} {
		if !settings.LogsIn(name) {
			continue
		}
		method, err := open(r)
		if err != nil {
			return fmt.Errorf("auth.%s: %w", name, err)
		}
		byName[name] = method
	}
	listed := func(names []string) (methods []auth.Method) {
		for _, name := range names {
			methods = append(methods, byName[name])
		}
		return methods
	}
	chain := auth.Chain{Methods: listed(settings.Auth.Methods)}
	for name, service := range settings.Services {
		if len(service.Auth) > 0 {
			if chain.Services == nil {
				chain.Services = map[string][]auth.Method{}
			}
			chain.Services[name] = listed(service.Auth)
		}
	}
	if len(byName) > 0 {
		r.methods = chain
	}
	r.door = chain
	if !s.cfg.Production {
		r.door = devDoor{chain}
	}
	return nil
}

func (s *Server) openJWT(*rooms) (auth.Method, error) {
	m, err := jwt.New(s.cfg.Settings.Auth.JWT, s.logger)
	if err != nil {
		return nil, err
	}
	s.group.Go(func() error { return m.Run(s.alive) })
	return m, nil
}

func (s *Server) openWebTutor(*rooms) (auth.Method, error) {
	cfg := s.cfg.Settings.Auth.WebTutor
	cfg.Origins, cfg.Logger, cfg.Metrics = s.cfg.Settings.Guard.AllowedOrigins, s.logger, s.metrics
	m, err := webtutor.New(cfg)
	if err != nil {
		return nil, err
	}
	s.group.Go(func() error {
		defer m.Close()
		return m.Run(s.alive)
	})
	return m, nil
}

// devDoor is the door of a development server: who brings nothing that a way to log in knows is who X-Dev-User says, or
// the built-in administrator. What is wrong is refused, as it would be later.
type devDoor struct{ methods auth.Chain }

func (d devDoor) Authenticate(r *http.Request) (auth.Caller, error) {
	caller, err := d.methods.Authenticate(r)
	if errors.Is(err, auth.ErrNoCredentials) {
		return auth.Dev{}.Authenticate(r)
	}
	return caller, err
}
