package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
)

// shells are the shells there are completion scripts for.
var shells = []struct {
	name, install string
	write         func(root *cobra.Command, out io.Writer) error
}{
	{
		"bash", "For this session:  source <(tutorsocket completion bash)\n" +
			"For all sessions:\n  tutorsocket completion bash > ~/.local/share/bash-completion/completions/tutorsocket\n" +
			"The package bash-completion must be installed.",
		func(root *cobra.Command, out io.Writer) error { return root.GenBashCompletionV2(out, true) },
	},
	{
		"zsh", "For this session:  source <(tutorsocket completion zsh)\n" +
			"For all sessions:  tutorsocket completion zsh > \"${fpath[1]}/_tutorsocket\"\n" +
			"Completion must be on: autoload -U compinit; compinit",
		func(root *cobra.Command, out io.Writer) error { return root.GenZshCompletion(out) },
	},
	{
		"fish", "For this session:  tutorsocket completion fish | source\n" +
			"For all sessions:  tutorsocket completion fish > ~/.config/fish/completions/tutorsocket.fish",
		func(root *cobra.Command, out io.Writer) error { return root.GenFishCompletion(out, true) },
	},
	{
		"powershell", "For this session:\n  tutorsocket completion powershell | Out-String | Invoke-Expression\n" +
			"For all sessions:\n  add that line to the file that $PROFILE names.",
		func(root *cobra.Command, out io.Writer) error { return root.GenPowerShellCompletionWithDesc(out) },
	},
}

func (p *program) completion() *cobra.Command {
	c := group("completion", "Write a script that completes commands in a shell")
	c.Long = "Write a script with which a shell completes commands, flags and their values, and, with a\n" +
		"server running, keys of sockets and names of agents and services.\n\n" +
		"How to install it, COMMAND --help of a shell says."
	c.Example = examples("tutorsocket completion bash", "tutorsocket completion zsh")
	for _, shell := range shells {
		c.AddCommand(&cobra.Command{
			Use:     shell.name,
			Short:   "Write the script for " + shell.name,
			Long:    "Write the script with which " + shell.name + " completes commands to standard output.\n\n" + shell.install,
			Example: examples("tutorsocket completion " + shell.name),
			Args:    exactly(),
			RunE: func(c *cobra.Command, _ []string) error {
				if err := shell.write(c.Root(), p.Stdout); err != nil {
					return fmt.Errorf("write the script: %w", err)
				}
				return nil
			},
		})
	}
	return c
}

// completer offers what an argument or the value of a flag may be.
type completer = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// complete gives a flag of a command its completer.
func complete(c *cobra.Command, flag string, offer completer) {
	if err := c.RegisterFlagCompletionFunc(flag, offer); err != nil {
		panic(fmt.Sprintf("cli: complete --%s of %s: %v", flag, c.Name(), err)) // the flag is not there
	}
}

// oneOf offers fixed values.
func oneOf(values ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	}
}

// anyFile offers the files of the folder.
func anyFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// filesNamed offers files with one of the endings.
func filesNamed(endings ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}

// folders offers folders.
func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// firstOnly offers values for the first argument and none for the others.
func firstOnly(offer completer) completer {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(c, args, begun)
	}
}

// completeSetting gives the flag of a setting its completer, as far as its values are known.
func completeSetting(c *cobra.Command, s config.Setting) {
	switch {
	case s.Key == "datex_version":
		complete(c, s.Flag, oneOf("1.22", "1.24", "native", "1.22.10.29", "1.24.4.27"))
	case s.Key == "app" || s.Key == "data":
		complete(c, s.Flag, folders)
	case s.Key == "listen":
		complete(c, s.Flag, oneOf("127.0.0.1:8080", "127.0.0.1:0", ":8080"))
	case strings.Contains(s.Type, "|"):
		complete(c, s.Flag, oneOf(strings.Split(s.Type, "|")...))
	}
}

// completionTime is how long a server may take to tell what there is: somebody has pressed a key and waits.
const completionTime = time.Second

// ask asks the server for names to offer. Where none answers nothing is offered and nothing said.
func (p *program) ask(c *cobra.Command, t *target, names func(ctx context.Context, client *api.Client) ([]string, error)) []string {
	ctx, cancel := context.WithTimeout(cmp.Or(c.Context(), context.Background()), completionTime)
	defer cancel()
	client, err := p.client(t)
	if err != nil {
		return nil
	}
	found, err := names(ctx, client)
	if err != nil {
		return nil
	}
	return found
}

// socketKeys offers the keys of open and detached sockets that are not named yet; short ones to whoever began a short one.
func (p *program) socketKeys(t *target) completer {
	const anyState = `{"$state":["open","detached"]}`
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		keys := p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
			page, err := client.Sockets(ctx, api.SocketQuery{Filter: anyState, Limit: pageSize})
			var keys []string
			for _, s := range page.Items {
				key := s.Key
				if begun != "" && !strings.HasPrefix(begun, "/") {
					key = strings.TrimPrefix(key, "/services/")
				}
				if !slices.Contains(args, key) {
					keys = append(keys, key+"\t"+s.UserID)
				}
			}
			return keys, err
		})
		return keys, cobra.ShellCompDirectiveNoFileComp
	}
}

// dataKeys offers the keys of user data that begin as what was typed and are not named yet.
func (p *program) dataKeys(t *target) completer {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		keys := p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
			page, err := client.ListUserData(ctx, api.UserDataQuery{Prefix: begun, Limit: pageSize})
			var keys []string
			for _, d := range page.Items {
				if !slices.Contains(args, d.Key) {
					keys = append(keys, d.Key)
				}
			}
			return keys, err
		})
		return keys, cobra.ShellCompDirectiveNoFileComp
	}
}

// keyIDs offers the ids of API keys.
func (p *program) keyIDs(t *target) completer {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		ids := p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
			list, err := client.Keys(ctx)
			var ids []string
			for _, k := range list.Items {
				if !slices.Contains(args, k.ID) {
					ids = append(ids, k.ID+"\t"+firstLine(k.Name))
				}
			}
			return ids, err
		})
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

// runIDs offers the ids of runs in a state, or of all that are remembered.
func (p *program) runIDs(t *target, state string) completer {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ids := p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
			page, err := client.Runs(ctx, api.RunQuery{State: state, Limit: pageSize})
			var ids []string
			for _, run := range page.Items {
				ids = append(ids, run.ID+"\t"+firstLine(runTitle(run)))
			}
			return ids, err
		})
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

// both offers what two completers do.
func both(a, b completer) completer {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		first, directive := a(c, args, begun)
		second, _ := b(c, args, begun)
		return append(first, second...), directive
	}
}

// scriptPaths offers the scripts of all kinds as "script" commands name them: services/NAME and so on.
func (p *program) scriptPaths(t *target) completer {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		paths := p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
			all, err := allScripts(ctx, client)
			var paths []string
			for _, script := range all {
				paths = append(paths, script.path())
			}
			return paths, err
		})
		return paths, cobra.ShellCompDirectiveNoFileComp
	}
}

// tagNames are the names of the tags of a socket.
func (p *program) tagNames(c *cobra.Command, t *target, key string) []string {
	return p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
		s, err := client.Socket(ctx, fullKey(key))
		return slices.Sorted(maps.Keys(s.Tags)), err
	})
}

// scriptNames offers services or agents; files as well where a file may be named.
func (p *program) scriptNames(t *target, list func(*api.Client, context.Context) (api.List[api.Script], error), directive cobra.ShellCompDirective) completer {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		names := p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
			scripts, err := list(client, ctx)
			var names []string
			for _, s := range scripts.Items {
				names = append(names, s.Name+"\t"+firstLine(s.Description))
			}
			return names, err
		})
		return names, directive
	}
}

// settingKeys offers the keys of settings.
func settingKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var keys []string
	for _, s := range config.Reference() {
		offer := s.Key + "\t" + s.Doc
		if section, _, ok := strings.Cut(s.Key, ".<name>."); ok { // a shell would take it for a redirection
			offer = section + "\tWhat can be set for one service."
		}
		if !slices.Contains(keys, offer) {
			keys = append(keys, offer)
		}
	}
	return keys, cobra.ShellCompDirectiveNoFileComp
}
