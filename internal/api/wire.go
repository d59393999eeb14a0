package api

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// Socket is an open or detached socket as the API shows it. Ids are text: they may be longer
// than the numbers of a browser are exact.
type Socket struct {
	Key         string            `json:"key" doc:"The full key: /services/<service>-s-<id>, or -v-<GUID>."`
	Service     string            `json:"service" doc:"The service it is connected to."`
	StatefulID  string            `json:"stateful_id" doc:"The id the client chose; empty without one."`
	UserID      string            `json:"user_id" doc:"Whose connection it is."`
	Tags        map[string]string `json:"tags" nullable:"false" doc:"Its tags."`
	State       string            `json:"state" enum:"open,detached" doc:"detached: the connection broke, and its client may come back to what waits."`
	Queue       Queue             `json:"queue" doc:"What waits to be sent."`
	Node        string            `json:"node" doc:"The node that holds it."`
	ConnectedAt time.Time         `json:"connected_at" doc:"When the connection was made."`
	BytesIn     int64             `json:"bytes_in" doc:"Bytes of messages received."`
	BytesOut    int64             `json:"bytes_out" doc:"Bytes of messages sent."`
}

// Queue is what waits to be sent to a socket.
type Queue struct {
	Messages int    `json:"messages" doc:"Messages that wait."`
	Bytes    int    `json:"bytes" doc:"Their bytes."`
	Mode     string `json:"mode" doc:"How the queue packs its messages, once the first one has fixed it."`
	Dropped  int    `json:"dropped" doc:"Messages that were dropped since the socket was opened, as far as their number is known. The client is told of them."`
	Reason   string `json:"drop_reason" enum:",overflow,expired,node_lost" doc:"Why the last of them were dropped; empty if none was."`
}

func socketOf(i hub.Info) Socket {
	return Socket{
		Key: i.Key, Service: i.Service, StatefulID: i.StatefulID, UserID: i.User.ID,
		Tags: i.Tags.Map(), State: i.State,
		Queue: Queue{Messages: i.QueueMessages, Bytes: i.QueueBytes, Mode: i.QueueMode, Dropped: i.QueueDropped, Reason: i.QueueDropReason},
		Node:  i.Node, ConnectedAt: i.ConnectedAt, BytesIn: i.BytesIn, BytesOut: i.BytesOut,
	}
}

// List is one page of things. Next is what "after" must be to get the page that
// follows, empty on the last one. Missing names the nodes that did not answer.
type List[T any] struct {
	Items   []T      `json:"items" nullable:"false" doc:"The page."`
	Next    string   `json:"next" doc:"What after must be for the page that follows; empty on the last one."`
	Missing []string `json:"missing" nullable:"false" doc:"Nodes that did not answer."`
}

// listOf returns a page without nulls in its JSON.
func listOf[T any](items []T, next string, missing []string) List[T] {
	if items == nil {
		items = []T{}
	}
	if missing == nil {
		missing = []string{}
	}
	return List[T]{Items: items, Next: next, Missing: missing}
}

// Script is a service or an agent of the app.
type Script struct {
	Name        string `json:"name" doc:"How it is called and run."`
	URL         string `json:"url" doc:"Where errors and logs place it: x-local://…"`
	Description string `json:"description,omitempty" doc:"What its file says it is for."`
	Problem     string `json:"problem,omitempty" doc:"Why the file as it is now does not load. The last good version, if there is one, keeps running."`

	Schedule    []string    `json:"schedule,omitempty" doc:"When an agent runs by itself, as its @schedule lines say."`
	Timezone    string      `json:"timezone,omitempty" doc:"The time zone of the schedule; Local is that of the server."`
	NextRunAt   *time.Time  `json:"next_run_at,omitempty" doc:"The next time of the schedule."`
	LastRun     *TimedRun   `json:"last_run,omitempty" doc:"The newest run by the schedule, on any node."`
	LastSkipped *SkippedRun `json:"last_skipped,omitempty" doc:"The newest time of the schedule at which the agent was not started."`
}

// TimedRun is a run by the schedule of an agent.
type TimedRun struct {
	ID        string     `json:"id,omitempty" doc:"Names the run: GET /runs/{id}. Absent while it has just begun."`
	Node      string     `json:"node" doc:"The node that runs it, or ran it."`
	State     string     `json:"state" enum:"running,done,failed,lost" doc:"One is lost whose node ended while it ran."`
	StartedAt time.Time  `json:"started_at" doc:"When it began, to the second."`
	EndedAt   *time.Time `json:"ended_at,omitempty" doc:"When it ended, to the second; absent while it runs."`
}

// SkippedRun is a time of a schedule that was passed over.
type SkippedRun struct {
	At     time.Time `json:"at" doc:"The time."`
	Reason string    `json:"reason" doc:"Why, for a person."`
}

// Line is a log line. Seq and the origin are only in the stream of all lines.
type Line struct {
	Seq     uint64    `json:"-"`
	Time    time.Time `json:"time" doc:"When it was written."`
	Thread  int       `json:"thread" doc:"Number of the script thread."`
	Text    string    `json:"text" doc:"The line, without time and thread."`
	Error   bool      `json:"error,omitempty" doc:"The text is that of a script error."`
	Service string    `json:"service,omitempty" doc:"The service that wrote it."`
	Agent   string    `json:"agent,omitempty" doc:"The agent that wrote it."`
	Socket  string    `json:"socket,omitempty" doc:"Key of the socket the script ran for."`
	User    string    `json:"user,omitempty" doc:"Id of the user the script ran as."`
	Skipped uint64    `json:"skipped,omitempty" doc:"Lines dropped before this one because the reader was too slow."`
}

// String is the line as the server's own log shows it, safe for a terminal.
func (l Line) String() string {
	return logs.Line{Time: l.Time, Thread: l.Thread, Text: logs.Printable(l.Text)}.String()
}

// runLineOf is a line for whoever started the run, who knows where it comes from.
func runLineOf(l logs.Line) Line {
	return Line{Seq: l.Seq, Time: l.Time, Thread: l.Thread, Text: l.Text, Error: l.Error}
}

func logLineOf(l logs.Line) Line {
	line := runLineOf(l)
	line.Service, line.Agent = l.Service, l.Agent
	line.Socket, line.User, line.Skipped = l.Socket, l.User, l.Skipped
	return line
}

// Outcome is how a run ended.
type Outcome struct {
	OK         bool   `json:"ok" doc:"Whether the script came to its end."`
	Error      string `json:"error" doc:"The script's error with its position lines; empty if all went well."`
	DurationMS int64  `json:"duration_ms" doc:"How long it took, in milliseconds."`
}

// RunResult is a run told at its end.
type RunResult struct {
	ID string `json:"id" doc:"Names the run: GET /runs/{id}."`
	Outcome
	Lines        []Line `json:"lines" nullable:"false" doc:"What the script wrote."`
	LinesDropped int    `json:"lines_dropped,omitempty" doc:"Lines at the beginning that were too many to keep."`
}

// RunStarted names a run that goes on by itself.
type RunStarted struct {
	ID string `json:"id" doc:"Names the run: GET /runs/{id}."`
}

// RunRequest is a script to run as it is, without a file.
type RunRequest struct {
	Name    string            `json:"name,omitempty" maxLength:"200" doc:"What errors and logs call the script."`
	Source  string            `json:"source" doc:"The script."`
	User    string            `json:"user,omitempty" maxLength:"128" doc:"Id of the user the script runs as; the administrator without one."`
	Timeout string            `json:"timeout,omitempty" maxLength:"20" example:"30s" doc:"Longest time the run may take, such as 30s or 5m; that of agents without one."`
	Params  map[string]string `json:"params,omitempty" doc:"What the script finds in Param."`
	Detach  bool              `json:"detach,omitempty" doc:"Answer at once and let the run go on by itself. Without it a client that goes away stops its run."`
}

// AgentRunRequest says how to run an agent of the app.
type AgentRunRequest struct {
	User   string            `json:"user,omitempty" maxLength:"128" doc:"Id of the user the agent runs as; the one its first comment names, or the administrator, without one."`
	Params map[string]string `json:"params,omitempty" doc:"What the script finds in Param."`
	Detach bool              `json:"detach,omitempty" doc:"Answer at once and let the run go on by itself. Without it a client that goes away stops its run."`
}

// Message is a message for one socket.
type Message struct {
	Message      string `json:"message" doc:"The text to send."`
	JSONCompound bool   `json:"json_compound,omitempty" doc:"Whether the text is an item of a JSON array, as in the scripts' WriteToWebSocketMessageQueue."`
	ConflateKey  string `json:"conflate_key,omitempty" minLength:"1" maxLength:"256" doc:"What the message is about. Where queue.overflow is conflate and a queue is full, those that wait there and have a later one with the same key behind them are dropped."`
}

// toHub returns the message as the hub takes it.
func (m Message) toHub() *hub.Message {
	return hub.NewMessage(m.Message).WithConflateKey(m.ConflateKey)
}

// Queued is the answer to a message for one socket.
type Queued struct {
	QueueDepth int `json:"queue_depth" doc:"Messages waiting in the socket's queue, this one included."`
}

// GroupMessage is a message for several sockets. Exactly one of Filter, Keys and
// UserID chooses them.
type GroupMessage struct {
	Message
	Filter FilterValue `json:"filter,omitempty"`
	Keys   []string    `json:"keys,omitempty" maxItems:"10000" doc:"Keys of sockets; those that are gone are passed over, those named twice get the message once."`
	UserID string      `json:"user_id,omitempty" maxLength:"128" doc:"Every socket of this user, detached ones included."`
}

// FilterValue is a filter as text or as an object, kept as it was written so
// that long numbers in it stay exact.
type FilterValue []byte

// UnmarshalJSON keeps the value.
func (f *FilterValue) UnmarshalJSON(data []byte) error {
	*f = append((*f)[:0], data...)
	return nil
}

// FilterText is a filter as a text.
func FilterText(text string) FilterValue {
	value, err := json.Marshal(text)
	if err != nil {
		panic(fmt.Sprintf("api: encode plain text: %v", err))
	}
	return value
}

// MarshalJSON returns the value.
func (f FilterValue) MarshalJSON() ([]byte, error) { return f, nil }

// Schema describes the value.
func (FilterValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "A filter: text ($name, $name:value, $name:[a,b]) or a JSON object. An empty text means every socket. Detached sockets are meant, too, unless it names $state.",
		OneOf:       []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeObject, AdditionalProperties: true}},
	}
}

// Delivery is the answer to a message for several sockets.
type Delivery struct {
	Addressed int            `json:"addressed" doc:"Sockets whose queue took the message."`
	Nodes     map[string]int `json:"nodes" nullable:"false" doc:"How many of them each node holds."`
	Missing   []string       `json:"missing" nullable:"false" doc:"Nodes that did not answer: whether their sockets got the message is not known."`
}

func deliveryOf(d hub.Delivery) Delivery {
	nodes := d.Nodes
	if nodes == nil {
		nodes = map[string]int{}
	}
	return Delivery{Addressed: d.Addressed(), Nodes: nodes, Missing: append([]string{}, d.Missing...)}
}
