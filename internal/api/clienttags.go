package api

import (
	"context"
	"net/http"
	"net/url"
)

// Socket returns one open socket. IsNotFound tells that there is none with the key.
func (c *Client) Socket(ctx context.Context, key string) (Socket, error) {
	return get[Socket](ctx, c, "/sockets/"+url.PathEscape(key), nil)
}

// PatchTags sets tags of a socket, and removes those that are nil. It returns the socket as it is then.
func (c *Client) PatchTags(ctx context.Context, key string, change map[string]*string) (Socket, error) {
	var s Socket
	err := c.do(ctx, http.MethodPatch, "/sockets/"+url.PathEscape(key)+"/tags", nil, change, &s)
	return s, err
}
