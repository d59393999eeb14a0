package timetable

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// entry is what the nodes share about one agent. Moments are Unix seconds, those of leases milliseconds.
type entry struct {
	Name  string `json:"name"`
	Times string `json:"times"`          // what the ticks were computed from
	Tick  int64  `json:"tick"`           // the newest that was decided on
	Wait  int64  `json:"wait,omitempty"` // one that waits for the end of the run; 0: none
	Run   *lease `json:"run,omitempty"`  // the run that goes on
	Last  *last  `json:"last,omitempty"` // the newest run that has ended
	Skip  *skip  `json:"skip,omitempty"` // the newest tick that was not run
}

// lease is a run that goes on, and the promise of its node to say so again in time.
type lease struct {
	Node  string `json:"node"`
	Life  string `json:"life"` // which start of the node
	Run   string `json:"run,omitempty"`
	Tick  int64  `json:"tick"`
	Since int64  `json:"since"`
	Until int64  `json:"until"`
}

// last is how a run ended.
type last struct {
	Run   string `json:"run,omitempty"`
	Node  string `json:"node"`
	State string `json:"state"`
	Tick  int64  `json:"tick"`
	Began int64  `json:"began"`
	Ended int64  `json:"ended"`
}

// skip is a tick that nobody ran.
type skip struct {
	Tick   int64  `json:"tick"`
	Reason string `json:"reason"`
}

// lapsed says whether the promise was not kept.
func (l *lease) lapsed(now time.Time) bool { return now.UnixMilli() > l.Until }

// keyOf makes a key of the bucket of the name of an agent, which is any text.
func keyOf(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func (e *entry) encode() []byte {
	data, err := json.Marshal(e)
	if err != nil {
		panic(err) // there is nothing in it that cannot be written
	}
	return data
}
