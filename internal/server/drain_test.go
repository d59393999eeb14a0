package server_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestDraining: while a hook of a service still runs, the server says that it is not
// ready, answers what is asked and begins nothing new.
func TestDraining(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"services/slow.js": "function close(context) { while (tools_web.get_user_data('go') == null) Sleep(1); alert('closed') }",
	}))
	anna := s.Dial(t, "slow", "") // with an id it would be kept for the next start
	anna.ExpectQuiet(t)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Stop(t)
	}()
	anna.ExpectClose(t, 1012)
	for path, want := range map[string]string{"/readyz": "503 draining\n", "/healthz": "200 ok\n"} {
		if resp, body := s.Ask(t, "GET", path, ""); resp.Status[:4]+body != want {
			t.Errorf("%s: %s %s", path, resp.Status, body)
		}
	}
	if list, err := s.API.Nodes(t.Context()); err != nil || list.Items[0].State != "draining" {
		t.Errorf("%+v %v", list, err)
	}
	_, err := s.TryDial(t, "/services/slow")
	if refused, ok := err.(*servertest.Refused); !ok || refused.Status != 503 || !strings.Contains(refused.Body, "shutting down") {
		t.Errorf("a new socket: %v", err)
	}
	if _, err := s.API.StartRun(t.Context(), api.RunRequest{Source: "1"}); err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("a new run: %v", err)
	}
	if resp, body := s.Ask(t, "PUT", "/api/v1/user-data/go", `{"value":1}`, "Content-Type", "application/json"); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	<-stopped
	s.Lines.Expect(t, "closed")
	if _, err := net.DialTimeout("tcp", s.Addr().String(), time.Second); err == nil {
		t.Error("the port is still open")
	}
}

// TestRunsOfScriptsAreListed: agents and threads that scripts start, as whom they run.
func TestRunsOfScriptsAreListed(t *testing.T) {
	s := servertest.Start(t, servertest.App(map[string]string{
		"agents/parent.js":  "tools.start_agent('child'); t = new Thread; t.EvalCode('while (true) Sleep(1)')",
		"agents/child.js":   "// @user 77\nwhile (true) Sleep(1)",
		"services/start.js": "function process(context) { t = new Thread; t.EvalCode('while (true) Sleep(1)') }",
	}))
	if outcome, err := s.API.RunAgent(t.Context(), "parent", api.AgentRunRequest{}, func(api.Line) {}); err != nil || !outcome.OK {
		t.Fatal(outcome, err)
	}
	socket := s.Dial(t, "start", "x")
	socket.Send(t, "go")
	running := func() map[string]api.RunInfo {
		list, err := s.API.Runs(t.Context(), api.RunQuery{State: "running"})
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]api.RunInfo{}
		for _, run := range list.Items {
			by[run.Trigger+" "+run.Agent] = run
		}
		return by
	}
	var by map[string]api.RunInfo
	deadline := time.Now().Add(servertest.Patience)
	for by = running(); len(by) < 3; by = running() {
		time.Sleep(time.Millisecond) // a thread is listed when it begins
		if time.Now().After(deadline) {
			t.Fatal(by)
		}
	}
	if run := by["script child"]; run.User != "77" || run.Name != "" || run.Thread == 0 {
		t.Errorf("%+v", run)
	}
	if run := by["thread parent"]; !strings.Contains(run.Name, "parent.js#thread") {
		t.Errorf("%+v", run)
	}
	if run := by["thread "]; !strings.Contains(run.Name, "start.js#thread") {
		t.Errorf("%+v", run)
	}
	for _, run := range by {
		if err := s.API.StopRun(t.Context(), run.ID); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
		outcome, err := s.API.FollowRun(ctx, run.ID, 0, func(api.Line) {})
		cancel()
		if err != nil || outcome.OK || !strings.Contains(outcome.Error, "Script stopped: on request") {
			t.Errorf("%+v %v", outcome, err)
		}
	}
}
