package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

func (p *program) logs() *cobra.Command {
	var q api.LogQuery
	var asJSON bool
	var t *target
	c := &cobra.Command{
		Use:   "logs",
		Short: "Show the log lines of scripts",
		Long: "Show the log lines of scripts the server remembers; with -f go on with new ones until\n" +
			"Ctrl-C, also when the server was restarted in between. Filters add up. With --json each\n" +
			"line is one line of JSON.",
		Example: examples(
			"tutorsocket logs --since 10m --errors",
			"tutorsocket logs --agent broadcast --contains Sent --json",
			"tutorsocket logs -f --service echo"+untilCtrlC,
		),
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.checkLogQuery(q); err != nil {
				return err
			}
			q.Socket = optionalKey(q.Socket)
			show := p.printLine
			if asJSON {
				show = func(l api.Line) { _ = p.printJSONLine(l) } // whoever does not read on is not told more
			}
			err := (&follower{program: p, target: t, query: q, show: show}).run(c.Context())
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		},
	}
	t = p.addTarget(c)
	flags := c.Flags()
	flags.BoolVarP(&q.Follow, "follow", "f", false, "go on with new lines")
	flags.StringVar(&q.Since, "since", "", "not earlier than a `TIME` (2026-11-23T10:00:00Z) or so long ago (10m)")
	flags.IntVar(&q.Thread, "thread", 0, "only lines of the script thread `N`")
	flags.StringVar(&q.Contains, "contains", "", "only lines with this `TEXT`")
	flags.StringVar(&q.Service, "service", "", "only lines of the service `NAME`")
	flags.StringVar(&q.Agent, "agent", "", "only lines of the agent `NAME`")
	flags.StringVar(&q.Socket, "socket", "", "only lines of runs for the socket with this `KEY`")
	flags.StringVar(&q.User, "user", "", "only lines of runs for the user with this `ID`")
	flags.BoolVar(&q.Errors, "errors", false, "only errors of scripts")
	addJSON(c, &asJSON)
	complete(c, "service", p.scriptNames(t, (*api.Client).Services, cobra.ShellCompDirectiveNoFileComp))
	complete(c, "agent", p.scriptNames(t, (*api.Client).Agents, cobra.ShellCompDirectiveNoFileComp))
	complete(c, "socket", p.socketKeys(t))
	complete(c, "since", oneOf("10m", "1h", "24h"))
	return c
}

// optionalKey is fullKey where there may be none.
func optionalKey(key string) string {
	if key == "" {
		return ""
	}
	return fullKey(key)
}

func (p *program) checkLogQuery(q api.LogQuery) error {
	if _, err := api.ParseSince(q.Since, p.Now()); err != nil {
		return usagef("--since %q: %w", q.Since, err)
	}
	if q.Thread < 0 {
		return usagef("--thread is %d, it must be positive", q.Thread)
	}
	return nil
}

// follower shows lines, and finds its way back to a server that was restarted.
type follower struct {
	*program
	target *target
	query  api.LogQuery
	show   func(api.Line)

	server *api.Client // the one whose lines were shown last; nil at first
	lost   bool        // the stream has broken, and has not come back yet
}

// run returns when there is nothing more to show, when ctx ends, or with an error that waiting does not mend.
// The first connection has to succeed at once.
func (f *follower) run(ctx context.Context) error {
	for {
		err := f.stream(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case !f.query.Follow || !f.lost && !errors.Is(err, api.ErrStreamEnded) || f.lost && f.final(err):
			return err
		case errors.Is(err, api.ErrStreamEnded):
			f.lost = true
			fmt.Fprintf(f.Stderr, "%v; waiting for it to come back, Ctrl-C ends this\n", err)
		}
		if err := pause(ctx, retryAfter); err != nil {
			return err
		}
	}
}

// retryAfter is how long to wait before a server is asked again.
const retryAfter = 500 * time.Millisecond

// stream shows lines until the stream ends. A server that was started anew has a new token: it counts its
// lines from 1, so all of them are new.
func (f *follower) stream(ctx context.Context) error {
	client, err := f.client(f.target)
	if err != nil {
		return err
	}
	if f.server == nil || !client.Same(f.server) {
		f.query.After = 0
	}
	opened := func() {
		f.server = client
		if f.lost {
			f.lost = false
			fmt.Fprintln(f.Stderr, "the server is back")
		}
	}
	return client.Logs(ctx, f.query, opened, func(l api.Line) {
		f.query.After = l.Seq
		f.show(l)
	})
}

// final says whether an error of an attempt to come back stays, however long one waits. A refused token does
// not while it is that of a file, which a server that starts writes anew.
func (f *follower) final(err error) bool {
	var refusal *api.Refusal
	if !errors.As(err, &refusal) {
		return false
	}
	fixed := f.target.token != "" || f.getenv(tokenVariable) != ""
	return refusal.Status/100 == 4 && (fixed || refusal.Status != http.StatusUnauthorized)
}

// pause waits, at most until ctx ends, which is then the error.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// noteMissed tells that lines before this one were too many for this terminal.
func (p *program) noteMissed(l api.Line) {
	if l.Skipped > 0 {
		fmt.Fprintf(p.Stderr, "%d lines were missed\n", l.Skipped)
	}
}

func (p *program) printLine(l api.Line) {
	p.noteMissed(l)
	if l.Error {
		fmt.Fprintln(p.Stdout, p.red(l.String()))
		return
	}
	fmt.Fprintln(p.Stdout, l)
}
