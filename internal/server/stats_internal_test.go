package server

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

func TestHistory(t *testing.T) {
	r := metrics.New()
	lines := r.Counters("tutorsocket_logs_lines_total", "Lines.", "level").With("info")
	waiting := r.Gauge("tutorsocket_hub_queue_messages", "Messages.")
	start := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	h := newHistory(r, "n1", start)
	stats, err := h.Stats(time.Time{})
	if err != nil || len(stats.Items) != 0 {
		t.Errorf("before the first point: %+v, error %v", stats, err)
	}
	for i := 1; i <= 3; i++ {
		lines.Add(i)
		waiting.Set(int64(10 * i))
		h.add(start.Add(time.Duration(i) * statsInterval))
	}
	lines.Add(100) // belongs to no point yet
	stats, err = h.Stats(start.Add(2 * statsInterval))
	if err != nil || len(stats.Items) != 2 || stats.Totals.LogLines != 106 || stats.Now.QueueMessages != 30 {
		t.Fatalf("%+v, error %v", stats, err)
	}
	for i, p := range stats.Items {
		want := api.StatsPoint{
			Time: start.Add(time.Duration(i+2) * statsInterval), Seconds: 10,
			Level: api.StatsLevel{QueueMessages: 10 * (i + 2)}, Count: api.StatsCount{LogLines: int64(i + 2)},
		}
		if p != want {
			t.Errorf("point %d is %+v, want %+v", i, p, want)
		}
	}
}

// TestHistoryKeepsAnHour: the oldest points make room, and the order stays.
func TestHistoryKeepsAnHour(t *testing.T) {
	start := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	h := newHistory(metrics.New(), "n1", start)
	const added = 800
	for i := 1; i <= added; i++ {
		h.add(start.Add(time.Duration(i) * statsInterval))
	}
	stats, err := h.Stats(time.Time{})
	if err != nil || len(stats.Items) != 360 {
		t.Fatalf("%d points, error %v", len(stats.Items), err)
	}
	for i, p := range stats.Items {
		if want := start.Add(time.Duration(added-360+1+i) * statsInterval); !p.Time.Equal(want) {
			t.Fatalf("point %d is of %v, want %v", i, p.Time, want)
		}
	}
}

func TestHistoryFollowsItsTicks(t *testing.T) {
	h := newHistory(metrics.New(), "n1", time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		h.run(ctx, ticks)
	}()
	for range 3 {
		ticks <- time.Time{}
	}
	cancel()
	<-done
	if stats, err := h.Stats(time.Time{}); err != nil || len(stats.Items) != 3 {
		t.Errorf("%d points, error %v", len(stats.Items), err)
	}
}

func TestNoHistoryWithoutMetrics(t *testing.T) {
	if _, err := newHistory(nil, "n1", time.Now()).Stats(time.Time{}); !errors.Is(err, api.ErrNotCounted) {
		t.Errorf("error %v", err)
	}
}
