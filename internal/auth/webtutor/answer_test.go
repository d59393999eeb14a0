package webtutor

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func TestAnswers(t *testing.T) {
	many := `{"id":1,"fields":{` + strings.TrimSuffix(strings.Repeat(`"a#":1,`, 101), ",") + `}}`
	for i := range 101 {
		many = strings.Replace(many, "#", string(rune('а'+i)), 1)
	}
	for name, c := range map[string]struct {
		text     string
		user     hub.User
		services []string
		err      string
	}{
		"an id of 19 digits":   {text: `{"id":7177256154427237596}`, user: hub.User{ID: "7177256154427237596"}},
		"an id of 40 digits":   {text: `{"id":` + strings.Repeat("7", 40) + `}`, user: hub.User{ID: strings.Repeat("7", 40)}},
		"an id as text":        {text: `{"id":"анна"}`, user: hub.User{ID: "анна"}},
		"null":                 {text: `{"id":null,"login":["x"]}`},
		"zero":                 {text: `{"id":0}`},
		"zero as text":         {text: `{"id":"0"}`},
		"empty":                {text: `{"id":""}`},
		"a mark of the bytes":  {text: "\ufeff\r\n {\"id\":5}\r\n\r\n", user: hub.User{ID: "5"}},
		"all there is":         {text: `{"id":5,"login":"l","name":"n","admin":true,"fields":{"a":"x","b":2,"c":true,"d":null,"e":""},"services":["s"],"more":{}}`, user: hub.User{ID: "5", Login: "l", Name: "n", Admin: true, Fields: map[string]string{"a": "x", "b": "2", "c": "true", "e": ""}}, services: []string{"s"}},
		"no service":           {text: `{"id":5,"services":[]}`, user: hub.User{ID: "5"}, services: []string{}},
		"nulls":                {text: `{"id":5,"login":null,"name":null,"admin":null,"fields":null,"services":null}`, user: hub.User{ID: "5"}},
		"numbers for texts":    {text: `{"id":5,"login":7,"name":1.5}`, user: hub.User{ID: "5", Login: "7", Name: "1.5"}},
		"lines in a name":      {text: `{"id":5,"name":" a\r\n12:00 b\u001b[31m\u0000"}`, user: hub.User{ID: "5", Name: "a  12:00 b [31m"}},
		"a long name":          {text: `{"id":5,"name":"` + strings.Repeat("я", 600) + `"}`, user: hub.User{ID: "5", Name: strings.Repeat("я", 512)}},
		"names in other cases": {text: `{"id":5,"Admin":true,"LOGIN":"x"}`, user: hub.User{ID: "5"}},

		"a broken id":            {text: `{"id":5.5}`, err: "not the id of a user"},
		"an exponent":            {text: `{"id":5e18}`, err: "not the id of a user"},
		"a negative id":          {text: `{"id":-5}`, err: "not the id of a user"},
		"an object for an id":    {text: `{"id":{"id":5}}`, err: "not the id of a user"},
		"true for an id":         {text: `{"id":true}`, err: "not the id of a user"},
		"a blank in the id":      {text: `{"id":"5 6"}`, err: "not the id of a user"},
		"a line in the id":       {text: `{"id":"5\n6"}`, err: "not the id of a user"},
		"half a character":       {text: `{"id":"\ud800"}`, err: "not the id of a user"},
		"a long id":              {text: `{"id":"` + strings.Repeat("5", 129) + `"}`, err: "not the id of a user"},
		"ID":                     {text: `{"ID":5}`, err: "no id"},
		"two ids":                {text: `{"id":5,"id":6}`, err: "twice"},
		"admin as text":          {text: `{"id":5,"admin":"true"}`, err: "neither true nor false"},
		"admin as a number":      {text: `{"id":5,"admin":1}`, err: "neither true nor false"},
		"a login that is none":   {text: `{"id":5,"login":{}}`, err: "the login of the answer is not text"},
		"a name that is none":    {text: `{"id":5,"name":[]}`, err: "the name of the answer is not text"},
		"fields in an array":     {text: `{"id":5,"fields":[]}`, err: "fields of the answer are not an object"},
		"a field in a field":     {text: `{"id":5,"fields":{"a":{}}}`, err: "a field of the answer"},
		"a field twice":          {text: `{"id":5,"fields":{"a":1,"a":2}}`, err: "twice"},
		"many fields":            {text: many, err: "more than 100 fields"},
		"a service that is none": {text: `{"id":5,"services":[1]}`, err: "not an array of names"},
		"services as text":       {text: `{"id":5,"services":"*"}`, err: "not an array of names"},
		"an array":               {text: `[{"id":5}]`, err: "not JSON"},
		"text":                   {text: `"5"`, err: "not JSON"},
		"more behind it":         {text: `{"id":5}{"id":6}`, err: "behind the JSON"},
		"deep":                   {text: `{"x":` + strings.Repeat("[", 60_000), err: "not JSON"},
		"not closed":             {text: `{"id":5`, err: "not JSON"},
		"a comma":                {text: `{"id":5,}`, err: "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := parseAnswer([]byte(c.text))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %+v, error %v, want %s", a, err, c.err)
				}
				return
			}
			if err != nil || !sameUser(a.user, c.user) || !slices.Equal(a.services, c.services) || (a.services == nil) != (c.services == nil) {
				t.Errorf("got %+v, error %v", a, err)
			}
		})
	}
}

func sameUser(a, b hub.User) bool {
	return a.ID == b.ID && a.Login == b.Login && a.Name == b.Name && a.Admin == b.Admin && maps.Equal(a.Fields, b.Fields)
}

// FuzzAnswer: whatever a server answers, what is taken from it is within bounds and says the same again.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{`{"id":null}`, `{"id":7177256154427237596,"login":"a","name":"b","admin":true,"fields":{"c":"d","e":1},"services":["f","*"]}`,
		`{"id":"5\u0000"}`, "\ufeff{\"id\":5} ", `{"error":"secret"}`, `{"id":5,"id":6}`, `{"id":5,"name":"\ud83d"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := parseAnswer(text)
		if err != nil {
			if !sameUser(a.user, hub.User{}) || a.services != nil {
				t.Fatalf("an error with %+v", a)
			}
			return
		}
		if a.nobody() {
			if a.user.Admin || a.services != nil || len(a.user.Fields) > 0 {
				t.Fatalf("nobody is %+v", a)
			}
			return
		}
		u := a.user
		if len(u.ID) > maxUserID || len(u.Login) > maxName || len(u.Name) > maxName || len(u.Fields) > maxFields || len(a.services) > maxServices {
			t.Fatalf("beyond bounds: %+v", a)
		}
		if !utf8.ValidString(u.ID+u.Login+u.Name) || strings.ContainsFunc(u.ID+u.Login+u.Name, unicode.IsControl) || strings.ContainsFunc(u.ID, unicode.IsSpace) {
			t.Fatalf("%q, %q, %q are not plain text", u.ID, u.Login, u.Name)
		}
		again, err := json.Marshal(map[string]any{"id": u.ID, "login": u.Login, "name": u.Name, "admin": u.Admin, "fields": u.Fields, "services": a.services})
		if err != nil {
			t.Fatal(err)
		}
		b, err := parseAnswer(again)
		if err != nil || !sameUser(b.user, u) || !slices.Equal(a.services, b.services) || a.lessThan(b) || b.lessThan(a) {
			t.Fatalf("%s is %+v, error %v; it was %+v", again, b, err, a)
		}
	})
}

// FuzzCookies: what is sent has no name that is not listed, no byte that is not of the request, and
// nothing that breaks a header.
func FuzzCookies(f *testing.F) {
	for _, text := range []string{"", "SessionID=a", "x=1; SessionID=a;y=2", "SessionID=\"a;b\"", "SessionID=\xff\xfe; x-auth-id=q", "SessionID=a\r\nHost: b", ";;=;SessionID==;SessionID"} {
		f.Add(text, text)
	}
	names := []string{"SessionID", "x-auth-id"}
	f.Fuzz(func(t *testing.T, first, second string) {
		out, err := named(http.Header{"Cookie": {first, second}}, names)
		if err != nil {
			if out != "" {
				t.Fatalf("an error with %q", out)
			}
			return
		}
		if out == "" || len(out) > maxCookies || strings.ContainsFunc(out, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Fatalf("%q cannot be sent", out)
		}
		for part := range strings.SplitSeq(out, "; ") {
			name, value, _ := strings.Cut(part, "=")
			if !slices.Contains(names, name) || value == "" || !strings.Contains(first, value) && !strings.Contains(second, value) {
				t.Fatalf("%q and %q give %q", first, second, out)
			}
		}
		if again, err := named(http.Header{"Cookie": {out}}, names); err != nil || again != out {
			t.Fatalf("%q gives %q, error %v", out, again, err)
		}
	})
}
