package app

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// embedded holds the built-in scripts and the app that is served without a folder.
//
//go:embed bundled sample
var embedded embed.FS

// Config says which app to load.
type Config struct {
	// Dir is the app folder; empty means the embedded sample app.
	Dir string
	// Globals are the names its scripts are compiled against.
	Globals *basescript.Globals
	// Metrics counts reloads and shows what the app has; nil: nothing does.
	Metrics *metrics.Registry
	// Hidden are folders and files, as absolute paths, whose files no script gets as code or as a page even if they lie in the app
	// folder: the data folder with the admin token may.
	Hidden []string
	// Refused are the functions that need a stub to work; nil means any function may have one.
	Refused []string
}

// App is an app folder and its newest snapshot. Safe for concurrent use.
type App struct {
	cfg      Config
	patience time.Duration // how long Watch doubts what is gone or broken
	snapshot atomic.Pointer[Snapshot]
	reloads  *metrics.Counter
	// writing is held while the snapshot is replaced, from the reading of the folder until onChange
	// has returned.
	writing  sync.Mutex
	onChange func(Change) // of the Watch going on, guarded by writing
}

// Load reads an app. Scripts that do not compile are no error: see [App.Problems]. It returns an
// error if the folder is missing, is not a folder or cannot be read; missing ones wrap
// [fs.ErrNotExist].
func Load(cfg Config) (*App, error) {
	if cfg.Dir != "" {
		dir, err := filepath.Abs(cfg.Dir)
		if err != nil {
			return nil, fmt.Errorf("app folder %q: %w", cfg.Dir, err)
		}
		cfg.Dir = dir
	}
	a := &App{cfg: cfg, patience: secondLook}
	snap, _, err := a.scan(&Snapshot{})
	if err != nil {
		return nil, err
	}
	a.snapshot.Store(snap)
	a.register(cfg.Metrics)
	return a, nil
}

// register shows what the newest snapshot holds.
func (a *App) register(r *metrics.Registry) {
	a.reloads = r.Counter("tutorsocket_app_reloads_total", "Snapshots put in force after the first, because files have changed.")
	r.Read("tutorsocket_app_scripts", "Scripts of the app, by kind: service, library, agent, stub.", []string{"kind"}, func(set func(float64, ...string)) {
		snap := a.Snapshot()
		set(float64(len(snap.services)), "service")
		set(float64(len(snap.libraries)), "library")
		set(float64(len(snap.agents)), "agent")
		set(float64(len(snap.stubs)), "stub")
	})
	r.Read("tutorsocket_app_problems", "What is wrong with the files of the app; notes do not count.", nil, func(set func(float64, ...string)) {
		n := 0
		for _, p := range a.Snapshot().problems {
			if !p.Note {
				n++
			}
		}
		set(float64(n))
	})
}

// Snapshot returns the newest snapshot.
func (a *App) Snapshot() *Snapshot { return a.snapshot.Load() }

// Problems returns what is wrong with the files of the newest snapshot, in a fixed order.
func (a *App) Problems() []Problem { return a.Snapshot().Problems() }

// Dir returns the app folder as an absolute path, "" for the embedded sample app.
func (a *App) Dir() string { return a.cfg.Dir }

// Sample returns the files of the embedded sample app.
func Sample() (fs.FS, error) { return fs.Sub(embedded, "sample") }

// scan reads the whole folder anew, compiling only what differs from old. folders are those whose
// changes matter to the result, and whether they exist.
func (a *App) scan(old *Snapshot) (snap *Snapshot, folders map[string]bool, err error) {
	files, done, err := openFolder(a.cfg.Dir)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	s := newScan(files, a.cfg, old)
	snap = s.run()
	return snap, s.seenFolders(), nil
}

// missingFolder is an app folder that does not exist; errors.Is finds fs.ErrNotExist in it.
type missingFolder struct{ dir string }

func (m *missingFolder) Error() string { return "app folder " + m.dir + " does not exist" }
func (m *missingFolder) Unwrap() error { return fs.ErrNotExist }

// openFolder opens the app folder such that no path leads out of it; dir "" is the sample.
func openFolder(dir string) (files fs.FS, done func(), err error) {
	if dir == "" {
		files, err = Sample()
		return files, func() {}, err
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, &missingFolder{dir}
	case err != nil:
		return nil, nil, fmt.Errorf("app folder %s cannot be read: %w", dir, err)
	case !info.IsDir():
		return nil, nil, fmt.Errorf("app folder %s is a file, not a folder", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("app folder %s cannot be opened: %w", dir, err)
	}
	done = func() { _ = root.Close() } // only read from
	if _, err := fs.ReadDir(root.FS(), "."); err != nil {
		done()
		return nil, nil, fmt.Errorf("app folder %s cannot be read: %w", dir, err)
	}
	return root.FS(), done, nil
}
