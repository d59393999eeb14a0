package exposition_test

import (
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/metrics/exposition"
)

const head = "# HELP a_total A.\n# TYPE a_total counter\n"

func TestParse(t *testing.T) {
	families, err := exposition.Parse(head + `a_total{x="a\"\\\n}, b",y=""} 3` + "\n")
	if err != nil {
		t.Fatal(err)
	}
	s := families["a_total"].Samples
	if len(s) != 1 || s[0].Value != 3 || s[0].Labels["x"] != "a\"\\\n}, b" {
		t.Errorf("%+v", s)
	}
}

// TestFaults: each of these is what a test of an exposition is to find.
func TestFaults(t *testing.T) {
	const histogram = "# HELP h_seconds H.\n# TYPE h_seconds histogram\n"
	for what, text := range map[string]string{
		"no line end":            head + "a_total 1",
		"no HELP":                "# TYPE a_total counter\na_total 1\n",
		"empty HELP":             "# HELP a_total \n# TYPE a_total counter\n",
		"no TYPE":                "# HELP a_total A.\na_total 1\n",
		"no TYPE, no sample":     "# HELP a_total A.\n",
		"no family":              "a_total 1\n",
		"another family":         head + "b_total 1\n",
		"a family twice":         head + head,
		"a series twice":         head + "a_total{x=\"1\",y=\"2\"} 1\na_total{y=\"2\",x=\"1\"} 1\n",
		"a label twice":          head + "a_total{x=\"1\",x=\"2\"} 1\n",
		"a counter's name":       "# HELP a A.\n# TYPE a counter\n",
		"a gauge's name":         "# HELP a_total A.\n# TYPE a_total gauge\n",
		"a unit":                 "# HELP a_ms A.\n# TYPE a_ms gauge\n",
		"a reserved suffix":      "# HELP a_count A.\n# TYPE a_count gauge\n",
		"upper case":             "# HELP aB A.\n# TYPE aB gauge\n",
		"no value":               head + "a_total\n",
		"no number":              head + "a_total one\n",
		"below nothing":          head + "a_total -1\n",
		"an open quote":          head + "a_total{x=\"1} 1\n",
		"an unescaped quote":     head + "a_total{x=\"1\"2\"} 1\n",
		"an unknown escape":      head + "a_total{x=\"\\t\"} 1\n",
		"an unescaped line end":  head + "a_total{x=\"1\n2\"} 1\n",
		"no +Inf":                histogram + "h_seconds_bucket{le=\"1\"} 1\nh_seconds_sum 1\nh_seconds_count 1\n",
		"buckets that fall":      histogram + "h_seconds_bucket{le=\"1\"} 2\nh_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_sum 1\nh_seconds_count 1\n",
		"bounds that fall":       histogram + "h_seconds_bucket{le=\"2\"} 1\nh_seconds_bucket{le=\"1\"} 1\nh_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_sum 1\nh_seconds_count 1\n",
		"a count that disagrees": histogram + "h_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_sum 1\nh_seconds_count 2\n",
		"no sum":                 histogram + "h_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_count 1\n",
	} {
		if _, err := exposition.Parse(text); err == nil {
			t.Errorf("%s is not found:\n%s", what, strings.TrimSpace(text))
		}
	}
}
