package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	// presence is how often the watch makes sure that the app folder is still the one it watches: a
	// folder that is gone sends no events when it is back.
	presence = 200 * time.Millisecond
)

// Change says what a new snapshot has brought.
type Change struct {
	Snapshot *Snapshot
	Updated  []string  // addresses of scripts that are new or have a new program
	New      []*Script // the scripts of Updated
	Removed  []string  // addresses of scripts that are gone
	Problems []Problem // problems the snapshot before did not have
	Solved   []string  // addresses of files that had problems and have none now
}

// empty reports whether nothing changed that anybody could notice.
func (c Change) empty() bool {
	return len(c.Updated)+len(c.Removed)+len(c.Problems)+len(c.Solved) == 0
}

// Watch reads the folder again whenever files in it change, until ctx ends; then it returns nil.
// onChange is called, never twice at once, after the new snapshot is in force, be it because of Watch
// or of [App.Write], which onChange must not call. Runs that began with
// an older snapshot are not touched. The embedded sample never changes: Watch just waits.
//
// While the folder is gone or cannot be read the last snapshot stays in force, with a problem whose
// URL is [App.Dir]; Watch goes on when the folder is back, be it another one. An error means that
// the system lets nothing be watched. An App has one Watch at a time.
func (a *App) Watch(ctx context.Context, onChange func(Change)) error {
	if a.cfg.Dir == "" {
		<-ctx.Done()
		return nil
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch app folder %s: %w", a.cfg.Dir, err)
	}
	w := &watcher{app: a, notify: notify}
	a.setOnChange(onChange)
	defer a.setOnChange(nil)
	defer func() { _ = w.notify.Close() }() // nothing to be done about it
	w.look()                                // what changed between Load and now counts too
	w.loop(ctx)
	return nil
}

func (a *App) setOnChange(onChange func(Change)) {
	a.writing.Lock()
	defer a.writing.Unlock()
	a.onChange = onChange
}

// watcher is one Watch in progress.
type watcher struct {
	app    *App
	notify *fsnotify.Watcher
	// root is the app folder that is being watched, nil if there is none at the moment.
	root fs.FileInfo
	// replaced: a folder of the app went or came, so that notify may be about folders of old.
	replaced bool
	// folders are the folders the app is made of, by path from the app folder, and whether they exist.
	folders map[string]bool
	// again is when the folder is to be read, zero while nothing calls for it; latest is the last
	// moment the present series of events may delay it to.
	again, latest time.Time
	// doubts are what the last look found and did not believe.
	doubts doubts
}

func (w *watcher) loop(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	rounds := time.NewTicker(presence)
	defer rounds.Stop()
	for {
		wait := time.Hour
		if !w.again.IsZero() {
			wait = time.Until(w.again)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case event := <-w.notify.Events:
			w.event(event)
		case err := <-w.notify.Errors:
			// Events were lost, or one could not be read: look at everything.
			if err != nil {
				w.event(fsnotify.Event{Name: w.app.cfg.Dir, Op: fsnotify.Remove})
			}
		case <-rounds.C:
			if w.again.IsZero() && !w.present() {
				w.postpone()
			}
		case <-timer.C:
			if !w.again.IsZero() {
				w.again, w.latest = time.Time{}, time.Time{}
				w.look()
			}
		}
	}
}

// present reports whether the app folder is the one that is being watched.
func (w *watcher) present() bool {
	info, err := os.Stat(w.app.cfg.Dir)
	return err == nil && w.root != nil && os.SameFile(info, w.root)
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

// event takes note of an event.
func (w *watcher) event(event fsnotify.Event) {
	name, err := filepath.Rel(w.app.cfg.Dir, event.Name)
	if err != nil {
		name = "."
	}
	name = filepath.ToSlash(name)
	if !w.matters(name) {
		return
	}
	w.doubts.happened(name)
	if _, isFolder := w.folders[name]; isFolder && event.Op&(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) != 0 {
		w.replaced = true
	}
	w.postpone()
}

// matters tells files and folders an app is made of from the rest of the app folder, where other
// programs may write all the time.
func (w *watcher) matters(name string) bool {
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

// look reads the folder and puts the new snapshot in force. What is gone or broken all of a sudden
// stays as it was until a later look confirms it; the rest of the app does not wait for it.
func (w *watcher) look() {
	w.app.writing.Lock()
	defer w.app.writing.Unlock()
	old := w.app.snapshot.Load()
	look := glance{began: time.Now(), patience: w.app.patience}
	snap, err := w.scan(old)
	look.ended = time.Now()
	open := doubts{}
	switch {
	case err == nil:
		for _, was := range doubtful(old, snap) {
			if file := filePath(was.URL); open.carry(w.doubts, file, snap.stamps[file], look) {
				snap.hold(old, was)
			}
		}
	case open.carry(w.doubts, ".", stamp{}, look):
		snap = old
	default:
		snap = old.unreadable(w.app.cfg.Dir, err)
	}
	w.doubts, w.again = open, open.next(look.ended)
	w.app.replace(old, snap, nil)
}

// replace puts a snapshot in force, calls inForce if there is one, and tells whoever watches what the
// snapshot has brought. Called with writing held.
func (a *App) replace(old, snap *Snapshot, inForce func()) {
	change := difference(old, snap)
	a.snapshot.Store(snap)
	if inForce != nil {
		inForce()
	}
	if change.empty() {
		return
	}
	a.reloads.Inc()
	if a.onChange != nil {
		a.onChange(change)
	}
}

// scan reads the folder with all its subfolders watched: one that appears while it is read is
// watched first and read then. After an error it is not known what is watched.
func (w *watcher) scan(old *Snapshot) (snap *Snapshot, err error) {
	if !w.present() || w.replaced {
		if err := w.renew(); err != nil {
			return nil, err
		}
	}
	for more := true; more; {
		snap, w.folders, err = w.app.scan(old)
		if err == nil {
			more, err = w.watchAll(w.folders)
		}
		if err != nil {
			w.root = nil
			return nil, err
		}
	}
	return snap, nil
}

// renew begins to watch anew, the app folder that is there now: watches of folders that were moved
// or removed would pass for those of the folders that took their place.
func (w *watcher) renew() error {
	w.root = nil
	root, err := os.Stat(w.app.cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return &missingFolder{w.app.cfg.Dir}
	}
	if err != nil {
		return fmt.Errorf("app folder %s cannot be read: %w", w.app.cfg.Dir, err)
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch app folder %s: %w", w.app.cfg.Dir, err)
	}
	_ = w.notify.Close() // nothing to be done about it
	w.notify, w.root, w.replaced = notify, root, false
	return nil
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

// unreadable is the snapshot with the problem that the app folder cannot be read at the moment.
func (s *Snapshot) unreadable(dir string, err error) *Snapshot {
	p := Problem{URL: dir, Message: err.Error(), Kept: true}
	if errors.Is(err, fs.ErrNotExist) {
		p.Message = "the app folder " + dir + " is gone; it is read again when it is back"
	}
	if slices.Contains(s.problems, p) {
		return s
	}
	kept := *s
	ofFolder := func(q Problem) bool { return q.URL == dir }
	kept.problems = append(slices.DeleteFunc(slices.Clone(s.problems), ofFolder), p)
	return &kept
}

// difference describes the way from old to snap.
func difference(old, snap *Snapshot) Change {
	c := Change{Snapshot: snap}
	for _, kind := range []Kind{Service, Library, Agent, Stub} {
		for _, is := range sorted(snap.table(kind)) {
			was := old.table(kind)[is.Name]
			if is.Program == nil {
				continue // it never loaded: a problem says so
			}
			if was == nil || was.Program != is.Program || was.URL != is.URL {
				c.Updated, c.New = append(c.Updated, is.URL), append(c.New, is)
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
