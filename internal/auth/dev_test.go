package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

func TestDevNamesTheCaller(t *testing.T) {
	for name, c := range map[string]struct {
		query, header string
		want          string
		admin         bool
	}{
		"nobody asks":            {want: auth.DevUserID, admin: true},
		"by parameter":           {query: "7177256154427237596", want: "7177256154427237596"},
		"by header":              {header: "111111111", want: "111111111"},
		"parameter beats header": {query: "1", header: "2", want: "1"},
		"empty asks for nothing": {query: "", header: "", want: auth.DevUserID, admin: true},
		"the administrator":      {query: auth.DevUserID, want: auth.DevUserID, admin: true},
		"any text":               {query: "анна", want: "анна"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/services/x?X-Dev-User="+url.QueryEscape(c.query), nil)
			if c.header != "" {
				r.Header.Set("X-Dev-User", c.header)
			}
			caller, err := auth.Dev{}.Authenticate(r)
			if err != nil {
				t.Fatal(err)
			}
			if caller.Method != "dev" || caller.Lease != nil || !caller.MayOpen("x") {
				t.Errorf("caller is %+v", caller)
			}
			u := caller.User
			if again, err := (auth.Dev{}).User(u.ID); err != nil || !reflect.DeepEqual(again, u) {
				t.Errorf("by id it is %+v, error %v", again, err)
			}
			if u.ID != c.want || u.Admin != c.admin || u.Login == "" || u.Name == "" {
				t.Errorf("got %+v, want id %s, administrator %v, and a login and a name", u, c.want, c.admin)
			}
		})
	}
}

func TestDevRefusesIDsThatAreNotPlainText(t *testing.T) {
	for name, id := range map[string]string{
		"too long":     strings.Repeat("1", 129),
		"line break":   "1\n2",
		"blank":        "1 2",
		"not UTF-8":    "\xff",
		"invisible":    "1\u200b2",
		"control code": "\x1b[31m",
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/services/x?X-Dev-User="+url.QueryEscape(id), nil)
			if u, err := (auth.Dev{}).Authenticate(r); !errors.Is(err, auth.ErrUnauthenticated) {
				t.Errorf("got %+v and error %v", u, err)
			}
			_, err := auth.Dev{}.User(id)
			if err == nil || errors.Is(err, auth.ErrUnauthenticated) || strings.Contains(err.Error(), "X-Dev-User") || !strings.HasPrefix(err.Error(), "the id ") {
				t.Errorf("an id nobody logs in with gives %v", err)
			}
		})
	}
}

func TestAdminToken(t *testing.T) {
	token := auth.NewToken()
	if other := auth.NewToken(); other == token || len(token) != 43 {
		t.Fatalf("tokens %q and %q: want 32 random bytes each", token, other)
	}
	admin := auth.NewAdmin(token)
	for name, c := range map[string]struct {
		header []string
		want   bool
	}{
		"right":             {[]string{"Bearer " + token}, true},
		"scheme in lower":   {[]string{"bearer " + token}, true},
		"blanks around":     {[]string{"  Bearer   " + token + " "}, true},
		"none":              {nil, false},
		"another token":     {[]string{"Bearer " + auth.NewToken()}, false},
		"a part of it":      {[]string{"Bearer " + token[:42]}, false},
		"more than it":      {[]string{"Bearer " + token + "x"}, false},
		"no token":          {[]string{"Bearer "}, false},
		"scheme only":       {[]string{"Bearer"}, false},
		"token only":        {[]string{token}, false},
		"another scheme":    {[]string{"Basic " + token}, false},
		"two words":         {[]string{"Bearer " + token + " x"}, false},
		"two headers":       {[]string{"Bearer " + token, "Bearer " + token}, false},
		"two in one header": {[]string{"Bearer " + token + ", Bearer x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{Header: http.Header{"Authorization": c.header}}
			if got := admin.CheckBearer(r); got != c.want {
				t.Errorf("CheckBearer of %q = %v", c.header, got)
			}
		})
	}
}

func TestNoTokenOpensNothing(t *testing.T) {
	admin := auth.NewAdmin("")
	for _, header := range []string{"", "Bearer ", "Bearer x"} {
		if admin.CheckBearer(&http.Request{Header: http.Header{"Authorization": {header}}}) {
			t.Errorf("%q passes a server without a token", header)
		}
	}
}
