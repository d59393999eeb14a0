package metrics

import (
	"strings"
	"sync/atomic"
	"time"
)

// Counter counts up. The zero value is ready; methods of nil do nothing. Safe for
// concurrent use.
type Counter struct{ n atomic.Uint64 }

// Inc adds one.
func (c *Counter) Inc() {
	if c != nil {
		c.n.Add(1)
	}
}

// Add adds n, which is not negative.
func (c *Counter) Add(n int) {
	if c != nil {
		c.n.Add(uint64(n))
	}
}

// Reach raises the counter to n, for what others have counted. It never goes back.
func (c *Counter) Reach(n uint64) {
	if c == nil {
		return
	}
	for {
		old := c.n.Load()
		if old >= n || c.n.CompareAndSwap(old, n) {
			return
		}
	}
}

// Gauge is a number that goes up and down. The zero value is ready; methods of
// nil do nothing. Safe for concurrent use.
type Gauge struct{ n atomic.Int64 }

// Add adds n.
func (g *Gauge) Add(n int) {
	if g != nil {
		g.n.Add(int64(n))
	}
}

// Set replaces the number.
func (g *Gauge) Set(n int64) {
	if g != nil {
		g.n.Store(n)
	}
}

// Histogram counts times by their length. Methods of nil do nothing. Safe for
// concurrent use.
type Histogram struct {
	bounds []float64
	counts []atomic.Uint64 // by bound, and those beyond all; each time is in one of them
	sum    atomic.Int64    // nanoseconds
}

func newHistogram(bounds []float64) *Histogram {
	return &Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// Observe counts a time.
func (h *Histogram) Observe(d time.Duration) {
	if h == nil {
		return
	}
	at, seconds := 0, d.Seconds()
	for at < len(h.bounds) && seconds > h.bounds[at] {
		at++
	}
	h.counts[at].Add(1)
	h.sum.Add(int64(d))
}

// Counters is a counter for each combination of label values.
type Counters struct{ family[Counter] }

// With returns the counter of the label values, in the order of the labels; the
// first call for them makes it. Without a registry it is nil.
func (c *Counters) With(values ...string) *Counter {
	if c == nil {
		return nil
	}
	return c.with(values)
}

func (c *Counters) collect(yield func(suffix string, labels []label, value float64)) {
	c.each(func(labels []label, figure *Counter) { yield("", labels, float64(figure.n.Load())) })
}

// Gauges is a gauge for each combination of label values.
type Gauges struct{ family[Gauge] }

// With is that of [Counters].
func (g *Gauges) With(values ...string) *Gauge {
	if g == nil {
		return nil
	}
	return g.with(values)
}

func (g *Gauges) collect(yield func(suffix string, labels []label, value float64)) {
	g.each(func(labels []label, figure *Gauge) { yield("", labels, float64(figure.n.Load())) })
}

// Histograms is a histogram for each combination of label values.
type Histograms struct{ family[Histogram] }

// With is that of [Counters].
func (h *Histograms) With(values ...string) *Histogram {
	if h == nil {
		return nil
	}
	return h.with(values)
}

func (h *Histograms) collect(yield func(suffix string, labels []label, value float64)) {
	h.each(func(labels []label, figure *Histogram) {
		// The count is that of the last bucket, whatever is observed meanwhile.
		total := uint64(0)
		for i := range figure.counts {
			total += figure.counts[i].Load()
			bound := "+Inf"
			if i < len(figure.bounds) {
				bound = number(figure.bounds[i])
			}
			yield("_bucket", append(labels[:len(labels):len(labels)], label{"le", bound}), float64(total))
		}
		yield("_sum", labels, time.Duration(figure.sum.Load()).Seconds())
		yield("_count", labels, float64(total))
	})
}

// reading is a gauge that is asked for.
type reading struct {
	head
	read func(set func(value float64, values ...string))
}

func (g *reading) collect(yield func(suffix string, labels []label, value float64)) {
	seen := map[string]bool{}
	g.read(func(value float64, values ...string) {
		key := strings.Join(values, separator)
		if seen[key] || len(seen) >= MaxSeries {
			return
		}
		seen[key] = true
		yield("", g.pairs(values), value)
	})
}

// Each keeps the figures of a room for each name, such as a service, so that busy
// code finds them without a lock and without an allocation. Names beyond
// [MaxSeries] share those of [Other]. Safe for concurrent use.
type Each[T any] struct{ family[T] }

// NewEach returns an Each whose figures fresh makes, once for each name.
func NewEach[T any](fresh func(name string) *T) *Each[T] {
	return &Each[T]{family[T]{
		head:  head{labels: []string{"name"}},
		fresh: func(values []string) *T { return fresh(values[0]) },
	}}
}

// Of returns the figures of a name, the same at each call.
func (e *Each[T]) Of(name string) *T {
	if s := e.load()[name]; s != nil {
		return s.figure
	}
	return e.add(name, []string{name})
}
