package outbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// writer publishes records, many at a time, and tells in order what became of them. It has two goroutines:
// one publishes, because that may block where the server does not read; one takes the answers and calls
// back. Nothing is published twice, so the order in the stream is that of add as long as the connection
// holds; what was given up when it broke may come late.
type writer struct {
	o       *Outbox
	nc      *nats.Conn
	inbox   string // answers come to inbox + the counter
	sub     *nats.Subscription
	answers chan *nats.Msg
	status  chan nats.Status

	mu     sync.Mutex
	more   sync.Cond // queue is not empty, or closed
	queue  []*flight // to be published
	flying map[uint64]*flight
	order  []*flight            // all of which the caller has not heard, oldest first
	lanes  [laneCount][]*flight // the same by lane
	ready  []*flight            // their callers are to hear, in order
	busy   [laneCount]int       // how many of a lane are on their way, or their callers have not heard
	open   int                  // the sum of busy
	bytes  int                  // of these
	next   uint64               // counter
	waits  []settleWait
	closed bool

	wake chan struct{} // ready is not empty
}

// flight is a record on its way to the store.
type flight struct {
	lane     int
	counter  uint64
	record   []byte
	size     int
	began    time.Time
	finished func(f *flight) // called in the order of the lane, without locks

	settled  bool   // guarded by the writer, as are the next four
	over     uint64 // which connection it was published over, or an earlier one
	pos      Position
	err      error
	doubtful bool // it was published, and nobody knows what became of it
	told     bool // finished has returned
}

// settleWait is somebody who waits for all records up to a counter.
type settleWait struct {
	upTo uint64
	done chan struct{}
}

// sweepEvery is how often records are looked for that take too long.
const sweepEvery = 100 * time.Millisecond

func newWriter(o *Outbox) (*writer, error) {
	w := &writer{
		o:       o,
		nc:      o.js.Conn(),
		answers: make(chan *nats.Msg, 4*o.cfg.MaxInFlight),
		flying:  map[uint64]*flight{},
		wake:    make(chan struct{}, 1),
	}
	w.more.L = &w.mu
	w.inbox = w.nc.NewInbox() + "."
	var err error
	if w.sub, err = w.nc.ChanSubscribe(w.inbox+"*", w.answers); err != nil {
		return nil, err
	}
	w.status = w.nc.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	return w, nil
}

// add takes a record; finished is called later, unless an error is returned.
func (w *writer) add(f *flight) error {
	f.size, f.began = len(f.record)+checksum, time.Now()
	if !w.nc.IsConnected() {
		return ErrDisconnected
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return ErrClosed
	case w.open >= w.o.cfg.MaxInFlight, w.open > 0 && w.bytes+f.size > w.o.cfg.MaxInFlightBytes:
		return fmt.Errorf("%w: %d, of %d bytes", ErrBusy, w.open, w.bytes)
	}
	w.next++
	f.counter = w.next
	w.open++
	w.busy[f.lane]++
	w.bytes += f.size
	w.queue = append(w.queue, f)
	w.order = append(w.order, f)
	w.lanes[f.lane] = append(w.lanes[f.lane], f)
	w.o.figures.flying.Add(1)
	w.o.figures.flyingBytes.Add(f.size)
	w.more.Signal()
	return nil
}

// publish is one of the goroutines.
func (w *writer) publish() {
	var batch []*flight
	for {
		w.mu.Lock()
		for len(w.queue) == 0 && !w.closed {
			w.more.Wait()
		}
		if w.closed {
			w.mu.Unlock()
			return
		}
		clear(batch)
		batch, w.queue = w.queue, batch[:0]
		w.mu.Unlock()
		over := w.connection() // this may block, too
		w.mu.Lock()
		for _, f := range batch {
			if !f.settled {
				f.over = over
				w.flying[f.counter] = f
			}
		}
		w.mu.Unlock()
		for _, f := range batch {
			w.send(f)
		}
	}
}

// connection counts the connections there were. What was published over an earlier one may be stored after what is
// published now, and is given up though its answer comes.
func (w *writer) connection() uint64 { return w.nc.Stats().Reconnects }

func (w *writer) send(f *flight) {
	if !w.nc.IsConnected() { // nats.go would keep it, and send it whenever the connection is back
		w.settle(f, 0, ErrDisconnected)
		return
	}
	err := w.nc.PublishMsg(&nats.Msg{
		Subject: w.o.subjects[f.lane],
		Reply:   w.inbox + strconv.FormatUint(f.counter, 36),
		Data:    seal(f.record, f.counter),
	})
	if err != nil {
		w.settle(f, 0, err)
	}
}

// listen is the other goroutine.
func (w *writer) listen(stop <-chan struct{}) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	status := w.status
	for {
		select {
		case m := <-w.answers:
			w.answer(m)
		case _, more := <-status:
			if !more { // nats.go closes it with the connection
				status = nil
			}
			w.fail(ErrDisconnected, func(f *flight) bool { return true })
		case now := <-sweep.C:
			w.fail(ErrTimeout, func(f *flight) bool { return now.Sub(f.began) > w.o.cfg.Timeout })
		case <-w.wake:
		case <-stop:
			w.fail(ErrClosed, func(f *flight) bool { return true })
			w.tell()
			return
		}
		w.tell()
	}
}

// answer takes an answer of JetStream.
func (w *writer) answer(m *nats.Msg) {
	counter, err := strconv.ParseUint(m.Subject[len(w.inbox):], 36, 64)
	if err != nil {
		return
	}
	now := w.connection()
	w.mu.Lock()
	f := w.flying[counter]
	late := f != nil && f.over != now
	if late {
		f.doubtful = true
	}
	w.mu.Unlock()
	if f == nil {
		return // given up
	}
	if late {
		w.settle(f, 0, ErrDisconnected)
		return
	}
	pos, err := w.o.parseAck(m)
	w.settle(f, pos, err)
}

// fail gives up the oldest records, as long as which says so.
func (w *writer) fail(err error, which func(*flight) bool) {
	w.mu.Lock()
	var failed []*flight
	for _, f := range w.order {
		if !which(f) {
			break
		}
		if !f.settled {
			f.doubtful = w.flying[f.counter] == f
			failed = append(failed, f)
		}
	}
	w.mu.Unlock()
	for _, f := range failed {
		w.settle(f, 0, err)
	}
}

// settle notes what became of a record; only the first call for it counts. Those at the head of the lane
// become ready.
func (w *writer) settle(f *flight, pos Position, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.settled {
		return
	}
	f.settled, f.pos, f.err = true, pos, err
	delete(w.flying, f.counter)
	lane := w.lanes[f.lane]
	for len(lane) > 0 && lane[0].settled {
		w.ready = append(w.ready, lane[0])
		lane[0] = nil
		lane = lane[1:]
	}
	if len(lane) == 0 {
		lane = nil
	}
	w.lanes[f.lane] = lane
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// tell calls back for what is ready.
func (w *writer) tell() {
	for {
		w.mu.Lock()
		ready := w.ready
		w.ready = nil
		w.mu.Unlock()
		if ready == nil {
			return
		}
		for _, f := range ready {
			f.finished(f)
		}
		w.mu.Lock()
		for _, f := range ready {
			f.told = true
			w.open--
			w.busy[f.lane]--
			w.bytes -= f.size
			w.o.figures.flyingBytes.Add(-f.size)
		}
		w.o.figures.flying.Add(-len(ready))
		w.trim()
		w.mu.Unlock()
	}
}

// trim forgets the oldest records whose callers have heard, and lets those go on who wait for that. Called
// with mu held.
func (w *writer) trim() {
	for len(w.order) > 0 && w.order[0].told {
		w.order[0] = nil
		w.order = w.order[1:]
	}
	kept := w.waits[:0]
	for _, wait := range w.waits {
		if len(w.order) == 0 || w.order[0].counter > wait.upTo {
			close(wait.done)
		} else {
			kept = append(kept, wait)
		}
	}
	w.waits = kept
}

// settled returns a channel that is closed when the callers of all records added so far have heard.
func (w *writer) settled() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := make(chan struct{})
	w.waits = append(w.waits, settleWait{w.next, done})
	w.trim()
	return done
}

// quiet reports whether no record of a lane is on its way, and the callers of all have heard.
func (w *writer) quiet(lane int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy[lane] == 0
}

// shut has the publishing goroutine end, and takes nothing more. The other one has ended or is about to.
func (w *writer) shut() {
	w.mu.Lock()
	w.closed = true
	w.more.Broadcast()
	w.mu.Unlock()
	_ = w.sub.Unsubscribe() // it fails only if the connection is closed
	w.nc.RemoveStatusListener(w.status)
}

// Codes of JetStream for a stream, or an account, that is full: maximum bytes, storage of the account or the server,
// a write that failed.
const (
	codeStoreFailed    = 10077
	codeAccountStorage = 10002
	codeServerStorage  = 10047
	codeStreamLimits   = 10054
	codeMessageSize    = 10053
)

// confirmer is a store that wants to know what is confirmed, before anybody else hears of it.
type confirmer interface {
	Reached(stream string, sequence uint64)
}

// parseAck reads the answer to a publish.
func (o *Outbox) parseAck(m *nats.Msg) (Position, error) {
	if m.Header.Get("Status") == "503" {
		return 0, fmt.Errorf("%w: nobody answers for the stream %s", ErrDisconnected, o.stream)
	}
	var ack struct {
		Seq   uint64 `json:"seq"`
		Error *struct {
			Code        int    `json:"code"`
			ErrCode     int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		return 0, fmt.Errorf("an answer of JetStream cannot be read: %w", err)
	}
	if ack.Error == nil && ack.Seq > 0 {
		if keeper, ok := o.js.(confirmer); ok {
			keeper.Reached(o.stream, ack.Seq)
		}
		return Position(ack.Seq), nil
	}
	if ack.Error == nil {
		return 0, fmt.Errorf("an answer of JetStream names no position")
	}
	switch ack.Error.ErrCode {
	case codeStoreFailed, codeAccountStorage, codeServerStorage, codeStreamLimits:
		return 0, fmt.Errorf("%w: all nodes together may keep %d bytes for %s (%s)", ErrFull, o.cfg.MaxBytes, o.cfg.MaxAge, ack.Error.Description)
	case codeMessageSize:
		return 0, fmt.Errorf("%w: %s", ErrTooLarge, ack.Error.Description)
	}
	return 0, fmt.Errorf("JetStream: %s (%d)", ack.Error.Description, ack.Error.ErrCode)
}

// notStored wraps why a message was not stored.
func notStored(err error) error { return fmt.Errorf("%w: %w", hub.ErrNotStored, err) }

// finish tells the callers of all that is left that it was not stored. Both goroutines have ended.
func (w *writer) finish() {
	w.fail(ErrClosed, func(*flight) bool { return true })
	w.tell()
}
