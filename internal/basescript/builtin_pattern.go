package basescript

import (
	"errors"
	"strconv"
	"strings"
)

// textPattern is what replace, split, match and search look for: a plain text, or a regular expression.
type textPattern interface {
	// search begins to look through s. The caller ends what it returns.
	search(r *Run, s string) (textSearch, error)
	// isGlobal reports whether all matches are meant and not only the first.
	isGlobal() bool
	// groupNames returns the names of the groups in the order of find, the whole match first; "" for one
	// without a name.
	groupNames() []string
}

// textSearch finds the matches of a pattern in one text.
type textSearch interface {
	// find returns the byte positions of the first match at or after from, then those of its groups (-1
	// for a group that took no part); nil if there is no match.
	find(from int) ([]int, error)
	end()
}

// patternOf returns the pattern an argument stands for: a regular expression, or the argument's text.
func patternOf(v Value) textPattern {
	if re, ok := Self[*regExp](v); ok {
		return re
	}
	return plainText(v.Text())
}

type plainText string

type plainSearch struct {
	r    *Run
	s    string
	part string
}

func (p plainText) search(r *Run, s string) (textSearch, error) {
	return &plainSearch{r, s, string(p)}, nil
}

func (p *plainSearch) find(from int) ([]int, error) {
	if err := p.r.scan(len(p.s) - from); err != nil {
		return nil, err
	}
	i := strings.Index(p.s[from:], p.part)
	if i < 0 {
		return nil, nil
	}
	return []int{from + i, from + i + len(p.part)}, nil
}

func (p *plainSearch) end()              {}
func (p plainText) isGlobal() bool       { return false }
func (p plainText) groupNames() []string { return nil }

// eachMatch calls fn for the first match in s at or after from or, if all, for every one. After an empty
// match it goes on with the next character.
func (r *Run) eachMatch(p textPattern, s string, from int, all bool, fn func(loc []int) error) error {
	search, err := p.search(r, s)
	if err != nil {
		return err
	}
	defer search.end()
	for from <= len(s) {
		if err := r.Step(1); err != nil {
			return err
		}
		loc, err := search.find(from)
		if err != nil || loc == nil {
			return err
		}
		if err := fn(loc); err != nil || !all {
			return err
		}
		if from = loc[1]; loc[0] == loc[1] {
			if from == len(s) {
				return nil
			}
			from = charEnd(s, from)
		}
	}
	return nil
}

// matches calls fn for the matches a method of a text means: all of a global expression, else the next
// one, which for a sticky expression depends on its lastIndex. Afterwards lastIndex is what exec leaves.
func (r *Run) matches(p textPattern, s string, all bool, fn func(loc []int) error) error {
	re, _ := p.(*regExp)
	switch {
	case re == nil || !re.pattern.flags.global && !re.pattern.flags.sticky:
		return r.eachMatch(p, s, 0, all, fn)
	case re.pattern.flags.global:
		re.lastIndex = 0
		return r.eachMatch(p, s, 0, true, fn)
	}
	subject, err := r.subject(s)
	if err != nil {
		return err
	}
	defer r.release(subject)
	m, err := re.next(r, subject)
	if err != nil || m == nil {
		return err
	}
	return fn(m.loc)
}

// charCounter counts the characters before positions of a text, from the last position on.
type charCounter struct {
	s         string
	at, count int
}

func (c *charCounter) before(offset int) int {
	if offset < c.at {
		c.at, c.count = 0, 0
	}
	c.count += charCount(c.s[c.at:offset])
	c.at = offset
	return c.count
}

// needsAll is the error of a method that takes global expressions only, as in JavaScript.
func needsAll(method string, p textPattern) error {
	if re, ok := p.(*regExp); ok && !re.isGlobal() {
		return Errorf("%s needs a regular expression with the flag g", method)
	}
	return nil
}

// stringReplace replaces plain text, whose replacement is plain too, or what a regular expression
// finds, in whose replacement $1, $& and so on stand for what was found.
func stringReplace(all bool) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, self Value, args []Value) (Value, error) {
		s, p := self.Str(), patternOf(args[0])
		plain, isPlain := p.(plainText)
		fn := args[1]
		if isPlain && plain != "" && !fn.Object().IsFunction() {
			limit := 1
			if all {
				limit = -1
			}
			return r.replaceText(self, string(plain), fn.Text(), limit)
		}
		if err := needsAll("replaceAll", p); all && err != nil {
			return Undefined, err
		}
		return r.replaceMatches(p, s, all, fn)
	}
}

func (r *Run) replaceMatches(p textPattern, s string, all bool, with Value) (Value, error) {
	out, last := textBuilder{r: r}, 0
	chars := charCounter{s: s}
	err := r.matches(p, s, all, func(loc []int) error {
		if err := out.add(s[last:loc[0]]); err != nil {
			return err
		}
		last = loc[1]
		text, err := r.replacement(p, s, loc, &chars, with)
		if err != nil {
			return err
		}
		return out.add(text)
	})
	if err == nil {
		err = out.add(s[last:])
	}
	return out.value(), err
}

// replacement is the text that takes the place of one match.
func (r *Run) replacement(p textPattern, s string, loc []int, chars *charCounter, with Value) (string, error) {
	if with.Object().IsFunction() {
		args := make([]Value, 0, len(loc)/2+3)
		for i := 0; i < len(loc); i += 2 {
			args = append(args, groupText(s, loc, i/2))
		}
		vals := args
		args = append(args, Int(int64(chars.before(loc[0]))), String(s))
		if groups := r.groupsObject(p, vals); !groups.IsUndefined() {
			args = append(args, groups)
		}
		v, e := r.callValue(with, Undefined, with.Object().function().accepted(args))
		if e != nil {
			return "", e
		}
		return v.Text(), nil
	}
	template := with.Text()
	if _, plain := p.(plainText); plain || strings.IndexByte(template, '$') < 0 {
		return template, nil
	}
	return expandTemplate(r, template, s, loc, p.groupNames())
}

// groupText is what a group matched in s, undefined for one that took no part.
func groupText(s string, loc []int, group int) Value {
	if from, to := loc[2*group], loc[2*group+1]; from >= 0 {
		return String(ownPart(s[from:to]))
	}
	return Undefined
}

// groupsObject holds what groups with names matched; undefined if the pattern has none.
func (r *Run) groupsObject(p textPattern, vals []Value) Value {
	var groups *Object
	for group, name := range p.groupNames() {
		if name == "" || group >= len(vals) {
			continue
		}
		if groups == nil {
			groups = r.NewObject()
		}
		r.bytes += sizeKey + sizeValue
		groups.Set(name, vals[group])
	}
	if groups == nil {
		return Undefined
	}
	return ObjectValue(groups)
}

// expandTemplate puts what was found in the place of $&, $1, $<name>, $` and $'; $$ is a dollar.
func expandTemplate(r *Run, template, s string, loc []int, names []string) (string, error) {
	out := textBuilder{r: r}
	for {
		before, rest, found := strings.Cut(template, "$")
		if err := out.add(before); err != nil || !found {
			return out.b.String(), err
		}
		text, used := templateItem(rest, s, loc, names)
		if used == 0 {
			text = "$"
		}
		if err := out.add(text); err != nil {
			return "", err
		}
		template = rest[used:]
	}
}

// templateItem reads what stands behind a dollar; used is 0 if the dollar means itself.
func templateItem(rest, s string, loc []int, names []string) (text string, used int) {
	if rest == "" {
		return "", 0
	}
	switch rest[0] {
	case '$':
		return "$", 1
	case '&':
		return s[loc[0]:loc[1]], 1
	case '`':
		return s[:loc[0]], 1
	case '\'':
		return s[loc[1]:], 1
	case '<':
		return templateName(rest, s, loc, names)
	}
	for digits := 2; digits > 0; digits-- {
		if len(rest) < digits || rest[0]-'0' > 9 {
			continue
		}
		if group, err := strconv.Atoi(rest[:digits]); err == nil && group > 0 && group < len(loc)/2 {
			return groupOrEmpty(s, loc, group), digits
		}
	}
	return "", 0
}

// templateName reads <name>. A name no group has is empty text, unless no group has a name at all.
func templateName(rest, s string, loc []int, names []string) (text string, used int) {
	name, _, closed := strings.Cut(rest[1:], ">")
	if !closed {
		return "", 0
	}
	anyNamed := false
	for group, known := range names {
		if known != "" && known == name {
			return groupOrEmpty(s, loc, group), len(name) + 2
		}
		anyNamed = anyNamed || known != ""
	}
	if anyNamed {
		return "", len(name) + 2
	}
	return "", 0
}

func groupOrEmpty(s string, loc []int, group int) string {
	if from, to := loc[2*group], loc[2*group+1]; from >= 0 {
		return s[from:to]
	}
	return ""
}

func stringSplit(r *Run, self Value, args []Value) (Value, error) {
	limit := maxArrayLen
	if v := arg(args, 1); !v.IsUndefined() {
		if limit = indexArg(args, 1, 0); limit < 0 {
			limit = maxArrayLen
		}
	}
	separator := arg(args, 0)
	if separator.IsUndefined() {
		return r.array([]Value{self})
	}
	switch p := patternOf(separator).(type) {
	case *regExp:
		p, err := p.unsticky(r)
		if err != nil {
			return Undefined, err
		}
		return r.splitPattern(self.Str(), p, limit)
	case plainText:
		return r.splitText(self.Str(), string(p), limit)
	}
	return Undefined, nil
}

// errEnough ends a search that has what it needs.
var errEnough = errors.New("enough")

// splitPattern splits at the matches of a regular expression; what its groups matched comes between
// the parts.
func (r *Run) splitPattern(s string, p textPattern, limit int) (Value, error) {
	out, last, matched := r.NewArray(nil), 0, false
	defer r.Pin(ObjectValue(out))()
	add := func(v Value) error {
		if len(out.vals) >= limit {
			return errEnough
		}
		return r.appendTo(out, v)
	}
	err := r.eachMatch(p, s, 0, true, func(loc []int) error {
		matched = true
		if loc[1] == last || loc[0] == len(s) {
			return nil
		}
		if err := add(String(ownPart(s[last:loc[0]]))); err != nil {
			return err
		}
		last = loc[1]
		for group := 1; group < len(loc)/2; group++ {
			if err := add(groupText(s, loc, group)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && (s != "" || !matched) {
		err = add(String(ownPart(s[last:])))
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return ObjectValue(out), err
}

// matchObject is what exec and match return for one match: an array of the match and its groups, with
// index, input and groups, which is undefined where no group has a name.
func (r *Run) matchObject(p textPattern, s string, loc []int, index int) (Value, error) {
	if err := r.Alloc(sizeObject*2 + (sizeKey+sizeValue)*3); err != nil {
		return Undefined, err
	}
	vals := make([]Value, 0, len(loc)/2)
	for group := range len(loc) / 2 {
		vals = append(vals, groupText(s, loc, group))
	}
	v, err := r.array(vals)
	if err != nil {
		return Undefined, err
	}
	v.Object().Set("index", Int(int64(index)))
	v.Object().Set("input", String(s))
	v.Object().Set("groups", r.groupsObject(p, vals))
	return v, nil
}

// expressionOf returns the regular expression match and search look for: as in JavaScript a text is the
// source of one.
func (r *Run) expressionOf(v Value, flags string) (*regExp, error) {
	if re, ok := Self[*regExp](v); ok {
		return re, nil
	}
	source := ""
	if !v.IsUndefined() {
		source = v.Text()
	}
	p, err := r.compilePattern(source, flags)
	return &regExp{pattern: p}, err
}

func stringMatch(r *Run, self Value, args []Value) (Value, error) {
	re, err := r.expressionOf(arg(args, 0), "")
	if err != nil {
		return Undefined, err
	}
	if !re.isGlobal() {
		return re.exec(r, self.Str())
	}
	list := r.NewArray(nil)
	defer r.Pin(ObjectValue(list))()
	err = r.matches(re, self.Str(), true, func(loc []int) error { return r.appendTo(list, groupText(self.Str(), loc, 0)) })
	if err != nil || len(list.vals) == 0 {
		return Null, err
	}
	return ObjectValue(list), nil
}

func stringMatchAll(r *Run, self Value, args []Value) (Value, error) {
	re, err := r.expressionOf(arg(args, 0), "g")
	if err == nil {
		err = needsAll("matchAll", re)
	}
	if err != nil {
		return Undefined, err
	}
	s, list := self.Str(), r.NewArray(nil)
	defer r.Pin(ObjectValue(list))()
	chars := charCounter{s: s}
	n, err := r.countChars(s)
	if err != nil {
		return Undefined, err
	}
	from, err := r.offsetOf(s, int(re.lastIndex))
	if err != nil {
		return Undefined, err
	}
	if int64(n) < re.lastIndex {
		from = len(s) + 1
	}
	err = r.eachMatch(re, s, from, true, func(loc []int) error {
		m, err := r.matchObject(re, s, loc, chars.before(loc[0]))
		if err != nil {
			return err
		}
		return r.appendTo(list, m)
	})
	return ObjectValue(list), err
}

// stringSearch ignores and keeps lastIndex.
func stringSearch(r *Run, self Value, args []Value) (Value, error) {
	re, err := r.expressionOf(arg(args, 0), "")
	if err != nil {
		return Undefined, err
	}
	at := -1
	err = r.eachMatch(re, self.Str(), 0, false, func(loc []int) error {
		at = charCount(self.Str()[:loc[0]])
		return nil
	})
	return Int(int64(at)), err
}
