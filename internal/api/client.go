package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client speaks the API of one server. It is safe for concurrent use.
type Client struct {
	server *url.URL
	token  string
	http   *http.Client
}

// NewClient returns a client for a server such as http://127.0.0.1:8080. It does
// not connect. A server that is not the http or https URL of a host is an error.
func NewClient(server, token string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not the URL of a server: write it like http://127.0.0.1:8080", server)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerTimeout
	transport.MaxIdleConnsPerHost = maxIdle
	return &Client{server: u, token: token, http: &http.Client{Transport: transport, CheckRedirect: noRedirect}}, nil
}

// WithTLS makes the client judge servers by these settings instead of those everybody has, and returns it; nil changes
// nothing. It is for a client that has sent nothing yet.
func (c *Client) WithTLS(cfg *tls.Config) *Client {
	if cfg != nil {
		c.http.Transport.(*http.Transport).TLSClientConfig = cfg
	}
	return c
}

// answerTimeout is how long a server may take to begin an answer. A stream
// begins with a heartbeat, however long the first line takes.
const answerTimeout = 30 * time.Second

// maxIdle is how many connections wait for further requests: an import has several at once.
const maxIdle = 16

// noRedirect keeps the token from following an answer elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Server returns the URL of the server.
func (c *Client) Server() string { return c.server.String() }

// maxAnswer bounds an answer that is not a stream, in bytes.
const maxAnswer = 64 << 20

// Services lists the services of the app.
func (c *Client) Services(ctx context.Context) (List[Script], error) {
	return allPages[Script](ctx, c, "/services")
}

// Agents lists the agents of the app.
func (c *Client) Agents(ctx context.Context) (List[Script], error) {
	return allPages[Script](ctx, c, "/agents")
}

// SocketQuery chooses sockets. Zero values mean all, and the server's page size.
type SocketQuery struct {
	Filter string
	Node   string
	After  string
	Limit  int
}

// Sockets returns one page of open sockets.
func (c *Client) Sockets(ctx context.Context, q SocketQuery) (List[Socket], error) {
	query := url.Values{}
	set(query, "filter", q.Filter)
	set(query, "node", q.Node)
	set(query, "after", q.After)
	if q.Limit > 0 {
		query.Set("limit", strconv.Itoa(q.Limit))
	}
	return get[List[Socket]](ctx, c, "/sockets", query)
}

// Send queues a message for one socket.
func (c *Client) Send(ctx context.Context, key string, m Message) (Queued, error) {
	var queued Queued
	err := c.do(ctx, http.MethodPost, "/sockets/"+url.PathEscape(key)+"/messages", nil, m, &queued)
	return queued, err
}

func set(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var answer T
	err := c.do(ctx, http.MethodGet, path, query, nil, &answer)
	return answer, err
}

// do sends a request and decodes the JSON answer into answer; nil means that there is none.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, answer any) error {
	resp, err := c.request(ctx, method, path, query, body, "application/json")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.Server(), err)
	}
	return nil
}

// request sends a request and returns an answer that is a success. path is
// escaped; body nil means none.
func (c *Client) request(ctx context.Context, method, path string, query url.Values, body any, accept string) (*http.Response, error) {
	return c.send(ctx, method, path, query, body, http.Header{"Accept": {accept}})
}

// send is request with any header.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body any, header http.Header) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	target := c.server.String() + Base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, fmt.Errorf("make a request for %s: %w", c.Server(), err)
	}
	req.Header = header
	if added, ok := ctx.Value(headerKey{}).(http.Header); ok {
		maps.Copy(req.Header, added)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return nil, c.refusal(resp)
	}
	return resp, nil
}

// Run runs a script; onLine gets its lines as they come. A script that throws is
// an outcome, not an error. When ctx ends the run is stopped and ctx.Err()
// returned.
func (c *Client) Run(ctx context.Context, run RunRequest, onLine func(Line)) (Outcome, error) {
	return c.run(ctx, "/runs", run, onLine)
}

// RunAgent is [Client.Run] for an agent of the app. An app without this agent
// gives an error for which [IsNotFound] is true.
func (c *Client) RunAgent(ctx context.Context, name string, run AgentRunRequest, onLine func(Line)) (Outcome, error) {
	return c.run(ctx, "/agents/"+url.PathEscape(name)+"/runs", run, onLine)
}

func (c *Client) run(ctx context.Context, path string, body any, onLine func(Line)) (Outcome, error) {
	resp, err := c.request(ctx, http.MethodPost, path, nil, body, eventStreamType)
	if err != nil {
		return Outcome{}, err
	}
	defer resp.Body.Close()
	return c.readRun(ctx, resp.Body, onLine)
}

// readRun reads the stream of a run to its outcome.
func (c *Client) readRun(ctx context.Context, stream io.Reader, onLine func(Line)) (Outcome, error) {
	var outcome *Outcome
	err := readEvents(stream, func(e serverEvent) error {
		switch e.name {
		case eventLine:
			line, err := decodeLine(e)
			if err != nil {
				return err
			}
			onLine(line)
		case eventOutcome:
			outcome = new(Outcome)
			return json.Unmarshal(e.data, outcome)
		}
		return nil
	})
	switch {
	case outcome != nil && err == nil:
		return *outcome, nil
	case ctx.Err() != nil:
		return Outcome{}, ctx.Err()
	case err == nil:
		err = errors.New("it was closed by the server")
	}
	return Outcome{}, fmt.Errorf("the connection to %s ended before the run did: %w", c.Server(), err)
}

func decodeLine(e serverEvent) (Line, error) {
	var line Line
	if err := json.Unmarshal(e.data, &line); err != nil {
		return Line{}, fmt.Errorf("read a line: %w", err)
	}
	line.Seq, _ = strconv.ParseUint(e.id, 10, 64) // of a run its own count
	return line, nil
}
