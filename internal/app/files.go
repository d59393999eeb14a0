package app

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// List returns the addresses of the script files (.js) in a folder of the app, in the order of their
// names; none if there is no such folder.
func (a *App) List(folder string) ([]string, error) {
	files, done, err := openFolder(a.cfg.Dir)
	if err != nil {
		return nil, err
	}
	defer done()
	entries, err := fs.ReadDir(files, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", fileURL(folder), fileError(err))
	}
	var list []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".js") && !entry.IsDir() && !strings.HasPrefix(name, ".") {
			list = append(list, fileURL(path.Join(folder, name)))
		}
	}
	return list, nil
}

// Owns reports whether the app folder has a file at an address. Built-in scripts that the folder does
// not replace are not its own.
func (a *App) Owns(url string) bool {
	file, err := localPath(url)
	if err != nil {
		return false
	}
	files, done, err := openFolder(a.cfg.Dir)
	if err != nil {
		return false
	}
	defer done()
	_, err = fs.Stat(files, file)
	return err == nil
}
