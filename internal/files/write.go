package files

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
)

// Write makes data the content of a file, which may exist or not; its folder must exist. Reading ends
// with an error of data, such as that of a context, and the file stays as it was then.
func (t *Tree) Write(name string, data io.Reader) error {
	p, err := t.find(name)
	if err != nil {
		return err
	}
	return t.write(p, data)
}

func (t *Tree) write(p place, data io.Reader) error {
	w, err := t.create(p)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, data); err != nil {
		w.abandon()
		return p.fail(err)
	}
	return w.commit()
}

// writing is a file on its way: it has a hidden name until it is whole.
type writing struct {
	place
	root *os.Root
	file *os.File
	temp string // path of the system
	size int64
}

// create begins to write a file. The caller calls commit or abandon.
func (t *Tree) create(p place) (*writing, error) {
	if err := t.checkWrite(p, false); err != nil {
		return nil, err
	}
	r, err := p.open()
	if err != nil {
		return nil, err
	}
	w, err := p.createIn(r)
	if err != nil {
		_ = r.Close() // nothing was made
		return nil, err
	}
	return w, nil
}

func (p place) createIn(r *os.Root) (*writing, error) {
	if err := p.checkTarget(r); err != nil {
		return nil, err
	}
	if err := p.quota.take(0, 1); err != nil {
		return nil, p.fail(err)
	}
	temp := system(path.Join(path.Dir(p.path), tempMark+rand.Text()))
	p.names.Lock()
	defer p.names.Unlock()
	f, err := r.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		p.quota.give(0, 1)
		return nil, p.fail(err)
	}
	return &writing{place: p, root: r, file: f, temp: temp}, nil
}

// checkTarget says why no file can be put at the place.
func (p place) checkTarget(r *os.Root) error {
	info, err := p.look(r)
	if err == nil && info.IsDir() {
		return p.refuse("this is a folder, not a file")
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return p.checkParent(r)
}

// checkParent says why nothing can be made at the place.
func (p place) checkParent(r *os.Root) error {
	parent := p
	parent.path = path.Dir(p.path)
	if parent.path == "." {
		return nil
	}
	info, err := parent.look(r)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return &Error{Name: printable(p.name), Reason: "the folder of this file does not exist", Err: fs.ErrNotExist}
	}
	return err
}

// Write implements [io.Writer]; what is written counts before it is.
func (w *writing) Write(data []byte) (int, error) {
	if err := w.quota.take(int64(len(data)), 0); err != nil {
		return 0, err
	}
	w.size += int64(len(data))
	return w.file.Write(data)
}

// abandon removes what was written.
func (w *writing) abandon() {
	_ = w.file.Close() // it goes
	_ = w.root.Remove(w.temp)
	_ = w.root.Close()
	w.quota.give(w.size, 1)
}

// commit gives the file its name.
func (w *writing) commit() error {
	if err := w.file.Close(); err != nil {
		w.abandon()
		return w.fail(err)
	}
	if err := w.replace(w.root, w.temp); err != nil {
		w.abandon()
		return err
	}
	_ = w.root.Close() // nothing more to do there
	return nil
}

// replace moves a file, by its path of the system in the same root, to the place. What was there is
// no longer counted.
func (p place) replace(r *os.Root, from string) error {
	p.names.Lock()
	defer p.names.Unlock()
	old, err := p.look(r)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		return err
	case old.IsDir():
		return p.refuse("this is a folder, not a file")
	}
	moved, err := r.Lstat(from)
	if err != nil {
		return p.fail(err)
	}
	if err := r.Rename(from, system(p.path)); err != nil {
		return p.fail(err)
	}
	if old != nil && !os.SameFile(old, moved) { // where letter case does not count it may be the same
		p.quota.give(old.Size(), 1)
	}
	return nil
}

// Remove removes a file. An absent one gives an error that wraps [fs.ErrNotExist].
func (t *Tree) Remove(name string) error {
	return t.remove(name, false, func(p place, r *os.Root, info fs.FileInfo) error {
		if err := r.Remove(system(p.path)); err != nil {
			return p.fail(err)
		}
		p.quota.give(info.Size(), 1)
		return nil
	})
}

// Move gives a file or a folder another name, in place of a file that has it. Between the app folder
// and the scratch folder only files move.
func (t *Tree) Move(from, to string) error {
	source, err := t.find(from)
	if err != nil {
		return err
	}
	target, err := t.find(to)
	if err != nil {
		return err
	}
	if err := t.checkWrite(source, true); err != nil {
		return err
	}
	if err := t.checkWrite(target, true); err != nil {
		return err
	}
	if source.root != target.root {
		return t.carry(source, target)
	}
	if lies(target.path, source.path) && target.path != source.path && len(target.path) > len(source.path) {
		return source.refuse("a folder cannot be moved into itself")
	}
	r, err := source.open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // nothing more to do there
	if _, err := source.look(r); err != nil {
		return err
	}
	if target.path == source.path {
		return nil
	}
	if err := target.checkTarget(r); err != nil {
		return err
	}
	return target.replace(r, system(source.path))
}

// carry moves a file between the roots.
func (t *Tree) carry(source, target place) error {
	f, _, err := source.read()
	if err != nil {
		return err
	}
	err = t.write(target, f)
	_ = f.Close() // only read from
	if err != nil {
		return err
	}
	return t.Remove(source.name)
}
