package storefiles

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Damage is something wrong with a file of the store.
type Damage struct {
	Stream string // "" if it is about the store as a whole
	File   string // path
	Text   string // what is wrong, for a person

	unwritten bool // it may never have reached the disk, where nobody waits for that
}

func (d Damage) String() string { return d.File + " " + d.Text }

// Findings are what [Keeper.Check] found.
type Findings struct {
	// Damages are confirmed messages that are missing or will not be read.
	Damages []Damage
	// Doubts are what may be one, or what could be put right without loss.
	Doubts []Damage
	// Records is how many were read, Bytes how many bytes.
	Records int
	Bytes   int64

	mend   []string // streams whose description is known and on the disk is not
	drop   []string // streams that were being made and hold nothing
	remove []string // derived files that are not to be believed
}

// Unexpected are the damages that a power failure does not explain where writes are
// confirmed before they are on the disk: all but those of what was written last.
func (f *Findings) Unexpected() []Damage {
	return slices.DeleteFunc(slices.Clone(f.Damages), func(d Damage) bool { return d.unwritten })
}

// Check reads the whole store. Errors are those of the file system that are about
// more than one file.
func (k *Keeper) Check() (*Findings, error) {
	f := &Findings{Doubts: slices.Clone(k.unclear)}
	confirmed := k.marks.all()
	for _, name := range k.names(confirmed) {
		if err := k.checkStream(f, name, confirmed[name]); err != nil {
			return nil, fmt.Errorf("read the store %s: %w", k.stream(name), err)
		}
	}
	return f, nil
}

// names are the streams there are or were, in order.
func (k *Keeper) names(confirmed map[string]uint64) []string {
	names := k.streamFolders()
	for name := range confirmed {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (k *Keeper) checkStream(f *Findings, name string, confirmed uint64) error {
	if _, err := os.Stat(k.stream(name)); errors.Is(err, fs.ErrNotExist) {
		f.damage(name, k.stream(name), "is gone, with all %d messages that were ever confirmed in it", confirmed)
		return nil
	}
	last, records := uint64(0), 0
	indices := k.indices(name)
	traces := map[uint32]bool{}
	for i, index := range indices {
		b, err := readBlock(k.block(name, index), name, index, false)
		if err != nil {
			f.damage(name, k.block(name, index), "cannot be read: %v", plain(err))
			continue
		}
		f.Records += b.records
		f.Bytes += b.size
		records += b.records
		traces[index] = b.trace
		last = max(last, b.last)
		newest := i == len(indices)-1
		switch {
		case len(b.gaps) > 0 && !(newest && b.torn()):
			f.damage(name, k.block(name, index), "is damaged: %s", describe(b))
		case b.size == 0 && !newest:
			f.damage(name, k.block(name, index), "is empty")
		}
	}
	k.checkList(f, name, indices, traces)
	if last < confirmed && !f.about(name) {
		file := k.blocks(name)
		if len(indices) > 0 {
			file = k.block(name, indices[len(indices)-1])
		}
		f.damage(name, file, "ends too early: of the messages that were confirmed the newest %d are missing", confirmed-last)
		f.Damages[len(f.Damages)-1].unwritten = true
	}
	k.checkMeta(f, name, records, confirmed)
	k.checkDerived(f, name)
	return nil
}

// checkList compares the blocks with those that are known. traces are the blocks that
// begin with the trace of a removed message.
func (k *Keeper) checkList(f *Findings, name string, indices []uint32, traces map[uint32]bool) {
	for _, file := range sortedKeys(k.known.Streams[name].Blocks) {
		path, size := filepath.Join(k.blocks(name), file), k.known.Streams[name].Blocks[file]
		var text string
		if size == 0 {
			continue // NATS begins with another one
		}
		after, present := slices.BinarySearchFunc(indices, file, compareBlock)
		if !present {
			text = fmt.Sprintf("is missing, it had %d bytes", size)
		} else if info, err := os.Stat(path); err == nil && info.Size() < size {
			text = fmt.Sprintf("has only %d of the %d bytes it had", info.Size(), size)
		}
		switch {
		case text == "":
		case k.known.Clean:
			f.damage(name, path, "%s when the server was stopped", text)
		case !k.mayHaveTidied(name):
			f.damage(name, path, "%s before the server was killed", text)
			f.Damages[len(f.Damages)-1].unwritten = true
		case !present && after < len(indices) && traces[indices[after]]:
			// NATS removed the last message of its newest block, and so the block: it
			// begins the next one with a trace of that message first.
		default:
			f.doubt(name, path, "%s a moment before the server was killed; the store may have tidied it away in that moment, or it was damaged: see that nothing is missing", text)
		}
	}
}

// compareBlock says where a file's name belongs among the numbers of blocks.
func compareBlock(index uint32, file string) int {
	number, _, _ := strings.Cut(file, ".")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return -1 // no block has that name
	}
	return cmp.Compare(uint64(index), n)
}

// mayHaveTidied reports whether a process that was killed may have removed or replaced
// blocks of a stream after it had listed them: it did so while it lived, or not at all.
func (k *Keeper) mayHaveTidied(name string) bool {
	info, err := os.Stat(k.blocks(name))
	if err != nil {
		return false
	}
	changed := info.ModTime()
	return !changed.Equal(k.known.Streams[name].Changed) && !changed.After(k.seen.Add(alive))
}

// checkDerived finds the derived files that are not as they were when the store was
// closed. After a kill that is not known.
func (k *Keeper) checkDerived(f *Findings, name string) {
	known := k.known.Streams[name].Derived
	for file, sum := range k.derivedSums(name) {
		if was, ok := known[file]; !k.known.Clean || !ok || was != sum {
			f.remove = append(f.remove, filepath.Join(k.blocks(name), file))
		}
	}
}

// checkMeta looks at the description of a stream.
func (k *Keeper) checkMeta(f *Findings, name string, records int, confirmed uint64) {
	meta, sum := k.description(name)
	path := filepath.Join(k.stream(name), "meta.inf")
	known := k.known.Streams[name]
	switch {
	case validMeta(name, meta, sum):
	case validMeta(name, known.Meta, known.Sum):
		f.mend = append(f.mend, name)
		f.doubt(name, path, "was damaged or missing; it has been written anew, nothing is lost")
	case records == 0 && confirmed == 0:
		f.drop = append(f.drop, name)
	default:
		f.damage(name, path, "is damaged or missing, and so all of the stream would be")
	}
}

// Mend writes descriptions anew that are known, and removes streams that were being
// made when the process was killed and hold nothing, which NATS would leave out, and
// files of which NATS must not believe what they say. It loses nothing. It is to be
// called before NATS opens the store.
func (k *Keeper) Mend(f *Findings) error {
	for _, name := range f.mend {
		known := k.known.Streams[name]
		if err := errors.Join(
			replaceFile(filepath.Join(k.stream(name), "meta.inf"), []byte(known.Meta)),
			replaceFile(filepath.Join(k.stream(name), "meta.sum"), []byte(known.Sum)),
		); err != nil {
			return fmt.Errorf("write the description of a stream: %w", err)
		}
	}
	for _, file := range f.remove {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a file that can be made anew: %w", err)
		}
	}
	for _, name := range f.drop {
		if err := os.RemoveAll(k.stream(name)); err != nil {
			return fmt.Errorf("remove a stream that was never made: %w", err)
		}
	}
	return nil
}

// validMeta reports whether the description of a stream fits its checksum.
func validMeta(name, meta, sum string) bool {
	if meta == "" {
		return false
	}
	h := newHash(sha256.Sum256([]byte(name)))
	_, _ = h.Write([]byte(meta)) // a hash takes everything
	return hex.EncodeToString(h.Sum(nil)) == sum
}

// indices are the numbers of the blocks of a stream, in order.
func (k *Keeper) indices(name string) []uint32 { return indicesIn(k.blocks(name)) }

func indicesIn(folder string) []uint32 {
	entries, _ := os.ReadDir(folder) // no folder: no blocks
	var indices []uint32
	for _, e := range entries {
		number, isBlock := strings.CutSuffix(e.Name(), ".blk")
		if n, err := strconv.ParseUint(number, 10, 32); isBlock && err == nil {
			indices = append(indices, uint32(n))
		}
	}
	slices.Sort(indices)
	return indices
}

func describe(b *block) string {
	var lost int64
	for _, g := range b.gaps {
		lost += g.to - g.from
	}
	return fmt.Sprintf("%d of its %d bytes, from byte %d on, cannot be read (%d records can)", lost, b.size, b.gaps[0].from, b.records)
}

func (f *Findings) damage(stream, file, format string, args ...any) {
	f.Damages = append(f.Damages, Damage{Stream: stream, File: file, Text: fmt.Sprintf(format, args...)})
}

func (f *Findings) doubt(stream, file, format string, args ...any) {
	f.Doubts = append(f.Doubts, Damage{Stream: stream, File: file, Text: fmt.Sprintf(format, args...)})
}

// about reports whether a stream is known to be damaged.
func (f *Findings) about(stream string) bool {
	return slices.ContainsFunc(f.Damages, func(d Damage) bool { return d.Stream == stream })
}

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// plain drops the path that an error of the file system repeats.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
