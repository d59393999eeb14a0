package files

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"sort"
)

// Stat returns what is at a name: a regular file or a folder. An absent one gives an error that wraps
// [fs.ErrNotExist].
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	p, err := t.find(name)
	if err != nil {
		return nil, err
	}
	return p.stat()
}

func (p place) stat() (fs.FileInfo, error) {
	if p.sample != nil {
		info, err := fs.Stat(p.sample, p.path)
		if err != nil {
			return nil, p.fail(err)
		}
		return info, nil
	}
	r, err := p.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only looked at
	return p.look(r)
}

// Open opens a regular file to read, and says how long it is at the moment. The caller closes it.
func (t *Tree) Open(name string) (f io.ReadCloser, size int64, err error) {
	p, err := t.find(name)
	if err != nil {
		return nil, 0, err
	}
	return p.read()
}

func (p place) read() (f fs.File, size int64, err error) {
	info, err := p.stat()
	switch {
	case err != nil:
		return nil, 0, err
	case info.IsDir():
		return nil, 0, p.refuse("this is a folder, not a file")
	}
	if p.sample != nil {
		if f, err = p.sample.Open(p.path); err != nil {
			return nil, 0, p.fail(err)
		}
		return f, info.Size(), nil
	}
	r, err := p.open()
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = r.Close() }() // the file stays open
	if f, err = r.Open(system(p.path)); err != nil {
		return nil, 0, p.fail(err)
	}
	return f, info.Size(), nil
}

// maxList bounds the entries of one folder that are listed.
const maxList = 10_000

// List returns the files and folders in a folder, sorted: as addresses, or as paths of the system.
// Names that begin with a dot, links, and what else scripts do not reach are left out.
func (t *Tree) List(name string, asURL bool) ([]string, error) {
	p, err := t.find(name)
	if err != nil {
		return nil, err
	}
	entries, err := p.list()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		inside := p.with(e.Name())
		if asURL {
			names = append(names, inside.url())
		} else {
			names = append(names, inside.system())
		}
	}
	return names, nil
}

func (p place) list() ([]fs.DirEntry, error) {
	info, err := p.stat()
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, p.refuse("this is a file, not a folder")
	}
	dir, done, err := p.openFolder()
	if err != nil {
		return nil, p.fail(err)
	}
	defer done()
	entries, err := dir.ReadDir(maxList + 1)
	if err != nil && err != io.EOF {
		return nil, p.fail(err)
	}
	if len(entries) > maxList {
		return nil, p.refuse("the folder has more than %d entries", maxList)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !p.shows(e) })
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	return entries, nil
}

func (p place) openFolder() (dir fs.ReadDirFile, done func(), err error) {
	var f fs.File
	if p.sample != nil {
		f, err = p.sample.Open(p.path)
	} else {
		r, openErr := p.open()
		if openErr != nil {
			return nil, nil, openErr
		}
		defer func() { _ = r.Close() }() // the folder stays open
		f, err = r.Open(system(p.path))
	}
	if err != nil {
		return nil, nil, err
	}
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		_ = f.Close() // nothing was read
		return nil, nil, p.refuse("this is a file, not a folder")
	}
	return dir, func() { _ = dir.Close() }, nil
}

// shows reports whether scripts see an entry of the folder p.
func (p place) shows(e fs.DirEntry) bool {
	if !e.IsDir() && !e.Type().IsRegular() {
		return false
	}
	if checkText(e.Name()) != "" || checkPart(e.Name()) != "" {
		return false
	}
	inside := p
	inside.path = path.Join(p.path, e.Name())
	return !inside.isHidden()
}
