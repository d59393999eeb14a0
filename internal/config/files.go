package config

import "path/filepath"

// SettingFile is a file that settings come from, or that one of them names.
type SettingFile struct {
	Key  string // the setting that names it; "" for the config file
	Path string // absolute
}

// Files are the config file and those that settings name: tokens, keys, certificates. Whoever may read one finds
// secrets, and whoever may write one says who is let in.
func (c Config) Files() []SettingFile {
	var all []SettingFile
	add := func(key, name string) {
		if abs, err := filepath.Abs(name); name != "" && err == nil {
			all = append(all, SettingFile{key, abs})
		}
	}
	add("", c.File)
	for _, s := range settings {
		if !s.file {
			continue
		}
		switch value := s.field(&c).Interface().(type) {
		case string:
			add(s.Key, value)
		case []string:
			for _, name := range value {
				add(s.Key, name)
			}
		}
	}
	return all
}
