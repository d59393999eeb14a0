package app

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Built-in scripts (design: product, "An app").
const (
	mainServiceFile = "wtv/wtv_main_ws_service.js"
	mainServiceName = "main_ws_service"
	mainLibraryFile = "wtv/libs/main_library.js"
	mainLibraryCode = "libMain"
)

// scan is one reading of an app folder.
type scan struct {
	files   fs.FS
	globals *basescript.Globals
	refused []string
	old     *Snapshot
	snap    *Snapshot
	// folders are those whose changes matter, those above them included.
	folders []string
}

func newScan(files fs.FS, cfg Config, old *Snapshot) *scan {
	return &scan{
		files:   files,
		globals: cfg.Globals,
		refused: cfg.Refused,
		old:     old,
		snap: &Snapshot{
			services:  make(map[string]*Script),
			libraries: make(map[string]*Script),
			agents:    make(map[string]*Script),
			stubs:     make(map[string]*Script),
			forms:     make(map[string]form),
			stamps:    make(map[string]stamp),
		},
		folders: []string{".", "wtv", "wtv/libs", "source", "services", "libs", "agents", "stubs"},
	}
}

func (s *scan) run() *Snapshot {
	s.builtin(Service, mainServiceName, mainServiceFile)
	s.builtin(Library, mainLibraryCode, mainLibraryFile)
	s.registered()
	s.folder(Service, "services")
	s.folder(Library, "libs")
	s.folder(Agent, "agents")
	s.folder(Stub, "stubs")
	s.noteUseless()
	s.snap.noteNamespaces()
	sortProblems(s.snap.problems)
	return s.snap
}

// seenFolders says of the folders that matter whether they exist.
func (s *scan) seenFolders() map[string]bool {
	seen := make(map[string]bool, len(s.folders))
	for _, dir := range s.folders {
		info, err := fs.Stat(s.files, dir)
		seen[dir] = err == nil && info.IsDir()
	}
	return seen
}

// read reads a file of the app folder.
func (s *scan) read(file string) (string, error) {
	text, seen, err := readText(s.files, file)
	s.snap.stamps[file] = seen
	return text, err
}

func (s *scan) problem(p Problem) { s.snap.problems = append(s.snap.problems, p) }

// builtin takes the file from the app folder if it is there, else the embedded one.
func (s *scan) builtin(kind Kind, name, file string) {
	text, err := s.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, _, err = readText(embedded, "bundled/"+file)
	}
	s.add(kind, name, file, text, err)
}

// newLibraryExt is the extension of files of V2 libraries; it is part of their code, because scripts know
// them by their namespace.
const newLibraryExt = ".bs"

// folder takes all scripts of a folder that is named after what it holds. A missing folder holds none.
func (s *scan) folder(kind Kind, dir string) {
	entries, err := fs.ReadDir(s.files, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		s.unreadable(kind, dir, err)
		return
	}
	for _, entry := range entries {
		name, isScript := strings.CutSuffix(entry.Name(), ".js")
		if kind == Library && path.Ext(name) == newLibraryExt {
			name, isScript = entry.Name(), true
		}
		if !isScript || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue // hidden files are what editors leave while they save
		}
		file := path.Join(dir, entry.Name())
		if err := checkName(kind, name); err != nil {
			s.problem(Problem{URL: fileURL(file), Message: err.Error()})
			continue
		}
		if other := s.snap.services[name]; kind == Service && other != nil && other.URL != fileURL(mainServiceFile) {
			s.problem(Problem{URL: other.URL, Message: fmt.Sprintf("the service %q is taken by %s", name, fileURL(file))})
		}
		text, err := s.read(file)
		if errors.Is(err, fs.ErrNotExist) && entry.Type()&fs.ModeSymlink == 0 {
			continue // gone since the folder was listed
		}
		s.add(kind, name, file, text, err)
	}
}

// unreadable keeps the scripts of a folder that cannot be listed at the moment.
func (s *scan) unreadable(kind Kind, dir string, err error) {
	p := problemOf(fileURL(dir), fileError(err))
	for _, old := range s.old.table(kind) {
		if path.Dir(strings.TrimPrefix(old.URL, scheme)) == dir {
			s.snap.table(kind)[old.Name] = old
			p.Kept = true
		}
	}
	s.problem(p)
}

// registered takes what source/api_ext.xml names.
func (s *scan) registered() {
	text, err := s.read(apiExt)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		s.snap.registered, err = parseAPIExt(text)
	}
	if err != nil {
		p := problemOf(fileURL(apiExt), err)
		s.snap.registered = s.old.registered
		p.Kept = len(s.old.registered) > 0
		s.problem(p)
	}
	for _, r := range s.snap.registered {
		s.register(r)
	}
}

// register takes one form file and the script beside it.
func (s *scan) register(r registration) {
	wrong := func(format string, args ...any) {
		s.problem(Problem{URL: fileURL(apiExt), Line: r.line, Message: fmt.Sprintf(format, args...)})
	}
	file, err := localPath(r.url)
	if err != nil {
		wrong("%v", err)
		return
	}
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		s.folders = append(s.folders, dir)
	}
	f, err := s.form(file)
	if errors.Is(err, fs.ErrNotExist) {
		wrong("the form file %s does not exist", r.url)
		return
	}
	if err != nil {
		return // named as a problem already
	}
	base := strings.TrimSuffix(path.Base(file), path.Ext(file))
	kind, name, table := Library, base, s.snap.libraries
	if f.service != "" {
		kind, name, table = Service, f.service, s.snap.services
	} else if err := checkName(Library, name); err != nil {
		wrong("%v", err)
		return
	}
	script := path.Join(path.Dir(file), base+".js")
	if other := table[name]; other != nil && other.URL != fileURL(mainServiceFile) && other.URL != fileURL(mainLibraryFile) {
		wrong("the %s %q is registered twice, %s is left out", kind, name, fileURL(script))
		return
	}
	text, err := s.read(script)
	s.add(kind, name, script, text, err)
}

// form reads a form file; one that does not parse any more still says what it said before.
func (s *scan) form(file string) (form, error) {
	text, err := s.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return form{}, err
	}
	var f form
	if err == nil {
		f, err = parseForm(text)
	}
	if err != nil {
		p := problemOf(fileURL(file), err)
		f, p.Kept = s.old.forms[file]
		s.problem(p)
		if !p.Kept {
			return form{}, err
		}
	}
	s.snap.forms[file] = f
	return f, nil
}

// add puts a script into the snapshot: the old one if its text is the same, else compiled anew; with
// the last good program if there is one and the text (or the reading of it, err) is at fault.
func (s *scan) add(kind Kind, name, file, text string, err error) {
	url := fileURL(file)
	old := s.old.find(kind, name, url)
	script := old
	switch {
	case err != nil:
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the script %s does not exist", url)
		}
		script = &Script{Kind: kind, Name: name, URL: url, Err: &loadError{url, err}}
	case old == nil || !old.read || old.tried != text:
		script = compile(kind, name, url, text, s.globals)
		script.noteMute(old)
	}
	if script.Err != nil {
		if script != old && old != nil {
			script.Program, script.Source, script.Meta = old.Program, old.Source, old.Meta
			script.mute = old.mute
		}
		p := problemOf(url, script.Err)
		p.Kept = script.Program != nil
		s.problem(p)
	}
	for _, note := range script.notes {
		s.problem(note)
	}
	s.snap.table(kind)[name] = script
}

// noteMute notes that a service has lost the function that gets the messages, which is no fault of
// the text: a service need not have one. old is the script before, nil if there was none.
func (s *Script) noteMute(old *Script) {
	const process = "process" // spec/websocket.md A.2
	if s.Kind != Service || s.Program == nil || old == nil || old.Program == nil || s.Program.HasFunction(process) {
		return
	}
	s.mute = old.mute || old.Program.HasFunction(process)
	if s.mute {
		s.notes = append(s.notes, Problem{URL: s.URL, Message: noProcess, Note: true})
	}
}

const noProcess = "the service has no function process any more: messages to it are dropped"

// compile makes a script of a text. A fault of the text is the script's Err; then it has no program.
func compile(kind Kind, name, url, text string, globals *basescript.Globals) *Script {
	script := &Script{Kind: kind, Name: name, URL: url, tried: text, read: true}
	var err error
	if kind == Agent {
		script.Meta, script.notes, err = readMeta(url, text)
	}
	var program *basescript.Program
	if err == nil {
		program, err = basescript.Compile(url, text, basescript.Options{Globals: globals, Library: kind != Agent, V2: path.Ext(url) == newLibraryExt})
	}
	if kind == Stub && err == nil {
		program, err = stubProgram(program, name, text, globals)
	}
	if err != nil {
		script.Err = err
		return script
	}
	script.Program, script.Source = program, text
	return script
}

// CompileAgent makes an agent of a source that is in no file. name says in errors where it comes
// from; empty means "run.js". What does not compile gives an agent with Err and without a program.
func CompileAgent(name, source string, globals *basescript.Globals) *Script {
	if name == "" {
		name = "run.js"
	}
	url := name
	if !strings.Contains(url, "://") {
		url = fileURL(strings.TrimLeft(strings.ReplaceAll(name, `\`, "/"), "/"))
	}
	if len(source) > maxFile {
		err := fmt.Errorf("the source is larger than %d KiB", maxFile>>10)
		return &Script{Kind: Agent, Name: name, URL: url, Err: &loadError{url, err}}
	}
	return compile(Agent, name, url, basescript.DecodeText([]byte(source)), globals)
}
