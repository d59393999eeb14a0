package hub

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// filterHub has sockets named by their stateful ids with the tags the tests below rely on.
func filterHub(t *testing.T) *Hub {
	t.Helper()
	h := New(Config{Node: "n1"})
	open := func(service, id, user string, tags map[string]string) {
		c := mustOpen(t, h, service, id, user)
		if err := c.Socket().ReplaceTags(NewTags(tags)); err != nil {
			t.Fatal(err)
		}
	}
	open("main", "1", "u1", map[string]string{"socket_type": "ws_group", "is_person": "1"})
	open("main", "2", "u1", map[string]string{"socket_type": "ws_group", "time": "10:30"})
	open("main", "3", "u2", map[string]string{"socket_type": "chat", "empty": ""})
	open("rtk", "4", "u3", map[string]string{"socket_type": " chat", "тип": "чат", "n": "6148914691236517121"})
	open("rtk", "5", "u3", nil)
	return h
}

func ids(sockets []*Socket) string {
	var all []string
	for _, s := range sockets {
		all = append(all, s.StatefulID())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestFilterSelects(t *testing.T) {
	h := filterHub(t)
	tests := []struct{ filter, want string }{
		{``, "1 2 3 4 5"},
		{`null`, "1 2 3 4 5"},
		{`{}`, "1 2 3 4 5"},
		{`$socket_type`, "1 2 3 4"},
		{`$socket_type:ws_group`, "1 2"},
		{`$socket_type:WS_GROUP`, ""},
		{`$Socket_type`, ""},
		{`$socket_type:[ws_group,chat]`, "1 2 3"},
		{`$socket_type:[ws_group, chat]`, "1 2 4"},
		{`$socket_type:[chat,chat]`, "3"},
		{`$time:10:30`, "2"},
		{`$тип:чат`, "4"},
		{`$n:6148914691236517121`, "4"},
		{`$service:main`, ""}, // a tag named service
		{`$empty`, "3"},
		{`{"empty":""}`, "3"},
		{`{"socket_type":"ws_group","is_person":"1"}`, "1"},
		{`{"socket_type":"ws_group","is_person":1}`, "1"},
		{`{"socket_type":["ws_group","chat"]}`, "1 2 3"},
		{`{"socket_type":["ws_group","chat"],"$user":"u1"}`, "1 2"},
		{`{"is_person":null}`, "2 3 4 5"},
		{`{"is_person":null,"socket_type":"ws_group"}`, "2"},
		{`{"is_person":[null,"1"],"$service":"main"}`, "1 2 3"},
		{`{"$service":"rtk"}`, "4 5"},
		{`{"$service":["rtk","main"],"$user":["u2","u3"]}`, "3 4 5"},
		{`{"$state":"open"}`, "1 2 3 4 5"},
		{`{"$state":["open","detached"]}`, "1 2 3 4 5"},
		{`{"$state":"detached"}`, ""},
		{`{"$node":"n1","$user":"u1"}`, "1 2"},
		{`{"$node":"n2"}`, ""},
		{" \n{ \"socket_type\" : [ \"chat\" ] }\t", "3"},
		{`{"socket\u005ftype":"chat"}`, "3"},
		{`{"n":6148914691236517121}`, "4"},
		{`{"nobody_has_this":"1"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			f, err := ParseFilter(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(h.Select(f)); got != tt.want {
				t.Errorf("selected %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWrongFilterNamesThePosition(t *testing.T) {
	tests := []struct {
		filter string
		pos    int
		msg    string
	}{
		{`socket_type`, 0, `begins with "$"`},
		{` $socket_type`, 1, `begins with "$"`},
		{`[1]`, 0, `begins with "$"`},
		{`   `, 3, `begins with "$"`},
		{`$`, 1, "name of a tag is missing"},
		{`$:x`, 1, "name of a tag is missing"},
		{`$тип=чат`, 4, `'='`},
		{`$a && $b`, 3, `'&'`},
		{`$a:`, 3, `value is missing`},
		{`$тип:[чат,`, 10, `"]" is missing`},
		{`$a:[]`, 4, "value of the list is missing"},
		{`$a:[x,,y]`, 6, "value of the list is missing"},
		{`$a:[x]y`, 6, `nothing may follow the "]"`},
		{"$a:\xff", 3, "UTF-8"},
		{"{\"a\":\"\xff\"}", 6, "UTF-8"},
		{`{`, 1, "name of a tag in double quotes"},
		{`{a:1}`, 1, "name of a tag in double quotes"},
		{`{"":1}`, 1, "empty"},
		{`{"a"}`, 4, `":" is missing`},
		{`{"a":}`, 5, "value is missing"},
		{`{"a":`, 5, "value is missing"},
		{`{"тип":чат}`, 7, "no JSON value"},
		{`{"a":'x'}`, 5, "no JSON value"},
		{`{"a":01}`, 5, "no JSON value"},
		{`{"a":{"b":1}}`, 5, "cannot be an object"},
		{`{"a":[[1]]}`, 6, "an array may hold"},
		{`{"a":[]}`, 6, "empty array"},
		{`{"a":["x"`, 9, `"," or "]"`},
		{`{"a":"x"`, 8, `"," or "}"`},
		{`{"a":"x",}`, 9, "name of a tag in double quotes"},
		{`{"a":"x`, 7, "closing quote"},
		{`{"a":"\x"}`, 5, "not a JSON string"},
		{`{"a":"x"} y`, 10, "nothing may follow"},
		{`{"a":"x","a":"y"}`, 9, "stands here twice"},
		{`{"$nope":"x"}`, 1, "$nope is unknown"},
		{`{"$state":"gone"}`, 10, `"open" or "detached"`},
		{`{"$user":null}`, 9, "never absent"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			_, err := ParseFilter(tt.filter)
			var wrong *FilterError
			if !errors.As(err, &wrong) {
				t.Fatalf("error is %v, want a *FilterError", err)
			}
			if wrong.Pos != tt.pos || !strings.Contains(wrong.Msg, tt.msg) {
				t.Errorf("position %d: %s; want position %d: …%s…", wrong.Pos, wrong.Msg, tt.pos, tt.msg)
			}
		})
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"", "null", "$a", "$a:b:c", "$a:[x, y]", `{"a":["1",null],"$state":"open","b":2.50}`, `{"тип":"чат"}`, `{"a":"\ud83d\ude00"}`} {
		f.Add(seed)
	}
	h := New(Config{})
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter(text)
		if err != nil {
			var wrong *FilterError
			if !errors.As(err, &wrong) || wrong.Pos < 0 || wrong.Pos > utf8.RuneCountInString(text) || wrong.Msg == "" {
				t.Fatalf("%q gave %#v", text, err)
			}
			return
		}
		h.Select(filter)
		again, err := ParseFilter(filter.String())
		if err != nil || len(again.conds) != len(filter.conds) {
			t.Fatalf("%q does not survive String: %v", text, err)
		}
	})
}
