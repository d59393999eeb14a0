//go:build !unix

package ws

import (
	"net"
	"syscall"
)

// readiness returns nil: here connections are read on the buffered path.
func readiness(net.Conn) syscall.RawConn { return nil }

// readable is never called here.
func (c *conn) readable(uintptr) bool { return true }
