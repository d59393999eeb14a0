package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
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

func (p *program) addList(c *cobra.Command, f *listFlags) {
	p.addFilter(c, &f.filter)
	c.Flags().StringVar(&f.node, "node", "", "only sockets of this `NODE`")
	c.Flags().IntVar(&f.limit, "limit", 0, "at most `N` (default: all)")
	addJSON(c, &f.json)
}

// addFilter gives a command the flag --filter.
func (p *program) addFilter(c *cobra.Command, filter *string) {
	c.Flags().StringVar(filter, "filter", "", "which sockets, a `FILTER`: "+`'$name', '$name:value', '$name:[a,b]' or '{"name":"value"}'`)
	complete(c, "filter", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"$socket_type\tby a tag", "$user_id\tby a tag", `{"$service":"main_ws_service"}`, `{"$state":["open","detached"]}`}, cobra.ShellCompDirectiveNoFileComp
	})
}

// check says what is wrong with the flags.
func (f *listFlags) check() error {
	if f.limit < 0 {
		return usagef("--limit is %d, it must be positive", f.limit)
	}
	if err := api.CheckFilter(f.filter); err != nil {
		return usagef("--filter: %w", err)
	}
	return nil
}

// sockets is the list itself, and the group of what can be done with sockets.
func (p *program) sockets() *cobra.Command {
	var flags listFlags
	var t *target
	run := func(c *cobra.Command, _ []string) error { return p.listSockets(c.Context(), t, flags) }
	all := group("sockets", "List, show and watch sockets")
	all.Long = "List the open sockets, as \"sockets list\" does. Detached ones, whose clients may come\n" +
		"back, are shown if the filter names them: {\"$state\":[\"open\",\"detached\"]}"
	all.Example = examples(
		"tutorsocket sockets",
		`tutorsocket sockets --filter '{"$state":"detached"}'`,
		"tutorsocket sockets --filter '$socket_type:ws_group'",
		"tutorsocket sockets --json",
	)
	all.Annotations = map[string]string{alone: "yes"}
	all.RunE = run
	t = p.addTarget(all)
	p.addList(all, &flags)
	list := &cobra.Command{
		Use: "list", Short: "List open sockets", Args: exactly(), RunE: run,
		Long: "List the open sockets with their users, how long they are connected, what waits in their\n" +
			"queues, and their tags; with a filter that names $state, the state of detached ones, too.",
		Example: examples(
			`tutorsocket sockets list --filter '{"$service":"main_ws_service"}' --limit 10`,
		),
	}
	p.addList(list, &flags)
	all.AddCommand(list, p.socketShow(t), p.socketsWatch(t))
	return all
}

// pageSize is how many sockets one request asks for.
const pageSize = 1000

func (p *program) listSockets(ctx context.Context, t *target, flags listFlags) error {
	if err := flags.check(); err != nil {
		return err
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
	return p.printSockets(list, flags.filter)
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

func (p *program) printSockets(list api.List[api.Socket], filter string) error {
	if len(list.Missing) > 0 {
		fmt.Fprintf(p.Stderr, "%s did not answer: its sockets are missing here\n", strings.Join(list.Missing, ", "))
	}
	if len(list.Items) == 0 {
		fmt.Fprintln(p.Stdout, noSockets(filter))
		return nil
	}
	rows := make([][]string, 0, len(list.Items))
	states := make([]string, 0, len(list.Items))
	for _, s := range list.Items {
		rows = append(rows, []string{
			s.Key, s.UserID, p.Now().Sub(s.ConnectedAt).Truncate(time.Second).String(),
			fmt.Sprint(s.Queue.Messages), tagText(s.Tags),
		})
		states = append(states, s.State)
	}
	headings, rows := withStates([]string{"KEY", "USER", "SINCE", "QUEUED", "TAGS"}, rows, states, 2)
	if err := p.printTable(headings, rows); err != nil {
		return err
	}
	if list.Next != "" {
		fmt.Fprintln(p.Stderr, "there are more; see --limit and --filter")
	}
	return nil
}

// noSockets is said of an empty list.
func noSockets(filter string) string {
	if strings.Contains(filter, `"$state"`) {
		return "no such sockets"
	}
	return "no open sockets"
}

// stateOpen is the state that needs no words.
const stateOpen = "open"

// withStates adds a column with the states of sockets at the place, unless all are open.
func withStates(headings []string, rows [][]string, states []string, place int) ([]string, [][]string) {
	if !slices.ContainsFunc(states, func(state string) bool { return state != stateOpen }) {
		return headings, rows
	}
	for i, row := range rows {
		rows[i] = slices.Insert(row, place, states[i])
	}
	return slices.Insert(headings, place, "STATE"), rows
}

func tagText(tags map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		pairs = append(pairs, name+"="+tags[name])
	}
	return strings.Join(pairs, " ")
}

func (p *program) socketShow(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show KEY",
		Short: "Show all that is known of a socket",
		Long:  "Show all that is known of the socket with the key, such as\n/services/main_ws_service-s-123. The /services/ in front may be left out.",
		Example: examples(
			"tutorsocket sockets show main_ws_service-s-123",
		),
		Args:              exactly("the key of a socket"),
		ValidArgsFunction: firstOnly(p.socketKeys(t)),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			s, err := client.Socket(c.Context(), fullKey(args[0]))
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(s)
			}
			return p.printSocket(s)
		},
	}
	addJSON(c, &asJSON)
	return c
}

func (p *program) printSocket(s api.Socket) error {
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s  %s\n", name, firstLine(value))
		}
	}
	row("Key", s.Key)
	row("Service", s.Service)
	row("Stateful id", s.StatefulID)
	row("User", s.UserID)
	row("State", s.State)
	row("Node", s.Node)
	row("Connected", s.ConnectedAt.Local().Format(time.DateTime)+", "+p.Now().Sub(s.ConnectedAt).Truncate(time.Second).String()+" ago")
	row("Received", byteText(float64(s.BytesIn)))
	row("Sent", byteText(float64(s.BytesOut)))
	row("Waiting", count(s.Queue.Messages, "message")+", "+byteText(float64(s.Queue.Bytes)))
	row("Queue mode", s.Queue.Mode)
	switch {
	case s.Queue.Dropped > 0:
		row("Dropped", count(s.Queue.Dropped, "message")+", "+s.Queue.Reason)
	case s.Queue.Reason != "": // nobody could count them
		row("Dropped", "unknown, "+s.Queue.Reason)
	}
	label := "Tags"
	for _, name := range slices.Sorted(maps.Keys(s.Tags)) {
		fmt.Fprintf(&b, "%-12s  %s\n", label, firstLine(name+"="+s.Tags[name]))
		label = ""
	}
	if _, err := fmt.Fprint(p.Stdout, b.String()); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// byteText is a number of bytes for a person: 512 B, 1.5 KiB, 20 MiB.
func byteText(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if n < 1024 {
			return decimal(n, unit)
		}
		n /= 1024
	}
	return decimal(n, "GiB")
}

// decimal writes one digit behind the point where that tells something.
func decimal(n float64, unit string) string {
	digits := 1
	if n >= 10 || n == float64(int64(n)) {
		digits = 0
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + " " + unit
}

// fullKey completes a key without its first part. Shells that take a leading
// slash for a path of their own need that.
func fullKey(key string) string {
	if strings.HasPrefix(key, "/") {
		return key
	}
	return "/services/" + strings.TrimPrefix(key, "services/")
}
