package cluster_test

import (
	"context"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// A node that leaves has saved its sockets. One whose client comes to the adopter before that has read them is not
// restored a second time: the claim of the socket that is open is left alone.
func TestAClientIsFasterThanTheAdopter(t *testing.T) {
	var saved []hub.Detached
	var comes func()
	adopted := make(chan error, 1)
	cfg := cluster.Config{Adopt: func(_ context.Context, _ string, each func(hub.Detached) error) error {
		comes()
		for _, d := range saved {
			adopted <- each(d)
		}
		return nil
	}}
	all, _ := nodes(t, 2, cfg)
	var c client
	mustOpen(t, &c, all[0], "a", "1")
	c.conn.Ended(hub.Reason{Code: hub.CodeLost})
	comes = func() { mustOpen(t, &c, all[1], "a", "1") }
	adopter, err := all[0].Leave(t.Context(), func(context.Context) error {
		saved = all[0].hub.Detached()
		return nil
	})
	if err != nil || adopter != "n2" || len(saved) != 1 {
		t.Fatalf("%q takes %d sockets, %v", adopter, len(saved), err)
	}
	if err := <-adopted; err == nil {
		t.Error("the socket is adopted though its client has it open")
	}
	before, _, err := all[1].dir.Look(t.Context(), key("a"))
	if err != nil || before.Node != "n2" {
		t.Fatalf("%+v, %v", before, err)
	}
	send(t, all[1], "a", "hello")
	wantTexts(t, &c, "hello")
	c.conn.Ended(hub.Reason{Code: hub.CodeNormal})
	eventually(t, "the key is released", func() bool {
		_, found, err := all[1].dir.Look(t.Context(), key("a"))
		return err == nil && !found
	})
}
