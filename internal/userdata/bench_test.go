package userdata_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// benchValue is a value as scripts store them.
var benchValue = json.RawMessage(`{"participants":[{"participant_id":"6148914691236517121","state":"active","date":"2026-11-23T12:00:00"}]}`)

func benchKey(i int) string { return fmt.Sprintf("participants_state_in_conversation_%d", i%1000) }

func benchStore(b *testing.B, changes ...func(*server.Options)) *userdata.Store {
	js, _ := natstest.Start(b, b.TempDir(), changes...)
	s := openStore(b, js, userdata.Config{})
	for i := range 1000 {
		mustSet(b, s, benchKey(i), string(benchValue), time.Hour)
	}
	b.ReportAllocs()
	b.ResetTimer()
	return s
}

func BenchmarkGet(b *testing.B) {
	s := benchStore(b)
	for i := 0; b.Loop(); i++ {
		if _, ok, err := s.Get(b.Context(), benchKey(i)); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkSet(b *testing.B) {
	for name, changes := range map[string][]func(*server.Options){"sync=interval": nil, "sync=always": {natstest.SyncAlways}} {
		b.Run(name, func(b *testing.B) {
			s := benchStore(b, changes...)
			for i := 0; b.Loop(); i++ {
				if err := s.Set(b.Context(), benchKey(i), benchValue, time.Hour); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
