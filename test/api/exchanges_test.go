package api_test

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// exchange is one request and what is expected of its answer.
type exchange struct {
	name   string
	path   string // below /api/v1, escaped, with the query
	body   string // application/json unless header says otherwise
	header []string
	status int
	part   string // of the answer's body
	until  string // for a stream that does not end: read until this has come
}

// entry is an operation: what the world needs besides the usual, and the exchanges, in order, with one
// server. The first succeeds.
type entry struct {
	world     func(t *testing.T, s *servertest.Server)
	exchanges []exchange
}

// The world has an app of these files, and a socket of user 1 with the id anna.
var app = map[string]string{
	"services/echo.js": "function process( context ) { alert( message ) }",
	"agents/hello.js":  "alert( 'hello ' + Param.name )",
	"agents/quiet.js":  "",
	"agents/broken.js": "alert(",
	"libs/lib_one.js":  "function one() { return 1 }",
}

const (
	anna       = "/services/main_ws_service-s-anna"
	annaInPath = "%2Fservices%2Fmain_ws_service-s-anna"
	goneInPath = "%2Fservices%2Fmain_ws_service-s-gone"
)

var events = []string{"Accept", "text/event-stream"}

// operations are all operations of the API by id.
var operations = map[string]entry{
	"list-sockets": {exchanges: []exchange{
		{name: "all", path: "/sockets", status: 200, part: anna},
		{name: "page", path: "/sockets?limit=1", status: 200, part: `"next":""`},
		{name: "filter", path: "/sockets?filter=%7B%22$user%22:%221%22%7D", status: 200, part: anna},
		{name: "another node", path: "/sockets?node=n9", status: 200, part: `"missing":["n9"]`},
		{name: "filter that is none", path: "/sockets?filter=role", status: 400, part: "query.filter"},
		{name: "filter that is no JSON", path: "/sockets?filter=%7B%22a%22:", status: 400, part: "query.filter"},
		{name: "filter not encoded", path: "/sockets?filter=$a:50%", status: 400, part: "%25"},
	}},
	"get-socket": {exchanges: []exchange{
		{name: "one", path: "/sockets/" + annaInPath, status: 200, part: `"stateful_id":"anna"`},
		{name: "gone", path: "/sockets/" + goneInPath, status: 404, part: "s-gone"},
		{name: "key encoded twice", path: "/sockets/%252Fservices%252Fmain_ws_service-s-anna", status: 400, part: "twice"},
		{name: "no key", path: "/sockets/anna", status: 404, part: "anna"},
	}},
	"abort-socket": {exchanges: []exchange{
		{name: "one", path: "/sockets/" + annaInPath, status: 204},
		{name: "gone", path: "/sockets/" + goneInPath, status: 404},
	}},
	"patch-tags": {exchanges: []exchange{
		{name: "set and remove", path: "/sockets/" + annaInPath + "/tags", body: `{"role":"speaker","none":null}`, status: 200, part: `"role":"speaker"`},
		{name: "number", path: "/sockets/" + annaInPath + "/tags", body: `{"role":1}`, status: 422, part: "body.role"},
		{name: "gone", path: "/sockets/" + goneInPath + "/tags", body: `{}`, status: 404},
	}},
	"send-message": {exchanges: []exchange{
		{name: "text", path: "/sockets/" + annaInPath + "/messages", body: `{"message":"x"}`, status: 202, part: "queue_depth"},
		{name: "gone", path: "/sockets/" + goneInPath + "/messages", body: `{"message":"x"}`, status: 404},
	}},
	"send-messages": {exchanges: []exchange{
		{name: "by user", path: "/messages", body: `{"user_id":"1","message":"x"}`, status: 202, part: `"addressed":1`},
		{name: "by filter", path: "/messages", body: `{"filter":{"$user":"1"},"message":"x","json_compound":true}`, status: 202, part: `"addressed":1`},
		{name: "by key", path: "/messages", body: `{"keys":["` + anna + `"],"message":"x"}`, status: 202, part: `"addressed":1`},
		{name: "to nobody said", path: "/messages", body: `{"message":"x"}`, status: 422, part: "filter, keys or user_id"},
		{name: "filter that is none", path: "/messages", body: `{"filter":"role","message":"x"}`, status: 400, part: "body.filter"},
	}},
	"list-services": {exchanges: []exchange{{name: "all", path: "/services", status: 200, part: `"name":"echo"`}}},
	"list-agents":   {exchanges: []exchange{{name: "all", path: "/agents", status: 200, part: `"name":"broken"`}}},
	"check-source": {exchanges: []exchange{
		{name: "mistake", path: "/check", body: `{"source":"alrt( 1 )"}`, status: 200, part: "unknown-function"},
		{name: "nothing wrong", path: "/check", body: `{"source":"alert( 1 )","kind":"agent","level":"portability","version":"1.22","name":"a.js"}`, status: 200, part: `{"problems":[]}`},
	}},
	"list-bindings": {exchanges: []exchange{{name: "all", path: "/bindings", status: 200, part: `"name":"alert"`}}},
	"run-source": {exchanges: []exchange{
		{name: "at its end", path: "/runs", body: `{"source":"alert( 40 + 2 )"}`, status: 200, part: `"text":"42"`},
		{name: "stream", path: "/runs", body: `{"source":"alert( 40 + 2 )"}`, header: events, status: 200, part: "event: outcome"},
		{name: "throws", path: "/runs", body: `{"source":"throw 'no'"}`, status: 200, part: `"ok":false`},
		{name: "does not parse", path: "/runs", body: `{"source":"alert("}`, header: events, status: 200, part: `"ok":false`},
		{name: "time-out", path: "/runs", body: `{"source":"","timeout":"soon"}`, status: 422, part: "body.timeout"},
	}},
	"run-agent": {exchanges: []exchange{
		{name: "at its end", path: "/agents/hello/runs", body: `{"params":{"name":"anna"}}`, status: 200, part: "hello anna"},
		{name: "without a body", path: "/agents/quiet/runs", status: 200, part: `"ok":true`},
		{name: "stream", path: "/agents/hello/runs", header: events, status: 200, part: "event: outcome"},
		{name: "no such agent", path: "/agents/none/runs", status: 404, part: "agents"},
	}},
	"stream-logs": {exchanges: []exchange{
		{name: "remembered", path: "/logs?follow=false", status: 200},
		{name: "following", path: "/logs", status: 200, until: ": still here"},
		{name: "no time", path: "/logs?since=yesterday", status: 422, part: "query.since"},
	}},
	"get-openapi": {exchanges: []exchange{{name: "document", path: "/openapi.json", status: 200, part: `"openapi":"3.1`}}},
}
