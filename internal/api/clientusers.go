package api

import (
	"context"
	"net/http"
	"net/url"
)

// Users lists the users who log in here.
func (c *Client) Users(ctx context.Context) (List[User], error) {
	return allPages[User](ctx, c, "/users")
}

// UserByLogin returns the user with a login; ok is false if there is none.
func (c *Client) UserByLogin(ctx context.Context, login string) (u User, ok bool, err error) {
	list, err := get[List[User]](ctx, c, "/users", url.Values{"login": {login}})
	if err != nil || len(list.Items) == 0 {
		return User{}, false, err
	}
	return list.Items[0], true, nil
}

// AddUser adds a user.
func (c *Client) AddUser(ctx context.Context, n NewUser) (User, error) {
	var added User
	err := c.do(ctx, http.MethodPost, "/users", nil, n, &added)
	return added, err
}

// ChangeUser changes the user with an id. An absent one gives an error for which [IsNotFound] is true.
func (c *Client) ChangeUser(ctx context.Context, id string, change UserChange) (User, error) {
	var changed User
	err := c.do(ctx, http.MethodPatch, "/users/"+url.PathEscape(id), nil, change, &changed)
	return changed, err
}

// RemoveUser removes the user with an id. An absent one gives an error for which [IsNotFound] is true.
func (c *Client) RemoveUser(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/users/"+url.PathEscape(id), nil, nil, nil)
}

// Sessions returns one page of sessions that hold, those of one user unless userID is empty; after is the
// next of the page before.
func (c *Client) Sessions(ctx context.Context, userID, after string) (List[Session], error) {
	query := url.Values{}
	set(query, "user", userID)
	set(query, "after", after)
	return get[List[Session]](ctx, c, "/sessions", query)
}

// EndSession ends a session. An absent one gives an error for which [IsNotFound] is true.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/sessions/"+url.PathEscape(id), nil, nil, nil)
}
