package accounts_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/userdata"
	"github.com/tutorsocket/tutorsocket/internal/userdata/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cheap are parameters that cost a test nothing.
var cheap = accounts.Params{Memory: 64, Passes: 1, Lanes: 1}

const password = "correct horse battery"

func newValues(t testing.TB) *userdata.Store {
	t.Helper()
	js, _ := natstest.Start(t, t.TempDir())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	values, err := userdata.Open(ctx, js, userdata.Config{Bucket: "accounts"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(values.Close)
	return values
}

func newStore(t testing.TB) *accounts.Store {
	t.Helper()
	return accounts.New(accounts.Config{Hash: cheap}, newValues(t))
}

func mustAdd(t testing.TB, s *accounts.Store, n accounts.NewUser) accounts.User {
	t.Helper()
	if n.Password == "" {
		n.Password = password
	}
	u, err := s.Add(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
