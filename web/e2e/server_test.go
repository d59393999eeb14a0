//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/tutorsocket/tutorsocket/web"
)

// startServer starts the server under test on a free port and returns its address, such as
// http://127.0.0.1:41234. It is all that the tests know of the server: pages at /client/,
// services at /services/main_ws_service and /services/rtk_ws_service.
func startServer(t *testing.T) string {
	t.Helper()
	services := &services{byKey: make(map[string]net.Conn)}
	mux := http.NewServeMux()
	mux.Handle("/client/", web.Handler())
	mux.HandleFunc("/services/{name}", services.serve)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		services.close()
		server.Close()
	})
	return server.URL
}

// services answers like the real ones where a page can tell: heartbeats, subprotocols,
// takeover of a stateful id, problem details for an unknown name. Other messages come back.
type services struct {
	mu      sync.Mutex
	byKey   map[string]net.Conn // guarded by mu
	workers sync.WaitGroup
}

func (s *services) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name != "main_ws_service" && name != "rtk_ws_service" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]any{"title": "No such service", "status": http.StatusNotFound, "detail": name})
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	upgrader := ws.HTTPUpgrader{Protocol: func(string) bool { return true }}
	conn, _, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		return
	}
	s.take(name+" "+r.URL.Query().Get("X-StatefulSocketId"), conn)
	s.workers.Go(func() {
		defer func() { _ = conn.Close() }()
		s.talk(conn)
	})
}

// take registers a connection; an older one with the same id is closed.
func (s *services) take(key string, conn net.Conn) {
	if strings.HasSuffix(key, " ") {
		key = fmt.Sprintf("%s%p", key, conn)
	}
	s.mu.Lock()
	older := s.byKey[key]
	s.byKey[key] = conn
	s.mu.Unlock()
	if older != nil {
		_ = ws.WriteFrame(older, ws.NewCloseFrame(ws.NewCloseFrameBody(4001, "taken over")))
		_ = older.(*net.TCPConn).CloseWrite() // nothing may follow a close frame
	}
}

func (s *services) talk(conn net.Conn) {
	for {
		message, err := wsutil.ReadClientText(conn)
		if err != nil {
			return
		}
		if string(message) == "$hbt" {
			message = []byte("$ok")
		}
		if err := wsutil.WriteServerText(conn, message); err != nil {
			return
		}
	}
}

func (s *services) close() {
	s.mu.Lock()
	for _, conn := range s.byKey {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.workers.Wait()
}
