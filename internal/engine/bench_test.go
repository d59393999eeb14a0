package engine_test

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/cluster"
	"github.com/tutorsocket/tutorsocket/internal/engine"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// BenchmarkMessage is one message from the client's text to the queued reply.
func BenchmarkMessage(b *testing.B) {
	for _, bc := range []struct{ name, service, text string }{
		{"echo", "echo", "hello"},
		{"close_socket", mainService, `{"socket_action": "close_socket", "socket_type": "ws_group", "uid": "1"}`},
		{"init_socket", mainService, joinGroup},
	} {
		b.Run(bc.name, func(b *testing.B) {
			a, err := app.Load(app.Config{Globals: hostapi.Globals()})
			if err != nil {
				b.Fatal(err)
			}
			h := hub.New(hub.Config{})
			e := engine.New(engine.Config{}, engine.Deps{
				Apps: a.Snapshot, Sockets: cluster.New(h), UserData: &memoryData{}, Logs: logs.New(logs.Config{}, nil, nil),
				Settings: hostapi.Settings{Profile: hub.Profile124},
			})
			conn, err := h.Open(hub.OpenRequest{Key: hub.BuildKey(bc.service, "1"), Service: bc.service, StatefulID: "1", User: administrator, Waker: noWaker{}})
			if err != nil {
				b.Fatal(err)
			}
			c := &client{conn: conn, Socket: conn.Socket()}
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Message(b.Context(), c.Socket, bc.text); err != nil {
					b.Fatal(err)
				}
				if len(c.frames()) != 1 {
					b.Fatal("no reply")
				}
			}
			if err := e.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
