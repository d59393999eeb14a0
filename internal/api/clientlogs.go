package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// LogQuery chooses log lines. The zero value chooses all there are now.
type LogQuery struct {
	Since    string // a time as RFC 3339 has it, or how long ago, such as 10m
	Thread   int
	Contains string
	Service  string
	Agent    string
	Socket   string // key
	User     string // id
	Errors   bool   // only errors of scripts
	Follow   bool
	After    uint64 // only lines numbered above this; 0 means all
}

// ErrStreamEnded says that a stream of the server had begun and ended before it was to.
var ErrStreamEnded = errors.New("the stream ended")

// Logs passes log lines to onLine, the remembered ones and, if follow is set,
// new ones until ctx ends, which is then the error. opened, if not nil, is called
// once the server has begun to answer. A stream that breaks after that gives an error
// that wraps [ErrStreamEnded]; to go on, ask again with the number of the last line.
func (c *Client) Logs(ctx context.Context, q LogQuery, opened func(), onLine func(Line)) error {
	header := http.Header{"Accept": {eventStreamType}}
	if q.After > 0 {
		header.Set("Last-Event-ID", strconv.FormatUint(q.After, 10))
	}
	resp, err := c.send(ctx, http.MethodGet, "/logs", q.values(), nil, header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if opened != nil {
		opened()
	}
	err = readEvents(resp.Body, func(e serverEvent) error {
		if e.name != eventLine {
			return nil
		}
		line, err := decodeLine(e)
		if err == nil {
			onLine(line)
		}
		return err
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && q.Follow:
		return &streamError{text: fmt.Sprintf("the server at %s ended the stream: it was stopped or restarted", c.Server())}
	case err != nil:
		return &streamError{text: fmt.Sprintf("the connection to %s broke", c.Server()), cause: err}
	}
	return nil
}

func (q LogQuery) values() url.Values {
	query := url.Values{"follow": {strconv.FormatBool(q.Follow)}}
	set(query, "since", q.Since)
	if q.Thread > 0 {
		query.Set("thread", strconv.Itoa(q.Thread))
	}
	set(query, "contains", q.Contains)
	set(query, "service", q.Service)
	set(query, "agent", q.Agent)
	set(query, "socket", q.Socket)
	set(query, "user", q.User)
	if q.Errors {
		query.Set("level", "error")
	}
	return query
}

// streamError is an end of a stream, with its cause if there is one.
type streamError struct {
	text  string
	cause error
}

func (e *streamError) Error() string {
	if e.cause == nil {
		return e.text
	}
	return e.text + ": " + e.cause.Error()
}

func (e *streamError) Is(target error) bool { return target == ErrStreamEnded }
func (e *streamError) Unwrap() error        { return e.cause }

// Same says whether two clients speak to the same server with the same token.
func (c *Client) Same(other *Client) bool {
	return c.Server() == other.Server() && c.token == other.token
}
