package files

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Config says which folders scripts see.
type Config struct {
	// App is the app folder as an absolute path; "" means Sample, which scripts cannot change.
	App    string
	Sample fs.FS
	// Scratch is the folder scripts write to, as an absolute path. It is made if need be.
	Scratch string
	// Hidden are folders and files, as absolute paths, of which scripts see nothing even if they lie in the app
	// folder.
	Hidden []string
	// MaxBytes bounds the files in scratch, and what scripts add to the app folder; 0 means 256 MiB.
	MaxBytes int64
	// MaxFiles bounds the number of files and folders, in the same way; 0 means 10,000.
	MaxFiles int64
	// Metrics shows how full scratch is; nil: nothing does.
	Metrics *metrics.Registry
	// IsCode reports whether a path below the app folder, with slashes, is a script in use or a folder
	// with one in it. nil: only the folders of scripts hold code. It is called without locks.
	IsCode func(file string) bool
}

const (
	defaultBytes = 256 << 20
	defaultFiles = 10_000
)

// codeFolders are the folders of an app that hold scripts.
var codeFolders = []string{"wtv", "source", "services", "libs", "agents", "stubs", "tests"}

// sampleFolder is the path scripts see in place of the embedded sample app, which is in no folder.
const sampleFolder = "/embedded-app"

// Tree is what scripts see. Open makes one; it needs no closing.
type Tree struct {
	app, scratch *root
	isCode       func(file string) bool
}

// root is one of the two folders.
type root struct {
	dir    string   // as an absolute path of the system; sampleFolder for the sample
	forms  []string // the same with slashes, as written and with links resolved
	sample fs.FS    // set for the sample, which is only read
	hidden []string // paths below dir that scripts do not see
	quota  quota

	// names is held while a name is given, taken or moved, so that what is counted is what was there.
	names sync.Mutex
}

// Open prepares the tree: it makes the scratch folder and its folder for temporary files, removes
// temporary files older than a day, and counts what scratch holds.
func Open(cfg Config) (*Tree, error) {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultBytes
	}
	if cfg.MaxFiles <= 0 {
		cfg.MaxFiles = defaultFiles
	}
	if info, err := os.Lstat(cfg.Scratch); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("the scratch folder %s is not a folder", cfg.Scratch)
	}
	if err := os.MkdirAll(filepath.Join(cfg.Scratch, tempFolder), 0o700); err != nil {
		return nil, fmt.Errorf("make the scratch folder: %w", err)
	}
	t := &Tree{isCode: cfg.IsCode, scratch: newRoot(cfg.Scratch, nil)}
	if cfg.App == "" {
		t.app = &root{dir: sampleFolder, forms: []string{sampleFolder}, sample: cfg.Sample}
	} else {
		t.app = newRoot(cfg.App, append(slices.Clone(cfg.Hidden), cfg.Scratch))
	}
	t.app.quota = quota{what: "the app folder", maxBytes: cfg.MaxBytes, maxFiles: cfg.MaxFiles}
	t.scratch.quota = quota{what: "the scratch folder", maxBytes: cfg.MaxBytes, maxFiles: cfg.MaxFiles}
	if err := t.sweep(); err != nil {
		return nil, fmt.Errorf("look through the scratch folder: %w", err)
	}
	t.register(cfg.Metrics)
	return t, nil
}

func (t *Tree) register(r *metrics.Registry) {
	r.Read("tutorsocket_files_scratch_bytes", "Bytes of the files in the scratch folder of scripts.", nil, func(set func(float64, ...string)) {
		bytes, _ := t.scratch.quota.used()
		set(float64(bytes))
	})
	r.Read("tutorsocket_files_scratch_files", "Files and folders in the scratch folder of scripts.", nil, func(set func(float64, ...string)) {
		_, files := t.scratch.quota.used()
		set(float64(files))
	})
}

func newRoot(dir string, hidden []string) *root {
	r := &root{dir: dir, forms: formsOf(dir)}
	for _, h := range hidden {
		for _, form := range formsOf(h) {
			if rest, ok := r.below(form); ok && rest != "." && !slices.Contains(r.hidden, rest) {
				r.hidden = append(r.hidden, rest)
			}
		}
	}
	return r
}

// formsOf returns a folder with slashes: as it is written, and with links resolved.
func formsOf(dir string) []string {
	forms := []string{path.Clean(filepath.ToSlash(dir))}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		if real = path.Clean(filepath.ToSlash(real)); real != forms[0] {
			forms = append(forms, real)
		}
	}
	return forms
}

// below returns the path of an absolute one, with slashes, as seen from the root; ok is false if it
// does not lie in it.
func (r *root) below(absolute string) (rest string, ok bool) {
	for _, form := range r.forms {
		if sameName(absolute, form) {
			return ".", true
		}
		prefix := strings.TrimSuffix(form, "/") + "/"
		if len(absolute) > len(prefix) && sameName(absolute[:len(prefix)], prefix) {
			return absolute[len(prefix):], true
		}
	}
	return "", false
}

// sameName compares as the system does with the beginning of a path.
func sameName(a, b string) bool {
	if filepath.Separator == '\\' {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// AppFolder returns the app folder as a path of the system.
func (t *Tree) AppFolder() string { return t.app.dir }

// ScratchFolder returns the scratch folder as a path of the system.
func (t *Tree) ScratchFolder() string { return t.scratch.dir }
