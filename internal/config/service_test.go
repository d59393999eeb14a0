package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

func TestServices(t *testing.T) {
	want := map[string]*config.Service{
		"main_ws_service": {Overflow: "drop-oldest", Protocols: []string{"a", "b"}},
		"quiz.v2":         {Overflow: "conflate"},
	}
	for name, src := range map[string]config.Sources{
		"nested": {File: file(t, "services:\n  main_ws_service: {overflow: drop-oldest, protocols: [a, b]}\n  quiz.v2:\n    overflow: conflate\n  other:\n")},
		"dots":   {File: file(t, "services.main_ws_service.overflow: drop-oldest\nservices.main_ws_service: {protocols: 'a, b'}\nservices: {quiz.v2.overflow: conflate}\n")},
		"variables": {Env: []string{"TUTORSOCKET_SERVICES_MAIN_WS_SERVICE_OVERFLOW=drop-oldest", "TUTORSOCKET_SERVICES_MAIN_WS_SERVICE_PROTOCOLS=a,b",
			"TUTORSOCKET_SERVICES_QUIZ.V2_OVERFLOW=conflate", "TUTORSOCKET_SERVICES_QUIZ.V2_PROTOCOLS="}},
		"variables over the file": {File: file(t, "services: {main_ws_service: {overflow: disconnect, protocols: [a, b]}, quiz.v2: {overflow: conflate}}"),
			Env: []string{"TUTORSOCKET_SERVICES_MAIN_WS_SERVICE_OVERFLOW=drop-oldest"}},
	} {
		if c := load(t, src); !reflect.DeepEqual(c.Services, want) {
			t.Errorf("%s: %v", name, c.Services)
		}
	}
}

// TestNameLikeASetting: a service may be called what a setting is called.
func TestNameLikeASetting(t *testing.T) {
	c := load(t, config.Sources{File: file(t, "services: {x.overflow: {protocols: [a]}, overflow: {overflow: conflate}}\n")})
	want := map[string]*config.Service{"x.overflow": {Protocols: []string{"a"}}, "overflow": {Overflow: "conflate"}}
	if !reflect.DeepEqual(c.Services, want) {
		t.Errorf("%v", c.Services)
	}
}

func TestServicesAreShown(t *testing.T) {
	src := config.Sources{File: file(t, "services:\n  b: {overflow: drop-oldest}\n  a: {protocols: [x, y]}\n"), Env: []string{"TUTORSOCKET_SERVICES_A_OVERFLOW=conflate"}}
	values, err := config.Effective(src)
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, v := range values {
		if strings.HasPrefix(v.Setting.Key, "services.") {
			shown.WriteString(v.Setting.Key + ": " + v.YAML() + "  # " + v.Source + "\n")
		}
	}
	want := strings.ReplaceAll("services.a.overflow: conflate  # TUTORSOCKET_SERVICES_A_OVERFLOW\nservices.a.protocols: [x, y]  # FILE, line 3\n"+
		"services.b.overflow: drop-oldest  # FILE, line 2\n", "FILE", src.File)
	if shown.String() != want {
		t.Errorf("got\n%swant\n%s", shown.String(), want)
	}
	if c := load(t, config.Sources{File: file(t, shown.String())}); !reflect.DeepEqual(c.Services, load(t, src).Services) {
		t.Errorf("what is shown reads back as %v", c.Services)
	}
}

func TestWrongServices(t *testing.T) {
	for name, c := range map[string]struct {
		file, env string
		want      string
	}{
		"policy":            {file: "services:\n  a:\n    overflow: explode\n", want: `services.a.overflow: is "explode", it must be disconnect, drop-oldest or conflate (FILE, line 3)`},
		"policy, variable":  {env: "TUTORSOCKET_SERVICES_A_OVERFLOW=x", want: `services.a.overflow: is "x", it must be disconnect, drop-oldest or conflate (TUTORSOCKET_SERVICES_A_OVERFLOW)`},
		"protocol":          {file: "services: {a: {protocols: [b, 'c d']}}\n", want: `services.a.protocols: "c d" is not the name of a subprotocol`},
		"token":             {file: "services: {a: {protocols: [bearer.x]}}\n", want: "tokens of users begin with \"bearer.\" (FILE, line 1)"},
		"own protocol":      {file: "services: {a: {protocols: [tutorsocket.v1]}}\n", want: `"tutorsocket.v1" is the server's own`},
		"misspelt":          {file: "services: {a: {overflw: conflate}}\n", want: `unknown key "services.a.overflw": did you mean services.a.overflow? (FILE, line 1)`},
		"misspelt, dots":    {file: "services.a.protocol: [b]\n", want: `unknown key "services.a.protocol": did you mean services.a.protocols?`},
		"no such setting":   {file: "services: {a_long_name_of_a_service: {retention: 1h}}\n", want: `unknown key "services.a_long_name_of_a_service.retention": what can be set for a service is overflow, delivery, auth and protocols`},
		"delivery":          {file: "services: {a: {delivery: ack}}\n", want: `services.a.delivery: "ack" is not one of ordinary, durable (FILE, line 1)`},
		"misspelt section":  {file: "service: {a: {overflow: conflate}}\n", want: `unknown key "service": did you mean services?`},
		"misspelt variable": {env: "TUTORSOCKET_SERVICES_A_OVERFLW=x", want: "unknown variable TUTORSOCKET_SERVICES_A_OVERFLW: did you mean TUTORSOCKET_SERVICES_A_OVERFLOW?"},
		"name":              {file: "services: {'a b': {overflow: conflate}}\n", want: `unknown key "services.a b": a service cannot be called that`},
		"name, dots":        {file: "services.a/b.overflow: conflate\n", want: `unknown key "services.a/b.overflow": a service cannot`},
		"name of the table": {file: "services: {<name>: {overflow: conflate}}\n", want: `unknown key "services.<name>": a service cannot`},
		"no name":           {file: "services.overflow: conflate\n", want: "services.overflow must hold keys with values: services.overflow.overflow, services.overflow.delivery, services.overflow.auth, services.overflow.protocols (FILE, line 1)"},
		"value for one":     {file: "services: {a: conflate}\n", want: "services.a must hold keys with values: services.a.overflow, services.a.delivery, services.a.auth, services.a.protocols (FILE, line 1)"},
		"value for all":     {file: "services: conflate\n", want: "services must hold keys with values: services.<name>.overflow"},
		"twice":             {file: "services: {a: {overflow: conflate}}\nservices.a.overflow: conflate\n", want: "services.a.overflow: is set already in line 1 (FILE, line 2)"},
		"list of policies":  {file: "services.a.overflow: [conflate, conflate]\n", want: "services.a.overflow: takes one value"},
	} {
		src := config.Sources{}
		if c.file != "" {
			src.File = file(t, c.file)
		}
		if c.env != "" {
			src.Env = []string{c.env}
		}
		_, err := config.Load(src)
		if want := strings.ReplaceAll(c.want, "FILE", src.File); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant %s", name, err, want)
		}
	}
}

// TestVariablesOfOtherServices: container platforms set variables after the names of services of theirs.
func TestVariablesOfOtherServices(t *testing.T) {
	c := load(t, config.Sources{Env: []string{"TUTORSOCKET_SERVICES_A_SERVICE_HOST=10.0.0.1", "TUTORSOCKET_SERVICES_PORT=80", "TUTORSOCKET_SERVICES__OVERFLOW=x"}})
	if c.Services != nil {
		t.Errorf("%v", c.Services)
	}
}
