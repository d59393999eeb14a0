package resume_test

import (
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/resume"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long anything expected may take.
const patience = time.Minute

// natsServer starts the server as the product embeds it, on a folder, and stops it with the test or when
// the returned function is called.
func natsServer(t testing.TB, folder string) (js jetstream.JetStream, stop func()) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		ServerName: "test", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: folder, MaxPayload: 2 << 20, SyncAlways: true, JetStreamMaxStore: 16 << 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	var nc *nats.Conn
	stop = sync.OnceFunc(func() {
		if nc != nil {
			nc.Close()
		}
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	t.Cleanup(stop)
	if !srv.ReadyForConnections(patience) {
		t.Fatal("NATS server does not start")
	}
	if nc, err = nats.Connect("", nats.InProcessServer(srv)); err != nil {
		t.Fatal(err)
	}
	if js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return js, stop
}

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
