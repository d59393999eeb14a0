package storefiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Recovered says what became of a damaged stream.
type Recovered struct {
	Stream string
	Aside  string // where the damaged files are now; "" if there were none
	Kept   int    // records that could be read
	Lost   int64  // bytes that could not
}

// Recover keeps of each damaged stream what can be read. The damaged files are moved
// into a folder beside the store, whose name has the time, and the readable records
// are written anew in their place. A stream without a description that is known is
// moved aside whole: whoever uses it makes it anew. What may be missing, but need
// not, is taken to be so from here on. Nothing is changed where nothing is damaged.
func (k *Keeper) Recover(now time.Time) ([]Recovered, error) {
	f, err := k.Check()
	if err != nil {
		return nil, err
	}
	if err := k.Mend(f); err != nil {
		return nil, err
	}
	if len(f.Damages) == 0 {
		return nil, nil
	}
	aside := filepath.Join(k.folder, "damaged-"+now.Format("20060102-150405"))
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return nil, err
	}
	confirmed := k.marks.all()
	var done []Recovered
	for _, name := range k.names(confirmed) {
		if !f.about(name) {
			continue
		}
		r, err := k.recoverStream(name, filepath.Join(aside, name), confirmed[name], now)
		if err != nil {
			return done, fmt.Errorf("recover %s: %w", k.stream(name), err)
		}
		done = append(done, r)
	}
	k.unclear = nil
	return done, k.write(false)
}

func (k *Keeper) recoverStream(name, aside string, confirmed uint64, now time.Time) (Recovered, error) {
	r := Recovered{Stream: name}
	err := os.Rename(k.stream(name), aside)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	if err == nil {
		r.Aside = aside
	}
	meta, sum := k.descriptionToKeep(name, aside)
	if meta == "" { // what is made anew counts from 1
		return r, k.marks.restart(name)
	}
	if err := os.MkdirAll(k.blocks(name), 0o700); err != nil {
		return r, err
	}
	next, last, err := k.copyBlocks(&r, name, filepath.Join(aside, "msgs"))
	if err != nil {
		return r, err
	}
	if last < confirmed { // sequences that were given to somebody are not given again
		if err := replaceFile(k.block(name, next), tombstone(name, next, confirmed, now)); err != nil {
			return r, err
		}
	}
	// The description comes last: without it there is no stream.
	return r, errors.Join(
		replaceFile(filepath.Join(k.stream(name), "meta.sum"), []byte(sum)),
		replaceFile(filepath.Join(k.stream(name), "meta.inf"), []byte(meta)),
	)
}

// descriptionToKeep is the description of a stream, from the disk or as it is known.
func (k *Keeper) descriptionToKeep(name, aside string) (meta, sum string) {
	m, _ := os.ReadFile(filepath.Join(aside, "meta.inf"))
	s, _ := os.ReadFile(filepath.Join(aside, "meta.sum"))
	if validMeta(name, string(m), string(s)) {
		return string(m), string(s)
	}
	if known := k.known.Streams[name]; validMeta(name, known.Meta, known.Sum) {
		return known.Meta, known.Sum
	}
	return "", ""
}

// copyBlocks writes the readable records of the blocks in a folder into new ones, and
// returns the number of the block after the last and the highest sequence.
func (k *Keeper) copyBlocks(r *Recovered, name, from string) (next uint32, last uint64, err error) {
	next = 1
	for _, index := range indicesIn(from) {
		next = index + 1
		b, err := readBlock(filepath.Join(from, blockName(index)), name, index, true)
		if err != nil {
			continue // none of it can be read; it stays aside
		}
		var text []byte
		for _, record := range b.whole {
			text = append(text, record...)
		}
		last = max(last, b.last)
		r.Kept += b.records
		r.Lost += b.size - int64(len(text))
		if len(text) == 0 {
			continue
		}
		if err := replaceFile(k.block(name, index), text); err != nil {
			return next, last, err
		}
	}
	return next, last, nil
}

// restart forgets what was confirmed in a stream.
func (m *marks) restart(stream string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.high[stream] = 0
	return m.write(stream, 0)
}
