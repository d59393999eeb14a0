package check

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// Problem is something wrong with a file of an app.
type Problem struct {
	File    string `json:"file"`            // path in the app folder
	Line    int    `json:"line"`            // from 1; 0 where no line is to blame
	Column  int    `json:"column"`          // from 1, in characters; 0 where none is to blame
	Level   string `json:"level"`           // one of the levels below
	Kind    string `json:"kind"`            // a basescript.FindingKind, or "app": registration files, names, comments
	Message string `json:"message"`         // what is wrong, and the name that was probably meant
	Caret   string `json:"caret,omitempty"` // the source line with a mark under the column
}

// The levels of problems: what fails when it is executed, what may well be a mistake, what works here
// and not in WebTutor.
const (
	LevelError       = string(basescript.LevelError)
	LevelWarning     = string(basescript.LevelWarning)
	LevelPortability = string(basescript.LevelPortability)
)

// kindApp is the kind of problems with registration files, names and comments of scripts.
const kindApp = "app"

// Options say what an app is checked for.
type Options struct {
	// Version is the Datex.XHTTP version the scripts are for, "1.22" or "1.24"; use of a newer one is a
	// warning. Empty means any.
	Version string
	// Portability asks for what works here and not in WebTutor as well.
	Portability bool
}

// Report is what was found in an app.
type Report struct {
	App         string    `json:"app"`   // the folder, "" for the embedded sample app
	Files       int       `json:"files"` // scripts that were looked at
	Problems    []Problem `json:"problems"`
	Errors      int       `json:"errors"`
	Warnings    int       `json:"warnings"`
	Portability int       `json:"portability"`
}

// Folder checks the app in a folder, the embedded sample app if dir is empty. The error is that of
// [app.Load].
func Folder(dir string, opts Options) (Report, error) {
	a, err := app.Load(app.Config{Dir: dir, Globals: hostapi.Globals()})
	if err != nil {
		return Report{}, err
	}
	return App(a, opts), nil
}

// App checks every script of an app, those its scripts load by their address included, and the files
// that register them. Built-in scripts the app does not replace are left out. The problems come in
// the order of files and lines.
func App(a *app.App, opts Options) Report {
	c := &checker{app: a, snap: a.Snapshot(), opts: opts, seen: map[string]bool{}}
	for _, p := range c.snap.Problems() {
		c.add(appProblem(p))
	}
	for _, script := range c.snap.Services() {
		c.script(script.URL, KindService)
	}
	for _, script := range c.snap.Libraries() {
		c.script(script.URL, KindLibrary)
	}
	for _, script := range c.snap.Agents() {
		c.script(script.URL, KindAgent)
	}
	c.folder("stubs", KindStub)
	c.folder("tests", KindTest)
	for len(c.queue) > 0 {
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.script(next.url, next.kind)
	}
	return c.finish()
}

// Kind says how a script is used, and with that which names it may use.
type Kind string

// The kinds of scripts.
const (
	KindService Kind = "service"
	KindLibrary Kind = "library"
	KindAgent   Kind = "agent"
	KindStub    Kind = "stub"
	KindTest    Kind = "test"
)

// Kinds are all kinds, the first being the default of those who do not say one.
var Kinds = []Kind{KindAgent, KindService, KindLibrary, KindStub, KindTest}

// kindPart is the kind of files that EvalCodeUrl runs in the environment of the script that calls it.
const kindPart Kind = "part"

// Source checks one source as if it stood in a file of the app. a may be nil: then nothing is said of
// libraries and files. name is the path in the app folder.
func Source(a *app.App, kind Kind, name, text string, opts Options) []Problem {
	c := &checker{app: a, opts: opts, seen: map[string]bool{}}
	if a != nil {
		c.snap = a.Snapshot()
	}
	c.inspect(scheme+strings.TrimPrefix(name, scheme), kind, text)
	c.queue = nil
	return c.finish().Problems
}

const scheme = "x-local://"

// checker gathers what is found in one app.
type checker struct {
	app      *app.App
	snap     *app.Snapshot // nil without an app
	opts     Options
	seen     map[string]bool // addresses
	queue    []loaded        // files that scripts load
	loaded   map[string]*basescript.Class
	files    int
	problems []Problem
}

// loaded is a file that a script loads, and how it is used.
type loaded struct {
	url  string
	kind Kind
}

func (c *checker) add(p Problem) {
	if p.Level != LevelPortability || c.opts.Portability {
		c.problems = append(c.problems, p)
	}
}

// folder checks the scripts of a folder that is not part of the snapshot.
func (c *checker) folder(name string, kind Kind) {
	list, err := c.app.List(name)
	if err != nil {
		c.add(Problem{File: name, Level: LevelError, Kind: kindApp, Message: err.Error()})
	}
	for _, url := range list {
		c.script(url, kind)
	}
}

// script checks a file, once. One that cannot be read is among the problems of the app already.
func (c *checker) script(url string, kind Kind) {
	if c.seen[url] || !c.app.Owns(url) {
		return
	}
	c.seen[url] = true
	text, _, err := c.app.Text(url, "")
	if err != nil {
		if kind == KindStub || kind == KindTest {
			c.add(Problem{File: file(url), Level: LevelError, Kind: kindApp, Message: err.Error()})
		}
		return
	}
	c.inspect(url, kind, text)
}

func (c *checker) inspect(url string, kind Kind, text string) {
	c.files++
	for _, f := range basescript.Inspect(url, text, c.inspectOptions(url, kind, text)) {
		c.add(Problem{
			File: file(url), Line: f.Line, Column: f.Column,
			Level: string(f.Level), Kind: string(f.Kind), Message: f.Message, Caret: f.Caret,
		})
	}
}

func (c *checker) inspectOptions(url string, kind Kind, text string) basescript.InspectOptions {
	opts := basescript.InspectOptions{
		Options: basescript.Options{Globals: hostapi.Globals(), Library: kind == KindService || kind == KindLibrary || kind == KindStub},
		Classes: classes(),
		Version: c.opts.Version,
		Stub:    c.hasStub,
		Call:    func(call basescript.Call) basescript.Answer { return c.call(url, call) },
		Part:    kind == kindPart,
	}
	c.loaded = opts.Classes
	switch kind {
	case KindService:
		opts.Hooks = hostapi.Hooks()
	case KindTest: // what script tests can call is no part of the tables
		opts.Known = func(string) bool { return true }
	case KindStub:
		if p, err := basescript.Compile(url, text, opts.Options); err == nil {
			opts.Function = app.StubBody(p, strings.TrimSuffix(path.Base(url), ".js"))
		}
	}
	return opts
}

// classes are the classes of host objects by their names in signatures.
func classes() map[string]*basescript.Class {
	byName := make(map[string]*basescript.Class)
	for _, c := range hostapi.Classes() {
		byName[c.Name] = c.Class
	}
	return byName
}

// hasStub reports whether the app has a stand-in for a function, called after it or after its last
// part (tools.open_doc, open_doc).
func (c *checker) hasStub(name string) bool {
	if c.app == nil {
		return false
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return c.app.Owns(scheme+"stubs/"+name+".js") || c.app.Owns(scheme+"stubs/"+last+".js")
}

// finish counts and sorts what was found.
func (c *checker) finish() Report {
	r := Report{Files: c.files, Problems: c.problems}
	if c.app != nil {
		r.App = c.app.Dir()
	}
	sort.SliceStable(r.Problems, func(i, j int) bool {
		a, b := &r.Problems[i], &r.Problems[j]
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column) < 0
	})
	// The app knows of syntax errors what the inspection finds too.
	r.Problems = slices.CompactFunc(r.Problems, func(a, b Problem) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
	for _, p := range r.Problems {
		switch p.Level {
		case LevelError:
			r.Errors++
		case LevelWarning:
			r.Warnings++
		case LevelPortability:
			r.Portability++
		}
	}
	if r.Problems == nil {
		r.Problems = []Problem{}
	}
	return r
}

// appProblem is a problem the app itself found.
func appProblem(p app.Problem) Problem {
	level, kind := LevelError, kindApp
	if p.Note {
		level = LevelWarning
	}
	if p.Caret != "" {
		kind = string(basescript.FindSyntax)
	}
	return Problem{File: file(p.URL), Line: p.Line, Column: p.Column, Level: level, Kind: kind, Message: p.Message, Caret: p.Caret}
}

func file(url string) string { return strings.TrimPrefix(url, scheme) }

// ErrKind is the error of a kind of script that does not exist.
var ErrKind = errors.New("no such kind of script")

// ParseKind reads the name of a kind; an empty name is an agent.
func ParseKind(name string) (Kind, error) {
	if name == "" {
		return KindAgent, nil
	}
	if kind := Kind(name); slices.Contains(Kinds, kind) {
		return kind, nil
	}
	return "", ErrKind
}
