package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// MaxSeries is the most label values, or combinations of them, that a family
// tells apart. All beyond are one series, whose labels are [Other].
const MaxSeries = 1000

// Other stands for label values that are not told apart.
const Other = "other"

// Registry holds the families of one node. Methods are safe for concurrent use;
// on a nil Registry they do nothing and return nil.
type Registry struct {
	mu       sync.Mutex // guards what follows
	families map[string]collector
	before   []func()
}

// New returns an empty registry.
func New() *Registry { return &Registry{families: map[string]collector{}} }

// collector is a family as the registry sees it.
type collector interface {
	about() *head
	// collect calls yield with each sample: what its name ends with beyond that of the family, its
	// labels, its value.
	collect(yield func(suffix string, labels []label, value float64))
}

// head is what a family is.
type head struct {
	name, help, kind string
	labels           []string
}

func (h *head) about() *head { return h }

type label struct{ name, value string }

// BeforeWrite has fn called before figures are read, to fetch what others keep.
// It must not register anything.
func (r *Registry) BeforeWrite(fn func()) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = append(r.before, fn)
}

// Counter registers a counter without labels. Its name ends with _total. A second
// registration of any family returns the first; with other labels or of another
// kind it panics.
func (r *Registry) Counter(name, help string) *Counter { return r.Counters(name, help).With() }

// Counters registers a counter with labels.
func (r *Registry) Counters(name, help string, labels ...string) *Counters {
	return register(r, head{name, help, "counter", labels}, func(h head) *Counters {
		return &Counters{family[Counter]{head: h, fresh: func([]string) *Counter { return new(Counter) }}}
	})
}

// Gauge registers a gauge without labels that the room sets.
func (r *Registry) Gauge(name, help string) *Gauge { return r.Gauges(name, help).With() }

// Gauges registers a gauge with labels that the room sets.
func (r *Registry) Gauges(name, help string, labels ...string) *Gauges {
	return register(r, head{name, help, "gauge", labels}, func(h head) *Gauges {
		return &Gauges{family[Gauge]{head: h, fresh: func([]string) *Gauge { return new(Gauge) }}}
	})
}

// Read registers a gauge that read reports each time it is asked: set is called
// once for each combination of label values there is. read runs on the goroutine
// of whoever asks, by several at once.
func (r *Registry) Read(name, help string, labels []string, read func(set func(value float64, values ...string))) {
	register(r, head{name, help, "gauge", labels}, func(h head) *reading { return &reading{h, read} })
}

// Histograms registers a histogram of times with labels. bounds are the upper
// bounds of its buckets in seconds, ascending, without the infinite one.
func (r *Registry) Histograms(name, help string, bounds []float64, labels ...string) *Histograms {
	return register(r, head{name, help, "histogram", labels}, func(h head) *Histograms {
		return &Histograms{family[Histogram]{head: h, fresh: func([]string) *Histogram { return newHistogram(bounds) }}}
	})
}

// register adds a family, or returns the one of that name; the zero value without a registry.
func register[C collector](r *Registry, h head, fresh func(head) C) C {
	if r == nil {
		var none C
		return none
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.families[h.name]; ok {
		same, ok := old.(C)
		if !ok || !slices.Equal(old.about().labels, h.labels) {
			panic(fmt.Sprintf("metrics: %s is registered twice, and not as the same", h.name))
		}
		return same
	}
	c := fresh(h)
	r.families[h.name] = c
	return c
}

// sorted returns the families by name, after what is to be done before they are read.
func (r *Registry) sorted() []collector {
	r.mu.Lock()
	before := slices.Clone(r.before)
	names := slices.Sorted(maps.Keys(r.families))
	all := make([]collector, len(names))
	for i, name := range names {
		all[i] = r.families[name]
	}
	r.mu.Unlock()
	for _, fn := range before {
		fn()
	}
	return all
}

// Sum adds up the series of a counter or gauge, of those whose labels have the
// values given: names and values by turns. A family that does not exist is 0. What
// BeforeWrite fetches is as old as the last Write.
func (r *Registry) Sum(name string, match ...string) float64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	c := r.families[name]
	r.mu.Unlock()
	if c == nil {
		return 0
	}
	sum := 0.0
	c.collect(func(_ string, labels []label, value float64) {
		for i := 0; i+1 < len(match); i += 2 {
			if !slices.Contains(labels, label{match[i], match[i+1]}) {
				return
			}
		}
		sum += value
	})
	return sum
}

// family is one metric with a T for each combination of label values. Finding one takes no lock.
type family[T any] struct {
	head
	fresh func(values []string) *T

	known atomic.Pointer[map[string]*series[T]] // by the values, joined; replaced as a whole
	mu    sync.Mutex                            // held while it is replaced
}

type series[T any] struct {
	values []string
	figure *T
}

// separator cannot stand in a valid label value.
const separator = "\xff"

func (f *family[T]) with(values []string) *T {
	key := strings.Join(values, separator)
	if s := f.load()[key]; s != nil {
		return s.figure
	}
	return f.add(key, values)
}

func (f *family[T]) load() map[string]*series[T] {
	if known := f.known.Load(); known != nil {
		return *known
	}
	return nil
}

// add makes a series, unless there are too many.
func (f *family[T]) add(key string, values []string) *T {
	if len(values) != len(f.labels) {
		panic(fmt.Sprintf("metrics: %s has the labels %v, and got %d values", f.name, f.labels, len(values)))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.load()
	if s := known[key]; s != nil {
		return s.figure
	}
	kept := slices.Clone(values)
	for i := range kept {
		kept[i] = strings.Clone(strings.ToValidUTF8(kept[i], "\uFFFD"))
	}
	if len(known) >= MaxSeries {
		for i := range kept {
			kept[i] = Other
		}
	}
	key = strings.Join(kept, separator)
	if s := known[key]; s != nil {
		return s.figure
	}
	s := &series[T]{kept, f.fresh(kept)}
	next := make(map[string]*series[T], len(known)+1)
	maps.Copy(next, known)
	next[key] = s
	f.known.Store(&next)
	return s.figure
}

// each visits the series, ordered by their labels.
func (f *family[T]) each(visit func(labels []label, figure *T)) {
	known := f.load()
	for _, key := range slices.Sorted(maps.Keys(known)) {
		s := known[key]
		visit(f.pairs(s.values), s.figure)
	}
}

func (h *head) pairs(values []string) []label {
	pairs := make([]label, len(values))
	for i, v := range values {
		pairs[i] = label{h.labels[i], v}
	}
	return pairs
}
