package docs

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/cli"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// play is a page being followed by a reader.
type play struct {
	page page
	dir  string // the reader's folder
	vars map[string]string

	interrupt func() int // of the server that runs; nil if none does
	addr      string
	banner    string
	sockets   map[string]net.Conn
	ran       map[string]bool // agents the page has run itself
}

// TestPages follows each page from its first step to the last.
func TestPages(t *testing.T) {
	for _, pg := range pages(t) {
		t.Run(pg.name, func(t *testing.T) {
			t.Parallel()
			p := &play{page: pg, dir: t.TempDir(), vars: map[string]string{}, ran: map[string]bool{}}
			defer p.stop(t)
			p.writeFiles(t)
			output := ""
			for i, s := range pg.steps {
				if s.lang == "sh" {
					output = p.run(t, s, i)
					continue
				}
				p.follow(t, s, output, i > 0 && pg.steps[i-1].lang == "sh")
			}
			p.checkScripts(t)
		})
	}
}

// follow plays a step that is no command.
func (p *play) follow(t *testing.T, s step, output string, afterCommands bool) {
	t.Helper()
	switch {
	case s.lang == "":
		verb, arg, _ := strings.Cut(s.arg, " ")
		if verb != "connect" {
			p.fail(t, s, "a test comment says %q, only connect is known", verb)
		}
		p.converse(t, step{line: s.line, lang: "ws", arg: arg, text: "> $hbt\n< $ok\n"}) // it is open then
	case s.isOutput() && afterCommands:
		if !pattern(s.text).MatchString(strings.TrimSpace(output)) {
			p.fail(t, s, "the command printed\n%s\nand not\n%s", output, s.text)
		}
	case s.lang == "ws":
		p.converse(t, s)
	case s.lang == "json":
		if !json.Valid([]byte(s.text)) {
			p.fail(t, s, "this is not JSON")
		}
	case s.lang == "yaml" && s.arg == "":
		if err := yaml.Unmarshal([]byte(s.text), new(any)); err != nil {
			p.fail(t, s, "this is not YAML: %v", err)
		}
	case s.lang == "promql":
		for _, name := range metricName.FindAllString(s.text, -1) {
			if !strings.Contains(p.page.text, "\n| `"+strings.TrimSuffix(name, "_bucket")+"` |") {
				p.fail(t, s, "the page knows no metric %s", name)
			}
		}
	case s.lang == "nginx", s.lang == "caddy", s.lang == "apache", s.lang == "ini":
		if line := wrongLine(s.lang, s.text); line != "" {
			p.fail(t, s, "this is no line of %s: %s", s.lang, line)
		}
	case (s.lang == "js" || s.lang == "xml" || s.lang == "yaml") && s.arg != "": // written already
	case s.lang == "text":
		p.fail(t, s, "a text block follows the commands that print it")
	default:
		p.fail(t, s, "nobody runs a block %q", strings.TrimSpace(s.lang+" "+s.arg))
	}
}

// otherProgram is what a line of the configuration of another program looks like.
var otherProgram = map[string]*regexp.Regexp{
	"nginx":  regexp.MustCompile(`^([a-z_]+ [^{};]+[;{]|\})$`),
	"apache": regexp.MustCompile(`^[A-Z][A-Za-z]+ [^{};]+$`),
	"caddy":  regexp.MustCompile(`^([a-z][a-z0-9_.]* [^{}]*\{?|\})$`),
	"ini":    regexp.MustCompile(`^(\[[A-Z][a-z]+\]|[A-Z][A-Za-z]+=\S.*|)$`),
}

// wrongLine returns a line that the program would not read, or the last one where a brace is left open.
func wrongLine(lang, text string) (line string) {
	open := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		open += strings.Count(line, "{") - strings.Count(line, "}")
		if !otherProgram[lang].MatchString(line) || open < 0 {
			return line
		}
	}
	if open != 0 {
		return text
	}
	return ""
}

func (p *play) fail(t *testing.T, s step, format string, args ...any) {
	t.Helper()
	t.Fatalf("%s, line %d: %s", p.page.name, s.line, fmt.Sprintf(format, args...))
}

// writeFiles writes the files that the page shows.
func (p *play) writeFiles(t *testing.T) {
	t.Helper()
	for _, s := range p.page.steps {
		if s.arg == "" || s.lang != "js" && s.lang != "xml" && s.lang != "yaml" {
			continue
		}
		name := filepath.Join(p.dir, filepath.FromSlash(s.arg))
		if _, err := os.Stat(name); err == nil {
			p.fail(t, s, "the page shows %s twice", s.arg)
		}
		servertest.WriteFile(t, name, s.text)
		if s.lang == "yaml" {
			settings, err := config.Load(config.Sources{File: name})
			if err == nil && len(settings.Auth.Methods) > 0 { // it is one for serve
				err = settings.CheckServe()
			}
			if err != nil {
				p.fail(t, s, "%v", err)
			}
		}
	}
}

// ready starts a server where the page has started none: it is about the one that runs anyway.
func (p *play) ready(t *testing.T) {
	t.Helper()
	if p.interrupt != nil {
		return
	}
	var args []string
	if _, err := os.Stat(filepath.Join(p.dir, "app")); err == nil {
		args = append(args, filepath.Join(p.dir, "app"))
	}
	p.serve(t, args...)
}

// known are commands that ./test.sh runs, or is; the value is a file that must be there for them.
var known = map[string]string{
	"./test.sh":                                                           "test.sh",
	"go test ./...":                                                       "go.mod",
	"go test ./internal/basescript -update":                               "internal/basescript/testdata/language.txtar",
	"go test ./internal/hostapi -update":                                  "internal/hostapi/testdata/names.golden",
	"go test ./test/docs -update":                                         "test/docs/settings_test.go",
	"go test ./test/conformance":                                          "test/conformance/doc.go",
	"go test ./test/conformance -timeout 20m -args -long":                 "test/conformance/doc.go",
	"go test ./test/faults ./test/slowreaders":                            "test/faults/doc.go",
	"go test ./test/faults -run Takeover -args -seed 42":                  "test/faults/doc.go",
	"go test -v -timeout 40m ./test/faults -args -long":                   "test/faults/doc.go",
	"go test -v -timeout 20m ./test/slowreaders -run Latency -args -long": "test/slowreaders/doc.go",
	// A NATS server and several nodes at once: test/cluster starts them, and TestServersOfTheClusterPage reads the config.
	"nats-server -c nats-1.conf": "docs/en/cluster.md",
	"nats-server -js":            "docs/en/cluster.md",
	"go run ./cmd/tutorsocket dev --nats-url nats://127.0.0.1:4222 --node-name a --listen 127.0.0.1:8081 --data .a --config one.yaml": "docs/en/cluster.md",
	"go run ./cmd/tutorsocket dev --nats-url nats://127.0.0.1:4222 --node-name b --listen 127.0.0.1:8082 --data .b --config one.yaml": "docs/en/cluster.md",
	// OpenSSL may not be there; what is done with such keys is played in the file named.
	"openssl genpkey -algorithm ed25519 -out portal.pem":                             "cmd/tutorsocket/testdata/script/token.txtar",
	"openssl pkey -in portal.pem -pubout -out portal.pub.pem":                        "cmd/tutorsocket/testdata/script/token.txtar",
	"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out portal.pem": "cmd/tutorsocket/testdata/script/token.txtar",
	"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out portal.pem":   "cmd/tutorsocket/testdata/script/token.txtar",
	"openssl rand -base64 -out secret.txt 48":                                        "cmd/tutorsocket/testdata/script/token.txtar",
	"go run ./cmd/tutorsocket token create --user 42 --login anna --name 'Anna K.' --key portal.pem --issuer https://portal.example.com --audience tutorsocket --ttl 10m": "cmd/tutorsocket/testdata/script/token.txtar",
	"npm --prefix web ci":        "web/package-lock.json",
	"npm --prefix web test":      "web/package.json",
	"npm --prefix web run check": "web/package.json",
	"npm --prefix web run build": "web/package.json",
}

// run runs the commands of a block and returns what the last one printed. index is the step's.
func (p *play) run(t *testing.T, s step, index int) (output string) {
	t.Helper()
	lines, exits := s.commands()
	for i, line := range lines {
		want := cli.ExitDone
		if exits[i] != "" {
			want = int(exits[i][0] - '0')
		}
		var expected *regexp.Regexp // what a look at something that changes must show in the end
		if next := index + 1; i == len(lines)-1 && next < len(p.page.steps) && p.page.steps[next].isOutput() && onlyLooks(line) {
			expected = pattern(p.page.steps[next].text)
		}
		deadline := time.Now().Add(servertest.Patience)
		for {
			code := 0
			output, code = p.command(t, s, line)
			if code != want {
				p.fail(t, s, "%s ended with exit code %d:\n%s", line, code, output)
			}
			if expected == nil || expected.MatchString(strings.TrimSpace(output)) || time.Now().After(deadline) {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return output
}

// onlyLooks says whether a command shows something and changes nothing, so that it may be repeated.
func onlyLooks(line string) bool {
	request := strings.HasPrefix(line, "curl ") && !strings.Contains(line, " -d ") && !strings.Contains(line, " -X ")
	return request || slices.ContainsFunc([]string{"logs", "agent history", "sockets", "service list"}, func(command string) bool {
		return strings.HasPrefix(line, program+" "+command)
	})
}

const program = "go run ./cmd/tutorsocket"

// command runs one command line.
func (p *play) command(t *testing.T, s step, line string) (output string, code int) {
	t.Helper()
	if file, ok := known[line]; ok {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			p.fail(t, s, "%s: %v", line, err)
		}
		return "", 0
	}
	isDev := line == program+" dev" || strings.HasPrefix(line, program+" dev ")
	if !isDev {
		p.ready(t)
	}
	if strings.HasPrefix(line, "TOKEN=$(") {
		return p.readToken(t, s, line), 0
	}
	args, err := words(strings.ReplaceAll(line, "127.0.0.1:8080", p.addr), p.vars)
	if err != nil {
		p.fail(t, s, "%s: %v", line, err)
	}
	switch {
	case args[0] == "curl":
		output, err := curl(args[1:])
		if err != nil {
			p.fail(t, s, "%s: %v", line, err)
		}
		return output, 0
	case !strings.HasPrefix(line, program+" "):
		p.fail(t, s, "nobody runs %s", line)
	}
	args = p.inFolder(args[3:])
	if args[0] == "init" && len(args) > 1 {
		args[1] = filepath.Join(p.dir, args[1]) // it is not there yet
	}
	if isDev {
		p.serve(t, args[1:]...)
		return p.banner, 0
	}
	if len(args) > 2 && args[0] == "agent" && args[1] == "run" {
		p.ran[strings.TrimSuffix(filepath.Base(args[len(args)-1]), ".js")] = true
	}
	var out servertest.Buffer
	code = p.tutorsocket(t.Context(), &out, args...)
	return p.hide(out.String()), code
}

// inFolder makes whole paths of arguments that name something in the reader's folder.
func (p *play) inFolder(args []string) []string {
	for i, arg := range args {
		if name := filepath.Join(p.dir, filepath.FromSlash(arg)); exists(name) || args[max(i-1, 0)] == "--record" {
			args[i] = name
		}
	}
	return args
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// readToken runs the command substitution that reads the admin token, and compares.
func (p *play) readToken(t *testing.T, s step, line string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", line+`; printf %s "$TOKEN"`)
	cmd.Dir = p.dir
	token, err := cmd.Output()
	if err != nil {
		p.fail(t, s, "%s: %v", line, err)
	}
	admin, err := server.ReadAdminFile(p.data())
	if err != nil || string(token) != admin.Token {
		p.fail(t, s, "%s reads the token %q (%v)", line, token, err)
	}
	p.vars["TOKEN"] = string(token)
	return ""
}

// checkScripts: every script of the page loads, and every agent that the page did not run does run.
func (p *play) checkScripts(t *testing.T) {
	t.Helper()
	if !exists(filepath.Join(p.dir, "app")) {
		return
	}
	p.ready(t)
	admin, err := server.ReadAdminFile(p.data())
	if err != nil {
		t.Fatal(err)
	}
	client, err := api.NewClient(admin.Server, admin.Token)
	if err != nil {
		t.Fatal(err)
	}
	services, err := client.Services(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	agents, err := client.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range append(services.Items, agents.Items...) {
		if script.Problem != "" {
			t.Errorf("%s: %s", script.URL, script.Problem)
		}
	}
	for _, agent := range agents.Items {
		if p.ran[agent.Name] {
			continue
		}
		outcome, err := client.RunAgent(t.Context(), agent.Name, api.AgentRunRequest{}, func(api.Line) {})
		if err != nil || !outcome.OK {
			t.Errorf("agent %s: %v %s", agent.Name, err, outcome.Error)
		}
	}
}

var (
	logTime = regexp.MustCompile(`\d\d:\d\d:\d\d \\\[\d{4}\\\]\s+`)
	blanks  = regexp.MustCompile(` {2,}`)
)

// pattern matches what a text shows: … is anything, a log line has any time and thread, and columns
// are as far apart as they like.
func pattern(text string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(strings.TrimSpace(text))
	quoted = strings.ReplaceAll(quoted, "…", ".*")
	quoted = logTime.ReplaceAllString(quoted, `\d\d:\d\d:\d\d \[\d{4}\]\s+`)
	quoted = blanks.ReplaceAllString(quoted, " +")
	return regexp.MustCompile(`(?s)^` + quoted + `$`)
}

// hide takes the reader's folder out of what a command printed: the reader is in it, and names files
// without it.
func (p *play) hide(output string) string {
	folder := filepath.ToSlash(p.dir) + "/"
	output = strings.ReplaceAll(output, "x-local://"+strings.TrimPrefix(folder, "/"), "x-local://")
	return strings.ReplaceAll(output, folder, "")
}
