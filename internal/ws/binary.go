package ws

import (
	"context"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// BinaryHandler is a [Handler] that takes binary messages too, where Config.AllowBinary is set. The
// services of WebTutor do not: there a binary message closes the connection with 1003
// (spec/websocket.md A.4).
type BinaryHandler interface {
	// Binary is called for each binary message, in order with the texts. The data is the
	// handler's own. An error has no effect here.
	Binary(ctx context.Context, s *hub.Socket, data []byte) error
}

// takesBinary reports whether binary messages are accepted.
func (s *Server) takesBinary() bool {
	if !s.cfg.AllowBinary {
		return false
	}
	_, ok := s.deps.Handler.(BinaryHandler)
	return ok
}
