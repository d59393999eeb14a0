package basescript

import (
	"strconv"
	"strings"
)

// textPattern is what replace, split, match and search look for: a plain text, or a regular expression
// (an object whose ext implements this).
type textPattern interface {
	// find returns the byte positions of the first match at or after from, then those of its groups (-1
	// for a group that took no part); nil if there is no match.
	find(r *Run, s string, from int) ([]int, error)
	// isGlobal reports whether all matches are meant and not only the first.
	isGlobal() bool
	// groupNames returns the names of the groups in the order of find, the whole match first; "" for one
	// without a name.
	groupNames() []string
}

// patternOf returns the pattern an argument stands for: a regular expression, or the argument's text.
func patternOf(v Value) textPattern {
	if o := v.Object(); o != nil {
		if p, ok := o.ext.(textPattern); ok {
			return p
		}
	}
	return plainText(v.Text())
}

type plainText string

func (p plainText) find(r *Run, s string, from int) ([]int, error) {
	if err := r.scan(len(s) - from); err != nil {
		return nil, err
	}
	i := strings.Index(s[from:], string(p))
	if i < 0 {
		return nil, nil
	}
	return []int{from + i, from + i + len(p)}, nil
}

func (p plainText) isGlobal() bool       { return false }
func (p plainText) groupNames() []string { return nil }

// eachMatch calls fn for the first match in s or, if all, for every one. After an empty match it goes on
// with the next character.
func (r *Run) eachMatch(p textPattern, s string, all bool, fn func(loc []int) error) error {
	for from := 0; from <= len(s); {
		if err := r.Step(1); err != nil {
			return err
		}
		loc, err := p.find(r, s, from)
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
			return r.replaceText(s, string(plain), fn.Text(), limit)
		}
		out, last := textBuilder{r: r}, 0
		err := r.eachMatch(p, s, all || p.isGlobal(), func(loc []int) error {
			if err := out.add(s[last:loc[0]]); err != nil {
				return err
			}
			last = loc[1]
			with, err := r.replacement(p, s, loc, fn)
			if err != nil {
				return err
			}
			return out.add(with)
		})
		if err == nil {
			err = out.add(s[last:])
		}
		return out.value(), err
	}
}

// replacement is the text that takes the place of one match.
func (r *Run) replacement(p textPattern, s string, loc []int, with Value) (string, error) {
	if with.Object().IsFunction() {
		args := make([]Value, 0, len(loc)/2+2)
		for i := 0; i < len(loc); i += 2 {
			args = append(args, groupText(s, loc, i/2))
		}
		args = append(args, Int(int64(charCount(s[:loc[0]]))), String(s))
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

// groupText is what a group matched, undefined for one that took no part.
func groupText(s string, loc []int, group int) Value {
	if from, to := loc[2*group], loc[2*group+1]; from >= 0 {
		return String(s[from:to])
	}
	return Undefined
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
		if name, _, closed := strings.Cut(rest[1:], ">"); closed {
			for group, known := range names {
				if known == name && known != "" {
					return groupOrEmpty(s, loc, group), len(name) + 2
				}
			}
		}
		return "", 0
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

func groupOrEmpty(s string, loc []int, group int) string {
	if v := groupText(s, loc, group); v.k == KindString {
		return v.Str()
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
	case plainText:
		return r.splitText(self.Str(), string(p), limit)
	default:
		return r.splitPattern(self.Str(), p, limit)
	}
}

// splitPattern splits at the matches of a regular expression; what its groups matched comes between
// the parts.
func (r *Run) splitPattern(s string, p textPattern, limit int) (Value, error) {
	out, last := r.NewArray(nil), 0
	kept := textKeeper{whole: s}
	add := func(v Value) error {
		if len(out.vals) >= limit {
			return nil
		}
		if v.k == KindString {
			v = String(kept.keep(v.Str()))
		}
		return r.appendTo(out, v)
	}
	err := r.eachMatch(p, s, true, func(loc []int) error {
		if loc[0] == loc[1] && (loc[0] == last || loc[0] == len(s)) {
			return nil
		}
		if err := add(String(s[last:loc[0]])); err != nil {
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
	if err == nil && (s != "" || len(out.vals) == 0) {
		err = add(String(s[last:]))
	}
	return ObjectValue(out), err
}

// matchObject is what match returns for one match: an array of the match and its groups, with index,
// input and, where groups have names, groups.
func (r *Run) matchObject(p textPattern, s string, loc []int) (Value, error) {
	vals := make([]Value, 0, len(loc)/2)
	for group := range len(loc) / 2 {
		vals = append(vals, groupText(s, loc, group))
	}
	v, err := r.array(vals)
	if err != nil {
		return Undefined, err
	}
	v.Object().Set("index", Int(int64(charCount(s[:loc[0]]))))
	v.Object().Set("input", String(s))
	groups := r.NewObject()
	for group, name := range p.groupNames() {
		if name != "" && group < len(vals) {
			groups.Set(name, vals[group])
		}
	}
	if groups.Len() > 0 {
		v.Object().Set("groups", ObjectValue(groups))
	}
	return v, r.Alloc(sizeObject * 3)
}

func stringMatch(r *Run, self Value, args []Value) (Value, error) {
	s, p := self.Str(), patternOf(arg(args, 0))
	if p.isGlobal() {
		list := r.NewArray(nil)
		err := r.eachMatch(p, s, true, func(loc []int) error { return r.appendTo(list, groupText(s, loc, 0)) })
		if err != nil || len(list.vals) == 0 {
			return Null, err
		}
		return ObjectValue(list), nil
	}
	result := Null
	err := r.eachMatch(p, s, false, func(loc []int) (err error) {
		result, err = r.matchObject(p, s, loc)
		return err
	})
	return result, err
}

func stringMatchAll(r *Run, self Value, args []Value) (Value, error) {
	s, p, list := self.Str(), patternOf(arg(args, 0)), r.NewArray(nil)
	err := r.eachMatch(p, s, true, func(loc []int) error {
		m, err := r.matchObject(p, s, loc)
		if err != nil {
			return err
		}
		return r.appendTo(list, m)
	})
	return ObjectValue(list), err
}

func stringSearch(r *Run, self Value, args []Value) (Value, error) {
	s, at := self.Str(), -1
	err := r.eachMatch(patternOf(arg(args, 0)), s, false, func(loc []int) error {
		at = charCount(s[:loc[0]])
		return nil
	})
	return Int(int64(at)), err
}
