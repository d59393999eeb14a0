package basescript

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dop251/goja/parser"
)

// errorAt makes a syntax error at a byte offset of the wrapped text.
func (s *source) errorAt(offset int, message string) *SyntaxError {
	return s.authorError(authorOffset(s.edits, offset-s.head), message)
}

// authorError makes a syntax error at a byte offset of the author's text.
func (s *source) authorError(offset int, message string) *SyntaxError {
	offset = min(max(offset, 0), len(s.author))
	line, start := 1, 0
	for i := 0; i < offset; i++ {
		if endsLine(s.author, i) {
			line, start = line+1, i+1
		}
	}
	end := start
	for end < len(s.author) && s.author[end] != '\n' && s.author[end] != '\r' {
		end++
	}
	if s.line > 0 {
		return &SyntaxError{URL: s.url, Line: s.line, Column: 1, Message: message}
	}
	column := utf8.RuneCountInString(s.author[start:min(offset, end)])
	return &SyntaxError{URL: s.url, Line: line, Column: column + 1, Message: message, Caret: caret(s.author[start:end], column)}
}

// caret is a source line with a marker under a column, cut to a readable width.
func caret(line string, column int) string {
	const width = 100
	chars := []rune(strings.TrimRight(strings.ReplaceAll(line, "\t", " "), "\r"))
	from := 0
	if column > width-20 {
		from = column - (width - 20)
	}
	chars = chars[min(from, len(chars)):]
	if len(chars) > width {
		chars = chars[:width]
	}
	return string(chars) + "\n" + strings.Repeat(" ", column-from) + "^"
}

// preparationError is the error of a source the pre-pass cannot read.
func (s *source) preparationError(f *fault) *SyntaxError {
	if p := s.prep; p.suspect != nil && f.message == unterminatedString {
		return s.suspectError()
	}
	return s.authorError(f.offset, f.message)
}

const unterminatedString = "Unterminated string"

// suspectError is the error of a string that ends where a value follows it on the line: the quote that
// ends it begins another string, because line breaks may stand in strings.
func (s *source) suspectError() *SyntaxError {
	at := s.prep.suspect
	line := strings.Count(strings.ReplaceAll(s.author[:at.end], "\r\n", "\n"), "\n") + 1
	return s.authorError(at.start, fmt.Sprintf("%s: the next quote is in line %d", unterminatedString, line))
}

// parseError makes the error of what the parser found first.
func (s *source) parseError(err error) *SyntaxError {
	list, ok := err.(parser.ErrorList)
	if !ok || len(list) == 0 {
		return s.errorAt(s.head, err.Error())
	}
	offset, message := parserOffset(s.text, list[0].Position.Line, list[0].Position.Column), list[0].Message
	if offset >= len(s.text)-s.tail || strings.Contains(message, "end of input") {
		return s.endError()
	}
	offset = authorOffset(s.edits, max(offset-s.head, 0))
	if at := s.prep.suspect; at != nil && offset >= at.end {
		return s.suspectError()
	}
	return s.authorError(offset, s.inPlainWords(message, offset))
}

// parserOffset returns the offset of a position of the parser, which counts bytes, and lines by more
// kinds of breaks than authors do.
func parserOffset(text string, line, column int) int {
	start := 0
	for i, c := range text {
		if line <= 1 {
			break
		}
		if (c == '\n' || c == '\r') && endsLine(text, i) || c == '\u2028' || c == '\u2029' {
			line--
			start = i + utf8.RuneLen(c)
		}
	}
	return start + max(column-1, 0)
}

// endError is the error of a source that ends too early.
func (s *source) endError() *SyntaxError {
	message := "Unexpected end of input"
	if open := s.prep.nest[1:]; len(open) > 0 && s.line == 0 {
		last := open[len(open)-1]
		message += fmt.Sprintf(": the %s in line %d is not closed", last.kind.char(), s.authorError(last.at, "").Line)
	}
	return s.authorError(len(strings.TrimRight(s.author, " \t\r\n")), message)
}

// inPlainWords replaces the words of the parser that say nothing to authors of scripts.
func (s *source) inPlainWords(message string, offset int) string {
	rest := s.author[min(offset, len(s.author)):]
	switch message {
	case "Unexpected identifier":
		message = s.unexpectedName(rest[:nameEnd(rest, 0)], offset)
	case "Unexpected string", "Unexpected number":
		message += s.missingBefore(offset)
	case "Unexpected reserved word":
		message = unexpectedWord(rest[:nameEnd(rest, 0)])
	case "Unexpected token ILLEGAL":
		message = illegalText(rest)
	}
	if b := s.prep.mismatch; b != nil && offset == s.prep.mismatchAt && s.line == 0 {
		message += fmt.Sprintf(": the %s in line %d is not closed", b.kind.char(), s.authorError(b.at, "").Line)
	}
	return message
}

// unexpectedName says what a name where none can be means.
func (s *source) unexpectedName(name string, offset int) string {
	before := strings.TrimRight(s.author[:offset], " \t")
	for _, word := range []string{"interface", "type", "enum", "namespace", "module", "declare", "abstract"} {
		if strings.HasSuffix(before, word) && nameEnd(before, len(before)-len(word)) == len(before) {
			return "Declarations of types (" + word + ") are not part of the language"
		}
	}
	return "Unexpected name " + name + s.missingBefore(offset)
}

// missingBefore is a hint for a value right after another one on the line.
func (s *source) missingBefore(offset int) string {
	before := strings.TrimRight(s.author[:offset], " \t")
	if before == "" {
		return ""
	}
	switch c := before[len(before)-1]; {
	case c == '\'' || c == '"' || c == ')' || c == ']' || isNameByte(c) || c >= '0' && c <= '9':
		return ": an operator, a comma or a ; is missing before it"
	}
	return ""
}

func unexpectedWord(word string) string {
	if word == "import" || word == "export" {
		return "Modules (import and export) are not part of the language"
	}
	return "Unexpected reserved word " + word
}

// illegalText says what cannot begin a token.
func illegalText(rest string) string {
	c, _ := utf8.DecodeRuneInString(rest)
	switch {
	case rest == "":
		return "Unexpected end of input"
	case c >= '0' && c <= '9' || c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		return "Malformed number"
	case c == '"' || c == '\'':
		return "Malformed escape in a string"
	case c == '.':
		return "Unexpected token .."
	case c == '=':
		return "Unexpected token =>"
	case !unicode.IsPrint(c):
		return fmt.Sprintf("Unexpected character U+%04X", c)
	}
	return "Unexpected character " + string(c)
}
