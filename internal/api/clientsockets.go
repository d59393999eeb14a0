package api

import (
	"context"
	"net/http"
	"net/url"
)

// Socket describes one socket. A key nobody holds gives an error for which
// [IsNotFound] is true, here and below.
func (c *Client) Socket(ctx context.Context, key string) (Socket, error) {
	return get[Socket](ctx, c, "/sockets/"+url.PathEscape(key), nil)
}

// Abort drops the connection of a socket at once.
func (c *Client) Abort(ctx context.Context, key string) error {
	resp, err := c.request(ctx, http.MethodDelete, "/sockets/"+url.PathEscape(key), nil, nil, "application/json")
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// PatchTags sets tags of a socket and removes those that are nil. It returns the
// socket as it is then.
func (c *Client) PatchTags(ctx context.Context, key string, patch map[string]*string) (Socket, error) {
	var s Socket
	err := c.do(ctx, http.MethodPatch, "/sockets/"+url.PathEscape(key)+"/tags", nil, patch, &s)
	return s, err
}

// SendMany queues a message for several sockets. Those that are gone or full are
// passed over and not counted.
func (c *Client) SendMany(ctx context.Context, m GroupMessage) (Delivery, error) {
	var d Delivery
	err := c.do(ctx, http.MethodPost, "/messages", nil, m, &d)
	return d, err
}
