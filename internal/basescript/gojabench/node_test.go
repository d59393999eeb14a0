package gojabench

import (
	"encoding/json"
	"flag"
	"os/exec"
	"strings"
	"testing"
)

var nodePrograms = flag.Int("node", 0, "random programs TestRandomProgramsAgreeWithNode compares; needs node on the PATH")

// nodeJudge runs the programs of its input and writes what each prints.
const nodeJudge = `
const vm = require('vm'), results = [];
for (const src of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
	let text = '';
	const context = vm.createContext({ out: v => { text += v + '\n'; } });
	try { vm.runInContext('"use strict";' + src + "\nmain('')", context, { timeout: 5000 }); } catch (e) { text += 'node: ' + e + '\n'; }
	results.push(text);
}
console.log(JSON.stringify(results));
`

func nodeOutputs(t testing.TB, sources []string) []string {
	t.Helper()
	in, err := json.Marshal(sources)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "-e", nodeJudge)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var results []string
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatal(err)
	}
	return results
}

// TestRandomProgramsAgreeWithNode compares with Node, a judge without goja's faults: programs that mix let,
// try and evaluated text. It runs where asked for.
func TestRandomProgramsAgreeWithNode(t *testing.T) {
	const batch = 500
	differ := 0
	for done := 0; done < *nodePrograms; done += batch {
		var sources []string
		for i := range min(batch, *nodePrograms-done) {
			sources = append(sources, generateAny(*firstSeed+uint64(done+i)))
		}
		for i, theirs := range nodeOutputs(t, sources) {
			if strings.Contains(theirs, "node: ") {
				t.Errorf("seed %d: node cannot run this program: %s", *firstSeed+uint64(done+i), theirs)
				continue
			}
			if runOurs(sources[i]) == theirs {
				continue
			}
			if differ++; differ > 5 {
				t.Fatal("more differences are not shown")
			}
			small := shrinkWithNode(t, sources[i])
			t.Errorf("seed %d, shrunk:\n%s\nours:\n%s\nnode:\n%s", *firstSeed+uint64(done+i), strings.TrimPrefix(small, prelude), runOurs(small), nodeOutputs(t, []string{small})[0])
		}
	}
}

// shrinkWithNode removes lines as long as the difference stays, asking node for all candidates of a size at once.
func shrinkWithNode(t testing.TB, src string) string {
	lines := strings.Split(strings.TrimPrefix(src, prelude), "\n")
	for size := len(lines) / 2; size >= 1; {
		var candidates []string
		for from := 0; from+size <= len(lines); from++ {
			candidates = append(candidates, prelude+strings.Join(append(append([]string(nil), lines[:from]...), lines[from+size:]...), "\n"))
		}
		found := ""
		for i, theirs := range nodeOutputs(t, candidates) {
			ours := runOurs(candidates[i])
			if ours != theirs && !strings.Contains(theirs, "node: ") && !strings.Contains(ours, "ours: ") {
				found = candidates[i]
				break
			}
		}
		if found == "" {
			size /= 2
			continue
		}
		lines = strings.Split(strings.TrimPrefix(found, prelude), "\n")
	}
	return prelude + strings.Join(lines, "\n")
}
