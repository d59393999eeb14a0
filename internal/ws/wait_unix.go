//go:build unix

package ws

import (
	"io"
	"net"
	"syscall"
)

// readiness returns what c can be waited with for bytes without offering a buffer, nil if that
// cannot be done. Types that wrap a connection are left alone: they may want to see the reads.
func readiness(c net.Conn) syscall.RawConn {
	var sc syscall.Conn
	switch c := c.(type) {
	case *net.TCPConn:
		sc = c
	case *net.UnixConn:
		sc = c
	default:
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// readable is called when bytes may be there. It reads them into a chunk and returns true, or
// gives the chunk back and returns false, which makes the caller wait. The first call comes
// before any wait and must read too: an event that came earlier is not reported again.
func (c *conn) readable(fd uintptr) bool {
	chunk := chunks.Get().(*[chunkSize]byte)
	n, err := syscall.Read(int(fd), chunk[:])
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), chunk[:])
	}
	switch {
	case n > 0:
		c.got = received{chunk: chunk, n: n}
		return true
	case err == syscall.EAGAIN:
		chunks.Put(chunk)
		return false
	case err == nil:
		err = io.EOF
	}
	chunks.Put(chunk)
	c.got = received{err: err}
	return true
}
