package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// TestStatesAreShownWhereTheyTellSomething: a list and a watch have the column only if a socket is not open.
func TestStatesAreShownWhereTheyTellSomething(t *testing.T) {
	var out bytes.Buffer
	now := time.Now()
	p := &program{Env: Env{Stdout: &out, Stderr: &out, Now: func() time.Time { return now }}}
	open := api.Socket{Key: "/services/a-s-1", UserID: "1", State: "open", ConnectedAt: now}
	away := open
	away.Key, away.State, away.Queue.Messages = "/services/a-s-2", "detached", 3
	for want, sockets := range map[string][]api.Socket{
		"KEY USER SINCE QUEUED TAGS/services/a-s-1 1 0s 0":                                           {open},
		"KEY USER STATE SINCE QUEUED TAGS/services/a-s-1 1 open 0s 0/services/a-s-2 1 detached 0s 3": {open, away},
	} {
		out.Reset()
		if err := p.printSockets(api.List[api.Socket]{Items: sockets}, ""); err != nil {
			t.Fatal(err)
		}
		if got := squeeze(out.String()); got != want {
			t.Errorf("listed:\n%s\nwant %s", out.String(), want)
		}
	}
	frame := new(rates).frame(api.List[api.Socket]{Items: []api.Socket{open, away}}, now)
	if got := squeeze(strings.Join(frame.table(0), "\n")); got != "IN OUT QUEUED KEY STATE USER TAGS- - 0 /services/a-s-1 open 1- - 3 /services/a-s-2 detached 1" {
		t.Errorf("watched:\n%s", got)
	}
}

// squeeze leaves one blank between two words, and no line breaks.
func squeeze(text string) string {
	var lines strings.Builder
	for line := range strings.Lines(text) {
		lines.WriteString(strings.Join(strings.Fields(line), " "))
	}
	return lines.String()
}

// TestDroppedMessagesAreShown: with how many and why, and not at all where there are none.
func TestDroppedMessagesAreShown(t *testing.T) {
	var out bytes.Buffer
	p := &program{Env: Env{Stdout: &out, Stderr: &out, Now: time.Now}}
	s := api.Socket{Key: "/services/a-s-1"}
	for dropped, want := range map[int]string{0: "", 1: "Dropped 1 message, overflow", 20: "Dropped 20 messages, overflow"} {
		out.Reset()
		if s.Queue = (api.Queue{Dropped: dropped}); dropped > 0 {
			s.Queue.Reason = "overflow"
		}
		if err := p.printSocket(s); err != nil {
			t.Fatal(err)
		}
		if got := squeeze(out.String()); strings.Contains(got, "Dropped") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("shown of %d:\n%s", dropped, out.String())
		}
	}
}

// TestRatesGoOnOverConnections: what a socket counts goes on when its client comes back; another socket
// under the key begins anew.
func TestRatesGoOnOverConnections(t *testing.T) {
	var r rates
	now := time.Now()
	look := func(connected time.Time, in int64) float64 {
		now = now.Add(time.Second)
		f := r.frame(api.List[api.Socket]{Items: []api.Socket{{Key: "k", ConnectedAt: connected, BytesIn: in}}}, now)
		if f.In == nil {
			return 0
		}
		return *f.In
	}
	began := now
	look(began, 1000)
	if rate := look(began, 1500); rate != 500 {
		t.Errorf("%v bytes per second", rate)
	}
	if rate := look(now, 1600); rate != 100 {
		t.Errorf("%v bytes per second after a new connection", rate)
	}
	if rate := look(now, 40); rate != 40 {
		t.Errorf("%v bytes per second of a new socket", rate)
	}
}
