// Package exposition reads the text format of Prometheus as strictly as tests of
// it need: whatever a careful reader or promtool would complain about is an error.
package exposition

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Family is one metric.
type Family struct {
	Name, Help, Kind string
	Samples          []Sample
}

// Sample is one line.
type Sample struct {
	Name   string // with the suffix of a histogram or summary
	Labels map[string]string
	Value  float64
}

var (
	validName  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	validLabel = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// Parse returns the families by name. It wants HELP and then TYPE before the
// samples of each family, each family and series once, names in lower case,
// counters that end with _total and nothing else that does, base units, escaped
// label values, and histograms that are whole.
func Parse(text string) (map[string]*Family, error) {
	p := &parser{families: map[string]*Family{}, series: map[string]bool{}}
	if text != "" && !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("the last line does not end")
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if err := p.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n, line, err)
		}
	}
	for _, f := range p.families {
		if f.Kind == "" {
			return nil, fmt.Errorf("%s has no TYPE", f.Name)
		}
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return p.families, nil
}

type parser struct {
	families map[string]*Family
	series   map[string]bool
	now      *Family
}

func (p *parser) line(line string) error {
	if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
		name, help, _ := strings.Cut(rest, " ")
		switch {
		case !validName.MatchString(name):
			return fmt.Errorf("%q is no good name", name)
		case p.families[name] != nil:
			return fmt.Errorf("%s is there twice", name)
		case strings.TrimSpace(help) == "":
			return fmt.Errorf("%s has an empty HELP", name)
		}
		p.now = &Family{Name: name, Help: help}
		p.families[name] = p.now
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
		name, kind, _ := strings.Cut(rest, " ")
		if p.now == nil || p.now.Name != name || p.now.Kind != "" {
			return fmt.Errorf("TYPE of %s does not follow its HELP", name)
		}
		if !slices.Contains([]string{"counter", "gauge", "histogram", "summary"}, kind) {
			return fmt.Errorf("there is no kind %q", kind)
		}
		p.now.Kind = kind
		return nil
	}
	return p.sample(line)
}

func (p *parser) sample(line string) error {
	end := strings.IndexAny(line, "{ ")
	if end < 0 || p.now == nil || p.now.Kind == "" {
		return fmt.Errorf("a sample outside of a family")
	}
	s := Sample{Name: line[:end], Labels: map[string]string{}}
	if !slices.Contains(p.now.sampleNames(), s.Name) {
		return fmt.Errorf("not a sample of %s", p.now.Name)
	}
	rest := line[end:]
	var key []string
	if strings.HasPrefix(rest, "{") {
		var err error
		if key, rest, err = s.labels(rest[1:]); err != nil {
			return err
		}
	}
	value, ok := strings.CutPrefix(rest, " ")
	if !ok || strings.Contains(value, " ") {
		return fmt.Errorf("no single value behind a blank")
	}
	var err error
	if s.Value, err = strconv.ParseFloat(value, 64); err != nil {
		return err
	}
	slices.Sort(key)
	series := s.Name + "{" + strings.Join(key, ",")
	if p.series[series] {
		return fmt.Errorf("the series is there twice")
	}
	p.series[series] = true
	p.now.Samples = append(p.now.Samples, s)
	return nil
}

// labels reads what follows the opening brace, and returns name and value of each, and what is behind
// the closing one.
func (s *Sample) labels(text string) (pairs []string, rest string, err error) {
	for {
		name, after, ok := strings.Cut(text, `="`)
		if !ok || !validLabel.MatchString(name) {
			return nil, "", fmt.Errorf("%q is no label", text)
		}
		if _, twice := s.Labels[name]; twice {
			return nil, "", fmt.Errorf("the label %s is there twice", name)
		}
		value, after, err := unquote(after)
		if err != nil {
			return nil, "", err
		}
		s.Labels[name] = value
		pairs = append(pairs, name+"="+strconv.Quote(value))
		switch {
		case strings.HasPrefix(after, ","):
			text = after[1:]
		case strings.HasPrefix(after, "}"):
			return pairs, after[1:], nil
		default:
			return nil, "", fmt.Errorf("%q follows a label", after)
		}
	}
}

func unquote(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], nil
		case '\\':
			if i++; i == len(text) {
				return "", "", fmt.Errorf("a label value ends in a backslash")
			}
			switch text[i] {
			case '\\', '"':
				b.WriteByte(text[i])
			case 'n':
				b.WriteByte('\n')
			default:
				return "", "", fmt.Errorf("there is no escape \\%c", text[i])
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return "", "", fmt.Errorf("a label value does not end")
}

func (f *Family) sampleNames() []string {
	switch f.Kind {
	case "histogram":
		return []string{f.Name + "_bucket", f.Name + "_sum", f.Name + "_count"}
	case "summary":
		return []string{f.Name, f.Name + "_sum", f.Name + "_count"}
	}
	return []string{f.Name}
}

// otherUnits are those that Prometheus wants in base units: seconds and bytes.
var otherUnits = []string{"_ms", "_milliseconds", "_minutes", "_hours", "_kb", "_mb", "_kilobytes", "_megabytes", "_percent"}

func (f *Family) check() error {
	if total := strings.HasSuffix(f.Name, "_total"); total != (f.Kind == "counter") {
		return fmt.Errorf("a %s of this name", f.Kind)
	}
	for _, unit := range otherUnits {
		if strings.HasSuffix(strings.TrimSuffix(f.Name, "_total"), unit) {
			return fmt.Errorf("not in base units")
		}
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if strings.HasSuffix(f.Name, suffix) {
			return fmt.Errorf("a name that ends like a part of a histogram")
		}
	}
	for _, s := range f.Samples {
		if f.Kind == "counter" && (s.Value < 0 || math.IsNaN(s.Value)) {
			return fmt.Errorf("a counter of %v", s.Value)
		}
	}
	if f.Kind == "histogram" {
		return f.checkBuckets()
	}
	return nil
}

// checkBuckets: the buckets of each series ascend in bound and count, end in +Inf, and agree with the
// count; there is a sum.
func (f *Family) checkBuckets() error {
	type series struct {
		bound, count, total float64
		sum, ended          bool
	}
	all := map[string]*series{}
	for _, s := range f.Samples {
		var key []string
		for name, value := range s.Labels {
			if name != "le" {
				key = append(key, name+"="+strconv.Quote(value))
			}
		}
		slices.Sort(key)
		of := all[strings.Join(key, ",")]
		if of == nil {
			of = &series{bound: math.Inf(-1), total: -1}
			all[strings.Join(key, ",")] = of
		}
		switch s.Name {
		case f.Name + "_sum":
			of.sum = true
		case f.Name + "_count":
			of.total = s.Value
		default:
			bound, err := strconv.ParseFloat(s.Labels["le"], 64)
			if err != nil {
				return fmt.Errorf("a bucket without a bound: %v", s)
			}
			if bound <= of.bound || s.Value < of.count {
				return fmt.Errorf("buckets that do not ascend: %v", s)
			}
			of.bound, of.count, of.ended = bound, s.Value, math.IsInf(bound, 1)
		}
	}
	for key, of := range all {
		if !of.ended || !of.sum || of.total != of.count {
			return fmt.Errorf("the histogram of {%s} is not whole", key)
		}
	}
	return nil
}
