package recent_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/recent"
)

func ring(values, bytes int) *recent.Ring[string] {
	return recent.New(recent.Limits{Values: values, Bytes: bytes}, func(s string) int { return len(s) })
}

// followed is what a reader of a closed ring gets.
func followed(t *testing.T, r *recent.Ring[string], after uint64) string {
	t.Helper()
	text := ""
	for item := range r.Follow(t.Context(), after) {
		text += fmt.Sprintf("%d:%s+%d ", item.Seq, item.Value, item.Skipped)
	}
	return text
}

func TestWhatAReaderGets(t *testing.T) {
	for name, c := range map[string]struct {
		ring  *recent.Ring[string]
		add   []string
		after uint64
		want  string
	}{
		"all":                     {ring(9, 99), []string{"a", "b"}, 0, "1:a+0 2:b+0 "},
		"behind a number":         {ring(9, 99), []string{"a", "b", "c"}, 1, "2:b+0 3:c+0 "},
		"nothing new":             {ring(9, 99), []string{"a"}, 1, ""},
		"a number of the future":  {ring(9, 99), []string{"a"}, 7, ""},
		"too many values":         {ring(2, 99), []string{"a", "b", "c", "d"}, 0, "3:c+2 4:d+0 "},
		"too many values, behind": {ring(2, 99), []string{"a", "b", "c", "d"}, 1, "3:c+1 4:d+0 "},
		"too many bytes":          {ring(9, 4), []string{"aa", "bb", "cc"}, 0, "2:bb+1 3:cc+0 "},
		"one that is too large":   {ring(9, 4), []string{"a", "bbbbbbbb"}, 0, "2:bbbbbbbb+1 "},
		"none":                    {ring(9, 99), nil, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range c.add {
				c.ring.Add(v)
			}
			c.ring.Close()
			if got := followed(t, c.ring, c.after); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAClosedRingTakesNothing(t *testing.T) {
	r := ring(9, 99)
	r.Add("a")
	r.Close()
	r.Close()
	if seq := r.Add("b"); seq != 0 || r.Last() != 1 {
		t.Errorf("number %d, last %d", seq, r.Last())
	}
}

func TestNewestFirst(t *testing.T) {
	r := ring(3, 99)
	for _, v := range []string{"a", "b", "c", "d"} {
		r.Add(v)
	}
	text := func(before uint64, n int) string {
		items, more := r.Newest(before, n)
		s := ""
		for _, i := range items {
			s += fmt.Sprintf("%d:%s ", i.Seq, i.Value)
		}
		return fmt.Sprint(s, more)
	}
	for _, c := range []struct {
		before uint64
		n      int
		want   string
	}{
		{0, 2, "4:d 3:c true"},
		{3, 2, "2:b false"},
		{2, 2, "false"},
		{99, 3, "4:d 3:c 2:b false"},
	} {
		if got := text(c.before, c.n); got != c.want {
			t.Errorf("before %d: %q, want %q", c.before, got, c.want)
		}
	}
	if items, more := ring(3, 9).Newest(0, 5); items != nil || more {
		t.Errorf("an empty ring has %v, more %v", items, more)
	}
}

// TestReadersBesideWriters: each reader gets every value once, or hears how many it missed.
func TestReadersBesideWriters(t *testing.T) {
	const writers, values = 4, 2000
	r := ring(100, 1<<20)
	var reading, writing sync.WaitGroup
	for range 3 {
		reading.Go(func() {
			var seen, last uint64
			for item := range r.Follow(context.Background(), 0) {
				if item.Seq != last+item.Skipped+1 {
					t.Errorf("number %d with %d skipped follows %d", item.Seq, item.Skipped, last)
				}
				seen, last = seen+1+item.Skipped, item.Seq
			}
			if seen != writers*values {
				t.Errorf("seen or missed %d values", seen)
			}
		})
	}
	for range writers {
		writing.Go(func() {
			for range values {
				r.Add("x")
			}
		})
	}
	writing.Wait()
	r.Close()
	reading.Wait()
}

func TestAReaderEndsWithItsContext(t *testing.T) {
	r := ring(9, 99)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range r.Follow(ctx, 0) {
			cancel()
		}
	}()
	r.Add("a")
	<-ended
}
