// Command fuzzall runs every fuzz target of the module below the working folder, one after the other,
// for a given time each: go test takes one target at a time.
//
//	(cd tools && go build -o /tmp/fuzzall ./fuzzall) && /tmp/fuzzall -time 60s
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var target = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)

func main() {
	length := flag.String("time", "30s", "how long each target runs")
	flag.Parse()
	targets, err := find(".")
	if err != nil || len(targets) == 0 {
		fmt.Fprintln(os.Stderr, "fuzzall: no fuzz targets found here:", err)
		os.Exit(1)
	}
	failed := 0
	for i, t := range targets {
		folder, name, _ := strings.Cut(t, " ")
		fmt.Printf("[%d/%d] %s %s for %s\n", i+1, len(targets), folder, name, *length)
		cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+name+"$", "-fuzztime", *length, "./"+folder)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(targets)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

// find returns "folder name" of every fuzz target below root.
func find(root string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || path != root && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range target.FindAllStringSubmatch(string(text), -1) {
			all = append(all, filepath.ToSlash(filepath.Dir(path))+" "+m[1])
		}
		return nil
	})
	slices.Sort(all)
	return all, err
}
