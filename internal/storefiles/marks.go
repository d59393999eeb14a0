package storefiles

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
)

// marks are the sequences of the newest confirmed messages, in a file with a line of
// fixed length for each stream, so that one is changed by one small write.
type marks struct {
	path string

	mu    sync.Mutex // guards what follows
	file  *os.File   // nil until something is written, and after close
	over  bool
	lines map[string]int // of each stream, from 0 on
	high  map[string]uint64
	wrong error // the first that kept a mark from being written
}

const markLine = 128

func readMarks(path string) (m *marks, damaged bool, err error) {
	m = &marks{path: path, lines: map[string]int{}, high: map[string]uint64{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	damaged = len(text)%markLine != 0
	for i := 0; (i+1)*markLine <= len(text); i++ {
		stream, sequence, ok := parseMark(string(text[i*markLine : (i+1)*markLine]))
		if !ok {
			damaged = true
			stream = fmt.Sprintf("?%d", i) // the line stays taken
		}
		m.lines[stream] = i
		if ok {
			m.high[stream] = sequence
		}
	}
	return m, damaged, nil
}

func formatMark(stream string, sequence uint64) string {
	text := fmt.Sprintf("%-88s %20d", stream, sequence)
	text = fmt.Sprintf("%s %08x", text, crc32.ChecksumIEEE([]byte(text)))
	return fmt.Sprintf("%-*s\n", markLine-1, text)
}

func parseMark(line string) (stream string, sequence uint64, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return "", 0, false
	}
	sequence, err := strconv.ParseUint(fields[1], 10, 64)
	return fields[0], sequence, err == nil && formatMark(fields[0], sequence) == line
}

// reach notes that a sequence was confirmed. What cannot be written is remembered.
func (m *marks) reach(stream string, sequence uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if sequence <= m.high[stream] || m.over {
		return
	}
	m.high[stream] = sequence
	if err := m.write(stream, sequence); err != nil && m.wrong == nil {
		m.wrong = err
	}
}

// write puts a line into the file. The caller holds mu.
func (m *marks) write(stream string, sequence uint64) error {
	if m.file == nil {
		f, err := os.OpenFile(m.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		m.file = f
	}
	at, known := m.lines[stream]
	if !known {
		at = len(m.lines)
		m.lines[stream] = at
	}
	_, err := m.file.WriteAt([]byte(formatMark(stream, sequence)), int64(at)*markLine)
	return err
}

// all returns a copy of the marks.
func (m *marks) all() map[string]uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	high := make(map[string]uint64, len(m.high))
	for stream, sequence := range m.high {
		high[stream] = sequence
	}
	return high
}

// failure is what kept a mark from being written.
func (m *marks) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wrong
}

// close writes what the system still holds to the disk.
func (m *marks) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
	if m.file == nil {
		return m.wrong
	}
	err := errors.Join(m.wrong, m.file.Sync(), m.file.Close())
	m.file = nil
	return err
}
