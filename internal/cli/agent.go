package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/text/encoding/charmap"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
	"github.com/tutorsocket/tutorsocket/internal/server"
)

func (p *program) agent() *cobra.Command {
	c := group("agent", "Run, stop and list agents")
	c.Long = "Run, stop and list the agents of the app that a server serves."
	c.Example = examples("tutorsocket agent list", "tutorsocket agent run broadcast")
	t := p.addTarget(c)
	c.AddCommand(p.agentRun(t), p.agentList(t), p.agentStop(t), p.agentHistory(t))
	return c
}

func (p *program) agentRun(t *target) *cobra.Command {
	var flags runFlags
	c := &cobra.Command{
		Use:   "run NAME|FILE",
		Short: "Run an agent of the app, or a script file, and show its log lines",
		Long: "Run an agent of the app by its name, or a script from a file: an argument that\n" +
			"names a file or ends in .js is a file. The lines appear as the script logs them.\n" +
			"The exit code is 1 if the script throws or does not parse. Ctrl-C stops the run; with\n" +
			"--detach it goes on by itself, and its id is printed. --json prints a line of JSON for\n" +
			"each log line, {\"line\":{…}}, and at the end {\"outcome\":{…}}.",
		Example: examples(
			"tutorsocket agent run broadcast",
			"tutorsocket agent run script.js --param name=Anna --timeout 30s",
			"tutorsocket agent run broadcast --json",
			"tutorsocket agent run broadcast --detach",
		),
		Args:              exactly("the name of an agent or a file"),
		ValidArgsFunction: firstOnly(p.scriptNames(t, (*api.Client).Agents, cobra.ShellCompDirectiveDefault)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := flags.check(c, args[0]); err != nil {
				return err
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			if flags.detach {
				return p.startDetached(c.Context(), client, args[0], flags)
			}
			return p.runAgent(c.Context(), client, args[0], flags)
		},
	}
	c.Flags().StringVar(&flags.user, "user", "", "id of the user the script runs as")
	c.Flags().StringVar(&flags.timeout, "timeout", "", "longest time a file may run, such as 30s")
	c.Flags().StringArrayVar(&flags.params, "param", nil, "`NAME=VALUE` the script finds in Param; may be repeated")
	c.Flags().BoolVar(&flags.detach, "detach", false, "print the run's id and do not wait for its end")
	c.Flags().BoolVar(&flags.json, "json", false, "print lines of JSON")
	return c
}

// runFlags are the flags of "agent run".
type runFlags struct {
	user, timeout string
	params        []string
	detach, json  bool
}

// check says what is wrong with them.
func (f *runFlags) check(c *cobra.Command, arg string) error {
	if c.Flags().Changed("timeout") {
		if !isFile(arg) {
			return usagef("--timeout is for files; an agent of the app says it in its first comment: @timeout 30s")
		}
		if _, err := api.ParseTimeout(f.timeout); err != nil {
			return usagef("--timeout %q: %w", f.timeout, err)
		}
	}
	if err := server.CheckUserID(f.user); err != nil {
		return usagef("--user %q: %w", f.user, err)
	}
	for _, param := range f.params {
		if name, _, ok := strings.Cut(param, "="); !ok || name == "" {
			return usagef("--param %q is not of the form NAME=VALUE", param)
		}
	}
	return nil
}

// table is what the script finds in Param; of a name given twice the last value.
func (f *runFlags) table() map[string]string {
	table := make(map[string]string, len(f.params))
	for _, param := range f.params {
		name, value, _ := strings.Cut(param, "=")
		table[name] = value
	}
	return table
}

// isFile says whether the argument of "agent run" means a file.
func isFile(arg string) bool {
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular() || strings.HasSuffix(arg, ".js")
}

func (p *program) runAgent(ctx context.Context, client *api.Client, arg string, flags runFlags) error {
	show := &runPrinter{program: p, json: flags.json}
	var outcome api.Outcome
	var err error
	if isFile(arg) {
		var source string
		if source, err = readScript(arg); err != nil {
			return err
		}
		outcome, err = client.Run(ctx, api.RunRequest{Name: arg, Source: source, User: flags.user, Timeout: flags.timeout, Params: flags.table()}, show.line)
	} else {
		outcome, err = client.RunAgent(ctx, arg, api.AgentRunRequest{User: flags.user, Params: flags.table()}, show.line)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("stopped")
	case api.IsNotFound(err):
		return p.unknownAgent(ctx, client, arg)
	case err != nil:
		return err
	}
	return show.outcome(outcome)
}

// runPrinter shows the lines of a run.
type runPrinter struct {
	*program
	json   bool
	failed string // the error shown last
}

// line shows a line: errors go where errors go.
func (r *runPrinter) line(l api.Line) {
	if r.json {
		_ = r.printJSONLine(map[string]api.Line{"line": l}) // the outcome comes to the same end and reports it
		return
	}
	r.noteMissed(l)
	if l.Error {
		r.failed = l.Text
		fmt.Fprintln(r.Stderr, r.red(l.String()))
		return
	}
	fmt.Fprintln(r.Stdout, l)
}

// outcome tells how a run ended. The error of one that failed is shown once, if not in
// its lines then here.
func (r *runPrinter) outcome(o api.Outcome) error {
	if r.json {
		if err := r.printJSONLine(map[string]api.Outcome{"outcome": o}); err != nil {
			return err
		}
	}
	if o.OK {
		return nil
	}
	if !r.json && o.Error != r.failed {
		fmt.Fprintln(r.Stderr, r.red(logs.Printable(o.Error)))
	}
	return errTold
}

// maxListed is how many agents are listed when none resembles the name.
const maxListed = 10

func (p *program) unknownAgent(ctx context.Context, client *api.Client, name string) error {
	list, err := client.Agents(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, agent := range list.Items {
		names = append(names, agent.Name)
	}
	resembling := near(name, names)
	switch {
	case len(names) == 0:
		return fmt.Errorf("there is no agent %q: the app has none. An agent is a file agents/<name>.js of the app", name)
	case len(resembling) > 0:
		return fmt.Errorf("there is no agent %q%s", name, meant(resembling))
	case len(names) <= maxListed:
		return fmt.Errorf("there is no agent %q. There are: %s", name, strings.Join(names, ", "))
	}
	return fmt.Errorf("there is no agent %q. See: %s agent list", name, p.self())
}

// maxScript bounds a script file, in bytes, as the app folder's files are.
const maxScript = 2 << 20

// readScript reads a file as text: UTF-8 with or without a byte order mark, else
// Windows-1251 (spec/basescript.md 1.13).
func readScript(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", unreadable("script", name, err)
	}
	if info.Size() > maxScript {
		return "", fmt.Errorf("%s has %d bytes, a script has at most %d", name, info.Size(), maxScript)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", unreadable("script", name, err)
	}
	if utf8.Valid(data) {
		return strings.TrimPrefix(string(data), "\ufeff"), nil
	}
	text, err := charmap.Windows1251.NewDecoder().Bytes(data)
	if err != nil {
		return "", fmt.Errorf("read the script %s: it is neither UTF-8 nor Windows-1251: %w", name, err)
	}
	return string(text), nil
}

// unreadable says why a file that was named cannot be used.
func unreadable(what, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s", name)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("the %s %s cannot be read: %w", what, name, err)
}

func (p *program) agentList(t *target) *cobra.Command {
	return p.scriptList(t, "agent", (*api.Client).Agents)
}

func (p *program) service() *cobra.Command {
	c := group("service", "List and copy services")
	c.Long = "List the services of the app that a server serves, and copy services of an app folder."
	c.Example = examples("tutorsocket service list")
	t := p.addTarget(c)
	c.AddCommand(p.scriptList(t, "service", (*api.Client).Services), p.serviceCopy(t))
	return c
}

// scriptList lists the services or the agents, which is what kind says.
func (p *program) scriptList(t *target, kind string, list func(*api.Client, context.Context) (api.List[api.Script], error)) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the " + kind + "s of the app", Args: exactly(),
		Long:    "List the " + kind + "s of the app with their files, what their first comments say, and\nwhy those that do not load do not.",
		Example: examples("tutorsocket "+kind+" list", "tutorsocket "+kind+" list --json"),
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			scripts, err := list(client, c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(scripts)
			}
			return p.printScripts(scripts.Items)
		},
	}
	addJSON(c, &asJSON)
	return c
}

func (p *program) printScripts(scripts []api.Script) error {
	if len(scripts) == 0 {
		fmt.Fprintln(p.Stdout, "none")
		return nil
	}
	timed := slices.ContainsFunc(scripts, func(s api.Script) bool { return len(s.Schedule) > 0 })
	head := []string{"NAME", "FILE"}
	if timed {
		head = append(head, "SCHEDULE", "NEXT", "LAST")
	}
	var rows [][]string
	for _, s := range scripts {
		about := s.Description
		if s.Problem != "" {
			about = "does not load: " + s.Problem
		}
		row := []string{s.Name, s.URL}
		if timed {
			row = append(row, strings.Join(s.Schedule, "; "), nextRun(s), lastRun(s))
		}
		rows = append(rows, append(row, about))
	}
	return p.printTable(append(head, ""), rows)
}

// nextRun is the next time of a schedule, by the clock here.
func nextRun(s api.Script) string {
	if s.NextRunAt == nil {
		return ""
	}
	return s.NextRunAt.Local().Format(time.DateTime)
}

// lastRun says when the agent last ran by its schedule, and how that went.
func lastRun(s api.Script) string {
	if s.LastRun == nil {
		return ""
	}
	return s.LastRun.StartedAt.Local().Format(time.DateTime) + " " + s.LastRun.State
}
