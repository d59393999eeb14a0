package natstest

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// Listen starts a server with JetStream in a folder on a free port of this machine, as one outside of the product.
// It stops with the test. Each of changes may change the options before; a test that starts it again on the same
// port sets that.
func Listen(t testing.TB, folder string, changes ...func(*server.Options)) *server.Server {
	t.Helper()
	opts := &server.Options{
		ServerName: "outside", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: folder, MaxPayload: 2 << 20, JetStreamMaxStore: 16 << 30,
	}
	for _, change := range changes {
		change(opts)
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(patience) {
		t.Fatal("NATS server does not start")
	}
	return srv
}
