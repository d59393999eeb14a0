package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/spelling"
)

// Sources is where settings come from. Flags win over the environment, the
// environment over the file, the file over the defaults.
type Sources struct {
	// File is the path of a YAML file; "" means TUTORSOCKET_CONFIG of Env, or none.
	File string
	// Env is the environment, as os.Environ has it. An empty variable sets nothing.
	Env []string
	// Flags are the values of flags given, by key of the setting. A list may have
	// several; commas divide as well.
	Flags map[string][]string
	// Dev says that the settings are for the command dev, which has defaults of its
	// own: see [Setting.Dev].
	Dev bool
}

// otherEnv are variables of the program that are no settings: the path of the
// file, and what client commands read.
var otherEnv = []string{"CONFIG", "SERVER", "TOKEN"}

// maxFile bounds a file that is surely not a config file, in bytes.
const maxFile = 1 << 20

// Default returns the settings when nobody says anything.
func Default() Config { return defaults(Setting.ofAll) }

// DevDefault returns those of the command dev.
func DevDefault() Config { return defaults(Setting.ofDev) }

func (s Setting) ofAll() string { return s.Default }
func (s Setting) ofDev() string { return cmp.Or(s.Dev, s.Default) }

func defaults(of func(Setting) string) Config {
	var c Config
	for _, s := range c.settings() {
		text := of(s)
		if text == "" && s.Type == "text" {
			continue
		}
		if err := s.set(&c, []string{text}); err != nil {
			panic(fmt.Sprintf("config: default of %s: %v", s.Key, err))
		}
	}
	c.derive()
	return c
}

// Load reads all sources and validates the result. What is wrong comes as
// [Problems], all at once: values that cannot be read, unknown keys, and all
// [Config.Validate] has to say. The settings that could be read are returned all
// the same.
func Load(src Sources) (Config, error) {
	l := load(src)
	return l.config, l.problems.err()
}

// load is Load that also knows where settings come from.
func load(src Sources) *loader {
	l := &loader{config: Default(), origin: map[string]string{}}
	if src.Dev {
		l.config = DevDefault()
	}
	env := environment(src.Env)
	file := src.File
	if file == "" {
		file = env[EnvPrefix+"CONFIG"]
	}
	if file != "" {
		l.file(file)
		if abs, err := filepath.Abs(file); err == nil {
			l.config.File = abs
		}
	}
	l.environment(env)
	for _, s := range l.config.settings() {
		if texts, ok := src.Flags[s.Key]; ok {
			l.set(s, texts, "--"+s.Flag)
		}
	}
	l.config.derive()
	if source := l.origin["nats.sync"]; source != "" && l.config.NATS.Outside() {
		l.fault("nats.sync", source, "is about the embedded store; with nats.url the NATS servers decide (sync_interval in their jetstream section)")
	}
	for _, p := range l.config.problems() {
		p.Source = l.origin[p.Key]
		l.problems = append(l.problems, p)
	}
	return l
}

// loader gathers settings and what is wrong with them.
type loader struct {
	config   Config
	origin   map[string]string // source of each key that was set
	problems Problems
}

func (l *loader) set(s Setting, texts []string, source string) {
	if err := s.set(&l.config, texts); err != nil {
		l.fault(s.Key, source, "%s", err)
		return
	}
	l.origin[s.Key] = source
}

func (l *loader) fault(key, source, format string, args ...any) {
	l.problems = append(l.problems, Problem{Key: key, Source: source, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) file(path string) {
	text, err := readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.fault("", "", "there is no config file %s", path)
		return
	case err != nil:
		l.fault("", "", "the config file cannot be read: %s", err)
		return
	}
	l.yaml(path, text)
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder", path)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, that is no config file", path, info.Size())
	}
	return os.ReadFile(path)
}

// environment picks the program's variables.
func environment(vars []string) map[string]string {
	env := map[string]string{}
	for _, v := range vars {
		if name, value, ok := strings.Cut(v, "="); ok && value != "" && strings.HasPrefix(name, EnvPrefix) {
			env[name] = value
		}
	}
	return env
}

// environment reads the variables. One that is nearly the name of a setting is an
// error; others are not ours to judge, for container platforms set variables such
// as TUTORSOCKET_PORT_8080_TCP for a service of this name.
func (l *loader) environment(env map[string]string) {
	known := make([]string, 0, len(settings)+len(otherEnv))
	take := func(s Setting) {
		if value, ok := env[s.Env]; ok {
			l.set(s, []string{value}, s.Env)
		}
		known = append(known, s.Env)
		delete(env, s.Env)
	}
	for _, s := range settings {
		if !s.perService {
			take(s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		for _, s := range variableOfService(name) {
			take(s)
		}
	}
	for _, name := range otherEnv {
		known = append(known, EnvPrefix+name)
		delete(env, EnvPrefix+name)
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if near, distance := spelling.Nearest(name, known); distance <= 2 {
			l.fault("", name, "unknown variable %s: did you mean %s?", name, near)
		}
	}
}
