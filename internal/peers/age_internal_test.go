package peers

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		differences []time.Duration
		beats       []uint64
		want        []time.Duration
	}{
		"clocks that are far apart":                                       {[]time.Duration{-900 * s, -899 * s, -900 * s}, []uint64{1, 1, 2}, []time.Duration{0, s, 0}},
		"the first that comes is the fastest until there is a faster one": {[]time.Duration{7 * s, 9 * s, 5 * s, 9 * s}, []uint64{1, 1, 1, 1}, []time.Duration{0, 2 * s, 0, 4 * s}},
		"after a pause of any length the difference before still holds":   {[]time.Duration{s, 101 * s, 50 * s, s}, []uint64{1, 2, 2, 2}, []time.Duration{0, 100 * s, 49 * s, 0}},
		"and after a long silence":                                        {[]time.Duration{s, 101 * s}, []uint64{1, 5000}, []time.Duration{0, 100 * s}},
	} {
		var d delays
		for i, difference := range c.differences {
			if got := d.age(difference, c.beats[i]); got != c.want[i] {
				t.Errorf("%s: age %d is %s, want %s", name, i, got, c.want[i])
			}
		}
	}
}

// A sender whose clock stood still, as that of a machine does which is suspended, counts as slow for some heartbeats only.
func TestAgeHeals(t *testing.T) {
	var d delays
	d.age(0, 1)
	for beat := uint64(2); beat <= 3*delayBeats; beat++ {
		want := time.Minute
		if beat > delayBeats {
			want = 0
		}
		for range 3 {
			if got := d.age(time.Minute, beat); got != want {
				t.Fatalf("heartbeat %d: age %s, want %s", beat, got, want)
			}
		}
	}
}
