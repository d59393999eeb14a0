package api_test

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// keptKeys is a bucket in memory, which the test may make unreachable.
type keptKeys struct {
	mu     sync.Mutex
	err    error
	values map[string]keptKey
	writes uint64
}

type keptKey struct {
	value    json.RawMessage
	revision uint64
}

func (v *keptKeys) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

func (v *keptKeys) GetRevision(_ context.Context, key string) (json.RawMessage, uint64, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.values[key]
	return k.value, k.revision, ok, v.err
}

func (v *keptKeys) Replace(_ context.Context, key string, value json.RawMessage, _ time.Duration, revision uint64) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil || v.values[key].revision != revision {
		return false, v.err
	}
	if v.values == nil {
		v.values = map[string]keptKey{}
	}
	v.writes++
	v.values[key] = keptKey{value, v.writes}
	return true, nil
}

func (v *keptKeys) Delete(_ context.Context, key string) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.values[key]
	delete(v.values, key)
	return ok, v.err
}

func (v *keptKeys) List(context.Context, string, int, string) (page []userdata.Entry, next string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for key := range v.values {
		page = append(page, userdata.Entry{Key: key})
	}
	return page, "", v.err
}
