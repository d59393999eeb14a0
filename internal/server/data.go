package server

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

// dataFolder is a data folder that belongs to this process until it is released.
type dataFolder struct {
	dir  string // absolute
	lock *os.File
}

// errLocked is what lockFile returns when another process holds the lock.
var errLocked = errors.New("locked")

// openData makes the folder if need be and takes it for this process. Errors say
// what a person can do.
func openData(dir string) (*dataFolder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %q: %w", dir, err)
	}
	if err := makeFolder(abs); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(abs, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder %s cannot be written (%w); choose another with --data", abs, reason(err))
	}
	if err := lockSoon(lock); err != nil {
		_ = lock.Close() // nothing was written
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("data folder %s is in use by another running server%s; stop it, or choose another folder with --data", abs, whoseFolder(abs))
		}
		return nil, fmt.Errorf("data folder %s cannot be locked (%w); choose another with --data", abs, err)
	}
	return &dataFolder{dir: abs, lock: lock}, nil
}

// apartFrom says why the folder cannot be the data folder of a server with this app, nil if it can: scripts read
// what lies in the app folder, and everybody what lies in the folder web of it. Folders of their own in the app folder
// are hidden from scripts.
func (d *dataFolder) apartFrom(app string) error {
	if app == "" {
		return nil
	}
	data, err := filepath.EvalSymlinks(d.dir)
	if err != nil {
		return fmt.Errorf("data folder %s cannot be read (%w); choose another with --data", d.dir, reason(err))
	}
	if sameFolder(data, app) {
		return fmt.Errorf("data folder %s is the app folder, where scripts would read the admin token; choose another with --data, such as a folder in it", d.dir)
	}
	if liesIn(data, webDir(app)) {
		return fmt.Errorf("data folder %s lies in the folder web of the app, which everybody may read; choose another with --data", d.dir)
	}
	return nil
}

// publicFiles says which files that belong to the server lie where everybody may read them, nil if none does.
func publicFiles(settings config.Config) error {
	if settings.App == "" {
		return nil
	}
	for _, f := range settings.Files() {
		if file, err := filepath.EvalSymlinks(f.Path); err == nil && liesIn(file, webDir(settings.App)) {
			return fmt.Errorf("%s %s lies in the folder web of the app, which everybody may read; move it elsewhere", cmp.Or(f.Key, "config file"), f.Path)
		}
	}
	return nil
}

// hidden is what scripts do not see though it may lie in the app folder: the admin token, keys, and what says who is
// let in.
func (s *Server) hidden() []string {
	all := []string{s.data.dir}
	for _, f := range s.cfg.Settings.Files() {
		all = append(all, f.Path)
	}
	return all
}

// liesIn reports whether a file or folder, links resolved, is a folder or lies in it.
func liesIn(name, folder string) bool {
	for ; !sameFolder(name, folder); name = filepath.Dir(name) {
		if name == filepath.Dir(name) {
			return false
		}
	}
	return true
}

// sameFolder reports whether two names lead to the same folder. Folders that are not there are the same as none.
func sameFolder(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// makeFolder makes a folder for its owner alone. Inside of somebody's repository
// its contents, a token among them, are not to be committed.
func makeFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("data folder %s is a file, not a folder; choose another with --data", dir)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("data folder %s cannot be read (%w); choose another with --data", dir, reason(err))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder %s cannot be made (%w); choose another with --data", dir, reason(err))
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return fmt.Errorf("data folder %s cannot be written (%w); choose another with --data", dir, reason(err))
	}
	return nil
}

// whoseFolder names the server that left its address in a folder.
func whoseFolder(dir string) string {
	if a, err := ReadAdminFile(dir); err == nil {
		return " at " + a.Server
	}
	return ""
}

// reason drops the operation and the paths an error of the file system repeats.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// lockPatience is how long a lock may stay taken: a process that starts another one holds a copy of its
// open files, and so the lock, for a moment after it has let the folder go.
const lockPatience = 300 * time.Millisecond

// lockSoon takes the lock, now or within lockPatience.
func lockSoon(f *os.File) error {
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(10 * time.Millisecond) {
		if err := lockFile(f); !errors.Is(err, errLocked) || time.Now().After(deadline) {
			return err
		}
	}
}

// release gives the folder up. The lock file stays: removing it would let two
// later servers lock two files.
func (d *dataFolder) release() error {
	if err := d.lock.Close(); err != nil {
		return fmt.Errorf("release data folder %s: %w", d.dir, err)
	}
	return nil
}
