package config

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// NATS says where data are kept and how nodes reach each other: in the embedded
// server, which is alone, or in a NATS cluster outside.
type NATS struct {
	URL         []string      `yaml:"url" flag:"nats-url" default:"" doc:"NATS servers to use instead of the embedded one, such as nats://10.0.0.1:4222 or tls://nats.example.com; servers with the same make a cluster."`
	Credentials string        `yaml:"credentials" default:"" file:"true" doc:"Credentials file (.creds) to log in to NATS with."`
	User        string        `yaml:"user" default:"" doc:"User to log in to NATS as, with nats.password."`
	Password    string        `yaml:"password" secret:"true" default:"" doc:"Password of nats.user."`
	Token       string        `yaml:"token" secret:"true" default:"" doc:"Token to log in to NATS with."`
	NKey        string        `yaml:"nkey" default:"" file:"true" doc:"File with the seed of the NKey to log in to NATS with."`
	TLS         NATSTLS       `yaml:"tls"`
	Replicas    Replicas      `yaml:"replicas" type:"number|auto" default:"auto" doc:"How many NATS servers keep each thing stored. auto: 3 with nats.url, 1 without."`
	Timeout     time.Duration `yaml:"timeout" default:"2s" min:"100ms" doc:"How long another server of the cluster may take to answer. One that takes longer is named as missing."`
	Prefix      string        `yaml:"prefix" default:"tutorsocket" doc:"What the subjects, streams and buckets in NATS begin with: servers with the same make a cluster. Letters, digits, - and _."`
	Sync        Sync          `yaml:"sync" default:"always" doc:"When data stored in the embedded store reach the disk: always (before a write is confirmed), or a time such as 2s between two writes to disk. Not with nats.url."`
}

// NATSTLS is about the encryption of the connection to NATS.
type NATSTLS struct {
	CA   string `yaml:"ca" default:"" file:"true" doc:"File with the certificates (PEM) of those who sign for NATS servers; without one those the system trusts."`
	Cert string `yaml:"cert" default:"" file:"true" doc:"File with the certificate (PEM) to show to NATS servers, with nats.tls.key."`
	Key  string `yaml:"key" default:"" file:"true" doc:"File with the key (PEM) of nats.tls.cert."`
}

// Outside reports whether data are in NATS servers outside of the process.
func (n NATS) Outside() bool { return len(n.URL) > 0 }

// Copies is how many servers keep each thing stored, at least 1.
func (n NATS) Copies() int {
	switch {
	case n.Replicas > 0:
		return int(n.Replicas)
	case n.Outside():
		return defaultReplicas
	default:
		return 1
	}
}

// defaultReplicas survive the loss of a server; maxReplicas is what NATS can do.
const (
	defaultReplicas = 3
	maxReplicas     = 5
)

// Replicas is how many servers keep a thing; 0 leaves it to [NATS.Copies], in text
// it is "auto".
type Replicas int

// UnmarshalText reads "auto" or a number from 1 to 5.
func (r *Replicas) UnmarshalText(text []byte) error {
	if string(text) == autoTotal {
		*r = 0
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > maxReplicas {
		return fmt.Errorf("%q is neither auto nor a number from 1 to %d", text, maxReplicas)
	}
	*r = Replicas(n)
	return nil
}

// String is the reverse of UnmarshalText.
func (r Replicas) String() string {
	if r <= 0 {
		return autoTotal
	}
	return strconv.Itoa(int(r))
}

// Sync says when stored data reach the disk. In text it is "always" or a duration.
type Sync struct {
	Always   bool
	Interval time.Duration // when not Always
}

// minSyncInterval keeps a mistyped interval from wearing out a disk.
const minSyncInterval = 10 * time.Millisecond

// UnmarshalText reads "always" or a duration of at least 10 ms.
func (s *Sync) UnmarshalText(text []byte) error {
	if string(text) == "always" {
		*s = Sync{Always: true}
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is neither always nor a time such as 2s", text)
	}
	if d < minSyncInterval {
		return fmt.Errorf("%q is too short, at least %s, or always", text, minSyncInterval)
	}
	*s = Sync{Interval: d}
	return nil
}

// String is the reverse of UnmarshalText.
func (s Sync) String() string {
	if s.Always {
		return "always"
	}
	return s.Interval.String()
}

var (
	// nodeName has no empty part between dots: it stands in subjects.
	nodeName  = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

const (
	maxNode   = 64
	maxPrefix = 32
)

// CheckNode reports what is wrong with the name of a node.
func CheckNode(name string) error {
	if len(name) > maxNode || !nodeName.MatchString(name) {
		return fmt.Errorf("%q is not the name of a node: up to %d letters, digits, -, _ and dots between them", name, maxNode)
	}
	return nil
}

// check adds what is wrong with the section.
func (n NATS) check(add func(key string, err error)) {
	if len(n.Prefix) > maxPrefix || !plainName.MatchString(n.Prefix) {
		add("nats.prefix", fmt.Errorf("%q is not up to %d letters, digits, - and _", n.Prefix, maxPrefix))
	}
	for _, url := range n.URL {
		add("nats.url", checkNATSURL(url))
	}
	pair := func(key, value, other, otherValue string) {
		if value != "" && otherValue == "" {
			add(key, fmt.Errorf("needs %s", other))
		}
	}
	pair("nats.user", n.User, "nats.password", n.Password)
	pair("nats.password", n.Password, "nats.user", n.User)
	pair("nats.tls.cert", n.TLS.Cert, "nats.tls.key", n.TLS.Key)
	pair("nats.tls.key", n.TLS.Key, "nats.tls.cert", n.TLS.Cert)
	n.checkUse(add)
}

// checkUse compares with the address: what is only for servers outside needs one,
// and there is one way to log in.
func (n NATS) checkUse(add func(key string, err error)) {
	if !n.Outside() {
		for _, set := range []struct{ key, value string }{
			{"nats.credentials", n.Credentials}, {"nats.user", n.User}, {"nats.token", n.Token}, {"nats.nkey", n.NKey},
			{"nats.tls.ca", n.TLS.CA}, {"nats.tls.cert", n.TLS.Cert},
		} {
			if set.value != "" {
				add(set.key, errors.New("needs nats.url: the embedded store takes no connections"))
			}
		}
		if n.Replicas > 1 {
			add("nats.replicas", errors.New("needs nats.url: the embedded store is one server"))
		}
		return
	}
	var ways []string
	for _, way := range []struct{ key, value string }{
		{"nats.credentials", n.Credentials}, {"nats.user", n.User}, {"nats.token", n.Token}, {"nats.nkey", n.NKey},
	} {
		if way.value != "" {
			ways = append(ways, way.key)
		}
	}
	if len(ways) > 1 {
		add(ways[1], fmt.Errorf("is one way to log in to NATS too many, %s is another; leave one", ways[0]))
	}
}

// checkNATSURL takes what the client of NATS takes, but for WebSocket. Its errors do
// not repeat secrets.
func checkNATSURL(text string) error {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "nats", text
	}
	if scheme != "nats" && scheme != "tls" {
		return fmt.Errorf("%q is not the address of a NATS server: it begins with nats:// or tls://", Redacted(text))
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = strings.Trim(rest, "[]"), "4222"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port after the last colon: it is a number up to 65535", Redacted(text))
	}
	if host == "" || strings.ContainsAny(host, " \t/?#") {
		return fmt.Errorf("%q is not the address of a NATS server: write it as nats://host:4222", Redacted(text))
	}
	return nil
}

// Redacted is the address of a NATS server without the user, password or token in
// it.
func Redacted(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		scheme, rest = "", url
	} else {
		scheme += "://"
	}
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return url
	}
	return scheme + mask + "@" + rest[at+1:]
}
