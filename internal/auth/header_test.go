package auth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func TestHeader(t *testing.T) {
	cfg := HeaderConfig{
		From:   []string{"10.1.0.0/16", "2001:db8::7"},
		Fields: []string{"email=X-Mail", "fullname = x-remote-name", "login=X-Login"},
		Admin:  []string{"root"},
	}
	anna := func(change func(*hub.User)) hub.User {
		u := hub.User{ID: "anna", Login: "anna", Name: "anna"}
		if change != nil {
			change(&u)
		}
		return u
	}
	tests := []struct {
		name, remote string
		header       http.Header
		want         hub.User
		err          error
		text         string
	}{
		{name: "from the proxy", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {" anna "}}, want: anna(nil)},
		{name: "mapped address", remote: "[::ffff:10.1.2.3]:4", header: http.Header{"X-Remote-User": {"anna"}}, want: anna(nil)},
		{name: "IPv6", remote: "[2001:db8::7]:4", header: http.Header{"X-Remote-User": {"anna"}}, want: anna(nil)},
		{name: "administrator", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"root"}}, want: hub.User{ID: "root", Login: "root", Name: "root", Admin: true}},
		{name: "fields", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"anna"}, "X-Mail": {"a@b.c"}, "X-Remote-Name": {"Анна Б."}, "X-Login": {""}},
			want: anna(func(u *hub.User) { u.Name, u.Fields = "Анна Б.", map[string]string{"email": "a@b.c"} })},
		{name: "no header", remote: "10.1.2.3:4", err: ErrNoCredentials, text: "names no user"},
		{name: "no header from elsewhere", remote: "192.0.2.1:4", err: ErrNoCredentials},
		{name: "empty header", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {" "}}, err: ErrNoCredentials},
		{name: "from elsewhere", remote: "192.0.2.1:4", header: http.Header{"X-Remote-User": {"anna"}}, err: ErrUnauthenticated, text: "from the reverse proxy only"},
		{name: "empty from elsewhere", remote: "192.0.2.1:4", header: http.Header{"X-Remote-User": {""}}, err: ErrUnauthenticated},
		{name: "from nowhere", remote: "@", header: http.Header{"X-Remote-User": {"anna"}}, err: ErrUnauthenticated},
		{name: "two users", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"anna", "root"}}, err: ErrUnauthenticated, text: "2 headers X-Remote-User"},
		{name: "two users joined", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"anna,root"}}, err: ErrUnauthenticated, text: "more than one"},
		{name: "two values of a field", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"anna"}, "X-Mail": {"a", "b"}}, err: ErrUnauthenticated, text: "2 headers X-Mail"},
		{name: "long id", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {strings.Repeat("a", 129)}}, err: ErrUnauthenticated, text: "129 bytes"},
		{name: "blank in the id", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"a b"}}, err: ErrUnauthenticated},
		{name: "no text", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"\xff"}}, err: ErrUnauthenticated},
		{name: "line break in a field", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"anna"}, "X-Mail": {"a\tb"}}, err: ErrUnauthenticated, text: "plain UTF-8"},
		{name: "long field", remote: "10.1.2.3:4", header: http.Header{"X-Remote-User": {"anna"}, "X-Mail": {strings.Repeat("a", 1025)}}, err: ErrUnauthenticated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := NewHeader(cfg)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/services/echo", nil)
			r.RemoteAddr = tt.remote
			for name, values := range tt.header {
				r.Header[name] = values
			}
			caller, err := h.Authenticate(r)
			if !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("error %v, want %v with %q", err, tt.err, tt.text)
			}
			if err == nil && (!reflect.DeepEqual(caller.User, tt.want) || caller.Method != "header") {
				t.Errorf("caller %+v, want %+v", caller, tt.want)
			}
		})
	}
}

// The address that counts is that of the connection: a client that a trusted proxy forwards for may have
// an address that is listed for the header.
func TestHeaderBehindProxies(t *testing.T) {
	h, err := NewHeader(HeaderConfig{Name: "x-user", From: []string{"10.0.0.2"}})
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := NewProxies([]string{"10.0.0.1", "10.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	for peer, want := range map[string]error{"10.0.0.1:1": ErrUnauthenticated, "10.0.0.2:1": nil} {
		var got error
		handler := proxies.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, got = h.Authenticate(r) }))
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-User", "anna")
		r.Header.Set("X-Forwarded-For", "10.0.0.2")
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if !errors.Is(got, want) {
			t.Errorf("connection of %s: %v, want %v", peer, got, want)
		}
	}
}

func TestHeaderConfig(t *testing.T) {
	if _, err := NewHeader(HeaderConfig{}); err == nil || !strings.Contains(err.Error(), "list the addresses") {
		t.Errorf("without addresses: %v", err)
	}
	_, err := NewHeader(HeaderConfig{
		Name: "a b", From: []string{"10.0.0.1", "proxy.example", "0.0.0.0/0", "::/0", "fe80::1%eth0", "::ffff:0:0/96"},
		Fields: []string{"email", "=X", "a=b c", "id=X-Id"}, Admin: []string{"", "a b"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`name is "a b"`, `from "proxy.example" is neither`, `from "0.0.0.0/0" are all`, `from "::/0" are all`, `from "fe80::1%eth0"`, `from "::ffff:0:0/96" are all`,
		`fields "email"`, `fields "=X"`, `fields "a=b c"`, `fields "id=X-Id"`, `admin "" cannot`, `admin "a b" cannot`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s:\n%v", want, err)
		}
	}
}
