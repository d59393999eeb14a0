package files

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// MakeFolder makes a folder if there is none; with parents also those above it. A file in its place is
// an error.
func (t *Tree) MakeFolder(name string, parents bool) error {
	p, err := t.find(name)
	if err != nil {
		return err
	}
	return t.makeFolder(p, parents)
}

func (t *Tree) makeFolder(p place, parents bool) error {
	if info, err := p.stat(); err == nil {
		if !info.IsDir() {
			return p.refuse("this is a file, not a folder")
		}
		return nil
	}
	if err := t.checkWrite(p, false); err != nil {
		return err
	}
	r, err := p.open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // nothing more to do there
	if !parents {
		if err := p.checkParent(r); err != nil {
			return err
		}
		return p.mkdir(r)
	}
	parts := strings.Split(p.path, "/")
	for i := range parts {
		step := p
		step.path = strings.Join(parts[:i+1], "/")
		if err := step.mkdir(r); err != nil {
			return err
		}
	}
	return nil
}

// mkdir makes one folder; one that is there is as good.
func (p place) mkdir(r *os.Root) error {
	p.names.Lock()
	defer p.names.Unlock()
	info, err := p.look(r)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return p.refuse("this is a file, not a folder")
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := p.quota.take(0, 1); err != nil {
		return p.fail(err)
	}
	if err := r.Mkdir(system(p.path), 0o700); err != nil {
		p.quota.give(0, 1)
		return p.fail(err)
	}
	return nil
}

// RemoveFolder removes a folder with all that is in it. One that holds names scripts do not see stays.
func (t *Tree) RemoveFolder(name string) error {
	return t.remove(name, true, func(p place, r *os.Root, _ fs.FileInfo) error { return p.removeAll(r) })
}

// remove calls fn with a file, or a folder, that is there and may be removed; nobody else changes names
// meanwhile.
func (t *Tree) remove(name string, folder bool, fn func(p place, r *os.Root, info fs.FileInfo) error) error {
	p, err := t.find(name)
	if err != nil {
		return err
	}
	if err := t.checkWrite(p, folder); err != nil {
		return err
	}
	r, err := p.open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // nothing more to do there
	p.names.Lock()
	defer p.names.Unlock()
	info, err := p.look(r)
	switch {
	case err != nil:
		return err
	case folder && !info.IsDir():
		return p.refuse("this is a file, not a folder")
	case !folder && info.IsDir():
		return p.refuse("this is a folder, not a file")
	}
	return fn(p, r, info)
}

func (p place) removeAll(r *os.Root) error {
	bytes, count, err := p.weigh(r)
	if err != nil {
		return err
	}
	err = r.RemoveAll(system(p.path))
	if err != nil {
		leftBytes, left, _ := p.weigh(r) // what cannot be counted goes on counting
		bytes, count = max(0, bytes-leftBytes), max(0, count-left)
		err = p.fail(err)
	}
	p.quota.give(bytes, count)
	return err
}

// weigh counts what is in a folder, the folder too.
func (p place) weigh(r *os.Root) (bytes, count int64, err error) {
	err = fs.WalkDir(r.FS(), p.path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return p.fail(err)
		}
		if strings.HasPrefix(e.Name(), tempMark) {
			return p.refuse("a file is being written in it")
		}
		if strings.HasPrefix(e.Name(), ".") && e.Name() != "." {
			return p.refuse("there are names in it that begin with a dot, which scripts do not remove")
		}
		count++
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes, count, err
}

const (
	// tempMark begins the name of a file that is being written.
	tempMark = ".tmp-"
	// tempFolder is where temporary files of scripts are, in the scratch folder.
	tempFolder = "temp"
	tempAge    = 24 * time.Hour
)

// TempURL returns the address of a file, in the scratch folder, that does not exist; the name ends in
// suffix, which may be empty. Nothing is made. What is there later is removed when the server is
// started a day after.
func (t *Tree) TempURL(suffix string) (string, error) {
	name := strings.ToLower(rand.Text()) + suffix
	p := place{root: t.scratch, path: path.Join(tempFolder, name), scheme: fileScheme, name: suffix}
	reason := ""
	if suffix != "" {
		reason = checkText(suffix)
	}
	if strings.ContainsAny(suffix, `/\`) {
		reason = "a suffix has no slashes in it"
	}
	if reason == "" {
		reason = checkPart(name)
	}
	if reason != "" {
		return "", &Error{Name: printable(suffix), Reason: reason}
	}
	temp := p
	temp.path = tempFolder
	if err := t.makeFolder(temp, false); err != nil {
		return "", err
	}
	return p.url(), nil
}

// sweep removes old temporary files and what was left unfinished, and counts the rest.
func (t *Tree) sweep() error {
	r, err := os.OpenRoot(t.scratch.dir)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // nothing more to do there
	old := time.Now().Add(-tempAge)
	q := &t.scratch.quota
	return fs.WalkDir(r.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		stale := path.Dir(name) == tempFolder && info.ModTime().Before(old)
		if stale || strings.HasPrefix(e.Name(), tempMark) {
			if err := r.RemoveAll(system(name)); err != nil {
				return err
			}
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		q.files++
		if info.Mode().IsRegular() {
			q.bytes += info.Size()
		}
		return nil
	})
}
