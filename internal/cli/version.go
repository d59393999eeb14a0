package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what this binary was built from.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// buildVersion reads what the Go toolchain left in the binary. What it does not
// know stays empty, the version is then "devel".
func buildVersion() version {
	v := version{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if known := info.Main.Version; known != "" && known != "(devel)" {
		v.Version = known
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Commit = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}

// String is the version for a person: "tutorsocket v1.2.3 (commit 0123456, go1.26.8, linux/amd64)".
func (v version) String() string {
	commit := ""
	if v.Commit != "" {
		commit = "commit " + v.Commit[:min(len(v.Commit), 12)]
		if v.Modified {
			commit += " with changes"
		}
		commit += ", "
	}
	return fmt.Sprintf("tutorsocket %s (%s%s, %s)", v.Version, commit, v.Go, v.Platform)
}

func (p *program) version() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: exactly(),
		Long:    "Say which version this is, and what it was built from.",
		Example: examples("tutorsocket version", "tutorsocket version --json"),
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return p.printJSON(buildVersion())
			}
			fmt.Fprintln(p.Stdout, buildVersion())
			return nil
		},
	}
	addJSON(c, &asJSON)
	return c
}

// addVersionFlag gives the program the flag --version. Cobra's own would print through text/template,
// which looks methods up by name and so keeps the linker from leaving out any: 5 MB of the binary.
func (p *program) addVersionFlag(root *cobra.Command) {
	show := root.Flags().Bool("version", false, "say which version this is")
	help := root.RunE
	root.RunE = func(c *cobra.Command, args []string) error {
		if *show {
			fmt.Fprintln(p.Stdout, buildVersion())
			return nil
		}
		return help(c, args)
	}
}
