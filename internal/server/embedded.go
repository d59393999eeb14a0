package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

// maxValue bounds a NATS message, in bytes: a user data value of 1 MiB and its
// headers.
const maxValue = 2 << 20

// maxStore is room for the buckets, of which each has a size of its own.
const maxStore = 16 << 30

// openEmbedded starts NATS over the files in the data folder and connects to it. It
// listens on no port.
func openEmbedded(data string, sync config.Sync, logger *slog.Logger) (*store, error) {
	dir := filepath.Join(data, "nats")
	if err := inTheWay(dir, filepath.Join(dir, "jetstream")); err != nil {
		return nil, err
	}
	server, err := startNATS(dir, sync, logger)
	if err != nil {
		return nil, fmt.Errorf("the store %s cannot be opened (%w); choose another folder with --data", dir, err)
	}
	s := &store{server: server, replicas: 1}
	conn, err := client.Connect("", client.InProcessServer(server), client.Name("tutorsocket"), client.MaxReconnects(-1))
	if err == nil {
		err = s.use(conn)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("connect to the store: %w", err)
	}
	return s, nil
}

// inTheWay says which of the folders of the store, the outer ones first, is
// something else. NATS would only say that it cannot make a folder.
func inTheWay(folders ...string) error {
	for _, dir := range folders {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("the store %s cannot be read (%w); choose another folder with --data", dir, reason(err))
		case !info.IsDir():
			return fmt.Errorf("%s is a file, where the folder of the store is to be; remove it or choose another folder with --data", dir)
		}
	}
	return nil
}

func startNATS(dir string, sync config.Sync, logger *slog.Logger) (*nats.Server, error) {
	server, err := nats.NewServer(&nats.Options{
		ServerName: "tutorsocket",
		DontListen: true,
		NoSigs:     true,
		MaxPayload: maxValue,
		JetStream:  true,
		// NATS would take a part of what is free on the disk, and not start where that is little; the
		// buckets bound themselves.
		JetStreamMaxStore: maxStore,
		StoreDir:          dir,
		SyncAlways:        sync.Always, SyncInterval: sync.Interval,
	})
	if err != nil {
		return nil, err
	}
	log := &natsLog{logger: logger}
	server.SetLoggerV2(log, false, false, false)
	server.Start() // without a port it returns when everything is there, or is known to fail
	if err := log.failure(); err != nil {
		server.Shutdown()
		server.WaitForShutdown()
		return nil, err
	}
	if !server.ReadyForConnections(time.Second) || !server.JetStreamEnabled() {
		server.Shutdown()
		server.WaitForShutdown()
		return nil, errors.New("it did not start")
	}
	return server, nil
}

// natsLog passes on what NATS has to complain about. It reports many an ordinary
// step as a notice, which is debugging here.
type natsLog struct {
	logger *slog.Logger

	mu    sync.Mutex
	fatal error // guarded by mu; the first thing that kept NATS from starting
}

func (l *natsLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// Fatalf notes why NATS cannot start; Start itself does not say.
func (l *natsLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = fmt.Errorf(format, v...)
	}
}

func (l *natsLog) Errorf(format string, v ...any) { l.log(slog.LevelError, format, v) }
func (l *natsLog) Warnf(format string, v ...any)  { l.log(slog.LevelWarn, format, v) }

// Noticef, Debugf and Tracef are for those who debug NATS.
func (l *natsLog) Noticef(format string, v ...any) { l.log(slog.LevelDebug, format, v) }
func (l *natsLog) Debugf(string, ...any)           {}
func (l *natsLog) Tracef(string, ...any)           {}

func (l *natsLog) log(level slog.Level, format string, v []any) {
	l.logger.Log(context.Background(), level, "store reports", "text", fmt.Sprintf(format, v...))
}
