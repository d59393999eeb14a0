package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// file writes a config file and returns its path.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tutorsocket.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t testing.TB, src config.Sources) config.Config {
	t.Helper()
	c, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	c := load(t, config.Sources{})
	if !reflect.DeepEqual(c, config.Default()) {
		t.Error("loading nothing does not give the defaults")
	}
	for name, ok := range map[string]bool{
		"listen":  c.Listen == "127.0.0.1:8080" && c.Guard.Listen == c.Listen,
		"app":     c.App == "",
		"data":    c.Data == ".tutorsocket",
		"profile": c.DatexVersion == "1.24.4.27" && c.Queue.Profile == hub.Profile124,
		"log":     c.Log == config.Log{Level: "info", Format: "text"},
		"nats":    c.NATS.Sync == config.Sync{Always: true},
		"ws":      c.WS.MessageLimit == 64<<10 && c.WS.Heartbeat == 25*time.Second && !c.WS.NoHeartbeatText && c.WS.Compression,
		"queue":   c.Queue.MaxBytes == 1<<20 && c.Queue.MaxMessages == 1024 && c.Queue.Overflow == "disconnect" && c.Queue.Grace == 5*time.Second,
		"script":  c.Script == config.Script{Compute: 5 * time.Second, Bytes: 64 << 20, Depth: 1000},
		"agent":   c.Agent == config.Agent{Timeout: 10 * time.Minute, Bytes: 512 << 20, Timezone: "Local"},
		"http":    c.HTTPRequest.Timeout == 30*time.Second && c.HTTPRequest.Allow == nil,
		"scratch": c.Scratch == config.Scratch{MaxBytes: 256 << 20},
		"compat":  c.Compat == config.Compat{},
		"resume":  c.Resume == config.Resume{Window: time.Minute},
		"limits": c.Limits == config.Limits{Rate: 100, Burst: 200, Throttle: 30 * time.Second, PerUser: 20, PerAddress: 1000,
			Total: config.AutoTotal, Handshakes: 128, Waiting: 1024, WaitingPerAddress: 256, UserHandshakes: 120, UserMessages: 300, UserBytes: 1 << 20, UserCompute: 50,
			AddressHandshakes: 6000, AddressMessages: 5000, AddressBytes: 16 << 20, AddressCompute: 200, Surge: 10 * time.Second},
		"shutdown": c.Shutdown == config.Shutdown{Drain: 30 * time.Second},
		"services": c.Services == nil,
		"lists":    len(c.Guard.AllowedOrigins)+len(c.Guard.AllowedHosts)+len(c.CallMethod.Allow) == 0,
	} {
		if !ok {
			t.Errorf("default of %s: %+v", name, c)
		}
	}
}

const full = `
# every kind of value
listen: ":9090"
app: ./app
datex_version: 1.22        # a number to YAML
origins: [https://a.example, "https://b.example"]
hosts: a.example
log:
  level: debug
log.format: json           # with its dots
nats: {sync: 2s}
ws:
  message_limit: 1MiB
  heartbeat: 1m30s
queue: &q
  max_bytes: 65536
  max_messages: 10
  grace:
call_method:
  allow:
    - libMain.ping
    - libChat.*
script: {depth: 50, compute: 250ms, bytes: 8 MiB}
compat:
  silent_errors: true
  no_heartbeat: yes
`

func TestFile(t *testing.T) {
	c := load(t, config.Sources{File: file(t, full)})
	want := config.Default()
	want.Listen, want.Guard.Listen, want.App = ":9090", ":9090", "./app"
	want.DatexVersion, want.Queue.Profile = "1.22", hub.Profile122
	want.Guard.AllowedOrigins = []string{"https://a.example", "https://b.example"}
	want.Guard.AllowedHosts = []string{"a.example"}
	want.Log = config.Log{Level: "debug", Format: "json"}
	want.NATS.Sync = config.Sync{Interval: 2 * time.Second}
	want.WS.MessageLimit, want.WS.Heartbeat, want.WS.NoHeartbeatText = 1<<20, 90*time.Second, true
	want.Queue.MaxBytes, want.Queue.MaxMessages = 65536, 10
	want.CallMethod.Allow = []string{"libMain.ping", "libChat.*"}
	want.Script = config.Script{Depth: 50, Compute: 250 * time.Millisecond, Bytes: 8 << 20}
	want.Compat = config.Compat{SilentErrors: true, NoHeartbeat: true}
	want.File = c.File
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestFilesThatSetNothing(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "---\n", "{}", "queue:\n", "\ufefflog: {}\n", "~"} {
		c := load(t, config.Sources{File: file(t, text)})
		c.File = ""
		if !reflect.DeepEqual(c, config.Default()) {
			t.Errorf("%q gives %+v", text, c)
		}
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	path := file(t, "log: {level: debug, format: json}\nlisten: :1\napp: file\norigins: [https://file.example]\n")
	c := load(t, config.Sources{
		File: path,
		Env: []string{
			"TUTORSOCKET_LISTEN=:2", "TUTORSOCKET_LOG_LEVEL=warn", "TUTORSOCKET_APP=",
			"TUTORSOCKET_ORIGINS=https://a.example, https://b.example", "OTHER_LISTEN=:7",
			"TUTORSOCKET_COMPAT_CLIENT_TAGS_WIN=1", "TUTORSOCKET_NATS_SYNC=always",
		},
		Flags: map[string][]string{"listen": {":3"}, "hosts": {"x.example", "y.example"}},
	})
	if c.Listen != ":3" || c.Log.Level != "warn" || c.Log.Format != "json" || c.App != "file" || !c.Compat.ClientTagsWin {
		t.Errorf("got %+v", c)
	}
	if got := strings.Join(c.Guard.AllowedOrigins, " "); got != "https://a.example https://b.example" {
		t.Errorf("origins %s", got)
	}
	if got := strings.Join(c.Guard.AllowedHosts, " "); got != "x.example y.example" {
		t.Errorf("hosts %s", got)
	}
}

func TestFileFromTheEnvironment(t *testing.T) {
	env := []string{"TUTORSOCKET_CONFIG=" + file(t, "listen: :4\n")}
	if c := load(t, config.Sources{Env: env}); c.Listen != ":4" {
		t.Errorf("listen %q", c.Listen)
	}
	if c := load(t, config.Sources{Env: env, File: file(t, "listen: :5\n")}); c.Listen != ":5" {
		t.Errorf("the named file does not win: %q", c.Listen)
	}
}

func TestWhatIsWrongIsSaidWithKeyAndLine(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		env   []string
		flags map[string][]string
		want  []string // a part of each line of the error
	}{
		"misspelt key":        {file: "\nlisten: :1\nlitsen: :2\n", want: []string{`unknown key "litsen": did you mean listen? (FILE, line 3)`}},
		"entry without name":  {file: "app_config: [A=1, =2]\n", want: []string{`app_config: "=2" is not of the form NAME=VALUE`}},
		"misspelt nested key": {file: "queue:\n  max_byte: 1\n", want: []string{`unknown key "queue.max_byte": did you mean queue.max_bytes? (FILE, line 2)`}},
		"misspelt section":    {file: "quue: {max_bytes: 1}\n", want: []string{`unknown key "quue": did you mean queue?`}},
		"wrong place":         {file: "max_bytes: 1\n", want: []string{`unknown key "max_bytes": did you mean queue.max_bytes?`}},
		"nothing like it":     {file: "databaseconnection: 1\n", want: []string{`unknown key "databaseconnection" (FILE, line 1)`}},
		"very long key":       {file: strings.Repeat("x", 1000) + ": 1\n", want: []string{"unknown key"}},
		"empty key":           {file: "log: {'': 1}\n", want: []string{`unknown key "log."`}},
		"misspelt variable":   {env: []string{"TUTORSOCKET_LOG_LEVLE=debug"}, want: []string{`unknown variable TUTORSOCKET_LOG_LEVLE: did you mean TUTORSOCKET_LOG_LEVEL?`}},
		"variables of others": {env: []string{"TUTORSOCKET_PORT=tcp://10.0.0.1:8080", "TUTORSOCKET_SERVICE_HOST=10.0.0.1", "TUTORSOCKET_TOKEN=x", "TUTORSOCKET_MISSION_DOC=x"}},
		"twice":               {file: "listen: :1\nlog: {level: info}\nlog.level: warn\nlisten: :2\n", want: []string{"listen: is set already in line 1 (FILE, line 4)", "log.level: is set already in line 2 (FILE, line 3)"}},
		"text for a section":  {file: "ws: 5\n", want: []string{"ws must hold keys with values: ws.message_limit, ws.heartbeat,"}},
		"section for a text":  {file: "listen: {a: 1}\n", want: []string{"listen: must be a text (FILE, line 1)"}},
		"list for a text":     {file: "listen: [a, b]\n", want: []string{"listen: takes one value"}},
		"list of lists":       {file: "origins: [[a]]\n", want: []string{"origins: must be a list"}},
		"list as a file":      {file: "- a\n", want: []string{"the file must hold keys"}},
		"not YAML":            {file: "listen: :1\n\tx", want: []string{"not YAML: line 2"}},
		"two documents":       {file: "listen: :1\n---\nlisten: :2\n", want: []string{"more than one YAML document"}},
		"wrong types": {file: "queue: {max_bytes: much, max_messages: 1.5, grace: 5}\ncompat: {silent_errors: maybe}\n", want: []string{
			`compat.silent_errors: "maybe" is neither true nor false (FILE, line 2)`, `queue.grace: "5" is not a time such as`,
			`queue.max_bytes: "much" is not a number of bytes`, `queue.max_messages: "1.5" is not a whole number`}},
		"too large": {file: "ws: {message_limit: 9223372036854775807GiB}\nscript.bytes: 8589934592GiB\n", want: []string{"script.bytes", "ws.message_limit"}},
		"wrong values from everywhere": {
			file:  "log: {level: loud}\n",
			env:   []string{"TUTORSOCKET_LISTEN=8080"},
			flags: map[string][]string{"datex_version": {"2.26"}, "origins": {"a.example"}},
			want: []string{`datex_version: unknown version "2.26": use 1.22.10.29, 1.24.4.27 or native (--datex-version)`,
				`listen: "8080" is not an address: write it as 127.0.0.1:8080, [::1]:8080 or, for all addresses, :8080 (TUTORSOCKET_LISTEN)`,
				`log.level: "loud" is not one of debug, info, warn, error (FILE, line 1)`, `origins: "a.example" is not an origin`}},
		"a wrong value that a flag corrects": {file: "log: {level: loud}\n", flags: map[string][]string{"log.level": {"warn"}}},
		"an unreadable value that a flag corrects": {file: "ws: {heartbeat: soon}\n", flags: map[string][]string{"ws.heartbeat": {"1s"}},
			want: []string{`ws.heartbeat: "soon" is not a time`}},
		"zero is no value": {file: "queue: {max_bytes: 0, max_messages: 0, grace: 0s}\nws: {message_limit: 0}\n", want: []string{
			"queue.grace: must not be 0", "queue.max_bytes: must not be 0", "queue.max_messages", "ws.message_limit: must not be 0"}},
		"what rooms refuse": {file: "queue: {overflow: explode}\nws: {message_limit: -1}\n", want: []string{
			`queue.overflow: is "explode"`, "ws.message_limit: is -1, it must be positive (FILE, line 2)"}},
		"least values": {file: "script: {depth: 1, bytes: 1, compute: 0s}\nagent: {timeout: -1s, bytes: 0}\n", want: []string{
			"agent.bytes: must be at least 1MiB", "agent.timeout", "script.bytes", "script.compute", "script.depth: must be at least 10"}},
		"sync":           {file: "nats: {sync: never}\n", want: []string{`nats.sync: "never" is neither always nor a time such as 2s`}},
		"sync too often": {file: "nats: {sync: 1ms}\n", want: []string{`nats.sync: "1ms" is too short`}},
		"ports":          {flags: map[string][]string{"listen": {"localhost:http"}}, want: []string{`listen: "http" is not a port`}},
		"high port":      {flags: map[string][]string{"listen": {":70000"}}, want: []string{`listen: "70000" is not a port`}},
		"url to listen":  {flags: map[string][]string{"listen": {"http://localhost:80"}}, want: []string{"listen: "}},
		"host to listen": {flags: map[string][]string{"listen": {"a b:80"}}, want: []string{`listen: "a b" is not a host`}},
		"no data folder": {flags: map[string][]string{"data": {""}}, want: []string{"data: must name a folder (--data)"}},
		"hosts":          {flags: map[string][]string{"hosts": {"a.example", "http://b"}}, want: []string{"hosts: "}},
		"hosts of requests": {file: "http_request: {allow: [a.org, '*', '*.a.org', 'a.org:80', 'http://a.org', '*a']}\n", want: []string{
			`http_request.allow: "http://a.org" is not a host: write example.com, example.com:8080, *.example.com, 10.0.0.1 or * (FILE, line 1)`,
			`http_request.allow: "*a" is not a host: write example.com, example.com:8080, *.example.com, 10.0.0.1 or * (FILE, line 1)`,
		}},
		"methods": {file: "call_method: {allow: [a.b, '*', a.*, ab, .b, a., 'a.b*', '*.b', 'a b.c']}\n", want: []string{
			`"ab"`, `".b"`, `"a."`, `"a.b*"`, `"*.b"`, `"a b.c"`}},
		"alias of itself": {file: "log: &l {level: *l}\n", want: []string{"log.level: must be a"}},
	} {
		t.Run(name, func(t *testing.T) {
			src := config.Sources{Env: c.env, Flags: c.flags}
			if c.file != "" {
				src.File = file(t, c.file)
			}
			_, err := config.Load(src)
			if len(c.want) == 0 {
				if err != nil {
					t.Errorf("got error %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			var problems config.Problems
			if !errors.As(err, &problems) || len(problems) != len(c.want) {
				t.Fatalf("want %d problems, got:\n%v", len(c.want), err)
			}
			for i, part := range c.want {
				line := problems[i].String()
				if part = strings.ReplaceAll(part, "FILE", src.File); !strings.Contains(line, part) {
					t.Errorf("problem %q does not contain %q", line, part)
				}
			}
			if strings.Count(err.Error(), "\n") != len(c.want)-1 {
				t.Errorf("not a line each:\n%v", err)
			}
		})
	}
}

func TestUnreadableFiles(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(big, []byte("#"+strings.Repeat("x", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, part := range map[string]string{
		filepath.Join(t.TempDir(), "absent.yaml"): "there is no config file",
		t.TempDir(): "is a folder",
		big:         "that is no config file",
	} {
		c, err := config.Load(config.Sources{File: path, Flags: map[string][]string{"listen": {":6"}}})
		if err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q", path, err, part)
		}
		if c.Listen != ":6" {
			t.Errorf("the rest was not read: %q", c.Listen)
		}
	}
}

func TestVersionsAcceptedForms(t *testing.T) {
	for text, want := range map[string]hub.Profile{
		"1.22.10.29": hub.Profile122, "1.22": hub.Profile122,
		"1.24.4.27": hub.Profile124, "1.24": hub.Profile124, "native": hub.Native,
	} {
		c := load(t, config.Sources{Flags: map[string][]string{"datex_version": {text}}})
		if c.Queue.Profile != want {
			t.Errorf("%s gives profile %v", text, c.Queue.Profile)
		}
	}
}

func TestReferenceIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range config.Reference() {
		if s.Doc == "" || strings.Contains(s.Doc, "\n") || !strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: the doc line is %q", s.Key, s.Doc)
		}
		if seen[s.Key] || seen[s.Env] || s.Flag != "" && seen["--"+s.Flag] {
			t.Errorf("%s: key, variable or flag is there twice", s.Key)
		}
		seen[s.Key], seen[s.Env], seen["--"+s.Flag] = true, true, true

		// The default as printed must be what one gets by writing it down.
		if s.Default != "" {
			c := load(t, config.Sources{Env: []string{s.Env + "=" + s.Default}})
			if !reflect.DeepEqual(c, config.Default()) {
				t.Errorf("%s: the default %q does not read back", s.Key, s.Default)
			}
		}
	}
	// The names checks and documents rely on (product.md, Settings).
	for _, key := range []string{
		"resume.window", "limits.rate", "limits.burst", "limits.throttle", "limits.per_user", "limits.per_address", "limits.total",
		"limits.handshakes", "shutdown.drain", "compat.refuse_live_id", "services.<name>.overflow", "services.<name>.protocols",
		"TUTORSOCKET_SERVICES_<NAME>_OVERFLOW",
		"listen", "app", "data", "datex_version", "log.level", "log.format", "origins", "hosts", "nats.sync",
		"ws.message_limit", "ws.heartbeat", "queue.max_bytes", "queue.max_messages", "queue.overflow", "queue.grace",
		"call_method.allow", "http_request.allow", "http_request.timeout", "scratch.max_bytes", "compat.silent_errors", "compat.client_tags_win", "compat.no_heartbeat",
		"compat.null_equals_undefined", "TUTORSOCKET_QUEUE_MAX_BYTES", "TUTORSOCKET_COMPAT_NO_HEARTBEAT",
		"--listen", "--app", "--data", "--datex-version", "--log-level", "--log-format", "--origin", "--host",
	} {
		if !seen[key] {
			t.Errorf("%s is missing", key)
		}
	}
}

func TestReferenceIsACopy(t *testing.T) {
	config.Reference()[0].Key = "spoilt"
	if got := config.Reference()[0].Key; got != "listen" {
		t.Errorf("the first key is %q now", got)
	}
}

func FuzzFile(f *testing.F) {
	f.Add(full)
	f.Add("a: &a [*a]\n")
	f.Add("log: &l {level: *l}\nlog.level: *l\n")
	f.Add("? [a]\n: b\n<<: {listen: x}\n")
	f.Add("listen: !!binary aGk=\nhosts: !!set {a, b}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Load(config.Sources{File: file(t, text)})
		var problems config.Problems
		if err != nil && (!errors.As(err, &problems) || len(problems) == 0) {
			t.Fatalf("an error without problems: %v", err)
		}
		if err == nil && c.Validate() != nil {
			t.Fatalf("taken, but not valid: %v", c.Validate())
		}
	})
}
