package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/connect"
)

// Env is everything a command takes from its surroundings.
type Env struct {
	Args     []string        // without the name of the program
	Stdin    io.Reader       // nil for none
	Console  connect.Console // what Stdin and Stdout are if both are a terminal; nil otherwise
	Stdout   io.Writer
	Stderr   io.Writer
	Environ  []string // "NAME=value", as os.Environ returns it
	Now      func() time.Time
	Terminal bool   // whether Stdout and Stderr are shown to a person
	Progress bool   // whether Stderr is shown to a person, wherever Stdout goes
	Screen   Screen // of that person
	// Program is what the user types to run this program; "tutorsocket" if empty.
	Program string
}

// getenv returns the value of an environment variable, the last one if it is
// there twice, empty if absent.
func (e *Env) getenv(name string) string {
	value := ""
	for _, entry := range e.Environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}

// Main runs the command that env.Args name and returns the exit code of the
// program. What went wrong is then on env.Stderr. When ctx ends a server stops
// and a client gives up; that is how Ctrl-C arrives.
func Main(ctx context.Context, env Env) int {
	out := &output{to: env.Stdout}
	env.Stdout = out
	p := &program{Env: env}
	root := p.root()
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !p.began {
		err = usageError{err}
	}
	if err == nil {
		err = out.failure()
	}
	p.report(command, err)
	return exitCode(err)
}

// program is one call of Main.
type program struct {
	Env
	began bool // the command line made sense and its command runs
}

func (p *program) root() *cobra.Command {
	root := group("tutorsocket", "WebSocket services in WebTutor's dialect, without WebTutor")
	root.Long = "tutorsocket runs WebTutor's socket services, code libraries and agents without WebTutor."
	root.Example = examples(
		"tutorsocket dev"+untilCtrlC,
		"tutorsocket agent list",
		"tutorsocket sockets",
	)
	root.SilenceErrors, root.SilenceUsage = true, true
	p.addVersionFlag(root)
	p.addHelp(root)
	root.PersistentPreRun = func(*cobra.Command, []string) { p.began = true }
	root.SetArgs(p.Args)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.AddGroup(
		&cobra.Group{ID: groupServe, Title: "Serve:"},
		&cobra.Group{ID: groupScripts, Title: "Scripts:"},
		&cobra.Group{ID: groupSockets, Title: "Sockets:"},
		&cobra.Group{ID: groupOperate, Title: "Data, users, logs and settings:"},
		&cobra.Group{ID: groupOther, Title: "About this program:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupServe,
		p.dev(), p.serve(),
		p.init(),
	)
	add(groupScripts,
		p.check(),
		p.types(),
		p.service(),
		p.agent(),
		p.script(),
	)
	add(groupSockets,
		p.sockets(),
		p.send(),
		p.abort(),
		p.tags(),
		p.connect(),
	)
	add(groupOperate,
		p.token(),
		p.data(),
		p.user(),
		p.key(),
		p.logs(),
		p.config(),
	)
	add(groupOther,
		p.version(),
		p.completion(),
	)
	root.SetHelpCommandGroupID(groupOther)
	root.CompletionOptions.DisableDefaultCmd = true
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp) // files only where one is meant
	return root
}

// Groups of commands in the help of the program.
const (
	groupServe   = "serve"
	groupScripts = "scripts"
	groupSockets = "sockets"
	groupOperate = "operate"
	groupOther   = "other"
)

// self is what the user types to run this program, for hints.
func (p *program) self() string { return cmp.Or(p.Program, "tutorsocket") }

// report prints why a command failed.
func (p *program) report(command *cobra.Command, err error) {
	if err == nil || errors.Is(err, errTold) {
		return
	}
	text := err.Error()
	if errors.Is(err, context.Canceled) {
		text = "stopped" // by the user, who knows
	}
	fmt.Fprintln(p.Stderr, p.red("error:"), text)
	if errors.Is(err, api.ErrNoServer) {
		fmt.Fprintf(p.Stderr, "Is the server running? Start one with: %s dev\n", p.self())
	}
	if exitCode(err) == ExitUsage {
		if command.Name() == "help" {
			command = command.Root()
		}
		fmt.Fprintf(p.Stderr, "Run %q for how to use it.\n", command.CommandPath()+" --help")
	}
}

// group is a command that only has commands below it.
func group(use, short string) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usagef("%q is not a command of %q%s", args[0], c.CommandPath(), meant(near(args[0], childNames(c))))
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
}

// exactly demands the arguments that are named.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s is missing", names[len(args)])
		case len(args) > len(names):
			return usagef("%q is one argument too many%s", args[len(names)], quotingHint(args))
		}
		return nil
	}
}

// quotingHint helps with texts of several words.
func quotingHint(args []string) string {
	if len(args) > 2 {
		return "; a text of several words goes in quotes"
	}
	return ""
}
