package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// aboutAPI is the description of the whole.
const aboutAPI = `Sockets, messages, scripts and logs of a tutorsocket server.

Every request but the one for this document carries the admin token or an API key: ` + "`Authorization: Bearer <token>`" + `. A
development server makes a new admin token at each start and writes it to ` + "`admin.json`" + ` in its data folder. What a key may do
its scopes say: ` + "`x-scope`" + ` of an operation names the one it wants, and ` + "`admin`" + ` includes ` + "`read`, `send` and `run`" + `.

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
	groupUsers    = "Users"
)

func groups() []*huma.Tag {
	return []*huma.Tag{
		{Name: groupSockets, Description: "Sockets, their tags and what happens to them."},
		{Name: groupMessages, Description: "Messages to one socket or to many."},
		{Name: groupScripts, Description: "Services, libraries and agents of the app, and what is wrong with a script."},
		{Name: groupRuns, Description: "Running agents and scripts."},
		{Name: groupUserData, Description: "The values of tools_web.get_user_data and set_user_data."},
		{Name: groupLogs, Description: "Lines that scripts write."},
		{Name: groupUsers, Description: "Users who log in at this server, and their sessions."},
		{Name: groupServer, Description: "The server itself."},
	}
}

// description is what the document says of an operation besides what follows from
// the types of its handler.
type description struct {
	group   string
	text    string         // a sentence or more, CommonMark
	returns string         // the success, where the answer does not say it already
	request string         // JSON: an example of the body
	answer  string         // JSON: an example of the answer
	answers map[int]string // the same by status, where one has an example of its own
	events  string         // JSON: an example of a stream, as a list of events
	sent    string         // an example of the body where it is a plain text
	plain   string         // an example of the answer where it is a plain text
}

// Texts of the parts of paths, the same wherever a path has them.
const (
	keyText  = "The key of the socket, /services/<service>-s-<id>. In a path it is percent-encoded, as clients do by themselves: %2Fservices%2Fmain_ws_service-s-123."
	dataText = "The key of the value. In a path it is percent-encoded, as clients do by themselves: settings%2F7177256154427237596."
)

// Parts of examples.
const (
	exampleKey    = "/services/main_ws_service-s-123"
	exampleData   = "settings/7177256154427237596"
	exampleKeyID  = "k3qtw7mzb2xa"
	exampleAPIKey = `"id":"` + exampleKeyID + `","name":"portal","scopes":["read","send"],"created_at":"2026-11-23T09:00:00Z","created_by":"admin","expires_at":"2027-02-21T09:00:00Z"`
	exampleRun    = "1a2145e7ece00813"
	exampleLine   = `{"time":"2026-11-23T10:00:00.125Z","thread":17,"text":"42","agent":"hello"}`
	exampleSock   = `{"key":"/services/main_ws_service-s-123","service":"main_ws_service","stateful_id":"123","user_id":"6148914691236517121","tags":{"socket_type":"ws_group"},"state":"open","queue":{"messages":0,"bytes":0,"mode":"json","dropped":0,"drop_reason":""},"node":"n1","connected_at":"2026-11-23T10:00:00Z","bytes_in":58,"bytes_out":70}`

	exampleUser    = `{"id":"7177256154427237596","login":"anna","name":"Anna K.","admin":false,"disabled":false,"fields":{"position":"teacher"},"created_at":"2026-11-23T10:00:00.125Z","password_at":"2026-11-23T10:00:00.125Z"}`
	exampleSession = "9wHfmBVnmvKjtxKbZOm2GsjpkJcCmbUSYfUfMxZRJ0s"

	exampleOutcome = `{"ok":true,"error":"","duration_ms":1}`
	exampleResult  = `{"id":"` + exampleRun + `","ok":true,"error":"","duration_ms":1,"lines":[` + exampleRunLine + `]}`
	exampleRunLine = `{"time":"2026-11-23T10:00:00.125Z","thread":17,"text":"42"}`
	exampleStream  = `[{"event":"line","data":` + exampleRunLine + `},{"event":"outcome","data":` + exampleOutcome + `}]`
	exampleInfo    = `"id":"` + exampleRun + `","agent":"hello","name":"","user":"6148914691236517121","trigger":"api","thread":17,"node":"n1","state":"done","started_at":"2026-11-23T10:00:00.124Z","ended_at":"2026-11-23T10:00:00.125Z","duration_ms":1,"error":""`
	exampleCount   = `"bytes_in":58,"bytes_out":70,"dropped_messages":0,"handshakes":1,"refused_handshakes":0,"limit_waits":0,"limit_refusals":0,"closes":0,"takeovers":0,"script_calls":2,"script_errors":0,"agent_runs":1,"agent_errors":0,"log_lines":1}`
	exampleLevel   = `{"sockets":1,"queue_messages":0,"queue_bytes":0,"running_calls":0,"running_agents":0}`
)

// descriptions are by operation id. Every operation has one.
var descriptions = withScripts(map[string]description{
	"list-sockets": {
		group:   groupSockets,
		text:    "A page of the open sockets that a filter chooses, ordered by key; of detached ones, too, if the filter names `$state`. `next` of an answer goes into `after` for the page that follows; sockets that come and go move no others from one page to the next.",
		returns: "A page of sockets.",
		answer:  `{"items":[` + exampleSock + `],"next":"","missing":[]}`,
	},
	"get-socket": {group: groupSockets, text: "What is known of one socket, open or detached.", returns: "The socket.", answer: exampleSock},
	"abort-socket": {
		group: groupSockets, text: "Ends the socket and what waits for it, and drops its connection without a close frame: the client sees 1006. A detached socket is ended, too, and cannot be resumed any more.", returns: "The socket has ended.",
	},
	"patch-tags": {
		group: groupSockets, text: "Sets the tags of the body and leaves the others as they are; `null` removes one.",
		returns: "The socket with its tags as they are now.", request: `{"role":"speaker","pong":null}`, answer: exampleSock,
	},
	"send-message": {
		group:   groupMessages,
		text:    "Puts a message into the queue of the socket. The answer says that it was queued, not that it was received; that of a detached socket waits for its client to come back. Where `queue.overflow` is `drop-oldest` or `conflate`, a full queue drops others for it, and `queue.dropped` of the socket counts those.",
		returns: "The message was queued.",
		request: `{"message":"{\"price\":42}","json_compound":true,"conflate_key":"price"}`, answer: `{"queue_depth":1}`,
	},
	"send-messages": {
		group:   groupMessages,
		text:    "Puts a message into the queues of all sockets chosen by exactly one of `filter`, `keys` and `user_id`. An empty filter means every socket; detached ones are among those chosen, unless the filter names `$state`. A socket whose queue is full, or that is gone, is passed over and not counted.",
		returns: "The message was queued for those counted.",
		request: `{"filter":"$role:speaker","message":"{\"price\":42}","json_compound":true}`, answer: `{"addressed":3,"nodes":{"n1":3},"missing":[]}`,
	},
	"list-services": {
		group: groupScripts, text: "The services of the app by name, with what keeps a file from loading.", returns: "A page of services.",
		answer: `{"items":[{"name":"main_ws_service","url":"x-local://wtv/wtv_main_ws_service.js"}],"next":"","missing":[]}`,
	},
	"list-agents": {
		group: groupScripts, text: "The agents of the app by name, with what keeps a file from loading, and for those with a schedule when they run next and ran last.", returns: "A page of agents.",
		answer: `{"items":[{"name":"broken","url":"x-local://agents/broken.js","problem":"Unexpected token }\n(x-local://agents/broken.js,   line 1)"},{"name":"hello","url":"x-local://agents/hello.js","schedule":["0 9 * * 1-5"],"timezone":"Europe/Moscow","next_run_at":"2026-11-24T06:00:00Z","last_run":{"id":"` + exampleRun + `","node":"n1","state":"done","started_at":"2026-11-23T06:00:00Z","ended_at":"2026-11-23T06:00:02Z"}}],"next":"","missing":[]}`,
	},
	"check-source": {
		group: groupScripts, text: "Looks at a script without running it: what does not parse, and calls of functions that do not exist.",
		returns: "What is wrong, in the order of the lines.",
		request: `{"source":"alrt( 1 )","kind":"agent"}`,
		answer:  `{"problems":[{"file":"script.js","line":1,"column":1,"level":"error","kind":"unknown-function","message":"There is no function alrt; did you mean alert?","caret":"alrt( 1 )\n^"}]}`,
	},
	"list-bindings": {
		group: groupScripts, text: "Every name that scripts may use, with its signature in TypeScript and where it comes from.", returns: "The names.",
		answer: `{"items":[{"name":"alert","kind":"function","signature":"<T>(value?: T): T","doc":"Writes the value as text to the script log and returns it. An error object is logged as an error, with its position lines.","origin":"shared"}],"next":"","missing":[]}`,
	},
	"run-source": {
		group:   groupRuns,
		text:    "Runs a script once and answers when it has ended. A script that throws is an outcome with `ok` false, not an error of the request. With `Accept: text/event-stream` the lines come as they are logged. A client that goes away stops its run.",
		request: `{"name":"sum.js","source":"alert( 40 + Int( Param.more ) )","params":{"more":"2"}}`,
		answer:  exampleResult,
		answers: map[int]string{http.StatusAccepted: `{"id":"` + exampleRun + `"}`},
		events:  exampleStream,
	},
	"run-agent": {
		group:   groupRuns,
		text:    "Runs an agent of the app, as `run-source` runs a script.",
		request: `{"params":{"course":"6148914691236517121"}}`,
		answer:  exampleResult,
		answers: map[int]string{http.StatusAccepted: `{"id":"` + exampleRun + `"}`},
		events:  exampleStream,
	},
	"stream-logs": {
		group:  groupLogs,
		text:   "Lines that scripts wrote, as an event stream: those remembered, then new ones until the client goes. Each event has an id; a client that comes back with it in `Last-Event-ID` goes on behind it.",
		events: `[{"event":"line","data":` + exampleLine + `}]`,
	},
	"stream-socket-events": {
		group: groupSockets, text: "An event for each socket that opens, changes or ends and that the filter chooses, as it happens. To a filter without `$state` a socket that is detached ceases to match, and matches again when it is resumed.", returns: "The events.",
		events: `[{"event":"snapshot","data":{"sockets":1,"reason":"start","missing":[]}},{"event":"opened","data":{"time":"2026-11-23T10:00:00.125Z",` + exampleSock[1:] + `},{"event":"changed","data":{"time":"2026-11-23T10:00:01Z",` + exampleSock[1:len(exampleSock)-1] + `,"change":"tags","matches":true}},{"event":"ended","data":{"time":"2026-11-23T10:05:00Z","key":"/services/main_ws_service-s-123","service":"main_ws_service","stateful_id":"123","user_id":"6148914691236517121","tags":{"socket_type":"ws_group"},"node":"n1","connected_at":"2026-11-23T10:00:00Z","bytes_in":58,"bytes_out":70,"code":1000,"reason":""}}]`,
	},
	"trace-socket": {
		group: groupSockets, text: "The text frames of one socket, both ways, as they come and go. The stream goes on while the socket is detached, and over takeovers.", returns: "The frames.",
		events: `[{"event":"frame","data":{"time":"2026-11-23T10:00:00.125Z","dir":"in","text":"{\"socket_action\":\"init_socket\"}","bytes":31}},{"event":"ended","data":{"time":"2026-11-23T10:05:00Z","code":1000,"reason":""}}]`,
	},
	"list-tags": {
		group: groupSockets, text: "Names of tags that sockets have, open and detached ones, with their values, by name.", returns: "A page of tags.",
		answer: `{"items":[{"name":"socket_type","count":3,"distinct":2,"values":[{"value":"ws_group","count":2},{"value":"news","count":1}],"truncated":false}],"next":"","missing":[]}`,
	},
	"send-batch": {
		group: groupMessages, text: "Several messages in one request, each addressed on its own. One that cannot be sent does not keep the others from it.", returns: "What became of each message, in their order.",
		request: `{"messages":[{"key":"/services/main_ws_service-s-123","message":"one"},{"key":"/services/main_ws_service-s-124","message":"two"}]}`,
		answer:  `{"results":[{"status":202,"addressed":1,"nodes":{"n1":1},"missing":[],"queue_depth":1},{"status":404,"error":{"title":"Not Found","status":404,"detail":"No socket with the key \"/services/main_ws_service-s-124\" is open."}}]}`,
	},
	"list-libraries": {
		group: groupScripts, text: "The code libraries of the app by name, with what keeps a file from loading.", returns: "A page of libraries.",
		answer: `{"items":[{"name":"libMain","url":"x-local://wtv/libs/main_library.js"}],"next":"","missing":[]}`,
	},
	"list-runs": {
		group: groupRuns, text: "Runs that go on, and those that ended, on all nodes, the newest first. The history goes back 30 days or 10,000 runs, also beyond restarts.", returns: "A page of runs.",
		answer: `{"items":[{` + exampleInfo + `}],"next":"","missing":[]}`,
	},
	"get-run": {
		group: groupRuns, text: "One run with its lines so far; those of a run that goes on at another node come with its end. With `Accept: text/event-stream` new lines follow, and the outcome at the end.",
		answer: `{` + exampleInfo + `,"lines":[` + exampleRunLine + `]}`, events: exampleStream,
	},
	"stop-run": {
		group: groupRuns, text: "Stops a run at its next step.", returns: "The run was told to stop, or has ended already.",
	},
	"list-user-data": {
		group: groupUserData, text: "Keys of the stored values that begin with `prefix`, in their order.", returns: "A page of keys.",
		answer: `{"items":[{"key":"` + exampleData + `","ttl":86400,"expires_at":"2026-11-24T10:00:00Z"}],"next":"","missing":[]}`,
	},
	"get-user-data": {
		group: groupUserData, text: "One value, as `tools_web.get_user_data` gives it to scripts.", returns: "The value.",
		answer: `{"key":"` + exampleData + `","value":{"theme":"dark"},"ttl":86400,"expires_at":"2026-11-24T10:00:00Z"}`,
	},
	"put-user-data": {
		group: groupUserData, text: "Stores a value in the place of the one there is, as `tools_web.set_user_data` does.", returns: "The value was stored.",
		request: `{"value":{"theme":"dark"},"ttl":86400}`,
		answer:  `{"key":"` + exampleData + `","ttl":86400,"expires_at":"2026-11-24T10:00:00Z"}`,
	},
	"delete-user-data": {
		group: groupUserData, text: "Removes a value.", returns: "The value was removed.",
	},
	"list-nodes": {
		group: groupServer, text: "The nodes of the cluster, by name.", returns: "The nodes.",
		answer: `{"items":[{"name":"n1","version":"1.0.0","started_at":"2026-11-23T09:00:00Z","state":"ready","sockets":1,"runs":0,"app":"/srv/app","datex_version":"1.24.4.27","data":{"folder":"/var/lib/tutorsocket","store":"embedded","connected":true,"sync":"always","user_data_bytes":4096}}],"next":"","missing":[]}`,
	},
	"drain-node": {
		group: groupServer, text: "Begins what SIGTERM begins: the node takes no new sockets and runs, closes its sockets with 1012 over a while, lets scripts finish, keeps the detached sockets for its next start, and ends. One that is stopping goes on with it.",
		returns: "The node is stopping.",
		answer:  `{"name":"n1","version":"1.0.0","started_at":"2026-11-23T09:00:00Z","state":"draining","sockets":1,"runs":0,"app":"/srv/app","datex_version":"1.24.4.27","data":{"folder":"/var/lib/tutorsocket","store":"embedded","connected":true,"sync":"always","user_data_bytes":4096}}`,
	},
	"list-keys": {
		group: groupServer, text: "The API keys, the oldest first. One that has expired is listed for thirty days more. The secrets are not kept, so nobody sees them.", returns: "A page of keys.",
		answer: `{"items":[{` + exampleAPIKey + `,"last_used_at":"2026-11-23T10:00:00Z"}],"next":"","missing":[]}`,
	},
	"create-key": {
		group: groupServer, text: "Makes an API key. Its token is in this answer and nowhere else.", returns: "The key, with its token.",
		request: `{"name":"portal","scopes":["read","send"],"ttl":7776000}`,
		answer:  `{` + exampleAPIKey + `,"token":"tsk_` + exampleKeyID + `_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}`,
	},
	"revoke-key": {
		group: groupServer, text: "Ends an API key for good: on this node at once, on the others within two seconds.", returns: "The key is revoked.",
	},
	"list-refusals": {
		group: groupServer, text: "Handshakes and logins that were refused lately, the newest first, and why.", returns: "A page of refusals.",
		answer: `{"items":[{"time":"2026-11-23T10:00:00.125Z","remote":"127.0.0.1:57826","what":"origin","status":403,"detail":"This server does not answer to the Origin \"https://portal.example\". If it should, start it with --origin https://portal.example, or add to its settings: origins: [\"https://portal.example\"]","add":"--origin https://portal.example","host":"127.0.0.1:8080","origin":"https://portal.example","path":"/services/main_ws_service"}],"next":"","missing":[]}`,
	},
	"list-users": {
		group: groupUsers, text: "Users who log in at this server, by login.", returns: "A page of users.",
		answer: `{"items":[` + exampleUser + `],"next":"","missing":[]}`,
	},
	"add-user": {
		group: groupUsers, text: "Adds a user. Of the password a hash is kept (Argon2id).", returns: "The user was added.",
		request: `{"login":"anna","password":"correct horse battery","name":"Anna K.","fields":{"position":"teacher"}}`, answer: exampleUser,
	},
	"change-user": {
		group: groupUsers, text: "Changes what the body names and leaves the rest as it is. A new password, `disabled` and `log_out` end all sessions of the user: sockets of all nodes are closed with 4003.",
		returns: "The user as it is now.", request: `{"name":"Anna K.","password":"another horse battery"}`, answer: exampleUser,
	},
	"remove-user": {
		group: groupUsers, text: "Removes a user and ends all sessions of the user.", returns: "The user was removed.",
	},
	"list-sessions": {
		group: groupUsers, text: "Sessions that hold, in no particular order. The id is a hash: it does not let anybody in.", returns: "A page of sessions.",
		answer: `{"items":[{"id":"` + exampleSession + `","user_id":"7177256154427237596","login":"anna","begun_at":"2026-11-23T10:00:00.125Z","seen_at":"2026-11-23T11:30:00Z","ends_at":"2026-11-24T11:30:00Z","address":"198.51.100.7","agent":"Mozilla/5.0"}],"next":"","missing":[]}`,
	},
	"end-session": {
		group: groupUsers, text: "Ends a session: sockets of all nodes that stand on it are closed with 4003.", returns: "The session has ended.",
	},
	"get-stats": {
		group: groupServer, text: "Counters of the last hour, a point for each ten seconds.", returns: "The points.",
		answer: `{"node":"n1","started_at":"2026-11-23T09:00:00Z","interval_seconds":10,"now":` + exampleLevel + `,"totals":{"messages_in":2,"messages_out":3,` + exampleCount +
			`,"items":[{"time":"2026-11-23T10:00:10Z","seconds":10,"level":` + exampleLevel + `,"count":{"messages_in":2,"messages_out":3,` + exampleCount + `}],"missing":[]}`,
	},
	"get-openapi": {
		group: groupServer, text: "The description of this API. It is open to everybody.", answer: `{"openapi":"3.1.0","info":{"title":"tutorsocket","version":"1.0.0"}}`,
	},
})

// Parts of examples of scripts: the tags are those of the texts.
const (
	exampleOld     = "alert( 1 )\n"
	exampleNew     = "alert( 2 )\n"
	exampleOldTag  = `\"71cae05ec10148740d3887117d75e43b\"`
	exampleNewTag  = `\"88c9b303187579a7ea46ab1738f5e685\"`
	exampleVersion = `"n":2,"at":"2026-11-23T10:00:00.125Z","by":"admin","note":"says two","bytes":11,"etag":"` + exampleNewTag + `"`
	exampleEarlier = `"n":1,"at":"2026-11-23T09:00:00.202Z","by":"start","note":"","bytes":11,"etag":"` + exampleOldTag + `"`
)

// exampleNames are a script of each kind and its file.
var exampleNames = map[ScriptKind][2]string{
	KindService: {"chat", "services/chat.js"}, KindLibrary: {"libChat", "libs/libChat.js"}, KindAgent: {"hello", "agents/hello.js"},
}

// withScripts adds the operations there are for each kind of script.
func withScripts(all map[string]description) map[string]description {
	for kind, example := range exampleNames {
		add := func(id string, d description) {
			d.group = groupScripts
			all[fmt.Sprintf(id, kind)] = d
		}
		info := fmt.Sprintf(`"name":%q,"kind":%q,"url":"x-local://%s"`, example[0], kind, example[1])
		written := func(tag string, n int) string { return fmt.Sprintf(`{%s,"etag":"%s","version":%d}`, info, tag, n) }
		add("get-%s-source", description{
			text:    "The text of a script as its file has it now: in JSON, or by itself if Accept asks for a text. Its ETag goes into If-Match of a write.",
			returns: "The text.",
			answer:  fmt.Sprintf(`{%s,"etag":"%s","version":2,"source":"alert( 2 )\n"}`, info, exampleNewTag), plain: exampleNew,
		})
		add("put-%s-source", description{
			text: "Replaces the text of a script, or makes a new one, and answers when it is in force. The body is JSON, or the text itself. A text that does not compile is refused, and with If-Match one that would replace another than the one named. " +
				"Runs and calls that go on end with the text they began with.",
			returns: "The text is in force.",
			request: `{"source":"alert( 2 )\n","note":"says two"}`, sent: exampleNew,
			answers: map[int]string{http.StatusOK: written(exampleNewTag, 2), http.StatusCreated: written(exampleOldTag, 1)},
		})
		add("list-%s-versions", description{
			text: "The texts of a script that were in force, the newest first: since when, and who brought each. A script that is gone may have versions.", returns: "A page of versions.",
			answer: `{"items":[{` + exampleVersion + `,"current":true},{` + exampleEarlier + `,"current":false}],"next":"","missing":[]}`,
		})
		add("get-%s-version", description{
			text: "One version of a script with its text.", returns: "The version.",
			answer: `{` + exampleVersion + `,"current":true,"source":"alert( 2 )\n"}`,
		})
		add("diff-%s-versions", description{
			text: "What changed from one version of a script to another, as a unified diff.", returns: "The diff; empty if the texts are equal.",
			plain: "--- version 1\n+++ version 2\n@@ -1,1 +1,1 @@\n-alert( 1 )\n+alert( 2 )\n",
		})
		add("restore-%s-version", description{
			text:    "Makes the text of an earlier version the present one, as a new version. If it is in force already, nothing changes and that version is answered.",
			returns: "The version that is in force now.",
			answer:  `{"n":3,"at":"2026-11-23T10:00:01.338Z","by":"admin","note":"restored from 1","bytes":11,"etag":"` + exampleOldTag + `","current":true}`,
		})
	}
	return all
}

// describe adds the texts and examples to an operation.
func (d description) describe(op *huma.Operation) {
	op.Tags, op.Description = []string{d.group}, d.text
	for _, p := range op.Parameters {
		if p.In == "path" {
			describePathPart(op.Path, p)
		}
	}
	if op.RequestBody != nil {
		op.RequestBody.Content = d.exemplify(op.OperationID, op.RequestBody.Content, d.request, d.sent)
	}
	for code, r := range op.Responses {
		status, err := strconv.Atoi(code)
		if err != nil || status/100 != 2 {
			continue
		}
		if d.returns != "" && r.Description == http.StatusText(status) {
			r.Description = d.returns
		}
		r.Content = d.exemplify(op.OperationID, r.Content, cmp.Or(d.answers[status], d.answer), d.plain)
	}
}

// describePathPart words a parameter of a path, with an example as it is before it
// is encoded.
func describePathPart(path string, p *huma.Param) {
	text, example := p.Description, ""
	switch collection, _, _ := strings.Cut(path[1:], "/"); {
	case collection == "sockets":
		text, example = keyText, exampleKey
	case collection == "user-data":
		text, example = dataText, exampleData
	case collection == "runs":
		text, example = "Id of the run.", exampleRun
	case collection == "keys":
		text, example = "Id of the key, not the key.", exampleKeyID
	case collection == "users":
		example = "7177256154427237596"
	case collection == "sessions":
		example = exampleSession
	case p.Name == "name":
		for kind, names := range exampleNames {
			if kind.collection() == collection {
				text, example = "Name of the "+string(kind)+".", names[0]
			}
		}
	}
	p.Description, p.Schema.Description, p.Schema.Examples = text, text, nil
	if example != "" {
		p.Example = example
	}
}

// exemplify returns content with examples: of JSON, of streams, and of plain text. It
// copies it, since an operation may share it with another.
func (d description) exemplify(operation string, shared map[string]*huma.MediaType, answer, plain string) map[string]*huma.MediaType {
	own := make(map[string]*huma.MediaType, len(shared))
	for kind, media := range shared {
		copied := *media
		own[kind] = &copied
		switch {
		case kind == eventStreamType:
			setExample(operation, own[kind], d.events)
		case strings.HasSuffix(kind, "json"):
			setExample(operation, own[kind], answer)
		case plain != "":
			own[kind].Example = plain
		}
	}
	return own
}

func setExample(operation string, media *huma.MediaType, text string) {
	if text == "" {
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
		text:    "No token, or one this server does not know: a key may have expired, or been revoked.",
		example: noToken,
		headers: header("WWW-Authenticate", "The scheme, and whether a token was wrong.", `Bearer realm="tutorsocket"`),
	},
	http.StatusForbidden: {
		text:    "The key lacks the scope of the operation, or the Host or Origin of the request is not known here.",
		example: "This key may not do that: GET /api/v1/sockets wants the scope read, and the key has send.",
		mistake: map[string]any{"message": "lacks the scope read", "location": "header.Authorization"},
	},
	http.StatusNotFound: {text: "There is no such thing.", example: `No socket with the key "/services/main_ws_service-s-123" is open.`},
	http.StatusNotAcceptable: {
		text:    "Accept names no type this operation answers with.",
		example: "GET /api/v1/sockets answers with application/json, which Accept leaves out.",
		mistake: map[string]any{"message": "must allow application/json", "location": "header.Accept", "value": "text/html"},
	},
	http.StatusRequestTimeout: {
		text: "The body took too long to arrive.", example: "The body took longer than 15s to arrive.",
		mistake: map[string]any{"message": "took too long", "location": "body"},
	},
	http.StatusConflict: {
		text:    "The request does not go with how things are now.",
		example: "The embedded sample app is served, which cannot be changed. Make an app folder with: tutorsocket init FOLDER, and serve it with: tutorsocket dev FOLDER",
	},
	http.StatusPreconditionFailed: {
		text:    "If-Match or If-None-Match forbids it: what is there now is not what the request expects. Nothing was changed.",
		example: "The value is not the one that the request expects: somebody wrote or removed it meanwhile. Read it again.",
	},
	http.StatusRequestEntityTooLarge: {
		text: fmt.Sprintf("The body has %d bytes or more, or holds more than can be kept.", maxBody), example: fmt.Sprintf("The body is too large: it must be smaller than %d bytes.", maxBody),
		mistake: map[string]any{"message": "too large", "location": "body"},
	},
	http.StatusUnsupportedMediaType: {text: "The body is of a type, charset or encoding that the operation does not take.", example: badMediaType},
	http.StatusUnprocessableEntity: {
		text: "The request was read, and a value in it is wrong.", example: "validation failed",
		mistake: map[string]any{"message": "expected number <= 1000", "location": "query.limit", "value": 5000},
	},
	http.StatusTooManyRequests: {
		text:    "The queue of the socket is full; the message was dropped.",
		example: queueFull,
		headers: header("Retry-After", "When to try again, in seconds.", "1"),
	},
	http.StatusInternalServerError: {text: "The server failed. Its log says more.", example: "unexpected error occurred"},
	http.StatusInsufficientStorage: {text: "The store of user data is full.", example: "The store is full. Remove user data that is not needed any more."},
	http.StatusServiceUnavailable: {
		text:    "Not able now: too much goes on at once, the server is stopping, or another node that is needed does not answer.",
		example: "Too many runs are going on at once. Try again when one has ended.",
		headers: header("Retry-After", "When to try again, in seconds.", "1"),
	},
}

func header(name, text, example string) map[string]*huma.Param {
	return map[string]*huma.Param{name: {Description: text, Schema: &huma.Schema{Type: huma.TypeString}, Example: example}}
}
