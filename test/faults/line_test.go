package faults

import (
	"errors"
	"net"
	"sync"
)

// cut is how a connection ends before its time.
type cut int

const (
	closing  cut = iota // the process of the client ends: both directions, with a FIN if all was read
	resets              // an RST: the machine of the client has forgotten the connection
	halves              // only the direction to the server; the rest is still read
	cutKinds = iota
)

var errCut = errors.New("the connection was cut on purpose")

// plan says when and how a connection is cut. Bytes are those on the wire, the handshake included; a
// negative number is never reached.
type plan struct {
	in, out int // bytes from and to the server before the cut
	how     cut
	piece   int // most bytes that are written at once; 0: all
}

var stable = plan{in: -1, out: -1}

// line is a TCP connection that follows a plan.
type line struct {
	*net.TCPConn
	plan plan

	mu    sync.Mutex
	cut   bool
	shook bool // the handshake is done
}

// take takes n bytes off a budget and returns how many there were.
func (l *line) take(budget *int, n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *budget < 0 {
		return n
	}
	n = min(n, *budget)
	*budget -= n
	return n
}

// Read ends with errCut when the budget is used up.
func (l *line) Read(p []byte) (int, error) {
	n := l.take(&l.plan.in, len(p))
	if n == 0 && len(p) > 0 {
		if l.snap() {
			return l.TCPConn.Read(p) // a half that is still whole
		}
		return 0, errCut
	}
	got, err := l.TCPConn.Read(p[:n])
	l.giveBack(n - got)
	return got, err
}

func (l *line) giveBack(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.plan.in >= 0 {
		l.plan.in += n
	}
}

// Write writes in pieces, and ends with errCut in the middle of them when the budget is used up.
func (l *line) Write(p []byte) (written int, err error) {
	for written < len(p) {
		piece := p[written:]
		if l.plan.piece > 0 {
			piece = piece[:min(len(piece), l.plan.piece)]
		}
		n := l.take(&l.plan.out, len(piece))
		if n > 0 {
			if n, err = l.TCPConn.Write(piece[:n]); err != nil {
				return written + n, err
			}
			written += n
		}
		if n < len(piece) {
			l.snap()
			return written, errCut
		}
	}
	return written, nil
}

// snap cuts the connection as planned, once. It reports whether there is still something to read.
func (l *line) snap() (half bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.cut {
		l.cut = true
		switch how := l.plan.how; {
		case how == halves, !l.shook: // what the server makes of a handshake is waited for
			_ = l.CloseWrite()
		case how == closing:
			_ = l.Close() // the other side may have done so before
		default:
			_ = l.SetLinger(0)
			_ = l.Close()
		}
	}
	return l.plan.how == halves && l.shook
}

// wasCut reports whether the plan came to its cut.
func (l *line) wasCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}
