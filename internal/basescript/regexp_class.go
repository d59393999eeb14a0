package basescript

import (
	"slices"
	"sync"
	"unicode"
)

// class reads a character class, whose bracket was taken.
func (p *patternParser) class() {
	negated := p.take("^")
	if p.take("]") {
		if negated {
			p.write(anyChar)
		} else {
			p.write(noChar)
		}
		return
	}
	p.write("[")
	if negated {
		// The engine is wrong about where a match may begin if all but one character may begin it: no text
		// has these two.
		p.write(`^\ud800\udbff`)
	}
	for !p.take("]") {
		if !p.more() {
			p.fail("unterminated character class")
		}
		p.classItem()
	}
	p.write("]")
}

// classItem reads a character, a range or an escape for several characters.
func (p *patternParser) classItem() {
	from, single := p.classAtom()
	if len(p.in)-p.pos < 2 || p.in[p.pos] != '-' || p.in[p.pos+1] == ']' {
		p.classRange(from, from, single)
		return
	}
	p.pos++
	to, alsoSingle := p.classAtom()
	if !single || !alsoSingle { // next to \d and the like a hyphen means itself
		p.classRange(from, from, single)
		p.classRange('-', '-', true)
		p.classRange(to, to, alsoSingle)
		return
	}
	if from > to {
		p.fail("range out of order in a character class")
	}
	p.classRange(from, to, true)
}

// classAtom reads a character of a class; single is false for an escape that means several, which is
// written at once.
func (p *patternParser) classAtom() (c rune, single bool) {
	if !p.take(`\`) {
		return p.char(), true
	}
	if !p.more() {
		p.fail(`\ at the end`)
	}
	switch c := p.in[p.pos]; c {
	case 'd', 'D', 'w', 'W', 's', 'S':
		p.pos++
		p.write(`\` + string(c))
		return 0, false
	case 'b':
		p.pos++
		return '\b', true
	case 'p', 'P':
		if text, ok := p.property(); ok {
			p.write(text)
			return 0, false
		}
	}
	return p.charEscape(), true
}

// classRange writes a range and, where case is ignored, the other cases of its characters.
func (p *patternParser) classRange(from, to rune, single bool) {
	if !single {
		return
	}
	p.writeRange(from, to)
	if !p.flags.ignoreCase {
		return
	}
	var more []rune
	for _, c := range casedBetween(from, to) {
		if p.cases++; p.cases > maxPatternCases {
			p.fail("too large")
		}
		for _, v := range caseVariants(c, p.flags.unicode) {
			if v < from || v > to {
				more = append(more, v)
			}
		}
	}
	slices.Sort(more)
	more = slices.Compact(more)
	for len(more) > 0 {
		n := 1
		for n < len(more) && more[n] == more[n-1]+1 {
			n++
		}
		p.writeRange(more[0], more[n-1])
		more = more[n:]
	}
}

func (p *patternParser) writeRange(from, to rune) {
	p.writeChar(from)
	if to > from {
		p.write("-")
		p.writeChar(to)
	}
}

// casedChars are all characters that have more than one case, in order.
var casedChars = sync.OnceValue(func() []rune {
	var list []rune
	for c := rune(0); c <= lastCased; c++ {
		if unicode.SimpleFold(c) != c {
			list = append(list, c)
		}
	}
	return list
})

func casedBetween(from, to rune) []rune {
	cased := casedChars()
	begin, _ := slices.BinarySearch(cased, from)
	end, _ := slices.BinarySearch(cased, to+1)
	return cased[begin:end]
}

// lastCased is beyond all characters with more than one case.
const lastCased = 0x1ffff

// caseVariants returns the characters that are equal to c where case is ignored, c among them. Without
// the flag u that is so if their upper case is the same, and no character beyond ASCII equals an ASCII
// one (ECMA-262, Canonicalize).
func caseVariants(c rune, folded bool) []rune {
	next := unicode.SimpleFold(c)
	if next == c {
		return nil
	}
	list := []rune{c}
	for ; next != c; next = unicode.SimpleFold(next) {
		if folded || upperCase(next) == upperCase(c) {
			list = append(list, next)
		}
	}
	return list
}

func upperCase(c rune) rune {
	up := unicode.ToUpper(c)
	if c >= 0x80 && up < 0x80 {
		return c
	}
	return up
}
