package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/check"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// appFlags are the settings of commands that read an app without serving it.
var appFlags = []string{"app", "datex_version"}

// checkOptions are the flags of "check" that are no settings.
type checkOptions struct {
	json, portability, strict bool
}

func (p *program) check() *cobra.Command {
	var opts checkOptions
	c := &cobra.Command{
		Use:   "check [APP]",
		Short: "Say what is wrong with the scripts of an app",
		Long: "Parse every script of an app and say what is wrong: syntax errors, functions and\n" +
			"members that do not exist, string expressions that do not parse, missing arguments,\n" +
			"what the version of Datex.XHTTP does not have, what exists in WebTutor and not here.\n\n" +
			"APP is the app folder; without one, the setting app or the embedded sample app.\n" +
			"The exit code is 1 if there are errors; warnings do not count unless --strict.",
		Example: examples(
			"tutorsocket check",
			"tutorsocket check app --strict --portability",
			"tutorsocket check app --json",
		),
		Args:              oneApp("checked"),
		ValidArgsFunction: firstOnly(folders),
	}
	settings := p.addAppFlags(c)
	addJSON(c, &opts.json)
	c.Flags().BoolVar(&opts.portability, "portability", false, "say as well what works here and not in WebTutor")
	c.Flags().BoolVar(&opts.strict, "strict", false, "end with exit code 1 on whatever is said, not only on errors")
	c.RunE = func(_ *cobra.Command, args []string) error {
		cfg, err := settings(args)
		if err != nil {
			return err
		}
		return p.runCheck(cfg, opts)
	}
	return c
}

// oneApp allows one app folder at most.
func oneApp(done string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("%q is one argument too many: one app is %s", args[1], done)
		}
		return nil
	}
}

// addAppFlags adds the flags of the settings that matter to who reads an app. The function returned
// gives the settings, with the app of the arguments.
func (p *program) addAppFlags(c *cobra.Command) func(args []string) (config.Config, error) {
	var file string
	addConfig(c, &file)
	given := settingFlags(c, appFlags...)
	return func(args []string) (config.Config, error) {
		flags := given()
		if len(args) == 1 {
			if _, twice := flags["app"]; twice {
				return config.Config{}, usagef("the app folder is named twice, as an argument and with --app")
			}
			flags["app"] = args
		}
		settings, err := config.Load(config.Sources{File: file, Env: p.Environ, Flags: flags})
		if err != nil {
			return config.Config{}, usageError{err}
		}
		return settings, nil
	}
}

func (p *program) runCheck(cfg config.Config, opts checkOptions) error {
	report, err := check.Folder(cfg.App, check.Options{Version: versionOf(cfg), Portability: opts.portability})
	if err != nil {
		return err
	}
	if opts.json {
		if err := p.printJSON(report); err != nil {
			return err
		}
	} else {
		p.printReport(cfg.App, report)
	}
	if report.Errors > 0 || opts.strict && len(report.Problems) > 0 {
		return errTold
	}
	return nil
}

// versionOf is the version of Datex.XHTTP as the tables name it, empty if none is imitated.
func versionOf(cfg config.Config) string {
	if name := cfg.Queue.Profile.Short(); name != "native" {
		return name
	}
	return ""
}

// printReport prints problems as compilers do, for people and for editors.
func (p *program) printReport(dir string, report check.Report) {
	var b strings.Builder
	for _, problem := range report.Problems {
		b.WriteString(p.bold(logs.Printable(placeOf(dir, problem))) + ": ")
		b.WriteString(p.colour(problemStyle(problem.Level), problem.Level+":") + " " + logs.Printable(problem.Message) + "\n")
		if problem.Caret != "" {
			b.WriteString("    " + strings.ReplaceAll(logs.Printable(problem.Caret), "\n", "\n    ") + "\n")
		}
	}
	fmt.Fprint(p.Stdout, b.String()+summary(report)+"\n")
}

// placeOf is where a problem is, as the user would name the file.
func placeOf(dir string, problem check.Problem) string {
	at := problem.File
	if dir != "" {
		at = filepath.Join(dir, filepath.FromSlash(at))
	}
	if problem.Line > 0 {
		at += fmt.Sprintf(":%d", problem.Line)
	}
	if problem.Column > 0 {
		at += fmt.Sprintf(":%d", problem.Column)
	}
	return at
}

func problemStyle(level string) string {
	switch level {
	case check.LevelError:
		return "31" // red
	case check.LevelWarning:
		return "33" // yellow
	}
	return "36" // cyan
}

func summary(report check.Report) string {
	var found []string
	if report.Errors > 0 {
		found = append(found, count(report.Errors, "error"))
	}
	if report.Warnings > 0 {
		found = append(found, count(report.Warnings, "warning"))
	}
	if report.Portability > 0 {
		found = append(found, fmt.Sprintf("%d not in WebTutor", report.Portability))
	}
	if len(found) == 0 {
		found = []string{"no problems"}
	}
	return count(report.Files, "script") + ": " + strings.Join(found, ", ")
}
