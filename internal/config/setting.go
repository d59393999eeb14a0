package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// EnvPrefix begins the name of every environment variable of the program.
const EnvPrefix = "TUTORSOCKET_"

// Setting describes one key. That of a service has "<name>" in Key and "<NAME>" in
// Env, unless it is of one service.
type Setting struct {
	Key     string
	Env     string
	Flag    string // without dashes; "" if there is none
	Type    string // text, number, fraction, size, duration, yes/no, list, or text|json for a choice
	Default string // as one would write it
	Dev     string // default of the command dev; "" if it is no other
	Doc     string
	Secret  bool // the value is not to be shown

	perService bool   // it is of all services, or of one
	service    string // of which one
	index      []int  // of the field in Config, or in Service
	min        string
	bytes      bool
	file       bool // the value, or each in the list, is the name of a file
	values     []string
}

// settings of the whole tree, in the order of the struct. Those of services are
// there once.
var settings = walk(make([]Setting, 0, 192), reflect.TypeFor[Config](), "", nil)

// Reference lists every setting, in the order in which a person would look for
// them. The caller may keep the list.
func Reference() []Setting { return append([]Setting(nil), settings...) }

// walk reads the tags of a struct of settings and of those in it, and adds the settings to those found. It runs before
// each command begins, so it makes one list.
func walk(found []Setting, t reflect.Type, prefix string, index []int) []Setting {
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		at := append(append([]int(nil), index...), i)
		switch {
		case option == "inline":
			found = walk(found, f.Type, prefix, at)
		case name == "" || name == "-":
		case f.Type.Kind() == reflect.Map:
			found = ofServices(found, f.Type.Elem().Elem(), prefix+name+".<name>.")
		case f.Type.Kind() == reflect.Struct && !isText(f.Type):
			found = walk(found, f.Type, prefix+name+".", at)
		default:
			found = append(found, newSetting(f, prefix+name, at))
		}
	}
	return found
}

func newSetting(f reflect.StructField, key string, index []int) Setting {
	s := Setting{
		Key:     key,
		Env:     EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")),
		Flag:    f.Tag.Get("flag"),
		Default: f.Tag.Get("default"),
		Dev:     f.Tag.Get("dev"),
		Doc:     f.Tag.Get("doc"),
		Secret:  f.Tag.Get("secret") == "true",
		index:   index,
		min:     f.Tag.Get("min"),
		file:    f.Tag.Get("file") == "true",
		bytes:   f.Tag.Get("unit") == "bytes" || strings.HasSuffix(key, "bytes"),
	}
	if values := f.Tag.Get("values"); values != "" {
		s.values = strings.Split(values, "|")
	}
	s.Type = cmp.Or(f.Tag.Get("type"), s.typeName(f.Type))
	return s
}

func (s Setting) typeName(t reflect.Type) string {
	switch {
	case s.values != nil:
		return strings.Join(s.values, "|")
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case isText(t):
		return "text"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "yes/no"
	case reflect.Slice:
		return "list"
	case reflect.Float64:
		return "fraction"
	case reflect.Int, reflect.Int64:
		if s.bytes {
			return "size"
		}
		return "number"
	default:
		panic(fmt.Sprintf("config: setting %s has a type nobody reads: %s", s.Key, t))
	}
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// field is the setting's place in a config.
func (s Setting) field(c *Config) reflect.Value {
	if s.perService {
		return reflect.ValueOf(c.service(s.service)).Elem().FieldByIndex(s.index)
	}
	return reflect.ValueOf(c).Elem().FieldByIndex(s.index)
}

// set reads a value; several texts make a list. The error says what was expected,
// without the key. Nothing is set then.
func (s Setting) set(c *Config, texts []string) error {
	field := s.field(c)
	if field.Kind() == reflect.Slice {
		field.Set(reflect.ValueOf(items(texts)))
		return nil
	}
	if len(texts) != 1 {
		return fmt.Errorf("takes one value, not a list of %d", len(texts))
	}
	return s.setOne(field, texts[0])
}

func (s Setting) setOne(field reflect.Value, text string) error {
	if u, ok := field.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch s.Type {
	case "yes/no":
		v, err := parseBool(text)
		if err != nil {
			return err
		}
		field.SetBool(v)
		return nil
	case "fraction":
		v, err := parseFraction(text)
		if err != nil {
			return err
		}
		field.SetFloat(v)
		return nil
	case "number", "size", "duration":
		v, err := s.parseInt(text)
		if err != nil {
			return err
		}
		if field.OverflowInt(v) {
			return fmt.Errorf("%q is too large", text)
		}
		field.SetInt(v)
		return nil
	default:
		field.SetString(text)
		return nil
	}
}

// items splits what the environment and flags give as one text. A list that is said to be empty is one of no items.
func items(texts []string) []string {
	var list []string
	if texts != nil && len(texts) == 0 {
		return []string{}
	}
	for _, text := range texts {
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
	}
	return list
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	default:
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
}

// parseFraction reads a number that need not be whole. What it may be its room says.
func parseFraction(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is not a number such as 0.25 or 1", text)
	}
	return v, nil
}

// parseInt reads a number, size or duration.
func (s Setting) parseInt(text string) (int64, error) {
	switch s.Type {
	case "duration":
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("%q is not a time such as 500ms, 25s or 10m", text)
		}
		return int64(d), nil
	case "size":
		return parseSize(text)
	default:
		n, err := parseSize(text) // rooms need not say which of their numbers are bytes
		if err != nil {
			return 0, fmt.Errorf("%q is not a whole number", text)
		}
		return n, nil
	}
}

// sizes are the units of a size, longest names first.
var sizes = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}}

func parseSize(text string) (int64, error) {
	for _, unit := range sizes {
		number, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil {
			break
		}
		if n > (1<<62)/unit.bytes || n < -(1<<62)/unit.bytes {
			return 0, fmt.Errorf("%q is too large", text)
		}
		return n * unit.bytes, nil
	}
	return 0, fmt.Errorf("%q is not a number of bytes such as 65536, 64KiB or 1MiB", text)
}

// check reports what is wrong with the value set, as far as the tags tell.
func (s Setting) check(c *Config) error {
	field := s.field(c)
	if s.values != nil {
		for _, v := range s.values {
			if field.String() == v {
				return nil
			}
		}
		named := slices.DeleteFunc(slices.Clone(s.values), func(v string) bool { return v == "" })
		return fmt.Errorf("%q is not one of %s", field.String(), strings.Join(named, ", "))
	}
	switch s.Type {
	case "number", "size", "duration":
		return s.checkLeast(field.Int())
	}
	return nil
}

// checkLeast compares a number with the least allowed. Without one only 0 is
// refused: rooms take it for "not set", and whoever writes it expects something
// else. What else a room's numbers must be, its own Validate says.
func (s Setting) checkLeast(n int64) error {
	if s.min == "" {
		if n == 0 {
			return errors.New("must not be 0; leave it out for the default")
		}
		return nil
	}
	least, err := s.parseInt(s.min)
	if err != nil {
		panic(fmt.Sprintf("config: setting %s: min: %v", s.Key, err))
	}
	if n < least {
		return fmt.Errorf("must be at least %s", s.min)
	}
	return nil
}
