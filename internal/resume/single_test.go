package resume_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/resume"
)

func moving() hub.Detached {
	return hub.Detached{
		Key: hub.BuildKey("main_ws_service", "a"), User: hub.User{ID: "1", Fields: map[string]string{"x": "y"}},
		Tags: map[string]string{"room": "7"}, Opened: time.Unix(0, 5), Connected: time.Unix(0, 9),
		Reason: hub.Reason{Code: hub.CodeTakenOver}, Window: time.Second, Mode: "json",
		Waiting: []hub.Waiting{{Text: "a", Item: true}, {Text: "b", ConflateKey: "k"}, {Text: "a"}},
	}
}

func TestOneSocket(t *testing.T) {
	before := moving()
	after, err := resume.ReadSocket(resume.AppendSocket([]byte{}, &before))
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%v\n got %+v\nwant %+v", err, after, before)
	}
}

func TestOneSocketThatIsCut(t *testing.T) {
	d := moving()
	whole := resume.AppendSocket(nil, &d)
	for n := range whole {
		if got, err := resume.ReadSocket(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes are read as %+v", n, len(whole), got)
		}
	}
	if _, err := resume.ReadSocket(append(whole, whole...)); err == nil {
		t.Error("two sockets are read as one")
	}
}
