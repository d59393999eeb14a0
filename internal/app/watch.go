package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is how long nothing must happen before the folder is read again: editors save in
	// several steps. settleMost ends the waiting where something happens all the time.
	settle     = 20 * time.Millisecond
	settleMost = 60 * time.Millisecond
	// secondLook is how long a script that is gone or empty all of a sudden gets to come back: some
	// editors remove or empty a file before they write it.
	secondLook = 30 * time.Millisecond
)

// Change says what a new snapshot has brought.
type Change struct {
	Snapshot *Snapshot
	Updated  []string  // addresses of scripts that are new or have a new program
	Removed  []string  // addresses of scripts that are gone
	Problems []Problem // problems the snapshot before did not have
	Solved   []string  // addresses of files that had problems and have none now
}

// empty reports whether nothing changed that anybody could notice.
func (c Change) empty() bool {
	return len(c.Updated)+len(c.Removed)+len(c.Problems)+len(c.Solved) == 0
}

// Watch reads the folder again whenever files in it change, until ctx ends; then it returns nil.
// onChange is called, never twice at once, after the new snapshot is in force. Runs that began with
// an older snapshot are not touched. The embedded sample never changes: Watch just waits.
//
// If the folder itself is removed the last snapshot stays in force and Watch returns an error that
// wraps [fs.ErrNotExist]. Other errors say why the folder cannot be watched. An App has one Watch
// at a time.
func (a *App) Watch(ctx context.Context, onChange func(Change)) error {
	if a.cfg.Dir == "" {
		<-ctx.Done()
		return nil
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch app folder %s: %w", a.cfg.Dir, err)
	}
	defer func() { _ = notify.Close() }() // nothing to be done about it
	w := &watcher{app: a, notify: notify, onChange: onChange}
	// What changed between Load and now counts too.
	if err := w.look(); err != nil {
		return err
	}
	return w.loop(ctx)
}

// watcher is one Watch in progress.
type watcher struct {
	app      *App
	notify   *fsnotify.Watcher
	onChange func(Change)
	// folders are the folders the app is made of, by path from the app folder, and whether they exist.
	folders map[string]bool
	// again is when the folder is to be read, zero while nothing calls for it; latest is the last
	// moment the present series of events may delay it to.
	again, latest time.Time
	// doubted: something vanished at the last look, which the next one believes.
	doubted bool
}

func (w *watcher) loop(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		if !w.again.IsZero() {
			wait = time.Until(w.again)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case event := <-w.notify.Events:
			if w.matters(event) {
				w.postpone()
			}
		case err := <-w.notify.Errors:
			// Events were lost, or one could not be read: look at everything.
			if err != nil {
				w.postpone()
			}
		case <-timer.C:
			if w.again.IsZero() {
				continue
			}
			w.again, w.latest = time.Time{}, time.Time{}
			if err := w.look(); err != nil {
				return err
			}
		}
	}
}

// postpone waits until the present series of events is over.
func (w *watcher) postpone() {
	now := time.Now()
	if w.latest.IsZero() {
		w.latest = now.Add(settleMost)
	}
	w.again = now.Add(settle)
	if w.again.After(w.latest) {
		w.again = w.latest
	}
}

// matters tells events of files and folders an app is made of from the rest of the app folder,
// where other programs may write all the time.
func (w *watcher) matters(event fsnotify.Event) bool {
	name, err := filepath.Rel(w.app.cfg.Dir, event.Name)
	if err != nil {
		return true
	}
	name = filepath.ToSlash(name)
	base := path.Base(name)
	switch {
	case name == ".":
		return true
	case strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~"):
		return false
	}
	_, ours := w.folders[name]
	return ours || strings.Contains(name, "/")
}

// look reads the folder and puts the new snapshot in force, unless something vanished that may come
// back in a moment.
func (w *watcher) look() error {
	old := w.app.snapshot.Load()
	snap, err := w.scan(old)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil {
		snap = old.unreadable(w.app.cfg.Dir, err)
	}
	change := difference(old, snap)
	if !w.doubted && vanished(old, snap) {
		w.doubted = true
		w.again = time.Now().Add(secondLook)
		w.latest = w.again
		return nil
	}
	w.doubted = false
	w.app.snapshot.Store(snap)
	if !change.empty() {
		w.onChange(change)
	}
	return nil
}

// scan reads the folder with all its subfolders watched: one that appears while it is read is
// watched first and read then.
func (w *watcher) scan(old *Snapshot) (*Snapshot, error) {
	for {
		snap, folders, err := w.app.scan(old)
		if err != nil {
			return nil, err
		}
		w.folders = folders
		more, err := w.watchAll(folders)
		if err != nil {
			return nil, err
		}
		if !more {
			return snap, nil
		}
	}
}

// watchAll watches the folders that exist. more reports whether the app folder must be read again:
// one of them was not watched before, or is gone.
func (w *watcher) watchAll(folders map[string]bool) (more bool, err error) {
	known := make(map[string]bool)
	for _, dir := range w.notify.WatchList() {
		known[dir] = true
	}
	for folder, exists := range folders {
		if !exists {
			continue
		}
		dir := filepath.Join(w.app.cfg.Dir, filepath.FromSlash(folder))
		// Added even if known: another folder may have taken the place of the one watched.
		err := w.notify.Add(dir)
		if errors.Is(err, fs.ErrNotExist) {
			more = true // gone since it was seen: look again, it may be the app folder itself
			continue
		}
		if err != nil {
			return more, fmt.Errorf("watch %s: %w", dir, err)
		}
		more = more || !known[dir]
	}
	return more, nil
}

// unreadable is the snapshot with one problem more: the app folder cannot be read at the moment.
func (s *Snapshot) unreadable(dir string, err error) *Snapshot {
	p := Problem{URL: dir, Message: err.Error(), Kept: true}
	if slices.Contains(s.problems, p) {
		return s
	}
	kept := *s
	kept.problems = append(slices.Clone(s.problems), p)
	return &kept
}

// vanished reports whether a script is gone, or its text is, since old.
func vanished(old, snap *Snapshot) bool {
	for _, kind := range []Kind{Service, Library, Agent} {
		for name, was := range old.table(kind) {
			is := snap.table(kind)[name]
			if is == nil || is != was && (!is.read || is.tried == "") {
				return true
			}
		}
	}
	return false
}

// difference describes the way from old to snap.
func difference(old, snap *Snapshot) Change {
	c := Change{Snapshot: snap}
	for _, kind := range []Kind{Service, Library, Agent} {
		for _, is := range sorted(snap.table(kind)) {
			was := old.table(kind)[is.Name]
			if was == nil || was.Program != is.Program || was.URL != is.URL {
				c.Updated = append(c.Updated, is.URL)
			}
		}
		for _, was := range sorted(old.table(kind)) {
			if snap.table(kind)[was.Name] == nil {
				c.Removed = append(c.Removed, was.URL)
			}
		}
	}
	for _, p := range snap.problems {
		if !slices.Contains(old.problems, p) {
			c.Problems = append(c.Problems, p)
		}
	}
	for _, p := range old.problems {
		ofSame := func(q Problem) bool { return q.URL == p.URL }
		if !slices.ContainsFunc(snap.problems, ofSame) && !slices.Contains(c.Solved, p.URL) {
			c.Solved = append(c.Solved, p.URL)
		}
	}
	return c
}
