package api

import (
	"context"
	"net/http"
	"net/url"
)

// Keys lists the API keys, the oldest first.
func (c *Client) Keys(ctx context.Context) (List[Key], error) {
	return allPages[Key](ctx, c, "/keys")
}

// CreateKey makes an API key. Its token is in the answer and nowhere else.
func (c *Client) CreateKey(ctx context.Context, n NewKey) (CreatedKey, error) {
	var made CreatedKey
	err := c.do(ctx, http.MethodPost, "/keys", nil, n, &made)
	return made, err
}

// RevokeKey revokes the API key with an id. An id nobody has gives an error for which
// [IsNotFound] is true.
func (c *Client) RevokeKey(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/keys/"+url.PathEscape(id), nil, nil, nil)
}
