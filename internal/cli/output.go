package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// colour wraps text in an ANSI style if somebody is there to see it
// (no-color.org).
func (p *program) colour(style, text string) string {
	if !p.Terminal || p.getenv("NO_COLOR") != "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (p *program) red(text string) string  { return p.colour("31", text) }
func (p *program) bold(text string) string { return p.colour("1", text) }

// printJSON writes a value for machines.
func (p *program) printJSON(v any) error {
	enc := json.NewEncoder(p.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// printJSONLine writes a value for machines on a line of its own.
func (p *program) printJSONLine(v any) error {
	enc := json.NewEncoder(p.Stdout)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// addJSON gives a command the flag --json.
func addJSON(c *cobra.Command, asJSON *bool) {
	c.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

// firstLine is what a table shows of a text.
func firstLine(text string) string {
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.ReplaceAll(logs.Printable(line), "\t", " ")
	if more {
		line += " …"
	}
	return line
}
