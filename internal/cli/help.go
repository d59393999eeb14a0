package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how wide help is where nobody says how wide the terminal is, in columns.
const helpWidth = 80

// Commands are listed in the order in which they are added, which is that of the tables of the documents.
func init() { cobra.EnableCommandSorting = false }

// addHelp gives the program its help: the command help, what --help prints, and errors about flags that
// say which flag may have been meant. Templates of cobra are not used: see [program.addVersionFlag].
func (p *program) addHelp(root *cobra.Command) {
	root.SetHelpCommand(p.help())
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		_, _ = io.WriteString(p.Stdout, p.helpText(c)) // a reader that is gone has read enough
	})
	root.SetUsageFunc(func(c *cobra.Command) error {
		_, err := io.WriteString(p.Stdout, p.helpText(c))
		return err
	})
	root.SetFlagErrorFunc(wrongFlag)
}

func (p *program) help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Long:  "Explain a command: what it does, its flags, and examples. COMMAND --help shows the same.",
		Example: examples(
			"tutorsocket help sockets watch",
		),
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			about, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range about.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name()+"\t"+sub.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			about := c.Root()
			for _, name := range args {
				next := child(about, name)
				if next == nil {
					return usagef("%q is not a command of %q%s", name, about.CommandPath(), meant(near(name, childNames(about))))
				}
				about = next
			}
			about.InitDefaultHelpFlag() // it is listed as any other
			return about.Help()
		},
	}
}

// child is the command with the name, or the other name, below c; nil if there is none.
func child(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name || sub.HasAlias(name) {
			return sub
		}
	}
	return nil
}

func childNames(c *cobra.Command) (names []string) {
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return names
}

// examples are the lines of a command's examples: command lines as one would type them. One that does not
// end by itself is marked with [untilCtrlC].
func examples(lines ...string) string { return strings.Join(lines, "\n") }

// untilCtrlC marks an example that goes on until it is interrupted.
const untilCtrlC = "  # until Ctrl-C"

// helpText is all there is to say about a command.
func (p *program) helpText(c *cobra.Command) string {
	var b strings.Builder
	width := p.helpColumns()
	b.WriteString(reflow(cmp.Or(c.Long, c.Short), width) + "\n")
	p.section(&b, "Usage", p.usageLines(c))
	for _, g := range c.Groups() {
		p.section(&b, strings.TrimSuffix(g.Title, ":"), commandLines(c, g.ID))
	}
	p.section(&b, "Commands", commandLines(c, ""))
	p.section(&b, "Examples", strings.Split(strings.ReplaceAll(c.Example, "tutorsocket ", p.self()+" "), "\n"))
	p.section(&b, "Flags", flagLines(c.NonInheritedFlags(), width))
	p.section(&b, "Flags of all commands of "+parentPath(c), flagLines(c.InheritedFlags(), width))
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nMore about a command:  %s COMMAND --help\n", p.path(c))
	}
	return b.String()
}

// path is how a user calls the command.
func (p *program) path(c *cobra.Command) string {
	return p.self() + strings.TrimPrefix(c.CommandPath(), c.Root().Name())
}

func parentPath(c *cobra.Command) string {
	if c.HasParent() {
		return c.Parent().CommandPath()
	}
	return c.CommandPath()
}

// helpColumns is how wide help may be: lines longer than 100 columns are hard to read.
func (p *program) helpColumns() int {
	if columns, _ := p.size(); columns > 0 {
		return min(max(columns, 40), 100)
	}
	return helpWidth
}

// section writes lines below a heading, or nothing without lines.
func (p *program) section(b *strings.Builder, heading string, lines []string) {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return
	}
	b.WriteString("\n" + p.bold(heading+":") + "\n")
	for _, line := range lines {
		b.WriteString(strings.TrimRight("  "+line, " ") + "\n")
	}
}

func (p *program) usageLines(c *cobra.Command) []string {
	self := p.self() + strings.TrimPrefix(c.UseLine(), c.Root().Name())
	below := p.path(c) + " COMMAND [flags]"
	switch {
	case !c.HasAvailableSubCommands():
		return []string{self}
	case c.Annotations[alone] == "":
		return []string{below}
	}
	return []string{self, below}
}

// reflow breaks the paragraphs of a text anew, to the width. One that is laid out by hand, with two blanks
// somewhere, stays as it is.
func reflow(text string, width int) string {
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, paragraph := range paragraphs {
		if !strings.Contains(paragraph, "  ") {
			paragraphs[i] = strings.Join(wrap(paragraph, width), "\n")
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// alone is the annotation of a command that does something itself though there are commands below it.
const alone = "alone"

// commandLines lists the commands of a group below c; without a group those that are in none.
func commandLines(c *cobra.Command, group string) []string {
	wide := 0
	for _, sub := range c.Commands() {
		wide = max(wide, len(sub.Name()))
	}
	var lines []string
	for _, sub := range c.Commands() {
		if sub.GroupID == group && (sub.IsAvailableCommand() || sub.Name() == "help") {
			lines = append(lines, fmt.Sprintf("%-*s  %s", wide, sub.Name(), sub.Short))
		}
	}
	return lines
}

// flagLines describes flags, wrapped to the width.
func flagLines(flags *pflag.FlagSet, width int) []string {
	text := strings.TrimRight(flags.FlagUsagesWrapped(width-2), "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return lines
}

// wrongFlag is the error about a flag, with the flags that may have been meant.
func wrongFlag(c *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return usagef("--%s %q: %s", invalid.GetFlag().Name, invalid.GetValue(), expected(invalid))
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return usageError{err}
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return usageError{fmt.Errorf("%w%s", err, meant(near("--"+unknown.GetSpecifiedName(), names)))}
}

// expected says what the value of a flag is to be: in our words where the package has those of Go.
func expected(invalid *pflag.InvalidValueError) string {
	switch invalid.GetFlag().Value.Type() {
	case "int", "int64", "uint", "uint16":
		return "expected a whole number"
	case "duration":
		return "expected a duration such as 30s"
	case "bool":
		return "expected true or false"
	}
	return invalid.Unwrap().Error()
}
