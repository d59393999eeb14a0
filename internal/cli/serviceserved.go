package cli

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// serviceState is what has become of a service that was written into an app folder.
type serviceState int

const (
	serviceNotServed serviceState = iota // no server of this app is there
	serviceServed                        // the server serves it
	serviceAwaited                       // a server of this app has not taken it up in time
)

// text says it to a person.
func (s serviceState) text(url string) string {
	switch s {
	case serviceServed:
		return "the service is at " + url
	case serviceAwaited:
		return "the server has not taken the service up yet; its log says why"
	}
	return "no server that serves this app was found; one that does will have the service at " + url
}

// takeUp bounds how long a server may take to see that files have changed, and lookAgain is how often it is asked.
const (
	takeUp    = 10 * time.Second
	lookAgain = 50 * time.Millisecond
)

// awaitService waits until the server meant serves the service of its app folder: what is told to be served can be
// used at once, by the next line of a script too. It does not wait where no server is, or one of another app.
func (p *program) awaitService(ctx context.Context, t *target, folder, service string) serviceState {
	ctx, cancel := context.WithTimeout(ctx, takeUp)
	defer cancel()
	client, err := p.client(t)
	if err != nil || !servesApp(ctx, client, folder) {
		return serviceNotServed
	}
	for {
		list, err := client.Services(ctx)
		if err == nil && slices.ContainsFunc(list.Items, func(s api.Script) bool { return s.Name == service && s.Problem == "" }) {
			return serviceServed
		}
		if pause(ctx, lookAgain) != nil {
			return serviceAwaited
		}
	}
}

// servesApp says whether one of the server's nodes serves the folder.
func servesApp(ctx context.Context, client *api.Client, folder string) bool {
	nodes, err := client.Nodes(ctx)
	if err != nil {
		return false
	}
	path := resolved(folder)
	return slices.ContainsFunc(nodes.Items, func(n api.Node) bool { return n.App != "" && resolved(n.App) == path })
}

// resolved is a path from the root on, links followed as far as that is possible.
func resolved(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
}
