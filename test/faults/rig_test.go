package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

// rig is a server, those who sit at it, and what is written down of them.
type rig struct {
	t       *testing.T
	history history.History
	running sync.WaitGroup // clients that read

	http *http.Client

	mu      sync.Mutex
	base    string // URL of the server
	token   string
	clients []*client // all there ever were
	senders map[string]*sender
}

// newRig starts a server with settings, each KEY=VALUE, and two services, mail and post.
func newRig(t *testing.T, settings ...string) (*rig, *servertest.Server) {
	t.Helper()
	s := servertest.Start(t, servertest.App(services("mail", "post")), set(t, settings...))
	return rigAt(t, s.URL(), s.Token()), s
}

// rigAt makes a rig for a server that runs.
func rigAt(t *testing.T, base, token string) *rig {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	r := &rig{t: t, base: base, token: token, http: &http.Client{Transport: transport, Timeout: servertest.Patience}}
	t.Cleanup(transport.CloseIdleConnections)
	t.Cleanup(r.dropAll)
	return r
}

// dropAll ends all clients.
func (r *rig) dropAll() {
	r.mu.Lock()
	clients := r.clients
	r.mu.Unlock()
	for _, c := range clients {
		c.line.Close()
		c.goOn()
	}
	r.running.Wait()
}

// start has a client read.
func (r *rig) start(c *client) {
	r.mu.Lock()
	r.clients = append(r.clients, c)
	r.mu.Unlock()
	r.running.Go(c.read)
}

// set changes settings by their names.
func set(t *testing.T, settings ...string) servertest.Option {
	t.Helper()
	flags := map[string][]string{}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		flags[key] = []string{value}
	}
	loaded, err := config.Load(config.Sources{Flags: flags, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	return func(_ testing.TB, cfg *server.Config) {
		loaded.Listen, loaded.Data, loaded.App = cfg.Settings.Listen, cfg.Settings.Data, cfg.Settings.App
		cfg.Settings = loaded
	}
}

// move has everybody talk to another server from now on: the one that was started anew.
func (r *rig) move(base, token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.base, r.token = base, token
}

func (r *rig) at() (base, token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.base, r.token
}

func (r *rig) address() string {
	base, _ := r.at()
	return strings.TrimPrefix(base, "http://")
}

// ask makes a request of the API. The status is 0 if there was no answer.
func (r *rig) ask(method, path string, body any) (status int, answer []byte) {
	base, token := r.at()
	text, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, base+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.http.Do(req)
	if err != nil {
		time.Sleep(5 * time.Millisecond) // a server that is stopped is not to be asked all the time
		return 0, nil
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

// socket returns what the server shows of a socket; its State is "" if it is gone.
func (r *rig) socket(key string) (s api.Socket) {
	status, answer := r.ask(http.MethodGet, "/sockets/"+url.PathEscape(key), nil)
	switch status {
	case http.StatusOK:
		if err := json.Unmarshal(answer, &s); err != nil {
			r.t.Error(err)
		}
	case http.StatusNotFound:
	default:
		r.t.Errorf("%s: %d %s", key, status, answer)
	}
	return s
}

// until waits for something the server shows.
func (r *rig) until(what string, done func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(servertest.Patience); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Errorf("not within %v: %s", servertest.Patience, what)
			return
		}
	}
}

// detached waits until the server knows that a connection is lost and keeps its socket.
func (r *rig) detached(c *client) {
	r.t.Helper()
	r.until(c.seat.key()+" is detached", func() bool { return r.socket(c.seat.key()).State == "detached" })
	c.hist.Noticed()
}

// sender is somebody who sends numbered messages, one after the other.
type sender struct {
	rig  *rig
	name string
	pad  string // makes messages larger
	last int    // the number of the last message
	key  string // conflate key; "" for none
}

// sender returns the sender of a name. Each belongs to one goroutine at a time.
func (r *rig) sender(name string) *sender {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.senders == nil {
		r.senders = map[string]*sender{}
	}
	if r.senders[name] == nil {
		r.senders[name] = &sender{rig: r, name: name}
	}
	return r.senders[name]
}

// text is the next message.
func (s *sender) text() string {
	s.last++
	return history.Item{From: s.name, N: s.last, Pad: s.pad}.Text()
}

func (s *sender) body(more map[string]any) map[string]any {
	body := map[string]any{"message": s.text(), "json_compound": true}
	if s.key != "" {
		body["conflate_key"] = s.key
	}
	for name, value := range more {
		body[name] = value
	}
	return body
}

// answerOf is what a status says of one message.
func answerOf(status int) history.Answer {
	switch status {
	case http.StatusAccepted:
		return history.Taken
	case http.StatusTooManyRequests:
		return history.Full
	case http.StatusNotFound:
		return history.Refused
	}
	return history.Unknown
}

// send sends one message to one socket.
func (s *sender) send(key string) history.Answer {
	body := s.body(nil)
	sent := s.rig.history.Send(key, s.name, s.last)
	status, _ := s.rig.ask(http.MethodPost, "/sockets/"+url.PathEscape(key)+"/messages", body)
	answer := answerOf(status)
	sent.Answered(answer)
	return answer
}

// sendTo sends n messages to one socket, which must be there.
func (s *sender) sendTo(key string, n int) {
	s.rig.t.Helper()
	for range n {
		if a := s.send(key); a != history.Taken {
			s.rig.t.Errorf("message %d of %s to %s: answer %d", s.last, s.name, key, a)
		}
	}
}

// group sends one message to several sockets, named by how: {"user_id":…}, {"filter":…} or {"keys":…}. If the
// server took it for less than all, nobody knows for whom.
func (s *sender) group(how map[string]any, keys ...string) {
	body := s.body(how)
	var sent []*history.Send
	for _, key := range keys {
		sent = append(sent, s.rig.history.Send(key, s.name, s.last))
	}
	status, text := s.rig.ask(http.MethodPost, "/messages", body)
	answer := history.Unknown
	var delivery api.Delivery
	if status == http.StatusAccepted && json.Unmarshal(text, &delivery) == nil && delivery.Addressed == len(keys) {
		answer = history.Taken
	}
	for _, one := range sent {
		one.Answered(answer)
	}
}

// batch sends a message to each of several sockets in one request.
func (s *sender) batch(keys ...string) {
	var sent []*history.Send
	var messages []map[string]any
	for _, key := range keys {
		messages = append(messages, s.body(map[string]any{"key": key}))
		sent = append(sent, s.rig.history.Send(key, s.name, s.last))
	}
	status, text := s.rig.ask(http.MethodPost, "/messages/batch", map[string]any{"messages": messages})
	var answer struct{ Results []struct{ Status int } }
	if status == http.StatusAccepted && json.Unmarshal(text, &answer) != nil {
		s.rig.t.Errorf("the answer to a batch is %s", text)
	}
	for i, one := range sent {
		if i < len(answer.Results) {
			one.Answered(answerOf(answer.Results[i].Status))
		} else {
			one.Answered(history.Unknown)
		}
	}
}

// script has a script send n messages to each of several sockets.
func (s *sender) script(n int, keys ...string) {
	var sent []*history.Send
	var source strings.Builder
	source.WriteString("a = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );\n")
	for range n {
		text := s.text()
		for _, key := range keys {
			fmt.Fprintf(&source, "a.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ '%s', '%s', true ] );\n", key, text)
			sent = append(sent, s.rig.history.Send(key, s.name, s.last))
		}
	}
	status, text := s.rig.ask(http.MethodPost, "/runs", map[string]any{"source": source.String()})
	answer := history.Unknown
	var outcome api.RunResult
	if status == http.StatusOK && json.Unmarshal(text, &outcome) == nil && outcome.OK {
		answer = history.Taken
	}
	for _, one := range sent {
		one.Answered(answer)
	}
}

// settle has everything come that waits for the sockets of clients that stay, and judges all.
func (r *rig) settle(clients ...*client) history.Verdict {
	r.t.Helper()
	last := r.sender("settle")
	for _, c := range clients {
		c.goOn()
		if last.send(c.seat.key()) != history.Taken {
			r.t.Errorf("%s takes no last message", c.seat.key())
			continue
		}
		c.expect(last.name, last.last)
	}
	v := r.history.Judge()
	if len(v.Faults) > 0 {
		r.t.Errorf("%v\n%s", v, r.history.Story(v.Faults[0].Key, v.Faults[0].From))
	}
	v.Faults = nil
	r.t.Log(v)
	return v
}

// bye ends the sockets of clients.
func bye(clients ...*client) {
	for _, c := range clients {
		c.leave(1000)
	}
}

// open opens a connection that is not cut.
func (s *seat) open() *client {
	s.rig.t.Helper()
	c, err := s.dial(stable)
	if err != nil {
		s.rig.t.Fatalf("%s: %v", s.key(), err)
	}
	return c
}

func isRefused(err error, status int) bool {
	var r *refused
	return errors.As(err, &r) && r.status == status
}
