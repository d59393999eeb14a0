package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/egress"
	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/ws"
)

// Validate reports everything wrong with the values, by key, as [Problems]; nil
// if they make sense. Load has done it already.
func (c Config) Validate() error { return c.problems().err() }

// derive fills in what rooms want to know of each other's settings.
func (c *Config) derive() {
	c.Guard.Listen = c.Listen
	if p, err := hub.ParseProfile(c.DatexVersion); err == nil {
		c.Queue.Profile = p
	}
	c.WS.NoHeartbeatText = c.Compat.NoHeartbeat
}

func (c Config) problems() Problems {
	var ps Problems
	add := func(key string, err error) {
		if err != nil {
			ps = append(ps, Problem{Key: key, Message: err.Error()})
		}
	}
	for _, s := range c.settings() {
		add(s.Key, s.check(&c))
	}
	for name, service := range c.Services {
		if service.Overflow != "" {
			add(serviceKey(name, "overflow"), hub.CheckOverflow(service.Overflow))
		}
		for _, protocol := range service.Protocols {
			add(serviceKey(name, "protocols"), ws.CheckProtocol(protocol))
		}
	}
	add("listen", checkListen(c.Listen))
	c.Admin.check(c.Listen, add)
	if c.Data == "" {
		add("data", errors.New("must name a folder"))
	}
	if c.Node != "" {
		add("node", CheckNode(c.Node))
	}
	c.NATS.check(add)
	_, err := hub.ParseProfile(c.DatexVersion)
	add("datex_version", err)
	for _, origin := range c.Guard.AllowedOrigins {
		add("origins", auth.CheckOrigin(origin))
	}
	for _, host := range c.Guard.AllowedHosts {
		add("hosts", auth.CheckHost(host))
	}
	c.Auth.check(&c, add)
	room("queue", c.Queue.Validate(), add)
	room("ws", c.WS.Validate(), add)
	room("tls", c.TLS.Validate(), add)
	room("tracing", c.Tracing.Validate(), add)
	for _, method := range c.CallMethod.Allow {
		add("call_method.allow", checkMethod(method))
	}
	for _, entry := range c.AppConfig {
		if name, _, ok := strings.Cut(entry, "="); !ok || strings.TrimSpace(name) == "" {
			add("app_config", fmt.Errorf("%q is not of the form NAME=VALUE", entry))
		}
	}
	for _, host := range c.HTTPRequest.Allow {
		add("http_request.allow", egress.CheckEntry(host))
	}
	return ps
}

// room adds what a room says about its section. Its errors begin with the name of
// the setting; several come joined.
func room(section string, err error, add func(key string, err error)) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			room(section, e, add)
		}
		return
	}
	if err == nil {
		return
	}
	name, rest, _ := strings.Cut(err.Error(), " ")
	key := section + "." + strings.TrimSuffix(name, ":")
	if _, ok := lookup(key); !ok {
		add(section, err)
		return
	}
	add(key, errors.New(rest))
}

// checkListen tells how to write an address, before the system tells less.
func checkListen(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not an address: write it as 127.0.0.1:8080, [::1]:8080 or, for all addresses, :8080", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q is not a port: it is a number up to 65535", port)
	}
	if strings.ContainsAny(host, " \t/@?#") {
		return fmt.Errorf("%q is not a host", host)
	}
	return nil
}

// checkMethod takes "library.method", "library.*" and "*".
func checkMethod(text string) error {
	if text == "*" {
		return nil
	}
	library, method, ok := strings.Cut(text, ".")
	if !ok || library == "" || method == "" || strings.ContainsAny(text, " \t") ||
		strings.Contains(library, "*") || strings.Contains(method, "*") && method != "*" {
		return fmt.Errorf("%q is not of the form library.method, library.* or *", text)
	}
	return nil
}
