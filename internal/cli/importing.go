package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

const (
	// importsAtOnce bounds the lines that are on their way to the server, importBytesAtOnce their size; one may be larger.
	importsAtOnce     = 16
	importBytesAtOnce = 4 << 20
)

// importing is an import under way. Several lines are on their way at once, two of the same key never, so that the
// last one wins; outcomes are taken in the order of the lines. It belongs to one goroutine.
type importing struct {
	p      *program
	client *api.Client
	flags  importFlags
	shown  *dataProgress

	done    imported
	waiting []*sentLine
	bytes   int             // of the lines that wait
	keys    map[string]bool // of those that wait
}

// sentLine is a line whose outcome has not been taken.
type sentLine struct {
	number, size int
	key          string
	outcome      chan error // nil for a line that was not sent
	wrong        error      // why it was not
}

// read sends line after line.
func (i *importing) read(ctx context.Context, in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxImportLine)
	for n := 1; lines.Scan(); n++ {
		text := lines.Bytes()
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		sent := &sentLine{number: n, size: len(text) + 1}
		line, err := parseDataLine(text)
		sent.key, sent.wrong = line.Key, err
		if err := i.makeRoom(sent); err != nil {
			return err
		}
		i.waiting, i.bytes = append(i.waiting, sent), i.bytes+sent.size
		if sent.wrong != nil {
			if !i.flags.skip { // nothing behind it is to be stored
				return i.settle(len(i.waiting))
			}
			continue
		}
		i.keys[sent.key] = true
		sent.outcome = make(chan error, 1)
		go func() { sent.outcome <- storeLine(ctx, i.client, line) }()
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line is longer than %d bytes, more than any value may have", maxImportLine)
	}
	if lines.Err() != nil {
		return fmt.Errorf("read the lines: %w", lines.Err())
	}
	return nil
}

// makeRoom takes outcomes until a line may be sent.
func (i *importing) makeRoom(next *sentLine) error {
	for len(i.waiting) > 0 && (len(i.waiting) >= importsAtOnce || i.bytes+next.size > importBytesAtOnce || i.keys[next.key]) {
		if err := i.settle(1); err != nil {
			return err
		}
	}
	return nil
}

// settle takes the outcomes of the next lines. After the first that fails those of all others are waited for.
func (i *importing) settle(lines int) (err error) {
	for ; lines > 0 && len(i.waiting) > 0; lines-- {
		if err = i.take(i.waiting[0]); err != nil {
			break
		}
		i.waiting = i.waiting[1:]
	}
	if err == nil {
		return nil
	}
	for _, other := range i.waiting[1:] {
		if other.outcome != nil && <-other.outcome == nil {
			i.done.Imported++
		}
	}
	i.waiting = nil
	return err
}

// take notes the outcome of a line.
func (i *importing) take(sent *sentLine) error {
	err := sent.wrong
	if sent.outcome != nil {
		err = <-sent.outcome
		delete(i.keys, sent.key)
	}
	i.bytes -= sent.size
	var wrong *lineError
	switch {
	case err == nil:
		i.done.Imported++
		i.shown.add(1, int64(sent.size))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped at line %d: the lines before it are stored, of those behind it a few may be; the import may be repeated", sent.number)
	case !errors.As(err, &wrong):
		return fmt.Errorf("line %d was not stored: %w; the lines before it are stored, of those behind it a few may be", sent.number, err)
	case !i.flags.skip:
		return fmt.Errorf("line %d: %w; the lines before it are stored, --skip-errors goes on", sent.number, err)
	default:
		i.done.Skipped++
		i.shown.add(0, int64(sent.size))
		i.shown.clear()
		fmt.Fprintf(i.p.Stderr, "line %d: %v\n", sent.number, err)
	}
	return nil
}
