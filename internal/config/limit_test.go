package config_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

func TestLimits(t *testing.T) {
	c := load(t, config.Sources{
		File: file(t, "limits: {rate: none, burst: 5, per_user: 2, total: none, throttle: 1m}\nresume: {window: 0s}\n"),
		Env: []string{"TUTORSOCKET_LIMITS_PER_ADDRESS=none", "TUTORSOCKET_LIMITS_HANDSHAKES=3", "TUTORSOCKET_SHUTDOWN_DRAIN=2m",
			"TUTORSOCKET_COMPAT_REFUSE_LIVE_ID=yes"},
	})
	want := config.Default().Limits
	want.Rate, want.Burst, want.Throttle, want.PerUser, want.PerAddress, want.Total, want.Handshakes = 0, 5, time.Minute, 2, 0, 0, 3
	if c.Limits != want || c.Resume.Window != 0 || c.Shutdown.Drain != 2*time.Minute || !c.Compat.RefuseLiveID {
		t.Errorf("%+v %+v %+v %+v", c.Limits, c.Resume, c.Shutdown, c.Compat)
	}
	for text, want := range map[string]config.Total{"auto": config.AutoTotal, "none": 0, "5000": 5000} {
		if c := load(t, config.Sources{File: file(t, "limits.total: "+text)}); c.Limits.Total != want || want.String() != text {
			t.Errorf("limits.total: %s gives %d, which is %s", text, c.Limits.Total, c.Limits.Total)
		}
	}
}

// TestLimitsOfUsersAndAddresses: there is a default of each, dev has none, and each can be set and lifted.
func TestLimitsOfUsersAndAddresses(t *testing.T) {
	c := load(t, config.Sources{
		File: file(t, "limits: {user_handshakes: 5, user_messages: none, user_bytes: 64KiB, user_compute: 150, surge: 1m}\n"),
		Env:  []string{"TUTORSOCKET_LIMITS_ADDRESS_HANDSHAKES=none", "TUTORSOCKET_LIMITS_ADDRESS_BYTES=none", "TUTORSOCKET_LIMITS_ADDRESS_COMPUTE=7"},
	})
	want := config.Default().Limits
	want.UserHandshakes, want.UserMessages, want.UserBytes, want.UserCompute, want.Surge = 5, 0, 64<<10, 150, time.Minute
	want.AddressHandshakes, want.AddressBytes, want.AddressCompute = 0, 0, 7
	if c.Limits != want {
		t.Errorf("%+v", c.Limits)
	}
	all := func(l config.Limits) map[string]bool {
		return map[string]bool{
			"user_handshakes": l.UserHandshakes > 0, "user_messages": l.UserMessages > 0, "user_bytes": l.UserBytes > 0, "user_compute": l.UserCompute > 0,
			"address_handshakes": l.AddressHandshakes > 0, "address_messages": l.AddressMessages > 0, "address_bytes": l.AddressBytes > 0, "address_compute": l.AddressCompute > 0,
		}
	}
	for name, limited := range all(config.Default().Limits) {
		if !limited {
			t.Errorf("limits.%s has no default", name)
		}
	}
	for name, limited := range all(config.DevDefault().Limits) {
		if limited {
			t.Errorf("dev has limits.%s", name)
		}
	}
	for text, want := range map[string]config.SizeLimit{"none": 0, "4KiB": 4096, "5000": 5000, "1536KiB": 1536 << 10, "16MiB": 16 << 20, "2GiB": 2 << 30} {
		if c := load(t, config.Sources{File: file(t, "limits.user_bytes: "+text)}); c.Limits.UserBytes != want || want.String() != text {
			t.Errorf("limits.user_bytes: %s gives %d, which is %s", text, c.Limits.UserBytes, want)
		}
	}
}

// TestDevSetsNoLimits: the command dev has none, unless somebody sets one.
func TestDevSetsNoLimits(t *testing.T) {
	c := load(t, config.Sources{Dev: true})
	if !reflect.DeepEqual(c, config.DevDefault()) {
		t.Error("loading nothing does not give the defaults of dev")
	}
	if c.Limits.Rate != 0 || c.Limits.PerUser != 0 || c.Limits.PerAddress != 0 || c.Limits.Total != config.AutoTotal {
		t.Errorf("%+v", c.Limits)
	}
	c = load(t, config.Sources{Dev: true, File: file(t, "limits: {rate: 7, total: 9}"), Env: []string{"TUTORSOCKET_LIMITS_PER_USER=20"}})
	if c.Limits.Rate != 7 || c.Limits.PerUser != 20 || c.Limits.PerAddress != 0 || c.Limits.Total != 9 {
		t.Errorf("%+v", c.Limits)
	}
	c.Limits, c.File = config.Default().Limits, ""
	if !reflect.DeepEqual(c, config.Default()) {
		t.Error("dev differs in more than limits")
	}
	for _, s := range config.Reference() {
		if s.Dev == "" {
			continue
		}
		if c := load(t, config.Sources{Env: []string{s.Env + "=" + s.Dev}}); reflect.DeepEqual(c, config.Default()) {
			t.Errorf("%s: the default of dev is that of all: %s", s.Key, s.Dev)
		}
	}
}

// TestEffectiveTellsWhatDevHas: who looks at the settings sees both defaults.
func TestEffectiveTellsWhatDevHas(t *testing.T) {
	shown := func(src config.Sources) (value, dev string) {
		values, err := config.Effective(src)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if v.Setting.Key == "limits.rate" {
				return v.YAML(), v.Dev
			}
		}
		t.Fatal("limits.rate is missing")
		return "", ""
	}
	for name, c := range map[string]struct {
		src        config.Sources
		value, dev string
	}{
		"default":        {config.Sources{}, "100", "none"},
		"default of dev": {config.Sources{Dev: true}, "none", ""},
		"set":            {config.Sources{Env: []string{"TUTORSOCKET_LIMITS_RATE=100"}}, "100", ""},
	} {
		if value, dev := shown(c.src); value != c.value || dev != c.dev {
			t.Errorf("%s: %q, dev %q", name, value, dev)
		}
	}
}

func TestWrongLimits(t *testing.T) {
	for text, want := range map[string]string{
		"limits.rate: 0":             "limits.rate: must be at least 1; write none for no limit (FILE, line 1)",
		"limits.rate: -5":            "limits.rate: must be at least 1",
		"limits.rate: many":          `limits.rate: "many" is not none or a whole number such as 100`,
		"limits.rate: auto":          `limits.rate: "auto" is not none or`,
		"limits.rate: [1, 2]":        "limits.rate: takes one value",
		"limits.rate: 9999999999":    `limits.rate: "9999999999" is not`,
		"limits: {per_users: 1}":     `unknown key "limits.per_users": did you mean limits.per_user?`,
		"limits.per_user: 0":         "limits.per_user: must be at least 1",
		"limits.per_address: 1.5":    `limits.per_address: "1.5"`,
		"limits.total: all":          `limits.total: "all" is not none, auto or a whole number`,
		"limits.total: 0":            "limits.total: must be at least 1; write none for no limit",
		"limits.burst: 0":            "limits.burst: must be at least 1",
		"limits.handshakes: none":    `limits.handshakes: "none" is not a whole number`,
		"limits.throttle: 0s":        "limits.throttle: must be at least 100ms",
		"limits.user_bytes: 0":       "limits.user_bytes: must be at least 4KiB; write none for no limit",
		"limits.user_bytes: 4000":    "limits.user_bytes: must be at least 4KiB",
		"limits.user_bytes: lots":    `limits.user_bytes: "lots" is not none or a number of bytes such as`,
		"limits.user_messages: 0":    "limits.user_messages: must be at least 1; write none for no limit",
		"limits.user_compute: 50%":   `limits.user_compute: "50%" is not none or a whole number`,
		"limits.surge: 10ms":         "limits.surge: must be at least 1s",
		"resume.window: -1s":         "resume.window: must be at least 0s",
		"resume.window: none":        `resume.window: "none" is not a time`,
		"shutdown.drain: 0s":         "shutdown.drain: must be at least 1s",
		"compat.refuse_live_id: may": `compat.refuse_live_id: "may" is neither`,
	} {
		path := file(t, text+"\n")
		_, err := config.Load(config.Sources{File: path})
		if want := strings.ReplaceAll(want, "FILE", path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
