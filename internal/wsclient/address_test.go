package wsclient_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

func TestResolve(t *testing.T) {
	const server = "http://127.0.0.1:8080"
	for _, c := range []struct{ address, server, id, user, want string }{
		{"ws://h:1/services/a", server, "", "", "ws://h:1/services/a"},
		{"HTTP://h/services/a", server, "", "", "ws://h/services/a"},
		{"https://h/services/a#part", server, "", "", "wss://h/services/a"},
		{"/services/a?x=1", server, "", "", "ws://127.0.0.1:8080/services/a?x=1"},
		{"services/a", "https://h/base/", "", "", "wss://h/base/services/a"},
		{"main_ws_service", server, "", "", "ws://127.0.0.1:8080/services/main_ws_service"},
		{"main_ws_service?room=a%20b", server, "u:1", "7", "ws://127.0.0.1:8080/services/main_ws_service?room=a%20b&X-StatefulSocketId=u:1&X-Dev-User=7"},
		{"a", server, "one two&three", "", "ws://127.0.0.1:8080/services/a?X-StatefulSocketId=one+two%26three"},
		{"ws://h", server, "", "", "ws://h/"},
	} {
		u, err := wsclient.Resolve(wsclient.Place{Address: c.address, Server: c.server, StatefulID: c.id, User: c.user})
		if err != nil || u.String() != c.want {
			t.Errorf("%s %s %s: %v, %v; want %s", c.address, c.id, c.user, u, err, c.want)
		}
	}
}

func TestAddressesThatCannotBeMeant(t *testing.T) {
	for _, c := range []struct{ address, id, user, want string }{
		{"", "", "", "is empty"},
		{"ftp://h/a", "", "", "begins with ftp://"},
		{"ws:///a", "", "", "names no host"},
		{"ws://h:port/a", "", "", "invalid port"},
		{"localhost:8080", "", "", "write ws://localhost:8080"},
		{"two words", "", "", "no name of a service"},
		{"a?x=%zz", "", "", "percent-encode"},
		{"a?X-StatefulSocketId=1", "2", "", "has X-StatefulSocketId=1 already"},
		{"a?X-Dev-User=1", "", "1", "has X-Dev-User=1 already"},
	} {
		u, err := wsclient.Resolve(wsclient.Place{Address: c.address, Server: "http://h", StatefulID: c.id, User: c.user})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, %v; want %q", c.address, u, err, c.want)
		}
	}
}

func TestPublicLeavesSecretsOut(t *testing.T) {
	u, err := url.Parse("wss://anna:pw@h/services/a?access_token=x&room=1&%53ID=7")
	if err != nil {
		t.Fatal(err)
	}
	if got := wsclient.Public(u); got != "wss://h/services/a?room=1" {
		t.Error(got)
	}
	if s, name := wsclient.Server(u), wsclient.Service(u); s != "https://h" || name != "a" {
		t.Error(s, name)
	}
}

func TestHeaders(t *testing.T) {
	name, value, err := wsclient.ParseHeader("X-A:  b: c ")
	if name != "X-A" || value != "b: c" || err != nil {
		t.Error(name, value, err)
	}
	for text, want := range map[string]string{
		"no colon": "write NAME: VALUE", ": x": "write NAME: VALUE", "a b: c": "write NAME: VALUE",
		"A: b\r\nC: d": "control character", "sec-websocket-key: x": "belongs to the handshake",
	} {
		if _, _, err := wsclient.ParseHeader(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	if wsclient.CheckProtocol("a.b-1") != nil || wsclient.CheckProtocol("a b") == nil {
		t.Error("names of protocols are told wrongly")
	}
}

func TestCloseCodes(t *testing.T) {
	for _, code := range []int{1000, 3000, 4999} {
		if err := wsclient.CheckClose(code, strings.Repeat("x", wsclient.MaxReason)); err != nil {
			t.Error(err)
		}
	}
	for _, code := range []int{0, 999, 1001, 1006, 2999, 5000} {
		if wsclient.CheckClose(code, "") == nil {
			t.Errorf("%d is taken", code)
		}
	}
	if err := wsclient.CheckClose(1000, strings.Repeat("я", 62)); err == nil || !strings.Contains(err.Error(), "124 bytes") {
		t.Error(err)
	}
	if !wsclient.Passing(1006) || !wsclient.Passing(1012) || wsclient.Passing(1000) || wsclient.Passing(1008) || wsclient.Passing(4001) {
		t.Error("what passes is told wrongly")
	}
}
