package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/check"
	"github.com/tutorsocket/tutorsocket/internal/config"
)

// typesOptions are the flags of "types" that are no settings.
type typesOptions struct {
	out         string
	withPackage bool
	json        bool
}

// typesWritten is what "types --json" prints.
type typesWritten struct {
	File    string `json:"file"`
	Besides string `json:"besides,omitempty"` // the npm package whose declarations the file completes
}

func (p *program) types() *cobra.Command {
	var opts typesOptions
	c := &cobra.Command{
		Use:   "types [APP]",
		Short: "Write " + check.TypingsFile + " for editors",
		Long: "Write the declarations of everything scripts may call, in TypeScript, into the app\n" +
			"folder. Editors complete and check scripts with it.\n\n" +
			"In a project that uses the npm package " + check.TypesPackage + " only what that\n" +
			"package lacks is declared: sockets, tags, what services are called with.\n\n" +
			"APP is the app folder; without one, the setting app, or this folder.",
		Example: examples(
			"tutorsocket types app",
			"tutorsocket types --out -",
		),
		Args:              oneApp("described"),
		ValidArgsFunction: firstOnly(folders),
	}
	settings := p.addAppFlags(c)
	c.Flags().StringVar(&opts.out, "out", "", "file to write; - is standard output")
	c.Flags().BoolVar(&opts.withPackage, "with-webtutor-types", false, "declare only what "+check.TypesPackage+" lacks, wherever it is")
	addJSON(c, &opts.json)
	c.RunE = func(_ *cobra.Command, args []string) error {
		if opts.json && opts.out == "-" {
			return usagef("--json tells where the file is; with --out - standard output is the file")
		}
		cfg, err := settings(args)
		if err != nil {
			return err
		}
		return p.runTypes(cfg, opts)
	}
	return c
}

func (p *program) runTypes(cfg config.Config, opts typesOptions) error {
	dir := cmp.Or(cfg.App, ".")
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("app folder %s does not exist", dir)
	case err != nil:
		return fmt.Errorf("app folder %s cannot be read: %w", dir, err)
	case !info.IsDir():
		return fmt.Errorf("app folder %s is a file, not a folder", dir)
	}
	with, err := check.FindTypesPackage(dir)
	if err != nil {
		return err
	}
	if with == nil && opts.withPackage {
		with = new(check.Declared)
	}
	text := check.Typings(with)
	if opts.out == "-" {
		if _, err := fmt.Fprint(p.Stdout, text); err != nil {
			return fmt.Errorf("write the typings: %w", err)
		}
		return nil
	}
	file := cmp.Or(opts.out, filepath.Join(dir, check.TypingsFile))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the typings: %w", err)
	}
	if opts.json {
		written := typesWritten{File: file}
		if with != nil {
			written.Besides = check.TypesPackage
		}
		return p.printJSON(written)
	}
	fmt.Fprintln(p.Stdout, file+besides(with))
	if with == nil && !hasProject(filepath.Dir(file)) {
		fmt.Fprintln(p.Stdout, "Editors want a jsconfig.json beside it; the file begins with one to copy.")
	}
	return nil
}

// hasProject reports whether editors take the scripts of a folder for a project.
func hasProject(dir string) bool {
	for _, name := range []string{"jsconfig.json", "tsconfig.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// besides says what the typings written go together with.
func besides(with *check.Declared) string {
	switch {
	case with == nil:
		return ""
	case with.Installed:
		return ": what " + check.TypesPackage + " in " + with.Dir + " lacks"
	}
	return ": what " + check.TypesPackage + " lacks; install that package and write the file again to have all of it"
}
