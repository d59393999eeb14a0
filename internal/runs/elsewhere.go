package runs

import (
	"context"
	"errors"
	"fmt"
)

// Elsewhere reaches the runs of other nodes.
type Elsewhere interface {
	// StopRun has a node stop a run, as [Registry.Stop] does there, and returns when it was told.
	StopRun(ctx context.Context, node, id string) error
}

// ErrNotFound says that there is no run with an id, or none any more.
var ErrNotFound = errors.New("there is no such run")

// ElsewhereError says that a run goes on at another node, which could not be told to stop it.
type ElsewhereError struct {
	Node string
	Err  error // why; nil if there is no way to reach other nodes
}

func (e *ElsewhereError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("the run goes on at the node %s; stop it there", e.Node)
	}
	return fmt.Sprintf("the run goes on at the node %s: %v", e.Node, e.Err)
}

func (e *ElsewhereError) Unwrap() error { return e.Err }
