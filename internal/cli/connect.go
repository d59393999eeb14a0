package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/connect"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// ConsoleOf is what Env.Console is of two files: nil if one of them is no terminal.
func ConsoleOf(in, out *os.File) connect.Console { return connect.ConsoleOf(in, out) }

// connectFlags are the flags of connect.
type connectFlags struct {
	id, user, origin       string
	protocols, headers     []string
	insecure               bool
	timeout, dialTimeout   time.Duration
	wait                   time.Duration
	exec                   []string
	json, raw, noHistory   bool
	reconnect, noReconnect bool
	record                 string
	force                  bool
}

func (f *connectFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.id, "stateful-id", "", "keep tags and queue under this id (X-StatefulSocketId)")
	flags.StringVar(&f.user, "user", "", "connect to a development server as this user (X-Dev-User)")
	flags.StringArrayVar(&f.protocols, "protocol", nil, "offer a subprotocol; may be repeated")
	flags.StringArrayVar(&f.headers, "header", nil, "send a header, written 'NAME: VALUE'; may be repeated")
	flags.StringVar(&f.origin, "origin", "", "send this Origin, as a page would")
	flags.BoolVar(&f.insecure, "insecure", false, "take any certificate, such as a self-signed one")
	flags.DurationVar(&f.dialTimeout, "connect-timeout", 10*time.Second, "how long connecting may take")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Second, "how long each /expect may take")
	flags.StringArrayVar(&f.exec, "exec", nil, "run this line instead of reading any; may be repeated")
	flags.DurationVar(&f.wait, "wait", time.Second, "how long to wait for answers after the last line")
	flags.BoolVar(&f.json, "json", false, "print the lines of a recording instead of messages")
	flags.BoolVar(&f.raw, "raw", false, "show long JSON as it comes")
	flags.BoolVar(&f.reconnect, "reconnect", false, "connect again when the connection breaks (at a terminal: unless --no-reconnect)")
	flags.BoolVar(&f.noReconnect, "no-reconnect", false, "do not connect again")
	flags.BoolVar(&f.noHistory, "no-history", false, "neither read nor keep the history of lines")
	flags.StringVar(&f.record, "record", "", "write everything to a file of JSON lines, which script tests replay")
	flags.BoolVar(&f.force, "force", false, "let --record overwrite a file")
}

func (p *program) connect() *cobra.Command {
	var f connectFlags
	var t *target
	c := &cobra.Command{
		Use:   "connect URL",
		Short: "Talk to a socket service from the terminal",
		Long: "Open a socket, send what is typed, show what comes. URL is a whole one, a path such as\n" +
			"/services/main_ws_service, or the name of a service of the server of --server.\n\n" +
			"At a terminal lines can be edited, and come back with the arrow up. A line that opens a brace, bracket or\n" +
			"quote goes on until that is closed; an empty line or Ctrl-C drops it. Ctrl-C twice or Ctrl-D ends.\n\n" +
			"With input from a pipe, or --exec, each line is a message, and messages that come are printed one a line;\n" +
			"all else is said on standard error. A refused or lost connection and a line that fails end with exit code 1.\n\n" +
			"Lines that begin with a slash are commands:\n" + connect.CommandHelp(true),
		Example: examples(
			"tutorsocket connect main_ws_service --stateful-id 123",
			"tutorsocket connect ws://127.0.0.1:8080/services/echo --header 'X-Team: 7'",
			"echo '$hbt' | tutorsocket connect main_ws_service",
			"tutorsocket connect main_ws_service --exec '$hbt' --exec '/expect $ok'",
			"tutorsocket connect main_ws_service --record session.jsonl",
		),
		Args: exactly("the URL, path or name of a service"),
		ValidArgsFunction: func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			return firstOnly(p.scriptNames(t, (*api.Client).Services, cobra.ShellCompDirectiveNoFileComp))(c, args, begun)
		},
		RunE: func(c *cobra.Command, args []string) error { return p.runConnect(c.Context(), t, f, args[0]) },
	}
	t = p.addTarget(c)
	f.add(c)
	complete(c, "record", anyFile)
	return c
}

func (p *program) runConnect(ctx context.Context, t *target, f connectFlags, address string) error {
	if err := f.check(); err != nil {
		return err
	}
	dial, err := p.dialOptions(t, f, address)
	if err != nil {
		return usageError{err}
	}
	cfg := connect.Config{
		Dial: dial, Raw: f.raw, JSON: f.json,
		Script: f.exec, In: p.Stdin, Out: p.Stdout, Err: p.Stderr, Visible: p.Terminal,
		Wait: f.wait, Expect: f.timeout,
		Now: p.Now, Colour: p.colour,
	}
	if p.Console != nil && f.exec == nil && !f.json && p.getenv("TERM") != "dumb" {
		cfg.Console = p.Console
		if !f.noHistory {
			cfg.History = p.historyFile()
		}
	}
	cfg.Reconnect = f.reconnect || cfg.Console != nil && !f.noReconnect
	client, err := p.client(&target{server: wsclient.Server(dial.URL), token: t.token, data: t.data})
	if err != nil {
		cfg.NoTags = err
	} else {
		cfg.Tags = socketTags{client}
	}
	if f.record != "" {
		file, err := wsclient.CreateRecording(f.record, f.force)
		if err != nil {
			return err
		}
		cfg.Record = file
		err = p.connected(ctx, cfg)
		return errors.Join(err, file.Close())
	}
	return p.connected(ctx, cfg)
}

// connected runs the conversation. Ctrl-C while it connects is no failure worth a word.
func (p *program) connected(ctx context.Context, cfg connect.Config) error {
	err := connect.Run(ctx, cfg)
	if errors.Is(err, context.Canceled) {
		return errTold
	}
	return err
}

// check says what is wrong with the flags by themselves.
func (f *connectFlags) check() error {
	switch {
	case f.reconnect && f.noReconnect:
		return usagef("--reconnect and --no-reconnect exclude each other")
	case f.dialTimeout <= 0:
		return usagef("--connect-timeout is %v, it must be positive", f.dialTimeout)
	case f.timeout <= 0:
		return usagef("--timeout is %v, it must be positive", f.timeout)
	case f.wait < 0:
		return usagef("--wait is %v, it cannot be negative", f.wait)
	case f.force && f.record == "":
		return usagef("--force is for the file of --record")
	}
	for _, line := range f.exec {
		if err := connect.CheckCommand(line); err != nil {
			return usagef("--exec: %w", err)
		}
	}
	return nil
}

func (p *program) dialOptions(t *target, f connectFlags, address string) (wsclient.Options, error) {
	o := wsclient.Options{Header: http.Header{}, Protocols: f.protocols, Insecure: f.insecure, Timeout: f.dialTimeout}
	if t.server != "" {
		if _, err := api.NewClient(t.server, ""); err != nil {
			return o, fmt.Errorf("--server: %w", err)
		}
	}
	for _, text := range f.headers {
		name, value, err := wsclient.ParseHeader(text)
		if err != nil {
			return o, fmt.Errorf("--header: %w", err)
		}
		o.Header.Add(name, value)
	}
	if f.origin != "" {
		if _, _, err := wsclient.ParseHeader("Origin: " + f.origin); err != nil {
			return o, fmt.Errorf("--origin: %w", err)
		}
		o.Header.Set("Origin", f.origin)
	}
	for _, name := range f.protocols {
		if err := wsclient.CheckProtocol(name); err != nil {
			return o, fmt.Errorf("--protocol: %w", err)
		}
	}
	var err error
	o.URL, err = wsclient.Resolve(wsclient.Place{Address: address, Server: p.serverOf(t), StatefulID: f.id, User: f.user})
	if err == nil {
		o.TLS = t.trust(wsclient.Server(o.URL))
	}
	return o, err
}

// serverOf is the server that names and paths belong to.
func (p *program) serverOf(t *target) string {
	admin, err := server.ReadAdminFile(t.data)
	if err != nil {
		return cmp.Or(t.server, defaultServer) // tags say what is wrong with the file
	}
	return cmp.Or(t.server, admin.Server, defaultServer)
}

// historyFile is where the lines of earlier conversations are, "" if the user has no folder for such things.
func (p *program) historyFile() string {
	folder := p.getenv("XDG_STATE_HOME")
	switch {
	case filepath.IsAbs(folder):
	case runtime.GOOS == "windows":
		folder = p.getenv("LocalAppData")
	case p.getenv("HOME") != "":
		folder = filepath.Join(p.getenv("HOME"), ".local", "state")
	}
	if !filepath.IsAbs(folder) {
		return ""
	}
	return filepath.Join(folder, "tutorsocket", "history")
}

// socketTags are the tags of a socket, over the HTTP API.
type socketTags struct{ client *api.Client }

func (t socketTags) Tags(ctx context.Context, key string) (map[string]string, error) {
	s, err := t.client.Socket(ctx, key)
	return s.Tags, err
}

func (t socketTags) ChangeTags(ctx context.Context, key string, change map[string]*string) (map[string]string, error) {
	s, err := t.client.PatchTags(ctx, key, change)
	return s.Tags, err
}
