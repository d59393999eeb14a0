package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SocketEvent is one event of a stream of sockets; Event says which fields it has.
type SocketEvent struct {
	Event string `json:"-"` // snapshot, opened, changed, ended
	ID    string `json:"-"` // to go on after it; empty on all but the last of a snapshot
	Socket
	Time    time.Time `json:"time"`
	Change  string    `json:"change"`  // changed: tags, takeover, detached or resumed
	Matches bool      `json:"matches"` // changed: it meets the filter now
	Code    int       `json:"code"`    // ended: close code
	Reason  string    `json:"reason"`  // ended, snapshot: why
	Skipped int64     `json:"skipped"` // events lost before this one; -1: nobody knows how many
	Sockets int       `json:"sockets"` // snapshot: how many opened events of it follow
	Missing []string  `json:"missing"` // snapshot: nodes that did not answer
}

// SocketEventQuery chooses events. The zero value means all sockets, from now on.
type SocketEventQuery struct {
	Filter   string
	Snapshot bool   // begin with what is there
	After    string // go on after the event with this id
}

// SocketEvents passes what happens to sockets to onEvent until ctx ends, which is
// then the error, or the connection breaks. The ID of the last event is where to go
// on.
func (c *Client) SocketEvents(ctx context.Context, q SocketEventQuery, onEvent func(SocketEvent)) error {
	query := url.Values{}
	set(query, "filter", q.Filter)
	if q.Snapshot {
		query.Set("snapshot", "true")
	}
	return c.follow(ctx, "/sockets/events", query, q.After, func(e serverEvent) error {
		event := SocketEvent{Event: e.name, ID: e.id}
		if err := json.Unmarshal(e.data, &event); err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		onEvent(event)
		return nil
	})
}

// errTraceEnded leaves the stream of a trace that is complete.
var errTraceEnded = errors.New("the socket has ended")

// TraceSocket passes the frames of a socket to onFrame, with their ids, until the
// socket ends, and returns how; or until ctx ends, which is then the error, or the
// connection breaks. A non-empty after is the id of the frame to go on after. A key
// nobody has gives an error for which [IsNotFound] is true; how a socket ended is
// not told again to who goes on after its end.
func (c *Client) TraceSocket(ctx context.Context, key, after string, onFrame func(id string, f Frame)) (TraceEnded, error) {
	var ended TraceEnded
	err := c.follow(ctx, "/sockets/"+url.PathEscape(key)+"/trace", nil, after, func(e serverEvent) error {
		var frame Frame
		var err error
		switch e.name {
		case eventFrame:
			if err = json.Unmarshal(e.data, &frame); err == nil {
				onFrame(e.id, frame)
			}
		case eventEnded:
			if err = json.Unmarshal(e.data, &ended); err == nil {
				return errTraceEnded
			}
		}
		if err != nil {
			return fmt.Errorf("read a frame: %w", err)
		}
		return nil
	})
	if errors.Is(err, errTraceEnded) {
		return ended, nil
	}
	return TraceEnded{}, err
}

// follow passes the events of a stream that has no end of its own to take, until
// take returns an error, which is then the error.
func (c *Client) follow(ctx context.Context, path string, query url.Values, after string, take func(serverEvent) error) error {
	if after != "" {
		ctx = withHeader(ctx, "Last-Event-ID", after)
	}
	resp, err := c.request(ctx, http.MethodGet, path, query, nil, eventStreamType)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return errTraceEnded
	}
	err = readEvents(resp.Body, take)
	switch {
	case errors.Is(err, errTraceEnded):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		return fmt.Errorf("the server at %s ended the stream: it was stopped or restarted", c.Server())
	}
	return fmt.Errorf("the connection to %s broke: %w", c.Server(), err)
}

// TagQuery chooses tags. Zero values mean all, and the server's numbers.
type TagQuery struct {
	Name   string
	Values int // most values of each tag
	After  string
	Limit  int
}

// TagsInUse returns one page of the tags that sockets have.
func (c *Client) TagsInUse(ctx context.Context, q TagQuery) (List[Tag], error) {
	query := pageValues(q.After, q.Limit)
	set(query, "name", q.Name)
	if q.Values > 0 {
		query.Set("values", strconv.Itoa(q.Values))
	}
	return get[List[Tag]](ctx, c, "/tags", query)
}

// SendBatch sends messages one after the other and returns what became of each.
func (c *Client) SendBatch(ctx context.Context, messages []BatchMessage) (BatchResults, error) {
	var results BatchResults
	err := c.do(ctx, http.MethodPost, "/messages/batch", nil, Batch{Messages: messages}, &results)
	return results, err
}

// RefusedRequests returns one page of refused handshakes and logins, the newest
// first. Zero values mean the first page, and the server's page size.
func (c *Client) RefusedRequests(ctx context.Context, after string, limit int) (List[RefusedRequest], error) {
	return get[List[RefusedRequest]](ctx, c, "/refusals", pageValues(after, limit))
}

// WithIdempotencyKey makes sends under the context repeatable: a send that is
// repeated with the same key, because nobody knows whether it arrived, is done once.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return withHeader(ctx, idempotencyHeader, key)
}

type headerKey struct{}

// withHeader adds a header to the requests made with the context.
func withHeader(ctx context.Context, name, value string) context.Context {
	header, _ := ctx.Value(headerKey{}).(http.Header)
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(name, value)
	return context.WithValue(ctx, headerKey{}, header)
}

// pageValues are the parameters of a page.
func pageValues(after string, limit int) url.Values {
	query := url.Values{}
	set(query, "after", after)
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return query
}

// allPages returns a list as a whole.
func allPages[T any](ctx context.Context, c *Client, path string) (List[T], error) {
	whole := listOf[T](nil, "", nil)
	for after := ""; ; {
		page, err := get[List[T]](ctx, c, path, pageValues(after, 1000))
		if err != nil {
			return whole, err
		}
		whole.Items = append(whole.Items, page.Items...)
		whole.Missing = page.Missing
		if after = page.Next; after == "" {
			return whole, nil
		}
	}
}
