package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

const (
	scheme = "x-local://"
	// maxFile bounds one file, in bytes.
	maxFile = basescript.MaxSource
)

// fileURL returns the address scripts and errors use for a path in the app folder.
func fileURL(name string) string { return scheme + name }

// localPath returns the path an x-local:// address names. Addresses that are not of this form, or
// that lead out of the app folder, are errors. (The folder is opened such that symbolic links do
// not lead out either.)
func localPath(url string) (string, error) {
	name, ok := strings.CutPrefix(url, scheme)
	if !ok {
		return "", fmt.Errorf("the address %q does not begin with %s", url, scheme)
	}
	name = strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("the address %q is an absolute path; write it from the app folder on", url)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("the address %q leads out of the app folder", url)
		}
	}
	name = path.Clean(name)
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("the address %q names no file", url)
	}
	return name, nil
}

// readText reads a file as text: UTF-8 with or without a byte order mark, else Windows-1251
// (spec/basescript.md 1.13). A missing file gives an error that wraps [fs.ErrNotExist]; what is
// not a regular file is never opened, since a pipe would block. seen is the state the file had at the
// latest before it was read.
func readText(files fs.FS, name string) (text string, seen stamp, err error) {
	// A file that is written meanwhile would be read as a mixture of both texts, which may even compile.
	for range readTries {
		var same bool
		if text, seen, same, err = readOnce(files, name); same || err != nil {
			break
		}
	}
	return text, seen, err
}

// readTries is how often a file that is being written is read; the watch comes back to it anyway.
const readTries = 3

// readOnce is one try of readText; same reports whether the file was the same before and after it.
func readOnce(files fs.FS, name string) (text string, seen stamp, same bool, err error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return "", stamp{}, false, fileError(err)
	}
	seen = stampOf(info)
	if !info.Mode().IsRegular() {
		return "", seen, false, errors.New("not a regular file")
	}
	f, err := files.Open(name)
	if err != nil {
		return "", seen, false, fileError(err)
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", seen, false, fileError(err)
	}
	if len(data) > maxFile {
		return "", seen, false, fmt.Errorf("the file is larger than %d KiB", maxFile>>10)
	}
	after, err := f.Stat()
	if err != nil {
		return "", seen, false, fileError(err)
	}
	return basescript.DecodeText(data), seen, stampOf(after) == seen, nil
}

// Text returns the text of a script file of the app folder, and its address. A url without a scheme is
// relative to the folder of the address from; what follows a question mark is left out, because
// scripts write it to get around caches (spec/basescript.md 1.12). A built-in script that the folder
// does not replace is found as well. What is hidden has no text. The error names the address.
func (a *App) Text(url, from string) (text, address string, err error) {
	address, _, _ = strings.Cut(resolve(url, from), "?")
	file, err := localPath(address)
	if err != nil {
		return "", address, err
	}
	files, done, err := openFolder(a.cfg.Dir)
	if err != nil {
		return "", address, err
	}
	defer done()
	if a.isHidden(file) {
		return "", address, fmt.Errorf("%s: scripts do not see this, it belongs to the server", address)
	}
	text, _, err = readText(files, file)
	if errors.Is(err, fs.ErrNotExist) {
		text, _, err = readText(embedded, "bundled/"+file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the file %s does not exist: %w", address, fs.ErrNotExist)
	} else if err != nil {
		err = fmt.Errorf("%s: %w", address, err)
	}
	return text, address, err
}

// isHidden reports whether a file is hidden or lies in a hidden folder, whatever the way to it is called: links lead there, and on
// some disks other letters do.
func (a *App) isHidden(file string) bool {
	if a.cfg.Dir == "" || len(a.cfg.Hidden) == 0 {
		return false
	}
	name, err := filepath.EvalSymlinks(filepath.Join(a.cfg.Dir, filepath.FromSlash(file)))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	app, err := os.Stat(a.cfg.Dir)
	if err != nil {
		return true
	}
	for at := name; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return true
		}
		if os.SameFile(info, app) || at == filepath.Dir(at) {
			return false
		}
		for _, hidden := range a.cfg.Hidden {
			if h, err := os.Stat(hidden); err == nil && os.SameFile(info, h) {
				return true
			}
		}
	}
}

// resolve returns the address of url as seen from a script at the address from.
func resolve(url, from string) string {
	if strings.Contains(url, "://") {
		return url
	}
	url = strings.ReplaceAll(url, `\`, "/")
	dir, _, _ := strings.Cut(strings.TrimPrefix(from, scheme), "?")
	if rooted, ok := strings.CutPrefix(url, "/"); ok {
		return fileURL(rooted)
	}
	return fileURL(path.Join(path.Dir(dir), url))
}

// fileError drops the operation and path an error of the file system repeats: the problem names the
// file already.
func fileError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("the file cannot be read: %w", p.Err)
	}
	return fmt.Errorf("the file cannot be read: %w", err)
}
