package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

func (p *program) script() *cobra.Command {
	c := group("script", "Show, compare and restore versions of scripts")
	c.Long = "See what a script was, compare its versions and go back to one of them.\n\n" +
		"A script is named as its file is, services/NAME, libs/NAME or agents/NAME; the name\n" +
		"alone does where only one script has it."
	c.Example = examples(
		"tutorsocket script history libMain",
		"tutorsocket script diff libMain",
		"tutorsocket script rollback libMain",
	)
	t := p.addTarget(c)
	c.AddCommand(p.scriptHistory(t), p.scriptDiff(t), p.scriptShow(t), p.scriptRollback(t))
	return c
}

// scriptFolders are the folders a script may be named by, and the kinds in them.
var scriptFolders = []struct {
	folder string
	kind   api.ScriptKind
}{{"services", api.KindService}, {"libs", api.KindLibrary}, {"agents", api.KindAgent}}

// namedScript is a script that the command line names.
type namedScript struct {
	client *api.Client
	kind   api.ScriptKind
	name   string
}

// path is the name that no other script has.
func (s namedScript) path() string {
	for _, f := range scriptFolders {
		if f.kind == s.kind {
			return f.folder + "/" + s.name
		}
	}
	return s.name
}

// findScript finds out which script an argument means.
func (p *program) findScript(ctx context.Context, t *target, arg string) (namedScript, error) {
	folder, name, isPath := strings.Cut(strings.TrimPrefix(arg, "x-local://"), "/")
	var kinds []api.ScriptKind
	for _, f := range scriptFolders {
		if isPath && (f.folder == folder || f.folder == "libs" && folder == "libraries") {
			kinds = append(kinds, f.kind)
		}
	}
	if isPath && (len(kinds) == 0 || name == "" || strings.Contains(name, "/")) {
		return namedScript{}, usagef("%q names no script: write services/NAME, libs/NAME or agents/NAME, or the name alone", arg)
	}
	client, err := p.client(t)
	if err != nil {
		return namedScript{}, err
	}
	if isPath {
		name = strings.TrimSuffix(name, ".js")
		return namedScript{client, kinds[0], name}, nil
	}
	return resolveScript(ctx, client, arg)
}

// allScripts are the scripts of the app, kind after kind.
func allScripts(ctx context.Context, client *api.Client) (all []namedScript, err error) {
	lists := map[api.ScriptKind]func(context.Context) (api.List[api.Script], error){
		api.KindService: client.Services, api.KindLibrary: client.Libraries, api.KindAgent: client.Agents,
	}
	for _, f := range scriptFolders {
		list, err := lists[f.kind](ctx)
		if err != nil {
			return nil, err
		}
		for _, script := range list.Items {
			all = append(all, namedScript{client, f.kind, script.Name})
		}
	}
	return all, nil
}

// resolveScript finds the only script of a name.
func resolveScript(ctx context.Context, client *api.Client, name string) (namedScript, error) {
	all, err := allScripts(ctx, client)
	if err != nil {
		return namedScript{}, err
	}
	var found []namedScript
	var names []string
	for _, one := range all {
		if one.name == name {
			found = append(found, one)
		}
		names = append(names, one.name)
	}
	switch len(found) {
	case 0:
		slices.Sort(names)
		return namedScript{}, fmt.Errorf("the app has no script %q%s", name, meant(near(name, slices.Compact(names))))
	case 1:
		return found[0], nil
	}
	paths := make([]string, 0, len(found))
	for _, one := range found {
		paths = append(paths, one.path())
	}
	return namedScript{}, usagef("%q is the name of several scripts: write %s", name, strings.Join(paths, " or "))
}

// historyPage is how many versions one request asks for.
const historyPage = 1000

// history returns all versions of a script, the newest first.
func (s namedScript) history(ctx context.Context) (api.List[api.Version], error) {
	all := api.List[api.Version]{Items: []api.Version{}, Missing: []string{}}
	for after := ""; ; {
		page, err := s.client.Versions(ctx, s.kind, s.name, historyPage, after)
		if err != nil {
			return all, err
		}
		all.Items = append(all.Items, page.Items...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

func (p *program) scriptHistory(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "history NAME",
		Short: "List the versions of a script",
		Long: "List the versions of a script, the newest first: when each came into force and who\n" +
			"brought it. file is a change in the app folder, start what was there when the server\n" +
			"started, admin who used the HTTP API. The version in force is marked with *.",
		Example: examples(
			"tutorsocket script history rtk_ws_service",
			"tutorsocket script history libs/libMain --json",
		),
		Args:              exactly("the name of a script"),
		ValidArgsFunction: firstOnly(p.scriptPaths(t)),
		RunE: func(c *cobra.Command, args []string) error {
			script, err := p.findScript(c.Context(), t, args[0])
			if err != nil {
				return err
			}
			list, err := script.history(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(list)
			}
			return p.printVersions(list.Items)
		},
	}
	addJSON(c, &asJSON)
	return c
}

func (p *program) printVersions(list []api.Version) error {
	if len(list) == 0 {
		fmt.Fprintln(p.Stdout, "none: no version of it was ever in force")
		return nil
	}
	var rows [][]string
	for _, v := range list {
		mark := ""
		if v.Current {
			mark = "*"
		}
		rows = append(rows, []string{strconv.Itoa(v.N) + mark, v.At.Local().Format(time.DateTime), v.By, strconv.Itoa(v.Bytes), v.Note})
	}
	return p.printTable([]string{"VERSION", "WHEN", "BY", "BYTES", "NOTE"}, rows)
}

// versionArgs demands a name and allows so many numbers of versions.
func versionArgs(numbers int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("the name of a script is missing")
		}
		if len(args) > 1+numbers {
			return usagef("%q is one argument too many", args[1+numbers])
		}
		for _, arg := range args[1:] {
			if n, err := strconv.Atoi(arg); err != nil || n < 1 {
				return usagef("%q is not the number of a version: it is 1 or more, as `script history` shows it", arg)
			}
		}
		return nil
	}
}

// number is an argument that versionArgs has checked, 0 if it is not there.
func number(args []string, i int) int {
	if i >= len(args) {
		return 0
	}
	n, _ := strconv.Atoi(args[i])
	return n
}

// current is the version in force, or the newest one if none is.
func current(list []api.Version) api.Version {
	if i := slices.IndexFunc(list, func(v api.Version) bool { return v.Current }); i >= 0 {
		return list[i]
	}
	return list[0]
}

// before is the version before the one with the number.
func (s namedScript) before(list []api.Version, n int) (api.Version, error) {
	for _, v := range list {
		if v.N < n {
			return v, nil
		}
	}
	return api.Version{}, fmt.Errorf("%s has no version before %d", s.path(), n)
}

// comparison is what "script diff" tells machines.
type comparison struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	Diff string `json:"diff"`
}

func (p *program) scriptDiff(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff NAME [A [B]]",
		Short: "Compare two versions of a script",
		Long: "Show as a unified diff what changed from version A to version B. Without B, the version\n" +
			"in force; without A as well, the one before it.",
		Example: examples(
			"tutorsocket script diff rtk_ws_service",
			"tutorsocket script diff rtk_ws_service 1 2",
		),
		Args:              versionArgs(2),
		ValidArgsFunction: firstOnly(p.scriptPaths(t)),
		RunE: func(c *cobra.Command, args []string) error {
			script, err := p.findScript(c.Context(), t, args[0])
			if err != nil {
				return err
			}
			diff, err := script.compare(c.Context(), number(args, 1), number(args, 2))
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(diff)
			}
			return p.printDiff(diff.Diff)
		},
	}
	addJSON(c, &asJSON)
	return c
}

// compare compares two versions; 0 stands for what "script diff" takes by itself.
func (s namedScript) compare(ctx context.Context, from, to int) (comparison, error) {
	if from == 0 || to == 0 {
		list, err := s.history(ctx)
		if err != nil {
			return comparison{}, err
		}
		if len(list.Items) == 0 {
			return comparison{}, fmt.Errorf("no version of %s was ever in force", s.path())
		}
		to = current(list.Items).N
		if from == 0 {
			v, err := s.before(list.Items, to)
			if err != nil {
				return comparison{}, err
			}
			from = v.N
		}
	}
	text, err := s.client.DiffVersions(ctx, s.kind, s.name, from, to)
	return comparison{from, to, text}, err
}

func (p *program) printDiff(text string) error {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = logs.Printable(strings.TrimRight(line, "\r\n"))
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			line = p.bold(line)
		case strings.HasPrefix(line, "@@"):
			line = p.colour("36", line) // cyan
		case strings.HasPrefix(line, "-"):
			line = p.red(line)
		case strings.HasPrefix(line, "+"):
			line = p.colour("32", line) // green
		}
		b.WriteString(line + "\n")
	}
	if _, err := io.WriteString(p.Stdout, b.String()); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func (p *program) scriptShow(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show NAME [N]",
		Short: "Print the text of a script",
		Long:  "Print the text of a script as its file has it now, or that of version N.",
		Example: examples(
			"tutorsocket script show rtk_ws_service",
			"tutorsocket script show rtk_ws_service 1",
		),
		Args:              versionArgs(1),
		ValidArgsFunction: firstOnly(p.scriptPaths(t)),
		RunE: func(c *cobra.Command, args []string) error {
			script, err := p.findScript(c.Context(), t, args[0])
			if err != nil {
				return err
			}
			var whole any
			var text string
			if n := number(args, 1); n > 0 {
				v, err := script.client.Version(c.Context(), script.kind, script.name, n)
				if err != nil {
					return err
				}
				whole, text = v, v.Source
			} else {
				source, err := script.client.Source(c.Context(), script.kind, script.name)
				if err != nil {
					return err
				}
				whole, text = source, source.Source
			}
			if asJSON {
				return p.printJSON(whole)
			}
			return p.printSource(text)
		},
	}
	addJSON(c, &asJSON)
	return c
}

// printSource prints a text as it is, for files, or safe for a terminal.
func (p *program) printSource(text string) error {
	if p.Terminal {
		text = logs.Printable(text)
	}
	if _, err := io.WriteString(p.Stdout, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func (p *program) scriptRollback(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "rollback NAME [N]",
		Short: "Make an earlier version of a script the present one",
		Long: "Write the text of version N, or else of the one before the version in force, into the\n" +
			"script's file. It is in force for new calls when the command ends, and becomes a new\n" +
			"version: a rollback can be rolled back. Calls that run end on the version they began with.",
		Example: examples(
			"tutorsocket script rollback rtk_ws_service",
			"tutorsocket script rollback libs/libMain 3",
		),
		Args:              versionArgs(1),
		ValidArgsFunction: firstOnly(p.scriptPaths(t)),
		RunE: func(c *cobra.Command, args []string) error {
			script, err := p.findScript(c.Context(), t, args[0])
			if err != nil {
				return err
			}
			n, v, err := script.rollback(c.Context(), number(args, 1))
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(v)
			}
			fmt.Fprintf(p.Stdout, "%s has the text of version %d again; it is version %d now\n", script.path(), n, v.N)
			return nil
		},
	}
	addJSON(c, &asJSON)
	return c
}

// rollback restores version n, 0 for the one before the version in force, and returns which it was and
// the new one.
func (s namedScript) rollback(ctx context.Context, n int) (int, api.Version, error) {
	if n == 0 {
		list, err := s.history(ctx)
		if err != nil {
			return 0, api.Version{}, err
		}
		if len(list.Items) == 0 {
			return 0, api.Version{}, fmt.Errorf("no version of %s was ever in force", s.path())
		}
		before, err := s.before(list.Items, current(list.Items).N)
		if err != nil {
			return 0, api.Version{}, err
		}
		n = before.N
	}
	v, err := s.client.RestoreVersion(ctx, s.kind, s.name, n, "")
	return n, v, err
}
