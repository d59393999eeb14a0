package basescript

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// The hash is that of RFC 8018, so another program can check it.
func TestPasswordHash(t *testing.T) {
	r := newTestRun(t, exprLimits)
	v, err := passwordHash(r, []Value{String("пароль")})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(v.Str(), "$")
	if len(parts) != 5 || parts[1] != "pbkdf2-sha256" || parts[2] != "60000" {
		t.Fatal(v.Str())
	}
	salt, _ := base64.RawStdEncoding.DecodeString(parts[3])
	want, err := pbkdf2.Key(sha256.New, "пароль", salt, passwordRounds, 32)
	if err != nil || base64.RawStdEncoding.EncodeToString(want) != parts[4] {
		t.Errorf("%s, want the hash %x (%v)", v.Str(), want, err)
	}
	for password, same := range map[string]bool{"пароль": true, "Пароль": false, "": false} {
		if got, err := passwordVerify(r, []Value{String(password), v}); err != nil || got.Bool() != same {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
	again, _ := passwordHash(r, []Value{String("пароль")})
	if again.Str() == v.Str() {
		t.Error("two hashes of a password are the same: no salt")
	}
}

// A run that is over ends in the middle of a hash, whatever number of rounds a hash asks for.
func TestPasswordVerifyIsBounded(t *testing.T) {
	limits := Limits{Compute: 30 * time.Millisecond, Bytes: 1 << 20}
	r := NewRun(context.Background(), RunConfig{Limits: limits})
	defer r.Close()
	hash := passwordPrefix + "1000000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	_, err := passwordVerify(r, []Value{String("x"), String(hash)})
	if err == nil || !strings.HasPrefix(err.Error(), "Script stopped") {
		t.Error(err)
	}
	tooMany := passwordPrefix + "1000001$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	if v, err := passwordVerify(r, []Value{String("x"), String(tooMany)}); err != nil || v.Bool() {
		t.Error(v, err)
	}
}
