package hostapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// A file is compiled once while it stays the same, whoever asks.
func TestCodeCache(t *testing.T) {
	c := hostapi.NewCodeCache()
	const address, text = "x-local://lib.js", "function f() { return 1 }"
	programs := make([]*basescript.Program, 32)
	var group sync.WaitGroup
	for i := range programs {
		group.Go(func() { programs[i], _ = c.Library(address, text) })
	}
	group.Wait()
	for _, p := range programs {
		if p == nil || p != programs[0] {
			t.Fatal("compiled more than once")
		}
	}
	if p, err := c.Library(address, text+" "); err != nil || p == programs[0] {
		t.Error("a changed file is not compiled anew", err)
	}
	for range 2 {
		if p, err := c.Library("x-local://bad.js", "function ("); p != nil || err == nil {
			t.Error("a file that does not compile gave a program")
		}
	}
}

// The cache keeps so many files and no more.
func TestCodeCacheIsBounded(t *testing.T) {
	kept := func(files int, text string) int {
		c := hostapi.NewCodeCache()
		all := make([]*basescript.Program, files)
		address := func(i int) string { return fmt.Sprintf("x-local://lib%d.js", i) }
		for i := range all {
			all[i], _ = c.Library(address(i), text)
		}
		n := 0
		for i := range all {
			if c.Has(address(i), text) {
				n++
			}
		}
		return n
	}
	if n := kept(300, "x = 1"); n != 256 {
		t.Errorf("%d small files are kept", n)
	}
	if n := kept(20, "// "+strings.Repeat("x", 1000<<10)); n != 16 {
		t.Errorf("%d large files are kept", n)
	}
}
