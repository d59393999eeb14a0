package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

const (
	goodbyeTimeout = 5 * time.Second // for the server's answer to a close frame
	askTimeout     = 10 * time.Second
)

// errInterrupted ends a script that was not allowed to finish.
var errInterrupted = errors.New("interrupted")

// entry is what was entered, or the end of the input.
type entry struct {
	text string
	end  bool
	err  error // of the input; with end
}

// event is what the connection did.
type event struct {
	at      time.Time
	message wsclient.Message
	closed  *wsclient.Closed // the end, if not nil
}

// inputs are the ways from where lines come from to the session.
type inputs struct {
	lines     chan entry
	interrupt chan struct{} // to end before what was entered is done
	quit      chan struct{} // closed when the session ends
}

// readAhead is how many lines a person may enter while one is being sent.
const readAhead = 16

// session is one call of Run. All fields belong to the goroutine of run; others hand functions to it over done.
type session struct {
	cfg    Config
	ctx    context.Context // of everything that runs beside; ends with run
	screen screen
	script bool // lines come from arguments or a pipe, one after the other
	inputs
	done   chan func()
	beside sync.WaitGroup

	over     bool
	result   error
	inputEnd bool  // no more lines come
	command  bool  // the last line was one
	leaving  bool  // the connection is closed to end the session
	verdict  error // what the session ends with after that

	link
	retry
	watch
	recording *wsclient.Recording // nil if nothing is recorded
	working   int                 // functions that run beside
	inTurn    int                 // those of them that the next line waits for
}

// link is the connection there is.
type link struct {
	conn    *wsclient.Conn // nil for none
	events  chan event
	forget  context.CancelFunc // ends what waits for an answer on conn
	lost    context.Context
	drop    *time.Timer // after a good-bye, until it is answered
	since   time.Time
	in, out int
	asked   time.Time // when the last message went out; zero once something came back
	latency time.Duration
	ping    time.Duration
}

func newSession(cfg Config) (*session, error) {
	s := &session{
		cfg: cfg, script: cfg.Console == nil,
		inputs: inputs{make(chan entry), make(chan struct{}, 1), make(chan struct{})},
		done:   make(chan func()),
	}
	if cfg.Record != nil {
		s.recording = wsclient.NewRecording(cfg.Record, wsclient.Service(cfg.Dial.URL))
	}
	if s.script {
		s.screen = newPage(cfg)
		return s, nil
	}
	e, err := newEditor(cfg)
	s.screen, s.lines = e, make(chan entry, readAhead)
	return s, err
}

func (s *session) run(ctx context.Context, conn *wsclient.Conn) error {
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer s.beside.Wait() // in the end, when cancel and quit have told them
	defer cancel()
	defer close(s.quit)
	defer s.screen.close()
	s.open(conn)
	s.screen.read(s.inputs)
	interrupted := ctx.Done()
	for !s.over {
		select {
		case e := <-s.input():
			s.entered(e)
		case e := <-s.events:
			s.happened(e)
		case f := <-s.done:
			f()
		case <-s.retry.timer():
			s.tick()
		case <-s.watch.timer():
			s.timeUp()
		case <-interrupted:
			interrupted = nil
			s.interrupted()
		case <-s.interrupt:
			s.interrupted()
		}
	}
	if s.conn != nil {
		s.conn.Drop()
	}
	s.unlink()
	return s.result
}

// input is the channel of lines, or nil while none may be taken: what was entered is done in its order, and a script
// waits for all it began.
func (s *session) input() chan entry {
	busy := s.inTurn > 0 || s.leaving || s.inputEnd
	if s.script {
		busy = busy || s.working > 0 || s.watch.on || s.retry.on || s.drop != nil
	} else {
		busy = busy || s.retry.on && s.retry.attempt == 0 // asked for a moment ago
	}
	if busy {
		return nil
	}
	return s.lines
}

// do runs work beside the session, and what it returns in it.
func (s *session) do(work func() func()) {
	s.working++
	s.beside.Go(func() {
		then := work()
		select {
		case s.done <- func() { s.working--; then() }:
		case <-s.quit:
		}
	})
}

// doInTurn is do for work that is done before the next line is taken.
func (s *session) doInTurn(work func() func()) {
	s.inTurn++
	s.do(func() func() {
		then := work()
		return func() {
			s.inTurn--
			then()
		}
	})
}

// end ends the session. What it ended with first counts.
func (s *session) end(err error) {
	if !s.over {
		s.over, s.result = true, err
	}
}

// wrong tells of a line that cannot be obeyed. A script ends with it.
func (s *session) wrong(err error) {
	if s.script {
		s.leave(err)
		return
	}
	s.screen.wrong(err.Error())
}

// interrupted is Ctrl-C, and a signal that asks to end. Who only listens, or feeds a pipe, ends well with it.
func (s *session) interrupted() {
	if s.cfg.Script != nil {
		s.leave(errInterrupted)
		return
	}
	s.leave(nil)
}

// open takes a new connection.
func (s *session) open(conn *wsclient.Conn) {
	s.conn, s.events, s.since = conn, make(chan event), s.cfg.Now()
	s.asked = time.Time{}
	s.lost, s.forget = context.WithCancel(s.ctx)
	s.retry.stop()
	s.record(s.since, wsclient.Opened, wsclient.Public(s.cfg.Dial.URL))
	text := "connected to " + wsclient.Public(s.cfg.Dial.URL)
	if p := conn.Protocol(); p != "" {
		text += ", protocol " + p
	} else if len(s.cfg.Dial.Protocols) > 0 {
		text += ", no protocol selected"
	}
	s.screen.state(true, "")
	s.screen.note(text)
	events := s.events
	s.beside.Go(func() { s.receive(conn, events) })
}

// receive passes on what comes, until the connection or the session ends.
func (s *session) receive(conn *wsclient.Conn, events chan<- event) {
	for {
		m, err := conn.Receive()
		e := event{at: s.cfg.Now(), message: m}
		ended := errors.As(err, &e.closed)
		select {
		case events <- e:
		case <-s.quit:
			return
		}
		if ended {
			return
		}
	}
}

func (s *session) happened(e event) {
	if e.closed != nil {
		s.closed(e.at, e.closed)
		return
	}
	s.in++
	var took time.Duration
	if !s.asked.IsZero() {
		took = max(e.at.Sub(s.asked), 1) // an answer always took some time
		s.latency, s.asked = took, time.Time{}
	}
	text := e.message.Text
	if e.message.Binary {
		s.screen.note(fmt.Sprintf("a binary message of %d bytes came; services send text only", len(text)))
		return
	}
	s.record(e.at, wsclient.In, text)
	if err := s.screen.message(e.at, text, took); err != nil {
		s.end(err)
		return
	}
	s.heard(text)
}

// closed decides how things go on after the end of a connection.
func (s *session) closed(at time.Time, c *wsclient.Closed) {
	asked := s.retry.now
	s.unlink()
	s.record(at, wsclient.Ended, endText(c))
	s.screen.state(false, "")
	switch {
	case s.leaving:
		s.noteClosed(c)
		s.end(s.verdict)
	case asked:
		s.dial()
	case c.Ours:
		s.noteClosed(c)
	case s.cfg.Reconnect && wsclient.Passing(c.Code):
		s.noteClosed(c)
		s.again()
	case s.script:
		s.scriptCut(c)
	default:
		s.noteClosed(c)
		s.screen.note("/reconnect connects again, /quit ends")
	}
}

func (s *session) noteClosed(c *wsclient.Closed) {
	switch {
	case c.Ours && c.Code == wsclient.CodeLost:
		s.screen.note("closed; the server did not say good-bye")
	case c.Code == wsclient.CodeLost:
		s.screen.note("the connection broke without a good-bye (1006)")
	default:
		s.screen.note(c.Error())
	}
}

// endText is the text of the end in a recording.
func endText(c *wsclient.Closed) string {
	text := fmt.Sprint(c.Code)
	if c.Reason != "" {
		text += " " + c.Reason
	}
	return text
}

// unlink forgets the connection, which has ended.
func (s *session) unlink() {
	if s.drop != nil {
		s.drop.Stop()
	}
	if s.forget != nil {
		s.forget()
	}
	s.conn, s.events, s.forget, s.drop = nil, nil, nil, nil
	s.retry.now = false
}

// leave says good-bye and ends the session with an error, or nil. What it is left for first counts.
func (s *session) leave(err error) {
	if s.leaving {
		return
	}
	s.leaving, s.verdict = true, err
	s.retry.stop()
	s.watch.stop()
	if s.conn == nil {
		s.end(err)
		return
	}
	if s.drop == nil {
		s.close(wsclient.CodeNormal, "")
	}
}

// close says good-bye. The server has a while to answer before the connection is dropped.
func (s *session) close(code int, reason string) {
	conn := s.conn
	s.drop = time.AfterFunc(goodbyeTimeout, conn.Drop)
	s.do(func() func() {
		if err := conn.Close(code, reason); err != nil {
			conn.Drop() // Receive tells of it
		}
		return func() {}
	})
}

func (s *session) entered(e entry) {
	command := !e.end && strings.HasPrefix(e.text, "/") && !strings.HasPrefix(e.text, "//")
	switch {
	case e.end && e.err != nil:
		s.inputEnd = true
		s.leave(e.err)
	case e.end:
		s.inputEnd = true
		s.finish()
	case command:
		s.obey(e.text)
	default:
		if strings.HasPrefix(e.text, "//") {
			e.text = e.text[1:]
		}
		s.send(e.text)
	}
	s.command = command
}

var errNotConnected = errors.New("not sent: there is no connection")

func (s *session) send(text string) {
	if s.conn == nil || s.drop != nil {
		err := errNotConnected
		if !s.script {
			err = fmt.Errorf("%w; the arrow up brings the text back", err)
		}
		s.wrong(err)
		return
	}
	conn, now := s.conn, s.cfg.Now()
	s.record(now, wsclient.Out, text)
	s.screen.sent(now, text)
	s.out++
	s.asked = now
	s.doInTurn(func() func() {
		err := conn.Send(text)
		return func() {
			if err != nil {
				conn.Drop() // Receive tells how it ended
				s.screen.wrong(err.Error())
			}
		}
	})
}

// record writes to the recording. One that cannot be written is an error of a script, and otherwise said once.
func (s *session) record(at time.Time, dir wsclient.Direction, text string) {
	if err := s.screen.record(at, dir, text); err != nil {
		s.end(err)
	}
	if s.recording == nil {
		return
	}
	if err := s.recording.Add(at, dir, text); err != nil {
		s.recording = nil
		s.wrong(err)
	}
}
