package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// aborted is what "abort --json" prints.
type aborted struct {
	Aborted []string    `json:"aborted"`
	Failed  []keyFailed `json:"failed"`
}

func (p *program) abort() *cobra.Command {
	var asJSON bool
	var t *target
	c := &cobra.Command{
		Use:   "abort KEY…",
		Short: "End sockets at once",
		Long: "Drop the connection of each socket named, at once and without a close frame: what\n" +
			"Abort() does in a script. What waits in its queue is lost, and a detached socket cannot\n" +
			"be resumed any more. A key that no socket has is told; the others are aborted all the\n" +
			"same, and the exit code is 1.",
		Example: examples(
			"tutorsocket abort main_ws_service-s-123",
			"tutorsocket abort --json /services/echo-s-1 /services/echo-s-2",
		),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("the key of a socket is missing")
			}
			return nil
		},
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := p.client(t)
		if err != nil {
			return err
		}
		keys := make([]string, len(args))
		for i, arg := range args {
			keys[i] = fullKey(arg)
		}
		done, failed, err := p.eachKey(keys, func(key string) error {
			err := client.Abort(c.Context(), key)
			if api.IsNotFound(err) {
				return absentError{err}
			}
			if err == nil && !asJSON {
				fmt.Fprintln(p.Stdout, "aborted", firstLine(key))
			}
			return err
		})
		if asJSON {
			return errors.Join(p.printJSON(aborted{done, failed}), err)
		}
		return err
	}
	t = p.addTarget(c)
	addJSON(c, &asJSON)
	c.ValidArgsFunction = p.socketKeys(t)
	return c
}
