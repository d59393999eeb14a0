package hub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// TagsFromJSON reads the argument of a script's SetTagsFromJson: a JSON object whose properties
// become the tags. Strings stand for themselves, numbers keep their decimal text exactly, null
// becomes an empty text, arrays and objects stay JSON in compact form; of a repeated name the
// last value counts (spec/websocket.md B.6, G.2).
//
// changed is false when the text asks for no change: `{}` under [Profile124]. In the other
// profiles `{}` gives the empty set. A text that is not a JSON object, or tags beyond the limits
// of [Tags.Check], give an error.
func TagsFromJSON(text string, profile Profile) (tags Tags, changed bool, err error) {
	text = strings.TrimPrefix(text, "\uFEFF")
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		return Tags{}, false, notAnObject(text, err)
	}
	if len(members) == 0 && profile == Profile124 {
		return Tags{}, false, nil
	}
	values := make(map[string]string, len(members))
	for name, raw := range members {
		values[name] = tagText(raw)
	}
	tags = NewTags(values)
	if err := tags.Check(); err != nil {
		return Tags{}, false, err
	}
	return tags, true, nil
}

func notAnObject(text string, cause error) error {
	shown := cutText(text, 40)
	if cause == nil || json.Valid([]byte(text)) {
		return fmt.Errorf("tags must be a JSON object, not %s", shown)
	}
	return fmt.Errorf("tags must be a JSON object, %q is not JSON: %w", shown, cause)
}

// tagText returns the text a tag gets from a JSON value, which is valid.
func tagText(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return string(raw) // a valid JSON string always decodes
		}
		return s
	case 'n':
		return ""
	case '{', '[':
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return string(raw) // valid JSON always compacts
		}
		return b.String()
	}
	return string(raw)
}

// cutText returns at most n bytes of s, never ending inside a character.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
