package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

func (p *program) data() *cobra.Command {
	c := group("data", "Read and write user data")
	c.Long = "Read and write user data: the values scripts keep with tools_web.set_user_data and read\n" +
		"with tools_web.get_user_data. A value is JSON, under a key that is any text."
	c.Example = examples("tutorsocket data set counter 1", "tutorsocket data get counter", "tutorsocket data list")
	t := p.addTarget(c)
	c.AddCommand(p.dataGet(t), p.dataSet(t), p.dataDelete(t), p.dataList(t), p.dataInfo(t), p.dataExport(t), p.dataImport(t), p.dataRecover(t))
	return c
}

func (p *program) dataGet(t *target) *cobra.Command {
	var asJSON, asText bool
	c := &cobra.Command{
		Use:   "get KEY",
		Short: "Show a value",
		Long: "Show a value as JSON; with --text a value that is a string as it is; with --json the key\n" +
			"and the time left besides.",
		Example: examples(
			"tutorsocket data get counter",
			"tutorsocket data get --text greeting",
		),
		Args:              exactly("the key"),
		ValidArgsFunction: firstOnly(p.dataKeys(t)),
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON && asText {
				return usagef("--json and --text do not go together")
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			data, _, err := client.UserDataByKey(c.Context(), args[0])
			switch {
			case api.IsNotFound(err):
				return noData(args[0])
			case err != nil:
				return err
			case asJSON:
				return p.printJSON(data)
			case asText:
				return p.printText(args[0], data.Value)
			}
			fmt.Fprintln(p.Stdout, string(data.Value))
			return nil
		},
	}
	c.Flags().BoolVar(&asText, "text", false, "print a string without quotes")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON with the key and the time left")
	return c
}

func noData(key string) error {
	return fmt.Errorf("there is nothing under the key %q, or its time is over", key)
}

// printText writes a value that is a string, whole and unchanged.
func (p *program) printText(key string, value api.AnyJSON) error {
	text := new(string)
	if err := json.Unmarshal(value, &text); err != nil || text == nil { // null is none
		return fmt.Errorf("the value of %q is not a string; leave --text out", key)
	}
	if _, err := io.WriteString(p.Stdout, *text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// setFlags are the flags of "data set".
type setFlags struct {
	file       string
	text, json bool
	ttl        time.Duration
}

func (p *program) dataSet(t *target) *cobra.Command {
	var flags setFlags
	c := &cobra.Command{
		Use:   "set KEY (VALUE|--file FILE|-)",
		Short: "Store a value",
		Long: "Store a value. It is JSON, so a string has quotes of its own; with --text it is any text,\n" +
			"stored as a string. It stands on the command line, in a file, or with - on standard input.\n" +
			"With --json is printed what was stored.",
		Example: examples(
			`tutorsocket data set counter '{"count":1}'`,
			"tutorsocket data set --text --ttl 24h greeting 'Good morning'",
			"tutorsocket data set --file settings.json settings",
		),
		Args: func(_ *cobra.Command, args []string) error {
			if flags.file != "" {
				return exactly("the key")(nil, args)
			}
			return exactly("the key", "the value")(nil, args)
		},
		ValidArgsFunction: firstOnly(p.dataKeys(t)),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("ttl") && flags.ttl < time.Second {
				return usagef("--ttl is %v, it must be at least 1s", flags.ttl)
			}
			value, err := p.valueToSet(flags, args)
			if err != nil {
				return err
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			if _, err := client.SetUserData(c.Context(), args[0], value, flags.ttl); err != nil {
				return err
			}
			if flags.json {
				return p.printJSON(newDataLine(args[0], api.AnyJSON(value), flags.ttl))
			}
			return nil
		},
	}
	c.Flags().StringVar(&flags.file, "file", "", "read the value from a file")
	c.Flags().BoolVar(&flags.text, "text", false, "the value is text, stored as a string")
	addJSON(c, &flags.json)
	complete(c, "file", anyFile)
	c.Flags().DurationVar(&flags.ttl, "ttl", 0, "how long the value lives, such as 24h (default: until it is removed)")
	complete(c, "ttl", oneOf("1h", "24h", "720h"))
	return c
}

// valueToSet reads the value from where the arguments say.
func (p *program) valueToSet(flags setFlags, args []string) (json.RawMessage, error) {
	var text string
	var err error
	switch {
	case flags.file != "":
		text, err = readInputFile(flags.file)
	case args[1] == "-":
		text, err = p.readInput("the value")
	default:
		text = args[1]
	}
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("the value is not UTF-8")
	}
	if flags.text {
		return json.Marshal(text)
	}
	value := []byte(strings.TrimSpace(text))
	if err := json.Unmarshal(value, new(any)); err != nil {
		return nil, usagef("the value is not JSON (%w); for a string write '\"text\"', or use --text", err)
	}
	return value, nil
}

// dataDeleted is what "data delete --json" prints.
type dataDeleted struct {
	Deleted []string    `json:"deleted"`
	Failed  []keyFailed `json:"failed"`
}

func (p *program) dataDelete(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "delete KEY…",
		Short: "Remove values",
		Long: "Remove the values under the keys. A key that holds nothing is told; the others are\n" +
			"removed all the same, and the exit code is 1.",
		Example: examples("tutorsocket data delete counter greeting"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("the key is missing")
			}
			return nil
		},
		ValidArgsFunction: p.dataKeys(t),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			deleted, failed, err := p.eachKey(args, func(key string) error {
				err := client.DeleteUserData(c.Context(), key)
				if api.IsNotFound(err) {
					return absentError{noData(key)}
				}
				return err
			})
			if asJSON {
				return errors.Join(p.printJSON(dataDeleted{deleted, failed}), err)
			}
			return err
		},
	}
	addJSON(c, &asJSON)
	return c
}

func (p *program) dataList(t *target) *cobra.Command {
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [PREFIX]",
		Short: "List keys",
		Long:  "List the keys in use, in the order of their bytes: all, or those that begin with PREFIX.",
		Example: examples(
			"tutorsocket data list",
			"tutorsocket data list settings/",
		),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%q is one argument too many: one prefix is meant", args[1])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if limit < 0 {
				return usagef("--limit is %d, it must be positive", limit)
			}
			client, err := p.client(t)
			if err != nil {
				return err
			}
			list, err := collectData(c.Context(), client, strings.Join(args, ""), limit)
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(list)
			}
			return p.printData(list)
		},
	}
	c.Flags().IntVar(&limit, "limit", 0, "at most so many (default: all)")
	addJSON(c, &asJSON)
	return c
}

// dataPage is how many keys one request asks for: each goes through all keys of the store.
const dataPage = 10_000

// collectData reads keys page after page, up to the limit; 0 is all.
func collectData(ctx context.Context, client *api.Client, prefix string, limit int) (api.List[api.UserData], error) {
	all := api.List[api.UserData]{Items: []api.UserData{}, Missing: []string{}}
	for q := (api.UserDataQuery{Prefix: prefix, Limit: dataPage}); ; q.After = all.Next {
		if limit > 0 {
			q.Limit = min(dataPage, limit-len(all.Items))
		}
		page, err := client.ListUserData(ctx, q)
		if err != nil {
			return all, err
		}
		all.Items, all.Next = append(all.Items, page.Items...), page.Next
		if page.Next == "" || limit > 0 && len(all.Items) >= limit {
			return all, nil
		}
	}
}

func (p *program) printData(list api.List[api.UserData]) error {
	if len(list.Items) == 0 {
		fmt.Fprintln(p.Stdout, "no user data")
		return nil
	}
	var rows [][]string
	for _, d := range list.Items {
		left := "stays"
		if d.ExpiresAt != nil {
			left = "ends in " + (time.Duration(d.TTL) * time.Second).String()
		}
		rows = append(rows, []string{d.Key, left})
	}
	if err := p.printTable([]string{"KEY", ""}, rows); err != nil {
		return err
	}
	if list.Next != "" {
		fmt.Fprintln(p.Stderr, "there are more; see --limit")
	}
	return nil
}

// dataInfo is what "data info" tells.
type dataInfo struct {
	Keys   int    `json:"keys"`
	Bytes  int64  `json:"bytes"`
	Folder string `json:"folder"`
	Store  string `json:"store"`
	Sync   string `json:"sync"`
	Node   string `json:"node"`

	Servers  string   `json:"servers,omitempty"`
	Replicas int      `json:"replicas,omitempty"`
	Nodes    []string `json:"nodes"`             // all that share the store
	Missing  []string `json:"missing,omitempty"` // nodes that did not answer
}

func (p *program) dataInfo(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "info",
		Short:   "How much user data there is, and how safe",
		Long:    "Show how many keys there are, what they take on disk, where they lie, and how safe a write\nis that was confirmed: STORE is embedded, in the server itself, or nats, in servers of its\nown, which all NODES share; SYNC is the setting nats.sync in force, REPLICAS how many of\nSERVERS have a write before it is confirmed.",
		Example: examples("tutorsocket data info"),
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			info, err := collectInfo(c.Context(), client)
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(info)
			}
			head, row := []string{"KEYS", "BYTES"}, []string{fmt.Sprint(info.Keys), fmt.Sprint(info.Bytes)}
			if info.Servers == "" {
				head, row = append(head, "NODE", "STORE", "SYNC", "FOLDER"), append(row, info.Node, info.Store, info.Sync, info.Folder)
			} else { // the folder is another one for each node, and the NATS servers decide what reaches the disk when
				head = append(head, "STORE", "SERVERS", "REPLICAS", "NODES")
				row = append(row, info.Store, info.Servers, fmt.Sprint(info.Replicas), strings.Join(info.Nodes, ","))
			}
			if len(info.Missing) > 0 {
				fmt.Fprintln(p.Stderr, "nodes that did not answer:", strings.Join(info.Missing, ", "))
			}
			return p.printTable(head, [][]string{row})
		},
	}
	addJSON(c, &asJSON)
	return c
}

func collectInfo(ctx context.Context, client *api.Client) (dataInfo, error) {
	nodes, err := client.Nodes(ctx)
	if err != nil {
		return dataInfo{}, err
	}
	if len(nodes.Items) == 0 {
		return dataInfo{}, errors.New("no node answered")
	}
	keys, err := collectData(ctx, client, "", 0)
	// The store is one for all, so that any node that reaches it can tell its size; the folder is of one node.
	n := nodes.Items[0]
	names := make([]string, len(nodes.Items))
	for i, other := range nodes.Items {
		names[i] = other.Name
		if n.Data.UserDataBytes == 0 && other.Data.Connected {
			n = other
		}
	}
	return dataInfo{
		Keys: len(keys.Items), Bytes: n.Data.UserDataBytes, Node: n.Name,
		Folder: n.Data.Folder, Store: n.Data.Store, Sync: n.Data.Sync, Servers: n.Data.Servers, Replicas: n.Data.Replicas,
		Nodes: names, Missing: nodes.Missing,
	}, err
}

// dataLine is a line of an export, and what "data set --json" prints.
type dataLine struct {
	Key   string      `json:"key"`
	Value api.AnyJSON `json:"value"`
	TTL   *int64      `json:"ttl,omitempty"`
}

// newDataLine describes a value that lives so long, 0 for one that stays.
func newDataLine(key string, value api.AnyJSON, ttl time.Duration) dataLine {
	line := dataLine{Key: key, Value: value}
	if seconds := int64((ttl + time.Second - 1) / time.Second); seconds > 0 {
		line.TTL = &seconds
	}
	return line
}

func (p *program) dataExport(t *target) *cobra.Command {
	var prefix string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write user data as lines of JSON",
		Long: "Write user data to standard output, a line of JSON for each key: {\"key\",\"value\",\"ttl\"}, ttl\n" +
			"the seconds left, absent for what stays. \"data import\" reads them. What is written while\n" +
			"the export goes on may or may not be in it.",
		Example: examples(
			"tutorsocket data export > data.jsonl",
			"tutorsocket data export --prefix settings/ > settings.jsonl",
		),
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			return p.exportData(c.Context(), client, prefix)
		},
	}
	c.Flags().StringVar(&prefix, "prefix", "", "only keys that begin so")
	return c
}

func (p *program) exportData(ctx context.Context, client *api.Client, prefix string) error {
	var total int
	if p.Progress {
		keys, err := collectData(ctx, client, prefix, 0)
		if err != nil {
			return err
		}
		total = len(keys.Items)
	}
	shown := p.newDataProgress("exported", int64(total))
	defer shown.clear()
	for q := (api.UserDataQuery{Prefix: prefix, Values: true, Limit: dataPage}); ; {
		page, err := client.ListUserData(ctx, q)
		if err != nil {
			return err
		}
		for _, d := range page.Items {
			if err := p.printJSONLine(newDataLine(d.Key, d.Value, time.Duration(d.TTL)*time.Second)); err != nil {
				return err
			}
			shown.add(1, 1)
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// safe is text of a file as an error may show it.
func safe(text string) string { return logs.Printable(text) }
