package keys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/keys"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

// clock is the time of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// values is a real bucket that the test may make unreachable, and whose readings it may hold up.
type values struct {
	*userdata.Store
	mu    sync.Mutex
	err   error
	reads int
	hold  func() // called with what was read in hand
}

func (v *values) GetRevision(ctx context.Context, key string) (json.RawMessage, uint64, bool, error) {
	v.mu.Lock()
	err, hold := v.err, v.hold
	v.reads++
	v.mu.Unlock()
	if err != nil {
		return nil, 0, false, err
	}
	value, revision, ok, err := v.Store.GetRevision(ctx, key)
	if hold != nil {
		hold()
	}
	return value, revision, ok, err
}

func (v *values) set(err error, hold func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err, v.hold = err, hold
}

func (v *values) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.reads
}

// nodes are several stores of keys over one bucket, with one clock.
type nodes struct {
	*clock
	log    bytes.Buffer
	values *values
	list   []*keys.Store
}

func start(t testing.TB, n int) *nodes {
	t.Helper()
	js, _ := natstest.Start(t, t.TempDir())
	f := &nodes{clock: &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}}
	bucket, err := userdata.Open(t.Context(), js, userdata.Config{Bucket: "apikeys", Clock: f.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bucket.Close)
	f.values = &values{Store: bucket}
	logger := slog.New(slog.NewTextHandler(&f.log, nil))
	for range n {
		s := keys.NewStore(keys.Config{Values: f.values, Clock: f.Now, Logger: logger})
		t.Cleanup(s.Close)
		f.list = append(f.list, s)
	}
	return f
}

func (f *nodes) create(t testing.TB, n keys.New) (keys.Key, string) {
	t.Helper()
	key, text, err := f.list[0].Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return key, text
}

func want(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("the error is %v, want %v", got, want)
	}
}

func TestAKeyWorksOnAllNodes(t *testing.T) {
	f := start(t, 2)
	made, text := f.create(t, keys.New{Name: "резервная копия", Scopes: []keys.Scope{keys.Send, keys.Read, keys.Send}, By: "admin"})
	if id, ok := keys.IDOf(text); !ok || id != made.ID {
		t.Errorf("%s has the id %s, not %s", text, id, made.ID)
	}
	for i, s := range f.list {
		key, err := s.Check(t.Context(), text)
		if err != nil || key.Name != "резервная копия" || key.CreatedBy != "admin" || !slices.Equal(key.Scopes, []keys.Scope{keys.Read, keys.Send}) {
			t.Errorf("node %d: %+v, %v", i, key, err)
		}
		if g := key.Grant(); g.By != "key:"+made.ID || !g.Allows(keys.Read) || !g.Allows(keys.Send) || g.Allows(keys.Run) || g.Allows(keys.Admin) {
			t.Errorf("node %d: %+v", i, g)
		}
	}
	list, err := f.list[1].List(t.Context())
	for deadline := time.Now().Add(time.Minute); err == nil && len(list) == 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		list, err = f.list[1].List(t.Context()) // it hears of new keys in a moment
	}
	if err != nil || len(list) != 1 || list[0].ID != made.ID || !list[0].CreatedAt.Equal(f.Now()) || !list[0].ExpiresAt.IsZero() {
		t.Errorf("the list is %+v, %v", list, err)
	}
}

// TestTheSecretIsNowhere: neither in what is kept nor in logs and errors.
func TestTheSecretIsNowhere(t *testing.T) {
	f := start(t, 1)
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}, By: "admin", TTL: time.Hour})
	secret := text[strings.LastIndex(text, made.ID)+len(made.ID)+1:]
	kept, ok, err := f.values.Get(t.Context(), made.ID)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	f.advance(2 * time.Hour)
	_, expired := f.list[0].Check(t.Context(), text)
	if err := f.list[0].Revoke(t.Context(), made.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	_, revoked := f.list[0].Check(t.Context(), text)
	want(t, expired, keys.ErrExpired)
	want(t, revoked, keys.ErrUnknown)
	want(t, f.list[0].Revoke(t.Context(), text, "admin"), keys.ErrNotFound)
	for name, said := range map[string]string{
		"what is kept": string(kept), "the log": f.log.String(), "an error": expired.Error() + revoked.Error() + fmt.Sprint(made),
		"the error of a key in the place of an id": fmt.Sprint(f.list[0].Revoke(t.Context(), text, "admin")),
	} {
		if strings.Contains(said, secret[:24]) {
			t.Errorf("%s has the secret: %s", name, said)
		}
	}
	for _, part := range []string{"api key created", "name=a", "scopes=read", "by=admin", "api key revoked", "key=" + made.ID} {
		if !strings.Contains(f.log.String(), part) {
			t.Errorf("the log has no %q: %s", part, f.log.String())
		}
	}
}

func TestOnlyTheWholeSecretOpens(t *testing.T) {
	f := start(t, 1)
	_, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Admin}})
	_, other := f.create(t, keys.New{Name: "b", Scopes: []keys.Scope{keys.Read}})
	at := len("tsk_") + 12 + 1
	last := "A"
	if strings.HasSuffix(text, "A") {
		last = "E"
	}
	for name, wrong := range map[string]string{
		"the last character":        text[:len(text)-1] + last,
		"the secret of another key": text[:at] + other[at:],
		"zeros":                     text[:at] + strings.Repeat("A", 43),
		"an id nobody has":          "tsk_aaaaaaaaaaaa_" + text[at:],
	} {
		_, err := f.list[0].Check(t.Context(), wrong)
		if !errors.Is(err, keys.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, other := range []string{"", text[4 : at-1], "Tsk_" + text[4:]} {
		_, err := f.list[0].Check(t.Context(), other)
		want(t, err, keys.ErrNoKey)
	}
	for _, spoilt := range []string{text[:at+20], text + "A", "tsk_"} { // somebody has copied it badly
		_, err := f.list[0].Check(t.Context(), spoilt)
		want(t, err, keys.ErrUnknown)
	}
	if key, err := f.list[0].Check(t.Context(), text); err != nil || !key.Grant().Allows(keys.Run) {
		t.Errorf("the right one: %+v, %v", key, err)
	}
}

func TestWhatMayNotBeMade(t *testing.T) {
	f := start(t, 1)
	read := []keys.Scope{keys.Read}
	for name, c := range map[string]struct {
		keys.New
		want error
	}{
		"no name":          {keys.New{Scopes: read}, keys.ErrBadName},
		"a long name":      {keys.New{Name: strings.Repeat("я", 101), Scopes: read}, keys.ErrBadName},
		"a line break":     {keys.New{Name: "a\nlevel=ERROR", Scopes: read}, keys.ErrBadName},
		"an escape":        {keys.New{Name: "a\x1b[2J", Scopes: read}, keys.ErrBadName},
		"turned text":      {keys.New{Name: "a\u202eb", Scopes: read}, keys.ErrBadName},
		"an invisible one": {keys.New{Name: "a\u200bb", Scopes: read}, keys.ErrBadName},
		"no UTF-8":         {keys.New{Name: "a\xff", Scopes: read}, keys.ErrBadName},
		"a blank before":   {keys.New{Name: " a", Scopes: read}, keys.ErrBadName},
		"no scope":         {keys.New{Name: "a"}, keys.ErrBadScope},
		"another scope":    {keys.New{Name: "a", Scopes: []keys.Scope{"write"}}, keys.ErrBadScope},
		"a moment":         {keys.New{Name: "a", Scopes: read, TTL: time.Millisecond}, keys.ErrBadTTL},
		"the past":         {keys.New{Name: "a", Scopes: read, TTL: -time.Hour}, keys.ErrBadTTL},
		"two lives":        {keys.New{Name: "a", Scopes: read, TTL: 200 * 365 * 24 * time.Hour}, keys.ErrBadTTL},
	} {
		if _, text, err := f.list[0].Create(t.Context(), c.New); !errors.Is(err, c.want) || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if list, err := f.list[0].List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("there are %v, %v", list, err)
	}
	f.create(t, keys.New{Name: strings.Repeat("я", 100), Scopes: read})
}

func TestThereAreNotTooManyKeys(t *testing.T) {
	f := start(t, 1)
	for i := range keys.MaxKeys {
		if _, err := f.values.Replace(t.Context(), fmt.Sprintf("key%d", i), json.RawMessage(`{}`), 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := f.list[0].Create(t.Context(), keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}})
	want(t, err, keys.ErrTooMany)
}

func TestARevokedKeyStops(t *testing.T) {
	f := start(t, 2)
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}})
	here, there := f.list[0], f.list[1]
	for _, s := range f.list { // both remember it
		if _, err := s.Check(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := here.Revoke(t.Context(), made.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	_, err := here.Check(t.Context(), text)
	want(t, err, keys.ErrUnknown)
	if _, err := there.Check(t.Context(), text); err != nil {
		t.Errorf("the other node asks at each check: %v", err)
	}
	f.advance(keys.RememberTime)
	_, err = there.Check(t.Context(), text)
	want(t, err, keys.ErrUnknown)
	want(t, here.Revoke(t.Context(), made.ID, "admin"), keys.ErrNotFound)
	want(t, here.Revoke(t.Context(), "../../etc/passwd", "admin"), keys.ErrNotFound)
	want(t, here.Revoke(t.Context(), "", "admin"), keys.ErrNotFound)
	if list, err := there.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("there are %v, %v", list, err)
	}
}

// TestAReadingUnderWayDoesNotBringAKeyBack: what was read before the key was revoked comes after it.
func TestAReadingUnderWayDoesNotBringAKeyBack(t *testing.T) {
	f := start(t, 1)
	s := f.list[0]
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}})
	read, revoked := make(chan struct{}), make(chan struct{})
	f.values.set(nil, func() { close(read); <-revoked })
	late := make(chan error)
	go func() {
		_, err := s.Check(context.Background(), text)
		late <- err
	}()
	<-read
	f.values.set(nil, nil)
	if err := s.Revoke(t.Context(), made.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	close(revoked)
	want(t, <-late, keys.ErrUnknown)
	_, err := s.Check(t.Context(), text)
	want(t, err, keys.ErrUnknown)
}

func TestAKeyExpires(t *testing.T) {
	f := start(t, 1)
	s := f.list[0]
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}, TTL: time.Minute})
	if !made.ExpiresAt.Equal(f.Now().Add(time.Minute)) {
		t.Errorf("it expires at %v", made.ExpiresAt)
	}
	f.advance(time.Minute - time.Millisecond)
	if _, err := s.Check(t.Context(), text); err != nil {
		t.Error(err)
	}
	f.advance(time.Millisecond) // remembered or not
	_, err := s.Check(t.Context(), text)
	want(t, err, keys.ErrExpired)
	if !strings.Contains(err.Error(), made.ID) || !strings.Contains(err.Error(), "2026-11-23T10:01:00Z") {
		t.Errorf("the error is %v", err)
	}
	_, err = s.Check(t.Context(), text[:len(text)-43]+strings.Repeat("A", 43))
	want(t, err, keys.ErrUnknown) // only who has the secret hears of the time
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("listed are %v, %v", list, err)
	}
	f.advance(keys.ExpiredKept + time.Second) // the clock stood elsewhere when its use was written down
	if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("a month later listed are %v, %v", list, err)
	}
}

// used is when a key was used last, once that is written down.
func used(t *testing.T, f *nodes, id string, after time.Time) time.Time {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		list, err := f.list[0].List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(k keys.Key) bool { return k.ID == id })
		if i >= 0 && list[i].LastUsedAt.After(after) || time.Now().After(deadline) {
			return list[i].LastUsedAt
		}
	}
}

func TestItIsKnownWhenAKeyWasUsed(t *testing.T) {
	f := start(t, 2)
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}, TTL: 24 * time.Hour})
	check := func(s *keys.Store) {
		t.Helper()
		if _, err := s.Check(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	first := f.Now()
	check(f.list[0])
	if at := used(t, f, made.ID, time.Time{}); !at.Equal(first) {
		t.Errorf("used at %v, want %v", at, first)
	}
	f.advance(keys.UsedStep - time.Second)
	check(f.list[0])
	check(f.list[1])
	f.list[1].Close() // waits for what it writes
	if at := used(t, f, made.ID, time.Time{}); !at.Equal(first) {
		t.Errorf("used at %v: that is more exact than it needs to be", at)
	}
	f.advance(time.Second)
	check(f.list[0])
	if at := used(t, f, made.ID, first); !at.Equal(f.Now()) {
		t.Errorf("used at %v, want %v", at, f.Now())
	}
	f.advance(keys.RememberTime) // it expires when it was to
	if key, err := f.list[0].Check(t.Context(), text); err != nil || !key.ExpiresAt.Equal(made.ExpiresAt) {
		t.Errorf("%+v, %v", key, err)
	}
}

func TestWithoutTheBucketNothingIsGuessed(t *testing.T) {
	f := start(t, 1)
	s := f.list[0]
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}})
	if _, err := s.Check(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	f.values.set(userdata.ErrUnavailable, nil)
	if _, err := s.Check(t.Context(), text); err != nil {
		t.Errorf("what was just read is forgotten: %v", err)
	}
	f.advance(keys.RememberTime)
	_, err := s.Check(t.Context(), text)
	want(t, err, keys.ErrUnavailable)
	_, err = s.List(t.Context())
	want(t, err, keys.ErrUnavailable)
	f.values.set(nil, nil)
	if _, err := s.Check(t.Context(), text); err != nil {
		t.Error(err)
	}
	if err := f.values.Set(t.Context(), made.ID, json.RawMessage(`{"name":"a","sha256":"00"}`), 0); err != nil {
		t.Fatal(err)
	}
	f.advance(keys.RememberTime)
	_, err = s.Check(t.Context(), text)
	want(t, err, keys.ErrUnavailable) // damaged
}

// TestStrangersDoNotFillTheMemory: texts that have the form of a key are remembered, not without end.
func TestStrangersDoNotFillTheMemory(t *testing.T) {
	f := start(t, 1)
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}})
	if err := f.list[0].Revoke(t.Context(), made.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	letters := "abcdefghijklmnopqrstuvwxyz234567"
	for i := range keys.MaxKnown + 100 {
		id := string([]byte{letters[i%32], letters[i/32%32], letters[i/1024%32]})
		_, err := f.list[0].Check(t.Context(), "tsk_aaaaaaaaa"+id+"_"+strings.Repeat("A", 43))
		if !errors.Is(err, keys.ErrUnknown) {
			t.Fatal(err)
		}
	}
	if n := f.list[0].Known(); n > keys.MaxKnown {
		t.Errorf("%d ids are remembered", n)
	}
	reads := f.values.count()
	_, err := f.list[0].Check(t.Context(), text)
	want(t, err, keys.ErrUnknown)
	if f.values.count() != reads {
		t.Error("the key revoked here was asked for")
	}
}

// TestManyAtOnce: one reading answers all who ask at the same moment, and nobody gets in between.
func TestManyAtOnce(t *testing.T) {
	f := start(t, 1)
	made, text := f.create(t, keys.New{Name: "a", Scopes: []keys.Scope{keys.Read}})
	var wg sync.WaitGroup
	revoked := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			for {
				before := false
				select {
				case <-revoked:
					before = true
				default:
				}
				_, err := f.list[0].Check(t.Context(), text)
				if before {
					if !errors.Is(err, keys.ErrUnknown) {
						t.Errorf("after it was revoked: %v", err)
					}
					return
				}
				f.advance(keys.RememberTime / 4)
			}
		})
	}
	for range 20 { // while others read it again and again
		if _, err := f.list[0].Check(t.Context(), text); err != nil {
			t.Error(err)
		}
	}
	if err := f.list[0].Revoke(t.Context(), made.ID, "admin"); err != nil {
		t.Error(err)
	}
	close(revoked)
	wg.Wait()
}
