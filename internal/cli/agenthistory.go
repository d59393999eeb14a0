package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/runs"
)

func (p *program) agentStop(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "stop RUN|NAME",
		Short: "Stop a run, or all runs of an agent",
		Long: "Stop the run with the id, or all runs that go on of the agent with the name, and the\n" +
			"threads they started. The ids are those of \"agent history\" and of \"agent run --detach\".\n" +
			"A run that was stopped has failed. The exit code is 1 if there was nothing to stop.",
		Example: examples(
			"tutorsocket agent stop digest",
			"tutorsocket agent stop 019abc12def3400a",
		),
		Args:              exactly("the id of a run or the name of an agent"),
		ValidArgsFunction: firstOnly(both(p.runIDs(t, string(runs.Running)), p.scriptNames(t, (*api.Client).Agents, cobra.ShellCompDirectiveNoFileComp))),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			stopped, err := p.stopRuns(c.Context(), client, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(stopped)
			}
			for _, run := range stopped.Items {
				fmt.Fprintf(p.Stdout, "stopped %s (%s)\n", run.ID, runTitle(run))
			}
			return nil
		},
	}
	addJSON(c, &asJSON)
	return c
}

// stopRuns stops what the argument names and returns those that were stopped.
func (p *program) stopRuns(ctx context.Context, client *api.Client, arg string) (api.List[api.RunInfo], error) {
	stopped := api.List[api.RunInfo]{Items: []api.RunInfo{}, Missing: []string{}}
	targets, err := p.runsToStop(ctx, client, arg)
	if err != nil {
		return stopped, err
	}
	for _, run := range targets {
		switch err := client.StopRun(ctx, run.ID); {
		case api.IsNotFound(err): // it ended and was forgotten meanwhile
		case err != nil:
			return stopped, err
		default:
			stopped.Items = append(stopped.Items, run)
		}
	}
	return stopped, nil
}

func (p *program) runsToStop(ctx context.Context, client *api.Client, arg string) ([]api.RunInfo, error) {
	if runs.ValidID(arg) {
		run, err := client.RunByID(ctx, arg)
		switch {
		case err != nil && !api.IsNotFound(err):
			return nil, err
		case err == nil && run.State != string(runs.Running):
			return nil, fmt.Errorf("the run %s has ended already: %s", arg, run.State)
		case err == nil:
			return []api.RunInfo{run.RunInfo}, nil
		}
	}
	found, err := collectRuns(ctx, client, api.RunQuery{Agent: arg, State: string(runs.Running)}, 0)
	if err != nil || len(found.Items) > 0 {
		return found.Items, err
	}
	if runs.ValidID(arg) {
		return nil, fmt.Errorf("there is no run %s. See: %s agent history", arg, p.self())
	}
	agents, err := client.Agents(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(agents.Items, func(a api.Script) bool { return a.Name == arg }) {
		var names []string
		for _, a := range agents.Items {
			names = append(names, a.Name)
		}
		return nil, fmt.Errorf("no run has the id %q, and no agent the name%s. See: %s agent history", arg, meant(near(arg, names)), p.self())
	}
	return nil, fmt.Errorf("no run of the agent %q goes on", arg)
}

// historyFlags are the flags of "agent history".
type historyFlags struct {
	state string
	limit int
	json  bool
}

// defaultHistory is how many runs are shown without --limit.
const defaultHistory = 20

func (p *program) agentHistory(t *target) *cobra.Command {
	var flags historyFlags
	c := &cobra.Command{
		Use:   "history [NAME|RUN]",
		Short: "List runs that go on and earlier ones, or show one",
		Long: "List runs that go on and earlier ones, of all nodes, the newest first: all, or those of an\n" +
			"agent. With the id of a run show its lines and how it ended. The history goes back 30 days,\n" +
			"or 10,000 runs, also beyond restarts; a run is \"lost\" whose node ended while it ran. An\n" +
			"agent's threads are listed with it.",
		Example: examples(
			"tutorsocket agent history",
			"tutorsocket agent history --state failed digest",
			"tutorsocket agent history 019abc12def3400a",
		),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%q is one argument too many: the name of one agent, or the id of one run", args[1])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if flags.limit < 1 {
				return usagef("--limit is %d, it must be positive", flags.limit)
			}
			if flags.state != "" && !slices.Contains([]string{"running", "done", "failed", "lost"}, flags.state) {
				return usagef("--state %q is none of running, done, failed, lost", flags.state)
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return p.showHistory(c.Context(), client, name, flags)
		},
	}
	c.ValidArgsFunction = firstOnly(both(p.runIDs(t, ""), p.scriptNames(t, (*api.Client).Agents, cobra.ShellCompDirectiveNoFileComp)))
	c.Flags().StringVar(&flags.state, "state", "", "only runs in this state: running, done, failed, lost")
	complete(c, "state", oneOf("running", "done", "failed", "lost"))
	c.Flags().IntVar(&flags.limit, "limit", defaultHistory, "at most so many")
	addJSON(c, &flags.json)
	return c
}

func (p *program) showHistory(ctx context.Context, client *api.Client, arg string, flags historyFlags) error {
	if runs.ValidID(arg) {
		run, err := client.RunByID(ctx, arg)
		if err == nil {
			return p.printRun(run, flags.json)
		}
		if !api.IsNotFound(err) {
			return err
		}
	}
	list, err := collectRuns(ctx, client, api.RunQuery{Agent: arg, State: flags.state}, flags.limit)
	if err != nil {
		return err
	}
	if flags.json {
		return p.printJSON(list)
	}
	return p.printRuns(list)
}

// collectRuns reads page after page, up to the limit; 0 is all.
func collectRuns(ctx context.Context, client *api.Client, q api.RunQuery, limit int) (api.List[api.RunInfo], error) {
	all := api.List[api.RunInfo]{Items: []api.RunInfo{}, Missing: []string{}}
	for q.Limit = pageSize; ; {
		if limit > 0 {
			q.Limit = min(pageSize, limit-len(all.Items))
		}
		page, err := client.Runs(ctx, q)
		if err != nil {
			return all, err
		}
		all.Items = append(all.Items, page.Items...)
		all.Next = page.Next
		if page.Next == "" || limit > 0 && len(all.Items) >= limit {
			return all, nil
		}
		q.After = page.Next
	}
}

// runTitle names a run for a person.
func runTitle(run api.RunInfo) string {
	switch {
	case run.Agent != "" && run.Name != "":
		return run.Agent + ", " + run.Name // a thread of it
	case run.Agent != "":
		return run.Agent
	}
	return run.Name
}

func (p *program) printRuns(list api.List[api.RunInfo]) error {
	if len(list.Items) == 0 {
		fmt.Fprintln(p.Stdout, "no runs")
		return nil
	}
	var rows [][]string
	for _, run := range list.Items {
		rows = append(rows, []string{
			run.ID, runTitle(run), run.State, run.StartedAt.Local().Format(time.DateTime),
			(time.Duration(run.DurationMS) * time.Millisecond).String(), run.User, run.Trigger, run.Error,
		})
	}
	if err := p.printTable([]string{"RUN", "SCRIPT", "STATE", "STARTED", "TOOK", "USER", "BY", "ERROR"}, rows); err != nil {
		return err
	}
	if list.Next != "" {
		fmt.Fprintln(p.Stderr, "there are more; see --limit")
	}
	return nil
}

func (p *program) printRun(run api.RunDetail, asJSON bool) error {
	if asJSON {
		return p.printJSON(run)
	}
	fmt.Fprintf(p.Stdout, "%s  %s  %s  %s  %s\n", p.bold(run.ID), runTitle(run.RunInfo), run.State,
		run.StartedAt.Local().Format(time.DateTime), time.Duration(run.DurationMS)*time.Millisecond)
	if run.LinesDropped > 0 {
		fmt.Fprintf(p.Stdout, "… %d lines before these are not kept\n", run.LinesDropped)
	}
	for _, line := range run.Lines {
		p.printLine(line)
	}
	return nil
}

// startDetached starts what "agent run --detach" names.
func (p *program) startDetached(ctx context.Context, client *api.Client, arg string, flags runFlags) error {
	var id string
	var err error
	if isFile(arg) {
		var source string
		if source, err = readScript(arg); err != nil {
			return err
		}
		id, err = client.StartRun(ctx, api.RunRequest{Name: arg, Source: source, User: flags.user, Timeout: flags.timeout, Params: flags.table()})
	} else {
		id, err = client.StartAgent(ctx, arg, api.AgentRunRequest{User: flags.user, Params: flags.table()})
		if api.IsNotFound(err) {
			return p.unknownAgent(ctx, client, arg)
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("stopped")
	case err != nil:
		return err
	case flags.json:
		return p.printJSONLine(api.RunStarted{ID: id})
	}
	fmt.Fprintln(p.Stdout, id)
	return nil
}
