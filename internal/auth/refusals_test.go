package auth

import (
	"fmt"
	"testing"
)

// TestNobodyPushesOutTheRecordsOfOthers by having himself refused again and again.
func TestNobodyPushesOutTheRecordsOfOthers(t *testing.T) {
	l := NewRefusals()
	l.Note(Refusal{Remote: "192.0.2.1:7", What: RefusedUser, Detail: "first"})
	for i := range 5000 {
		l.Note(Refusal{Remote: fmt.Sprint("192.0.2.9:", i), What: RefusedHandshake})
	}
	l.Note(Refusal{Remote: "192.0.2.9:1", What: RefusedOrigin, Detail: "last"}) // of another kind
	items, more := l.Newest(0, 1000)
	if len(items) != 2+refusalsOfOne || more || items[0].Value.Detail != "last" || items[len(items)-1].Value.Detail != "first" {
		t.Errorf("%d records, more %v", len(items), more)
	}
	for i := range 3 * maxAsking { // what is counted stays bounded
		l.Note(Refusal{Remote: fmt.Sprintf("2001:db8::%x", i), What: RefusedUser})
	}
	if len(l.asking) > maxAsking {
		t.Errorf("%d addresses are counted", len(l.asking))
	}
}
