package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Errors of [App.Write] and [App.Source]; they may be wrapped.
var (
	// ErrNoFolder says that the embedded sample app is served, which nobody can change.
	ErrNoFolder = errors.New("the embedded sample app cannot be changed")
	// ErrTooLarge says that a text is larger than a script may be.
	ErrTooLarge = fmt.Errorf("a script has at most %d KiB", maxFile>>10)
	// ErrBadName says that a script cannot have this name.
	ErrBadName = errors.New("not a name for a script")
	// ErrNoScript says that the app has no script of this kind and name.
	ErrNoScript = errors.New("no such script")
	// ErrInTheWay says that something other than an ordinary file is where the script is to be, or that
	// the file cannot be written.
	ErrInTheWay = errors.New("the file cannot be written")
)

// DoesNotCompile is the error of [App.Write] for a text that is no script.
type DoesNotCompile struct{ Problem }

func (e *DoesNotCompile) Error() string { return e.Problem.String() }

// Source is the text of a script's file as it is now.
type Source struct {
	Script *Script // as the newest snapshot has it; nil if it has none
	URL    string
	Text   string
	// Problem says why the text is not in force, "" if it is.
	Problem string
}

// Source returns the text of a script's file as it is now. The error wraps [ErrNoScript] if there is no
// such script, or says why the file cannot be read.
func (a *App) Source(kind Kind, name string) (Source, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	return a.source(kind, name)
}

// source needs a.writing.
func (a *App) source(kind Kind, name string) (Source, error) {
	script := a.Snapshot().table(kind)[name]
	if script == nil {
		return Source{}, fmt.Errorf("%w: %s %q", ErrNoScript, kind, name)
	}
	s := Source{Script: script, URL: script.URL}
	var err error
	if s.Text, _, err = a.Text(script.URL, script.URL); err != nil {
		return s, err
	}
	switch {
	case script.Err != nil && script.read && script.tried == s.Text:
		s.Problem = script.Err.Error()
	case script.Program == nil || script.Source != s.Text:
		s.Problem = "The file was changed a moment ago; it is being read."
	}
	return s, nil
}

// Told waits until onChange of [App.Watch] has been told of the snapshot in force.
func (a *App) Told() {
	a.writing.Lock()
	defer a.writing.Unlock()
}

// Writing is a text to be made the present one of a script.
type Writing struct {
	Kind Kind
	Name string
	Text string
	// Allow decides whether the text may replace the present one; exists is false where there is no such
	// script. No other Write comes between this call and the change. Nil allows everything.
	Allow func(present Source, exists bool) error
	// InForce is told when the new text is in force, before onChange of Watch is; it must not block. It is
	// not called if the write failed.
	InForce func(*Script)
}

// Write writes the file of a script and returns when new calls get it. A script that exists is written
// where it is, a built-in one to its place in the app folder, a new one to the folder of its kind. A
// text that does not compile is refused as [*DoesNotCompile], and nothing is written. The file is replaced
// in one step; its mode stays. What else happened in the folder since it was read last comes into
// force as well, except what Watch would doubt. created reports whether the script is new.
//
// Errors: [ErrNoFolder], [ErrTooLarge], [ErrBadName], [ErrInTheWay], those of Allow, and what keeps the
// folder from being read or written. ctx is looked at before anything is written, not later.
func (a *App) Write(ctx context.Context, w Writing) (script *Script, created bool, err error) {
	if a.cfg.Dir == "" {
		return nil, false, ErrNoFolder
	}
	if len(w.Text) > maxFile {
		return nil, false, ErrTooLarge
	}
	if err := checkName(w.Kind, w.Name); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrBadName, err)
	}
	w.Text = basescript.DecodeText([]byte(w.Text)) // as it will be read
	a.writing.Lock()
	defer a.writing.Unlock()
	present, err := a.source(w.Kind, w.Name)
	exists := present.Script != nil && !errors.Is(err, fs.ErrNotExist)
	if err != nil && present.Script == nil && !errors.Is(err, ErrNoScript) {
		return nil, false, err
	}
	if present.Script == nil {
		present.URL = fileURL(path.Join(folderOf(w.Kind), fileName(w.Kind, w.Name)))
	}
	if w.Allow != nil {
		if err := w.Allow(present, exists); err != nil {
			return nil, false, err
		}
	}
	if tried := compile(w.Kind, w.Name, present.URL, w.Text, a.cfg.Globals); tried.Err != nil {
		return nil, false, &DoesNotCompile{problemOf(present.URL, tried.Err)}
	}
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	if err := a.replaceFile(filePath(present.URL), w.Text); err != nil {
		return nil, false, err
	}
	script, err = a.takeUp(w)
	return script, present.Script == nil, err
}

// folderOf is where new scripts of a kind go.
func folderOf(kind Kind) string {
	return map[Kind]string{Service: "services", Library: "libs", Agent: "agents", Stub: "stubs"}[kind]
}

func fileName(kind Kind, name string) string {
	if kind == Library && path.Ext(name) == newLibraryExt {
		return name
	}
	return name + ".js"
}

// takeUp puts what was just written in force, without the doubts of a watch about it. a.writing is held.
func (a *App) takeUp(w Writing) (*Script, error) {
	old := a.snapshot.Load()
	snap, _, err := a.scan(old)
	if err != nil {
		return nil, err
	}
	for _, was := range doubtful(old, snap) {
		if was.Kind != w.Kind || was.Name != w.Name {
			snap.hold(old, was) // for the watch to decide
		}
	}
	script := snap.table(w.Kind)[w.Name]
	if script == nil || script.Program == nil || script.Source != w.Text {
		return nil, fmt.Errorf("%w: it was changed by somebody else at the same moment", ErrInTheWay)
	}
	a.replace(old, snap, func() {
		if w.InForce != nil {
			w.InForce(script)
		}
	})
	return script, nil
}

// replaceFile replaces a file of the app folder, or makes it, in one step. The text is on the disk when
// it returns. Links are not followed, and none leads out of the folder.
func (a *App) replaceFile(file, text string) error {
	root, err := os.OpenRoot(a.cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrInTheWay, &missingFolder{a.cfg.Dir})
	}
	if err != nil {
		return inTheWay(".", err)
	}
	defer func() { _ = root.Close() }() // what was written is closed already
	mode := fs.FileMode(0o666)          // less the umask
	info, err := root.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := root.MkdirAll(path.Dir(file), 0o777); err != nil {
			return inTheWay(path.Dir(file), err)
		}
	case err != nil:
		return inTheWay(file, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%w: %s is a symbolic link; change the file it leads to", ErrInTheWay, file)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not an ordinary file", ErrInTheWay, file)
	default:
		mode = info.Mode().Perm()
	}
	// The watch passes over hidden files.
	temporary := path.Join(path.Dir(file), ".tutorsocket-"+rand.Text())
	if err := writeWhole(root, temporary, text, mode, info != nil); err != nil {
		_ = root.Remove(temporary) // the first error is the one to tell
		return inTheWay(file, err)
	}
	if err := root.Rename(temporary, file); err != nil {
		_ = root.Remove(temporary) // as above
		return inTheWay(file, err)
	}
	syncFolder(root, path.Dir(file))
	return nil
}

// writeWhole writes a new file and waits until it is on the disk. exact sets the mode whatever the umask.
func writeWhole(root *os.Root, name, text string, mode fs.FileMode, exact bool) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil && exact {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes a rename last through a power failure, where the system can do that.
func syncFolder(root *os.Root, name string) {
	if dir, err := root.Open(name); err == nil {
		_ = dir.Sync() // Windows has no such thing
		_ = dir.Close()
	}
}

func inTheWay(file string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%w: %s: %w", ErrInTheWay, file, err)
}
