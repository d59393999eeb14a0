package docs

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/metrics/exposition"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

const (
	metricsBegin = "<!-- metrics: written by go test ./test/docs -update -->\n"
	metricsEnd   = "<!-- end of metrics -->\n"
)

// TestMetrics: the tables of metrics are what a server shows, no less and no more. -update rewrites them;
// a translation keeps its sentences, and has one for each.
func TestMetrics(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems lack some figures of the process")
	}
	families := metricsShown(t)
	for name, heading := range map[string]string{
		"docs/en/metrics.md": "| name | kind | labels | meaning |",
		"docs/ru/metrics.md": "| имя | вид | метки | что значит |",
	} {
		text := readPage(t, name).text
		before, rest, ok := strings.Cut(text, metricsBegin)
		old, after, ended := strings.Cut(rest, metricsEnd)
		if !ok || !ended {
			t.Errorf("%s has no marks %q and %q", name, metricsBegin, metricsEnd)
			continue
		}
		table := metricsTable(heading, families, metricMeanings(t, name, old, families))
		if table == old {
			continue
		}
		if !*update {
			t.Errorf("the table of %s is not what a server shows; go test ./test/docs -update rewrites it:\n%s", name, table)
			continue
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(before+metricsBegin+table+metricsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// metricName is one of ours in a query.
var metricName = regexp.MustCompile(`\btutorsocket_[a-z_]+`)

// metricsShown is what a server shows when each of its rooms has had something to do.
func metricsShown(t *testing.T) map[string]*exposition.Family {
	t.Helper()
	s := servertest.Start(t, servertest.Settings(func(c *config.Config) {
		c.Resume.Window = time.Second
		c.Limits.UserMessages = 1e6 // dev has no limits
	}))
	s.Traffic(t)
	s.Away(t)
	s.Dial(t, "echo", "open").Next(t)
	families := familiesOf(t, s)
	node, _ := servertest.Nodes(t)
	for name, family := range familiesOf(t, node) {
		if families[name] == nil { // in clusters only
			families[name] = family
		}
	}
	return families
}

func familiesOf(t *testing.T, s *servertest.Server) map[string]*exposition.Family {
	t.Helper()
	resp, err := http.Get(s.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	families, err := exposition.Parse(string(body))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

var metricRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| .* \\| (.*) \\|$")

// metricMeanings is what the table says of each metric: the program's own sentence, or the one the
// translation has already.
func metricMeanings(t *testing.T, name, old string, families map[string]*exposition.Family) map[string]string {
	said := map[string]string{}
	translated := strings.HasPrefix(name, "docs/ru/")
	if translated {
		for _, m := range metricRow.FindAllStringSubmatch(old, -1) {
			said[m[1]] = m[2]
		}
	}
	for _, f := range families {
		help := cell.Replace(f.Help)
		if translated && (said[f.Name] == "" || said[f.Name] == help) {
			t.Errorf("%s: the meaning of %s is not translated: %s", name, f.Name, help)
		}
		if said[f.Name] == "" {
			said[f.Name] = help
		}
	}
	return said
}

func metricsTable(heading string, families map[string]*exposition.Family, meaning map[string]string) string {
	var b strings.Builder
	b.WriteString(heading + "\n| --- | --- | --- | --- |\n")
	names := slices.Sorted(maps.Keys(families))
	slices.SortStableFunc(names, func(a, b string) int { // ours first
		return strings.Compare(fmt.Sprint(!strings.HasPrefix(a, "tutorsocket_")), fmt.Sprint(!strings.HasPrefix(b, "tutorsocket_")))
	})
	for _, name := range names {
		f := families[name]
		labels := map[string]bool{}
		for _, s := range f.Samples {
			for l := range s.Labels {
				if l != "le" && l != "quantile" {
					labels["`"+l+"`"] = true
				}
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, f.Kind, strings.Join(slices.Sorted(maps.Keys(labels)), ", "), meaning[name])
	}
	return b.String()
}
