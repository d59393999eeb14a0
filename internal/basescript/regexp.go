package basescript

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dlclark/regexp2/v2/syntax"
)

// pattern is a compiled regular expression, immutable and shared by all runs.
type pattern struct {
	source string
	flags  patternFlags
	names  []string // of the groups, the whole match first; "" for one without
	size   int      // what it takes in memory, roughly
	// usual keeps a bounded backtracking stack and gives up after patienceHere; spacious has more room.
	usual    *regexp2.Regexp
	spacious func() (*regexp2.Regexp, error)
}

const (
	// patienceHere is how long a match is tried on the run's own goroutine. Nearly every match ends
	// sooner; one that does not is begun anew where the end of the run's context can be noticed.
	patienceHere = 25 * time.Millisecond
	// patience bounds a single match whatever the budgets of the run.
	patience = 10 * time.Second
	// clockPeriod is how exact the engine keeps its time.
	clockPeriod = 5 * time.Millisecond

	// Slots of the engine's backtracking stack, eight bytes each, and what a match with the larger one may
	// take in bytes.
	usualStack    = 100_000
	spaciousStack = 2_000_000
	spaciousBytes = 40 << 20
)

func init() { regexp2.SetTimeoutCheckPeriod(clockPeriod) }

// patterns holds compiled patterns by source and flags. It is bounded: patterns built from data never
// fill memory.
var patterns patternCache

type patternCache struct {
	mu    sync.Mutex
	known map[patternKey]*pattern
	bytes int
}

type patternKey struct{ source, flags string }

const (
	maxCachedPatterns = 1000
	maxCachedPattern  = 128 << 10 // bytes of all patterns
)

// compilePattern returns the compiled pattern. The error says what is wrong with it or with its flags.
func compilePattern(source, flags string) (*pattern, error) {
	f, err := parsePatternFlags(flags)
	if err != nil {
		return nil, err
	}
	if len(source) > maxPattern {
		return nil, errLongPattern()
	}
	key := patternKey{source, f.String()}
	patterns.mu.Lock()
	p := patterns.known[key]
	patterns.mu.Unlock()
	if p != nil {
		return p, nil
	}
	key.source = strings.Clone(source) // it may be part of a message
	if p, err = newPattern(key.source, f); err != nil {
		return nil, err
	}
	patterns.add(key, p)
	return p, nil
}

func (c *patternCache) add(key patternKey, p *pattern) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := len(key.source)
	if c.known == nil || len(c.known) >= maxCachedPatterns || c.bytes+size > maxCachedPattern {
		c.known, c.bytes = make(map[patternKey]*pattern), 0
	}
	if c.known[key] == nil {
		c.known[key] = p
		c.bytes += size
	}
}

// What a compiled pattern takes in bytes: at least, and for each byte given to the engine.
const (
	patternBase = 2300
	patternPer  = 12
)

func newPattern(source string, flags patternFlags) (*pattern, error) {
	ready, names, err := translatePattern(source, flags)
	if err != nil {
		return nil, err
	}
	p := &pattern{source: source, flags: flags, names: names, size: patternBase + patternPer*len(ready)}
	if p.usual, err = compileEngine(source, ready, usualStack); err != nil {
		return nil, err
	}
	p.usual.MatchTimeout = patienceHere
	p.spacious = sync.OnceValues(func() (*regexp2.Regexp, error) { return compileEngine(source, ready, spaciousStack) })
	return p, nil
}

func compileEngine(source, ready string, stack int) (re *regexp2.Regexp, err error) {
	defer func() {
		if p := recover(); p != nil { // the borrowed engine must not take the process down
			re, err = nil, errPattern(source, "it cannot be compiled")
		}
	}()
	re, err = regexp2.Compile(ready, regexp2.ECMAScript|regexp2.Unicode|regexp2.Singleline, regexp2.OptionMaxBacktrackingStackSize(stack))
	if err == nil {
		return re, nil
	}
	var fault *syntax.Error
	if errors.As(err, &fault) && fault.Code == syntax.ErrUnknownSlashP {
		return nil, errPattern(source, "unknown property of characters")
	}
	return nil, errPattern(source, "it cannot be compiled")
}

// compilePattern is the same, charged to the run.
func (r *Run) compilePattern(source, flags string) (*pattern, error) {
	if err := r.Step(8 + len(source)/4); err != nil {
		return nil, err
	}
	p, err := compilePattern(source, flags)
	if err != nil {
		return nil, err
	}
	return p, r.Alloc(p.size)
}

// found is a match: the byte positions of the whole and of each group, -1 for one that took no part, and
// the characters before the match and before its end.
type found struct {
	loc        []int
	index, end int
}

// find returns the first match at or after a character position, nil if there is none. It ends with the
// run's budgets.
func (p *pattern) find(r *Run, s *subject, from int) (*found, error) {
	if from > len(s.chars) {
		return nil, nil
	}
	if err := r.Step(1 + len(p.names)/8); err != nil {
		return nil, err
	}
	if err := r.Alloc(sizeFound + 64*len(p.names)); err != nil {
		return nil, err
	}
	m, err := p.match(r, s, from)
	if err != nil || m == nil {
		return nil, err
	}
	f := &found{loc: make([]int, 0, 2*len(p.names)), index: m.RuneIndex, end: m.RuneIndex + m.RuneLength}
	f.loc = append(f.loc, s.offset(f.index), s.offset(f.end))
	for group := 1; group < len(p.names); group++ {
		g := m.GroupByNumber(group)
		if g == nil || len(g.Captures) == 0 {
			f.loc = append(f.loc, -1, -1)
			continue
		}
		f.loc = append(f.loc, s.offset(g.RuneIndex), s.offset(g.RuneIndex+g.RuneLength))
	}
	return f, nil
}

// sizeFound is what a match takes beside its groups.
const sizeFound = 400

// match tries the usual way first. What needs more time is tried once more where the run's context can
// end it; what needs more memory, with memory charged to the run.
func (p *pattern) match(r *Run, s *subject, from int) (*regexp2.Match, error) {
	left, e := r.remaining(patience)
	if e != nil {
		return nil, e
	}
	re := p.usual
	if left < patienceHere {
		re = withPatience(re, left)
	}
	m, err := re.FindRunesMatchStartingAt(s.chars, from)
	if err != nil && !errors.Is(err, regexp2.ErrBacktrackingStackLimit) { // its time was over
		m, err = matchLong(r, p.usual, s, from)
	}
	if !errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		return m, err
	}
	if e := r.alloc(spaciousBytes); e != nil {
		return nil, e
	}
	if re, err = p.spacious(); err != nil {
		return nil, NewError(err.Error())
	}
	m, err = matchLong(r, re, s, from)
	if errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		err = NewError("The regular expression takes too much memory on this text")
	}
	return m, err
}

// withPatience returns the same expression with another time-out.
func withPatience(re *regexp2.Regexp, d time.Duration) *regexp2.Regexp {
	c := *re
	c.MatchTimeout = d
	return &c
}

// matchLong waits for a match that takes long. The engine cannot be interrupted: where the run's context
// ends first, the match is left alone and ends by its own time-out, at most patience later.
func matchLong(r *Run, re *regexp2.Regexp, s *subject, from int) (*regexp2.Match, error) {
	for {
		left, e := r.remaining(patience)
		if e != nil {
			return nil, e
		}
		select {
		case got := <-matchAside(withPatience(re, left), s.chars, from):
			switch {
			case got.err == nil:
				return got.match, nil
			case errors.Is(got.err, regexp2.ErrBacktrackingStackLimit):
				return nil, got.err
			case errors.Is(got.err, errEngineFailed):
				return nil, NewError("The regular expression cannot be matched with this text")
			case left == patience:
				return nil, Errorf("The regular expression takes more than %v on this text", patience)
			}
		case <-r.ctx.Done():
			r.forget(s)
			return nil, r.stopByContext()
		}
	}
}

type matchResult struct {
	match *regexp2.Match
	err   error
}

var errEngineFailed = errors.New("the engine failed")

// matchAside matches on a goroutine of its own, which ends with the match or its time-out.
func matchAside(re *regexp2.Regexp, chars []rune, from int) <-chan matchResult {
	done := make(chan matchResult, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil { // the borrowed engine must not take the process down
				done <- matchResult{err: errEngineFailed}
			}
		}()
		m, err := re.FindRunesMatchStartingAt(chars, from)
		done <- matchResult{m, err}
	}()
	return done
}
