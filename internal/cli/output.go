package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

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

// printLineJSON writes a value for machines in one line.
func (p *program) printLineJSON(v any) error {
	enc := json.NewEncoder(p.Stdout)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// printTable writes rows in columns under headings; cells are made safe for a
// terminal.
func (p *program) printTable(headings []string, rows [][]string) error {
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	writeRow(w, headings)
	for _, row := range rows {
		writeRow(w, row)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func writeRow(w io.Writer, cells []string) {
	for i, cell := range cells {
		cells[i] = firstLine(cell)
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t")) // Flush reports errors
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
