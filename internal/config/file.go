package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yaml reads a config file. A key is written nested, or with its dots.
func (l *loader) yaml(path string, text []byte) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) { // an empty file sets nothing
			l.fault("", path, "not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		}
		return
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		l.fault("", path, "more than one YAML document")
		return
	}
	r := fileReader{loader: l, path: path, seen: map[string]int{}}
	for _, n := range doc.Content { // one, or none if there are only comments
		r.section("", n)
	}
}

// fileReader walks the nodes of a file.
type fileReader struct {
	*loader
	path string
	seen map[string]int // line of each key met
}

func (r *fileReader) source(n *yaml.Node) string { return fmt.Sprintf("%s, line %d", r.path, n.Line) }

// section reads the members of a mapping; prefix is "" or ends with a dot. Depth
// is bounded by the names that exist, also when an alias contains itself.
func (r *fileReader) section(prefix string, n *yaml.Node) {
	n = resolve(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		what := "the file"
		if prefix != "" {
			what = strings.TrimSuffix(prefix, ".")
		}
		r.fault("", r.source(n), "%s must hold keys with values: %s", what, strings.Join(below(prefix), ", "))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		r.member(prefix+n.Content[i].Value, n.Content[i], n.Content[i+1])
	}
}

func (r *fileReader) member(key string, name, value *yaml.Node) {
	if isSection(key) || isService(key, resolve(value)) {
		r.section(key+".", value)
		return
	}
	s, ok := lookup(key)
	if !ok {
		r.fault("", r.source(name), "unknown key %q%s", key, suggest(key))
		return
	}
	if line, again := r.seen[key]; again {
		r.fault(key, r.source(name), "is set already in line %d", line)
		return
	}
	r.seen[key] = name.Line
	value = resolve(value)
	if isNull(value) {
		return
	}
	texts, ok := scalars(value)
	if !ok {
		r.fault(key, r.source(value), "must be a %s", s.Type)
		return
	}
	r.set(s, texts, r.source(value))
}

// scalars are the texts of a value or a list of values, as they are written.
func scalars(n *yaml.Node) ([]string, bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}, true
	case yaml.SequenceNode:
		texts := []string{}
		for _, item := range n.Content {
			if item = resolve(item); item.Kind != yaml.ScalarNode {
				return nil, false
			}
			texts = append(texts, item.Value)
		}
		return texts, true
	default:
		return nil, false
	}
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode { // it points to a node, never to another alias
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func lookup(key string) (Setting, bool) {
	for _, s := range settings {
		if s.Key == key && !s.perService {
			return s, true
		}
	}
	return keyOfService(key)
}

// isSection reports whether keys begin with this name and a dot.
func isSection(name string) bool {
	for _, s := range settings {
		if strings.HasPrefix(s.Key, name+".") {
			return !s.perService || name+"." == services
		}
	}
	return false
}

// below are the keys that begin with a prefix.
func below(prefix string) []string {
	var keys []string
	for _, s := range append(slices.Clip(settings), settingsOf(serviceIn(prefix))...) {
		if strings.HasPrefix(s.Key, prefix) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}
