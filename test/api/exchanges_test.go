package api_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
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
// server. The first succeeds. The world returns what only it knows, as names and values by turns: the
// name, in braces, stands for the value in paths, headers and what is expected.
type entry struct {
	world     func(t *testing.T, s *servertest.Server) []string
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
	awayInPath = "%2Fservices%2Fmain_ws_service-s-away"
)

var events = []string{"Accept", "text/event-stream"}

// operations are all operations of the API by id.
var operations = withScripts(map[string]entry{
	"list-users": {world: usersWorld, exchanges: []exchange{
		{name: "all", path: "/users", status: 200, part: `"login":"Anna"`},
		{name: "by login", path: "/users?login=anna", status: 200, part: `"id":"41"`},
		{name: "by unknown login", path: "/users?login=bob", status: 200, part: `"items":[]`},
		{name: "not a cursor", path: "/users?after=x", status: 400, part: "query.after"},
	}},
	"add-user": {world: usersWorld, exchanges: []exchange{
		{name: "one", path: "/users", body: `{"login":"bob","password":"correct horse battery","name":"Bob","fields":{"a":"b"}}`, status: 201, part: `"fields":{"a":"b"}`},
		{name: "a login in use", path: "/users", body: `{"login":"ANNA","password":"correct horse battery"}`, status: 409, part: "taken"},
		{name: "a short password", path: "/users", body: `{"login":"carl","password":"x"}`, status: 422, part: "body.password"},
		{name: "an id that is no number", path: "/users", body: `{"login":"carl","password":"correct horse battery","id":"x"}`, status: 422, part: "body.id"},
	}},
	"change-user": {world: usersWorld, exchanges: []exchange{
		{name: "all of it", path: "/users/41", body: `{"name":"A","admin":true,"disabled":true,"fields":{},"password":"another horse battery","log_out":true}`, status: 200, part: `"disabled":true`},
		{name: "nothing", path: "/users/41", body: `{}`, status: 200, part: `"name":"A"`},
		{name: "nobody", path: "/users/42", body: `{}`, status: 404, part: "42"},
	}},
	"remove-user": {world: usersWorld, exchanges: []exchange{
		{name: "one", path: "/users/41", status: 204},
		{name: "again", path: "/users/41", status: 404, part: "41"},
	}},
	"list-sessions": {exchanges: []exchange{
		{name: "none", path: "/sessions", status: 200, part: `"items":[]`},
		{name: "of a user", path: "/sessions?user=41", status: 200, part: `"items":[]`},
		{name: "not a cursor", path: "/sessions?after=x", status: 400, part: "query.after"},
	}},
	"end-session": {world: sessionWorld, exchanges: []exchange{
		{name: "one", path: "/sessions/{session}", status: 204},
		{name: "again", path: "/sessions/{session}", status: 404},
	}},
	"list-keys": {world: keysWorld, exchanges: []exchange{
		{name: "all", path: "/keys", status: 200, part: `"name":"the portal"`},
		{name: "page", path: "/keys?limit=1", status: 200, part: `"next":""`},
		{name: "not a cursor", path: "/keys?after=x", status: 400, part: "query.after"},
	}},
	"create-key": {exchanges: []exchange{
		{name: "one", path: "/keys", body: `{"name":"the portal","scopes":["send"]}`, status: 201, part: `"token":"tsk_`},
		{name: "for an hour", path: "/keys", body: `{"name":"a visitor","scopes":["read","run"],"ttl":3600}`, status: 201, part: `"expires_at":`},
		{name: "no name", path: "/keys", body: `{"name":"","scopes":["send"]}`, status: 422, part: "body.name"},
		{name: "a name of two lines", path: "/keys", body: `{"name":"a\nb","scopes":["send"]}`, status: 422, part: "body.name"},
		{name: "no scope", path: "/keys", body: `{"name":"a","scopes":[]}`, status: 422, part: "body.scopes"},
		{name: "no such scope", path: "/keys", body: `{"name":"a","scopes":["write"]}`, status: 422, part: "body.scopes"},
		{name: "no time", path: "/keys", body: `{"name":"a","scopes":["send"],"ttl":-1}`, status: 422, part: "body.ttl"},
	}},
	"revoke-key": {world: keysWorld, exchanges: []exchange{
		{name: "one", path: "/keys/{key}", status: 204},
		{name: "with the secret", path: "/keys/{token}", status: 404, part: "Leave the secret out"},
		{name: "again", path: "/keys/{key}", status: 404, part: "{key}"},
	}},
	"list-sockets": {world: detachedWorld, exchanges: []exchange{
		{name: "all", path: "/sockets", status: 200, part: anna},
		{name: "page", path: "/sockets?limit=1", status: 200, part: `"next":""`},
		{name: "filter", path: "/sockets?filter=%7B%22$user%22:%221%22%7D", status: 200, part: anna},
		{name: "detached", path: "/sockets?filter=%7B%22$state%22:%22detached%22%7D", status: 200, part: `"state":"detached"`},
		{name: "not a cursor", path: "/sockets?after=x", status: 400, part: "query.after"},
		{name: "cursor of another list", path: "/sockets?after=" + cursor("tags", "a"), status: 400, part: "query.after"},
		{name: "another node", path: "/sockets?node=n9", status: 200, part: `"missing":["n9"]`},
		{name: "filter that is none", path: "/sockets?filter=role", status: 400, part: "query.filter"},
		{name: "filter that is no JSON", path: "/sockets?filter=%7B%22a%22:", status: 400, part: "query.filter"},
		{name: "filter not encoded", path: "/sockets?filter=$a:50%", status: 400, part: "%25"},
	}},
	"get-socket": {world: detachedWorld, exchanges: []exchange{
		{name: "one", path: "/sockets/" + annaInPath, status: 200, part: `"stateful_id":"anna"`},
		{name: "key not encoded", path: "/sockets" + anna, status: 400, part: annaInPath},
		{name: "detached", path: "/sockets/" + awayInPath, status: 200, part: `"state":"detached"`},
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
		{name: "about something", path: "/sockets/" + annaInPath + "/messages", body: `{"message":"x","conflate_key":"price"}`, status: 202, part: "queue_depth"},
		{name: "about nothing", path: "/sockets/" + annaInPath + "/messages", body: `{"message":"x","conflate_key":""}`, status: 422, part: "body.conflate_key"},
		{name: "gone", path: "/sockets/" + goneInPath + "/messages", body: `{"message":"x"}`, status: 404},
		{name: "wrong idempotency key", path: "/sockets/" + annaInPath + "/messages", body: `{"message":"x"}`, header: []string{"Idempotency-Key", "a b"}, status: 400, part: "header.Idempotency-Key"},
	}},
	"send-messages": {exchanges: []exchange{
		{name: "by user", path: "/messages", body: `{"user_id":"1","message":"x"}`, status: 202, part: `"addressed":1`},
		{name: "by filter", path: "/messages", body: `{"filter":{"$user":"1"},"message":"x","json_compound":true}`, status: 202, part: `"addressed":1`},
		{name: "by key", path: "/messages", body: `{"keys":["` + anna + `"],"message":"x"}`, status: 202, part: `"addressed":1`},
		{name: "about something", path: "/messages", body: `{"user_id":"1","message":"x","conflate_key":"price"}`, status: 202, part: `"addressed":1`},
		{name: "to nobody said", path: "/messages", body: `{"message":"x"}`, status: 422, part: "filter, keys or user_id"},
		{name: "filter that is none", path: "/messages", body: `{"filter":"role","message":"x"}`, status: 400, part: "body.filter"},
	}},
	"send-batch": {exchanges: []exchange{
		{name: "several", path: "/messages/batch", body: `{"messages":[{"key":"` + anna + `","message":"a"},{"user_id":"1","message":"b"},{"filter":"$user:1","message":"c","json_compound":true}]}`, status: 202, part: `"queue_depth":`},
		{name: "about something", path: "/messages/batch", body: `{"messages":[{"key":"` + anna + `","message":"a","conflate_key":"price"}]}`, status: 202, part: `"status":202`},
		{name: "none", path: "/messages/batch", body: `{"messages":[]}`, status: 202, part: `"results":[]`},
		{name: "one gone", path: "/messages/batch", body: `{"messages":[{"key":"/services/main_ws_service-s-gone","message":"a"},{"user_id":"1","message":"b"}]}`, status: 202, part: `"status":404`},
		{name: "a filter that is none", path: "/messages/batch", body: `{"messages":[{"filter":"role","message":"a"}]}`, status: 202, part: "body.messages[0].filter"},
		{name: "to nobody said", path: "/messages/batch", body: `{"messages":[{"message":"a"}]}`, status: 202, part: `"status":422`},
		{name: "said in two ways", path: "/messages/batch", body: `{"messages":[{"key":"` + anna + `","user_id":"1","message":"a"}]}`, status: 202, part: `"status":422`},
		{name: "unknown member", path: "/messages/batch", body: `{"messages":[{"key":"` + anna + `","message":"a","to":"b"}]}`, status: 422, part: "body.messages[0].to"},
		{name: "without a message", path: "/messages/batch", body: `{"messages":[{"key":"` + anna + `"}]}`, status: 422, part: "body.messages[0]"},
		{name: "too many", path: "/messages/batch", body: `{"messages":[` + strings.Repeat(`{"user_id":"1","message":"b"},`, 1000) + `{"user_id":"1","message":"b"}]}`, status: 422, part: "body.messages"},
		{name: "null", path: "/messages/batch", body: `{"messages":null}`, status: 422, part: "body.messages"},
	}},
	"stream-socket-events": {exchanges: []exchange{
		{name: "snapshot", path: "/sockets/events?snapshot=true", status: 200, until: anna},
		{name: "beginning now", path: "/sockets/events", status: 200, until: ": still here"},
		{name: "of nobody", path: "/sockets/events?snapshot=true&filter=$user:9", status: 200, until: `"sockets":0`},
		{name: "after an id of another server", path: "/sockets/events?snapshot=true", header: []string{"Last-Event-ID", "abcdefghij-7"}, status: 200, until: `"reason":"restart"`},
		{name: "after an id that is none", path: "/sockets/events?snapshot=true", header: []string{"Last-Event-ID", "7; drop"}, status: 200, until: `"reason":"restart"`},
		{name: "filter that is none", path: "/sockets/events?filter=role", status: 400, part: "query.filter"},
	}},
	"trace-socket": {exchanges: []exchange{
		{name: "one", path: "/sockets/" + annaInPath + "/trace", status: 200, until: ": still here"},
		{name: "after an id of another socket", path: "/sockets/" + annaInPath + "/trace", header: []string{"Last-Event-ID", "t99-abcdefghij-7"}, status: 200, until: ": still here"},
		{name: "after an id that is none", path: "/sockets/" + annaInPath + "/trace", header: []string{"Last-Event-ID", "-1"}, status: 200, until: ": still here"},
		{name: "gone", path: "/sockets/" + goneInPath + "/trace", status: 404, part: "s-gone"},
		{name: "gone, to go on", path: "/sockets/" + goneInPath + "/trace", header: []string{"Last-Event-ID", "t1-x-1"}, status: 404, part: "s-gone"},
		{name: "key encoded twice", path: "/sockets/%252Fservices%252Fmain_ws_service-s-anna/trace", status: 400, part: "twice"},
	}},
	"list-tags": {world: taggedWorld, exchanges: []exchange{
		{name: "all", path: "/tags", status: 200, part: `"name":"role"`},
		{name: "page", path: "/tags?limit=1", status: 200, part: `"next":"` + cursor("tags", "place")},
		{name: "next page", path: "/tags?limit=1&after=" + cursor("tags", "place"), status: 200, part: `"name":"role"`},
		{name: "one", path: "/tags?name=role&values=0", status: 200, part: `"truncated":true`},
		{name: "none", path: "/tags?name=nobody_has_it", status: 200, part: `"items":[]`},
		{name: "not a cursor", path: "/tags?after=role", status: 400, part: "query.after"},
		{name: "cursor of another list", path: "/tags?after=" + cursor("sockets", "a"), status: 400, part: "query.after"},
	}},
	"list-services":  {exchanges: []exchange{{name: "all", path: "/services", status: 200, part: `"name":"echo"`}}},
	"list-agents":    {exchanges: []exchange{{name: "all", path: "/agents", status: 200, part: `"name":"broken"`}}},
	"list-libraries": {exchanges: []exchange{{name: "all", path: "/libraries", status: 200, part: `"name":"lib_one"`}}},
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
		{name: "detached", path: "/runs", body: `{"source":"","detach":true}`, status: 202, part: `"id":"`},
		{name: "time-out", path: "/runs", body: `{"source":"","timeout":"soon"}`, status: 422, part: "body.timeout"},
	}},
	"run-agent": {exchanges: []exchange{
		{name: "at its end", path: "/agents/hello/runs", body: `{"params":{"name":"anna"}}`, status: 200, part: "hello anna"},
		{name: "without a body", path: "/agents/quiet/runs", status: 200, part: `"ok":true`},
		{name: "stream", path: "/agents/hello/runs", header: events, status: 200, part: "event: outcome"},
		{name: "detached", path: "/agents/hello/runs", body: `{"detach":true}`, status: 202, part: `"id":"`},
		{name: "no such agent", path: "/agents/none/runs", status: 404, part: "agents"},
	}},
	"list-runs": {world: runsWorld, exchanges: []exchange{
		{name: "all", path: "/runs", status: 200, part: `"state":"done"`},
		{name: "page", path: "/runs?limit=1", status: 200, part: `"next":"{next}"`},
		{name: "next page", path: "/runs?limit=1&after={next}", status: 200, part: `"id":"{ended}"`},
		{name: "by state", path: "/runs?state=running", status: 200, part: `"id":"{slow}"`},
		{name: "by name", path: "/runs?agent=hello", status: 200, part: `"id":"{ended}"`},
		{name: "not a cursor", path: "/runs?after=x", status: 400, part: "query.after"},
		{name: "cursor of another list", path: "/runs?after=" + cursor("sockets", "3"), status: 400, part: "query.after"},
		{name: "id", path: "/runs?after={slow}", status: 400, part: "query.after"},
		{name: "state that is none", path: "/runs?state=waiting", status: 422, part: "query.state"},
	}},
	"get-run": {world: runsWorld, exchanges: []exchange{
		{name: "ended", path: "/runs/{ended}", status: 200, part: "hello anna"},
		{name: "running", path: "/runs/{slow}", status: 200, part: `"state":"running"`},
		{name: "stream of one that ended", path: "/runs/{ended}", header: events, status: 200, part: "event: outcome"},
		{name: "stream of one that runs", path: "/runs/{slow}", header: events, status: 200, until: "begun"},
		{name: "after the outcome", path: "/runs/{ended}", header: append([]string{"Last-Event-ID", "2"}, events...), status: 204},
		{name: "after an ancient line", path: "/runs/{ended}", header: append([]string{"Last-Event-ID", "0"}, events...), status: 200, part: "hello anna"},
		{name: "after an id that is none", path: "/runs/{ended}", header: append([]string{"Last-Event-ID", "x"}, events...), status: 200, part: "hello anna"},
		{name: "after a line that never was", path: "/runs/{ended}", header: append([]string{"Last-Event-ID", "999999999999999999999"}, events...), status: 200, part: "hello anna"},
		{name: "after less than nothing", path: "/runs/{ended}", header: append([]string{"Last-Event-ID", "-9"}, events...), status: 200, part: "hello anna"},
		{name: "no such run", path: "/runs/0000000000000000", status: 404, part: "runs"},
	}},
	"stop-run": {world: runsWorld, exchanges: []exchange{
		{name: "running", path: "/runs/{slow}", status: 204},
		{name: "stopped already", path: "/runs/{slow}", status: 204},
		{name: "ended by itself", path: "/runs/{ended}", status: 204},
		{name: "no such run", path: "/runs/0000000000000000", status: 404, part: "runs"},
	}},
	"list-user-data": {world: userDataWorld, exchanges: []exchange{
		{name: "all", path: "/user-data", status: 200, part: `"key":"settings/1"`},
		{name: "with values", path: "/user-data?values=true", status: 200, part: `"value":{"a":[1,null]}`},
		{name: "page", path: "/user-data?limit=1", status: 200, part: `"next":"` + cursor("user-data", "settings/1")},
		{name: "next page", path: "/user-data?limit=1&after=" + cursor("user-data", "settings/1"), status: 200, part: `"key":"settings/2"`},
		{name: "prefix", path: "/user-data?prefix=settings/2", status: 200, part: `"key":"settings/2"`},
		{name: "prefix of nothing", path: "/user-data?prefix=x", status: 200, part: `"items":[]`},
		{name: "not a cursor", path: "/user-data?after=settings/1", status: 400, part: "query.after"},
		{name: "cursor of another list", path: "/user-data?after=" + cursor("sockets", "a"), status: 400, part: "query.after"},
	}},
	"get-user-data": {world: userDataWorld, exchanges: []exchange{
		{name: "one", path: "/user-data/settings%2F1", status: 200, part: `"value":{"a":[1,null]}`},
		{name: "with a time to live", path: "/user-data/settings%2F2", status: 200, part: `"ttl":86400`},
		{name: "none", path: "/user-data/settings%2F3", status: 404, part: "settings/3"},
		{name: "key not encoded", path: "/user-data/settings/1", status: 400, part: "settings%2F1"},
		{name: "key encoded twice", path: "/user-data/settings%252F1", status: 404, part: "settings%2F1"},
		{name: "as it was", path: "/user-data/settings%2F1", header: []string{"If-None-Match", "{etag}"}, status: 304},
		{name: "not as it was", path: "/user-data/settings%2F1", header: []string{"If-None-Match", `"0"`}, status: 200, part: `"value":`},
		{name: "no ETag", path: "/user-data/settings%2F1", header: []string{"If-None-Match", "1"}, status: 400, part: "header.If-None-Match"},
	}},
	"put-user-data": {world: userDataWorld, exchanges: []exchange{
		{name: "new", path: "/user-data/a%2Fb", body: `{"value":{"a":1},"ttl":60}`, status: 200, part: `"ttl":60`},
		{name: "null", path: "/user-data/n", body: `{"value":null}`, status: 200, part: `"key":"n"`},
		{name: "long number", path: "/user-data/n", body: `{"value":6148914691236517121}`, status: 200},
		{name: "over the one there is", path: "/user-data/settings%2F1", body: `{"value":2}`, header: []string{"If-Match", "{etag}"}, status: 200},
		{name: "over one that is gone", path: "/user-data/settings%2F1", body: `{"value":3}`, header: []string{"If-Match", "{etag}"}, status: 412},
		{name: "over any", path: "/user-data/settings%2F1", body: `{"value":3}`, header: []string{"If-Match", "*"}, status: 200},
		{name: "over any, of none", path: "/user-data/none", body: `{"value":3}`, header: []string{"If-Match", "*"}, status: 412},
		{name: "only where none is", path: "/user-data/settings%2F1", body: `{"value":3}`, header: []string{"If-None-Match", "*"}, status: 412},
		{name: "no ETag", path: "/user-data/settings%2F1", body: `{"value":3}`, header: []string{"If-Match", "etag"}, status: 400, part: "header.If-Match"},
		{name: "no time to live", path: "/user-data/n", body: `{"value":1,"ttl":0}`, status: 422, part: "body.ttl"},
		{name: "time to live of a text", path: "/user-data/n", body: `{"value":1,"ttl":"1h"}`, status: 422, part: "body.ttl"},
		{name: "without a value", path: "/user-data/n", body: `{"ttl":1}`, status: 422, part: "value"},
		{name: "two members of one name inside", path: "/user-data/n", body: `{"value":{"a":1,"a":2}}`, status: 400, part: "twice"},
		{name: "key too long", path: "/user-data/" + strings.Repeat("k", 5000), body: `{"value":1}`, status: 422, part: "path.key"},
	}},
	"delete-user-data": {world: userDataWorld, exchanges: []exchange{
		{name: "one", path: "/user-data/settings%2F2", status: 204},
		{name: "again", path: "/user-data/settings%2F2", status: 404, part: "settings/2"},
		{name: "another than meant", path: "/user-data/settings%2F1", header: []string{"If-Match", `"0"`}, status: 412},
		{name: "no ETag", path: "/user-data/settings%2F1", header: []string{"If-Match", "0"}, status: 400, part: "header.If-Match"},
		{name: "the one meant", path: "/user-data/settings%2F1", header: []string{"If-Match", "{etag}"}, status: 204},
	}},
	"drain-node": {world: runsWorld, exchanges: []exchange{
		{name: "this one", path: "/nodes/n1/drain", status: 202, part: `"state":"draining"`},
		{name: "once more", path: "/nodes/n1/drain", status: 202, part: `"state":"draining"`},
		{name: "none", path: "/nodes/n9/drain", status: 404, part: "/nodes"},
	}},
	"list-nodes": {exchanges: []exchange{{name: "all", path: "/nodes", status: 200, part: `"state":"ready"`}}},
	"list-refusals": {world: refusedWorld, exchanges: []exchange{
		{name: "all", path: "/refusals", status: 200, part: `"what":"service"`},
		{name: "page", path: "/refusals?limit=1", status: 200, part: `"next":"` + cursor("refusals", "")[:10]},
		{name: "not a cursor", path: "/refusals?after=3", status: 400, part: "query.after"},
		{name: "cursor of another list", path: "/refusals?after=" + cursor("sockets", "3"), status: 400, part: "query.after"},
		{name: "cursor somebody made", path: "/refusals?after=" + cursor("refusals", "x"), status: 400, part: "query.after"},
		{name: "cursor before the first", path: "/refusals?after=" + cursor("refusals", "1"), status: 200, part: `"items":[]`},
		{name: "cursor of zero", path: "/refusals?after=" + cursor("refusals", "0"), status: 400, part: "query.after"},
	}},
	"get-stats": {exchanges: []exchange{
		{name: "all", path: "/stats", status: 200, part: `"sockets":1`},
		{name: "lately", path: "/stats?since=10m", status: 200, part: `"items":[`},
		{name: "no time", path: "/stats?since=yesterday", status: 422, part: "query.since"},
	}},
	"stream-logs": {exchanges: []exchange{
		{name: "remembered", path: "/logs?follow=false", status: 200},
		{name: "following", path: "/logs", status: 200, until: ": still here"},
		{name: "after an id that is none", path: "/logs?follow=false", header: []string{"Last-Event-ID", "x"}, status: 200},
		{name: "after a line that never was", path: "/logs?follow=false", header: []string{"Last-Event-ID", "99999999999"}, status: 200},
		{name: "no time", path: "/logs?since=yesterday", status: 422, part: "query.since"},
		{name: "thread of none", path: "/logs?thread=10000", status: 422, part: "query.thread"},
	}},
	"get-openapi": {exchanges: []exchange{{name: "document", path: "/openapi.json", status: 200, part: `"openapi":"3.1`}}},
})

// withScripts adds the operations there are for each kind of scripts.
func withScripts(all map[string]entry) map[string]entry {
	for kind, path := range map[string]string{"service": "/services/echo", "library": "/libraries/lib_one", "agent": "/agents/hello"} {
		maps.Copy(all, scriptEntries(kind, path))
	}
	return all
}

// scriptEntries are the operations of a kind of scripts, had with one that has two versions.
func scriptEntries(kind, path string) map[string]entry {
	collection, name := path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/")+1:]
	second := cursor("versions/"+kind+"/"+name, "2")
	world := func(t *testing.T, s *servertest.Server) []string { return changedWorld(t, s, path) }
	const text, broken = `{"source":"var third;"}`, `{"source":"alert("}`
	plain := []string{"Content-Type", "text/plain; charset=utf-8"}
	return map[string]entry{
		"get-" + kind + "-source": {world: world, exchanges: []exchange{
			{name: "as JSON", path: path + "/source", status: 200, part: `"source":"var second;"`},
			{name: "as it is", path: path + "/source", header: []string{"Accept", "text/javascript"}, status: 200, part: "var second;"},
			{name: "as it was", path: path + "/source", header: []string{"If-None-Match", "{etag}"}, status: 304},
			{name: "as it was, of several", path: path + "/source", header: []string{"If-None-Match", `"x", W/{etag}`}, status: 304},
			{name: "not as it was", path: path + "/source", header: []string{"If-None-Match", "{stale}"}, status: 200, part: "second"},
			{name: "no such script", path: collection + "/none/source", status: 404, part: collection},
			{name: "name with dots", path: collection + "/%2E%2E%2F%2E%2E%2Fetc%2Fpasswd/source", status: 404},
		}},
		"put-" + kind + "-source": {world: world, exchanges: []exchange{
			{name: "in the place of any", path: path + "/source", body: text, status: 200, part: `"version":3`},
			{name: "of a stale one", path: path + "/source", body: text, header: []string{"If-Match", "{etag}"}, status: 412, part: "ETag"},
			{name: "of any", path: path + "/source", body: text, header: []string{"If-Match", "*"}, status: 200},
			{name: "only a new one", path: path + "/source", body: text, header: []string{"If-None-Match", "*"}, status: 412, part: "If-None-Match"},
			{name: "new", path: collection + "/fresh/source", body: `{"source":"var first;","note":"begun"}`, header: []string{"If-None-Match", "*"}, status: 201, part: `"name":"fresh"`},
			{name: "as it is", path: path + "/source", body: "var fourth;", header: plain, status: 200, part: `"version":4`},
			{name: "does not parse", path: path + "/source", body: broken, status: 422, part: "body.source"},
			{name: "as it is, does not parse", path: path + "/source", body: "alert(", header: plain, status: 422, part: `"location":"body"`},
			{name: "as it is, not UTF-8", path: path + "/source", body: "alert( '\xff' )", header: plain, status: 400, part: "UTF-8"},
			{name: "another charset", path: path + "/source", body: "x", header: []string{"Content-Type", "text/plain; charset=windows-1251"}, status: 415, part: "UTF-8"},
			{name: "long note", path: path + "/source", body: `{"source":"","note":"` + strings.Repeat("n", 201) + `"}`, status: 422, part: "body.note"},
			{name: "of one that is not there", path: collection + "/none/source", body: text, header: []string{"If-Match", "*"}, status: 412, part: "no such script"},
			{name: "name that is a path", path: collection + "/%2E%2E%2Fx/source", body: text, status: 422, part: "path.name"},
		}},
		"list-" + kind + "-versions": {world: world, exchanges: []exchange{
			{name: "all", path: path + "/versions", status: 200, part: `"n":1,`},
			{name: "page", path: path + "/versions?limit=1", status: 200, part: `"next":"` + second},
			{name: "next page", path: path + "/versions?limit=1&after=" + second, status: 200, part: `"next":""`},
			{name: "cursor of another list", path: path + "/versions?after=" + cursor("sockets", "3"), status: 400, part: "query.after"},
			{name: "number", path: path + "/versions?after=2", status: 400, part: "query.after"},
			{name: "cursor somebody made", path: path + "/versions?after=" + cursor("versions/"+kind+"/"+name, "x"), status: 400, part: "query.after"},
			{name: "no such script", path: collection + "/none/versions", status: 404, part: collection},
		}},
		"get-" + kind + "-version": {world: world, exchanges: []exchange{
			{name: "one", path: path + "/versions/2", status: 200, part: `"source":"var second;"`},
			{name: "none", path: path + "/versions/99", status: 404, part: "versions"},
			{name: "zero", path: path + "/versions/0", status: 422, part: "path.n"},
			{name: "no number", path: path + "/versions/last", status: 422, part: "path.n"},
			{name: "more than there can be", path: path + "/versions/99999999999999999999", status: 422, part: "path.n"},
		}},
		"diff-" + kind + "-versions": {world: world, exchanges: []exchange{
			{name: "to the newest", path: path + "/versions/1/diff", status: 200, part: "+var second;"},
			{name: "to itself", path: path + "/versions/2/diff?to=2", status: 200},
			{name: "to an older one", path: path + "/versions/2/diff?to=1", status: 200, part: "-var second;"},
			{name: "to none", path: path + "/versions/2/diff?to=99", status: 404, part: "versions"},
			{name: "from none", path: path + "/versions/99/diff", status: 404, part: "versions"},
		}},
		"restore-" + kind + "-version": {world: world, exchanges: []exchange{
			{name: "the first", path: path + "/versions/1/restore", status: 200, part: "restored from 1"},
			{name: "over a stale one", path: path + "/versions/1/restore", header: []string{"If-Match", "{etag}"}, status: 412, part: "ETag"},
			{name: "none", path: path + "/versions/99/restore", status: 404, part: "versions"},
			{name: "no number", path: path + "/versions/x/restore", status: 422, part: "path.n"},
			{name: "of no script", path: collection + "/none/versions/1/restore", status: 404, part: collection},
		}},
	}
}

// changedWorld has a second version of a script. It knows the present ETag and that of the first.
func changedWorld(t *testing.T, s *servertest.Server, path string) []string {
	t.Helper()
	first, _ := s.Ask(t, "GET", base+path+"/source", "")
	second, body := s.Ask(t, "PUT", base+path+"/source", `{"source":"var second;"}`, "Content-Type", "application/json")
	if second.StatusCode != 200 {
		t.Fatalf("write the second version: status %d: %s", second.StatusCode, body)
	}
	return []string{"{etag}", second.Header.Get("ETag"), "{stale}", first.Header.Get("ETag")}
}

// runsWorld has a run that ended and one that goes on.
func runsWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	ended := runOf(t, s, "/agents/hello/runs", `{"params":{"name":"anna"}}`)
	slow := runOf(t, s, "/runs", `{"source":"alert( 'begun' ); Sleep( 600000 )","detach":true}`)
	s.Lines.Expect(t, "begun")
	return []string{"{ended}", ended, "{slow}", slow, "{next}", cursor("runs", slow)}
}

func runOf(t *testing.T, s *servertest.Server, path, body string) (id string) {
	t.Helper()
	var run struct{ ID string }
	resp, text := s.Ask(t, "POST", base+path, body, "Content-Type", "application/json")
	if err := json.Unmarshal([]byte(text), &run); err != nil || run.ID == "" {
		t.Fatalf("start a run: status %d, %v: %s", resp.StatusCode, err, text)
	}
	return run.ID
}

// userDataWorld has two values. It knows the ETag of the first.
func userDataWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	var etag string
	for key, body := range map[string]string{"settings/2": `{"value":"b","ttl":86400}`, "settings/1": `{"value":{"a":[1,null]}}`} {
		resp, text := s.Ask(t, "PUT", base+"/user-data/"+url.PathEscape(key), body, "Content-Type", "application/json")
		if resp.StatusCode != 200 {
			t.Fatalf("store %s: status %d: %s", key, resp.StatusCode, text)
		}
		if key == "settings/1" {
			etag = resp.Header.Get("ETag")
		}
	}
	return []string{"{etag}", etag}
}

// detachedWorld has a detached socket of user 2.
func detachedWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	s.Dial(t, "main_ws_service", "away", "2").Drop()
	await(t, s, base+"/sockets/"+awayInPath, `"state":"detached"`)
	return nil
}

const userPassword = "correct horse battery"

// usersWorld has the user Anna, id 41.
func usersWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	if _, err := s.API.AddUser(t.Context(), api.NewUser{ID: "41", Login: "Anna", Password: userPassword}); err != nil {
		t.Fatal(err)
	}
	return nil
}

// keysWorld has an API key.
func keysWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	key, err := s.API.CreateKey(t.Context(), api.NewKey{Name: "the portal", Scopes: []string{"send"}})
	if err != nil {
		t.Fatal(err)
	}
	return []string{"{key}", key.ID, "{token}", key.Token}
}

// sessionWorld has Anna's session.
func sessionWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	usersWorld(t, s)
	resp, page := s.Ask(t, "GET", "/login", "")
	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)
	if form == nil {
		t.Fatalf("status %d, and no form: %s", resp.StatusCode, page)
	}
	body := url.Values{"form": {form[1]}, "login": {"anna"}, "password": {userPassword}}.Encode()
	cookie := resp.Cookies()[0]
	resp, page = s.Ask(t, "POST", "/login", body, "Content-Type", "application/x-www-form-urlencoded", "Cookie", cookie.Name+"="+cookie.Value)
	if resp.StatusCode != 303 {
		t.Fatalf("status %d: %s", resp.StatusCode, page)
	}
	list, err := s.API.Sessions(t.Context(), "41", "")
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	return []string{"{session}", list.Items[0].ID}
}

// await asks until the answer has a part.
func await(t *testing.T, s *servertest.Server, path, part string) {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); ; time.Sleep(10 * time.Millisecond) {
		_, body := s.Ask(t, "GET", path, "")
		if strings.Contains(body, part) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never had %s: %s", path, part, body)
		}
	}
}

// taggedWorld has a socket with two tags.
func taggedWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	resp, text := s.Ask(t, "PATCH", base+"/sockets/"+annaInPath+"/tags", `{"role":"speaker","place":"hall"}`, "Content-Type", "application/json")
	if resp.StatusCode != 200 {
		t.Fatalf("set tags: status %d: %s", resp.StatusCode, text)
	}
	return nil
}

// refusedWorld has turned away what it could.
func refusedWorld(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	for _, path := range []string{"/services/none", "/services/main_ws_service?X-StatefulSocketId=%00", "/services/main_ws_service?X-Dev-User=%00"} {
		if _, err := s.TryDial(t, path); err == nil {
			t.Errorf("%s was not refused", path)
		}
	}
	if _, err := s.TryDial(t, "/services/main_ws_service", "Origin", "https://elsewhere.example"); err == nil {
		t.Error("a strange origin was not refused")
	}
	s.Ask(t, "GET", "/services/main_ws_service", "", "Host", "elsewhere.example")
	s.Ask(t, "GET", "/services/main_ws_service", "")
	s.Ask(t, "GET", base+"/sockets", "", "Authorization", "Bearer wrong")
	return nil
}

// cursor makes the next of a page.
func cursor(list, position string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + ":" + position))
}
