package outbox

import (
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

var (
	// ErrClosed says that the outbox is closed, or the line has ended.
	ErrClosed = errors.New("the outbox is closed")

	// What follows is wrapped, together with [hub.ErrNotStored], by the error a done function gets.

	// ErrTooLarge says that a message is larger than one message of the stream can be.
	ErrTooLarge = hub.ErrTooLarge
	// ErrBusy says that as many messages are on their way to the store as may be.
	ErrBusy = errors.New("too many messages are on their way to the store")
	// ErrDisconnected says that there is, or was at the time, no connection to NATS.
	ErrDisconnected = errors.New("no connection to NATS")
	// ErrTimeout says that the store has not confirmed the message in time.
	ErrTimeout = errors.New("the store has not confirmed the message in time")
	// ErrFull says that the store has no room: the bytes of all durable messages together are bounded.
	ErrFull = errors.New("the store of durable messages is full")

	errDamaged = errors.New("not an entry of this form, or a damaged one")
)
