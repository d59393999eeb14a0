package ws

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// FuzzServicePath: whatever path and query a stranger asks for is refused with a status and a reason,
// or names a socket whose key can be taken apart again.
func FuzzServicePath(f *testing.F) {
	for _, path := range []string{"/services/main_ws_service", "/services/", "/services/a/b", "/services/../x", "/services/x-s-y", "/services/\x00", "services", "/services/служба"} {
		for _, query := range []string{"", "X-StatefulSocketId=123", "X-StatefulSocketId=id:1::group_id:2", "X-StatefulSocketId=", "X-StatefulSocketId=%zz", "X-StatefulSocketId=a&X-StatefulSocketId=b", "X-StatefulSocketId=%D0%B8%00", "a;b"} {
			f.Add(path, query)
		}
	}
	server := New(Config{}, Deps{Opener: failingOpener{}, Auth: auth.Dev{}, ServiceExists: func(string) bool { return true }})
	f.Cleanup(func() { _ = server.Shutdown(context.Background()) })
	f.Fuzz(func(t *testing.T, path, query string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Host: "localhost", RemoteAddr: "127.0.0.1:1", Header: http.Header{
				"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}}
		req, _, no := server.name(r)
		if no != nil {
			if no.Status < 400 || no.Status > 599 || no.Detail == "" {
				t.Fatalf("refused with %d %q", no.Status, no.Detail)
			}
			return
		}
		service, id, stateful, err := hub.ParseKey(req.Key)
		if err != nil || service != req.Service || stateful && id != req.StatefulID || !utf8.ValidString(req.Key) {
			t.Fatalf("%q %q became the key %q: %q %q %v", path, query, req.Key, service, id, err)
		}
	})
}
