package hub

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// notInShortNames are characters that show that somebody tried another grammar.
const notInShortNames = "=[]{}(),\"<>!&|$"

// filterParser reads one filter; pos is in bytes and becomes characters in errors only.
type filterParser struct {
	text  string
	pos   int
	conds []cond
}

func (p *filterParser) fail(at int, format string, args ...any) *FilterError {
	return &FilterError{Pos: utf8.RuneCountInString(p.text[:at]), Msg: fmt.Sprintf(format, args...)}
}

// short reads the original's grammar: $name, $name:value, $name:[a,b].
func (p *filterParser) short() *FilterError {
	if err := p.checkText(); err != nil {
		return err
	}
	name, value, valued := strings.Cut(p.text[1:], ":")
	if name == "" {
		return p.fail(1, `the name of a tag is missing after "$"`)
	}
	if at := strings.IndexAny(name, notInShortNames); at >= 0 {
		return p.fail(1+at, `%q cannot be part of a name here; a filter is $name, $name:value or $name:[a,b]; other names and several conditions need the JSON form`, name[at])
	}
	c := cond{name: name, any: !valued}
	if valued {
		p.pos = len("$") + len(name) + len(":")
		values, err := p.shortValues(name, value)
		if err != nil {
			return err
		}
		c.values = values
	}
	p.conds = []cond{c}
	return nil
}

// shortValues reads what stands after the colon, which begins at p.pos.
func (p *filterParser) shortValues(name, value string) ([]string, *FilterError) {
	if value == "" {
		return nil, p.fail(p.pos, `a value is missing after ":"; write {%q:""} for an empty one`, name)
	}
	if value[0] != '[' {
		return []string{value}, nil
	}
	end := strings.IndexByte(value, ']')
	if end < 0 {
		return nil, p.fail(len(p.text), `"]" is missing at the end of the list`)
	}
	if end != len(value)-1 {
		return nil, p.fail(p.pos+end+1, `nothing may follow the "]" of the list; values with "]" need the JSON form`)
	}
	at := p.pos + 1
	var values []string
	for v := range strings.SplitSeq(value[1:end], ",") {
		if v == "" {
			return nil, p.fail(at, `a value of the list is missing; write {%q:[""]} for an empty one`, name)
		}
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
		at += len(v) + 1
	}
	return values, nil
}

// checkText refuses bytes that are not UTF-8: no tag has them.
func (p *filterParser) checkText() *FilterError {
	for i, r := range p.text {
		if r == utf8.RuneError && !strings.HasPrefix(p.text[i:], "\uFFFD") {
			return p.fail(i, "the text is not valid UTF-8")
		}
	}
	return nil
}

// object reads the JSON form.
func (p *filterParser) object() *FilterError {
	if err := p.checkText(); err != nil {
		return err
	}
	if p.next() != '{' {
		return p.fail(p.pos, `a filter begins with "$" and the name of a tag, or is a JSON object`)
	}
	p.pos++
	if p.next() == '}' {
		p.pos++
		return p.end()
	}
	for {
		if err := p.member(); err != nil {
			return err
		}
		switch p.next() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return p.end()
		default:
			return p.fail(p.pos, `"," or "}" is missing after the value`)
		}
	}
}

// end checks that nothing follows.
func (p *filterParser) end() *FilterError {
	if p.next(); p.pos < len(p.text) {
		return p.fail(p.pos, "nothing may follow the object")
	}
	return nil
}

func (p *filterParser) member() *FilterError {
	quote := p.next()
	at := p.pos
	if quote != '"' {
		return p.fail(at, "the name of a tag in double quotes is missing")
	}
	name, err := p.str()
	switch {
	case err != nil:
		return err
	case name == "":
		return p.fail(at, "the name of a tag is empty")
	}
	c := cond{name: name}
	if strings.HasPrefix(name, "$") {
		known := false
		if c.subject, known = metaSubjects[name]; !known {
			return p.fail(at, "%s is unknown; there are $service, $user, $state and $node, and tags are written without $", name)
		}
	}
	if slices.ContainsFunc(p.conds, func(o cond) bool { return o.name == name }) {
		return p.fail(at, "%q stands here twice; use an array for several values", name)
	}
	if p.next() != ':' {
		return p.fail(p.pos, `":" is missing after the name`)
	}
	p.pos++
	if err := p.values(&c); err != nil {
		return err
	}
	p.conds = append(p.conds, c)
	return nil
}

// values reads a value or an array of values into c.
func (p *filterParser) values(c *cond) *FilterError {
	if p.next() != '[' {
		return p.scalar(c)
	}
	p.pos++
	if p.next() == ']' {
		return p.fail(p.pos, "an empty array matches nothing; leave the member out, or write null for an absent tag")
	}
	for {
		if p.next() == '[' {
			return p.fail(p.pos, "an array may hold texts, numbers, true, false and null only")
		}
		if err := p.scalar(c); err != nil {
			return err
		}
		switch p.next() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return nil
		default:
			return p.fail(p.pos, `"," or "]" is missing after the value`)
		}
	}
}

// scalar reads one value into c, and checks it where only some are possible.
func (p *filterParser) scalar(c *cond) *FilterError {
	at := p.pos
	value, null, err := p.literal()
	switch {
	case err != nil:
		return err
	case null && c.subject != subjectTag:
		return p.fail(at, "%s is never absent", c.name)
	case null:
		c.absent = true
		return nil
	case c.subject == subjectState && value != StateOpen && value != StateDetached:
		return p.fail(at, `a state is "%s" or "%s"`, StateOpen, StateDetached)
	}
	if !slices.Contains(c.values, value) {
		c.values = append(c.values, value)
	}
	return nil
}

// literal reads a text, a number, true, false or null.
func (p *filterParser) literal() (value string, null bool, err *FilterError) {
	at := p.pos
	switch c := p.peek(); {
	case c == '"':
		value, err = p.str()
		return value, false, err
	case c == '{':
		return "", false, p.fail(at, "a value cannot be an object")
	case c == 0 && at >= len(p.text):
		return "", false, p.fail(at, "a value is missing")
	}
	end := len(p.text)
	if n := strings.IndexAny(p.text[at:], ",]} \t\r\n"); n >= 0 {
		end = at + n
	}
	word := p.text[at:end]
	p.pos = end
	switch {
	case word == "null":
		return "", true, nil
	case word == "":
		return "", false, p.fail(at, "a value is missing")
	case !json.Valid([]byte(word)):
		return "", false, p.fail(at, "%q is no JSON value; texts stand in double quotes", cutText(word, 40))
	}
	return word, false, nil // true, false, or the decimal text of a number
}

// str reads a JSON string; p.pos is at its opening quote.
func (p *filterParser) str() (string, *FilterError) {
	start := p.pos
	for i := start + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			i++
		case '"':
			var s string
			if err := json.Unmarshal([]byte(p.text[start:i+1]), &s); err != nil {
				return "", p.fail(start, "this is not a JSON string: %v", err)
			}
			p.pos = i + 1
			return s, nil
		}
	}
	return "", p.fail(len(p.text), "the closing quote is missing")
}

// peek returns the byte at the position, 0 at the end.
func (p *filterParser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

// next moves over JSON white space and returns the byte there, 0 at the end.
func (p *filterParser) next() byte {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
	return p.peek()
}
