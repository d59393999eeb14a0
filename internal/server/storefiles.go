package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/storefiles"
)

// keepStore looks at the files of the embedded store before it is opened, and returns
// who keeps an eye on them. A store from which something confirmed is missing is not
// opened: NATS would throw away what still tells of it.
func (s *Server) keepStore() (*storefiles.Keeper, error) {
	keeper, err := storefiles.Open(s.data.dir)
	if err != nil {
		return nil, err
	}
	found, err := keeper.Check()
	if err != nil {
		return nil, err
	}
	damages := found.Damages
	if !s.cfg.Settings.NATS.Sync.Always {
		damages = found.Unexpected()
	}
	if len(damages) > 0 {
		return nil, damagedStore(s.data.dir, damages)
	}
	if err := keeper.Mend(found); err != nil {
		return nil, err
	}
	for _, d := range append(found.Damages, found.Doubts...) {
		s.logger.Warn("a file of the store is not as it was", "text", d.String())
	}
	return keeper, nil
}

// openInside opens the store in the data folder, whole or not at all.
func (s *Server) openInside() (*store, error) {
	keeper, err := s.keepStore()
	if err != nil {
		return nil, err
	}
	store, err := openEmbedded(s.data.dir, s.cfg.Settings.NATS.Sync, s.logger)
	if err != nil {
		return nil, err
	}
	s.onClose("files of the store", func(context.Context) error { return keeper.End() })
	s.onClose("store", func(context.Context) error { store.close(); return nil })
	if err := keeper.Begin(); err != nil {
		return nil, fmt.Errorf("note what is in the store: %w", err)
	}
	stop := watchStore(keeper, s.logger)
	s.onClose("list of the store's files", func(context.Context) error { stop(); return nil })
	store.js = confirming{store.js, keeper}
	s.logger.Info("data are stored", "store", "embedded", "sync", s.cfg.Settings.NATS.Sync.String(), "folder", s.data.dir)
	return store, nil
}

// shownDamages is how many damages an error names.
const shownDamages = 5

// damagedStore says what is damaged and what can be done.
func damagedStore(folder string, damages []storefiles.Damage) error {
	var b strings.Builder
	fmt.Fprintf(&b, "the store in %s is damaged and was not opened; nothing in it was changed.", folder)
	for i, d := range damages {
		if i == shownDamages {
			fmt.Fprintf(&b, "\n  … and %d more", len(damages)-i)
			break
		}
		fmt.Fprintf(&b, "\n  %s: %s", storedIn(d.Stream), d)
	}
	fmt.Fprintf(&b, "\nPut a backup of the folder in its place, or run \"tutorsocket data recover --data %s\": it keeps what can be read and puts the damaged files aside", folder)
	return errors.New(b.String())
}

// storedIn says in words of users what a stream of the store holds.
func storedIn(stream string) string {
	switch stream {
	case "KV_userdata":
		return "user data"
	case "KV_" + storageBucket:
		return "GlobalStorage of scripts"
	case "SCRIPTVERSIONS":
		return "versions of scripts"
	case "DETACHED":
		return "detached sockets"
	case "OUTBOX":
		return "messages of services with durable delivery"
	case "SOCKETS":
		return "claims on stateful ids"
	case "RUNS":
		return "history of runs"
	case "KV_" + timetableBucket:
		return "timetable of agents"
	}
	return stream
}

// Damage is something that is wrong with the store, for a person.
type Damage struct {
	Data string `json:"data"` // what is stored there
	File string `json:"file"`
	Text string `json:"text"`
}

// Recovery is what became of one part of a damaged store.
type Recovery struct {
	Data  string `json:"data"`            // what is stored there
	Aside string `json:"aside,omitempty"` // folder with the damaged files; "" if they were gone
	Kept  int    `json:"kept"`            // records that could be read
	Lost  int64  `json:"lost_bytes"`
}

// CheckStore says what is wrong with the store in a data folder that no server uses,
// and how many records it has. It changes nothing.
func CheckStore(dir string) (damages []Damage, records int, err error) {
	err = withStoreFiles(dir, func(k *storefiles.Keeper) error {
		found, err := k.Check()
		if err != nil {
			return err
		}
		for _, d := range found.Damages {
			damages = append(damages, Damage{storedIn(d.Stream), d.File, d.Text})
		}
		records = found.Records
		return nil
	})
	return damages, records, err
}

// RecoverStore keeps what can be read of the store in a data folder that no server
// uses; nothing is done where nothing is damaged.
func RecoverStore(dir string) (parts []Recovery, err error) {
	err = withStoreFiles(dir, func(k *storefiles.Keeper) error {
		done, err := k.Recover(time.Now())
		for _, r := range done {
			parts = append(parts, Recovery{storedIn(r.Stream), r.Aside, r.Kept, r.Lost})
		}
		return err
	})
	return parts, err
}

// withStoreFiles calls fn while the data folder belongs to this process.
func withStoreFiles(dir string, fn func(*storefiles.Keeper) error) (err error) {
	if err := inTheWay(dir, filepath.Join(dir, "nats")); err != nil {
		return err
	}
	data, err := openData(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.release()) }()
	keeper, err := storefiles.Open(data.dir)
	if err != nil {
		return err
	}
	return fn(keeper)
}

// noteEvery is how often the files of the store are listed, where some were added or went.
const noteEvery = 2 * time.Second

// watchStore lists the files of the store as long as it is open. stop ends that and
// returns once it has.
func watchStore(keeper *storefiles.Keeper, logger *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(noteEvery)
		defer ticker.Stop()
		told := false
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := keeper.Note(); err != nil && !told {
				told = true
				logger.Error("what is in the store cannot be noted; a damage of its files may stay unnoticed", "error", err.Error())
			}
		}
	}()
	return func() { cancel(); <-done }
}

// confirming is the store as the rooms write to it: what they are told is stored is
// noted before they hear of it.
type confirming struct {
	jetstream.JetStream
	keeper *storefiles.Keeper
}

// PublishMsg stores a message.
func (c confirming) PublishMsg(ctx context.Context, m *client.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ack, err := c.JetStream.PublishMsg(ctx, m, opts...)
	if err == nil {
		c.keeper.Reached(ack.Stream, ack.Sequence)
	}
	return ack, err
}

// Publish stores a message.
func (c confirming) Publish(ctx context.Context, subject string, data []byte, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	return c.PublishMsg(ctx, &client.Msg{Subject: subject, Data: data}, opts...)
}

// Reached notes a message that was stored in another way, such as asynchronously; whoever
// does so calls it before anybody hears of it.
func (c confirming) Reached(stream string, sequence uint64) { c.keeper.Reached(stream, sequence) }
