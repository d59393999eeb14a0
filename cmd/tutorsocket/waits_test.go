package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// waits runs a command again and again until its standard output matches: what a server notices by
// itself it notices soon.
func waits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: waits PATTERN COMMAND…")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	until(ts, "output like "+args[0], func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c := exec.CommandContext(ctx, path, args[2:]...)
		c.Dir, c.WaitDelay = ts.MkAbs("."), time.Second
		c.Env = append(os.Environ(), "TUTORSOCKET_APP="+ts.Getenv("TUTORSOCKET_APP"))
		var out bytes.Buffer
		c.Stdout = &out
		return c.Run() == nil && pattern.Match(out.Bytes())
	})
}
