package hub

import (
	"fmt"
	"testing"
)

// bigHub has n sockets: a group of 100, a tag all have, and one with a value of its own each.
func bigHub(b *testing.B, n int) *Hub {
	h := New(Config{})
	for i := range n {
		c := mustOpen(b, h, "main_ws_service", fmt.Sprint(i), fmt.Sprint(i))
		tags := map[string]string{"pong": "1", "user_id": fmt.Sprint(i), "socket_type": "other"}
		if i%(n/100) == 0 {
			tags["socket_type"] = "group"
		}
		if err := c.Socket().ReplaceTags(NewTags(tags)); err != nil {
			b.Fatal(err)
		}
	}
	return h
}

func BenchmarkSelect(b *testing.B) {
	const n = 100_000
	h := bigHub(b, n)
	for _, bc := range []struct {
		name, filter string
		found        int
	}{
		{"one of 100k", "$user_id:777", 1},
		{"group of 100", "$socket_type:group", 100},
		{"and", `{"socket_type":"group","pong":"1"}`, 100},
		{"user", `{"$user":"777"}`, 1},
		{"all", "", n},
		{"tag of all", "$user_id", n},
		{"absent", `{"none":null}`, n},
	} {
		b.Run(bc.name, func(b *testing.B) {
			f, err := ParseFilter(bc.filter)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if got := len(h.Select(f)); got != bc.found {
					b.Fatal(got)
				}
			}
		})
	}
}

func BenchmarkTagChange(b *testing.B) {
	h := bigHub(b, 100_000)
	s, _ := h.Get(BuildKey("main_ws_service", "777"))
	values := []string{"0", "1"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.PatchTags(map[string]*string{"pong": &values[i%2]}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseFilter(b *testing.B) {
	for _, text := range []string{"$socket_type:ws_group", `{"socket_type":["a","b"],"is_person":"1","$user":"5"}`} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseFilter(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSendAndDrain(b *testing.B) {
	for _, mode := range []Mode{ModeText, ModeJSON} {
		b.Run(fmt.Sprint("mode ", mode), func(b *testing.B) {
			c := mustOpen(b, New(Config{}), "m", "1", "u")
			m := NewMessage(`{"socket_action":"init_socket","socket_type":"ws_group","uid":""}`)
			var batch Batch
			b.ReportAllocs()
			for b.Loop() {
				c.Socket().Send(m, mode)
				for c.Next(&batch) == DutyWrite {
				}
			}
		})
	}
}

func BenchmarkOpenAndEnd(b *testing.B) {
	h := New(Config{})
	w := &bell{}
	b.ReportAllocs()
	for b.Loop() {
		c, err := h.Open(OpenRequest{Key: "/services/m-s-1", Service: "m", StatefulID: "1", User: User{ID: "u"}, Waker: w})
		if err != nil {
			b.Fatal(err)
		}
		c.Ended(Reason{Code: CodeNormal})
	}
}
