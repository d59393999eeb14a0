package peers

import "time"

// A request must not be carried out when its asker has given up: he may have gone elsewhere, and come back to
// an older state. That happens after this process stood still, or when its handlers cannot keep up. Requests
// say when they were sent and how long their sender waits; both clocks count from the start of a process and
// are never set. How far they are apart is not known: of all that comes from a node, the least difference
// between here and there counts as no age at all. So an age is never thought to be more than it is, except
// when the machine of the sender was suspended as a whole and its clock with it: until the older
// differences are forgotten.

// delayBeats is for how many heartbeats in which something came from a node a difference is remembered. Not the
// time decides: after a pause of any length what was known before still holds.
const delayBeats = 10

// delays are the least differences between the clock here and that of another node, by heartbeat. The dispatcher's.
type delays struct {
	beat  uint64 // of the latest
	least [delayBeats]time.Duration
	used  int
	at    int
}

// age notes the difference at which something has come during a heartbeat, and returns how old it is.
func (d *delays) age(difference time.Duration, beat uint64) time.Duration {
	switch {
	case d.used == 0:
		d.used, d.beat = 1, beat
		d.least[0] = difference
	case d.beat != beat:
		d.beat = beat
		d.at = (d.at + 1) % delayBeats
		d.used = min(max(d.used, d.at+1), delayBeats)
		d.least[d.at] = difference
	default:
		d.least[d.at] = min(d.least[d.at], difference)
	}
	smallest := difference
	for _, other := range d.least[:d.used] {
		smallest = min(smallest, other)
	}
	return difference - smallest
}

// maxPatience bounds what a frame may say about the patience of its sender.
const maxPatience = 24 * time.Hour

// patience is how long the sender of a request waits.
func (f *frame) patience() time.Duration {
	return time.Duration(min(f.wait, uint64(maxPatience/time.Millisecond))) * time.Millisecond
}

// stampFor says when a frame is sent that is being written, 0 for kinds that do not say.
func (p *Peers) stampFor(k kind) uint64 {
	switch k {
	case kindRequest, kindHello, kindHere:
		return uint64(p.cfg.clock()/time.Millisecond) + 1
	}
	return 0
}

// ageOf returns how long ago a frame was sent, at least. Called by the dispatcher.
func (p *Peers) ageOf(f *frame, now time.Duration, known names) time.Duration {
	difference := now - time.Duration(f.sent)*time.Millisecond
	return known.of(f).delays.age(difference, p.beats.Load())
}
