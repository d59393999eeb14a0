package logs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxText is the longest text of a line, in bytes. A longer one is cut and ends
// with a mark that says how much is missing.
const MaxText = 64 << 10

// Line is one thing a script wrote, possibly several lines of text. A Line is a
// value; copies are independent.
type Line struct {
	Seq    uint64    // counts the lines of this process from 1; given by Write
	Time   time.Time // given by Write when zero
	Thread int       // number of the script thread
	Text   string
	Error  bool // the text of a script error, with its frames

	// Where the line comes from; empty where it does not apply.
	Service string // name of the service whose script ran
	Agent   string // name of the agent that ran
	Socket  string // key of the socket the run belongs to
	User    string // id of the user the run belongs to
	Trace   string // id of the trace the run belongs to, if it is recorded

	// Skipped is how many lines were dropped just before this one because its
	// reader was too slow. Only lines that come from Follow have it.
	Skipped uint64
}

// String writes the line as the original's log file has it, local time and
// without a final line break: "16:14:11 [0282]\ttext". Further lines of a text
// follow without a prefix (spec/basescript.md 4.1).
func (l Line) String() string {
	return fmt.Sprintf("%s [%04d]\t%s", l.Time.Local().Format("15:04:05"), l.Thread, l.Text)
}

// Printable returns the text with everything replaced that would make a terminal
// do more than show it: control codes other than tabs and line breaks appear as
// escapes such as \x1b, line breaks as "\n", bytes that are not UTF-8 as \xNN.
// Scripts log what strangers send, so any program that prints lines to a
// terminal needs it.
func Printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unprintable(c):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// unprintable tells control codes and the marks that reorder a line.
func unprintable(c rune) bool {
	switch {
	case c == '\n' || c == '\t':
		return false
	case c < 0x20 || c >= 0x7f && c < 0xa0:
		return true
	default:
		return c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069
	}
}

// Cut shortens a text longer than [MaxText] and says so.
func Cut(text string) string {
	if len(text) <= MaxText {
		return text
	}
	// The mark below is at most 40 bytes long.
	end := MaxText - 40
	for back := 0; back < utf8.UTFMax && !utf8.RuneStart(text[end]); back++ {
		end--
	}
	// The concatenation also lets go of the long text, which the history would keep.
	return text[:end] + fmt.Sprintf("… [%d bytes cut]", len(text)-end)
}
