package runs

import (
	"context"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/logs"
)

// Bounds of what a reader gets at once: enough to make a write cheap, few enough
// to leave the room to new lines.
const (
	maxTakenLines = 256
	maxTakenBytes = 64 << 10 // of text; one line may be longer
)

// Reader reads the lines of a run, from one goroutine. While it reads, the lines
// stay as long as those of a run that goes on.
type Reader struct {
	run   *Run
	next  int // number of the line to read
	close func()
}

// Read returns a reader of the lines behind the one with the number after: 0
// is all that are kept. A number that the run has not reached yet means all too:
// it must be another run's. The caller closes the reader.
func (r *Run) Read(after int) *Reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers++
	if after < 0 || after > r.kept.total {
		after = 0
	}
	reader := &Reader{run: r, next: after + 1}
	reader.close = sync.OnceFunc(func() {
		r.mu.Lock()
		r.readers--
		r.trim()
		ended := !r.ended.IsZero()
		r.mu.Unlock()
		if ended {
			r.registry.settle(r)
		}
	})
	return reader
}

// Run returns the run that is read.
func (d *Reader) Run() *Run { return d.run }

// Close says that nobody reads here any more. It may be called twice.
func (d *Reader) Close() { d.close() }

// Next waits for lines and returns some, with the number of the first: a run's lines
// are numbered from 1. Those that gave way before the first were skipped. Without
// lines the run has ended and all were read, or ctx has ended, whose error is returned.
func (d *Reader) Next(ctx context.Context) (lines []logs.Line, first, skipped int, err error) {
	for {
		lines, first, skipped, news := d.take()
		if len(lines) > 0 || news == nil {
			return lines, first, skipped, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, 0, 0, ctx.Err()
		}
	}
}

// take returns lines that are there, or what tells of new ones; neither at the end.
func (d *Reader) take() (lines []logs.Line, first, skipped int, news <-chan struct{}) {
	r := d.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if oldest := r.kept.first(); d.next < oldest {
		skipped, d.next = oldest-d.next, oldest
	}
	waiting := r.kept.lines[d.next-r.kept.first():]
	n := 0
	for bytes := 0; n < len(waiting) && n < maxTakenLines && bytes < maxTakenBytes; n++ {
		bytes += len(waiting[n].Text)
	}
	first = d.next
	if n == 0 {
		d.next -= skipped // to be told with the next line, if one comes
		if r.ended.IsZero() {
			news = r.change()
		}
		return nil, first, 0, news
	}
	d.next += n
	return append([]logs.Line(nil), waiting[:n]...), first, skipped, nil
}

// Wait returns what is known of the run once it has ended, or the error of ctx.
func (r *Run) Wait(ctx context.Context) (Info, error) {
	for {
		r.mu.Lock()
		ended, news := !r.ended.IsZero(), r.change()
		r.mu.Unlock()
		if ended {
			return r.Info(), nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return Info{}, ctx.Err()
		}
	}
}
