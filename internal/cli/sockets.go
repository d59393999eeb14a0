package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// listFlags are the flags of a list of sockets.
type listFlags struct {
	filter, node string
	limit        int
	json         bool
}

func (f *listFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.filter, "filter", "", `which sockets: '$name', '$name:value', '$name:[a,b]' or '{"name":"value"}'`)
	c.Flags().StringVar(&f.node, "node", "", "only sockets of this node")
	c.Flags().IntVar(&f.limit, "limit", 0, "at most so many (default: all)")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

// sockets is the list itself, and the group of what can be done with sockets.
func (p *program) sockets() *cobra.Command {
	var flags listFlags
	var t *target
	run := func(c *cobra.Command, _ []string) error { return p.listSockets(c.Context(), t, flags) }
	all := group("sockets", "List open sockets")
	all.RunE = run
	t = p.addTarget(all)
	flags.add(all)
	list := &cobra.Command{Use: "list", Short: "List open sockets", Args: exactly(), RunE: run}
	flags.add(list)
	all.AddCommand(list)
	return all
}

// pageSize is how many sockets one request asks for.
const pageSize = 1000

func (p *program) listSockets(ctx context.Context, t *target, flags listFlags) error {
	if flags.limit < 0 {
		return usagef("--limit is %d, it must be positive", flags.limit)
	}
	if err := api.CheckFilter(flags.filter); err != nil {
		return usagef("--filter: %w", err)
	}
	client, err := p.client(t)
	if err != nil {
		return err
	}
	list, err := collectSockets(ctx, client, flags)
	if err != nil {
		return err
	}
	if flags.json {
		return p.printJSON(list)
	}
	return p.printSockets(list)
}

// collectSockets reads page after page. Next is then set if the limit ended it.
func collectSockets(ctx context.Context, client *api.Client, flags listFlags) (api.List[api.Socket], error) {
	query := api.SocketQuery{Filter: flags.filter, Node: flags.node, Limit: pageSize}
	all := api.List[api.Socket]{Items: []api.Socket{}, Missing: []string{}}
	for {
		if flags.limit > 0 {
			query.Limit = min(pageSize, flags.limit-len(all.Items))
		}
		page, err := client.Sockets(ctx, query)
		if err != nil {
			return all, err
		}
		all.Items = append(all.Items, page.Items...)
		all.Next = page.Next
		for _, node := range page.Missing {
			if !slices.Contains(all.Missing, node) {
				all.Missing = append(all.Missing, node)
			}
		}
		if page.Next == "" || flags.limit > 0 && len(all.Items) >= flags.limit {
			return all, nil
		}
		query.After = page.Next
	}
}

func (p *program) printSockets(list api.List[api.Socket]) error {
	if len(list.Missing) > 0 {
		fmt.Fprintf(p.Stderr, "%s did not answer: its sockets are missing here\n", strings.Join(list.Missing, ", "))
	}
	if len(list.Items) == 0 {
		fmt.Fprintln(p.Stdout, "no open sockets")
		return nil
	}
	var rows [][]string
	for _, s := range list.Items {
		rows = append(rows, []string{
			s.Key, s.UserID, p.Now().Sub(s.ConnectedAt).Truncate(time.Second).String(),
			fmt.Sprint(s.Queue.Messages), tagText(s.Tags),
		})
	}
	if err := p.printTable([]string{"KEY", "USER", "SINCE", "QUEUED", "TAGS"}, rows); err != nil {
		return err
	}
	if list.Next != "" {
		fmt.Fprintln(p.Stderr, "there are more; see --limit and --filter")
	}
	return nil
}

func tagText(tags map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		pairs = append(pairs, name+"="+tags[name])
	}
	return strings.Join(pairs, " ")
}

func (p *program) send() *cobra.Command {
	var compound bool
	var t *target
	c := &cobra.Command{
		Use:   "send KEY MESSAGE",
		Short: "Send a message to a socket",
		Long: "Send a message to the socket with the key, such as /services/main_ws_service-s-123.\n" +
			"The /services/ in front may be left out.",
		Args: exactly("the key of a socket", "the message"),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			queued, err := client.Send(c.Context(), fullKey(args[0]), api.Message{Message: args[1], JSONCompound: compound})
			if err != nil {
				return err
			}
			fmt.Fprintf(p.Stdout, "queued, %d waiting\n", queued.QueueDepth)
			return nil
		},
	}
	t = p.addTarget(c)
	c.Flags().BoolVar(&compound, "json-compound", false, "the message is an item of a JSON array")
	return c
}

// fullKey completes a key without its first part. Shells that take a leading
// slash for a path of their own need that.
func fullKey(key string) string {
	if strings.HasPrefix(key, "/") {
		return key
	}
	return "/services/" + strings.TrimPrefix(key, "services/")
}
