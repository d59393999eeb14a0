package api_test

import (
	"context"
	"iter"
	"net/http"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/recent"
)

// fakeTraces are those of the keys the test says.
type fakeTraces fixture

func (f *fakeTraces) Watch(_ context.Context, key string, _ bool) (api.FrameTrace, error) {
	if key == "/services/x-s-busy" {
		return nil, api.ErrTraces
	}
	if t := f.traces[key]; t != nil {
		return t, nil
	}
	return nil, hub.ErrNotFound
}

type fakeTrace struct {
	*recent.Ring[api.TracedFrame]
	left chan struct{} // a value for each Leave
}

func newFakeTrace() *fakeTrace {
	return &fakeTrace{
		recent.New(recent.Limits{Values: 3, Bytes: 1 << 20}, func(api.TracedFrame) int { return 1 }),
		make(chan struct{}, 10),
	}
}

func (t *fakeTrace) ID() uint64  { return 7 }
func (t *fakeTrace) Ended() bool { return t.Closed() }
func (t *fakeTrace) Leave()      { t.left <- struct{}{} }

func (t *fakeTrace) Follow(ctx context.Context, after uint64) iter.Seq[api.TracedFrame] {
	return func(yield func(api.TracedFrame) bool) {
		for item := range t.Ring.Follow(ctx, after) {
			item.Value.Seq, item.Value.Skipped = item.Seq, item.Skipped
			if !yield(item.Value) {
				return
			}
		}
	}
}

// fakeRefusals are numbered from 1.
type fakeRefusals fixture

func (f *fakeRefusals) Newest(before uint64, n int) (list []api.RefusedRequest, more bool) {
	if before == 0 {
		before = uint64(len(f.refusals)) + 1
	}
	for seq := before - 1; seq > 0; seq-- {
		if len(list) == n {
			return list, true
		}
		r := f.refusals[seq-1]
		r.Seq = seq
		list = append(list, r)
	}
	return list, false
}

func (f *fakeRefusals) WrongToken(r *http.Request, status int, detail string) {
	f.refusals = append(f.refusals, api.RefusedRequest{What: "token", Status: status, Path: r.URL.Path, Detail: detail})
}
