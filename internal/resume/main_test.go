package resume_test

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/resume"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openStore(t testing.TB, js jetstream.JetStream, cfg resume.Config) *resume.Store {
	t.Helper()
	if cfg.Node == "" {
		cfg.Node = "n1"
	}
	s, err := resume.Open(t.Context(), js, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
