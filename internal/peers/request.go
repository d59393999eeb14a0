package peers

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"
)

// Request is what another node asks for. Its methods may be called from any goroutine.
type Request struct {
	From            string // name of the node that asks
	FromIncarnation string
	Op              Op
	Body            []byte // the handler's to keep
	GroupSeq        uint64 // of messages of [Peers.Group]: 1, 2, 3… of one incarnation, without those that were dropped; of others 0

	peers    *Peers
	reply    string
	answered atomic.Bool
	until    time.Duration // by the clock of this process, when the asker gives up
}

// Expired reports whether whoever asks has given up by now, so that it is too late to do what was asked for: he may
// have gone elsewhere since. A page that was sent is a sign of life, which is not taken into account.
func (q *Request) Expired() bool { return q.peers.cfg.clock() > q.until }

// Reply answers. The first of Reply and Fail counts, later ones do nothing. A body above [MaxBody] becomes a failure.
// What NATS does not take is lost, and the asker's wait ends with its time-out.
func (q *Request) Reply(body []byte) { q.end(frame{kind: kindAnswer, body: body}) }

// Page sends a part of the answer; Reply, with the last one, or Fail must follow. Pages arrive in the order of
// the calls. After Reply or Fail it does nothing. A page that fits into one message of NATS is best, one above
// [MaxBody] becomes a failure.
func (q *Request) Page(body []byte) {
	if q.answered.Load() {
		return
	}
	if err := q.send(frame{kind: kindPage, body: body}); errors.Is(err, ErrTooLarge) {
		q.Fail("too_large", err.Error())
	}
}

// Fail answers that it cannot be done: the asker gets a [Failure].
func (q *Request) Fail(code, text string) {
	q.end(frame{kind: kindFailure, body: []byte(code + "\x00" + text)})
}

func (q *Request) end(f frame) {
	if q.answered.Swap(true) {
		return
	}
	if err := q.send(f); errors.Is(err, ErrTooLarge) {
		q.send(frame{kind: kindFailure, body: []byte("too_large\x00" + err.Error())})
	}
}

func (q *Request) send(f frame) error {
	if q.reply == "" {
		return nil
	}
	f.op = q.Op
	err := q.peers.send(q.reply, "", f)
	if err != nil {
		q.peers.cfg.Logger.Debug("answer to a node not sent", "peer", q.From, "error", err)
	}
	return err
}

// run calls the handler, which may be nil.
func (q *Request) run(h Handler) {
	defer func() {
		if v := recover(); v != nil {
			q.peers.cfg.Logger.Error("handler of a request between nodes panicked",
				"peer", q.From, "operation", q.peers.nameOf(q.Op), "error", fmt.Sprint(v), "stack", string(debug.Stack()))
			q.Fail(CodePanic, fmt.Sprintf("operation %s panicked; the log of the node says more", q.peers.nameOf(q.Op)))
		}
	}()
	if h == nil {
		q.Fail(CodeUnknown, fmt.Sprintf("it does not know operation %d: do all nodes run one version?", q.Op))
		return
	}
	h(q)
}

// nameOf returns the name of an operation, or else its number.
func (p *Peers) nameOf(op Op) string {
	if name := p.cfg.Ops[op].Name; name != "" {
		return name
	}
	return strconv.Itoa(int(op))
}
