package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

func (p *program) tags() *cobra.Command {
	var asJSON bool
	var t *target
	c := &cobra.Command{
		Use:   "tags KEY [set NAME=VALUE…|remove NAME…]",
		Short: "Show, set and remove tags of a socket",
		Long: "Show the tags of the socket with the key, or set or remove some and show what there\n" +
			"is then. Other tags stay as they are; removing one that is not there is no error.",
		Example: examples(
			"tutorsocket tags main_ws_service-s-123",
			"tutorsocket tags main_ws_service-s-123 set role=speaker 'hall=Main hall'",
			"tutorsocket tags main_ws_service-s-123 remove role hall --json",
		),
		Args: func(_ *cobra.Command, args []string) error {
			_, err := tagChange(args)
			return err
		},
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		patch, err := tagChange(args)
		if err != nil {
			return err
		}
		client, err := p.client(t)
		if err != nil {
			return err
		}
		var s api.Socket
		if patch == nil {
			s, err = client.Socket(c.Context(), fullKey(args[0]))
		} else {
			s, err = client.PatchTags(c.Context(), fullKey(args[0]), patch)
		}
		if err != nil {
			return err
		}
		return p.printTags(s.Tags, asJSON)
	}
	t = p.addTarget(c)
	addJSON(c, &asJSON)
	c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) == 0:
			return p.socketKeys(t)(c, args, begun)
		case len(args) == 1:
			return []string{"set\tset tags, NAME=VALUE", "remove\tremove tags"}, cobra.ShellCompDirectiveNoFileComp
		case args[1] == "remove":
			return p.tagNames(c, t, args[0]), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// tagChange reads what is to be changed: nil if tags are only to be shown.
func tagChange(args []string) (map[string]*string, error) {
	if len(args) == 0 {
		return nil, usagef("the key of a socket is missing")
	}
	if len(args) == 1 {
		return nil, nil
	}
	verb, rest := args[1], args[2:]
	patch := map[string]*string{}
	for _, arg := range rest {
		name, value, assigned := strings.Cut(arg, "=")
		switch {
		case name == "":
			return nil, usagef("%q has no name of a tag", arg)
		case verb == "set" && !assigned:
			return nil, usagef("%q is not of the form NAME=VALUE", arg)
		case verb == "set":
			patch[name] = &value
		default:
			patch[arg] = nil
		}
	}
	switch {
	case verb != "set" && verb != "remove":
		return nil, usagef("%q is neither set nor remove%s", verb, meant(near(verb, []string{"set", "remove"})))
	case len(rest) == 0 && verb == "set":
		return nil, usagef("the tag to set is missing: NAME=VALUE")
	case len(rest) == 0:
		return nil, usagef("the name of the tag to remove is missing")
	}
	return patch, nil
}

func (p *program) printTags(tags map[string]string, asJSON bool) error {
	if asJSON {
		return p.printJSON(tags)
	}
	if len(tags) == 0 {
		fmt.Fprintln(p.Stdout, "no tags")
		return nil
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		rows = append(rows, []string{name, tags[name]})
	}
	return p.printTable([]string{"NAME", "VALUE"}, rows)
}
