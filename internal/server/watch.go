package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// frameTraces are the frames of sockets as the API shows them.
type frameTraces struct {
	sockets *cluster.Cluster
	ws      *ws.Server
}

func (f frameTraces) Watch(ctx context.Context, key string, resume bool) (api.FrameTrace, error) {
	ref, ok, err := f.sockets.Find(ctx, key)
	if err != nil {
		return nil, err
	}
	if ok && ref.Local != nil {
		t, err := f.ws.Trace(ref.Local)
		if errors.Is(err, ws.ErrTraces) {
			return nil, fmt.Errorf("%w: %w", api.ErrTraces, err)
		}
		return frameTrace{t}, err
	}
	if t, ok := f.ws.Traced(key); ok && resume {
		return frameTrace{t}, nil
	} else if ok {
		t.Leave()
	}
	return nil, hub.ErrNotFound
}

type frameTrace struct{ *ws.Trace }

func (t frameTrace) Follow(ctx context.Context, after uint64) iter.Seq[api.TracedFrame] {
	return func(yield func(api.TracedFrame) bool) {
		for f := range t.Trace.Follow(ctx, after) {
			frame := api.Frame{Time: f.Time, Dir: "in", Text: f.Text, Bytes: f.Bytes, Cut: f.Cut}
			if f.Out {
				frame.Dir = "out"
			}
			if !yield(api.TracedFrame{Seq: f.Seq, Skipped: f.Skipped, Ended: f.Ended, Frame: frame}) {
				return
			}
		}
	}
}

// refusals are the refused requests as the API shows them.
type refusals struct{ kept *auth.Refusals }

func (r refusals) Newest(before uint64, n int) (list []api.RefusedRequest, more bool) {
	items, more := r.kept.Newest(before, n)
	for _, item := range items {
		v := item.Value
		list = append(list, api.RefusedRequest{
			Seq: item.Seq, Time: v.Time, Remote: v.Remote, What: v.What, Status: v.Status, Detail: v.Detail, Add: v.Add, Setting: v.Setting,
			Host: v.Host, Origin: v.Origin, Path: keys.Redact(v.Path), Service: v.Service, StatefulID: v.StatefulID, UserID: v.UserID,
		})
	}
	return list, more
}

func (r refusals) WrongToken(req *http.Request, status int, detail string) {
	r.kept.Add(req, auth.Refusal{What: auth.RefusedToken, Status: status, Detail: detail})
}
