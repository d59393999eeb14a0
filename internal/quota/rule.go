package quota

import (
	"fmt"
	"math"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Kind is what is limited.
type Kind uint8

// The kinds.
const (
	Handshakes Kind = iota
	Messages
	Bytes
	Compute
	kinds
)

// kindNames are the kinds as settings and metrics have them.
var kindNames = [kinds]string{"handshakes", "messages", "bytes", "compute"}

// Limits are what one user, or one address, may take for long; 0 is any amount.
type Limits struct {
	Handshakes int   // a minute
	Messages   int   // a second
	Bytes      int64 // a second
	Compute    int   // percent of one processor
}

func (l Limits) none() bool { return l == Limits{} }

// Rule is one limit: what a user or an address may take of one kind.
type Rule struct {
	setting string
	text    string
	each    float64 // how long it takes until one is there again, in nanoseconds; of compute, one nanosecond
	burst   int64   // how long it takes until an empty bucket is full, in nanoseconds

	slowed, refused *metrics.Counter
}

// Setting returns the name of the setting to raise, such as limits.user_messages.
func (r *Rule) Setting() string { return r.setting }

// String says what has been exceeded, for the client: it names the setting, and fits a close frame.
func (r *Rule) String() string { return r.text }

// CountRefusal counts a refusal that whoever asked has decided on: one who was slowed down for too long. Those of a
// [Verdict] are counted.
func (r *Rule) CountRefusal() { r.refused.Inc() }

// cost is how long it takes until an amount is there again, in nanoseconds.
func (r *Rule) cost(amount int64) int64 {
	return int64(min(r.each*float64(amount), math.MaxInt64/4))
}

// owner is whose accounts are meant, as settings and metrics have it.
type owner string

const (
	users     owner = "user"
	addresses owner = "address"
)

// rules makes the rules of an owner; nil for a kind without a limit.
func (o owner) rules(l Limits, surge time.Duration, outcomes *metrics.Counters) (all [kinds]*Rule) {
	set := func(kind Kind, each float64, text string, args ...any) {
		setting := "limits." + string(o) + "_" + kindNames[kind]
		all[kind] = &Rule{
			setting: setting, text: "this " + string(o) + " " + fmt.Sprintf(text, args...) + " (" + setting + ")",
			each:    each,
			burst:   max(int64(surge), int64(math.Ceil(each))), // one must fit
			slowed:  outcomes.With(string(o), kindNames[kind], "slowed"),
			refused: outcomes.With(string(o), kindNames[kind], "refused"),
		}
	}
	if n := l.Handshakes; n > 0 {
		set(Handshakes, float64(time.Minute)/float64(n), "connects more than %d times a minute", n)
	}
	if n := l.Messages; n > 0 {
		set(Messages, float64(time.Second)/float64(n), "sends more than %d messages a second", n)
	}
	if n := l.Bytes; n > 0 {
		set(Bytes, float64(time.Second)/float64(n), "sends more than %s a second", size(n))
	}
	if n := l.Compute; n > 0 {
		set(Compute, 100/float64(n), "keeps scripts at work for more than %d %% of a processor", n)
	}
	return all
}

// size writes a number of bytes as people do.
func size(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d %s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// Verdict is the answer to who wants to take something. The zero value lets him.
type Verdict struct {
	// Wait is how long it takes until nothing is owed. What is allowed is to wait so long.
	Wait time.Duration
	// Refused says that this is too long: what was asked for is not to be done, and is not charged.
	Refused bool
	// Rule is the limit that is exceeded; nil where nobody waits.
	Rule *Rule
	// Busy says that more than half was gone already of what there is of messages, bytes or script time: there
	// was no pause.
	Busy bool
}

// and joins the verdicts on a user and on an address: both have to be content.
func (v Verdict) and(w Verdict) Verdict {
	busy := v.Busy || w.Busy
	if w.Refused && !v.Refused || w.Refused == v.Refused && w.Wait > v.Wait {
		v = w
	}
	v.Busy = busy
	return v
}
