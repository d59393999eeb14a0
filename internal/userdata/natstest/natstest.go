// Package natstest starts NATS servers for tests of what is kept in one.
package natstest

import (
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience is how long a server may take to start.
const patience = time.Minute

// SyncAlways has each write reach the disk before it is confirmed.
func SyncAlways(o *server.Options) { o.SyncAlways = true }

// Start starts a server as the product embeds it, on a folder, and connects to it. It stops with the test or
// when stop is called, which may be more than once. Each of changes may change the options before.
func Start(t testing.TB, folder string, changes ...func(*server.Options)) (js jetstream.JetStream, stop func()) {
	t.Helper()
	opts := &server.Options{
		ServerName: "test", DontListen: true, NoSigs: true, NoLog: true,
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
