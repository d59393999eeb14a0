package hub

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestKeysOfTheSeed(t *testing.T) {
	if got := BuildKey("main_ws_service", "id:10003::group_id:10002"); got != "/services/main_ws_service-s-id:10003::group_id:10002" {
		t.Errorf("stateful key is %q", got)
	}
	volatile := regexp.MustCompile(`^/services/main_ws_service-v-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	first, second := NewVolatileKey("main_ws_service", 0), NewVolatileKey("main_ws_service", 0)
	if !volatile.MatchString(first) {
		t.Errorf("volatile key is %q", first)
	}
	if first == second {
		t.Errorf("two volatile keys are the same: %q", first)
	}
}

func TestParseKey(t *testing.T) {
	guid := "0f8fad5b-d9cb-469f-a165-70867728950e"
	tests := []struct {
		name, key, service, id string
		stateful, wrong        bool
	}{
		{name: "stateful", key: "/services/main_ws_service-s-123", service: "main_ws_service", id: "123", stateful: true},
		{name: "colons", key: "/services/m-s-id:1::group_id:2", service: "m", id: "id:1::group_id:2", stateful: true},
		{name: "id with both marks", key: "/services/m-s-a-v-b-s-c", service: "m", id: "a-v-b-s-c", stateful: true},
		{name: "id with slash and Cyrillic", key: "/services/m-s-чат/1", service: "m", id: "чат/1", stateful: true},
		{name: "volatile", key: "/services/m-v-" + guid, service: "m"},
		{name: "hyphens in the service", key: "/services/my-own-s-1", service: "my-own", id: "1", stateful: true},
		{name: "empty", key: "", wrong: true},
		{name: "other path", key: "/service/m-s-1", wrong: true},
		{name: "no mark", key: "/services/main", wrong: true},
		{name: "no service", key: "/services/-s-1", wrong: true},
		{name: "service with slash", key: "/services/a/b-s-1", wrong: true},
		{name: "empty id", key: "/services/m-s-", wrong: true},
		{name: "control character", key: "/services/m-s-a\nb", wrong: true},
		{name: "long id", key: "/services/m-s-" + strings.Repeat("x", 257), wrong: true},
		{name: "no GUID", key: "/services/m-v-123", wrong: true},
		{name: "upper case GUID", key: "/services/m-v-" + strings.ToUpper(guid), wrong: true},
		{name: "GUID without hyphen", key: "/services/m-v-" + strings.Replace(guid, "-", "0", 1), wrong: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			service, id, stateful, err := ParseKey(tt.key)
			if tt.wrong {
				if !errors.Is(err, ErrBadKey) {
					t.Fatalf("error is %v, want one that wraps ErrBadKey", err)
				}
				return
			}
			if err != nil || service != tt.service || id != tt.id || stateful != tt.stateful {
				t.Errorf("got %q, %q, %v, %v", service, id, stateful, err)
			}
		})
	}
}

func TestValidService(t *testing.T) {
	for _, name := range []string{"main_ws_service", "a", "1x", "_x", "x.y", "my-own", "служба", "x-", strings.Repeat("x", 128)} {
		if !ValidService(name) {
			t.Errorf("%q is refused", name)
		}
	}
	// A name with a mark would make keys ambiguous: is "a-s-b-s-1" service "a" or "a-s-b"?
	for _, name := range []string{"", ".x", "-x", "a b", "a/b", "..", "a-s-b", "a-v-b", "a-s", "a-v", "x\x00", "x\xff", strings.Repeat("x", 129)} {
		if ValidService(name) {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestValidateStatefulIDSaysWhatIsWrong(t *testing.T) {
	for id, want := range map[string]string{
		"":                       "empty",
		strings.Repeat("я", 129): "258 bytes",
		"a\xff":                  "UTF-8",
		"ab\x00":                 "byte 2",
		"\u0085":                 "control",
	} {
		err := ValidateStatefulID(id)
		if !errors.Is(err, ErrBadID) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want it to mention %q", id, err, want)
		}
	}
	if err := ValidateStatefulID(strings.Repeat("x", 256)); err != nil {
		t.Errorf("256 bytes: %v", err)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("/services/main_ws_service-s-123")
	f.Add("/services/m-v-0f8fad5b-d9cb-469f-a165-70867728950e")
	f.Add("/services/m-s-a-v-b")
	f.Fuzz(func(t *testing.T, key string) {
		service, id, stateful, err := ParseKey(key)
		if err != nil {
			return
		}
		if !ValidService(service) {
			t.Fatalf("%q gave the impossible service %q", key, service)
		}
		if stateful && (BuildKey(service, id) != key || ValidateStatefulID(id) != nil) {
			t.Fatalf("%q came apart as %q and %q", key, service, id)
		}
		if !stateful && id != "" {
			t.Fatalf("%q: a volatile key gave the id %q", key, id)
		}
	})
}

func TestATagStandsInTheKey(t *testing.T) {
	tagged := regexp.MustCompile(`^/services/m-v-([0-9a-f]{8})-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, tag := range []uint32{1, 0xa0b1c2d3, 0xffffffff} {
		key := NewVolatileKey("m", tag)
		if !tagged.MatchString(key) || key == NewVolatileKey("m", tag) {
			t.Errorf("with tag %#x the key is %q", tag, key)
		}
		if got, ok := TagOfKey(key); got != tag || !ok {
			t.Errorf("%q has tag %#x, %v, want %#x", key, got, ok, tag)
		}
		if service, _, stateful, err := ParseKey(key); service != "m" || stateful || err != nil {
			t.Errorf("%q is of %q, %v, %v", key, service, stateful, err)
		}
	}
	guid := "0f8fad5b-d9cb-869f-a165-70867728950e"
	for _, key := range []string{
		"", "x", NewVolatileKey("m", 0), "/services/m-s-" + guid, "/services/m-s-1-v-" + guid, "/services/m-v-" + guid[1:],
		"m-v-" + guid, "/services/m-v-00000000" + guid[8:], "/services/m-v-0F8FAD5B" + guid[8:], "/services/m",
	} {
		if tag, ok := TagOfKey(key); ok {
			t.Errorf("%q has tag %#x", key, tag)
		}
	}
}
