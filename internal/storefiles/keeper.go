package storefiles

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	marksName = "store.marks"
	listName  = "store.json"
)

// Keeper knows what must be in the files of a store. [Open] makes one.
type Keeper struct {
	folder  string    // the data folder
	seen    time.Time // lastAlive when the keeper was opened
	marks   *marks
	known   list
	unclear []Damage // of the keeper's own files

	noted map[string]time.Time // of the folders of blocks, when the list was made
}

// list is what "store.json" holds.
type list struct {
	Clean   bool              `json:"clean"` // made when the store was closed
	Streams map[string]stream `json:"streams"`
}

// stream is what is known of the files of a stream.
type stream struct {
	Meta   string           `json:"meta,omitempty"` // its description, meta.inf
	Sum    string           `json:"sum,omitempty"`  // and the checksum of that
	Blocks map[string]int64 `json:"blocks"`         // size by name
	// Changed is when a block was last added, replaced or removed, as far as the list knows.
	Changed time.Time `json:"changed"`
	// Derived are checksums of files that NATS would believe and can make anew.
	Derived map[string]uint32 `json:"derived,omitempty"`
}

// derived are the files of a stream that follow from its blocks, have no checksum of
// their own, and say what is to be removed and when.
var derived = []string{"thw.db", "sched.db"}

// Open reads what is known of the store in a data folder. It changes nothing. A store
// of which nothing is known yet has no marks; files of the keeper that cannot be read
// are told by [Keeper.Check].
func Open(folder string) (*Keeper, error) {
	k := &Keeper{folder: folder, noted: map[string]time.Time{}}
	k.seen = k.lastAlive()
	marks, damaged, err := readMarks(filepath.Join(folder, marksName))
	if err != nil {
		return nil, fmt.Errorf("read what was confirmed: %w", err)
	}
	if damaged {
		k.doubt(marksName, "cannot be read whole: the newest confirmed writes of some streams are not known")
	}
	k.marks = marks
	text, err := os.ReadFile(filepath.Join(folder, listName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read the list of the store's files: %w", err)
	case json.Unmarshal(text, &k.known) != nil:
		k.known = list{}
		k.doubt(listName, "cannot be read: whether a whole file of the store is missing is not known")
	}
	if k.known.Streams == nil {
		k.known.Streams = map[string]stream{}
	}
	return k, nil
}

func (k *Keeper) doubt(file, text string) {
	k.unclear = append(k.unclear, Damage{File: filepath.Join(k.folder, file), Text: text})
}

// Begin says that the store runs now: from here on files may change.
func (k *Keeper) Begin() error { return k.write(false) }

// Reached says that a message of a stream was confirmed. It costs one small write.
// Lower sequences than one known already, and those after End, are passed over.
func (k *Keeper) Reached(stream string, sequence uint64) { k.marks.reach(stream, sequence) }

// Note lists the files of the store anew if some were added or went since the last
// time, and leaves word that the process lives. It is to be called every few seconds
// at least ([alive]). The error is also one that Reached met.
func (k *Keeper) Note() error {
	now := time.Now()
	if err := os.Chtimes(filepath.Join(k.folder, listName), now, now); err != nil {
		return fmt.Errorf("note that the store is open: %w", err)
	}
	if err := k.marks.failure(); err != nil {
		return fmt.Errorf("note what was confirmed: %w", err)
	}
	changed := false
	for _, name := range k.streamFolders() {
		info, err := os.Stat(k.blocks(name))
		if err != nil {
			continue
		}
		if !k.noted[name].Equal(info.ModTime()) {
			changed = true
			k.noted[name] = info.ModTime()
		}
	}
	if !changed {
		return nil
	}
	return k.write(false)
}

// End lists the files of the store, which has been closed: from now on all of them
// must stay as they are. The keeper is not to be used after it.
func (k *Keeper) End() error {
	if err := k.marks.close(); err != nil {
		return fmt.Errorf("note what was confirmed: %w", err)
	}
	return k.write(true)
}

// write replaces the list in one step.
func (k *Keeper) write(clean bool) error {
	k.known = k.listFiles(clean)
	text, err := json.Marshal(k.known)
	if err != nil {
		return fmt.Errorf("list the store's files: %w", err)
	}
	return replaceFile(filepath.Join(k.folder, listName), text)
}

// replaceFile writes a file so that it has the old or the new text, whatever happens.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// listFiles describes what is on the disk. A description that is damaged is kept as it
// was known.
func (k *Keeper) listFiles(clean bool) list {
	l := list{Clean: clean, Streams: map[string]stream{}}
	for _, name := range k.streamFolders() {
		s := stream{Blocks: map[string]int64{}}
		if info, err := os.Stat(k.blocks(name)); err == nil { // before what it has: what changes meanwhile is noticed
			s.Changed = info.ModTime()
		}
		meta, sum := k.description(name)
		if validMeta(name, meta, sum) {
			s.Meta, s.Sum = meta, sum
		} else {
			s.Meta, s.Sum = k.known.Streams[name].Meta, k.known.Streams[name].Sum
		}
		for _, index := range k.indices(name) {
			if info, err := os.Stat(k.block(name, index)); err == nil { // else it has just gone
				s.Blocks[blockName(index)] = info.Size()
			}
		}
		if clean {
			s.Derived = k.derivedSums(name)
		}
		l.Streams[name] = s
	}
	return l
}

// derivedSums are the checksums of the derived files of a stream that are there.
func (k *Keeper) derivedSums(name string) map[string]uint32 {
	sums := map[string]uint32{}
	for _, file := range derived {
		if text, err := os.ReadFile(filepath.Join(k.blocks(name), file)); err == nil {
			sums[file] = crc32.ChecksumIEEE(text)
		}
	}
	return sums
}

// alive is how long after its last sign of life a process may still have changed files:
// somewhat more than the time between two calls of Note.
const alive = 5 * time.Second

// lastAlive is when the process that had the store open was last seen at work; the zero
// time if that is not known.
func (k *Keeper) lastAlive() (at time.Time) {
	for _, name := range []string{listName, marksName} {
		if info, err := os.Stat(filepath.Join(k.folder, name)); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at
}

// The places in the folder of the store.

func (k *Keeper) streams() string {
	return filepath.Join(k.folder, "nats", "jetstream", "$G", "streams")
}
func (k *Keeper) stream(name string) string { return filepath.Join(k.streams(), name) }
func (k *Keeper) blocks(name string) string { return filepath.Join(k.stream(name), "msgs") }
func (k *Keeper) block(name string, index uint32) string {
	return filepath.Join(k.blocks(name), blockName(index))
}

func blockName(index uint32) string { return fmt.Sprintf("%d.blk", index) }

// streamFolders are the names of the streams that have a folder. One with a dot is
// about to be removed.
func (k *Keeper) streamFolders() []string {
	entries, err := os.ReadDir(k.streams())
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// description returns meta.inf and meta.sum of a stream, empty where they cannot be read.
func (k *Keeper) description(name string) (meta, sum string) {
	m, _ := os.ReadFile(filepath.Join(k.stream(name), "meta.inf"))
	s, _ := os.ReadFile(filepath.Join(k.stream(name), "meta.sum"))
	return string(m), string(s)
}
