package accounts_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/metrics"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

func TestAUserIsFoundByLoginAndByID(t *testing.T) {
	s := newStore(t)
	added := mustAdd(t, s, accounts.NewUser{Login: "Анна.К", Name: "Анна Каренина", Admin: true, Fields: map[string]string{"org": "7"}})
	if len(added.ID) != 19 || added.Login != "Анна.К" || added.CreatedAt.IsZero() {
		t.Errorf("added %+v", added)
	}
	for _, login := range []string{"Анна.К", "анна.к", "АННА.К"} {
		if u, err := s.ByLogin(t.Context(), login); err != nil || !reflect.DeepEqual(u, added) {
			t.Errorf("%s: %+v, %v", login, u, err)
		}
	}
	if u, err := s.ByID(t.Context(), added.ID); err != nil || !reflect.DeepEqual(u, added) {
		t.Errorf("by id: %+v, %v", u, err)
	}
	for _, login := range []string{"anna", "", "a b", "анна.к\u0301", strings.Repeat("x", 65)} {
		if _, err := s.ByLogin(t.Context(), login); !errors.Is(err, accounts.ErrNoUser) {
			t.Errorf("%q: %v", login, err)
		}
	}
	for _, id := range []string{"1", "", "x", "01", "-1"} {
		if _, err := s.ByID(t.Context(), id); !errors.Is(err, accounts.ErrNoUser) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

func TestWhatCannotBeAUserIsRefused(t *testing.T) {
	s := newStore(t)
	many := map[string]string{}
	for i := range 65 {
		many[strings.Repeat("f", i+1)] = ""
	}
	for name, c := range map[string]struct {
		user  accounts.NewUser
		field string
	}{
		"no login":           {accounts.NewUser{}, "login"},
		"a blank in it":      {accounts.NewUser{Login: "a b"}, "login"},
		"a dot first":        {accounts.NewUser{Login: ".a"}, "login"},
		"a slash":            {accounts.NewUser{Login: "a/b"}, "login"},
		"a combining accent": {accounts.NewUser{Login: "e\u0301"}, "login"},
		"invisible":          {accounts.NewUser{Login: "a\u200bb"}, "login"},
		"not UTF-8":          {accounts.NewUser{Login: "a\xff"}, "login"},
		"long login":         {accounts.NewUser{Login: strings.Repeat("я", 65)}, "login"},
		"line in the name":   {accounts.NewUser{Login: "a", Name: "a\nb"}, "name"},
		"long name":          {accounts.NewUser{Login: "a", Name: strings.Repeat("я", 201)}, "name"},
		"id no number":       {accounts.NewUser{Login: "a", ID: "anna"}, "id"},
		"id too large":       {accounts.NewUser{Login: "a", ID: "9223372036854775808"}, "id"},
		"id zero":            {accounts.NewUser{Login: "a", ID: "0"}, "id"},
		"many fields":        {accounts.NewUser{Login: "a", Fields: many}, "fields"},
		"field no name":      {accounts.NewUser{Login: "a", Fields: map[string]string{"": "x"}}, "fields"},
		"field long":         {accounts.NewUser{Login: "a", Fields: map[string]string{"a": strings.Repeat("x", 1025)}}, "fields"},
		"short password":     {accounts.NewUser{Login: "a", Password: "я1234567890"}, "password"},
		"long password":      {accounts.NewUser{Login: "a", Password: strings.Repeat("x", 1025)}, "password"},
		"password no UTF-8":  {accounts.NewUser{Login: "a", Password: strings.Repeat("\xff", 12)}, "password"},
		"password = login":   {accounts.NewUser{Login: "administrator", Password: "Administrator"}, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.user.Password == "" {
				c.user.Password = password
			}
			_, err := s.Add(t.Context(), c.user)
			var wrong *accounts.FieldError
			if !errors.As(err, &wrong) || wrong.Field != c.field || strings.Contains(err.Error(), c.user.Password) {
				t.Errorf("got %v, want an error about the %s", err, c.field)
			}
		})
	}
	if users, _, err := s.List(t.Context(), "", 10); err != nil || len(users) != 0 {
		t.Errorf("%d users are there, %v", len(users), err)
	}
}

func TestALoginAndAnIDAreOneUsers(t *testing.T) {
	s := newStore(t)
	anna := mustAdd(t, s, accounts.NewUser{Login: "anna", ID: "41"})
	for _, n := range []accounts.NewUser{{Login: "ANNA"}, {Login: "bob", ID: "41"}, {Login: "anna", ID: "42"}} {
		n.Password = password
		if _, err := s.Add(t.Context(), n); !errors.Is(err, accounts.ErrTaken) {
			t.Errorf("%+v: %v", n, err)
		}
	}
	if err := s.Remove(t.Context(), anna.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), anna.ID); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := s.ByLogin(t.Context(), "anna"); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("a removed user: %v", err)
	}
	mustAdd(t, s, accounts.NewUser{Login: "Anna", ID: "41"})
}

func TestOfManyWhoAddALoginOneWins(t *testing.T) {
	s := newStore(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won []accounts.User
	for range 8 {
		wg.Go(func() {
			u, err := s.Add(t.Context(), accounts.NewUser{Login: "anna", Password: password})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, u)
			} else if !errors.Is(err, accounts.ErrTaken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d have added her", len(won))
	}
	if u, err := s.ByID(t.Context(), won[0].ID); err != nil || u.Login != "anna" {
		t.Errorf("%+v, %v", u, err)
	}
}

// An attempt that broke off between the id and the user does not keep the id from its login.
func TestAnIDLeftBehindIsTakenUp(t *testing.T) {
	values := newValues(t)
	s := accounts.New(accounts.Config{Hash: cheap}, values)
	if err := values.Set(t.Context(), "id/41", json.RawMessage(`{"login":"anna"}`), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ByID(t.Context(), "41"); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("an id without a user: %v", err)
	}
	mustAdd(t, s, accounts.NewUser{Login: "Anna", ID: "41"})
}

func TestVerify(t *testing.T) {
	s := newStore(t)
	anna := mustAdd(t, s, accounts.NewUser{Login: "anna"})
	bob := mustAdd(t, s, accounts.NewUser{Login: "bob"})
	yes := true
	if _, err := s.Change(t.Context(), bob.ID, accounts.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		login, password string
		want            error
	}{
		"right":                {"Anna", password, nil},
		"wrong password":       {"anna", password + " ", accounts.ErrWrong},
		"empty password":       {"anna", "", accounts.ErrWrong},
		"endless password":     {"anna", strings.Repeat("x", 1<<20), accounts.ErrWrong},
		"no such login":        {"nobody", password, accounts.ErrWrong},
		"impossible login":     {"../anna", password, accounts.ErrWrong},
		"no login":             {"", password, accounts.ErrWrong},
		"disabled":             {"bob", password, accounts.ErrDisabled},
		"disabled, and wrong":  {"bob", "wrong", accounts.ErrWrong},
		"a password with zero": {"anna", password + "\x00", accounts.ErrWrong},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := s.Verify(t.Context(), c.login, c.password)
			if !errors.Is(err, c.want) || err == nil && u.ID != anna.ID {
				t.Errorf("user %+v, error %v", u, err)
			}
		})
	}
}

func TestWhatEndsSessionsMakesAnotherEpoch(t *testing.T) {
	s := newStore(t)
	u := mustAdd(t, s, accounts.NewUser{Login: "anna"})
	yes, no, name, other := true, false, "Anna", "another horse battery"
	for _, c := range []struct {
		what   string
		change accounts.Change
		ends   bool
	}{
		{"name and rights", accounts.Change{Name: &name, Admin: &yes, Fields: &map[string]string{"a": "b"}}, false},
		{"disabled", accounts.Change{Disabled: &yes}, true},
		{"disabled again", accounts.Change{Disabled: &yes}, false},
		{"enabled", accounts.Change{Disabled: &no}, false},
		{"password", accounts.Change{Password: &other}, true},
		{"log out", accounts.Change{LogOut: true}, true},
		{"nothing", accounts.Change{}, false},
	} {
		changed, err := s.Change(t.Context(), u.ID, c.change)
		if err != nil || (changed.Epoch != u.Epoch) != c.ends {
			t.Errorf("%s: epoch %d, was %d, error %v", c.what, changed.Epoch, u.Epoch, err)
		}
		u = changed
	}
	if u.Name != name || !u.Admin || u.Disabled || u.Fields["a"] != "b" {
		t.Errorf("got %+v", u)
	}
	if _, err := s.Verify(t.Context(), "anna", password); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := s.Verify(t.Context(), "anna", other); err != nil {
		t.Errorf("the new password: %v", err)
	}
	short, long := "short", strings.Repeat("n", 300)
	for _, c := range []accounts.Change{{Password: &short}, {Name: &long}, {Fields: &map[string]string{"": ""}}} {
		if _, err := s.Change(t.Context(), u.ID, c); !errors.As(err, new(*accounts.FieldError)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := s.Change(t.Context(), "7", accounts.Change{}); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("nobody: %v", err)
	}
}

func TestChangePassword(t *testing.T) {
	s := newStore(t)
	anna := mustAdd(t, s, accounts.NewUser{Login: "anna"})
	bob := mustAdd(t, s, accounts.NewUser{Login: "bob"})
	yes := true
	if _, err := s.Change(t.Context(), bob.ID, accounts.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	const other = "another horse battery"
	for name, c := range map[string]struct {
		login, old, password string
		want                 error // nil: a FieldError
	}{
		"wrong password":   {"anna", "guess", other, accounts.ErrWrong},
		"endless password": {"anna", strings.Repeat("x", 1<<20), other, accounts.ErrWrong},
		"no such login":    {"nobody", password, other, accounts.ErrWrong},
		"disabled":         {"bob", password, other, accounts.ErrDisabled},
		"too short":        {"anna", password, "short", nil},
		"the login":        {"anna", password, "anna", nil},
		"the same":         {"anna", password, password, nil},
		// Whoever does not know the old one does not learn that his guess is right.
		"a guess, twice": {"anna", other, other, accounts.ErrWrong},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.ChangePassword(t.Context(), c.login, c.old, c.password)
			if c.want != nil && !errors.Is(err, c.want) || c.want == nil && !errors.As(err, new(*accounts.FieldError)) {
				t.Errorf("error %v", err)
			}
		})
	}
	if u, err := s.Verify(t.Context(), "anna", password); err != nil || u.Epoch != anna.Epoch {
		t.Fatalf("after all that: %+v, %v", u, err)
	}
	u, err := s.ChangePassword(t.Context(), "Anna", password, other)
	if err != nil || u.ID != anna.ID || u.Epoch == anna.Epoch || !u.PasswordAt.After(anna.PasswordAt) {
		t.Errorf("changed: %+v, %v", u, err)
	}
	if _, err := s.Verify(t.Context(), "anna", password); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if now, err := s.Verify(t.Context(), "anna", other); err != nil || now.Epoch != u.Epoch {
		t.Errorf("the new password: %v", err)
	}
}

// interrupted are values before whose next write something happens.
type interrupted struct {
	accounts.Values
	before func()
}

func (i *interrupted) Replace(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, revision uint64) (bool, error) {
	if before := i.before; before != nil {
		i.before = nil
		before()
	}
	return i.Values.Replace(ctx, key, value, ttl, revision)
}

// Somebody who has stolen a password changes it at the moment when an administrator does.
func TestAPasswordThatWasReplacedChangesNothing(t *testing.T) {
	values := newValues(t)
	administrator := accounts.New(accounts.Config{Hash: cheap}, values)
	u := mustAdd(t, administrator, accounts.NewUser{Login: "anna"})
	given := "given by the administrator"
	s := accounts.New(accounts.Config{Hash: cheap}, &interrupted{values, func() {
		if _, err := administrator.Change(t.Context(), u.ID, accounts.Change{Password: &given}); err != nil {
			t.Error(err)
		}
	}})
	if _, err := s.ChangePassword(t.Context(), "anna", password, "wanted by the thief"); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("error %v", err)
	}
	if _, err := s.Verify(t.Context(), "anna", given); err != nil {
		t.Errorf("the password of the administrator: %v", err)
	}
}

func TestChangesAtTheSameTimeAllStay(t *testing.T) {
	s := newStore(t)
	u := mustAdd(t, s, accounts.NewUser{Login: "anna"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Change(t.Context(), u.ID, accounts.Change{LogOut: true}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if now, err := s.ByID(t.Context(), u.ID); err != nil || now.Epoch != u.Epoch+8 {
		t.Errorf("epoch %d after 8 changes of %d, %v", now.Epoch, u.Epoch, err)
	}
}

func TestListInPages(t *testing.T) {
	s := newStore(t)
	for _, login := range []string{"Carl", "anna", "bob"} {
		mustAdd(t, s, accounts.NewUser{Login: login})
	}
	var seen []string
	for after := ""; ; {
		page, next, err := s.List(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			seen = append(seen, u.Login)
		}
		if after = next; next == "" {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "anna bob Carl" {
		t.Errorf("got %s", got)
	}
}

func TestHashesOfOtherParametersAreReplacedAtLogin(t *testing.T) {
	values := newValues(t)
	old := accounts.New(accounts.Config{Hash: cheap}, values)
	u := mustAdd(t, old, accounts.NewUser{Login: "anna"})
	s := accounts.New(accounts.Config{Hash: accounts.Params{Memory: 128, Passes: 2, Lanes: 1}}, values)
	stored := func() string {
		value, _, err := values.Get(t.Context(), "user/anna")
		if err != nil {
			t.Fatal(err)
		}
		return string(value)
	}
	if _, err := s.Verify(t.Context(), "anna", "wrong"); !errors.Is(err, accounts.ErrWrong) || !strings.Contains(stored(), "m=64,t=1,p=1$") {
		t.Errorf("a wrong password: %v, stored is %s", err, stored())
	}
	for range 2 {
		if got, err := s.Verify(t.Context(), "anna", password); err != nil || got.Epoch != u.Epoch {
			t.Errorf("%+v, %v", got, err)
		}
		if !strings.Contains(stored(), "$argon2id$v=19$m=128,t=2,p=1$") || strings.Contains(stored(), password) {
			t.Errorf("stored is %s", stored())
		}
	}
}

// slowValues answer when the test says.
type slowValues struct {
	accounts.Values
	proceed chan struct{}
}

func (v slowValues) GetRevision(ctx context.Context, key string) (json.RawMessage, uint64, bool, error) {
	select {
	case <-v.proceed:
		return v.Values.GetRevision(ctx, key)
	case <-ctx.Done():
		return nil, 0, false, ctx.Err()
	}
}

func TestFewVerificationsRunAndABoundedNumberWaits(t *testing.T) {
	registry := metrics.New()
	v := slowValues{newValues(t), make(chan struct{})}
	s := accounts.New(accounts.Config{Hash: cheap, Verifications: 2, Metrics: registry}, v)
	ended := make(chan error, 100)
	for range 2 + 64 {
		go func() {
			_, err := s.Verify(t.Context(), "nobody", password)
			ended <- err
		}()
	}
	for deadline := time.Now().Add(time.Minute); registry.Sum("tutorsocket_accounts_verifications_waiting") < 64; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("they do not wait")
		}
	}
	if n := registry.Sum("tutorsocket_accounts_verifications_running"); n != 2 {
		t.Errorf("%v run", n)
	}
	if _, err := s.Verify(t.Context(), "nobody", password); !errors.Is(err, accounts.ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	close(v.proceed)
	for range 2 + 64 {
		if err := <-ended; !errors.Is(err, accounts.ErrWrong) {
			t.Error(err)
		}
	}
	if ok, busy := registry.Sum("tutorsocket_accounts_verifications_total", "outcome", "wrong"), registry.Sum("tutorsocket_accounts_verifications_total", "outcome", "busy"); ok != 66 || busy != 1 {
		t.Errorf("%v wrong, %v busy", ok, busy)
	}
}

func TestAStoreThatIsGoneIsNoWrongPassword(t *testing.T) {
	values := newValues(t)
	s := accounts.New(accounts.Config{Hash: cheap}, values)
	if err := values.Set(t.Context(), "user/anna", json.RawMessage(`{"id":"1","login":"anna","password":"$argon2id$v=19$m=999999999,t=1,p=1$AAAA$AAAA"}`), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context(), "anna", password); err == nil || errors.Is(err, accounts.ErrWrong) {
		t.Errorf("a hash that would take all memory: %v", err)
	}
	away, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Verify(away, "bob", password); err == nil || errors.Is(err, accounts.ErrWrong) {
		t.Errorf("nobody waits for it: %v", err)
	}
}

func TestWatchTellsLogins(t *testing.T) {
	values := newValues(t)
	s := accounts.New(accounts.Config{Hash: cheap}, values)
	logins, err := s.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next, stop := iter.Pull(logins)
	defer stop()
	u := mustAdd(t, s, accounts.NewUser{Login: "Анна"})
	if login, ok := next(); login != "анна" || !ok {
		t.Errorf("added: %q", login)
	}
	if err := s.Remove(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if login, ok := next(); login != "анна" || !ok {
		t.Errorf("removed: %q", login)
	}
}

var _ accounts.Values = (*userdata.Store)(nil)
