package api_test

import (
	"strings"
	"testing"
)

// TestQueriesThatCannotBeMeant: a parameter that is not understood must not be
// taken for one that is not there.
func TestQueriesThatCannotBeMeant(t *testing.T) {
	f := newFixture(t)
	f.open(t, anna, "1", nil)
	for request, want := range map[string][]string{
		"GET /sockets?filter=$a:50%":                      {`"location":"query.filter"`, "ercent-encode", "%25", `"value":"$a:50%"`},
		"GET /sockets?filter=%zz":                         {`"location":"query.filter"`, "ercent-encode"},
		"GET /sockets?node=%zz":                           {`"location":"query.node"`},
		"GET /sockets?limit=1&limit=%zz":                  {`"location":"query.limit"`},
		"GET /sockets?limit=%zz":                          {`"location":"query.limit"`},
		"GET /sockets?limit=1;after=x":                    {`"location":"query.limit"`, "%3B"},
		"GET /sockets?%zz=1":                              {`"location":"query"`},
		"GET /sockets?filter=%24a&filter=%24b":            {`"location":"query.filter"`, "twice"},
		"GET /sockets?limit=1&filter=&limit=1":            {`"location":"query.limit"`, "twice"},
		"GET /sockets?f%69lter=%24a&filter=%24a":          {`"location":"query.filter"`, "twice"},
		"GET /logs?follow=false&since=%zz":                {`"location":"query.since"`},
		"GET /logs?follow=false&follow=false":             {`"location":"query.follow"`, "twice"},
		"GET /agents?%zz":                                 {`"location":"query"`},
		"POST /messages?x=%zz":                            {`"location":"query.x"`},
		"POST /runs?x=1&x=1":                              {`"location":"query.x"`, "twice"},
		"DELETE /sockets/" + encoded(anna) + "?x=%":       {`"location":"query.x"`},
		"GET /openapi.json?x=%zz":                         {`"location":"query.x"`},
		"GET /sockets?filter=" + strings.Repeat("%", 5e3): {`"location":"query.filter"`, "…"},
	} {
		t.Run(shortened(request), func(t *testing.T) {
			method, path, _ := strings.Cut(request, " ")
			resp, body := f.ask(t, method, "/api/v1"+path, "")
			if resp.StatusCode != 400 {
				t.Fatalf("status %d: %s", resp.StatusCode, body)
			}
			checkProblem(t, resp, body)
			for _, part := range want {
				if !strings.Contains(body, part) {
					t.Errorf("the answer lacks %s\n%s", part, body)
				}
			}
		})
	}
	if f.hub.Len() != 1 {
		t.Error("the socket was aborted")
	}
}

func shortened(text string) string { return text[:min(len(text), 60)] }
