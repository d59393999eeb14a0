package gojabench

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

var (
	ratios = flag.Bool("ratios", false, "measure both sides in turns and print medians, ratios and bars")
	rounds = flag.Int("rounds", 9, "rounds of -ratios")
	only   = flag.String("only", "", "measure this row of -ratios alone")
)

// roundTime is how long a side works in one round.
const roundTime = 30 * time.Millisecond

// TestRatios prints the table of speed beside goja. It judges nothing unless it is asked to run: a busy
// machine is no fault of the evaluator.
func TestRatios(t *testing.T) {
	if !*ratios {
		t.Skip("needs -ratios")
	}
	// Garbage is collected on the same processor as it is made: with a second one, how much of that idle
	// processor the collector takes would be chance.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "work\tours\tgoja\tratio\tbar\t")
	for _, w := range works {
		if *only != "" && *only != w.name {
			continue
		}
		ours, theirs := inTurns(oursOf(t, w), gojaOf(t, w))
		ratio := float64(theirs) / float64(ours)
		fmt.Fprintf(out, "%s\t%v\t%v\t%.1f\t>= %g\t%s\n", w.name, ours, theirs, ratio, w.bar, verdict(ratio >= w.bar))
	}
	for _, w := range fixedWorks(t) {
		if *only != "" && *only != w.name {
			continue
		}
		ours, theirs := inTurns(w.ours, w.goja)
		fmt.Fprintf(out, "%s\t%v\t%v\t%.1f\t<= %v\t%s\n", w.name, ours, theirs, float64(theirs)/float64(ours), w.bar, verdict(ours <= w.bar))
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

func verdict(ok bool) string {
	if ok {
		return ""
	}
	return "BELOW"
}

// inTurns measures two sides by turns, so that a machine busy for a while harms both, and returns the
// medians of the processor time of one turn.
func inTurns(ours, theirs func() string) (a, b time.Duration) {
	countA, countB := turnsPerRound(ours), turnsPerRound(theirs)
	var timesA, timesB []time.Duration
	for range *rounds {
		timesA = append(timesA, timed(ours, countA))
		timesB = append(timesB, timed(theirs, countB))
	}
	slices.Sort(timesA)
	slices.Sort(timesB)
	return timesA[len(timesA)/2], timesB[len(timesB)/2]
}

func turnsPerRound(turn func() string) int {
	turn() // warm
	began, n := time.Now(), 0
	for time.Since(began) < roundTime {
		turn()
		n++
	}
	return n
}

// timed is the processor time of one turn. Each side begins with a clean heap and pays for its own
// garbage.
func timed(turn func() string, count int) time.Duration {
	runtime.GC()
	began := clock()
	for range count {
		turn()
	}
	return (clock() - began) / time.Duration(count)
}
