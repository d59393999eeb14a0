package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// The functions of a service script (spec/websocket.md A.2). All of them may be missing.
var hookNames = map[hostapi.Hook]string{
	hostapi.HookOpen:    "open",
	hostapi.HookProcess: "process",
	hostapi.HookClose:   "close",
}

// Opened calls the hook open of the socket's service. An error means that the service does not want
// the socket, and its text is meant for the client: [ErrRefused] if the hook returned false, the text
// of what it threw, or that the service cannot run. ctx bounds the wait for a turn only: a hook that
// has begun runs to its end.
func (e *Engine) Opened(ctx context.Context, s *hub.Socket) error {
	v, err := e.callHook(ctx, s, call{hook: hostapi.HookOpen})
	if err != nil {
		return errors.New(plainText(err))
	}
	if v.Kind() == basescript.KindBool && !v.Bool() {
		return ErrRefused
	}
	return nil
}

// Message calls the hook process with a message of the client. The error is logged already. ctx is
// as for Opened.
func (e *Engine) Message(ctx context.Context, s *hub.Socket, text string) error {
	_, err := e.callHook(ctx, s, call{hook: hostapi.HookProcess, message: text})
	return err
}

// Closed calls the hook close with the reason of the end. An error is logged.
func (e *Engine) Closed(s *hub.Socket, reason hub.Reason) {
	_, _ = e.callHook(e.ctx, s, call{hook: hostapi.HookClose, reason: reason}) // logged
}

// call says what a hook is called for.
type call struct {
	hook    hostapi.Hook
	message string
	reason  hub.Reason
}

// callHook runs a hook of the service of s in the newest snapshot. A hook the script lacks, and one
// that ends with Cancel(), return undefined.
func (e *Engine) callHook(ctx context.Context, s *hub.Socket, c call) (basescript.Value, error) {
	snapshot := e.deps.Apps()
	script, ok := snapshot.Service(s.Service())
	if !ok {
		script = &app.Script{Kind: app.Service, Name: s.Service(), Err: fmt.Errorf("%w: %s", ErrNoService, s.Service())}
	}
	name := hookNames[c.hook]
	if script.Program == nil && c.hook == hostapi.HookClose {
		return basescript.Undefined, nil // the hook open has said why
	}
	if script.Program != nil && !script.Program.HasFunction(name) {
		return basescript.Undefined, nil
	}
	leave, err := e.enterService(ctx)
	if err != nil {
		return basescript.Undefined, err
	}
	defer leave()

	x := e.newRun(snapshot, script, s.User())
	x.Hook, x.Message, x.Closed = c.hook, c.message, c.reason
	x.Socket = hub.Ref{Key: s.Key(), Local: s}
	x.Handshake = s.Handshake()
	if e.deps.Quota != nil {
		x.payer = &payer{x.User.ID, x.Handshake.RemoteAddr}
	}
	began := e.figures.now()
	x.trace(ctx, hookSpans[c.hook])
	defer x.span.End()
	if script.Program == nil {
		err := x.report(script.Err)
		e.figures.called(x, began, err)
		return basescript.Undefined, err
	}
	// The socket may end while the hook runs, even through the hook itself: the run has its own time.
	runCtx, cancel := context.WithTimeout(e.ctx, e.cfg.ServiceTimeout)
	defer cancel()
	v, err := x.execute(x.span.In(runCtx), e.serviceLimits(), func(r *basescript.Run) (basescript.Value, error) {
		return r.Call(script.Program, name, x.Invocation())
	})
	err = x.report(err)
	e.figures.called(x, began, err)
	return v, err
}

func (e *Engine) serviceLimits() basescript.Limits {
	return basescript.Limits{Compute: e.cfg.ServiceCompute, Bytes: e.cfg.ServiceBytes, Depth: e.cfg.Depth}
}

// enterService waits for a turn. It returns the error of ctx if that ends first.
func (e *Engine) enterService(ctx context.Context) (leave func(), err error) {
	if !e.begin() {
		return nil, ErrClosed
	}
	select {
	case e.services <- struct{}{}:
	default:
		select {
		case e.services <- struct{}{}:
		case <-ctx.Done():
			e.done()
			return nil, ctx.Err()
		case <-e.ctx.Done():
			e.done()
			return nil, ErrClosed
		}
	}
	return func() {
		<-e.services
		e.done()
	}, nil
}
