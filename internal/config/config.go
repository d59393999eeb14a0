package config

import (
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/tlscert"
	"github.com/tutorsocket/tutorsocket/internal/tracing"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// Config is all that can be set. [Default] and [Load] make one.
type Config struct {
	Listen       string `yaml:"listen" flag:"listen" default:"127.0.0.1:8080" doc:"Address to serve on, host:port; port 0 takes a free one."`
	App          string `yaml:"app" flag:"app" default:"" doc:"App folder; without one the embedded sample app is served."`
	Data         string `yaml:"data" flag:"data" default:".tutorsocket" doc:"Folder for what outlives the process."`
	Node         string `yaml:"node" flag:"node-name" default:"" doc:"Name of this server among others: letters, digits, -, _ and dots. Without one it is n1, or with nats.url the name of the machine with four digits, which are kept in the data folder."`
	DatexVersion string `yaml:"datex_version" flag:"datex-version" default:"1.24.4.27" doc:"Datex.XHTTP version to behave like: 1.22.10.29 (or 1.22), 1.24.4.27 (or 1.24), native."`

	Admin Admin            `yaml:"admin"`
	Log   Log              `yaml:"log"`
	Guard auth.GuardConfig `yaml:",inline"`
	TLS   tlscert.Config   `yaml:"tls"`
	Auth  Auth             `yaml:"auth"`
	// TrustedProxies are believed when they say who their client is.
	TrustedProxies []string   `yaml:"trusted_proxies" default:"" doc:"Addresses or networks of reverse proxies, such as 10.0.0.7 or 10.0.0.0/8, that are believed when they name the address of a client and say that it came encrypted (X-Forwarded-For, X-Forwarded-Proto, Forwarded)."`
	NATS           NATS       `yaml:"nats"`
	WS             ws.Config  `yaml:"ws"`
	Queue          hub.Config `yaml:"queue"`
	// Services is what is set for single services, by name; nil if nothing is.
	Services    map[string]*Service `yaml:"services"`
	Resume      Resume              `yaml:"resume"`
	Outbox      Outbox              `yaml:"outbox"`
	Limits      Limits              `yaml:"limits"`
	Shutdown    Shutdown            `yaml:"shutdown"`
	CallMethod  CallMethod          `yaml:"call_method"`
	Script      Script              `yaml:"script"`
	Agent       Agent               `yaml:"agent"`
	HTTPRequest HTTPRequest         `yaml:"http_request"`
	Scratch     Scratch             `yaml:"scratch"`
	Metrics     Metrics             `yaml:"metrics"`
	Tracing     tracing.Config      `yaml:"tracing"`
	Compat      Compat              `yaml:"compat"`

	// File is the config file that was read, as an absolute path; "" if there was none.
	File string `yaml:"-"`

	AppConfig []string `yaml:"app_config" default:"" doc:"What scripts find in AppConfig, as NAME=VALUE."`
}

// Admin is about those who administer the server.
type Admin struct {
	Listen    string `yaml:"listen" default:"" doc:"A second address to serve on, host:port, for administrators: what wants the scope admin, profiles, metrics and the console are answered there and nowhere else. Without one they are answered at the address of listen."`
	Token     string `yaml:"token" secret:"true" default:"" doc:"The admin token, 20 characters or more. Without one each start makes a new one. No flag sets it: others see the command lines of a machine."`
	TokenFile string `yaml:"token_file" default:"" file:"true" doc:"File that holds the admin token, instead of admin.token."`
}

// Log is about the structured log.
type Log struct {
	Level  string `yaml:"level" flag:"log-level" default:"info" values:"debug|info|warn|error" doc:"Least severe records to write: debug, info, warn or error."`
	Format string `yaml:"format" flag:"log-format" default:"text" values:"text|json" doc:"Form of the records: text or json."`
}

// Resume is about sockets whose connection broke.
type Resume struct {
	Window time.Duration `yaml:"window" default:"60s" min:"0s" doc:"How long a socket with a stateful id waits for its client after its connection broke: its tags stay, its messages are kept. 0: it ends with its connection."`
}

// Outbox is about what is stored for services with durable delivery.
type Outbox struct {
	MaxAge   time.Duration `yaml:"max_age" default:"1h" min:"1m" doc:"How long a message of a service with durable delivery is kept for a client that does not fetch it. It should be much longer than resume.window."`
	MaxBytes int64         `yaml:"max_bytes" unit:"bytes" default:"4GiB" min:"1MiB" doc:"How much is kept for all sockets of services with durable delivery, on the disk of each NATS server that keeps it. What does not fit is not stored: the send fails."`
}

// Shutdown is about the end of the server.
type Shutdown struct {
	Drain time.Duration `yaml:"drain" default:"30s" min:"1s" doc:"How long the server may take to stop when it is asked to: sockets are closed over the first two thirds, scripts may finish until the end."`
}

// CallMethod is about the action call_method of main_ws_service.
type CallMethod struct {
	Allow []string `yaml:"allow" default:"" doc:"Library methods that clients may call, as library.method; library.* is all of a library, * all there are. dev without a list: all."`
}

// Script limits the run of a service's script.
type Script struct {
	Compute time.Duration `yaml:"compute" default:"5s" min:"1ms" doc:"Processor time that a service call may take."`
	Bytes   int64         `yaml:"bytes" unit:"bytes" default:"64MiB" min:"1MiB" doc:"Memory that a service call may hold."`
	Depth   int           `yaml:"depth" default:"1000" min:"10" doc:"Calls that scripts may nest."`
}

// Agent limits the run of an agent.
type Agent struct {
	Timeout  time.Duration `yaml:"timeout" default:"10m" min:"1ms" doc:"Time that an agent may take, unless its @timeout says otherwise."`
	Bytes    int64         `yaml:"bytes" unit:"bytes" default:"512MiB" min:"1MiB" doc:"Memory that an agent may hold."`
	Timezone Zone          `yaml:"timezone" default:"Local" doc:"Time zone of @schedule without @timezone, such as Europe/Moscow; Local is that of the machine. All nodes of a cluster need the same one."`
}

// HTTPRequest is about the requests that scripts send to other servers.
type HTTPRequest struct {
	Allow   []string      `yaml:"allow" default:"" doc:"Hosts that scripts may send requests to, as host or host:port; *.domain is all names below a domain, * all hosts. dev without a list: all."`
	Timeout time.Duration `yaml:"timeout" default:"30s" min:"1ms" doc:"Time that a request of a script may take, its answer included."`
}

// Scratch is about the files that scripts write.
type Scratch struct {
	MaxBytes int64 `yaml:"max_bytes" unit:"bytes" default:"256MiB" min:"1MiB" doc:"Size that the files in the scratch folder of scripts may reach; as much may scripts add to the app folder."`
}

// Metrics is about the figures of the server.
type Metrics struct {
	Enabled bool `yaml:"enabled" default:"true" doc:"Count what happens and show it at /metrics and /api/v1/stats."`
}

// Compat switches oddities of the original on.
type Compat struct {
	RefuseLiveID        bool `yaml:"refuse_live_id" default:"false" doc:"Drop both connections when a second one comes with the stateful id of an open socket, as the original does, and resume nothing."`
	SilentErrors        bool `yaml:"silent_errors" default:"false" doc:"Leave bad input of clients unanswered, as the original does."`
	ClientTagsWin       bool `yaml:"client_tags_win" default:"false" doc:"Let clients override the tags user_id, socket_type and pong."`
	NoHeartbeat         bool `yaml:"no_heartbeat" default:"false" doc:"Pass the text $hbt to scripts instead of answering $ok."`
	NullEqualsUndefined bool `yaml:"null_equals_undefined" default:"false" doc:"Make null == undefined true in scripts."`
}
