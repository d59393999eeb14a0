package keys_test

import (
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

const (
	someID   = "abcdefghij27"
	someText = "tsk_" + someID + "_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
)

func TestIDOf(t *testing.T) {
	if id, ok := keys.IDOf(someText); !ok || id != someID {
		t.Fatalf("the id of %s is %q, %v", someText, id, ok)
	}
	for name, text := range map[string]string{
		"empty":                   "",
		"another token":           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"no prefix":               someText[4:],
		"prefix in capitals":      "TSK_" + someText[4:],
		"a blank behind":          someText + " ",
		"a line break behind":     someText + "\n",
		"a line break inside":     someText[:30] + "\n" + someText[31:],
		"a line break besides":    someText[:30] + "\n" + someText[30:],
		"short secret":            someText[:len(someText)-1],
		"long secret":             someText + "A",
		"padding":                 someText[:len(someText)-1] + "=",
		"standard base64":         someText[:20] + "+/" + someText[22:],
		"bits too many":           someText[:len(someText)-1] + "9", // decodes to the same bytes where nobody looks
		"capital in the id":       strings.Replace(someText, "abc", "Abc", 1),
		"a digit no id has":       strings.Replace(someText, "abc", "0bc", 1),
		"underscore in the id":    strings.Replace(someText, "abc", "a_c", 1),
		"letters that look alike": strings.Replace(someText, "ab", "а", 1), // Cyrillic, two bytes
		"zero byte":               strings.Replace(someText, "abc", "\x00bc", 1),
	} {
		if id, ok := keys.IDOf(text); ok || id != "" {
			t.Errorf("%s: %q is taken for a key with the id %q", name, text, id)
		}
	}
}

func TestRedact(t *testing.T) {
	const hidden = "tsk_" + someID + "_***"
	for text, want := range map[string]string{
		"":                                    "",
		"/api/v1/keys":                        "/api/v1/keys",
		"/api/v1/keys/" + someText:            "/api/v1/keys/" + hidden,
		someText + "/" + someText + "/tsk_":   hidden + "/" + hidden + "/tsk_",
		"tsk_tsk_" + someText[4:]:             "tsk_" + hidden,
		someText[:40]:                         hidden,
		"tsk_" + someID + "_":                 hidden,
		"tsk_short_AAECAwQFBgcICQoLDA0ODxARE": "tsk_short_AAECAwQFBgcICQoLDA0ODxARE",
	} {
		if got := keys.Redact(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// FuzzParseToken: whatever is taken for a key is what would have been written for it, so that there is one text for
// each key, and its id can stand in a log line.
func FuzzParseToken(f *testing.F) {
	for _, text := range []string{"", someText, someText + "\n", strings.ToUpper(someText), "tsk_", "tsk__", "tsk_" + someID + "_", someText[:len(someText)-1] + "9", "tsk_\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00_" + someText[17:]} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, ok := keys.ParseToken(text)
		if !ok {
			if id != "" || secret != [32]byte{} {
				t.Fatalf("%q is no key and leaves %q, %x", text, id, secret)
			}
			return
		}
		if keys.Redact("a"+text+" b") != "atsk_"+id+"_*** b" {
			t.Errorf("%q is shown as %q", text, keys.Redact(text))
		}
		if again := keys.TokenOf(id, secret); again != text {
			t.Errorf("%q is read as the key %q", text, again)
		}
		if !keys.ValidID(id) || strings.ContainsFunc(id, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '2' || c > '7') }) {
			t.Errorf("%q has the id %q", text, id)
		}
	})
}

func FuzzCheckName(f *testing.F) {
	for _, name := range []string{"", "backup", "резервная копия", "a\nb", "a\u202eb", "a\x1b[31m", " a", "a\u200bb", "\xff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if keys.CheckName(name) != nil {
			return
		}
		if strings.ContainsAny(name, "\r\n\t\x00\x1b\u2028\u2029\u202e\u200b\u0085") || name == "" || strings.ToValidUTF8(name, "") != name {
			t.Errorf("%q is taken for a name", name)
		}
	})
}
