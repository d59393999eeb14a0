package userdata_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// TestEachOperationCountsOnce: whatever a store does to carry out an operation, who asked for one has
// one counted, of the kind asked for.
func TestEachOperationCountsOnce(t *testing.T) {
	r := metrics.New()
	js, _ := natstest.Start(t, t.TempDir())
	s := openStore(t, js, userdata.Config{Metrics: r})
	always := func(uint64, bool) bool { return true }
	never := func(uint64, bool) bool { return false }
	list := `{"result":[{"person_id":"1","socket_id":"a"},{"person_id":"2","socket_id":"b"}]}`
	for i, step := range []struct {
		do        func() error
		operation string
		outcome   string
	}{
		{func() error { return s.Set(t.Context(), "k", json.RawMessage(`1`), 0) }, "write", "ok"},
		{func() error { _, err := s.SetIf(t.Context(), "k", json.RawMessage(`2`), time.Hour, always); return err }, "write", "ok"},
		{func() error { _, err := s.SetIf(t.Context(), "k", json.RawMessage(`3`), 0, never); return err }, "write", "refused"},
		{func() error { return s.Set(t.Context(), "k", json.RawMessage(`{`), 0) }, "write", "refused"},
		{func() error { _, _, err := s.Get(t.Context(), "k"); return err }, "read", "ok"},
		{func() error { _, _, err := s.Look(t.Context(), "none"); return err }, "read", "ok"},
		{func() error { _, _, err := s.Get(t.Context(), ""); return err }, "read", "refused"},
		{func() error { _, err := s.DeleteIf(t.Context(), "k", never); return err }, "remove", "refused"},
		{func() error { _, err := s.DeleteIf(t.Context(), "k", always); return err }, "remove", "ok"},
		{func() error { _, err := s.Delete(t.Context(), "k"); return err }, "remove", "ok"},
		{func() error { return s.Set(t.Context(), "l_recipients", json.RawMessage(list), 0) }, "write", "ok"},
		{func() error { return s.Join(t.Context(), "l_recipients", "3", "c", time.Time{}, time.Hour) }, "join", "ok"},
		{func() error { _, err := s.Leave(t.Context(), "", "c", time.Time{}); return err }, "leave", "ok"},
		{func() error { return s.Set(t.Context(), "l_recipients", json.RawMessage(`{"result":[]}`), 0) }, "write", "ok"},
	} {
		all := r.Sum("tutorsocket_userdata_operations_total")
		these := func() float64 {
			return r.Sum("tutorsocket_userdata_operations_total", "operation", step.operation, "outcome", step.outcome)
		}
		before := these()
		err := step.do()
		if more := these() - before; more != 1 || r.Sum("tutorsocket_userdata_operations_total")-all != 1 {
			t.Errorf("step %d: it counts %v times as %s %s, %v times in all; error %v", i, more, step.operation, step.outcome,
				r.Sum("tutorsocket_userdata_operations_total")-all, err)
		}
	}
}
