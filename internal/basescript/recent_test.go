package basescript

import (
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// What is remembered of a message is a copy, whoever asks and however often.
func TestRecentTextsAreCopies(t *testing.T) {
	done := make(chan struct{})
	for range 8 {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range 20000 {
				word := "name" + strconv.Itoa(i%3000)
				message := strings.Repeat(".", 100) + word
				part := message[100:]
				got := recent.own(part)
				if got != word || unsafe.StringData(got) == unsafe.StringData(part) {
					t.Errorf("got %q of %q", got, word)
					return
				}
			}
		}()
	}
	for range 8 {
		<-done
	}
	long := strings.Repeat("x", maxRecent+1)
	if got := recent.own(long); got != long || unsafe.StringData(got) == unsafe.StringData(long) {
		t.Error("a long text is not copied")
	}
}
