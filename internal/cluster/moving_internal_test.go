package cluster

import (
	"errors"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// A socket that does not come to rest is one whose node does not answer: callers know no other word for it.
func TestASocketThatMovesForLongIsNotReached(t *testing.T) {
	w, all := newWire(2)
	s := w.open(t, "n2", "a", "1")
	if _, err := all[1].hub.Move(s.Key(), "1", hub.Reason{Code: hub.CodeTakenOver}); err != nil {
		t.Fatal(err)
	}
	err := all[0].ReplaceTags(t.Context(), hub.Ref{Key: s.Key()}, hub.NewTags(map[string]string{"a": "b"}))
	if !errors.Is(err, hub.ErrNoAnswer) {
		t.Errorf("%v", err)
	}
}
