package basescript

import "strings"

// parseConfig is ParseConfig: the text of an INI file as an object. What stands before the first section
// is in the object itself, a section is an object in it; of equal names the last value counts. Values
// are texts without the blanks around them.
func parseConfig(r *Run, args []Value) (Value, error) {
	text := strings.TrimPrefix(args[0].Text(), "\ufeff")
	if args[0].IsUndefined() {
		text = ""
	}
	whole := r.NewObject()
	section := whole
	defer r.Pin(ObjectValue(whole))()
	for line := range strings.Lines(text) {
		if err := r.Step(1 + len(line)>>6); err != nil {
			return Undefined, err
		}
		line, err := r.trim(line, true, true, isBlankChar)
		if err != nil {
			return Undefined, err
		}
		if line == "" || line[0] == ';' || line[0] == '#' {
			continue
		}
		if err := r.Alloc(sizeObject + sizeKey + sizeValue + len(line)); err != nil {
			return Undefined, err
		}
		line = strings.Clone(line) // the text may be long and most of it unwanted
		if line[0] == '[' {
			name, _, _ := strings.Cut(line[1:], "]")
			section = configSection(whole, strings.Trim(name, blanks))
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		section.Set(strings.Trim(name, blanks), String(strings.Trim(value, blanks)))
	}
	return ObjectValue(whole), nil
}

// configSection returns the section of that name, the one there is if it is begun twice.
func configSection(whole *Object, name string) *Object {
	if v, ok := whole.Get(name); ok && v.Object() != nil {
		return v.Object()
	}
	section := &Object{}
	whole.Set(name, ObjectValue(section))
	return section
}
