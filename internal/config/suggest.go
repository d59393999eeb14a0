package config

import (
	"fmt"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/spelling"
)

// suggest ends the message about an unknown key: with the key that was probably
// meant, or with nothing.
func suggest(key string) string {
	keys := below("")
	at := strings.LastIndexByte(key, '.')
	name := key[at+1:]
	switch {
	case at > 0 && len(settingsOf(serviceIn(key[:at]))) > 0:
		return suggestOf(name, key[:at+1])
	case strings.HasPrefix(key, services):
		return ": a service cannot be called that"
	}
	for _, k := range keys { // the right name in the wrong place
		if strings.HasSuffix(k, "."+name) || k == name {
			return fmt.Sprintf(": did you mean %s?", k)
		}
	}
	if near, distance := spelling.Nearest(key, withSections(keys)); distance <= 1+len(key)/5 {
		return fmt.Sprintf(": did you mean %s?", near)
	}
	return ""
}

// suggestOf is suggest for a key of a service: the names that keys of one have are few.
func suggestOf(name, prefix string) string {
	var names []string
	for _, key := range below(prefix) {
		names = append(names, strings.TrimPrefix(key, prefix))
	}
	if near, distance := spelling.Nearest(name, names); distance <= 1+len(name)/5 {
		return fmt.Sprintf(": did you mean %s?", prefix+near)
	}
	last := len(names) - 1
	return fmt.Sprintf(": what can be set for a service is %s and %s", strings.Join(names[:last], ", "), names[last])
}

// withSections adds the names that keys begin with.
func withSections(keys []string) []string {
	for _, k := range keys {
		if i := strings.IndexByte(k, '.'); i > 0 {
			keys = append(keys, k[:i])
		}
	}
	return keys
}
