package ws

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unique"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// conn is one connection. A reader exists always, a writer only while there is
// something to write.
type conn struct {
	srv *Server
	hc  *hub.Conn
	nc  net.Conn // nil when neither reader nor writer is left; those of both may read it without mu

	traffic *traffic // of the service
	window  uint8    // of permessage-deflate, as its parameters have it; 0: was not agreed on

	// Reading (read.go). Owned by the reader.
	raw        syscall.RawConn       // nil: the buffered path
	onReadable func(fd uintptr) bool // what raw calls; kept, because making it would allocate on each wait
	got        received
	header     unique.Handle[string] // of the request; kept, so that equal ones share memory
	in         *inbound              // nil between messages
	full       time.Duration         // when all of the burst may be sent again (pace.go); as Server.now

	// What the timer wheel looks at.
	writeSince atomic.Int64 // when the write under way began, 0: none; as Server.now
	unanswered atomic.Int32 // pings since anything was last read
	busy       atomic.Bool  // the reader is not reading: it waits for a call, or is slowed down
	pingAt     time.Duration
	wheel      wheelLink

	mu       sync.Mutex    // guards what follows
	known    bool          // hc is there
	started  bool          // the handshake is done
	woken    bool          // Wake was called before that
	dead     bool          // the TCP connection is closed, or about to be
	writing  bool          // a writer runs, or none is to run any more
	again    bool          // the writer shall look once more before it ends
	said     bool          // our close frame was written
	control  []byte        // encoded pings and pongs to be written
	receipts *receipts     // nil: no message has asked for one
	bye      *hub.Reason   // what the client's close frame said, to be answered; nil: none came
	closeBy  time.Duration // when a close that is under way is cut short; 0: none
	onBye    chan struct{} // closed when our close frame was written, or will not be; nil: nobody waits
	ground   *ground       // nil: it may stay for ever
	life     *life
	older    *conn         // took over from it, and has not yet seen its calls end
	calling  bool          // a call runs, or the first has not come to its turn
	shut     bool          // no more calls are to be begun, but for Closed
	secure   bool          // nc is TLS; does not change, so it may be read without mu
	reads    bool          // there is a reader
	writers  int8          // how many there are: more than one while one gives way to the next
	onQuiet  chan struct{} // closed when shut and not calling; nil: nobody waits
	slow     *slowed       // the client is slowed down; only the reader changes it, so it may read it without mu
	final    *hub.Reason   // why the socket ended with this connection, until Closed is called; nil: not
}

// life is what all connections of one socket share.
type life struct {
	ctx    context.Context // the one Handler calls get; kept, because it lives as long as the socket
	cancel context.CancelFunc
	opened bool // a call of Opened was made; owned by the reader whose turn it is
}

func newLife() *life {
	l := &life{}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// newConn makes a connection before its socket, because opening the socket needs a waker.
func (s *Server) newConn() *conn { return &conn{srv: s, life: newLife(), calling: true} }

// opened connects c to its socket, and to the connection that was there before, which is to be
// quick if it still closes: what it holds goes to c only after that.
func (c *conn) opened(hc *hub.Conn) {
	c.hc = hc
	older, _ := hc.Replaced().(*conn)
	c.mu.Lock()
	c.older, c.known = older, true
	c.mu.Unlock()
	if older != nil {
		older.hurry()
	}
}

// hurry has a close that is under way cut short soon.
func (c *conn) hurry() {
	c.mu.Lock()
	closing := c.started && !c.dead
	c.mu.Unlock()
	if closing {
		c.endWithin(staleTime)
	}
}

// start begins to read and write. first holds bytes that came with the handshake.
func (c *conn) start(nc net.Conn, first []byte) {
	c.nc = nc
	c.raw = readiness(nc)
	c.onReadable = c.readable
	_, c.secure = nc.(*tls.Conn)
	if c.srv.cfg.Heartbeat > 0 {
		c.pingAt = c.srv.now() + c.srv.cfg.Heartbeat
	}
	c.mu.Lock()
	c.started, c.reads = true, true
	woken := c.woken
	c.mu.Unlock()
	// Only now: whoever finds c in the wheel may drop it, and that works once it is started.
	c.srv.wheel.schedule(c, c.srv.visitPeriod())
	if c.srv.isDraining() { // Shutdown may have listed the connections before this one was there
		c.hc.CloseWith(shuttingDown)
	}
	if woken {
		c.look()
	}
	go c.begin(first)
}

// readerLeft and writerLeft say that a reader or a writer has done all it had to.
func (c *conn) readerLeft() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = false
	c.letGo()
}

func (c *conn) writerLeft() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writers--
	c.letGo()
}

// letGo drops all that only a reader and a writer need, when neither is left: a detached socket
// keeps its last connection until another comes. Called with mu held.
func (c *conn) letGo() {
	if c.dead && !c.reads && c.writers == 0 {
		c.nc, c.raw, c.onReadable, c.control, c.receipts = nil, nil, nil, nil, nil
	}
}

// awaitWriter waits until the writer of a connection that was dropped has given back what it did not
// write: a matter of moments, since it has nothing to write to.
func (c *conn) awaitWriter() {
	for {
		c.mu.Lock()
		writers := c.writers
		c.mu.Unlock()
		if writers == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Wake implements hub.Waker. It never blocks: what may, happens on a writer, or on a goroutine
// of its own.
func (c *conn) Wake() {
	c.mu.Lock()
	known, started := c.known, c.started
	c.woken = true
	c.mu.Unlock()
	if started {
		c.look()
	} else if known {
		c.lookFinal()
	}
}

// look finds out what the hub wants, and sees that it is done.
func (c *conn) look() {
	if reason, closing := c.hc.Closing(); closing {
		c.beginClose(reason)
	} else if due := c.hc.Tick(time.Now()); !due.IsZero() {
		c.srv.wheel.schedule(c, time.Until(due))
	}
	c.lookFinal()
	c.kick()
}

// lookFinal finds out whether the socket has ended that c left detached, and has Closed called
// then: here, or, while calls of earlier connections go on, by who makes the last of them.
func (c *conn) lookFinal() {
	final, over := c.hc.Final()
	if !over {
		return
	}
	c.socketEnded(final)
	if c.srv.beginLate() {
		go func() {
			defer c.srv.late.Done()
			c.sayClosed()
		}()
	}
}

// beginClose makes sure that a close comes to an end, whatever the client does.
func (c *conn) beginClose(reason hub.Reason) {
	c.shutCalls()
	if s := c.hc.Socket(); s.State() == hub.StateGone && !s.Moved() { // not if it outlives the connection
		c.cancelLife()
	}
	switch {
	case reason.Abort:
		c.drop(reason)
		return
	case reason.Cause == hub.CauseMoved: // another node waits for what it holds
		c.endWithin(staleTime)
		return
	}
	c.endWithin(c.srv.cfg.WriteTimeout + lingerTime)
}

// endWithin has a connection that closes cut short after a time, if that is not to be sooner.
func (c *conn) endWithin(allowed time.Duration) {
	by := c.srv.now() + allowed
	c.mu.Lock()
	sooner := c.closeBy == 0 || by < c.closeBy
	if sooner {
		c.closeBy = by
	}
	c.mu.Unlock()
	if sooner {
		c.srv.wheel.schedule(c, allowed)
	}
}

// drop ends the connection without a close frame: the client sees 1006. The reader notices and
// does the rest.
func (c *conn) drop(reason hub.Reason) {
	c.mu.Lock()
	was, said, nc := c.dead || !c.started, c.said, c.nc
	c.dead = true
	c.tellWritten()
	c.mu.Unlock()
	if was {
		return
	}
	c.end(reason)
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn() // closing TLS would try to write, and wait for it
	}
	if l, ok := nc.(interface{ SetLinger(int) error }); ok && !said {
		_ = l.SetLinger(0) // what is still to be sent is not worth keeping memory for
	}
	nc.Close()
}

// awaitBye waits, where a close is under way, until our close frame was written or cannot be. A
// client that has closed its side may still read it.
func (c *conn) awaitBye() {
	c.mu.Lock()
	if c.closeBy == 0 || c.written() {
		c.mu.Unlock()
		return
	}
	if c.onBye == nil {
		c.onBye = make(chan struct{})
	}
	wait := c.onBye
	c.mu.Unlock()
	<-wait
}

// written reports whether the writer has nothing to say any more. Called with mu held.
func (c *conn) written() bool { return c.said || c.dead || !c.writing }

// tellWritten tells who waits for that. Called with mu held.
func (c *conn) tellWritten() {
	if c.written() && c.onBye != nil {
		close(c.onBye)
		c.onBye = nil
	}
}

// end tells the hub that the connection is over. Only the first call counts. A socket that has
// ended with it is closed by who makes its last call; one that is detached lives on.
func (c *conn) end(reason hub.Reason) {
	final, end := c.hc.Ended(reason)
	c.shutCalls()
	if end == hub.EndGone {
		c.socketEnded(final)
	}
}

// socketEnded notes that the socket has ended, and why.
func (c *conn) socketEnded(final hub.Reason) {
	c.srv.traces.ended(c.hc.Socket(), final)
	c.mu.Lock()
	c.final = &final
	c.mu.Unlock()
	if final.Cause != hub.CauseMoved { // a call that runs goes on then, as after a takeover
		c.cancelLife()
	}
}

// cancelLife ends the context of the socket, also where an older connection still uses it.
func (c *conn) cancelLife() {
	for c != nil {
		c.mu.Lock()
		life, older := c.life, c.older
		c.mu.Unlock()
		life.cancel()
		c = older
	}
}

// takeTurn waits until the connection that c took over from makes no more calls, and continues
// its life: the calls of one socket never overlap.
func (c *conn) takeTurn() {
	c.mu.Lock()
	older := c.older
	c.mu.Unlock()
	if older == nil {
		return
	}
	c.busy.Store(true)
	older.waitQuiet()
	c.busy.Store(false)
	older.mu.Lock()
	life := older.life
	older.mu.Unlock()
	c.mu.Lock()
	c.life, c.older = life, nil
	c.mu.Unlock()
}

// waitQuiet waits until the connection makes no more calls.
func (c *conn) waitQuiet() {
	c.mu.Lock()
	if c.quiet() {
		c.mu.Unlock()
		return
	}
	if c.onQuiet == nil {
		c.onQuiet = make(chan struct{})
	}
	wait := c.onQuiet
	c.mu.Unlock()
	<-wait
}

// quiet reports whether no call runs or will be begun, but for Closed. Called with mu held.
func (c *conn) quiet() bool { return c.shut && !c.calling }

// tellQuiet tells who waits for it. Called with mu held.
func (c *conn) tellQuiet() {
	if c.quiet() && c.onQuiet != nil {
		close(c.onQuiet)
		c.onQuiet = nil
	}
}

// shutCalls sees that no further call is begun. One that runs goes on.
func (c *conn) shutCalls() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.slow != nil && !c.shut {
		close(c.slow.stop)
	}
	c.shut = true
	c.tellQuiet()
}

// beginCall reports whether a message may still be handled; endCall must follow then. A connection whose
// ground is lost is closed, if that has not begun yet.
func (c *conn) beginCall() bool {
	c.mu.Lock()
	why, over := c.ground.over()
	c.calling = !c.shut && !over
	calling := c.calling
	c.mu.Unlock()
	if over {
		c.closeSession(why)
	}
	return calling
}

func (c *conn) endCall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calling = false
	c.tellQuiet()
}

// sayClosed calls Handler.Closed, once, when the socket has ended and its other calls have too.
// A socket that Opened was never called for has nothing to close, and one that another node has is not closed.
func (c *conn) sayClosed() {
	c.mu.Lock()
	var due *hub.Reason
	if c.quiet() {
		due, c.final = c.final, nil
	}
	life := c.life
	c.mu.Unlock()
	switch {
	case due == nil:
	case due.Cause == hub.CauseMoved:
		life.cancel()
	case life.opened:
		_ = c.call(callClosed, nil, "", *due) // Closed has no error, and a panic was logged
	}
}

// finish ends a connection that will never read again, or never has. Where there was an older one
// it waits for the end of that one's calls.
func (c *conn) finish(reason hub.Reason) {
	c.end(reason)
	c.dropGround()
	c.takeTurn()
	c.endCall()
	c.sayClosed()
}

// abandon ends a connection that never came about.
func (c *conn) abandon(text string) {
	c.end(hub.Reason{Code: hub.CodeLost, Text: text, Cause: hub.CauseHandshake})
	c.lookFinal()
	c.srv.running.Go(func() { c.finish(hub.Reason{Code: hub.CodeLost}) })
}
