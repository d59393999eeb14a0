package files

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Limits of archives.
const (
	maxZipEntries = 10_000
	maxZipBytes   = 256 << 20 // of all files in one, unpacked
	maxArchive    = 64 << 20  // of an archive that is unpacked
	// maxRatio is how much larger than packed a file of more than freeRatio may be.
	maxRatio  = 200
	freeRatio = 1 << 20
)

// Work is told of so many bytes before they are worked on; an error ends the work and is returned.
type Work = func(bytes int) error

// Zip packs files and folders into an archive, in place of one that is there. An item is a name as any
// other; base, unless empty, is the folder that relative ones begin at, and the names in the archive
// are relative to it. Otherwise they begin with the last part of the item.
func (t *Tree) Zip(archive string, items []string, base string, work Work) error {
	target, err := t.find(archive)
	if err != nil {
		return err
	}
	list := packing{tree: t, target: target}
	for _, item := range items {
		if err := list.add(item, base, work); err != nil {
			return err
		}
	}
	w, err := t.create(target)
	if err != nil {
		return err
	}
	if err := list.write(w, work); err != nil {
		w.abandon()
		return target.fail(err)
	}
	return w.commit()
}

// packing is what goes into an archive.
type packing struct {
	tree   *Tree
	target place
	files  []packed
	bytes  int64
}

type packed struct {
	place
	entry string
	info  fs.FileInfo
}

// add looks up an item and what is in it.
func (l *packing) add(item, base string, work Work) error {
	slashes := strings.ReplaceAll(item, `\`, "/")
	_, _, isURL := cutScheme(slashes)
	name := item
	if base != "" && !isURL && !isAbsolute(slashes) {
		name = strings.TrimRight(base, `/\`) + "/" + item
	}
	p, err := l.tree.find(name)
	if err != nil {
		return err
	}
	entry := path.Base(p.path)
	if base != "" {
		from, err := l.tree.find(base)
		if err != nil {
			return err
		}
		switch rest, inside := strings.CutPrefix(p.path, strings.TrimSuffix(from.path, ".")); {
		case from.root == p.root && inside && from.path == ".":
			entry = rest
		case from.root == p.root && inside && strings.HasPrefix(rest, "/"):
			entry = rest[1:]
		case from.root == p.root && p.path == from.path:
			entry = "."
		}
	}
	return l.collect(p, entry, work)
}

func (l *packing) collect(p place, entry string, work Work) error {
	if p.root == l.target.root && p.path == l.target.path {
		return nil // the archive does not go into itself
	}
	info, err := p.stat()
	if err != nil {
		return err
	}
	if err := work(1 << 10); err != nil {
		return err
	}
	if entry != "." {
		l.files = append(l.files, packed{p, entry, info})
	}
	l.bytes += info.Size()
	if len(l.files) > maxZipEntries {
		return l.target.refuse("more than %d files and folders do not go into one archive", maxZipEntries)
	}
	if l.bytes > maxZipBytes {
		return l.target.refuse("more than %d MiB do not go into one archive", maxZipBytes>>20)
	}
	if !info.IsDir() {
		return nil
	}
	inside, err := p.list()
	if err != nil {
		return err
	}
	for _, e := range inside {
		if err := l.collect(p.with(e.Name()), path.Join(entry, e.Name()), work); err != nil {
			return err
		}
	}
	return nil
}

func (l *packing) write(w io.Writer, work Work) error {
	archive := zip.NewWriter(w)
	for _, file := range l.files {
		if err := file.writeTo(archive, work); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (f packed) writeTo(archive *zip.Writer, work Work) error {
	header := &zip.FileHeader{Name: f.entry, Method: zip.Deflate, Modified: f.info.ModTime()}
	if f.info.IsDir() {
		header.Name, header.Method = f.entry+"/", zip.Store
		_, err := archive.CreateHeader(header)
		return err
	}
	source, _, err := f.read()
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // only read from
	w, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, &counted{Reader: io.LimitReader(source, maxZipBytes), work: work})
	return err
}

// counted tells of what is read, before whoever asked for it works on it.
type counted struct {
	io.Reader
	work Work
}

func (c *counted) Read(data []byte) (int, error) {
	n, err := c.Reader.Read(data)
	if workErr := c.work(n); workErr != nil {
		return n, workErr
	}
	return n, err
}

// Unzip unpacks an archive into a folder, which is made if need be. It refuses archives with too many
// files, files that unpack to much more than they say or than is reasonable, names that lead out of
// the folder, and links.
func (t *Tree) Unzip(archive, folder string, work Work) error {
	source, err := t.find(archive)
	if err != nil {
		return err
	}
	target, err := t.find(folder)
	if err != nil {
		return err
	}
	f, size, err := source.openArchive(work)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read from
	entries, err := zip.NewReader(f, size)
	if err != nil {
		return &Error{Name: printable(archive), Reason: "this is no zip archive: " + err.Error(), Err: err}
	}
	u := unpacking{tree: t, source: source, target: target, work: work}
	if err := t.makeFolder(target, true); err != nil {
		return err
	}
	for _, f := range entries.File {
		if err := u.extract(f); err != nil {
			return source.fail(err)
		}
	}
	return nil
}

// archiveFile is a file that can be read anywhere, as those of the system and of the sample can.
type archiveFile interface {
	fs.File
	io.ReaderAt
}

// openArchive opens an archive, and counts what looks like an entry of its directory before anybody
// makes objects of them: what the archive says of their number need not be true.
func (p place) openArchive(work Work) (archiveFile, int64, error) {
	f, size, err := p.read()
	if err != nil {
		return nil, 0, err
	}
	archive, ok := f.(archiveFile)
	if ok && size <= maxArchive {
		var count int
		count, err = countEntries(io.NewSectionReader(archive, 0, size), work)
		if err == nil && count <= maxZipEntries {
			return archive, size, nil
		}
	}
	_ = f.Close() // only read from
	switch {
	case err != nil:
		return nil, 0, p.fail(err)
	case size > maxArchive:
		return nil, 0, p.refuse("the archive is larger than %d MiB", maxArchive>>20)
	}
	return nil, 0, p.refuse("the archive holds more than %d files and folders", maxZipEntries)
}

// entryMark begins an entry of the directory of an archive.
var entryMark = []byte("PK\x01\x02")

func countEntries(r io.Reader, work Work) (int, error) {
	buf := make([]byte, 64<<10)
	count, kept := 0, 0
	for {
		n, err := r.Read(buf[kept:])
		if workErr := work(n); workErr != nil {
			return 0, workErr
		}
		have := buf[:kept+n]
		count += bytes.Count(have, entryMark)
		kept = copy(buf, have[max(0, len(have)-len(entryMark)+1):])
		switch {
		case err == io.EOF:
			return count, nil
		case err != nil:
			return 0, err
		}
	}
}

type unpacking struct {
	tree           *Tree
	source, target place
	work           Work
	bytes          int64
}

func (u *unpacking) extract(f *zip.File) error {
	name := strings.ReplaceAll(entryName(f), `\`, "/")
	if err := u.work(1 << 10); err != nil {
		return err
	}
	if reason := checkText(name); reason != "" {
		return u.refuse(name, reason)
	}
	if isAbsolute(name) {
		return u.refuse(name, "the name is an absolute path")
	}
	clean, reason := cleanPath(name)
	if reason != "" {
		return u.refuse(name, reason)
	}
	mode := f.Mode()
	switch {
	case clean == ".":
		return nil
	case mode.IsDir() || strings.HasSuffix(name, "/"):
		return u.tree.makeFolder(u.at(clean), true)
	case !mode.IsRegular():
		return u.refuse(name, "links and devices are not unpacked")
	case f.UncompressedSize64 > maxZipBytes, f.UncompressedSize64 > freeRatio && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return u.refuse(name, "it unpacks to far more than it takes")
	}
	if parent := path.Dir(clean); parent != "." {
		if err := u.tree.makeFolder(u.at(parent), true); err != nil {
			return err
		}
	}
	return u.unpack(f, u.at(clean))
}

// unpack writes one file. What it really unpacks to counts, not what it says.
func (u *unpacking) unpack(f *zip.File, p place) error {
	r, err := f.Open()
	if err != nil {
		return u.refuse(f.Name, err.Error())
	}
	defer func() { _ = r.Close() }() // only read from
	limit := min(int64(f.UncompressedSize64), maxZipBytes-u.bytes) + 1
	source := &counted{Reader: io.LimitReader(r, limit), work: u.work}
	w, err := u.tree.create(p)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, source)
	if err == nil && n == limit {
		err = u.source.refuse("the archive unpacks to more than it says, or than %d MiB", maxZipBytes>>20)
	}
	if err != nil {
		w.abandon()
		return err
	}
	u.bytes += n
	return w.commit()
}

// at is the place of a path inside the target.
func (u *unpacking) at(clean string) place {
	return u.target.with(clean)
}

func (u *unpacking) refuse(entry, reason string) error {
	return u.source.refuse("%s in the archive: %s", printable(entry), reason)
}

// entryName is the name of a file in an archive: UTF-8, or what Russian archives had before.
func entryName(f *zip.File) string {
	if utf8.ValidString(f.Name) {
		return f.Name
	}
	name, err := charmap.CodePage866.NewDecoder().String(f.Name)
	if err != nil {
		return f.Name
	}
	return name
}
