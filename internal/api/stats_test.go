package api_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// statsStart is when the points of fakeFigures begin: one each 10 s.
var statsStart = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

// fakeFigures have three points, or count nothing.
type fakeFigures struct{ off bool }

func (f fakeFigures) Stats(since time.Time) (api.Stats, error) {
	if f.off {
		return api.Stats{}, api.ErrNotCounted
	}
	stats := api.Stats{Node: "n1", StartedAt: statsStart, IntervalSeconds: 10, Totals: api.StatsCount{MessagesIn: 6}}
	for i := range 3 {
		p := api.StatsPoint{Time: statsStart.Add(time.Duration(i) * 10 * time.Second), Seconds: 10, Count: api.StatsCount{MessagesIn: int64(i + 1)}}
		if !p.Time.Before(since) {
			stats.Items = append(stats.Items, p)
		}
	}
	return stats, nil
}

func TestStats(t *testing.T) {
	f := newFixture(t)
	client := f.client(t)
	for since, want := range map[string]int{"": 3, "2026-11-25T10:00:10Z": 2, "2026-11-25T10:00:20.5Z": 0, "2026-11-25T12:00:20+02:00": 1, "87600h": 3} {
		stats, err := client.Stats(t.Context(), since)
		if err != nil || len(stats.Items) != want || stats.Totals.MessagesIn != 6 || stats.IntervalSeconds != 10 {
			t.Errorf("since %q: %+v, error %v; want %d points", since, stats, err, want)
		}
	}
	if _, body := f.ask(t, "GET", "/api/v1/stats?since=2027-01-01T00:00:00Z", ""); !strings.Contains(body, `"items":[],"missing":[]`) {
		t.Errorf("no points are %s", body)
	}
}

func TestStatsOfAWrongTime(t *testing.T) {
	f := newFixture(t)
	for _, since := range []string{"yesterday", "-5m", "10", "2026-11-25"} {
		resp, body := f.ask(t, "GET", "/api/v1/stats?since="+since, "")
		if resp.StatusCode != 422 || !strings.Contains(body, `"query.since"`) || !strings.Contains(body, since) {
			t.Errorf("since=%s: %d %s", since, resp.StatusCode, body)
		}
	}
	if resp, _ := f.ask(t, "GET", "/api/v1/stats", "", "Authorization", ""); resp.StatusCode != 401 {
		t.Errorf("without a token: %d", resp.StatusCode)
	}
}

func TestStatsOfAServerThatCountsNothing(t *testing.T) {
	f := newFixture(t)
	f.figures.off = true
	_, err := f.client(t).Stats(t.Context(), "")
	var refusal *api.Refusal
	if !errors.As(err, &refusal) || refusal.Status != 409 || !strings.Contains(refusal.Detail, "metrics.enabled") {
		t.Errorf("error %v", err)
	}
}
