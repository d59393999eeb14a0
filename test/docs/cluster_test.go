package docs

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// TestServersOfTheClusterPage reads the files that the page about several nodes shows, as those read them who are started with
// them.
func TestServersOfTheClusterPage(t *testing.T) {
	t.Setenv("NATS_PASSWORD", "hush")
	servers, nodes := 0, 0
	for _, s := range readPage(t, "docs/en/cluster.md").steps {
		if s.lang != "yaml" {
			continue
		}
		file := filepath.Join(t.TempDir(), "file.yaml")
		servertest.WriteFile(t, file, s.text)
		if !strings.HasPrefix(s.text, "server_name:") {
			nodes++
			if _, err := config.Load(config.Sources{File: file}); err != nil && !lacksAddress(err) {
				t.Errorf("line %d: %v", s.line, err)
			}
			continue
		}
		servers++
		o, err := server.ProcessConfigFile(file)
		if err != nil {
			t.Fatalf("line %d: %v", s.line, err)
		}
		if !o.JetStream || len(o.Routes) != 3 || o.Cluster.Name == "" || o.Password != "hush" || o.MaxPayload < 1<<20+8<<10 {
			t.Errorf("line %d: these are no servers that keep streams together: %+v", s.line, o)
		}
	}
	if servers != 1 || nodes < 2 {
		t.Errorf("the page shows the files of %d NATS servers and %d nodes", servers, nodes)
	}
}

// lacksAddress says that a part of a config file is right where there is an address and a password beside it.
func lacksAddress(err error) bool {
	text := err.Error()
	return strings.Contains(text, "needs nats.url") || strings.Contains(text, "needs nats.password")
}
