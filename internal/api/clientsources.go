package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Libraries lists the code libraries of the app.
func (c *Client) Libraries(ctx context.Context) (List[Script], error) {
	return allPages[Script](ctx, c, "/libraries")
}

func scriptPath(kind ScriptKind, name, rest string) string {
	return "/" + kind.collection() + "/" + url.PathEscape(name) + rest
}

func versionPath(kind ScriptKind, name string, n int, rest string) string {
	return scriptPath(kind, name, "/versions/"+strconv.Itoa(n)+rest)
}

// Source returns the text of a script as it is now. An app without it gives an error for which
// [IsNotFound] is true.
func (c *Client) Source(ctx context.Context, kind ScriptKind, name string) (Source, error) {
	return get[Source](ctx, c, scriptPath(kind, name, "/source"), nil)
}

// PutSource writes the text of a script and returns when it is in force. ifMatch is the ETag of the text
// to replace; empty replaces any, or makes a new script. A [Refusal] with the status 412 means that the
// text is another one by now, 422 that the new one does not compile.
func (c *Client) PutSource(ctx context.Context, kind ScriptKind, name string, text NewSource, ifMatch string) (SourceInfo, error) {
	var info SourceInfo
	err := c.change(ctx, http.MethodPut, scriptPath(kind, name, "/source"), text, ifMatch, &info)
	return info, err
}

// RestoreVersion makes the text of a version the present one and returns the new version. ifMatch is as
// in [Client.PutSource].
func (c *Client) RestoreVersion(ctx context.Context, kind ScriptKind, name string, n int, ifMatch string) (Version, error) {
	var v Version
	err := c.change(ctx, http.MethodPost, versionPath(kind, name, n, "/restore"), nil, ifMatch, &v)
	return v, err
}

func (c *Client) change(ctx context.Context, method, path string, body any, ifMatch string, answer any) error {
	header := http.Header{"Accept": {jsonType}}
	if ifMatch != "" {
		header.Set("If-Match", ifMatch)
	}
	resp, err := c.send(ctx, method, path, nil, body, header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.Server(), err)
	}
	return nil
}

// Versions returns one page of the history of a script, the newest version first. A limit of 0 leaves it
// to the server; after is the next of the page before.
func (c *Client) Versions(ctx context.Context, kind ScriptKind, name string, limit int, after string) (List[Version], error) {
	query := url.Values{}
	set(query, "after", after)
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return get[List[Version]](ctx, c, scriptPath(kind, name, "/versions"), query)
}

// Version returns one version with its text.
func (c *Client) Version(ctx context.Context, kind ScriptKind, name string, n int) (VersionSource, error) {
	return get[VersionSource](ctx, c, versionPath(kind, name, n, ""), nil)
}

// DiffVersions returns the unified diff from one version to another, "" if they are equal.
func (c *Client) DiffVersions(ctx context.Context, kind ScriptKind, name string, from, to int) (string, error) {
	resp, err := c.request(ctx, http.MethodGet, versionPath(kind, name, from, "/diff"), url.Values{"to": {strconv.Itoa(to)}}, nil, diffType)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("read the answer of %s: %w", c.Server(), err)
	}
	return string(text), nil
}
