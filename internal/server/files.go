package server

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// appFiles serves the folder web/ of an app at /. The folder may come and go
// while the server runs. Without it, or without an index.html in it, / leads to
// the test client. Folders are not listed, and names that begin with a dot are
// not served.
type appFiles struct {
	dir    string // web/ of the app folder; "" if there is no folder
	frames string // policy that says whose frames its pages may be in
}

func (f appFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "Files can be read, nothing else.")
		return
	}
	name, ok := fileName(r.URL.Path)
	if ok && f.serve(w, r, name) {
		return
	}
	if r.URL.Path == "/" {
		w.Header().Set("Cache-Control", "no-store") // an index.html may appear any time
		http.Redirect(w, r, "/client/", http.StatusFound)
		return
	}
	problem(w, http.StatusNotFound, "There is nothing here. The test client is at /client/.")
}

// fileName returns the file a path names, in the folder; ok is false if the path
// could not be the one of a file that is served.
func fileName(urlPath string) (name string, ok bool) {
	if strings.Contains(urlPath, "/.") || strings.ContainsAny(urlPath, "\\\x00") || path.Clean(urlPath) != strings.TrimSuffix(urlPath, "/") && urlPath != "/" {
		return "", false
	}
	name = strings.TrimPrefix(urlPath, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	return name, true
}

// serve answers with a file, or says that there is none. No link leads out of
// the folder.
func (f appFiles) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	if f.dir == "" {
		return false
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return false
	}
	defer root.Close()
	file, info, err := openFile(root, name)
	if err != nil {
		return false
	}
	defer file.Close()
	if info.IsDir() {
		http.Redirect(w, r, path.Base(r.URL.Path)+"/", http.StatusFound)
		return true
	}
	w.Header().Set("Cache-Control", "no-cache") // files change while one works on them
	authorsHeaders(w.Header(), f.frames)
	http.ServeContent(w, r, info.Name(), info.ModTime(), file)
	return true
}

// openFile opens a regular file, or a folder that has an index.html.
func openFile(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	info, err := root.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		if _, err := root.Stat(filepath.Join(filepath.FromSlash(name), "index.html")); err != nil {
			return nil, nil, err
		}
	} else if !info.Mode().IsRegular() { // a pipe would block
		return nil, nil, errors.New("not a regular file")
	}
	file, err := root.Open(filepath.FromSlash(name))
	return file, info, err
}
