package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/check"
)

// starter is the app that "init" writes.
//
//go:embed all:starter
var starter embed.FS

// starterApp is what "init --json" prints.
type starterApp struct {
	Dir   string   `json:"dir"`
	Files []string `json:"files"`
}

func (p *program) init() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "Write a starter app",
		Long: "Write an app to begin with into a new or empty folder: a service, a library, agents, a\n" +
			"stub, a page that talks to the service, typings for editors and a config file with\n" +
			"everything commented out. What is in the folder already is never touched: one that is\n" +
			"not empty is refused.",
		Example: examples(
			"tutorsocket init shop",
		),
		Args: exactly("the folder to write into"),
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] == "" {
				return usagef("the name of the folder is empty; this folder is .")
			}
			return p.writeStarter(args[0], asJSON)
		},
		ValidArgsFunction: firstOnly(folders),
	}
	addJSON(c, &asJSON)
	return c
}

func (p *program) writeStarter(dir string, asJSON bool) error {
	if err := checkEmpty(dir); err != nil {
		return err
	}
	files, err := starterFiles()
	if err != nil {
		return err
	}
	done := starterApp{Dir: dir, Files: []string{}}
	for _, f := range files {
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(f.name)), f.text); err != nil {
			return err
		}
		done.Files = append(done.Files, f.name)
	}
	if asJSON {
		return p.printJSON(done)
	}
	p.printStarter(dir, done.Files)
	return nil
}

// checkEmpty refuses a folder in which there is something, but for a repository that was just made.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
			return fmt.Errorf("%s is a file, not a folder", dir)
		}
		return unreadable("folder", dir, err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != ".git" {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	more := ""
	if len(names) > maxListed {
		more = fmt.Sprintf(" and %d more", len(names)-maxListed)
		names = names[:maxListed]
	}
	return fmt.Errorf("the folder %s is not empty: there is %s%s; name a new folder", dir, strings.Join(names, ", "), more)
}

// starterFile is a file of the starter app; its name has slashes.
type starterFile struct {
	name string
	text []byte
}

// starterFiles are the embedded files, and the typings, which depend on this program.
func starterFiles() ([]starterFile, error) {
	files := []starterFile{{check.TypingsFile, []byte(check.Typings(nil))}}
	err := fs.WalkDir(starter, "starter", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := starter.ReadFile(name)
		files = append(files, starterFile{strings.TrimPrefix(name, "starter/"), text})
		return err
	})
	sort.Slice(files, func(i, j int) bool { return files[i].name < files[j].name })
	return files, err
}

// writeNew writes a file that is not there, with the folders it is in.
func writeNew(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write the app: %w", err)
	}
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write the app: %w", err)
	}
	return nil
}

// printStarter says what was written and what to do with it.
func (p *program) printStarter(dir string, files []string) {
	var b strings.Builder
	for _, name := range files {
		b.WriteString("  " + filepath.Join(dir, filepath.FromSlash(name)) + "\n")
	}
	self, at := p.self(), quoted(dir)
	fmt.Fprintf(&b, "\n%s\n", p.bold("Next:"))
	fmt.Fprintf(&b, "  %s dev %s\n", self, at)
	fmt.Fprintf(&b, "      then open http://127.0.0.1:8080/ and edit the files: they are reloaded\n")
	fmt.Fprintf(&b, "  %s agent run greet-all\n", self)
	fmt.Fprintf(&b, "      in another terminal: says hello to every open page\n")
	fmt.Fprintf(&b, "  %s check %s\n", self, at)
	fmt.Fprint(p.Stdout, b.String())
}
