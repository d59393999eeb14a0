package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// importFlags are the flags of "data import".
type importFlags struct {
	skip, json bool
}

// imported is what "data import" tells at its end.
type imported struct {
	Imported int `json:"imported"`
	Skipped  int `json:"skipped"`
}

func (p *program) dataImport(t *target) *cobra.Command {
	var flags importFlags
	c := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Store what an export wrote",
		Long: "Store the lines that \"data export\" wrote, from a file or with - from standard input. What\n" +
			"a key holds is replaced; of two lines with the same key the later one stays. A line that\n" +
			"is wrong is named by its number; the import stops there, and what was before it is stored.\n" +
			"With --skip-errors it goes on. An import that was interrupted may be repeated.",
		Example: examples(
			"tutorsocket data import data.jsonl",
			"tutorsocket data import --skip-errors -",
		),
		Args:              exactly("the file, or - for standard input,"),
		ValidArgsFunction: firstOnly(anyFile),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			in, size, err := p.importFrom(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			done, err := p.importData(c.Context(), client, in, size, flags)
			if flags.json {
				return errors.Join(p.printJSONLine(done), err)
			}
			fmt.Fprintln(p.Stdout, count(done.Imported, "value")+" imported")
			if done.Skipped > 0 {
				fmt.Fprintln(p.Stderr, count(done.Skipped, "line")+" skipped")
			}
			return err
		},
	}
	c.Flags().BoolVar(&flags.skip, "skip-errors", false, "go on after lines that are wrong")
	addJSON(c, &flags.json)
	return c
}

// importFrom opens what is to be imported; size is 0 when it is not known.
func (p *program) importFrom(name string) (in io.ReadCloser, size int64, err error) {
	if name == "-" {
		stdin, err := p.stdin()
		return io.NopCloser(stdin), 0, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, unreadable("file", name, err)
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		f.Close()
		return nil, 0, fmt.Errorf("%s is not a file", name)
	}
	return f, info.Size(), nil
}

// importData stores the lines.
func (p *program) importData(ctx context.Context, client *api.Client, in io.Reader, size int64, flags importFlags) (imported, error) {
	i := &importing{p: p, client: client, flags: flags, shown: p.newDataProgress("imported", size), keys: map[string]bool{}}
	defer i.shown.clear()
	// What is on its way when something goes wrong is waited for, and counted.
	err := i.read(ctx, in)
	if rest := i.settle(len(i.waiting)); err == nil {
		err = rest
	}
	return i.done, err
}

// maxImportLine bounds a line, in bytes: the largest recipients list, and its key; or the largest value, all of it
// escaped.
const maxImportLine = 33 << 20

// lineError is what is wrong with a line of an import.
type lineError struct{ text string }

func (e *lineError) Error() string { return e.text }

func wrongLine(format string, args ...any) error { return &lineError{fmt.Sprintf(format, args...)} }

// storeLine stores one line. What is wrong with the line is a lineError.
func storeLine(ctx context.Context, client *api.Client, line dataLine) error {
	_, err := client.SetUserData(ctx, line.Key, json.RawMessage(line.Value), line.seconds())
	var refused *api.Refusal
	if errors.As(err, &refused) && (refused.Status == 413 || refused.Status == 422) {
		return wrongLine("%s", safe(refused.Error()))
	}
	return err
}

func parseDataLine(text []byte) (dataLine, error) {
	var line dataLine
	if !utf8.Valid(text) {
		return line, wrongLine("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&line); err != nil {
		return line, wrongLine(`it is not {"key":…,"value":…,"ttl":…}: %s`, notDataLine(err))
	}
	switch {
	case dec.More():
		return line, wrongLine("there is more behind the object")
	case line.Key == "":
		return line, wrongLine("the key is missing")
	case line.Value == nil:
		return line, wrongLine("the value is missing")
	case line.TTL != nil && (*line.TTL < 1 || *line.TTL > maxTTL):
		return line, wrongLine("ttl is a number of seconds from 1 to %d; without it the value stays", int64(maxTTL))
	}
	return line, nil
}

// notDataLine is why a line could not be read, without the words of Go's package.
func notDataLine(err error) string {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) && typ.Field != "" {
		return typ.Field + " is a " + typ.Value
	} else if typ != nil {
		return "it is a " + typ.Value
	}
	return safe(strings.TrimPrefix(err.Error(), "json: "))
}

// maxTTL is what the API takes.
const maxTTL = 3153600000

// seconds is the life of the value; 0 when it stays.
func (l dataLine) seconds() time.Duration {
	if l.TTL == nil {
		return 0
	}
	return time.Duration(*l.TTL) * time.Second
}
