package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
)

func (p *program) dev() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "dev [APP]",
		Short: "Serve an app for development",
		Long: "Serve an app for development, to this machine only and without login.\n\n" +
			"APP is the app folder; without one the embedded sample app is served. Scripts are\n" +
			"reloaded when their files change. Ctrl-C stops the server; SIGTERM does so gently, over shutdown.drain.",
		Example: examples(
			"tutorsocket dev"+untilCtrlC,
			"tutorsocket dev app --listen :9000 --datex-version 1.22"+untilCtrlC,
			"tutorsocket dev --config tutorsocket.yaml"+untilCtrlC,
			"tutorsocket dev --tls"+untilCtrlC,
		),
		ValidArgsFunction: firstOnly(folders),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%q is one argument too many: one app is served", args[1])
			}
			return nil
		},
	}
	addConfig(c, &file)
	given := settingFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		settings, err := p.serverSettings(file, given(), args, true)
		if err != nil {
			return usageError{err}
		}
		return p.runServer(c.Context(), settings, false)
	}
	return c
}

func (p *program) serve() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "serve [APP]",
		Short: "Serve an app in production",
		Long: "Serve an app to users who log in, in the ways that auth.methods names, and to nobody else.\n\n" +
			"Settings come from a file, the environment and flags. Where nobody could log in, or what\n" +
			"they log in with would be open to others, the server does not start and says which key to set.\n" +
			"SIGTERM stops it gently, over shutdown.drain; Ctrl-C at once.",
		Example: examples(
			"tutorsocket serve --config tutorsocket.yaml"+untilCtrlC,
			"tutorsocket serve --log-format json app"+untilCtrlC,
		),
		ValidArgsFunction: firstOnly(folders),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%q is one argument too many: one app is served", args[1])
			}
			return nil
		},
	}
	addConfig(c, &file)
	given := settingFlags(c)
	_ = c.Flags().MarkHidden("tls") // it is for dev, and who gives it here is told so; the flag exists
	c.RunE = func(c *cobra.Command, args []string) error {
		settings, err := p.serverSettings(file, given(), args, false)
		if err == nil {
			err = settings.CheckServe()
		}
		if err != nil {
			return usageError{err}
		}
		return p.runServer(c.Context(), settings, true)
	}
	return c
}

// serverSettings reads the settings of a server, and of its app from the arguments.
func (p *program) serverSettings(file string, flags map[string][]string, args []string, dev bool) (config.Config, error) {
	if len(args) == 1 {
		if _, twice := flags["app"]; twice {
			return config.Config{}, errors.New("the app folder is named twice, as an argument and with --app")
		}
		flags["app"] = args
	}
	return config.Load(config.Sources{File: file, Env: p.Environ, Flags: flags, Dev: dev})
}

// addConfig gives a command the flag that names a config file.
func addConfig(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "config", "", "YAML `FILE` with settings (default: the one "+configVariable+" names)")
	complete(c, "config", filesNamed("yaml", "yml"))
}

// configVariable names a config file where the flag does not.
const configVariable = "TUTORSOCKET_CONFIG"

// settingFlags adds a flag for each setting that has one, or for those of the keys
// named. The function returned tells which were given, by key of the setting.
func settingFlags(c *cobra.Command, keys ...string) (given func() map[string][]string) {
	type value struct{ key, flag string }
	var values []value
	for _, s := range config.Reference() {
		if s.Flag == "" || len(keys) > 0 && !slices.Contains(keys, s.Key) {
			continue
		}
		usage := s.Doc
		if s.Default != "" {
			usage += " (default " + s.Default + ")"
		}
		switch s.Type {
		case "list":
			c.Flags().StringArray(s.Flag, nil, usage)
		case "yes/no":
			c.Flags().Bool(s.Flag, false, s.Doc)
		default:
			c.Flags().String(s.Flag, "", usage)
		}
		completeSetting(c, s)
		values = append(values, value{s.Key, s.Flag})
	}
	return func() map[string][]string {
		flags := map[string][]string{}
		for _, v := range values {
			f := c.Flags().Lookup(v.flag)
			if !f.Changed {
				continue
			}
			if list, err := c.Flags().GetStringArray(v.flag); err == nil {
				flags[v.key] = list
			} else {
				flags[v.key] = []string{f.Value.String()}
			}
		}
		return flags
	}
}

// runServer serves until ctx ends or the server is told to stop.
func (p *program) runServer(ctx context.Context, settings config.Config, production bool) error {
	p.tuneCollector()
	ignoreBrokenPipe()
	forPeople := settings.Log.Format == "text"
	stopping := new(stopTeller)
	if forPeople {
		stopping.out = p.Stdout
	}
	if forPeople && p.Terminal {
		stopping.line = &statusLine{out: p.Stdout}
		p.Stdout, p.Stderr = stopping.line.above(p.Stdout), stopping.line.above(p.Stderr)
	}
	logger := p.logger(settings.Log)
	stopping.logger = logger
	cfg := server.Config{Settings: settings, Version: buildVersion().Version, Logger: logger, Production: production}
	if forPeople {
		cfg.Lines = p.Stdout
	}
	s, err := server.Start(ctx, cfg)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // it was told to end before it was ready, and has
	}
	if err != nil {
		return err
	}
	if forPeople {
		p.printStart(s, settings, production)
	} else {
		logger.Info("ready", "node", s.Node(), "url", s.URL(), "open", openTo(settings, production), "admin", s.AdminURL(), "folder", s.DataDir(), "limit", s.SocketLimit())
	}
	failure := s.Wait(ctx)
	return errors.Join(failure, p.stop(ctx, s, failure != nil, stopping))
}
