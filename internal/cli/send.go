package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/server"
)

// sendFlags are the flags of "send".
type sendFlags struct {
	filter, user     string
	byFilter, byUser bool // whether those were given; an empty filter means everybody
	compound, json   bool
	once             string // the idempotency key
	conflateKey      string
}

func (p *program) send() *cobra.Command {
	var flags sendFlags
	var t *target
	c := &cobra.Command{
		Use:   "send (KEY|--filter F|--user ID) MESSAGE",
		Short: "Send a message to sockets",
		Long: "Send a message to the socket with the key, such as /services/main_ws_service-s-123\n" +
			"(the /services/ in front may be left out), to all sockets a filter chooses, or to\n" +
			"all of a user. The MESSAGE - is read from standard input. Detached sockets get it when\n" +
			"their clients are back.\n\n" +
			"--conflate-key says what the message is about, such as price. Where the server conflates\n" +
			"(queue.overflow), a full queue keeps only the last message about each thing.\n\n" +
			"Printed is how many queues took the message. That it arrived is not known then.\n\n" +
			"A send that may not have arrived can be repeated: with the same --idempotency-key, a\n" +
			"text such as the number of an order, the server does it once and gives the same answer.",
		Example: examples(
			"tutorsocket send main_ws_service-s-123 'hello'",
			`tutorsocket send --json-compound main_ws_service-s-123 '{"price":42}'`,
			"tutorsocket send --conflate-key price main_ws_service-s-123 '[42]'",
			"tutorsocket send --filter '$socket_type:ws_group' 'hello, group'",
			"tutorsocket send --user 6148914691236517121 'hello, administrator'",
			"echo hello | tutorsocket send --filter '' -",
			"tutorsocket send --user 42 --idempotency-key order-17 'your order is ready'",
		),
	}
	c.Args = func(c *cobra.Command, args []string) error { return flags.check(c, args) }
	c.RunE = func(c *cobra.Command, args []string) error {
		message, err := p.message(args[len(args)-1])
		if err != nil {
			return err
		}
		client, err := p.client(t)
		if err != nil {
			return err
		}
		ctx := c.Context()
		if flags.once != "" {
			ctx = api.WithIdempotencyKey(ctx, flags.once)
		}
		m := api.Message{Message: message, JSONCompound: flags.compound, ConflateKey: flags.conflateKey}
		if flags.byFilter || flags.byUser {
			return p.sendMany(ctx, client, m, flags)
		}
		return p.sendOne(ctx, client, fullKey(args[0]), m, flags.json)
	}
	t = p.addTarget(c)
	p.addFilter(c, &flags.filter)
	c.Flags().StringVar(&flags.user, "user", "", "`ID` of a user: all sockets of that user")
	c.Flags().BoolVar(&flags.compound, "json-compound", false, "the message is an item of a JSON array")
	c.Flags().StringVar(&flags.once, "idempotency-key", "", "send once, however often this is repeated with the same `KEY`")
	c.Flags().StringVar(&flags.conflateKey, "conflate-key", "", "what the message is about, a `KEY`: a later one about it may take its place")
	addJSON(c, &flags.json)
	c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if c.Flags().Changed("filter") || c.Flags().Changed("user") {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return firstOnly(p.socketKeys(t))(c, args, begun)
	}
	return c
}

// check says what is wrong with the command line: whom the message is for is said in one way.
func (f *sendFlags) check(c *cobra.Command, args []string) error {
	f.byFilter, f.byUser = c.Flags().Changed("filter"), c.Flags().Changed("user")
	if c.Flags().Changed("idempotency-key") {
		if err := api.CheckIdempotencyKey(f.once); err != nil {
			return usagef("--idempotency-key: %w", err)
		}
	}
	if c.Flags().Changed("conflate-key") {
		if err := api.CheckConflateKey(f.conflateKey); err != nil {
			return usagef("--conflate-key: %w", err)
		}
	}
	if f.byFilter && f.byUser {
		return usagef("whom the message is for is said twice, with --filter and with --user")
	}
	if !f.byFilter && !f.byUser {
		return exactly("the key of a socket (or --filter or --user)", "the message")(c, args)
	}
	if len(args) == 2 {
		return usagef("whom the message is for is said twice, with the key %q and with a flag; a text of several words goes in quotes", args[0])
	}
	if err := exactly("the message")(c, args); err != nil {
		return err
	}
	if f.byUser && f.user == "" {
		return usagef("--user is empty; it takes the id of a user")
	}
	if err := server.CheckUserID(f.user); err != nil {
		return usagef("--user %q: %w", f.user, err)
	}
	if err := api.CheckFilter(f.filter); err != nil {
		return usagef("--filter: %w", err)
	}
	return nil
}

// message is the text to send: the argument, or standard input without the line break at its end.
func (p *program) message(arg string) (string, error) {
	if arg != "-" {
		if !utf8.ValidString(arg) {
			return "", errors.New("the message is not UTF-8")
		}
		return arg, nil
	}
	text, err := p.readInput("the message")
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), err
}

func (p *program) sendOne(ctx context.Context, client *api.Client, key string, m api.Message, asJSON bool) error {
	queued, err := client.Send(ctx, key, m)
	if err != nil {
		return err
	}
	if asJSON {
		return p.printJSON(queued)
	}
	fmt.Fprintf(p.Stdout, "queued, %d waiting\n", queued.QueueDepth)
	return nil
}

// sendMany sends to all that the flags choose. Nodes that did not answer make it a failure.
func (p *program) sendMany(ctx context.Context, client *api.Client, m api.Message, flags sendFlags) error {
	group := api.GroupMessage{Message: m, UserID: flags.user}
	if flags.byFilter {
		group.Filter = api.FilterText(flags.filter)
		if strings.HasPrefix(strings.TrimSpace(flags.filter), "{") {
			group.Filter = api.FilterValue(flags.filter)
		}
	}
	sent, err := client.SendMany(ctx, group)
	if err != nil {
		return err
	}
	if flags.json {
		err = p.printJSON(sent)
	} else {
		fmt.Fprintf(p.Stdout, "%s addressed\n", count(sent.Addressed, "socket"))
	}
	if err == nil && len(sent.Missing) > 0 {
		return fmt.Errorf("%s did not answer: whether its sockets got the message is not known", strings.Join(sent.Missing, ", "))
	}
	return err
}
