package app

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

const (
	// secondLook is how long what is gone or broken all of a sudden gets to come back, unless an App
	// says otherwise: some editors remove or empty a file before they write it.
	secondLook = 30 * time.Millisecond
	// fresh is the age up to which an empty file counts as one that is about to be written: whoever saves
	// it waits perhaps for the disk between emptying and writing it.
	fresh = time.Second
)

// stamp tells states of a file apart without its text. The zero stamp is that of no file.
type stamp struct {
	size     int64
	modified int64 // nanoseconds since 1970
}

func stampOf(info fs.FileInfo) stamp {
	return stamp{size: info.Size(), modified: info.ModTime().UnixNano()}
}

// glance is when a look read the folder. A file was as the look found it at some moment between.
type glance struct {
	began, ended time.Time
	patience     time.Duration // how long a doubt lasts
}

// doubt is what a look found and did not believe.
type doubt struct {
	seen     stamp
	since    time.Time
	patience time.Duration
}

// wait returns how long the doubt lasts from now on if nothing more happens to the file.
func (d doubt) wait(now time.Time) time.Duration {
	left := d.patience - now.Sub(d.since)
	if d.seen.size == 0 && d.seen.modified != 0 {
		// The time of the file says nothing about its age: a file system shows the new size before the
		// new time, and a clock elsewhere may be ahead or behind.
		left = max(left, fresh-now.Sub(d.since))
	}
	return left
}

// doubts are the open ones of a watch by path from the app folder, "." for the folder itself. A
// state is believed when it was seen at two looks and no event came between them.
type doubts map[string]doubt

// carry reports whether the state seen of a file is still to be doubted, given the doubts of the
// look before; if it is, d has it. Reading takes time, on a busy machine much: a state has lasted from
// the end of the look that found it first to the beginning of this one, not longer.
func (d doubts) carry(before doubts, file string, seen stamp, look glance) bool {
	open, ok := before[file]
	if !ok || open.seen != seen {
		open = doubt{seen: seen, since: look.ended, patience: look.patience}
	}
	if open.wait(look.began) <= 0 {
		return false
	}
	d[file] = open
	return true
}

// happened drops the doubts about a file or what is in a folder: the next look is a first one.
func (d doubts) happened(name string) {
	for file := range d {
		if name == "." || file == name || strings.HasPrefix(file, name+"/") {
			delete(d, file)
		}
	}
}

// next returns the moment at which the first doubt can be decided, zero if there is none.
func (d doubts) next(now time.Time) (at time.Time) {
	for _, open := range d {
		if due := now.Add(open.wait(now)); at.IsZero() || due.Before(at) {
			at = due
		}
	}
	return at
}

// doubtful returns the scripts of old that may have been read in the middle of being saved: they
// are gone, empty or broken since, or lack functions they had.
func doubtful(old, snap *Snapshot) []*Script {
	var list []*Script
	for _, kind := range []Kind{Service, Library, Agent, Stub} {
		for _, was := range sorted(old.table(kind)) {
			is := snap.table(kind)[was.Name]
			if is == was {
				continue
			}
			file := filePath(was.URL)
			gone := is == nil || is.URL != was.URL || old.stamps[file] != stamp{} && snap.stamps[file] == stamp{}
			if gone || worse(was, is) {
				list = append(list, was)
			}
		}
	}
	return list
}

// worse reports whether the file of a script has lost what the author may not have meant to remove.
func worse(was, is *Script) bool {
	switch {
	case is.Err != nil:
		return was.Err == nil
	case was.Program == nil:
		return false
	}
	return is.Source == "" && was.Source != "" || losesFunction(was.Program, is.Program)
}

func losesFunction(was, is *basescript.Program) bool {
	gone := func(name string) bool { return !is.HasFunction(name) }
	return slices.ContainsFunc(was.Functions(), gone)
}

// hold puts a script of old back in place, with what was said of its file. s is not in force yet.
func (s *Snapshot) hold(old *Snapshot, was *Script) {
	is := s.table(was.Kind)[was.Name]
	about := func(p Problem) bool {
		if is == nil && p.URL == fileURL(apiExt) {
			return true // says perhaps that the form file is missing
		}
		return p.URL == was.URL || is != nil && p.URL == is.URL
	}
	s.problems = slices.DeleteFunc(s.problems, about)
	for _, p := range old.problems {
		if about(p) {
			s.problems = append(s.problems, p)
		}
	}
	sortProblems(s.problems)
	s.table(was.Kind)[was.Name] = was
	file := filePath(was.URL)
	s.stamps[file] = old.stamps[file]
}

// filePath is the path in the app folder of a script's address.
func filePath(url string) string { return path.Clean(strings.TrimPrefix(url, scheme)) }
