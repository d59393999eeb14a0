//go:build !unix

package cli

// ignoreBrokenPipe does nothing where a broken pipe is an error of the write and no signal.
func ignoreBrokenPipe() {}
