package cli

import (
	"fmt"
	"io"
	"time"
)

// dataProgress shows on standard error how far work with user data is, if a person looks.
type dataProgress struct {
	out   io.Writer // nil: nobody looks
	now   func() time.Time
	verb  string
	total int64 // steps in all; 0: not known

	began, shown time.Time
	values       int
	steps        int64
	visible      bool
}

// progressInterval is how often the line changes, at most.
const progressInterval = 200 * time.Millisecond

func (p *program) newDataProgress(verb string, total int64) *dataProgress {
	d := &dataProgress{now: p.Now, verb: verb, total: total}
	if p.Progress {
		d.out = p.Stderr
	}
	d.began = d.now()
	d.shown = d.began
	return d
}

// add notes values and steps that are done.
func (d *dataProgress) add(values int, steps int64) {
	d.values += values
	d.steps += steps
	if d.out == nil {
		return
	}
	if now := d.now(); now.Sub(d.shown) >= progressInterval {
		d.shown, d.visible = now, true
		fmt.Fprint(d.out, "\r\x1b[K"+d.text(now))
	}
}

// text is the line: how many, which part of all, how fast, how much longer.
func (d *dataProgress) text(now time.Time) string {
	spent := now.Sub(d.began)
	line := fmt.Sprintf("%d %s", d.values, d.verb)
	if d.total > 0 {
		line += fmt.Sprintf(", %d %%", min(100, d.steps*100/d.total))
	}
	if spent > 0 {
		line += fmt.Sprintf(", %.0f/s", float64(d.values)/spent.Seconds())
	}
	if d.total > d.steps && d.steps*100 >= d.total { // less says nothing of the rest
		left := time.Duration(float64(spent) / float64(d.steps) * float64(d.total-d.steps))
		line += ", " + left.Round(time.Second).String() + " left"
	}
	return line
}

// clear removes the line, so that another can be printed.
func (d *dataProgress) clear() {
	if d.visible {
		d.visible = false
		fmt.Fprint(d.out, "\r\x1b[K")
	}
}
