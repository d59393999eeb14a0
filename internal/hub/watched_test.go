package hub

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// witness notes who was written to.
type witness struct {
	mu   sync.Mutex
	keys []string
}

func (w *witness) Written(key string, began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !began.IsZero() {
		w.keys = append(w.keys, key)
	}
}

func (w *witness) written() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.keys)
}

func TestAWatchedMessageSharesWhatIsDerivedFromIt(t *testing.T) {
	m := NewMessage(`{"a":1}`)
	w := m.Watched(&witness{}).Watched(&witness{}) // the second is of the same
	if w.Text() != m.Text() {
		t.Errorf("text %q", w.Text())
	}
	built := 0
	build := func() []byte { built++; return []byte("frame") }
	a, b := w.Frame(SlotText, build), m.Frame(SlotText, build)
	if built != 1 || &a[0] != &b[0] {
		t.Errorf("the frame was built %d times", built)
	}
	if w.nativeItem() != m.nativeItem() {
		t.Error("the item was made twice")
	}
}

func TestAWatcherHearsOfWhatWasWritten(t *testing.T) {
	h := New(Config{})
	c, err := h.Open(OpenRequest{Key: BuildKey("s", "1"), Service: "s", StatefulID: "1", Waker: &bell{}})
	if err != nil {
		t.Fatal(err)
	}
	plain, saw := NewMessage("x"), &witness{}
	watched := plain.Watched(saw)
	for _, m := range []*Message{plain, watched, plain, watched} {
		if _, err := c.Socket().Send(m, ModeText); err != nil {
			t.Fatal(err)
		}
	}
	var b Batch
	if c.Next(&b) != DutyWrite || !b.Watched() || b.Len() != 4 {
		t.Fatalf("a batch of %d, watched: %v", b.Len(), b.Watched())
	}
	b.Written(0, 3, time.Now())
	if got := saw.written(); len(got) != 1 || got[0] != c.Socket().Key() {
		t.Errorf("written to %v", got)
	}
	c.Return(3)
	if c.Next(&b) != DutyWrite || b.Len() != 1 {
		t.Fatal("the last message is not there again")
	}
	b.Written(0, 1, time.Now())
	if got := saw.written(); len(got) != 2 {
		t.Errorf("written to %v", got)
	}
	if _, err := c.Socket().Send(plain, ModeText); err != nil {
		t.Fatal(err)
	}
	if c.Next(&b) != DutyWrite || b.Watched() {
		t.Error("a batch that nobody watches says that somebody does")
	}
}
