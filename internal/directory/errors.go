package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrChanged says that a key is not in the state that was given as condition: it is claimed though it was
	// to be free, has another revision, or is free.
	ErrChanged = errors.New("the claim is another one by now")
	// ErrUnavailable says that the directory does not answer: there is no connection to NATS, or the servers
	// that hold the stream have no majority. What was asked may have been done all the same.
	ErrUnavailable = errors.New("the directory of sockets does not answer")
	// ErrFull says that the stream has no room for another claim.
	ErrFull = errors.New("the directory of sockets is full")
	// ErrCollision says that two keys have the same token. The second one cannot be claimed while the first is.
	ErrCollision = errors.New("another key with the same token is claimed")
	// ErrBroken says that a claim cannot be read, because something else wrote it or a later version did.
	ErrBroken = errors.New("the claim cannot be read")
)

// What a server answers that has no room.
const (
	codeInsufficient jetstream.ErrorCode = 10023
	codeNoStorage    jetstream.ErrorCode = 10047
	codeNotStored    jetstream.ErrorCode = 10077
	noMoreBytes                          = "maximum bytes exceeded" // the reason with codeNotStored
)

// full says that the stream has no room.
func full(err error) bool {
	var refusal *jetstream.APIError
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.ErrorCode {
	case codeInsufficient, codeNoStorage:
		return true
	case codeNotStored:
		return refusal.Description == noMoreBytes
	}
	return false
}

// said returns what the stream refused, by its code; zero if err is something else.
func said(err error) jetstream.ErrorCode {
	var refusal *jetstream.APIError
	if errors.As(err, &refusal) {
		return refusal.ErrorCode
	}
	return 0
}

// passing tells the errors that a later attempt may not meet again: no answer, no leader, no connection.
func passing(err error) bool {
	var refusal *jetstream.APIError
	switch {
	case errors.As(err, &refusal):
		return refusal.Code == 503 && !full(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout),
		errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse),
		errors.Is(err, nats.ErrDisconnected), errors.Is(err, nats.ErrReconnectBufExceeded),
		errors.Is(err, nats.ErrConnectionReconnecting):
		return true
	}
	return false
}

// sealed says whether the connection is closed for good.
func sealed(err error) bool {
	return errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrConnectionDraining)
}

// outward gives an error the name callers know it by.
func outward(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, err)
	case full(err):
		return fmt.Errorf("%s: %w: %w", what, ErrFull, err)
	case passing(err), sealed(err):
		return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
