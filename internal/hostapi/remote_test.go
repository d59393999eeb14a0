package hostapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// remoteSockets are sockets of another node, which answers with err.
type remoteSockets struct {
	hostapi.Sockets
	refs    []hub.Ref
	missing []string
	err     error
	asked   int
}

func newRemoteSockets(n int, tags map[string]string) *remoteSockets {
	s, set := new(remoteSockets), hub.NewTags(tags)
	for i := range n {
		s.refs = append(s.refs, hub.Ref{Key: fmt.Sprint("/services/far-s-", i), Remote: hub.NewRemoteSocket("n2", time.Unix(1, 0), set)})
	}
	return s
}

func (s *remoteSockets) ask() error {
	s.asked++
	return s.err
}

func (s *remoteSockets) Select(context.Context, hub.Filter, bool) ([]hub.Ref, []string, error) {
	return s.refs, nil, nil
}

func (s *remoteSockets) Tags(_ context.Context, ref hub.Ref) (hub.Tags, error) {
	return ref.Remote.Tags(), nil
}

func (s *remoteSockets) Info(context.Context, hub.Ref) (hub.Info, bool, error) {
	return hub.Info{}, false, s.ask()
}

func (s *remoteSockets) PatchTags(context.Context, hub.Ref, map[string]*string) (bool, error) {
	return false, s.ask()
}

func (s *remoteSockets) ReplaceTags(context.Context, hub.Ref, hub.Tags) error { return s.ask() }
func (s *remoteSockets) Abort(context.Context, hub.Ref) error                 { return s.ask() }

func (s *remoteSockets) Send(context.Context, string, *hub.Message, hub.Mode) (int, error) {
	return 0, s.ask()
}

func (s *remoteSockets) SendMany(context.Context, []string, *hub.Message, hub.Mode) (hub.Delivery, error) {
	return hub.Delivery{Missing: s.missing}, s.ask()
}

// useRemote does everything with a socket of another node.
const useRemote = asm + `
	s = asm.CallClassStaticMethod(ctx, 'GetWebSockets')[0].Value;
	s.AddOrUpdateTag('a', 1);
	alert(s.RemoveTag('a') + ' ' + s.State + ' ' + s.GetTag('id'));
	s.SetTagsFromJson('{"a":1}');
	s.Abort();
	asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', ['/services/far-s-0', 'x', true]);
	asm.CallClassStaticMethod(ctx, 'WriteToWebSocketsMessageQueueArray', [['/services/far-s-0'], 'x', true]);
`

// TestNodesThatDoNotAnswer cost a script a line, and nothing else.
func TestNodesThatDoNotAnswer(t *testing.T) {
	b := newBench(t)
	s := newRemoteSockets(1, map[string]string{"id": "7"})
	b.sockets = s
	for _, err := range []error{fmt.Errorf("%w (n2)", hub.ErrNoAnswer), hub.ErrUnavailable} {
		s.err = err
		b.errors = 0
		var lines []string
		for _, member := range []string{"AddOrUpdateTag", "RemoveTag", "State", "", "SetTagsFromJson", "Abort", "WriteToWebSocketMessageQueue", "WriteToWebSocketsMessageQueueArray"} {
			line := member + ": " + err.Error()
			if member == "" {
				line = "false None 7"
			}
			lines = append(lines, line)
		}
		b.prints(useRemote, lines...)
		if b.errors != 7 {
			t.Errorf("%d error lines", b.errors)
		}
	}
	s.err = nil
	b.prints(useRemote, "false Closed 7")
	s.missing = []string{"n2", "n3"}
	b.prints(asm+`asm.CallClassStaticMethod(ctx, 'WriteToWebSocketsMessageQueueArray', [['/services/far-s-0'], 'x', true])`,
		"WriteToWebSocketsMessageQueueArray: no answer from n2, n3; whether the sockets there get the message is not known")
}

// TestAMessageThatIsNotStoredIsAnError: the script must know that it is lost.
func TestAMessageThatIsNotStoredIsAnError(t *testing.T) {
	b := newBench(t)
	s := newRemoteSockets(1, nil)
	s.err = fmt.Errorf("%w: the store is full", hub.ErrNotStored)
	b.sockets = s
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'WriteToWebSocketMessageQueue', ['/services/far-s-0', 'x', true])`, "the store is full")
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'WriteToWebSocketsMessageQueueArray', [['/services/far-s-0'], 'x', true])`, "the store is full")
}

// TestManyRemoteSockets: a script may look at the tags of all, which asks nobody; what it gets counts as its memory.
func TestManyRemoteSockets(t *testing.T) {
	b := newBench(t)
	s := newRemoteSockets(100_000, map[string]string{"group": "7", "role": "student"})
	b.sockets = s
	b.prints(asm+`n = 0; for (p in asm.CallClassStaticMethod(ctx, 'GetWebSockets')) if (p.Value.GetTag('group') == '7' && p.Value.Tags.length == 2) n++; alert(n)`, "100000")
	if s.asked > 0 {
		t.Errorf("asked %d times", s.asked)
	}
	b.sockets = newRemoteSockets(5000, map[string]string{"a": strings.Repeat("x", 4<<10), "b": strings.Repeat("x", 4<<10), "c": strings.Repeat("x", 4<<10), "d": strings.Repeat("x", 4<<10)})
	b.fails(asm+`asm.CallClassStaticMethod(ctx, 'GetWebSockets')`, "take more than 64 MiB")
	b.sockets = newRemoteSockets(1000, map[string]string{"a": strings.Repeat("x", 4<<10), "b": strings.Repeat("x", 4<<10), "c": strings.Repeat("x", 4<<10), "d": strings.Repeat("x", 4<<10)})
	b.prints(asm + `for (i = 0; i < 20; i++) list = asm.CallClassStaticMethod(ctx, 'GetWebSockets')`)
	b.fails(asm+`lists = []; for (i = 0; i < 20; i++) lists.push(asm.CallClassStaticMethod(ctx, 'GetWebSockets'))`, "take more than 64 MiB")
	b.fails(asm+`kept = []; for (i = 0; i < 20; i++) for (p in asm.CallClassStaticMethod(ctx, 'GetWebSockets')) kept.push(p.Value)`, "take more than 64 MiB")
}
