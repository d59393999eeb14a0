package server

import (
	"context"
	"fmt"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// store is the connection to NATS, where data are kept: to the server inside this
// process, over files in the data folder, or to servers outside.
type store struct {
	server *nats.Server // nil: outside
	conn   *client.Conn
	js     jetstream.JetStream
	// replicas is how many servers keep each thing.
	replicas int
	// prefix begins the names of what is kept outside, where others may keep
	// something too; "" in the server inside.
	prefix string
	url    string // of the servers outside, without secrets
}

// openStore opens the store that the settings choose. ctx bounds the start.
func (s *Server) openStore(ctx context.Context) (*store, error) {
	if err := ctx.Err(); err != nil { // the server is to end before it has begun
		return nil, err
	}
	settings := s.cfg.Settings.NATS
	if !settings.Outside() {
		return s.openInside()
	}
	store, err := openOutside(ctx, settings, s.node, s.logger)
	if err != nil {
		return nil, err
	}
	s.onClose("store", func(context.Context) error { store.close(); return nil })
	s.logger.Info("data are stored", "store", "nats", "servers", store.url, "replicas", store.replicas)
	return store, nil
}

// use takes a connection for the store's own.
func (s *store) use(conn *client.Conn) (err error) {
	s.conn = conn
	s.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(storeTime))
	return err
}

// storeTime bounds a request to the store whose context has no deadline.
const storeTime = 5 * time.Second

// outside reports whether the store is one that other nodes use too.
func (s *store) outside() bool { return s.server == nil }

// connected reports whether the store can be reached now.
func (s *store) connected() bool { return s.conn.IsConnected() }

// bucket is the name of a bucket or stream in this store.
func (s *store) bucket(name string) string {
	if s.prefix == "" {
		return name
	}
	return s.prefix + "_" + name
}

// describe says where data are kept, for people and without secrets.
func (s *store) describe() string {
	if !s.outside() {
		return "embedded"
	}
	name := s.conn.ConnectedClusterName()
	if name == "" {
		name = s.conn.ConnectedServerName()
	}
	return fmt.Sprintf("NATS %s at %s, %s of each thing stored", name, s.url, copies(s.replicas))
}

func copies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}

// maxValueBytes is the largest user data value that the store takes.
func (s *store) maxValueBytes() int { return min(largestValue, int(s.conn.MaxPayload())-headerRoom) }

const (
	largestValue = 1 << 20
	// headerRoom is what user data puts before a value.
	headerRoom = 8 << 10
)

// close flushes what was written and ends the connection, and NATS inside.
func (s *store) close() {
	if s.conn != nil {
		if s.conn.IsConnected() {
			_ = s.conn.FlushTimeout(flushTime) // a store that does not answer is left all the same
		}
		s.conn.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
}

// flushTime is how long confirmed writes may take to leave the connection.
const flushTime = 2 * time.Second
