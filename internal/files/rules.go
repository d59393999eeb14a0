package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Error says why an operation on a file failed. Absent files wrap [fs.ErrNotExist].
type Error struct {
	Name   string // as the script wrote it
	Reason string
	Err    error // may be nil
}

func (e *Error) Error() string {
	if e.Name == "" {
		return e.Reason
	}
	return e.Name + ": " + e.Reason
}

func (e *Error) Unwrap() error { return e.Err }

// fail is the error of an operation on p, in words: what the system says repeats paths of its own.
func (p place) fail(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	e := &Error{Name: printable(p.name), Err: err}
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Reason = "the file does not exist"
	case errors.Is(err, fs.ErrPermission):
		e.Reason = "access is denied"
	case errors.As(err, &path):
		e.Reason = path.Err.Error()
	case errors.As(err, &link):
		e.Reason = link.Err.Error()
	default:
		e.Reason = err.Error()
	}
	return e
}

func (p place) refuse(format string, args ...any) error {
	return &Error{Name: printable(p.name), Reason: fmt.Sprintf(format, args...)}
}

// isHidden reports whether the place is, or lies in, a folder of the program.
func (p place) isHidden() bool {
	return slices.ContainsFunc(p.hidden, func(h string) bool { return lies(p.path, h) })
}

// lies reports whether a path is the folder, or in it. Letter case counts nowhere: on some disks it
// does not, and what is only ours is refused on all.
func lies(file, folder string) bool {
	parts, wanted := strings.Split(file, "/"), strings.Split(folder, "/")
	if len(parts) < len(wanted) {
		return false
	}
	return strings.EqualFold(strings.Join(parts[:len(wanted)], "/"), folder)
}

// checkWrite says why scripts cannot change what is at the place; whole means that everything in it
// would be changed too.
func (t *Tree) checkWrite(p place, whole bool) error {
	if p.path == "." {
		return p.refuse("the folder itself cannot be replaced or removed")
	}
	if p.root != t.app {
		return nil
	}
	if p.sample != nil {
		return p.refuse("the embedded sample app cannot be changed; scripts write to the scratch folder (ObtainTempFile)")
	}
	first, _, _ := strings.Cut(p.path, "/")
	if slices.ContainsFunc(codeFolders, func(dir string) bool { return strings.EqualFold(dir, first) }) {
		return p.refuse("the folder %s holds code, which scripts do not change", first)
	}
	if t.isCode != nil && t.isCode(p.path) {
		return p.refuse("this is code in use, which scripts do not change")
	}
	if whole && slices.ContainsFunc(p.hidden, func(h string) bool { return lies(h, p.path) }) {
		return p.refuse("a folder of the server lies in it")
	}
	return nil
}

// open opens the root for one operation: the app folder may be replaced at any time.
func (p place) open() (*os.Root, error) {
	r, err := os.OpenRoot(p.dir)
	if err != nil {
		return nil, p.fail(err)
	}
	return r, nil
}

// look returns what is at the place. Links are not followed, not even in the folders above.
func (p place) look(r *os.Root) (fs.FileInfo, error) {
	parts := strings.Split(p.path, "/")
	for i := range parts {
		info, err := r.Lstat(filepath.FromSlash(strings.Join(parts[:i+1], "/")))
		switch {
		case err != nil:
			return nil, p.fail(err)
		case info.Mode()&fs.ModeSymlink != 0:
			return nil, p.refuse("symbolic links are not followed")
		case i < len(parts)-1 && !info.IsDir():
			return nil, p.fail(fs.ErrNotExist)
		case i == len(parts)-1 && !info.IsDir() && !info.Mode().IsRegular():
			return nil, p.refuse("this is neither a file nor a folder")
		case i == len(parts)-1:
			return info, nil
		}
	}
	return nil, p.fail(fs.ErrNotExist) // not reached: a path has a part
}

// system is a path below a root as os.Root takes it.
func system(p string) string { return filepath.FromSlash(p) }
