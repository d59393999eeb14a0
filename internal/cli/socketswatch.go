package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// leastInterval keeps a watcher from being a load.
const leastInterval = 100 * time.Millisecond

// watchFlags are the flags of "sockets watch".
type watchFlags struct {
	listFlags
	interval time.Duration
	count    int
}

func (p *program) socketsWatch(t *target) *cobra.Command {
	var flags watchFlags
	c := &cobra.Command{
		Use:   "watch",
		Short: "Watch sockets and their traffic",
		Long: "Watch the open sockets, and detached ones if the filter names $state: bytes per second in\n" +
			"and out, what waits in their queues, the busiest first. On a terminal the table is drawn\n" +
			"anew at each interval until q or Ctrl-C; elsewhere each interval gives a block of text, or\n" +
			"a line of JSON with --json. A server that is restarted is waited for.",
		Example: examples(
			"tutorsocket sockets watch"+untilCtrlC,
			"tutorsocket sockets watch --count 2 --interval 200ms --json",
			"tutorsocket sockets watch --filter '$socket_type:ws_group' --count 1",
		),
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			return p.watchSockets(c.Context(), t, flags)
		},
	}
	p.addList(c, &flags.listFlags)
	c.Flags().DurationVar(&flags.interval, "interval", time.Second, "`TIME` between two looks")
	c.Flags().IntVar(&flags.count, "count", 0, "end after `N` looks (default: go on)")
	return c
}

func (f *watchFlags) check() error {
	if err := f.listFlags.check(); err != nil {
		return err
	}
	if f.interval < leastInterval {
		return usagef("--interval is %v, the least is %v", f.interval, leastInterval)
	}
	if f.count < 0 {
		return usagef("--count is %d, it must be positive", f.count)
	}
	return nil
}

// watchSockets looks at the sockets again and again. The first look must succeed; later ones may fail, which is
// shown, and the next one is another try.
func (p *program) watchSockets(ctx context.Context, t *target, flags watchFlags) error {
	client, err := p.client(t)
	if err != nil {
		return err
	}
	list, err := collectSockets(ctx, client, flags.listFlags)
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	w := &watcher{program: p, target: t, flags: flags, client: client}
	frame := w.rates.frame(list, p.Now())
	if !p.Terminal || flags.json {
		return unlessInterrupted(ctx, w.print(ctx, frame))
	}
	return unlessInterrupted(ctx, w.draw(ctx, frame))
}

// unlessInterrupted is the error, but nil when the user ended the command.
func unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// watcher is one run of "sockets watch".
type watcher struct {
	*program
	target *target
	flags  watchFlags
	client *api.Client
	rates  rates
}

// look gets the next frame. After a failure it looks up anew where the server is: one that was restarted has
// another token.
func (w *watcher) look(ctx context.Context) (watchFrame, error) {
	list, err := collectSockets(ctx, w.client, w.flags.listFlags)
	if err == nil {
		return w.rates.frame(list, w.Now()), nil
	}
	if client, again := w.program.client(w.target); again == nil {
		w.client = client
	}
	return watchFrame{}, err
}

// print writes a block or a line of JSON for each look. Whoever named a filter or a token that the server does
// not take is told so and the command ends.
func (w *watcher) print(ctx context.Context, frame watchFrame) error {
	failing := false
	for n := 1; ; {
		if !failing {
			if err := w.printFrame(frame); err != nil {
				return err
			}
			if n++; w.flags.count > 0 && n > w.flags.count {
				return nil
			}
		}
		if err := pause(ctx, w.flags.interval); err != nil {
			return err
		}
		next, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !mayPass(err):
			return err
		case err != nil && !failing:
			fmt.Fprintf(w.Stderr, "%v; trying again, Ctrl-C ends this\n", err)
		case err == nil && failing:
			fmt.Fprintln(w.Stderr, "the server is back")
		}
		failing, frame = err != nil, next
	}
}

// mayPass says whether a later look may succeed where this one failed. A refused token may be that of a server
// that was restarted.
func mayPass(err error) bool {
	var refusal *api.Refusal
	return !errors.As(err, &refusal) || refusal.Status >= 500 || refusal.Status == http.StatusUnauthorized
}

func (w *watcher) printFrame(frame watchFrame) error {
	if w.flags.json {
		return w.printJSONLine(frame)
	}
	lines := append([]string{frame.totals()}, frame.table(0)...)
	if _, err := io.WriteString(w.Stdout, strings.Join(lines, "\n")+"\n\n"); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// Sequences of a terminal.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l" // the alternate screen, without a cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	home        = "\x1b[H"
	clearLine   = "\x1b[K" // from the cursor on
	clearBelow  = "\x1b[J"
)

// sizeCheck is how often the size of the terminal is looked at: that is the same on every system, unlike the
// signal that it has changed.
const sizeCheck = 200 * time.Millisecond

// draw shows the frames on the alternate screen until q, Ctrl-C or the last one wanted.
func (w *watcher) draw(ctx context.Context, frame watchFrame) error {
	keyboard, restore := w.keys()
	defer restore()
	if _, err := io.WriteString(w.Stdout, enterScreen); err != nil {
		return fmt.Errorf("write to the terminal: %w", err)
	}
	defer func() { _, _ = io.WriteString(w.Stdout, leaveScreen) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if keyboard != nil {
		// A read of a terminal cannot be broken off; the process ends with the command.
		go func() {
			if readQuit(keyboard) {
				cancel()
			}
		}()
	}
	err := w.redraw(ctx, frame)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// readQuit reads keys until one of them ends the command; false if there are no more keys.
func readQuit(keyboard io.Reader) bool {
	key := make([]byte, 1)
	for {
		if _, err := keyboard.Read(key); err != nil {
			return false
		}
		if key[0] == 'q' || key[0] == 'Q' || key[0] == 3 {
			return true
		}
	}
}

// redraw draws when there is something new, or the terminal has another size.
func (w *watcher) redraw(ctx context.Context, frame watchFrame) error {
	looks := time.NewTicker(w.flags.interval)
	defer looks.Stop()
	sizes := time.NewTicker(sizeCheck)
	defer sizes.Stop()
	columns, rows := w.size()
	trouble := ""
	for n := 1; ; {
		if _, err := io.WriteString(w.Stdout, w.picture(frame, trouble, columns, rows)); err != nil {
			return fmt.Errorf("write to the terminal: %w", err)
		}
		if w.flags.count > 0 && n >= w.flags.count {
			return nil
		}
		looked, err := w.wait(ctx, looks, sizes, &columns, &rows)
		if err != nil {
			return err
		}
		if !looked {
			continue
		}
		next, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !mayPass(err):
			return err
		case err != nil:
			trouble = err.Error() + "; trying again"
		default:
			frame, trouble = next, ""
			n++
		}
	}
}

// wait returns when the next look is due (true) or the size of the terminal has changed (false).
func (w *watcher) wait(ctx context.Context, looks, sizes *time.Ticker, columns, rows *int) (look bool, err error) {
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-looks.C:
			return true, nil
		case <-sizes.C:
			c, r := w.size()
			if c != *columns || r != *rows {
				*columns, *rows = c, r
				return false, nil
			}
		}
	}
}

// picture is what the screen shows: at most so many rows of so many columns.
func (w *watcher) picture(frame watchFrame, trouble string, columns, rows int) string {
	if rows <= 0 {
		rows = 24
	}
	if columns <= 0 {
		columns = helpWidth
	}
	at := w.client.Server()
	if w.flags.filter != "" {
		at += "  " + w.flags.filter
	}
	status := w.colour("2", cutCell(firstLine("q or Ctrl-C ends; every "+w.flags.interval.String()), columns))
	if trouble != "" {
		status = w.red(cutCell(firstLine(trouble), columns))
	}
	table := frame.table(columns)
	room := max(rows-4, 1)
	if len(table) > room {
		hidden := len(table) - room + 1
		table = append(table[:room-1:room-1], fmt.Sprintf("and %d more", hidden))
	}
	for i, line := range table {
		table[i] = cutCell(line, columns)
	}
	table[0] = w.bold(table[0])
	lines := append([]string{
		cutCell(firstLine(frame.Time.Local().Format(time.TimeOnly)+"  "+at), columns),
		w.bold(cutCell(frame.totals(), columns)),
		"",
	}, table...)
	lines = append(lines, status)
	return home + strings.Join(lines, clearLine+"\r\n") + clearLine + clearBelow
}
