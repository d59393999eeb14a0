package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// ErrNoServer says that nothing answers at the server's address.
var ErrNoServer = errors.New("no server answers")

// Refusal is an answer of the server that is not a success.
type Refusal struct {
	Status int
	Detail string   // a sentence for a person
	Where  []string // "body.timeout: expected a duration", one for each thing wrong
}

// Error is the detail and what is wrong where.
func (r *Refusal) Error() string {
	text := strings.TrimSuffix(r.Detail, ".")
	if len(r.Where) > 0 {
		text += ": " + strings.Join(r.Where, "; ")
	}
	return text
}

// whereOf lists what is wrong where, unless the detail says it already.
func whereOf(p *huma.ErrorModel) (where []string) {
	for _, d := range p.Errors {
		if !strings.Contains(p.Detail, d.Message) {
			where = append(where, d.Location+": "+d.Message)
		}
	}
	return where
}

// IsNotFound says whether err is the server's answer that the thing asked for
// does not exist.
func IsNotFound(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Status == http.StatusNotFound
}

// refusal reads an answer that is not a success.
func (c *Client) refusal(resp *http.Response) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	var p huma.ErrorModel
	if kind != "application/problem+json" || json.NewDecoder(io.LimitReader(resp.Body, maxEventLine)).Decode(&p) != nil {
		return fmt.Errorf("what answers at %s is not a tutorsocket server: it says %s", c.Server(), resp.Status)
	}
	r := &Refusal{Status: resp.StatusCode, Detail: p.Detail, Where: whereOf(&p)}
	if r.Detail == "" {
		r.Detail = resp.Status
	}
	return r
}

// unreachable explains why no answer came.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return fmt.Errorf("%w at %s (%w)", ErrNoServer, c.Server(), dial.Err)
	}
	return fmt.Errorf("%w at %s: %w", ErrNoServer, c.Server(), err)
}
