package app

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Kind says what a script is for.
type Kind string

// The kinds of scripts.
const (
	Service Kind = "service"
	Library Kind = "library"
	Agent   Kind = "agent"
	// A Stub stands in for a function the server does not have.
	Stub Kind = "stub"
)

// Script is one file of an app, compiled. Immutable.
type Script struct {
	Kind Kind
	Name string // a service's or agent's name, a library's code, what a stub stands in for
	URL  string // x-local:// and the path in the app folder
	// Program is the last version that compiled, nil if none did; Source is its text.
	Program *basescript.Program
	Source  string
	Meta    Meta
	// Err says why the present text of the file is not in force, nil if it is.
	Err error

	// tried is the text that was compiled last, whether it compiled or not; read is false if there
	// was none because the file could not be read.
	tried string
	read  bool
	notes []Problem
	// mute: a service that had a function process and has none any more.
	mute bool
}

// Meta is what the first comment of an agent says.
type Meta struct {
	Description string        // the text of the comment, without tags
	User        string        // @user: the id of the user the agent runs as; "" = the default
	Timeout     time.Duration // @timeout: how long it may run; 0 = the default
	Timetable   Timetable     // @schedule, @timezone, @overlap, @missed
}

// Snapshot is an app at one moment. Immutable.
type Snapshot struct {
	services  map[string]*Script
	libraries map[string]*Script
	agents    map[string]*Script
	stubs     map[string]*Script
	problems  []Problem
	// namespaces are the files of V2 libraries by their names.
	namespaces map[string][]*basescript.Program

	// registered is what source/api_ext.xml named when it last parsed, forms what the form files
	// it names said when they last parsed, by path.
	registered []registration
	forms      map[string]form

	// stamps are the states of the files as they were read, by path.
	stamps map[string]stamp
}

// Service returns the service of that name.
func (s *Snapshot) Service(name string) (*Script, bool) { return lookup(s.services, name) }

// Library returns the code library of that code.
func (s *Snapshot) Library(code string) (*Script, bool) { return lookup(s.libraries, code) }

// Namespace returns the compiled files of libs that belong to the V2 library of that name, in the order of
// their codes: .bs files, named by their META:NAMESPACE or else by the file, and .js files with a
// META:NAMESPACE.
func (s *Snapshot) Namespace(name string) []*basescript.Program { return s.namespaces[name] }

// noteNamespaces joins the files of V2 libraries by their namespaces.
func (s *Snapshot) noteNamespaces() {
	s.namespaces = make(map[string][]*basescript.Program)
	for _, library := range s.Libraries() {
		if library.Program == nil {
			continue
		}
		name, isNew := strings.CutSuffix(library.Name, newLibraryExt)
		if given := library.Program.Namespace(); given != "" {
			name, isNew = given, true
		}
		if isNew {
			s.namespaces[name] = append(s.namespaces[name], library.Program)
		}
	}
}

// Agent returns the agent of that name.
func (s *Snapshot) Agent(name string) (*Script, bool) { return lookup(s.agents, name) }

// Stub returns the stand-in for a function. That for a member of a namespace is called after both of
// them (tools.open_doc) or else after the member (open_doc).
func (s *Snapshot) Stub(name string) (*Script, bool) {
	if script, ok := s.stubs[name]; ok {
		return script, true
	}
	return lookup(s.stubs, lastPart(name))
}

// lastPart is the name of a member without its namespace.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// Services returns all services in the order of their names.
func (s *Snapshot) Services() []*Script { return sorted(s.services) }

// Libraries returns all code libraries in the order of their codes.
func (s *Snapshot) Libraries() []*Script { return sorted(s.libraries) }

// Agents returns all agents in the order of their names.
func (s *Snapshot) Agents() []*Script { return sorted(s.agents) }

// Stubs returns all stand-ins in the order of their names.
func (s *Snapshot) Stubs() []*Script { return sorted(s.stubs) }

// Problems returns what is wrong with the files, in a fixed order.
func (s *Snapshot) Problems() []Problem { return slices.Clone(s.problems) }

func lookup(scripts map[string]*Script, name string) (*Script, bool) {
	script, ok := scripts[name]
	return script, ok
}

func sorted(scripts map[string]*Script) []*Script {
	return slices.SortedFunc(maps.Values(scripts), func(a, b *Script) int { return strings.Compare(a.Name, b.Name) })
}

// table returns the scripts of a kind.
func (s *Snapshot) table(kind Kind) map[string]*Script {
	switch kind {
	case Service:
		return s.services
	case Library:
		return s.libraries
	case Stub:
		return s.stubs
	}
	return s.agents
}

// find returns the script of that kind, name and address, nil if there is none.
func (s *Snapshot) find(kind Kind, name, url string) *Script {
	if script := s.table(kind)[name]; script != nil && script.URL == url {
		return script
	}
	return nil
}

// IsCode reports whether a path in the app folder is a file the snapshot was made of, or would have
// been if it existed, or a folder with such a file in it. Letter case does not count, since on some
// disks it does not.
func (s *Snapshot) IsCode(file string) bool {
	for known := range s.stamps {
		// A form file that does not parse at the moment keeps its script.
		if within(known, file) || within(strings.TrimSuffix(known, path.Ext(known))+".js", file) {
			return true
		}
	}
	return false
}

// within reports whether a file is the one named, or lies in a folder of that name.
func within(file, folder string) bool {
	return len(file) >= len(folder) && strings.EqualFold(file[:len(folder)], folder) &&
		(len(file) == len(folder) || file[len(folder)] == '/')
}
