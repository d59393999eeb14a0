package cli

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

// printStart says what is served, where to click and how to stop.
func (p *program) printStart(s *server.Server, settings config.Config, production bool) {
	rows := [][2]string{
		{"Open to", strings.Join(openTo(settings, production), "\n")},
		{"App", p.appText(s, production)},
		{"Test client", p.bold(s.URL() + "/client/")},
	}
	add := func(name, text string) { rows = append(rows, [2]string{name, text}) }
	if settings.LogsIn(config.AuthAccounts) {
		add("Login page", s.URL()+"/login")
	}
	add("Services", p.servicesText(s))
	add("HTTP API", s.URL()+"/api/")
	if s.AdminURL() != s.URL() {
		add("Admin API", s.AdminURL()+" (admin.listen)")
	}
	add("Data", s.DataDir())
	add("Admin token", server.AdminFile(s.DataDir()))
	add("Limit", limitText(s.SocketLimit()))
	add("Behaves as", profileText(settings))
	if fingerprint, _ := s.Encrypted(); fingerprint != "" {
		add("Certificate", certificateText(s, fingerprint))
	}
	if cluster := s.Cluster(); cluster != "" {
		rows = append([][2]string{{"Node", s.Node() + " of " + cluster}}, rows...)
	}
	var b strings.Builder
	kind := ", a server for development"
	if production {
		kind = ", a server for users who log in"
	}
	fmt.Fprintf(&b, "\n%s\n\n", p.bold("tutorsocket "+buildVersion().Version)+kind)
	for _, row := range rows {
		lines := strings.Split(row[1], "\n")
		fmt.Fprintf(&b, "  %-12s  %s\n", row[0], lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "  %-12s  %s\n", "", line)
		}
	}
	b.WriteString("\n" + p.hints(s, settings, production) + "\n")
	_, _ = fmt.Fprint(p.Stdout, b.String()) // a closed terminal is no reason not to serve
}

// openTo says who may connect, and what nobody is asked for.
func openTo(settings config.Config, production bool) []string {
	if production {
		first := "users who log in by " + strings.Join(settings.Auth.Methods, ", ") + " (auth.methods)"
		if len(settings.Auth.Methods) == 0 {
			first = "nobody, but for services that say how users log in"
		}
		lines := []string{first}
		for _, name := range slices.Sorted(maps.Keys(settings.Services)) {
			if methods := settings.Services[name].Auth; len(methods) > 0 {
				lines = append(lines, name+": by "+strings.Join(methods, ", "))
			}
		}
		return lines
	}
	lines := []string{"everybody who reaches " + settings.Listen + ", without login, as the built-in administrator"}
	if len(settings.CallMethod.Allow) == 0 {
		lines = append(lines, "clients may call any method of a library (call_method.allow)")
	}
	if len(settings.HTTPRequest.Allow) == 0 {
		lines = append(lines, "scripts may ask any host (http_request.allow)")
	}
	if len(settings.Auth.Methods) > 0 {
		lines = append(lines, "who brings credentials logs in by "+strings.Join(settings.Auth.Methods, ", ")+" (auth.methods)")
	}
	return lines
}

// certificateText says what a person compares who is warned by the browser, and how not to be warned.
func certificateText(s *server.Server, fingerprint string) string {
	const half = 16 * len("00:")
	return "made by this server, browsers warn of it; compare the SHA-256 fingerprint\n" +
		fingerprint[:half] + "\n" + fingerprint[half:] + "\n" +
		"or have them trust " + tlscert.CertFile(s.DataDir())
}

func (p *program) appText(s *server.Server, production bool) string {
	dir := s.AppDir()
	if dir == "" {
		command := " dev"
		if production {
			command = " serve"
		}
		dir = "the embedded sample app (serve your own with: " + p.self() + command + " FOLDER)"
	}
	snap := s.Snapshot()
	text := fmt.Sprintf("%s\n%s, %s, %s", dir, count(len(snap.Services()), "service"),
		count(len(snap.Libraries()), "code library"), count(len(snap.Agents()), "agent"))
	n := 0
	for _, p := range snap.Problems() {
		if !p.Note {
			n++
		}
	}
	if n > 0 {
		text += ", " + count(n, "problem") + " (see above)"
	}
	return text
}

func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		what = strings.TrimSuffix(what, "y") + "ie"
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// maxServices is how many services the start block names.
const maxServices = 8

func (p *program) servicesText(s *server.Server) string {
	at := "ws" + strings.TrimPrefix(s.URL(), "http") + "/services/"
	services := s.Snapshot().Services()
	var lines []string
	for _, service := range services[:min(len(services), maxServices)] {
		lines = append(lines, at+service.Name)
	}
	if more := len(services) - maxServices; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more: %s service list", more, p.self()))
	}
	return strings.Join(lines, "\n")
}

func profileText(settings config.Config) string {
	if name := settings.Queue.Profile.String(); name != "native" {
		return "Datex.XHTTP " + name + " (--datex-version)"
	}
	return "native: without the oddities of Datex.XHTTP (--datex-version)"
}

// limitText says how many sockets may be open.
func limitText(sockets int) string {
	if sockets == 0 {
		return "any number of sockets (limits.total)"
	}
	return grouped(sockets) + " sockets (limits.total)"
}

// grouped writes a number with commas: 1,048,064.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// hints are what to do next, and what to beware of.
func (p *program) hints(s *server.Server, settings config.Config, production bool) string {
	at := ""
	if settings.Data != config.Default().Data {
		at = " --data " + quoted(settings.Data)
	}
	commands := []string{"agent list" + at, "agent run" + at + " NAME|FILE"}
	if production && settings.LogsIn(config.AuthAccounts) {
		commands = append([]string{"user add" + at + " LOGIN"}, commands...)
	}
	var b strings.Builder
	for i, command := range commands {
		before := "In another terminal:"
		if i > 0 {
			before = ""
		}
		fmt.Fprintf(&b, "  %-20s  %s %s\n", before, p.self(), command)
	}
	b.WriteString("  Stop with Ctrl-C.\n")
	if place := exposed(settings.Listen, s.Addr()); place != "" && !production {
		b.WriteString(p.red("  Whoever can reach "+place+" is administrator here: nobody logs in to a server for development.") + "\n")
	}
	return b.String()
}

// exposed names where others than this machine reach a server: the host as the
// user wrote it, with the port there is now. It is empty if they do not.
func exposed(listen string, addr net.Addr) string {
	host, _, err := net.SplitHostPort(listen)
	if err != nil || loopback(host) {
		return ""
	}
	_, port, _ := net.SplitHostPort(addr.String()) // that of a listener has a port
	if host == "" {
		return "port " + port + " of this machine"
	}
	return net.JoinHostPort(host, port)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// quoted writes a path such that shells take it for one word.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t'\"$&|;()<>*?") {
		return `"` + path + `"`
	}
	return path
}
