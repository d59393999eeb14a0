package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// aboutAPI is the description of the whole.
const aboutAPI = `Sockets, messages, scripts and logs of a tutorsocket server.

Every request but the one for this document carries the admin token: ` + "`Authorization: Bearer <token>`" + `. A development
server makes a new one at each start and writes it to ` + "`admin.json`" + ` in its data folder.

Bodies are JSON in UTF-8. Errors are problem details (RFC 9457): 400 means that the request cannot be read, 422 that
it was read and a value in it is wrong. Lists come in pages: ` + "`next`" + ` of an answer goes into ` + "`after`" + ` for the page that
follows; ` + "`missing`" + ` names the nodes that did not answer.`

// Groups of operations, in the order a page shows them.
const (
	groupSockets  = "Sockets"
	groupMessages = "Messages"
	groupScripts  = "Scripts"
	groupRuns     = "Runs"
	groupUserData = "User data"
	groupLogs     = "Logs"
	groupServer   = "Server"
)

func groups() []*huma.Tag {
	return []*huma.Tag{
		{Name: groupSockets, Description: "Open sockets, their tags and what happens to them."},
		{Name: groupMessages, Description: "Messages to one socket or to many."},
		{Name: groupScripts, Description: "Services, libraries and agents of the app, and what is wrong with a script."},
		{Name: groupRuns, Description: "Running agents and scripts."},
		{Name: groupUserData, Description: "The values of tools_web.get_user_data and set_user_data."},
		{Name: groupLogs, Description: "Lines that scripts write."},
		{Name: groupServer, Description: "The server itself."},
	}
}

// description is what the document says of an operation besides what follows from
// the types of its handler.
type description struct {
	group   string
	text    string // a sentence or more, CommonMark
	returns string // the success, where the answer does not say it already
	request string // JSON: an example of the body
	answer  string // JSON: an example of the answer
	events  string // JSON: an example of a stream, as a list of events
}

// keyText describes the key of a socket wherever a path has it.
const keyText = "The key of the socket, /services/<service>-s-<id>. In a path it is percent-encoded, as clients do by themselves: %2Fservices%2Fmain_ws_service-s-123."

const (
	exampleKey  = "/services/main_ws_service-s-123"
	exampleLine = `{"time":"2026-11-23T10:00:00.125Z","thread":17,"text":"42","agent":"hello"}`
	exampleSock = `{"key":"/services/main_ws_service-s-123","service":"main_ws_service","stateful_id":"123","user_id":"6148914691236517121","tags":{"socket_type":"ws_group"},"state":"open","queue":{"messages":0,"bytes":0,"mode":"json"},"node":"n1","connected_at":"2026-11-23T10:00:00Z","bytes_in":58,"bytes_out":70}`
)

// descriptions are by operation id. Every operation has one.
var descriptions = withScripts(map[string]description{
	"list-sockets": {
		group:   groupSockets,
		text:    "A page of the open sockets that a filter chooses, ordered by key. `next` of an answer goes into `after` for the page that follows; sockets that come and go move no others from one page to the next.",
		returns: "A page of sockets.",
		answer:  `{"items":[` + exampleSock + `],"next":"","missing":[]}`,
	},
	"get-socket": {group: groupSockets, text: "What is known of one socket.", returns: "The socket.", answer: exampleSock},
	"abort-socket": {
		group: groupSockets, text: "Ends the connection without a close frame: the client sees 1006.", returns: "The connection was dropped.",
	},
	"patch-tags": {
		group: groupSockets, text: "Sets the tags of the body and leaves the others as they are; `null` removes one.",
		returns: "The socket with its tags as they are now.", request: `{"role":"speaker","pong":null}`, answer: exampleSock,
	},
	"send-message": {
		group:   groupMessages,
		text:    "Puts a message into the queue of the socket. The answer says that it was queued, not that it was received.",
		returns: "The message was queued.",
		request: `{"message":"{\"price\":42}","json_compound":true}`, answer: `{"queue_depth":1}`,
	},
	"send-messages": {
		group:   groupMessages,
		text:    "Puts a message into the queues of all sockets chosen by exactly one of `filter`, `keys` and `user_id`. An empty filter means every socket. A socket whose queue is full, or that is gone, is passed over and not counted.",
		returns: "The message was queued for those counted.",
		request: `{"filter":"$role:speaker","message":"{\"price\":42}","json_compound":true}`, answer: `{"addressed":3,"nodes":{"n1":3},"missing":[]}`,
	},
	"list-services": {
		group: groupScripts, text: "The services of the app by name, with what keeps a file from loading.", returns: "The services.",
		answer: `{"items":[{"name":"main_ws_service","url":"x-local://wtv/wtv_main_ws_service.js"}],"next":"","missing":[]}`,
	},
	"list-agents": {
		group: groupScripts, text: "The agents of the app by name, with what keeps a file from loading.", returns: "The agents.",
		answer: `{"items":[{"name":"hello","url":"x-local://agents/hello.js"},{"name":"broken","url":"x-local://agents/broken.js","problem":"Unexpected }"}],"next":"","missing":[]}`,
	},
	"check-source": {
		group: groupScripts, text: "Looks at a script without running it: what does not parse, and calls of functions that do not exist.",
		returns: "What is wrong, in the order of the lines.",
		request: `{"source":"alrt( 1 )","kind":"agent"}`,
		answer:  `{"problems":[{"file":"script.js","line":1,"column":1,"level":"error","kind":"unknown-function","message":"There is no function alrt; did you mean alert?","caret":"alrt( 1 )\n^"}]}`,
	},
	"list-bindings": {
		group: groupScripts, text: "Every name that scripts may use, with its signature in TypeScript and where it comes from.", returns: "The names.",
		answer: `{"items":[{"name":"alert","kind":"function","signature":"(text: any): void","doc":"Writes a line to the log.","origin":"shared"}],"next":"","missing":[]}`,
	},
	"run-source": {
		group:   groupRuns,
		text:    "Runs a script once and answers when it has ended. A script that throws is an outcome with `ok` false, not an error of the request. With `Accept: text/event-stream` the lines come as they are logged. A client that goes away stops its run.",
		request: `{"name":"sum.js","source":"alert( 40 + Int( Param.more ) )","params":{"more":"2"}}`,
		answer:  `{"ok":true,"error":"","duration_ms":1,"lines":[` + exampleLine + `]}`,
		events:  `[{"event":"line","data":` + exampleLine + `},{"event":"outcome","data":{"ok":true,"error":"","duration_ms":1}}]`,
	},
	"run-agent": {
		group:   groupRuns,
		text:    "Runs an agent of the app, as `run-source` runs a script.",
		request: `{"params":{"course":"6148914691236517121"}}`,
		answer:  `{"ok":true,"error":"","duration_ms":1,"lines":[` + exampleLine + `]}`,
		events:  `[{"event":"line","data":` + exampleLine + `},{"event":"outcome","data":{"ok":true,"error":"","duration_ms":1}}]`,
	},
	"stream-logs": {
		group:  groupLogs,
		text:   "Lines that scripts wrote, as an event stream: those remembered, then new ones until the client goes. Each event has an id; a client that comes back with it in `Last-Event-ID` goes on behind it.",
		events: `[{"event":"line","data":` + exampleLine + `}]`,
	},
	"stream-socket-events": {
		group: groupSockets, text: "An event for each socket that opens, changes or ends and that the filter chooses, as it happens.", returns: "The events.",
	},
	"trace-socket": {
		group: groupSockets, text: "The text frames of one socket, both ways, as they come and go.", returns: "The frames.",
	},
	"list-tags": {
		group: groupSockets, text: "Names of tags that open sockets have, with their values, by name.", returns: "The tags.",
	},
	"send-batch": {
		group: groupMessages, text: "Several messages in one request, each addressed on its own. One that cannot be sent does not keep the others from it.", returns: "What became of each message, in their order.",
	},
	"list-libraries": {
		group: groupScripts, text: "The code libraries of the app by name, with what keeps a file from loading.", returns: "The libraries.",
		answer: `{"items":[{"name":"libMain","url":"x-local://wtv/libs/main_library.js"}],"next":"","missing":[]}`,
	},
	"list-runs": {
		group: groupRuns, text: "Runs that go on, and those that ended lately, the newest first.", returns: "A page of runs.",
	},
	"get-run": {
		group: groupRuns, text: "One run with its lines so far. With `Accept: text/event-stream` new lines follow, and the outcome at the end.",
	},
	"stop-run": {
		group: groupRuns, text: "Stops a run at its next step.", returns: "The run was told to stop, or has ended already.",
	},
	"list-user-data": {
		group: groupUserData, text: "Keys of the stored values that begin with `prefix`, in their order.", returns: "A page of keys.",
	},
	"get-user-data": {
		group: groupUserData, text: "One value, as `tools_web.get_user_data` gives it to scripts.", returns: "The value.",
	},
	"put-user-data": {
		group: groupUserData, text: "Stores a value in the place of the one there is, as `tools_web.set_user_data` does.", returns: "The value was stored.",
	},
	"delete-user-data": {
		group: groupUserData, text: "Removes a value.", returns: "The value was removed.",
	},
	"list-nodes": {
		group: groupServer, text: "The nodes of the cluster, by name.", returns: "The nodes.",
	},
	"list-refusals": {
		group: groupServer, text: "Handshakes and logins that were refused lately, the newest first, and why.", returns: "A page of refusals.",
	},
	"get-stats": {
		group: groupServer, text: "Counters of the last hour, a point for each ten seconds.", returns: "The points.",
	},
	"get-openapi": {
		group: groupServer, text: "The description of this API. It is open to everybody.", answer: `{"openapi":"3.1.0","info":{"title":"tutorsocket","version":"1.0.0"}}`,
	},
})

// withScripts adds the operations there are for each kind of script.
func withScripts(all map[string]description) map[string]description {
	for _, kind := range []string{"service", "library", "agent"} {
		all["get-"+kind+"-source"] = description{group: groupScripts, text: "The text of a script as it is now. Its ETag goes into If-Match of a write.", returns: "The text."}
		all["put-"+kind+"-source"] = description{group: groupScripts, text: "Replaces the text of a script, or makes a new one. A write that does not name the version there is now is refused. Calls that go on end on the version they began with.", returns: "The version that was made."}
		all["list-"+kind+"-versions"] = description{group: groupScripts, text: "The versions of a script, the newest first: who made each, and when.", returns: "The versions."}
		all["get-"+kind+"-version"] = description{group: groupScripts, text: "One version of a script with its text.", returns: "The version."}
		all["restore-"+kind+"-version"] = description{group: groupScripts, text: "Makes the text of an earlier version the present one, as a new version.", returns: "The version that was made."}
	}
	return all
}

// describe adds the texts and examples to an operation.
func (d description) describe(op *huma.Operation) {
	op.Tags, op.Description = []string{d.group}, d.text
	for _, p := range op.Parameters {
		if p.In == "path" && p.Name == "key" && d.group != groupUserData {
			p.Description, p.Schema.Description, p.Schema.Examples, p.Example = keyText, keyText, nil, exampleKey
		}
	}
	if d.request != "" && op.RequestBody != nil {
		exemplify(op.OperationID, op.RequestBody.Content, "application/json", d.request)
	}
	for code, r := range op.Responses {
		if code[0] != '2' {
			continue
		}
		if d.returns != "" {
			r.Description = d.returns
		}
		r.Content = ownMedia(r.Content)
		for kind := range r.Content {
			text := d.answer
			if kind == eventStreamType {
				text = d.events
			}
			if text != "" {
				exemplify(op.OperationID, r.Content, kind, text)
			}
		}
	}
}

// ownMedia copies the answers of an operation, which it may share with another.
func ownMedia(shared map[string]*huma.MediaType) map[string]*huma.MediaType {
	own := make(map[string]*huma.MediaType, len(shared))
	for kind, media := range shared {
		copied := *media
		own[kind] = &copied
	}
	return own
}

func exemplify(operation string, content map[string]*huma.MediaType, kind, text string) {
	media := content[kind]
	if media == nil {
		return
	}
	if err := json.Unmarshal([]byte(text), &media.Example); err != nil {
		panic(fmt.Sprintf("api: the example of %s: %v", operation, err))
	}
}

// errorText is what the document says of a status.
type errorText struct {
	text    string
	example string         // detail of the example; the text without one
	mistake map[string]any // what is wrong where, in the example
	headers map[string]*huma.Param
}

var errorTexts = map[int]errorText{
	http.StatusBadRequest: {
		text:    "The request cannot be read: its JSON, its query, a filter, or a key that is not percent-encoded.",
		example: `The filter cannot be read: wrong filter at position 0: a filter begins with "$" and the name of a tag, or is a JSON object.`,
		mistake: map[string]any{"message": `wrong filter at position 0: a filter begins with "$" and the name of a tag, or is a JSON object`, "location": "query.filter", "value": "role"},
	},
	http.StatusUnauthorized: {
		text:    "No token, or one this server does not know.",
		headers: header("WWW-Authenticate", "The scheme, and whether a token was wrong.", `Bearer realm="tutorsocket"`),
	},
	http.StatusForbidden:          {text: "The Host or Origin of the request is not known here, or the key may not do this."},
	http.StatusNotFound:           {text: "There is no such thing.", example: `No socket with the key "/services/main_ws_service-s-123" is open.`},
	http.StatusNotAcceptable:      {text: "Accept names no type this operation answers with.", example: "GET /api/v1/sockets answers with application/json, which Accept leaves out."},
	http.StatusRequestTimeout:     {text: "The body took too long to arrive."},
	http.StatusConflict:           {text: "The request does not go with how things are now."},
	http.StatusPreconditionFailed: {text: "If-Match names another version than there is now."},
	http.StatusRequestEntityTooLarge: {
		text: fmt.Sprintf("The body is larger than %d bytes.", maxBody), example: fmt.Sprintf("The body is too large: it must be smaller than %d bytes.", maxBody),
	},
	http.StatusUnsupportedMediaType: {text: "The body is of another type, charset or encoding than JSON in UTF-8.", example: badMediaType},
	http.StatusUnprocessableEntity: {
		text: "The request was read, and a value in it is wrong.", example: "validation failed",
		mistake: map[string]any{"message": "expected number <= 1000", "location": "query.limit", "value": 5000},
	},
	http.StatusPreconditionRequired: {text: "If-Match is missing."},
	http.StatusTooManyRequests: {
		text: "The queue of the socket is full; the message was dropped.", headers: header("Retry-After", "When to try again, in seconds.", "1"),
	},
	http.StatusInternalServerError: {text: "The server failed. Its log says more."},
	http.StatusServiceUnavailable: {
		text: "Not able now: too many runs at once, or what the request needs does not answer.", headers: header("Retry-After", "When to try again, in seconds.", "1"),
	},
}

func header(name, text, example string) map[string]*huma.Param {
	return map[string]*huma.Param{name: {Description: text, Schema: &huma.Schema{Type: huma.TypeString}, Example: example}}
}
