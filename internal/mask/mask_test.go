package mask_test

import (
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/mask"
)

const token = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl_-x"

func TestTokens(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a message":         {`{"action":"renew_token","token":"` + token + `","uid":"1"}`, `{"action":"renew_token","token":"[token]","uid":"1"}`},
		"what is no token":  {`{"token" : "my \"word", "action":"renew_token"}`, `{"token" : "[token]", "action":"renew_token"}`},
		"several messages":  {`[{"action":"renew_token","token":"a"},{"action":"renew_token","token":"b"}]`, `[{"action":"renew_token","token":"[token]"},{"action":"renew_token","token":"[token]"}]`},
		"cut off":           {`{"action":"renew_token","token":"secr`, `{"action":"renew_token","token":"[token]`},
		"a text in JSON":    {`{"said":"{\"action\":\"renew_token\",\"token\":\"secret\"}"}`, `{"said":"{\"action\":\"renew_token\",\"token\":\"[token]\"}"}`},
		"another action":    {`{"cmd":"stay","jwt":"` + token + `"}`, `{"cmd":"stay","jwt":"[token]"}`},
		"in a sentence":     {"got Bearer " + token + ", thanks", "got Bearer [token], thanks"},
		"nothing signed":    {"got eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.", "got [token]"},
		"with a blank":      {"eyAiYWxnIjoiRWREU0EifQ.eyJzdWIiOiI0MiJ9.c2ln", "[token]"},
		"another token":     {`{"action":"other","token":"5"}`, `{"action":"other","token":"5"}`},
		"a name with dots":  {"monkeyJungle123.example.com eyJ.a.b keys.eyJ", "monkeyJungle123.example.com eyJ.a.b keys.eyJ"},
		"a renewal without": {`{"action":"renew_token"}`, `{"action":"renew_token"}`},
		"a number":          {`{"action":"renew_token","token":5}`, `{"action":"renew_token","token":5}`},
	} {
		if got := mask.Tokens(c.text); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(`{"action":"renew_token","token":"`, `"}`)
	f.Add(`\"token\":\"renew_token`, `\`)
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := mask.Tokens(before + " " + token + " " + after); strings.Contains(got, token) {
			t.Errorf("it is still there: %s", got)
		}
	})
}
