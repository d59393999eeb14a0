package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/keys"
)

func (p *program) key() *cobra.Command {
	c := group("key", "API keys: who else may use the HTTP API")
	c.Long = "Make, list and revoke API keys. A key lets a program use the HTTP API, and the commands of\n" +
		"this program, as far as its scopes go:\n\n" +
		"  read   look at sockets, tags, user data, the scripts there are, figures\n" +
		"  send   send messages, change tags, end sockets\n" +
		"  run    run agents and scripts, and write user data: all that scripts can do\n" +
		"  admin  everything\n\n" +
		"Of these only admin includes the others. Keys are for scope admin."
	c.Example = examples("tutorsocket key create portal --scope send", "tutorsocket key list", "tutorsocket key revoke k3qtw7mzb2xa")
	t := p.addTarget(c)
	c.AddCommand(p.keyCreate(t), p.keyList(t), p.keyRevoke(t))
	return c
}

func (p *program) keyCreate(t *target) *cobra.Command {
	var scopes []string
	var ttl time.Duration
	var asJSON bool
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make an API key",
		Long: "Make an API key and print its token, which is shown this once: the server does not keep it.\n" +
			"NAME says what it is for. Several scopes are divided by commas, or named one by one.",
		Example: examples(
			"tutorsocket key create portal --scope send",
			"tutorsocket key create monitoring --scope read --ttl 2160h",
			"tutorsocket key create ci --scope read,run > key.txt",
		),
		Args: exactly("the name"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkNewKey(args[0], scopes); err != nil {
				return err
			}
			if c.Flags().Changed("ttl") && ttl < time.Second {
				return usagef("--ttl is %v, it must be at least 1s", ttl)
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			made, err := client.CreateKey(c.Context(), api.NewKey{Name: args[0], Scopes: scopes, TTL: int64((ttl + time.Second - 1) / time.Second)})
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(made)
			}
			fmt.Fprintln(p.Stdout, made.Token)
			fmt.Fprintf(p.Stderr, "This is shown once. To revoke it: %s key revoke %s\n", p.self(), made.ID)
			return nil
		},
	}
	c.Flags().StringSliceVar(&scopes, "scope", nil, "what the key may do: read, send, run or admin")
	complete(c, "scope", oneOf(scopeNames()...))
	c.Flags().DurationVar(&ttl, "ttl", 0, "how long the key works, such as 720h (default: until it is revoked)")
	complete(c, "ttl", oneOf("24h", "720h", "8760h"))
	addJSON(c, &asJSON)
	return c
}

// checkNewKey finds what the server would refuse, and says it in the words of the command.
func checkNewKey(name string, scopes []string) error {
	if err := keys.CheckName(name); err != nil {
		return usagef("%w", err)
	}
	if len(scopes) == 0 {
		return usagef("--scope is missing: say what the key may do, %s", strings.Join(scopeNames(), ", "))
	}
	for i, scope := range scopes {
		if _, err := keys.ParseScope(scope); err != nil {
			return usagef("--scope: %w%s", err, meant(near(scope, scopeNames())))
		}
		if slices.Contains(scopes[:i], scope) {
			return usagef("--scope names %s twice", scope)
		}
	}
	return nil
}

func scopeNames() (names []string) {
	for _, s := range keys.Scopes() {
		names = append(names, string(s))
	}
	return names
}

func (p *program) keyList(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List API keys",
		Long:    "List the API keys, the oldest first, with what they may do, when they end, and when they were\nused last, to ten minutes.",
		Example: examples("tutorsocket key list"),
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			list, err := client.Keys(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(list)
			}
			if len(list.Items) == 0 {
				fmt.Fprintln(p.Stdout, "no API keys")
				return nil
			}
			var rows [][]string
			for _, k := range list.Items {
				rows = append(rows, []string{k.ID, k.Name, strings.Join(k.Scopes, ","), p.keyEnd(k), momentOr(k.LastUsedAt, "never"), momentOr(&k.CreatedAt, ""), k.CreatedBy})
			}
			return p.printTable([]string{"ID", "NAME", "SCOPES", "ENDS", "USED", "CREATED", "BY"}, rows)
		},
	}
	addJSON(c, &asJSON)
	return c
}

// keyEnd says how long a key works.
func (p *program) keyEnd(k api.Key) string {
	if k.ExpiresAt != nil && !p.Now().Before(*k.ExpiresAt) {
		return "expired"
	}
	return momentOr(k.ExpiresAt, "never")
}

// momentOr writes a time in the time zone of the user.
func momentOr(at *time.Time, otherwise string) string {
	if at == nil {
		return otherwise
	}
	return at.Local().Format(time.DateTime)
}

// keysRevoked is what "key revoke --json" prints.
type keysRevoked struct {
	Revoked []string    `json:"revoked"`
	Failed  []keyFailed `json:"failed"`
}

func (p *program) keyRevoke(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "revoke ID…",
		Short: "Revoke API keys",
		Long: "Revoke API keys for good: each stops working at once, and within two seconds on the other\n" +
			"nodes. An id that is nobody's is told; the others are revoked all the same, and the exit code\n" +
			"is 1. For the ID stands the whole token, too; its secret is not sent.",
		Example: examples("tutorsocket key revoke k3qtw7mzb2xa"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("the id is missing")
			}
			return nil
		},
		ValidArgsFunction: p.keyIDs(t),
		RunE: func(c *cobra.Command, args []string) error {
			ids := make([]string, len(args))
			for i, arg := range args {
				id, whole := keys.IDOf(arg)
				if !whole {
					id = arg
				}
				if !keys.ValidID(id) {
					return usagef("%.12q is not the id of a key; see: %s key list", id, p.self())
				}
				ids[i] = id
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			revoked, failed, err := p.eachKey(ids, func(id string) error {
				err := client.RevokeKey(c.Context(), id)
				if api.IsNotFound(err) {
					return absentError{err}
				}
				return err
			})
			if asJSON {
				return errors.Join(p.printJSON(keysRevoked{revoked, failed}), err)
			}
			return err
		},
	}
	addJSON(c, &asJSON)
	return c
}
