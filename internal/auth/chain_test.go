package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// answer is a method that always says the same.
type answer struct {
	caller Caller
	err    error
}

func (a answer) Authenticate(*http.Request) (Caller, error) { return a.caller, a.err }

func known(id string, services ...string) answer {
	return answer{caller: Caller{User: hub.User{ID: id}, Services: services}}
}

func refused(err error, text string) answer { return answer{err: fmt.Errorf("%w: %s", err, text)} }

func TestChain(t *testing.T) {
	nothing, invalid := refused(ErrNoCredentials, "no cookie"), refused(ErrUnauthenticated, "expired")
	banned, down := refused(ErrForbidden, "disabled"), refused(ErrUnavailable, "no answer")
	unknown := answer{err: errors.New("the disk is full")}
	tests := []struct {
		name    string
		methods []Method
		user    string
		err     error
		text    string
	}{
		{"no method", nil, "", ErrNoCredentials, "nobody is let in"},
		{"the only one", []Method{known("a")}, "a", nil, ""},
		{"the first that knows", []Method{nothing, known("a"), known("b")}, "a", nil, ""},
		{"one that knows after any error", []Method{down, banned, invalid, unknown, known("a")}, "a", nil, ""},
		{"nothing brought", []Method{nothing, refused(ErrNoCredentials, "no token")}, "", ErrNoCredentials, "no cookie"},
		{"invalid before nothing", []Method{nothing, invalid, refused(ErrUnauthenticated, "other"), nothing}, "", ErrUnauthenticated, "expired"},
		{"forbidden before invalid", []Method{invalid, banned, invalid}, "", ErrForbidden, "disabled"},
		{"unavailable before all", []Method{invalid, banned, down, banned}, "", ErrUnavailable, "no answer"},
		{"an error nobody knows", []Method{banned, unknown}, "", ErrUnavailable, "the disk is full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/services/echo", nil)
			caller, err := Chain{Methods: tt.methods}.Authenticate(r)
			if caller.User.ID != tt.user || !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("user %q, error %v", caller.User.ID, err)
			}
		})
	}
}

// TestTagsThatSayWhoASocketIs: no way to log in gives a socket the tags by which scripts know whose it is.
func TestTagsThatSayWhoASocketIs(t *testing.T) {
	for tag, want := range map[string]error{"user_id": ErrForbidden, "socket_type": ErrForbidden, "pong": ErrForbidden, "USER_ID": nil, "department": nil} {
		posing := answer{caller: Caller{User: hub.User{ID: "a"}, Tags: map[string]string{tag: "b", "x": "y"}}}
		_, err := Chain{Methods: []Method{posing, known("c")}}.Authenticate(httptest.NewRequest("GET", "/services/echo", nil))
		if !errors.Is(err, want) || err != nil && !strings.Contains(err.Error(), tag) {
			t.Errorf("%s: %v", tag, err)
		}
	}
}

func TestChainOfServices(t *testing.T) {
	c := Chain{
		Methods: []Method{known("all", "echo", "chat")},
		Services: map[string][]Method{
			"own":    {known("own", "*")},
			"closed": {},
			"none":   {answer{caller: Caller{User: hub.User{ID: "x"}, Services: []string{}}}},
			"free":   {answer{caller: Caller{User: hub.User{ID: "free"}}}},
		},
	}
	for path, want := range map[string]string{
		"/services/echo": "all", "/services/chat": "all", "/services/own": "own", "/services/free": "free",
		"/services/other": "forbidden", "/services/none": "forbidden", "/services/closed": "log in first",
		"/console/": "all", "/own": "all", // pages have no service
	} {
		caller, err := c.Authenticate(httptest.NewRequest("GET", path, nil))
		got := caller.User.ID
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
