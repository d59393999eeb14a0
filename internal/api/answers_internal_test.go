package api

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func keep(t *testing.T, s *answers, key string, size int) {
	t.Helper()
	if _, err := s.begin(key, sha256.Sum256(nil)); err != nil {
		t.Fatal(err)
	}
	s.end(key, &recorder{status: http.StatusAccepted, body: *bytes.NewBuffer(make([]byte, size))})
}

// TestAnswersAreForgotten: after a day, and the oldest when there are too many or
// they are too large.
func TestAnswersAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &answers{now: time.Now}
		keep(t, s, "old", 10)
		time.Sleep(answerLife - time.Second)
		keep(t, s, "new", 10)
		if known, _ := s.begin("old", sha256.Sum256(nil)); known == nil {
			t.Error("an answer is forgotten too early")
		}
		time.Sleep(2 * time.Second)
		if known, err := s.begin("old", sha256.Sum256(nil)); known != nil || err != nil {
			t.Errorf("after a day there is %v, error %v", known, err)
		}
		s.end("old", nil)
		for i := range answersKept {
			keep(t, s, fmt.Sprint(i), 10)
		}
		if len(s.byKey) != answersKept || s.done.Len() != answersKept || s.byKey["new"] != nil {
			t.Errorf("%d answers are kept", len(s.byKey))
		}
		keep(t, s, "large", answerBytesKept/2)
		keep(t, s, "larger", answerBytesKept)
		if len(s.byKey) != 0 || s.bytes != 0 {
			t.Errorf("%d answers of %d bytes are kept", len(s.byKey), s.bytes)
		}
	})
}
