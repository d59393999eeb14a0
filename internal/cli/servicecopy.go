package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
)

// serviceCopied is what "service copy" tells machines.
type serviceCopied struct {
	Service string   `json:"service"`
	Files   []string `json:"files"` // from the app folder on
	URL     string   `json:"url"`
	Served  bool     `json:"served"` // the server meant serves it by now
}

func (p *program) serviceCopy(t *target) *cobra.Command {
	var asJSON bool
	var file string
	c := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy a service of an app folder under another name",
		Long: "Copy a service as one does on a WebTutor server: its script becomes source/TO.js, the\n" +
			"form file source/TO.xml names the service, and source/api_ext.xml registers it. The\n" +
			"files work in WebTutor as they are; there a new registration needs a restart, here a\n" +
			"server that runs serves the copy at once.\n\n" +
			"The app folder is that of --app, TUTORSOCKET_APP or the config file.",
		Example: examples("tutorsocket service copy main_ws_service course_ws_service --app my-app"),
		Args:    exactly("the name of the service to copy", "the name of the copy"),
	}
	addJSON(c, &asJSON)
	addConfig(c, &file)
	given := settingFlags(c, "app")
	c.ValidArgsFunction = firstOnly(p.scriptNames(t, (*api.Client).Services, cobra.ShellCompDirectiveNoFileComp))
	c.RunE = func(c *cobra.Command, args []string) error {
		settings, err := config.Load(config.Sources{File: file, Env: p.Environ, Flags: given()})
		if err != nil {
			return usageError{err}
		}
		if settings.App == "" {
			return usagef("the app folder is missing: name it with --app or TUTORSOCKET_APP. The embedded sample app has no folder to write to")
		}
		written, err := server.CopyService(settings.App, args[0], args[1])
		if err != nil {
			return copyError(err)
		}
		state := p.awaitService(c.Context(), t, settings.App, args[1])
		copied := serviceCopied{args[1], written, p.socketURL(t, args[1]), state == serviceServed}
		if asJSON {
			return p.printJSON(copied)
		}
		for _, name := range written {
			fmt.Fprintln(p.Stdout, "wrote", filepath.Join(settings.App, filepath.FromSlash(name)))
		}
		fmt.Fprintln(p.Stdout, state.text(copied.URL))
		return nil
	}
	return c
}

// copyError says what may have been meant.
func copyError(err error) error {
	var unknown *server.UnknownService
	switch {
	case errors.Is(err, server.ErrServiceName):
		return usageError{err}
	case errors.As(err, &unknown):
		if resembling := near(unknown.Name, unknown.Have); len(resembling) > 0 {
			return fmt.Errorf("%w%s", err, meant(resembling))
		}
		return fmt.Errorf("%w. There are: %s", err, strings.Join(unknown.Have, ", "))
	}
	return err
}

// socketURL is where a service is on the server meant, or would be on one that runs.
func (p *program) socketURL(t *target, service string) string {
	at := t.server
	if at == "" {
		at = defaultServer
		if admin, err := server.ReadAdminFile(t.data); err == nil {
			at = admin.Server
		}
	}
	return "ws" + strings.TrimPrefix(strings.TrimRight(at, "/"), "http") + "/services/" + service
}
