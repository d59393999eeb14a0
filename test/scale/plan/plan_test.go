package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocument compares the tables of the document with what the program prints.
func TestDocument(t *testing.T) {
	loads, plans, err := plansFor("1e6,1e7", usual, usualMachine)
	if err != nil {
		t.Fatal(err)
	}
	for lang := range languages {
		page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", lang, "scaling.md"))
		if err != nil {
			t.Fatal(err)
		}
		var table bytes.Buffer
		write(&table, languages[lang], loads, plans)
		if !strings.Contains(string(page), table.String()) {
			t.Errorf("docs/%s/scaling.md does not have this table:\n%s", lang, table.String())
		}
	}
}

// TestEveryWordIsTranslated finds names in the English table that the other languages lack.
func TestEveryWordIsTranslated(t *testing.T) {
	for lang, l := range languages {
		if l.row == nil {
			continue
		}
		words := []string{"sockets", "memory", "processor", "open files", "three keep the directory", "min", "s", "ms"}
		for _, r := range rows {
			words = append(words, r.name)
		}
		for _, word := range words {
			if l.row[word] == "" {
				t.Errorf("%s has no words for %q", lang, word)
			}
		}
	}
}

// TestPlans calculates what is easily calculated by hand.
func TestPlans(t *testing.T) {
	l, m := usual, usualMachine
	l.sockets = 1e6
	plan := func() plan {
		t.Helper()
		p, err := calculate(l, m, measured)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	base := plan()
	if got := base.perNode.sockets * base.nodes; got != l.sockets {
		t.Errorf("the nodes have %.0f sockets of %.0f", got, l.sockets)
	}
	if base.perNode.cores > m.cores*m.use || base.perNode.memory > m.memory*m.use {
		t.Errorf("a node is planned with %.1f cores and %.1f GiB, more than it has", base.perNode.cores, base.perNode.memory/(1<<30))
	}

	m.memory /= 100
	if p := plan(); p.decides != "memory" || p.nodes <= base.nodes {
		t.Errorf("with a hundredth of the memory there are %.0f nodes for the sake of %s", p.nodes, p.decides)
	}
	m = usualMachine
	m.files = 10_000
	if p := plan(); p.decides != "open files" || p.nodes < l.sockets/m.files {
		t.Errorf("with few files there are %.0f nodes for the sake of %s", p.nodes, p.decides)
	}

	m = usualMachine
	l.grouped, l.reach = 60, 1 // each goes to every node, for one socket
	if _, err := calculate(l, m, measured); err == nil {
		t.Error("a load that grows with the nodes has a plan")
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{{"--sockets", "many"}, {"--sockets", "0"}, {"--sockets", "1e6,"}, {"--sockets", "NaN"}, {"--lang", "tlh"}, {"--sokets", "1"}} {
		if err := run(args); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
