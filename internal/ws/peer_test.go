package ws

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// peer is a client in the memory of this process, and the server's end of its connection in one. It
// has no goroutine: what it does, it does while the server writes, or when a test tells it to. So
// thousands of them cost next to nothing, and in a bubble no time passes but that of the test.
type peer struct {
	// What the client does with what comes; nil: nothing. Called from a goroutine of the server, one
	// call at a time. Set before the peer is connected.
	onText  func(p *peer, text string)
	onClose func(p *peer, code int)

	mu      sync.Mutex    // guards what follows
	moved   sync.Cond     // there is something to read, room to write, or an end
	said    []byte        // by the client, not yet read by the server
	left    bool          // the client has closed its side
	closed  bool          // the server has closed the connection
	writeBy time.Time     // when a write of the server is interrupted; zero: never
	room    int           // how many bytes the client still takes
	frames  []byte        // what came of a frame that is not whole yet
	status  string        // the first line of the answer to the handshake
	mute    bool          // pings and closes are not answered
	slow    time.Duration // how long it takes to answer a ping
	pings   int
	missed  int       // pings since the last that was answered
	pingAt  time.Time // when the last came
	endAt   time.Time // when the server closed the connection; zero: it has not
	code    int       // of the server's close frame; 0: none came
}

// pong is an empty masked pong.
var pong = masked(ws.OpPong, true, "")

// connect opens a socket and returns when the server has it. A peer that is connected again begins anew,
// and keeps its counts.
func (p *peer) connect(t testing.TB, r *rig, target string) {
	t.Helper()
	if status := p.ask(t, r, target); status != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake was answered with %d", status)
	}
}

// ask sends an upgrade request and returns the status of the answer.
func (p *peer) ask(t testing.TB, r *rig, target string) (status int) {
	t.Helper()
	p.moved.L = &p.mu
	p.left, p.closed, p.endAt, p.said, p.frames, p.code = false, false, time.Time{}, nil, nil, 0
	p.room, p.status, p.writeBy = math.MaxInt, "", time.Time{}
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(handshake(target, "test"))))
	if err != nil {
		t.Fatal(err)
	}
	req.RemoteAddr = "memory"
	w := httptest.NewRecorder()
	r.server.ServeHTTP(pipeWriter{w, p, bufio.NewReaderSize(p, 16)}, req)
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.Contains(p.status, " 101 ") {
		return http.StatusSwitchingProtocols
	}
	return w.Code
}

// say sends bytes to the server.
func (p *peer) say(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, b...)
	p.moved.Broadcast()
}

// take lets the client take more bytes, after [peer.stall].
func (p *peer) take(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.room += n
	p.moved.Broadcast()
}

// stall has the client take no more bytes.
func (p *peer) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.room = 0
}

// answer answers pings, later than they came.
func (p *peer) answer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.mute {
		p.pong()
	}
}

// pong answers pings. Called with mu held.
func (p *peer) pong() {
	p.missed = 0
	p.said = append(p.said, pong...)
	p.moved.Broadcast()
}

// counts returns how many pings came, and whether the server has the connection still.
func (p *peer) counts() (pings int, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pings, !p.closed
}

// setSlow has the client take its time to answer pings.
func (p *peer) setSlow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = d
}

// untilClosed waits until the server has closed the connection, and returns when that was.
func (p *peer) untilClosed() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed {
		p.moved.Wait()
	}
	return p.endAt
}

// setMute has the client answer nothing any more, and say nothing about it.
func (p *peer) setMute(mute bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = mute
}

// leave closes the client's side.
func (p *peer) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = true
	p.moved.Broadcast()
}

// ended returns when the server closed the connection, and the code of its close frame, 0 without one.
func (p *peer) ended() (at time.Time, code int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.endAt, p.code
}

// Read is the server's.
func (p *peer) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.said) == 0 {
		switch {
		case p.closed:
			return 0, net.ErrClosed
		case p.left:
			return 0, io.EOF
		}
		p.moved.Wait()
	}
	n := copy(b, p.said)
	p.said = p.said[:copy(p.said, p.said[n:])]
	return n, nil
}

// Write is the server's: the client gets the bytes, as far as it takes some.
func (p *peer) Write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(b) > n {
		for p.room == 0 && !p.closed && !p.late() {
			p.moved.Wait()
		}
		switch {
		case p.closed:
			return n, net.ErrClosed
		case p.late():
			return n, os.ErrDeadlineExceeded
		}
		part := b[n:min(len(b), n+p.room)]
		n += len(part)
		if p.room != math.MaxInt {
			p.room -= len(part)
		}
		p.frames = append(p.frames, part...)
		p.read()
	}
	return n, nil
}

// read does what the frames ask for that have come whole. Called with mu held, which it leaves while
// a function of the test is called.
func (p *peer) read() {
	if p.status == "" {
		head, rest, whole := strings.Cut(string(p.frames), "\r\n\r\n")
		if !whole {
			return
		}
		p.status, _, _ = strings.Cut(head, "\r\n")
		p.frames = append(p.frames[:0], rest...)
	}
	for {
		op, payload, n := cutFrame(p.frames)
		if n == 0 {
			return
		}
		text := string(payload)
		p.frames = p.frames[:copy(p.frames, p.frames[n:])]
		p.got(op, text)
	}
}

func (p *peer) got(op ws.OpCode, payload string) {
	switch op {
	case ws.OpPing:
		p.pings++
		p.missed++
		p.pingAt = time.Now()
		switch {
		case p.mute:
		case p.slow > 0:
			time.AfterFunc(p.slow, p.answer)
		default:
			p.pong()
		}
	case ws.OpClose:
		if len(payload) >= 2 {
			p.code = int(binary.BigEndian.Uint16([]byte(payload)))
		}
		if !p.mute {
			p.said = append(p.said, masked(ws.OpClose, true, payload[:min(2, len(payload))])...)
			p.left = true
			p.moved.Broadcast()
		}
		p.tell(func() {
			if p.onClose != nil {
				p.onClose(p, p.code)
			}
		})
	case ws.OpText:
		p.tell(func() {
			if p.onText != nil {
				p.onText(p, payload)
			}
		})
	}
}

// tell calls a function of the test without the lock.
func (p *peer) tell(f func()) {
	p.mu.Unlock()
	defer p.mu.Lock()
	f()
}

// cutFrame returns the first frame of b and how long it is, 0 if it is not whole. Of the server only
// unmasked frames come.
func cutFrame(b []byte) (op ws.OpCode, payload []byte, n int) {
	if len(b) < 2 {
		return 0, nil, 0
	}
	op = ws.OpCode(b[0] & 0x0f)
	head, length := 2, int(b[1])
	switch {
	case length == 126 && len(b) >= 4:
		head, length = 4, int(binary.BigEndian.Uint16(b[2:]))
	case length == 127 && len(b) >= 10:
		head, length = 10, int(binary.BigEndian.Uint64(b[2:]))
	case length > 125:
		return 0, nil, 0
	}
	if len(b) < head+length {
		return 0, nil, 0
	}
	return op, b[head : head+length], head + length
}

// Close is the server's.
func (p *peer) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed, p.endAt = true, time.Now()
		p.moved.Broadcast()
	}
	return nil
}

// SetWriteDeadline is the server's. A connection that is closed takes none, like those of the kernel.
func (p *peer) SetWriteDeadline(at time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	p.writeBy = at
	p.moved.Broadcast()
	if left := time.Until(at); !at.IsZero() && left > 0 {
		time.AfterFunc(left, p.moved.Broadcast)
	}
	return nil
}

// late reports whether the time of a write is up. Called with mu held.
func (p *peer) late() bool { return !p.writeBy.IsZero() && !time.Now().Before(p.writeBy) }

// SetDeadline is the server's. It never reads before a handshake, and that has no other deadline.
func (p *peer) SetDeadline(at time.Time) error { return p.SetWriteDeadline(at) }

// SetReadDeadline is the server's, which has no use for it.
func (p *peer) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

func (p *peer) LocalAddr() net.Addr  { return memoryAddr{} }
func (p *peer) RemoteAddr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }
