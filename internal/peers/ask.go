package peers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// reprobe is how often a silent node is probed after the first time.
const reprobe = 500 * time.Millisecond

// Ask asks a node, which may be this one, and returns its answer, the caller's to keep. It waits for the time-out of
// op at most, and not longer than ctx.
//
// Errors: a [*Failure] if the node says that it could not; [ErrGone], [ErrNoAnswer], [ErrDisconnected],
// [ErrLeft], [ErrTooLarge], and ctx's. After all but a Failure and ErrGone the node may have done what it was
// asked to.
func (p *Peers) Ask(ctx context.Context, node string, op Op, body []byte) ([]byte, error) {
	return p.ask(ctx, node, op, body, nil)
}

// AskPages is Ask for an answer in pages: page is called with each, the last included, in order, on the caller's
// goroutine; its error ends the call and is returned. The time-out begins anew with each page.
// Pages that wait for page to return take at most [MaxBody] together, else the call ends with [ErrTooLarge].
func (p *Peers) AskPages(ctx context.Context, node string, op Op, body []byte, page func([]byte) error) error {
	last, err := p.ask(ctx, node, op, body, page)
	if err != nil {
		return err
	}
	return page(last)
}

func (p *Peers) ask(ctx context.Context, node string, op Op, body []byte, page func([]byte) error) ([]byte, error) {
	answer, err := p.exchange(ctx, node, op, body, page)
	p.figures.ops[op].count(err)
	return answer, err
}

func (p *Peers) exchange(ctx context.Context, node string, op Op, body []byte, page func([]byte) error) ([]byte, error) {
	broken, number := p.link.now(), p.table.number(node)
	c, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer p.finish(c)
	patience := p.patienceFor(op)
	if err := p.send(p.subjectOf(node), c.reply, frame{kind: kindRequest, op: op, wait: patience.within(ctx), body: body}); err != nil {
		return nil, err
	}
	c.timer.Reset(patience.first)
	for {
		select {
		case <-c.wake:
			arrived, err := p.take(c)
			if err != nil {
				return nil, err
			}
			for i := range arrived {
				if done, err := p.one(&arrived[i], node, number, page); done || err != nil {
					return arrived[i].body, err
				}
				patience.fresh = patience.fresh || arrived[i].kind != kindPong
			}
		case <-c.timer.C:
			next, over := patience.tick(time.Now())
			if over {
				return nil, fmt.Errorf("node %s: %w within %s", node, ErrNoAnswer, patience.timeout)
			}
			if err := p.probe(c, node, 1); err != nil {
				return nil, err
			}
			c.timer.Reset(next)
		case <-broken:
			return nil, ErrDisconnected
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// one looks at something that came from the node that was asked; done: it is the answer.
func (p *Peers) one(a *arrival, node string, number uint64, page func([]byte) error) (done bool, err error) {
	switch a.kind {
	case kindAnswer:
		return true, nil
	case kindFailure:
		return true, failureOf(a)
	case arrivalNobody:
		if a.probe != 0 {
			return true, fmt.Errorf("node %s: %w, and it is not there any more", node, ErrNoAnswer)
		}
		return true, fmt.Errorf("node %s: %w", node, ErrGone)
	case kindPong:
		if number != 0 && a.number != number && a.number != p.number.Load() {
			return true, fmt.Errorf("node %s: %w, and it has been started again", node, ErrNoAnswer)
		}
	case kindPage:
		if page == nil {
			return true, fmt.Errorf("node %s answers in pages to who asked for one answer", node)
		}
		return false, page(a.body)
	}
	return false, nil
}

func failureOf(a *arrival) *Failure {
	code, text, _ := strings.Cut(string(a.body), "\x00")
	return &Failure{Node: a.from, Code: code, Text: text}
}

// patience is how long to wait. The clock is not read before the first tick.
type patience struct {
	timeout time.Duration
	first   time.Duration // until the first tick
	heard   time.Time     // when something came last
	fresh   bool          // something came since the last tick
}

func (p *Peers) patienceFor(op Op) patience {
	timeout := p.cfg.Timeout
	if own := p.cfg.Ops[op].Timeout; own > 0 {
		timeout = own
	}
	return patience{timeout: timeout, first: min(p.cfg.Probe, timeout)}
}

// within says for how many milliseconds the sender of a request waits, at least 1: no longer than ctx.
func (w *patience) within(ctx context.Context) uint64 {
	most := w.timeout
	if deadline, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(deadline))
	}
	return uint64(max(most+time.Millisecond-1, time.Millisecond) / time.Millisecond)
}

// tick says when to look again, or that it has been long enough.
func (w *patience) tick(now time.Time) (next time.Duration, over bool) {
	if w.fresh {
		w.heard, w.fresh = now, false
	} else if w.heard.IsZero() {
		w.heard = now.Add(-w.first)
	}
	left := w.timeout - now.Sub(w.heard)
	return min(left, reprobe), left <= 0
}

// count notes how a request ended.
func (f *opFigures) count(err error) {
	var failure *Failure
	switch {
	case err == nil:
		f.ok.Inc()
	case errors.As(err, &failure):
		f.failed.Inc()
	case errors.Is(err, ErrGone):
		f.gone.Inc()
	case errors.Is(err, ErrNoAnswer):
		f.noAnswer.Inc()
	case errors.Is(err, ErrDisconnected):
		f.disconnected.Inc()
	default:
		f.stopped.Inc()
	}
}
