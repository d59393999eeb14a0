package cli

import (
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// rates makes frames of successive lists of sockets. The zero value is ready.
type rates struct {
	when time.Time
	seen map[string]seenSocket // by key
}

// seenSocket is what the last list said of a socket. It counts on over its connections; another
// socket under its key begins anew.
type seenSocket struct{ in, out int64 }

// watchFrame is what "sockets watch" knows at a moment, and the JSON it prints.
type watchFrame struct {
	Time    time.Time     `json:"time"`
	Sockets int           `json:"sockets"`
	Queued  int           `json:"queued"`          // messages
	In      *float64      `json:"bytes_in_per_s"`  // null at the first look
	Out     *float64      `json:"bytes_out_per_s"` // null at the first look
	Items   []watchSocket `json:"items"`           // the busiest first
	Missing []string      `json:"missing"`         // nodes that did not answer
	More    bool          `json:"more,omitempty"`  // there are sockets beyond --limit
}

// watchSocket is a socket with its rates, which are null at the first look.
type watchSocket struct {
	api.Socket
	In  *float64 `json:"bytes_in_per_s"`
	Out *float64 `json:"bytes_out_per_s"`
}

// frame compares a list with the one before.
func (r *rates) frame(list api.List[api.Socket], now time.Time) watchFrame {
	f := watchFrame{Time: now, Sockets: len(list.Items), Items: make([]watchSocket, 0, len(list.Items)), Missing: list.Missing, More: list.Next != ""}
	passed := now.Sub(r.when).Seconds()
	known := r.seen != nil && passed > 0
	if known {
		f.In, f.Out = new(float64), new(float64)
	}
	seen := make(map[string]seenSocket, len(list.Items))
	for _, s := range list.Items {
		item := watchSocket{Socket: s}
		if known {
			before := r.seen[s.Key]
			if s.BytesIn < before.in || s.BytesOut < before.out {
				before = seenSocket{}
			}
			in, out := float64(s.BytesIn-before.in)/passed, float64(s.BytesOut-before.out)/passed
			item.In, item.Out = &in, &out
			*f.In += in
			*f.Out += out
		}
		f.Queued += s.Queue.Messages
		f.Items = append(f.Items, item)
		seen[s.Key] = seenSocket{s.BytesIn, s.BytesOut}
	}
	sort.SliceStable(f.Items, func(i, j int) bool { return f.Items[i].rate() > f.Items[j].rate() })
	r.when, r.seen = now, seen
	return f
}

func (s watchSocket) rate() float64 {
	if s.In == nil {
		return 0
	}
	return *s.In + *s.Out
}

// totals is the line above the table.
func (f watchFrame) totals() string {
	text := count(f.Sockets, "socket") + ", in " + rateText(f.In) + ", out " + rateText(f.Out) + ", " + count(f.Queued, "message") + " waiting"
	if f.More {
		text += ", more beyond --limit"
	}
	for _, node := range f.Missing {
		text += ", " + node + " did not answer"
	}
	return text
}

// table lists the sockets, the headings first, in whole lines. The numbers come first, for what a narrow screen
// lacks is the end of a line; where one would not fit, keys go without what they all begin with. A width of 0 is
// unlimited.
func (f watchFrame) table(width int) []string {
	lines := f.lines("")
	for _, line := range lines {
		if width > 0 && utf8.RuneCountInString(line) > width {
			return f.lines("/services/")
		}
	}
	return lines
}

func (f watchFrame) lines(without string) []string {
	rows := make([][]string, 0, len(f.Items))
	states := make([]string, 0, len(f.Items))
	for _, s := range f.Items {
		rows = append(rows, []string{
			rateText(s.In), rateText(s.Out), strconv.Itoa(s.Queue.Messages),
			strings.TrimPrefix(s.Key, without), s.UserID, tagText(s.Tags),
		})
		states = append(states, s.State)
	}
	headings, rows := withStates([]string{"IN", "OUT", "QUEUED", "KEY", "USER", "TAGS"}, rows, states, 4)
	return tableLines(headings, rows, 0)
}

func rateText(rate *float64) string {
	if rate == nil {
		return "-"
	}
	return byteText(*rate) + "/s"
}
