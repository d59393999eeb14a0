package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// Value is a setting in force.
type Value struct {
	Setting Setting
	Source  string // "tutorsocket.yaml, line 3", "TUTORSOCKET_LISTEN", "--listen" or "default"
	// Dev is what the command dev has instead, as one would write it; "" if it has the same.
	Dev string

	texts []string // one, unless the setting is a list
}

// Effective returns all settings as [Load] would set them, in the order of [Reference], with where each comes
// from; of those of services the ones that were set. What is wrong is the error of Load; a value that cannot be
// read then stays what it was before.
func Effective(src Sources) ([]Value, error) {
	l := load(src)
	values := make([]Value, 0, len(settings))
	for _, s := range l.config.settings() {
		v := Value{Setting: s, Source: l.origin[s.Key], texts: s.texts(&l.config)}
		if v.Source == "" {
			if s.perService {
				continue
			}
			v.Source = "default"
			if !src.Dev {
				v.Dev = s.Dev
			}
		}
		values = append(values, v)
	}
	return values, l.problems.err()
}

// texts is what the setting is in a config, as one would write it.
func (s Setting) texts(c *Config) []string {
	field := s.field(c)
	switch v := field.Interface().(type) {
	case []string:
		return v
	case time.Duration:
		return []string{durationText(v)}
	case fmt.Stringer:
		return []string{v.String()}
	}
	if s.Type == "size" {
		return []string{sizeText(field.Int())}
	}
	return []string{fmt.Sprint(field.Interface())}
}

// durationText is a time without the zeros at its end: 10m, not 10m0s.
func durationText(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// sizeText is a number of bytes in the largest unit that leaves no rest.
func sizeText(n int64) string {
	for _, unit := range []string{"GiB", "MiB", "KiB"} {
		for _, size := range sizes {
			if size.name == unit && n != 0 && n%size.bytes == 0 {
				return strconv.FormatInt(n/size.bytes, 10) + unit
			}
		}
	}
	return strconv.FormatInt(n, 10)
}

// mask is what is shown in place of a secret.
const mask = "***"

// password finds that of an address, secretName an item NAME=VALUE whose name says that it is a secret. They are
// compiled when first needed: every command would wait for them.
var (
	password   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(://[^/@:\s]*:)[^/@\s]*@`) })
	secretName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^([^=]*(?:pass|secret|token|key|auth)[^=]*=).+`)
	})
)

// masked takes what nobody else is to see out of a text: all of a secret, the password of an address, the value
// of a NAME=VALUE whose name says that it is one.
func (v Value) masked(text string) string {
	if v.Setting.Secret && text != "" {
		return mask
	}
	if v.Setting.Key == "nats.url" {
		text = Redacted(text) // there a token stands where others have a name
	}
	text = password().ReplaceAllString(text, "${1}"+mask+"@")
	if v.Setting.Type == "list" {
		text = secretName().ReplaceAllString(text, "${1}"+mask)
	}
	return text
}

// Masked is the value for others to see: a text, or the texts of a list.
func (v Value) Masked() any {
	texts := make([]string, len(v.texts))
	for i, text := range v.texts {
		texts[i] = v.masked(text)
	}
	if v.Setting.Type == "list" {
		return texts
	}
	return texts[0]
}

// YAML is the value for others to see as it stands in a config file, on one line.
func (v Value) YAML() string {
	node := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range v.texts {
		node.Content = append(node.Content, v.scalar(text))
	}
	if v.Setting.Type != "list" {
		node = node.Content[0]
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	if err := enc.Encode(node); err != nil {
		panic(fmt.Sprintf("config: write %s as YAML: %v", v.Setting.Key, err)) // plain texts can be written
	}
	return strings.TrimSpace(b.String())
}

// scalar is one text: quoted where a reader of YAML would take it for something else.
func (v Value) scalar(text string) *yaml.Node {
	text = v.masked(text)
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	switch {
	case strings.ContainsAny(text, "\n\r\t"):
		n.Style = yaml.DoubleQuotedStyle
	case text == "" || text == "null" || text == "~":
		n.Style = yaml.SingleQuotedStyle
	}
	return n
}
