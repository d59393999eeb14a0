package hostapi

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

const (
	// maxChanges is how often a script tries to change a value that others change too.
	maxChanges = 500
	// maxChangePause bounds how long it waits before it tries again.
	maxChangePause = 50 * time.Millisecond
)

// changeUserData lets a script change a value without losing what others store meanwhile. The function costs the run
// what any function does, each time.
func changeUserData(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := textArg(userDataKey, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	if strings.HasSuffix(key, "_recipients") {
		return basescript.Undefined, basescript.Errorf("Recipients lists have no single value to change: use join_recipients and leave_recipients for %s", key)
	}
	if !args[1].Object().IsFunction() {
		return basescript.Undefined, basescript.Errorf("What changes user data is a function, not %s", args[1].Kind())
	}
	ttl, err := secondsArg(arg(args, 2))
	if err != nil {
		return basescript.Undefined, err
	}
	for range maxChanges {
		next, done, err := changeOnce(r, key, args[1], ttl)
		if done || err != nil {
			return next, err
		}
		if err := pause(r, rand.N(maxChangePause)); err != nil {
			return basescript.Undefined, err
		}
	}
	return basescript.Undefined, basescript.Errorf("user data %s: others have changed it %d times, each time before this script could", key, maxChanges)
}

// changeOnce reads the value, calls the function and stores what it returns; done is false if another was faster.
func changeOnce(r *basescript.Run, key string, change basescript.Value, ttl time.Duration) (next basescript.Value, done bool, err error) {
	var text json.RawMessage
	var revision uint64
	var found bool
	err = userData(r, func(ctx context.Context, data UserData) (err error) {
		text, revision, found, err = data.GetRevision(ctx, key)
		return err
	})
	if err != nil {
		return basescript.Undefined, false, aboutKey(key, err)
	}
	value := basescript.Null
	if found {
		if value, err = r.ParseJSON(string(text), true); err != nil {
			return basescript.Undefined, false, err
		}
	}
	if next, err = r.CallValue(change, basescript.Undefined, value); err != nil || next.Kind() == basescript.KindUndefined {
		return basescript.Undefined, true, err
	}
	encoded, err := r.EncodeJSON(next, basescript.JSONOptions{})
	if err != nil {
		return basescript.Undefined, false, err
	}
	err = userData(r, func(ctx context.Context, data UserData) (err error) {
		done, err = data.Replace(ctx, key, json.RawMessage(encoded), ttl, revision)
		return err
	})
	return next, done, aboutKey(key, err)
}

// pause waits, or until the run ends.
func pause(r *basescript.Run, d time.Duration) error {
	return r.Wait(func(ctx context.Context) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}
