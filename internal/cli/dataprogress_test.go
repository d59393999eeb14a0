package cli

import (
	"strings"
	"testing"
	"time"
)

func TestDataProgress(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var out strings.Builder
	p := &program{Env: Env{Stderr: &out, Now: func() time.Time { return now }, Progress: true}}
	d := p.newDataProgress("imported", 1000)
	d.add(5, 50)
	if out.Len() > 0 {
		t.Errorf("too soon: %q", out.String())
	}
	now = now.Add(time.Second)
	d.total = 1 << 20
	d.add(0, 0)
	if want := "\r\x1b[K5 imported, 0 %, 5/s"; out.String() != want {
		t.Errorf("%q, want %q: so little says nothing of the rest", out.String(), want)
	}
	out.Reset()
	d.total = 1000
	now = now.Add(time.Second)
	d.add(5, 150)
	d.clear()
	d.clear()
	if want := "\r\x1b[K10 imported, 20 %, 5/s, 8s left\r\x1b[K"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	p.Progress = false
	d = p.newDataProgress("imported", 0)
	now = now.Add(time.Hour)
	d.add(1, 1)
	d.clear()
	if out.Len() > 0 {
		t.Errorf("nobody looks: %q", out.String())
	}
}
