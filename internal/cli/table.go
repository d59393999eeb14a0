package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// gap is between two columns of a table.
const gap = "  "

// leastColumn is how narrow a column may become, if the screen is.
const leastColumn = 8

// printTable writes rows in columns under headings; cells are made safe for a
// terminal. On a terminal, what would not fit into a line is cut, from the last
// column on; the first column stays whole, for it names the thing.
func (p *program) printTable(headings []string, rows [][]string) error {
	columns, _ := p.size()
	lines := tableLines(headings, rows, columns)
	lines[0] = p.bold(lines[0])
	if _, err := io.WriteString(p.Stdout, strings.Join(lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// tableLines lays a table out, the headings first. A width of 0 is unlimited.
func tableLines(headings []string, rows [][]string, width int) []string {
	all := make([][]string, 0, len(rows)+1)
	wide := make([]int, len(headings))
	for _, row := range append([][]string{headings}, rows...) {
		cells := make([]string, len(headings))
		for i := range cells {
			if i < len(row) {
				cells[i] = firstLine(row[i])
			}
			wide[i] = max(wide[i], utf8.RuneCountInString(cells[i]))
		}
		all = append(all, cells)
	}
	if width > 0 {
		narrow(wide, width)
	}
	lines := make([]string, len(all))
	for i, cells := range all {
		var b strings.Builder
		for j, cell := range cells {
			if j > 0 {
				b.WriteString(gap)
			}
			cell = cutCell(cell, wide[j])
			b.WriteString(cell + strings.Repeat(" ", wide[j]-utf8.RuneCountInString(cell)))
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// narrow takes from the columns, the last first, until a line fits or nothing is left to take.
func narrow(wide []int, width int) {
	over := len(gap)*(len(wide)-1) - width
	for _, w := range wide {
		over += w
	}
	for i := len(wide) - 1; i > 0 && over > 0; i-- {
		take := min(over, max(wide[i]-leastColumn, 0))
		wide[i] -= take
		over -= take
	}
}

// cutCell shortens a text to so many characters.
func cutCell(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
