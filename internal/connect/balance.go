package connect

import "strings"

// complete says whether a text may be sent: it does not begin like JSON, or every brace, bracket and quote it opens is
// closed. What cannot be JSON any more is complete too.
func complete(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || !strings.ContainsRune(`{["`, rune(text[0])) {
		return true
	}
	var open []byte // the closing bytes that are due
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case c == '}' || c == ']':
			if len(open) == 0 || open[len(open)-1] != c {
				return true
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0 && !quoted
}
