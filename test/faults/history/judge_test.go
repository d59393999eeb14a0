package history_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/test/faults/history"
)

const key, other = "/services/a-s-1", "/services/a-s-2"

// record is a history in the making.
type record struct {
	history.History
}

// send sends the messages from..to of a sender.
func (r *record) send(to, from string, first, last int, a history.Answer) {
	for n := first; n <= last; n++ {
		r.Send(to, from, n).Answered(a)
	}
}

func (r *record) open(key, user string) *history.Conn { return r.Opened(key, user, r.Dial()) }

// came has messages come in one frame: "a1 a2 -3" are two of a, and a gap of three.
func came(c *history.Conn, items string) {
	var texts []string
	for item := range strings.FieldsSeq(items) {
		var n int
		switch {
		case item[0] == '-':
			fmt.Sscan(item[1:], &n)
			texts = append(texts, gap(n, "overflow"))
		default:
			fmt.Sscan(item[1:], &n)
			texts = append(texts, history.Item{From: item[:1], N: n}.Text())
		}
	}
	c.Frame("[" + strings.Join(texts, ",") + "]")
}

func gap(n int, reason string) string {
	return fmt.Sprintf(`{"socket_action":"gap","socket_type":"","uid":"","missed":%d,"reason":%q}`, n, reason)
}

// TestJudge: what is as promised passes, and every kind of fault is found.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *record)
		want []history.Kind
	}{
		{"all comes", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			r.send(key, "b", 1, 1, history.Unknown)
			came(c, "a1 b1 a2")
		}, nil},
		{"one is lost", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			came(c, "a1 a3")
		}, []history.Kind{history.Lost}},
		{"the last is lost", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			came(c, "a1 a2")
		}, []history.Kind{history.Lost}},
		{"without an answer it may be lost", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 1, history.Unknown)
			came(c, "")
		}, nil},
		{"twice on one connection", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			came(c, "a1 a2 a1")
		}, []history.Kind{history.Twice}},
		{"twice on two", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			came(c, "a1")
			c.Ended(history.Torn)
			came(r.open(key, "u"), "a1 a2")
		}, []history.Kind{history.Twice}},
		{"out of order", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			came(c, "a2 a1")
		}, []history.Kind{history.Disorder}},
		{"out of order over connections", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			came(c, "a1 a3")
			c.Ended(history.Whole)
			came(r.open(key, "u"), "a2")
		}, []history.Kind{history.Disorder}},
		{"of another socket", func(r *record) {
			c := r.open(key, "u")
			r.open(other, "u")
			r.send(key, "a", 1, 1, history.Taken)
			r.send(other, "a", 2, 2, history.Unknown)
			came(c, "a1 a2")
		}, []history.Kind{history.Foreign}},
		{"never sent", func(r *record) { came(r.open(key, "u"), "a1") }, []history.Kind{history.Foreign}},
		{"of the user who had the key before", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			came(c, "a1")
			c.Ended(history.Over)
			came(r.open(key, "v"), "a2")
		}, []history.Kind{history.Foreign}},
		{"each user has his own", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			came(c, "a1")
			c.Ended(history.Over)
			c = r.open(key, "v")
			r.send(key, "a", 3, 3, history.Taken)
			came(c, "a3")
		}, nil},
		{"handed to a connection that was torn", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 4, history.Taken)
			came(c, "a1")
			c.Ended(history.Torn)
			came(r.open(key, "u"), "a4")
		}, nil},
		{"sent when the server knew that it was torn", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 1, history.Taken)
			c.Ended(history.Torn)
			c.Noticed()
			r.send(key, "a", 2, 3, history.Taken)
			came(r.open(key, "u"), "a3")
		}, []history.Kind{history.Lost}},
		{"sent after the reconnect", func(r *record) {
			r.open(key, "u").Ended(history.Torn)
			c := r.open(key, "u")
			r.send(key, "a", 1, 1, history.Taken)
			came(c, "")
		}, []history.Kind{history.Lost}},
		{"missing in the middle of a torn connection", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 4, history.Taken)
			came(c, "a1 a3")
			c.Ended(history.Torn)
			came(r.open(key, "u"), "a4")
		}, []history.Kind{history.Lost}},
		{"missing at the end of a whole connection", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			came(c, "a1")
			c.Ended(history.Whole)
			came(r.open(key, "u"), "a3")
		}, []history.Kind{history.Lost}},
		{"waited for a socket that ended", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			came(c, "a1")
			c.Ended(history.Over)
			r.send(key, "a", 3, 3, history.Refused)
			c = r.open(key, "u")
			r.send(key, "a", 4, 4, history.Taken)
			came(c, "a4")
		}, nil},
		{"nobody came back", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			c.Ended(history.Torn)
			r.send(key, "a", 3, 3, history.Full)
		}, nil},
		{"announced", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			r.send(key, "b", 1, 2, history.Full)
			came(c, "a1 -4")
		}, nil},
		{"announced in two parts", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 5, history.Taken)
			came(c, "a1 -1 a3 -1 a5")
		}, nil},
		{"announced before what waited", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			r.send(key, "a", 4, 5, history.Full)
			came(c, "a1")
			c.Ended(history.Whole)
			c = r.open(key, "u")
			r.send(key, "a", 6, 6, history.Taken)
			came(c, "-2 a2 a3 a6")
		}, nil},
		{"dropped and not announced", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 2, history.Taken)
			r.send(key, "a", 3, 3, history.Full)
			came(c, "a1 a2")
		}, []history.Kind{history.Unannounced}},
		{"announced too late", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			came(c, "a1 a3 -1")
		}, []history.Kind{history.Lost, history.Misannounced}},
		{"announced before it was sent", func(r *record) {
			c := r.open(key, "u")
			came(c, "-1")
			r.send(key, "a", 1, 1, history.Full)
		}, []history.Kind{history.Unannounced, history.Misannounced}},
		{"too few announced", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 4, history.Taken)
			came(c, "a1 -1 a4")
		}, []history.Kind{history.Lost}},
		{"too many announced", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 3, history.Taken)
			came(c, "a1 -2 a3")
		}, []history.Kind{history.Misannounced}},
		{"a gap and a torn connection share what is missing", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 5, history.Taken)
			came(c, "a1")
			c.Ended(history.Torn)
			c.Noticed()
			r.send(key, "a", 6, 7, history.Full)
			c = r.open(key, "u")
			r.send(key, "b", 1, 1, history.Taken)
			came(c, "-3 b1")
		}, nil},
		{"gaps take what only they explain", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 1, history.Taken) // torn, or the first gap
			c.Ended(history.Torn)
			c.Noticed()
			r.send(key, "b", 1, 1, history.Full) // either gap
			c = r.open(key, "u")
			came(c, "-1")
			r.send(key, "a", 2, 2, history.Taken)
			came(c, "a2 -1")
		}, nil},
		{"a wrong gap", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 1, history.Full)
			c.Frame(`[` + gap(1, "whim") + `]`)
		}, []history.Kind{history.Misannounced, history.Unannounced}},
		{"a gap that is no item", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 1, history.Full)
			c.Frame(gap(1, "overflow"))
		}, []history.Kind{history.Misannounced, history.Unannounced}},
		{"refused and delivered", func(r *record) {
			c := r.open(key, "u")
			r.send(key, "a", 1, 1, history.Refused)
			r.send(key, "a", 2, 2, history.Full)
			came(c, "a1 a2")
		}, []history.Kind{history.Contradicted, history.Contradicted}},
		{"connections asked for at once, in the order of what came", func(r *record) {
			first, second := r.Dial(), r.Dial()
			late := r.Opened(key, "u", second)
			early := r.Opened(key, "u", first)
			r.send(key, "a", 1, 4, history.Taken)
			came(early, "a1 a2")
			early.Ended(history.Whole)
			came(late, "a3 a4")
		}, nil},
		{"connections that both get messages", func(r *record) {
			first, second := r.Dial(), r.Dial()
			one := r.Opened(key, "u", first)
			two := r.Opened(key, "u", second)
			r.send(key, "a", 1, 4, history.Taken)
			r.send(key, "b", 1, 2, history.Taken)
			came(one, "a1 b2 a3")
			one.Ended(history.Whole)
			came(two, "a2 b1 a4")
		}, []history.Kind{history.Disorder, history.Disorder, history.Disorder}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r record
			c.do(&r)
			v := r.Judge()
			var kinds []history.Kind
			for _, f := range v.Faults {
				kinds = append(kinds, f.Kind)
			}
			slices.Sort(kinds)
			slices.Sort(c.want)
			if !slices.Equal(kinds, c.want) {
				t.Errorf("found %v, want %v:\n%v", kinds, c.want, v)
			}
		})
	}
}

// TestVerdictCounts: what became of the messages.
func TestVerdictCounts(t *testing.T) {
	var r record
	c := r.open(key, "u")
	r.send(key, "a", 1, 4, history.Taken)
	came(c, "a1")
	c.Ended(history.Torn)
	c.Noticed()
	r.send(key, "a", 5, 7, history.Full)
	c = r.open(key, "u")
	came(c, "a4 -3")
	c.Ended(history.Whole)
	r.send(key, "b", 1, 5, history.Taken)
	v := r.Judge()
	if len(v.Faults) != 0 || v.Delivered != 2 || v.Torn != 2 || v.Announced != 3 || v.Forgotten != 5 {
		t.Error(v)
	}
	if c.Missed("overflow") != 3 || c.Missed("expired") != 0 {
		t.Error("the sum of the gaps is wrong")
	}
}

// TestAtLeastOnce: what has come may come again, and all that was taken must have come, whatever connections ended.
func TestAtLeastOnce(t *testing.T) {
	for name, c := range map[string]struct {
		second string // what comes on the second connection; on the first came a1 to a3 of five
		want   []history.Kind
	}{
		"only the rest":       {second: "a4 a5"},
		"again":               {second: "a2 a3 a4 a5"},
		"lost at the cut":     {second: "a5", want: []history.Kind{history.Lost}},
		"lost at the end":     {second: "a4", want: []history.Kind{history.Lost}},
		"order":               {second: "a2 a5 a3 a4", want: []history.Kind{history.Disorder}},
		"never sent":          {second: "a4 a5 a6", want: []history.Kind{history.Foreign}},
		"again, out of order": {second: "a3 a2 a4 a5"},
	} {
		r := &record{History: history.History{AtLeastOnce: func(k string) bool { return k == key }}}
		first := r.open(key, "u")
		r.send(key, "a", 1, 5, history.Taken)
		came(first, "a1 a2 a3")
		first.Ended(history.Torn)
		came(r.open(key, "u"), c.second)
		expect(t, name, r.Judge(), c.want)
	}
}

// TestLostNode: its gap stands for as many messages as are missing before it, and for none that come later.
func TestLostNode(t *testing.T) {
	for name, c := range map[string]struct {
		second string
		want   []history.Kind
	}{
		"some are lost": {second: "a6"},
		"none is lost":  {second: "a3 a4 a5 a6"},
		"one is later":  {second: "a7", want: []history.Kind{history.Lost}},
	} {
		r := &record{}
		first := r.open(key, "u")
		r.send(key, "a", 1, 5, history.Taken)
		came(first, "a1 a2")
		first.Ended(history.Whole)
		second := r.open(key, "u")
		second.Frame("[" + gap(-1, "node_lost") + "]")
		r.send(key, "a", 6, 7, history.Taken)
		came(second, c.second)
		if c.want == nil {
			came(second, "a7")
		}
		expect(t, name, r.Judge(), c.want)
	}
	r := &record{}
	r.open(key, "u").Frame("[" + gap(-1, "overflow") + "]")
	expect(t, "a number that is known", r.Judge(), []history.Kind{history.Misannounced})
}

// expect compares what was found.
func expect(t *testing.T, name string, v history.Verdict, want []history.Kind) {
	t.Helper()
	var got []history.Kind
	for _, f := range v.Faults {
		got = append(got, f.Kind)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", name, v, want)
	}
}
