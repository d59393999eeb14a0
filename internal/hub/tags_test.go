package hub

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTagsAreImmutable(t *testing.T) {
	a := NewTags(map[string]string{"b": "2", "a": "1"})
	b := a.With("c", "3")
	c, had := b.Without("a")
	d := b.With("b", "two")
	if !had || a.Len() != 2 || b.Len() != 3 || c.Len() != 2 {
		t.Fatalf("lengths are %d %d %d", a.Len(), b.Len(), c.Len())
	}
	if _, ok := a.Get("c"); ok {
		t.Error("With changed the set it was called on")
	}
	if v, _ := b.Get("b"); v != "2" {
		t.Errorf("With changed the value in the older set to %q", v)
	}
	if v, _ := d.Get("b"); v != "two" {
		t.Errorf("With gave %q", v)
	}
	if _, had := a.Without("zzz"); had {
		t.Error("Without says it removed a tag that was not there")
	}
	var order []string
	for name, value := range b.All() {
		order = append(order, name+value)
	}
	if got := strings.Join(order, " "); got != "a1 b2 c3" {
		t.Errorf("order is %q", got)
	}
	if !a.Equal(NewTags(a.Map())) || a.Equal(b) || !(Tags{}).Equal(NewTags(nil)) {
		t.Error("Equal is wrong")
	}
}

func TestTagsAreAlwaysUTF8(t *testing.T) {
	tags := NewTags(map[string]string{"a\xff": "b\xff"}).With("c", "\xfe")
	if v, ok := tags.Get("a\uFFFD"); !ok || v != "b\uFFFD" {
		t.Errorf("got %q, %v", v, ok)
	}
	if v, _ := tags.Get("c"); v != "\uFFFD" {
		t.Errorf("got %q", v)
	}
}

func TestTagLimits(t *testing.T) {
	many := map[string]string{}
	for i := range 65 {
		many[fmt.Sprint(i)] = ""
	}
	big := map[string]string{}
	for i := range 5 {
		big[fmt.Sprint(i)] = strings.Repeat("x", 4<<10)
	}
	tests := []struct {
		name, want string
		tags       map[string]string
	}{
		{"too many", "65 tags", many},
		{"long name", "129 bytes", map[string]string{strings.Repeat("n", 129): "1"}},
		{"no name", "needs a name", map[string]string{"": "1"}},
		{"long value", `"v" has 4097 bytes`, map[string]string{"v": strings.Repeat("x", 4097)}},
		{"too much in all", "20485 bytes", big},
	}
	h := New(Config{})
	s := mustOpen(t, h, "m", "1", "u").Socket()
	if err := s.ReplaceTags(NewTags(map[string]string{"keep": "1"})); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := s.ReplaceTags(NewTags(tt.tags))
			if !errors.Is(err, ErrTagLimit) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v", err)
			}
			if _, ok := s.Tags().Get("keep"); !ok || s.Tags().Len() != 1 {
				t.Error("the refused set changed the tags")
			}
		})
	}
}

func TestTagsFromJSON(t *testing.T) {
	tests := []struct {
		name, text string
		profile    Profile
		want       map[string]string
		unchanged  bool
	}{
		{"strings and long numbers", `{"user_id":"6148914691236517121","n":6148914691236517121,"r":1.50,"e":1e3}`, Profile124,
			map[string]string{"user_id": "6148914691236517121", "n": "6148914691236517121", "r": "1.50", "e": "1e3"}, false},
		{"booleans and null", `{"a":true,"b":false,"c":null}`, Profile124, map[string]string{"a": "true", "b": "false", "c": ""}, false},
		{"nested stays JSON", `{"a":[1, {"b": "x y"}], "o": { }}`, Profile124, map[string]string{"a": `[1,{"b":"x y"}]`, "o": "{}"}, false},
		{"escapes", `{"a":"\u0447\n"}`, Profile124, map[string]string{"a": "ч\n"}, false},
		{"last of a repeated name", `{"a":1,"a":2}`, Profile124, map[string]string{"a": "2"}, false},
		{"byte order mark", "\uFEFF{\"a\":1}", Profile124, map[string]string{"a": "1"}, false},
		{"empty object in 1.24", ` {} `, Profile124, nil, true},
		{"empty object in 1.22", `{}`, Profile122, map[string]string{}, false},
		{"empty object in native", `{}`, Native, map[string]string{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tags, changed, err := TagsFromJSON(tt.text, tt.profile)
			if err != nil {
				t.Fatal(err)
			}
			if changed == tt.unchanged {
				t.Errorf("changed is %v", changed)
			}
			if !tags.Equal(NewTags(tt.want)) {
				t.Errorf("tags are %v, want %v", tags.Map(), tt.want)
			}
		})
	}
	for _, text := range []string{"", "null", "[]", "1", `"x"`, "{", `{"a":}`, "{} x", "не JSON"} {
		if _, changed, err := TagsFromJSON(text, Native); err == nil || changed {
			t.Errorf("%q is accepted", text)
		} else if !strings.Contains(err.Error(), "JSON object") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := TagsFromJSON(`{"a":"`+strings.Repeat("x", 5000)+`"}`, Native); !errors.Is(err, ErrTagLimit) {
		t.Errorf("too long a value: %v", err)
	}
}

func TestPatchTags(t *testing.T) {
	h := New(Config{})
	s := mustOpen(t, h, "m", "1", "u").Socket()
	text := func(s string) *string { return &s }
	steps := []struct {
		patch   map[string]*string
		changed bool
		want    map[string]string
	}{
		{map[string]*string{"a": text("1"), "b": text("2")}, true, map[string]string{"a": "1", "b": "2"}},
		{map[string]*string{"a": text("1")}, false, map[string]string{"a": "1", "b": "2"}},
		{map[string]*string{"a": nil, "c": text("3")}, true, map[string]string{"b": "2", "c": "3"}},
		{map[string]*string{"zzz": nil}, false, map[string]string{"b": "2", "c": "3"}},
		{nil, false, map[string]string{"b": "2", "c": "3"}},
	}
	for i, step := range steps {
		changed, err := s.PatchTags(step.patch)
		if err != nil || changed != step.changed || !s.Tags().Equal(NewTags(step.want)) {
			t.Errorf("step %d: changed %v, error %v, tags %v", i, changed, err, s.Tags().Map())
		}
	}
	s.Abort()
	if _, err := s.PatchTags(map[string]*string{"a": text("1")}); !errors.Is(err, ErrClosed) {
		t.Errorf("a patch after the end gave %v", err)
	}
	if v, _ := s.Tags().Get("c"); v != "3" {
		t.Errorf("tags are not readable after the end: %v", s.Tags().Map())
	}
}
