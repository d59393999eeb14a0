package metrics_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/metrics/exposition"
)

// written returns what a registry writes, without the figures of the runtime.
func written(t *testing.T, r *metrics.Registry) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := exposition.Parse(b.String()); err != nil {
		t.Fatalf("it does not keep to the format: %v\n%s", err, b.String())
	}
	ours, _, _ := strings.Cut(b.String(), "# HELP go_")
	return ours
}

func TestWrite(t *testing.T) {
	r := metrics.New()
	r.Counter("b_total", "What was done\nin a \\ place.").Add(3)
	c := r.Counters("a_total", "By two labels.", "service", "reason")
	c.With("x\"y\\z\nw", "r").Inc()
	c.With("a", "r").Add(2)
	c.With("bad \xc3 text", "r").Inc()
	r.Gauge("c_bytes", "A level.").Add(-7)
	r.Counters("empty_total", "Nothing yet.", "reason")
	r.Read("d_items", "Asked for.", []string{"kind"}, func(set func(float64, ...string)) {
		set(1.5, "one")
		set(2, "two")
		set(9, "one") // once for each label value
	})
	h := r.Histograms("e_seconds", "Times.", []float64{.01, 1}, "service").With("s")
	for _, d := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, time.Minute} {
		h.Observe(d)
	}
	want := `# HELP a_total By two labels.
# TYPE a_total counter
a_total{service="a",reason="r"} 2
a_total{service="bad � text",reason="r"} 1
a_total{service="x\"y\\z\nw",reason="r"} 1
# HELP b_total What was done\nin a \\ place.
# TYPE b_total counter
b_total 3
# HELP c_bytes A level.
# TYPE c_bytes gauge
c_bytes -7
# HELP d_items Asked for.
# TYPE d_items gauge
d_items{kind="one"} 1.5
d_items{kind="two"} 2
# HELP e_seconds Times.
# TYPE e_seconds histogram
e_seconds_bucket{service="s",le="0.01"} 2
e_seconds_bucket{service="s",le="1"} 3
e_seconds_bucket{service="s",le="+Inf"} 4
e_seconds_sum{service="s"} 60.031
e_seconds_count{service="s"} 4
# HELP empty_total Nothing yet.
# TYPE empty_total counter
`
	if got := written(t, r); got != want {
		t.Errorf("it writes\n%s\nwant\n%s", got, want)
	}
}

func TestRuntimeFigures(t *testing.T) {
	var b bytes.Buffer
	if err := metrics.New().Write(&b); err != nil {
		t.Fatal(err)
	}
	families, err := exposition.Parse(b.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go_goroutines", "go_memstats_alloc_bytes", "go_gc_duration_seconds", "process_cpu_seconds_total"} {
		if f := families[name]; f == nil || len(f.Samples) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestNothingIsCountedWithoutARegistry(t *testing.T) {
	var r *metrics.Registry
	r.Counter("a_total", "").Inc()
	r.Counters("b_total", "", "x").With("1").Add(2)
	r.Counters("b_total", "", "x").With("1").Reach(2)
	r.Gauge("c", "").Add(1)
	r.Gauges("d", "", "x").With("1").Set(1)
	r.Histograms("e_seconds", "", []float64{1}, "x").With("1").Observe(time.Second)
	r.Read("f", "", nil, func(func(float64, ...string)) { t.Error("it was asked") })
	r.BeforeWrite(func() { t.Error("it was called") })
	var b bytes.Buffer
	if err := r.Write(&b); err != nil || b.Len() > 0 || r.Sum("a_total") != 0 {
		t.Errorf("it writes %q, error %v", b.String(), err)
	}
}

func TestSecondRegistration(t *testing.T) {
	r := metrics.New()
	r.Counters("a_total", "A.", "x").With("1").Inc()
	r.Counters("a_total", "A.", "x").With("1").Inc()
	if n := r.Sum("a_total"); n != 2 {
		t.Errorf("the same family counts %v", n)
	}
	for what, register := range map[string]func(){
		"another kind":   func() { r.Gauges("a_total", "A.", "x") },
		"other labels":   func() { r.Counters("a_total", "A.", "y") },
		"too few labels": func() { r.Counters("a_total", "A.", "x").With() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", what)
				}
			}()
			register()
		}()
	}
}

func TestSum(t *testing.T) {
	r := metrics.New()
	c := r.Counters("a_total", "A.", "service", "direction")
	c.With("x", "in").Add(1)
	c.With("y", "in").Add(10)
	c.With("y", "out").Add(100)
	for _, test := range []struct {
		match []string
		want  float64
	}{{nil, 111}, {[]string{"direction", "in"}, 11}, {[]string{"service", "y", "direction", "in"}, 10}, {[]string{"service", "z"}, 0}} {
		if n := r.Sum("a_total", test.match...); n != test.want {
			t.Errorf("sum of %v is %v, want %v", test.match, n, test.want)
		}
	}
	if n := r.Sum("none_total"); n != 0 {
		t.Errorf("sum of nothing is %v", n)
	}
}

func TestAForeignCounterNeverGoesBack(t *testing.T) {
	r := metrics.New()
	c := r.Counter("a_total", "A.")
	for _, n := range []uint64{5, 3, 7} {
		c.Reach(n)
	}
	if n := r.Sum("a_total"); n != 7 {
		t.Errorf("it is %v", n)
	}
}

// TestSeriesAreBounded: whatever comes as a label value, a family does not grow
// without end, and nothing that happened is lost.
func TestSeriesAreBounded(t *testing.T) {
	r := metrics.New()
	c := r.Counters("a_total", "A.", "x", "y")
	each := metrics.NewEach(func(string) *int { return new(int) })
	name := ""
	const most = metrics.MaxSeries + 50
	for range most {
		name += "n"
		c.With(name, "y").Inc()
		*each.Of(name)++
	}
	families, err := exposition.Parse(written(t, r))
	if err != nil {
		t.Fatal(err)
	}
	samples := families["a_total"].Samples
	if len(samples) != metrics.MaxSeries+1 || r.Sum("a_total") != most || r.Sum("a_total", "x", metrics.Other, "y", metrics.Other) != 50 {
		t.Errorf("%d series, %v in all", len(samples), r.Sum("a_total"))
	}
	if *each.Of(name) != 50 || each.Of(name) != each.Of(metrics.Other) || *each.Of("n") != 1 {
		t.Errorf("the rest counts %d", *each.Of(name))
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	r := metrics.New()
	c, g := r.Counters("a_total", "A.", "x"), r.Gauge("b", "B.")
	h := r.Histograms("c_seconds", "C.", []float64{1}, "x").With("s")
	each := metrics.NewEach(func(name string) *metrics.Counter { return c.With(name) })
	each.Of("s").Inc()
	if n := testing.AllocsPerRun(100, func() {
		c.With("s").Inc()
		each.Of("s").Add(2)
		g.Add(1)
		h.Observe(time.Second)
	}); n != 0 {
		t.Errorf("counting allocates %v times", n)
	}
}

func TestManyCountAndRead(t *testing.T) {
	r := metrics.New()
	c := r.Counters("a_total", "A.", "x")
	h := r.Histograms("b_seconds", "B.", []float64{.001, 1}, "x")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 500 {
				name := string(rune('a' + i))
				c.With(name).Inc()
				h.With(name).Observe(time.Millisecond)
			}
		})
		wg.Go(func() {
			for range 20 {
				var b bytes.Buffer
				if err := r.Write(&b); err != nil {
					t.Error(err)
				}
				if _, err := exposition.Parse(b.String()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := r.Sum("a_total"); n != 2000 {
		t.Errorf("%v were counted", n)
	}
}

func BenchmarkCounterOfAService(b *testing.B) {
	c := metrics.New().Counters("a_total", "A.", "service")
	each := metrics.NewEach(func(name string) *metrics.Counter { return c.With(name) })
	for b.Loop() {
		each.Of("main_ws_service").Inc()
	}
}
