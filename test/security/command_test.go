package security

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// TestTagsOfAClient: whatever a client sends along, its socket says whose it is and which group it is in.
func TestTagsOfAClient(t *testing.T) {
	s := production(t, nil)
	socket := s.DialPath(t, "/services/main_ws_service", as(t, "41")...)
	for _, order := range [][]string{{"user_id", "socket_type", "pong"}, {"pong", "socket_type", "user_id"}, {"user_id", "user_id", "room"}} {
		var tags []object
		for _, name := range order {
			tags = append(tags, object{"name": name, "value": "forged"})
		}
		text, err := json.Marshal(object{"socket_action": "init_socket", "socket_type": "chat", "socket_tags": tags})
		if err != nil {
			t.Fatal(err)
		}
		socket.Send(t, string(text))
		if got := socket.Next(t); strings.Contains(got, `"error"`) {
			t.Errorf("%s: %s", text, got)
		}
		got := socketOf(t, s).Tags
		delete(got, "room")
		if !maps.Equal(got, map[string]string{"user_id": "41", "socket_type": "chat", "pong": "1"}) {
			t.Errorf("%s: the tags are %v", text, got)
		}
		if got := record(t, s); got.What != "tags" || got.UserID != "41" || got.Service != "main_ws_service" || got.Remote == "" ||
			!strings.Contains(got.Detail, "the tag ") {
			t.Errorf("the record is %+v", got)
		}
	}
	for _, tags := range []string{
		`{"user_id":"1"}`, `[{"name":["user_id"],"value":"1"}]`, `[{"name":"user_id","value":{"toString":1}}]`, `[["user_id","1"]]`, `"user_id"`,
	} {
		socket.Send(t, `{"socket_action":"init_socket","socket_type":"chat","socket_tags":`+tags+`}`)
		if got := socket.Next(t); !strings.Contains(got, `"error":400`) || socketOf(t, s).Tags["user_id"] != "41" {
			t.Errorf("%s: %s", tags, got)
		}
	}
}

// TestTagsOfAToken: claims become tags, and in some portals users write claims of their own, such as in a profile. Those
// tags by which scripts know who a socket belongs to are no claims of anybody.
func TestTagsOfAToken(t *testing.T) {
	s := production(t, nil)
	for _, name := range []string{"user_id", "socket_type", "pong"} {
		bad := token(t, "41", "tags", object{name: "42", "department": "sales"})
		refused(t, s, "/services/echo", []string{"Authorization", "Bearer " + bad}, 403, "user", name)
	}
	s.DialPath(t, "/services/echo", "Authorization", "Bearer "+token(t, "41", "tags", object{"department": "sales"}))
	if got := socketOf(t, s).Tags; got["department"] != "sales" || len(got) != 1 {
		t.Errorf("the tags are %v", got)
	}
}

// TestCallMethodOfEverything: of all that bundled libraries and those of the sample hold clients may call nothing that
// its author has not marked.
func TestCallMethodOfEverything(t *testing.T) {
	libraries, err := app.Load(app.Config{Globals: hostapi.Globals()})
	if err != nil {
		t.Fatal(err)
	}
	s := production(t, nil)
	socket := s.DialPath(t, "/services/main_ws_service", as(t, "41")...)
	refuse := func(library, method string) {
		t.Helper()
		call := fmt.Sprintf(`{"socket_action":"call_method","library":%q,"method":%q}`, library, method)
		want := fmt.Sprintf(`"error":403,"message":"call_method may not call %s.%s"`, library, method)
		socket.Send(t, call)
		if got := socket.Next(t); !strings.Contains(got, want) {
			t.Errorf("%s.%s: %s", library, method, got)
		}
		if got := record(t, s); got.What != "call_method" || got.Status != 403 || got.UserID != "41" {
			t.Errorf("%s.%s: the record is %+v", library, method, got)
		}
		socket.Send(t, "["+call+"]")
		if got := socket.Next(t); !strings.Contains(got, want) {
			t.Errorf("%s.%s in an array: %s", library, method, got)
		}
	}
	tried := map[string]int{}
	for _, library := range libraries.Snapshot().Libraries() {
		for _, method := range library.Program.Functions() {
			if info, _ := library.Program.Function(method); info.ClientCallable {
				if library.Name != "libDemo" {
					t.Errorf("%s.%s may be called by clients", library.Name, method)
				}
				continue
			}
			tried[library.Name]++
			refuse(library.Name, method)
		}
		for _, method := range []string{"toString", "constructor", "__proto__", "eval", "none"} {
			refuse(library.Name, method)
		}
	}
	if tried["libMain"] < 10 {
		t.Errorf("only %v were tried", tried)
	}
	for _, library := range []string{"tools", "tools_web", "Request", "tutorsocket", "LIBMAIN", "../libs/main_library", "x-local://wtv/libs/main_library.js", "*"} {
		refuse(library, "main_socket")
	}
}
