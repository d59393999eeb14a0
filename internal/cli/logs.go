package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

func (p *program) logs() *cobra.Command {
	var q api.LogQuery
	var t *target
	c := &cobra.Command{
		Use:   "logs",
		Short: "Show the log lines of scripts",
		Long:  "Show the log lines of scripts the server remembers; with -f go on with new ones until Ctrl-C.",
		Args:  exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.checkLogQuery(q); err != nil {
				return err
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			err = client.Logs(c.Context(), q, p.printLine)
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		},
	}
	t = p.addTarget(c)
	c.Flags().BoolVarP(&q.Follow, "follow", "f", false, "go on with new lines")
	c.Flags().StringVar(&q.Since, "since", "", "not earlier than a time (2026-11-23T10:00:00Z) or so long ago (10m)")
	c.Flags().IntVar(&q.Thread, "thread", 0, "only lines of this script thread")
	c.Flags().StringVar(&q.Contains, "contains", "", "only lines with this text")
	return c
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
