package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/mask"
)

// NamedConfig says where the files of named logs are, and bounds them. Zero values mean the defaults.
type NamedConfig struct {
	// Dir is the folder of the files; it is made when the first line comes. "" means that there are no
	// files: logs are opened and closed, and what is written to them goes nowhere.
	Dir string
	// Scratch is another folder that a log may choose (base-dir); "" means none.
	Scratch string
	// MaxFile and MaxTotal bound one file, and all that are written, in bytes; 64 MiB and 1 GiB.
	// MaxFiles bounds their number; 10,000. What is in Dir already counts.
	MaxFile, MaxTotal int64
	MaxFiles          int
	// Logger is told of files that cannot be written; nil: nobody is.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	maxNamedLogs = 200
	maxLogName   = 200 // bytes
)

// Named are logs that scripts open by name, each with files of its own (spec/basescript.md 2.8, 4.1).
// Safe for concurrent use. A file is open while its log is; Close closes all.
type Named struct {
	cfg NamedConfig

	mu     sync.Mutex // guards what follows
	logs   map[string]*named
	closed bool
	total  int64 // bytes of all files
	files  int
	// counted says that total and files include what was there before.
	counted bool
}

// named is one log that is open.
type named struct {
	name string
	text string // of the options
	logOptions

	mu     sync.Mutex // guards what follows; held while a line is written, and taken before Named.mu
	closed bool
	file   *os.File
	period string // which the file is for
	size   int64
	failed bool // the trouble was reported
}

// NewNamed returns logs of which none is open.
func NewNamed(cfg NamedConfig) *Named {
	if cfg.MaxFile <= 0 {
		cfg.MaxFile = 64 << 20
	}
	if cfg.MaxTotal <= 0 {
		cfg.MaxTotal = 1 << 30
	}
	if cfg.MaxFiles <= 0 {
		cfg.MaxFiles = 10_000
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Named{cfg: cfg, logs: make(map[string]*named)}
}

// Enable opens a log. options are "name=value;…": life-time is day, month or permanent and says when a
// new file begins, base-dir is a folder below that of the logs, use-std-event-prefix=0 leaves out time
// and thread, header-str begins each new file; others are passed over. A log that is open keeps its
// options if there are none now, else the new ones count. The error says what is wrong with the name
// or the options, or that as many logs are open as may.
func (n *Named) Enable(name, options string) error {
	if name == "" || len(name) > maxLogName {
		return fmt.Errorf("the name of a log has 1 to %d bytes", maxLogName)
	}
	parsed, err := n.parse(options)
	if err != nil {
		return fmt.Errorf("the log %s: %w", Printable(name), err)
	}
	old, err := n.replace(name, &named{name: name, text: options, logOptions: parsed})
	if old != nil {
		old.close()
	}
	return err
}

// replace puts a log in the place of the one of that name, which it returns, unless that is to stay.
func (n *Named) replace(name string, l *named) (old *named, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	old = n.logs[name]
	switch {
	case n.closed:
		return nil, errors.New("the server is shutting down")
	case old != nil && (l.text == "" || l.text == old.text):
		return nil, nil
	case old == nil && len(n.logs) >= maxNamedLogs:
		return nil, fmt.Errorf("more than %d logs are open", maxNamedLogs)
	}
	n.logs[name] = l
	return old, nil
}

// Disable closes a log. One that is not open stays so.
func (n *Named) Disable(name string) {
	n.mu.Lock()
	l := n.logs[name]
	delete(n.logs, name)
	n.mu.Unlock()
	if l != nil {
		l.close() // which waits for a line on its way, and that for mu
	}
}

// Enabled reports whether a log is open.
func (n *Named) Enabled(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.logs[name] != nil
}

// Close closes all logs and their files. None opens afterwards.
func (n *Named) Close() {
	n.mu.Lock()
	open := n.logs
	n.logs, n.closed = nil, true
	n.mu.Unlock()
	for _, l := range open {
		l.close()
	}
}

func (l *named) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.closeFile()
}

func (l *named) closeFile() {
	if l.file != nil {
		_ = l.file.Close() // every line was written as it came
		l.file = nil
	}
}

// Write appends a line to the file of a log that is open; to one that is not, nothing. Trouble is told
// to the logger, once until it is over: a script has no way to help.
func (n *Named) Write(name string, thread int, text string) {
	n.mu.Lock()
	l := n.logs[name]
	n.mu.Unlock()
	if l == nil || n.cfg.Dir == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	err := n.write(l, thread, text)
	if err != nil && !l.failed {
		n.cfg.Logger.Warn("named log is not written", "log", name, "error", err.Error())
	}
	l.failed = err != nil
}

// write is called with l.mu held.
func (n *Named) write(l *named, thread int, text string) error {
	now := n.cfg.Now().Local()
	if err := n.begin(l, l.life.period(now)); err != nil {
		return err
	}
	text = mask.Tokens(Cut(text))
	if !l.bare {
		text = Line{Time: now, Thread: thread, Text: text}.String()
	}
	return n.append(l, text+"\n")
}

// begin opens the file of a period, unless it is open.
func (n *Named) begin(l *named, period string) error {
	if l.file != nil && l.period == period {
		return nil
	}
	l.closeFile()
	if err := n.count(); err != nil {
		return err
	}
	root, err := l.open(n.cfg)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // the file stays open
	name := filepath.FromSlash(path.Join(l.dir, fileName(l.name, period)))
	info, err := root.Lstat(name)
	isNew := errors.Is(err, fs.ErrNotExist)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", name)
	case err != nil && !isNew:
		return err
	case isNew && !n.another():
		return fmt.Errorf("there are more than %d log files; remove old ones", n.cfg.MaxFiles)
	}
	l.file, err = root.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	l.period, l.size = period, 0
	if !isNew {
		l.size = info.Size()
	}
	if isNew && l.header != "" {
		return n.append(l, l.header+"\n")
	}
	return nil
}

// append writes within the bounds.
func (n *Named) append(l *named, text string) error {
	size := int64(len(text))
	if l.size+size > n.cfg.MaxFile {
		return fmt.Errorf("the file has reached %d MiB", n.cfg.MaxFile>>20)
	}
	if !n.take(size) {
		return fmt.Errorf("the log files have reached %d MiB; remove old ones and restart", n.cfg.MaxTotal>>20)
	}
	l.size += size
	_, err := l.file.WriteString(text)
	return err
}

func (n *Named) take(size int64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.total+size > n.cfg.MaxTotal {
		return false
	}
	n.total += size
	return true
}

func (n *Named) another() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.files >= n.cfg.MaxFiles {
		return false
	}
	n.files++
	return true
}

// count makes the folder and adds up what is in it, the first time.
func (n *Named) count() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.counted {
		return nil
	}
	if err := os.MkdirAll(n.cfg.Dir, 0o700); err != nil {
		return err
	}
	n.counted = true
	return filepath.WalkDir(n.cfg.Dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		n.files++
		if info, err := e.Info(); err == nil {
			n.total += info.Size()
		}
		return nil
	})
}

// lifeTime says when a new file begins.
type lifeTime string

const (
	byDay     lifeTime = "day"
	byMonth   lifeTime = "month"
	permanent lifeTime = "permanent"
)

func (l lifeTime) period(now time.Time) string {
	switch l {
	case byMonth:
		return now.Format("2006-01")
	case permanent:
		return ""
	}
	return now.Format("2006-01-02")
}

// logOptions are the options of a log, read.
type logOptions struct {
	life      lifeTime
	inScratch bool
	dir       string // below the folder of the logs, or the scratch folder; with slashes
	bare      bool   // no time and thread
	header    string
}

func (n *Named) parse(text string) (logOptions, error) {
	o := logOptions{life: byDay, dir: "."}
	for option := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(option, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "life-time":
			switch life := lifeTime(strings.ToLower(strings.TrimSpace(value))); life {
			case byDay, byMonth, permanent:
				o.life = life
			default:
				return o, fmt.Errorf("life-time is day, month or permanent, not %s", Printable(value))
			}
		case "base-dir":
			if err := o.setDir(strings.TrimSpace(value), n.cfg); err != nil {
				return o, err
			}
		case "use-std-event-prefix":
			switch strings.ToLower(strings.TrimSpace(value)) {
			case "0", "false", "no":
				o.bare = true
			}
		case "header-str":
			o.header = Cut(value)
		}
	}
	return o, nil
}

// maxDepth bounds the folders of a base-dir, one in the other.
const maxDepth = 8

// setDir reads base-dir: a path in one of the two folders, or relative to that of the logs.
func (o *logOptions) setDir(text string, cfg NamedConfig) error {
	dir := strings.ReplaceAll(text, `\`, "/")
	for _, scheme := range []string{"x-local://", "file://"} {
		dir = strings.TrimPrefix(dir, scheme)
	}
	if strings.HasPrefix(dir, "/") || len(dir) > 1 && dir[1] == ':' {
		rest, ok := within(dir, cfg.Dir)
		if !ok {
			rest, ok = within(dir, cfg.Scratch)
			o.inScratch = ok
		}
		if !ok {
			return fmt.Errorf("base-dir %s lies outside of the folder of the logs", Printable(text))
		}
		dir = rest
	}
	var parts []string
	for part := range strings.SplitSeq(dir, "/") {
		switch part {
		case "", ".":
		case "..":
			return fmt.Errorf("base-dir %s has .. in it", Printable(text))
		default:
			parts = append(parts, safeName(part))
		}
	}
	if len(parts) > maxDepth {
		return fmt.Errorf("base-dir is more than %d folders deep", maxDepth)
	}
	o.dir = path.Join(append([]string{"."}, parts...)...)
	return nil
}

// within returns what is left of a path, with slashes, below a folder.
func within(p, folder string) (rest string, ok bool) {
	if folder == "" {
		return "", false
	}
	folder = strings.TrimPrefix(filepath.ToSlash(filepath.Clean(folder)), "/")
	rest, ok = strings.CutPrefix(strings.TrimPrefix(p, "/"), folder)
	return rest, ok && (rest == "" || strings.HasPrefix(rest, "/"))
}

// open opens the folder of the log's files, and makes it.
func (o *logOptions) open(cfg NamedConfig) (*os.Root, error) {
	dir := cfg.Dir
	if o.inScratch {
		dir = cfg.Scratch
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if o.dir != "." {
		if err := root.MkdirAll(filepath.FromSlash(o.dir), 0o700); err != nil {
			_ = root.Close() // nothing was opened
			return nil, err
		}
	}
	return root, nil
}
