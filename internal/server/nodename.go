package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

// aloneNode is the name of a node that is alone.
const aloneNode = "n1"

// node returns the name of this node: the one that is set, n1 for a node that is
// alone, and in a cluster one made of the name of the machine, kept in the folder.
func (d *dataFolder) node(settings config.Config) (string, error) {
	switch {
	case settings.Node != "":
		return settings.Node, nil
	case !settings.NATS.Outside():
		return aloneNode, nil
	}
	path := filepath.Join(d.dir, "node")
	text, err := os.ReadFile(path)
	if err == nil {
		return d.keptNode(path, strings.TrimSpace(string(text)))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the name of this node in %s cannot be read (%w); name it with --node-name", path, reason(err))
	}
	name := newNodeName()
	if err := os.WriteFile(path, []byte(name+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("the name of this node cannot be kept in %s (%w); name it with --node-name", path, reason(err))
	}
	return name, nil
}

// keptNode checks a name that somebody may have changed.
func (*dataFolder) keptNode(path, name string) (string, error) {
	if err := config.CheckNode(name); err != nil {
		return "", fmt.Errorf("%s: %w; remove the file, or name the node with --node-name", path, err)
	}
	return name, nil
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// maxHost leaves room for the digits.
const maxHost = 48

// newNodeName is the name of the machine, without its domain, and four hex digits:
// several nodes may run on a machine.
func newNodeName() string {
	host, _ := os.Hostname() // a machine without a name has nodes all the same
	host, _, _ = strings.Cut(host, ".")
	host = strings.Trim(notInName.ReplaceAllString(host, "-"), "-")
	if host == "" {
		host = "node"
	}
	var digits [2]byte
	_, _ = rand.Read(digits[:]) // never fails
	return host[:min(len(host), maxHost)] + "-" + hex.EncodeToString(digits[:])
}
