//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// ignoreBrokenPipe keeps a server alive whose output nobody reads any more: in "dev | tee log" the
// terminal's Ctrl-C ends tee first, and the server is still to close its sockets. Client commands go on
// ending with their reader, as "sockets | head" expects.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
