package tracing

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	attemptTime = 5 * time.Second // of one request
	firstPause  = 250 * time.Millisecond
	longPause   = 4 * time.Second
	warnEvery   = time.Minute
	maxAnswer   = 64 << 10 // bytes read of what a collector answers
)

// exporter posts spans to a collector (OTLP/HTTP with the JSON encoding), in batches and from one
// goroutine.
type exporter struct {
	process  Process
	resource []attribute // what is said of the process
	target   string
	header   http.Header
	client   *http.Client
	logger   *slog.Logger

	queue   chan *Span
	dropped atomic.Int64  // spans that found no room, not told yet
	closing chan struct{} // closed by close
	closed  sync.Once
	done    chan struct{} // closed after the last batch
	life    context.Context
	stop    context.CancelFunc // ends life: nothing is to be waited for any more

	// Owned by the goroutine.
	notBefore time.Time // when the collector wants to hear from us again
	nextWarn  time.Time
	lost      int   // spans since the last warning
	why       error // of the last of them
}

func startExporter(cfg Config, process Process, logger *slog.Logger) *exporter {
	target, _ := cfg.target() // both were checked
	header, _ := cfg.header()
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", scope)
	e := &exporter{
		process: process, target: target, header: header, logger: logger,
		resource: []attribute{
			text("service.name", scope), text("service.version", process.Version),
			text("service.instance.id", rand.Text()), text(attrNode, process.Node),
		},
		queue: make(chan *Span, queueSpans), closing: make(chan struct{}), done: make(chan struct{}),
	}
	e.life, e.stop = context.WithCancel(context.Background())
	e.client = &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConns: 1, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: attemptTime, MaxResponseHeaderBytes: maxAnswer, ForceAttemptHTTP2: true,
		},
		// A redirect would carry the headers, and the tokens in them, to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	go e.run()
	return e
}

// take puts a span that has ended into the queue. It never waits: a span that finds no room, or comes
// after the end, is dropped.
func (e *exporter) take(s *Span) {
	select {
	case <-e.closing:
		return
	default:
	}
	select {
	case e.queue <- s:
	default:
		e.dropped.Add(1)
	}
}

// close sends what is in the queue and ends the goroutine. It may be called more than once; each call
// waits for the end.
func (e *exporter) close() {
	e.closed.Do(func() { close(e.closing) })
	<-e.done
}

// run sends batches: a full one at once, a smaller one a while after its first span.
func (e *exporter) run() {
	defer close(e.done)
	defer e.client.CloseIdleConnections()
	batch := make([]*Span, 0, batchSpans)
	var due <-chan time.Time
	send := func() {
		e.export(batch)
		clear(batch)
		batch, due = batch[:0], nil
	}
	for {
		select {
		case s := <-e.queue:
			if batch = append(batch, s); len(batch) == 1 {
				due = time.After(batchDelay)
			}
			if len(batch) == batchSpans {
				send()
			}
		case <-due:
			send()
		case <-e.closing:
			for len(e.queue) > 0 {
				if batch = append(batch, <-e.queue); len(batch) == batchSpans {
					send()
				}
			}
			send()
			e.tell()
			return
		}
	}
}

// export sends a batch, which may be empty, and tells what has been lost.
func (e *exporter) export(spans []*Span) {
	if len(spans) > 0 {
		if err := e.try(spans); err != nil {
			lost := len(spans)
			if part, ok := errors.AsType[*partError](err); ok {
				lost = part.rejected
			}
			e.warn(err, lost)
		}
	}
	if n := e.dropped.Swap(0); n > 0 {
		e.warn(errors.New("spans come faster than it takes them"), int(n))
	}
}

func (e *exporter) try(spans []*Span) error {
	ctx, cancel := context.WithTimeout(e.life, exportTime)
	defer cancel()
	body, err := encode(e.process, e.resource, spans)
	if err != nil {
		return err
	}
	return e.deliver(ctx, body)
}

// warn notes that spans were lost, and tells it once in a while.
func (e *exporter) warn(err error, lost int) {
	e.lost += lost
	e.why = err
	if now := time.Now(); !now.Before(e.nextWarn) {
		e.nextWarn = now.Add(warnEvery)
		e.tell()
	}
}

// tell logs what has been lost since it was told last, if anything.
func (e *exporter) tell() {
	if e.lost > 0 {
		e.logger.Warn("traces are lost, the collector does not take them", "url", e.target, "error", e.why.Error(), "count", e.lost)
		e.lost = 0
	}
}

// deliver posts a body until it is taken, refused for good, or time is over.
func (e *exporter) deliver(ctx context.Context, body []byte) (err error) {
	pause := firstPause
	for {
		if !e.await(ctx, time.Until(e.notBefore)) {
			if err == nil {
				err = errors.New("it wants to be asked later")
			}
			return err
		}
		if err = e.post(ctx, body); err == nil {
			return nil
		}
		later, ok := errors.AsType[*laterError](err)
		if !ok {
			return err
		}
		wait := later.after
		if wait == 0 {
			wait = pause/2 + mathrand.N(pause/2)
			pause = min(2*pause, longPause)
		}
		e.notBefore = time.Now().Add(wait)
	}
}

// await waits, unless ctx would end first.
func (e *exporter) await(ctx context.Context, wait time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if wait <= 0 {
		return true
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// laterError says that another attempt may succeed.
type laterError struct {
	err   error
	after time.Duration // what the collector asked for; 0: nothing
}

func (e *laterError) Error() string { return e.err.Error() }

// partError says that the collector took a batch in part.
type partError struct {
	rejected int
	message  string
}

func (e *partError) Error() string {
	return strings.TrimSuffix("it rejected a part of them: "+e.message, ": ")
}

// post makes one attempt.
func (e *exporter) post(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = e.header.Clone()
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return &laterError{err: plain(err)}
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as it is wanted
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return rejected(text) // what could not be read of the answer is of no matter
	case code == http.StatusTooManyRequests, code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return &laterError{err: refusal(resp), after: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	case err != nil:
		return &laterError{err: plain(err)}
	}
	return refusal(resp)
}

func refusal(resp *http.Response) error {
	return fmt.Errorf("it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
}

// plain drops the address from an error of the client: the record names it.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) { // the end of the server cancels
		return errors.New("it did not answer in time")
	}
	return err
}

// rejected reads what a collector says of spans it did not keep (ExportTracePartialSuccess).
func rejected(text []byte) error {
	var said struct {
		PartialSuccess struct {
			RejectedSpans json.RawMessage `json:"rejectedSpans"` // a number, in a text or not
			ErrorMessage  string          `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(text, &said) != nil {
		return nil // it may answer in another encoding, or nothing; it has taken them
	}
	n, _ := strconv.Atoi(strings.Trim(string(said.PartialSuccess.RejectedSpans), `"`))
	if n <= 0 {
		return nil
	}
	message := said.PartialSuccess.ErrorMessage
	return &partError{rejected: n, message: message[:min(len(message), maxValue)]}
}

// retryAfter reads the header: seconds or a date (RFC 9110, 10.2.3); 0 if there is nothing to read.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(0, seconds)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
