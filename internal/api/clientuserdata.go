package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// UserDataQuery chooses user data. Zero values mean all keys, without values, and the
// server's page size.
type UserDataQuery struct {
	Prefix string
	Values bool
	After  string
	Limit  int
}

// ListUserData returns one page of keys, in their order.
func (c *Client) ListUserData(ctx context.Context, q UserDataQuery) (List[UserData], error) {
	query := url.Values{}
	set(query, "prefix", q.Prefix)
	set(query, "after", q.After)
	if q.Values {
		query.Set("values", "true")
	}
	if q.Limit > 0 {
		query.Set("limit", strconv.Itoa(q.Limit))
	}
	return get[List[UserData]](ctx, c, "/user-data", query)
}

// UserDataByKey returns a value and its ETag, which a recipients list has not. An
// absent key gives an error for which [IsNotFound] is true.
func (c *Client) UserDataByKey(ctx context.Context, key string) (data UserData, etag string, err error) {
	return c.userData(ctx, http.MethodGet, key, nil, http.Header{})
}

// SetUserData stores a JSON value for ttl, rounded up to seconds; 0 means until it is
// removed. It returns the ETag of the new value.
func (c *Client) SetUserData(ctx context.Context, key string, value json.RawMessage, ttl time.Duration) (etag string, err error) {
	_, etag, err = c.userData(ctx, http.MethodPut, key, userDataBody(value, ttl), http.Header{})
	return etag, err
}

// ReplaceUserData is [Client.SetUserData] over the value with the ETag old only, or
// where there is none yet if old is empty. Otherwise the error is a [Refusal] with the
// status 412.
func (c *Client) ReplaceUserData(ctx context.Context, key, old string, value json.RawMessage, ttl time.Duration) (etag string, err error) {
	header := http.Header{"If-Match": {old}}
	if old == "" {
		header = http.Header{"If-None-Match": {"*"}}
	}
	_, etag, err = c.userData(ctx, http.MethodPut, key, userDataBody(value, ttl), header)
	return etag, err
}

// DeleteUserData removes a value. An absent key gives an error for which [IsNotFound]
// is true.
func (c *Client) DeleteUserData(ctx context.Context, key string) error {
	return c.do(ctx, http.MethodDelete, userDataPath(key), nil, nil, nil)
}

func userDataBody(value json.RawMessage, ttl time.Duration) UserDataRequest {
	return UserDataRequest{Value: AnyJSON(value), TTL: int64((ttl + time.Second - 1) / time.Second)}
}

func (c *Client) userData(ctx context.Context, method, key string, body any, header http.Header) (data UserData, etag string, err error) {
	header.Set("Accept", "application/json")
	resp, err := c.send(ctx, method, userDataPath(key), nil, body, header)
	if err != nil {
		return UserData{}, "", err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&data); err != nil {
		return UserData{}, "", fmt.Errorf("read the answer of %s: %w", c.Server(), err)
	}
	return data, resp.Header.Get("ETag"), nil
}

// userDataPath escapes a key for a path. Dots alone would be taken for a place in it.
func userDataPath(key string) string {
	escaped := url.PathEscape(key)
	if strings.Trim(key, ".") == "" {
		escaped = strings.ReplaceAll(key, ".", "%2E")
	}
	return "/user-data/" + escaped
}

// Nodes lists the nodes.
func (c *Client) Nodes(ctx context.Context) (List[Node], error) {
	return get[List[Node]](ctx, c, "/nodes", nil)
}
