package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

func (p *program) config() *cobra.Command {
	c := group("config", "Show, check and explain settings")
	c.Long = "Settings come from flags, else environment variables, else a YAML file, else defaults."
	c.Example = examples("tutorsocket config show", "tutorsocket config check tutorsocket.yaml", "tutorsocket config reference queue")
	c.AddCommand(p.configShow(), p.configCheck(), p.configReference())
	return c
}

// configValue is a setting in force, as "config show --json" has it.
type configValue struct {
	Key    string `json:"key"`
	Value  any    `json:"value"` // text, or a list of texts
	Source string `json:"source"`
	Dev    string `json:"dev"` // what the command dev has instead; "" if it has the same
}

func (p *program) configShow() *cobra.Command {
	var file string
	var asJSON bool
	c := &cobra.Command{
		Use:   "show",
		Short: "Show the settings in force and where each comes from",
		Long: "Show the settings that a server started here with the same flags would have, and where\n" +
			"each comes from. The text is a config file. Secrets are masked: ***. Where dev has\n" +
			"another default than a server in production, both are shown.",
		Example: examples(
			"tutorsocket config show",
			"tutorsocket config show --config tutorsocket.yaml --log-level debug",
			"tutorsocket config show --json",
		),
		Args: exactly(),
	}
	addConfig(c, &file)
	given := settingFlags(c)
	addJSON(c, &asJSON)
	c.RunE = func(*cobra.Command, []string) error {
		values, wrong := config.Effective(config.Sources{File: file, Env: p.Environ, Flags: given()})
		if err := p.printValues(values, asJSON); err != nil {
			return err
		}
		return wrong
	}
	return c
}

func (p *program) printValues(values []config.Value, asJSON bool) error {
	if asJSON {
		shown := make([]configValue, len(values))
		for i, v := range values {
			shown[i] = configValue{v.Setting.Key, v.Masked(), v.Source, v.Dev}
		}
		return p.printJSON(shown)
	}
	wide := 0
	lines := make([]string, len(values))
	for i, v := range values {
		lines[i] = v.Setting.Key + ": " + v.YAML()
		wide = max(wide, min(len([]rune(lines[i])), maxSourceColumn))
	}
	var b strings.Builder
	for i, v := range values {
		source := v.Source
		if v.Dev != "" {
			source += "; dev: " + v.Dev
		}
		b.WriteString(fmt.Sprintf("%-*s", wide, lines[i]) + p.colour("2", "  # "+source) + "\n")
	}
	if _, err := fmt.Fprint(p.Stdout, b.String()); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// maxSourceColumn keeps one long value from pushing all sources out of sight.
const maxSourceColumn = 50

// configReport is what "config check --json" prints.
type configReport struct {
	File     string          `json:"file"`
	Problems []configProblem `json:"problems"`
}

type configProblem struct {
	Key     string `json:"key"`
	Source  string `json:"source"`
	Message string `json:"message"`
}

func (p *program) configCheck() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say what is wrong with a config file",
		Long: "Say everything that is wrong with a config file and the environment, with the key and\n" +
			"the line. FILE is the file " + configVariable + " names if none is. The exit code is 1 if\n" +
			"something is wrong.",
		Example: examples(
			"tutorsocket config check tutorsocket.yaml",
			"tutorsocket config check tutorsocket.yaml --json",
		),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%q is one argument too many: one file is checked", args[1])
			}
			return nil
		},
		ValidArgsFunction: firstOnly(filesNamed("yaml", "yml")),
	}
	addJSON(c, &asJSON)
	c.RunE = func(_ *cobra.Command, args []string) error {
		file := p.getenv(configVariable)
		if len(args) == 1 {
			file = args[0]
		}
		if file != "" {
			if _, err := os.Stat(file); err != nil {
				return unreadable("config file", file, err)
			}
		}
		return p.checkConfig(file, asJSON)
	}
	return c
}

func (p *program) checkConfig(file string, asJSON bool) error {
	problems, err := allProblems(file, p.Environ)
	if err != nil {
		return err
	}
	if asJSON {
		report := configReport{File: file, Problems: []configProblem{}}
		for _, problem := range problems {
			report.Problems = append(report.Problems, configProblem{problem.Key, problem.Source, problem.Message})
		}
		if err := p.printJSON(report); err != nil {
			return err
		}
	} else {
		p.printProblems(file, problems)
	}
	if len(problems) > 0 {
		return errTold
	}
	return nil
}

// allProblems are those of the file by itself, and those it has together with the environment: a variable hides
// what the file says of the same setting.
func allProblems(file string, env []string) (all config.Problems, err error) {
	sources := []config.Sources{{File: file, Env: env}}
	if file != "" {
		sources = []config.Sources{{File: file}, sources[0]}
	}
	for _, src := range sources {
		var found config.Problems
		if _, err := config.Load(src); err != nil && !errors.As(err, &found) {
			return nil, err
		}
		for _, problem := range found {
			if !slices.Contains(all, problem) {
				all = append(all, problem)
			}
		}
	}
	return all, nil
}

func (p *program) printProblems(file string, problems config.Problems) {
	var b strings.Builder
	for _, problem := range problems {
		at := problem.Key
		if problem.Source != "" {
			at = problem.Source + ": " + at
		}
		if at = strings.TrimSuffix(at, ": "); at != "" {
			at = p.bold(firstLine(at)) + ": "
		}
		b.WriteString(at + firstLine(problem.Message) + "\n")
	}
	switch {
	case len(problems) > 0:
		b.WriteString(count(len(problems), "problem") + "\n")
	case file == "":
		b.WriteString("no config file; nothing wrong with the environment\n")
	default:
		b.WriteString(file + ": no problems\n")
	}
	fmt.Fprint(p.Stdout, b.String())
}

// settingAbout is a setting explained, as "config reference --json" has it.
type settingAbout struct {
	Key     string `json:"key"`
	Type    string `json:"type"`
	Default string `json:"default"`
	Dev     string `json:"dev"` // default of the command dev; "" if it is no other
	Env     string `json:"env"`
	Flag    string `json:"flag"`
	Doc     string `json:"doc"`
}

func (p *program) configReference() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "reference [KEY…]",
		Short: "Explain every setting, or some",
		Long: "Explain the settings: key, type, default, environment variable, flag, and what it is for.\n" +
			"dev has defaults of its own where that is said. <name> stands for a service.\n" +
			"A KEY may be the first part of keys: queue explains all that begin with queue.",
		Example: examples(
			"tutorsocket config reference",
			"tutorsocket config reference queue log.level",
			"tutorsocket config reference --json",
		),
		ValidArgsFunction: settingKeys,
		RunE: func(_ *cobra.Command, args []string) error {
			chosen, err := chooseSettings(args)
			if err != nil {
				return err
			}
			return p.printSettings(chosen, asJSON)
		},
	}
	addJSON(c, &asJSON)
	return c
}

// chooseSettings are the settings with the keys, or all.
func chooseSettings(keys []string) ([]config.Setting, error) {
	all := config.Reference()
	if len(keys) == 0 {
		return all, nil
	}
	var chosen []config.Setting
	for _, s := range all {
		for _, key := range keys {
			if belongs(s.Key, key) {
				chosen = append(chosen, s)
				break
			}
		}
	}
	for _, key := range keys {
		if err := knownKey(key, all); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

func belongs(key, to string) bool { return key == to || strings.HasPrefix(key, to+".") }

func knownKey(key string, all []config.Setting) error {
	var names []string
	for _, s := range all {
		if belongs(s.Key, key) {
			return nil
		}
		names = append(names, s.Key)
	}
	return usagef("there is no setting %q%s", key, meant(near(key, names)))
}

func (p *program) printSettings(settings []config.Setting, asJSON bool) error {
	if asJSON {
		about := make([]settingAbout, len(settings))
		for i, s := range settings {
			about[i] = settingAbout{s.Key, s.Type, s.Default, s.Dev, s.Env, s.Flag, s.Doc}
		}
		return p.printJSON(about)
	}
	var b strings.Builder
	for i, s := range settings {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s  (%s", p.bold(s.Key), s.Type)
		if s.Default != "" {
			b.WriteString(", default " + s.Default)
		}
		if s.Dev != "" {
			b.WriteString("; dev: " + s.Dev)
		}
		b.WriteString(")\n")
		for _, line := range wrap(s.Doc, p.helpColumns()-4) {
			b.WriteString("    " + line + "\n")
		}
		b.WriteString("    " + s.Env)
		if s.Flag != "" {
			b.WriteString("  --" + s.Flag)
		}
		b.WriteString("\n")
	}
	if _, err := fmt.Fprint(p.Stdout, b.String()); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// wrap breaks a text at blanks into lines of at most so many characters, where the words allow that.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
