package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// aborted is what "abort --json" prints.
type aborted struct {
	Aborted []string      `json:"aborted"`
	Failed  []abortFailed `json:"failed"`
}

type abortFailed struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}

func (p *program) abort() *cobra.Command {
	var asJSON bool
	var t *target
	c := &cobra.Command{
		Use:   "abort KEY…",
		Short: "Drop the connections of sockets",
		Long: "Drop the connection of each socket named, at once and without a close frame: what\n" +
			"Abort() does in a script. What waits in its queue is lost. A key that no socket has\n" +
			"is told; the others are aborted all the same, and the exit code is 1.",
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
		done := aborted{Aborted: []string{}, Failed: []abortFailed{}}
		var fatal error
		for _, arg := range args {
			key := fullKey(arg)
			if err := client.Abort(c.Context(), key); err != nil {
				done.Failed = append(done.Failed, abortFailed{key, err.Error()})
				if !api.IsNotFound(err) { // the other keys would fare no better
					fatal = err
					break
				}
				fmt.Fprintln(p.Stderr, p.red("error:"), err)
				continue
			}
			done.Aborted = append(done.Aborted, key)
			if !asJSON {
				fmt.Fprintln(p.Stdout, "aborted", firstLine(key))
			}
		}
		if asJSON {
			if err := p.printJSON(done); err != nil {
				return err
			}
		}
		if fatal == nil && len(done.Failed) > 0 {
			return errTold
		}
		return fatal
	}
	t = p.addTarget(c)
	addJSON(c, &asJSON)
	c.ValidArgsFunction = p.socketKeys(t)
	return c
}
