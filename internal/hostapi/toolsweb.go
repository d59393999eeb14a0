package hostapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var toolsWebGlobals = []basescript.Global{{
	Name: "tools_web",
	Doc:  "The portal's tool box.",
	Static: &basescript.Class{Name: "tools_web", Methods: append(append([]basescript.Method{
		{
			Name: "get_user_data", Min: 1, Call: getUserData,
			Sig: "(key: string): any",
			Doc: "A copy of the value stored under the key; null if there is none or its time is over.",
		},
		{
			Name: "set_user_data", Min: 2, Call: setUserData,
			Sig: "(key: string, value: any, seconds?: number): void",
			Doc: "Stores a value for that many seconds, or until it is removed. A { result: [{ person_id, socket_id }] } under a key that ends in _recipients replaces that list.",
		},
		{
			Name: "change_user_data", Origin: basescript.Superset, Min: 2, Call: changeUserData,
			Sig: "(key: string, change: (value: any) => any, seconds?: number): any",
			Doc: "Stores what the function makes of the value under the key, null if there is none, and returns it. If another script stores something meanwhile, on any node, the function is called again with that; undefined leaves the value alone. Not in the original.",
		},
		{
			Name: "remove_user_data", Min: 1, Call: removeUserData,
			Sig: "(key: string): boolean",
			Doc: "Removes what is stored under the key, and says whether there was anything.",
		},
		{
			Name: "remove_user_data_by_prefix", Min: 1, Call: removeUserDataByPrefix,
			Sig: "(prefix: string): number",
			Doc: "Removes everything whose key begins so, and says how much that was.",
		},
		{
			Name: "join_recipients", Origin: basescript.Superset, Min: 3, Call: joinRecipients,
			Sig: "(key: string, person_id: string | number, socket_id: string, seconds?: number): void",
			Doc: "Enters a socket in a list of recipients, once, and renews the list's time. Scripts that do so at the same moment lose nothing. Not in the original.",
		},
		{
			Name: "leave_recipients", Origin: basescript.Superset, Min: 2, Call: leaveRecipients,
			Sig: "(key: string | null, socket_id: string): number",
			Doc: "Takes a socket out of a list of recipients, or with null out of all, and says out of how many. Not in the original.",
		},
		{
			Name: "renew_token", Origin: basescript.Superset, Min: 1, Call: renewToken,
			Sig: "(token: string): string",
			Doc: "Lets the socket stay as long as a new token of its user holds. Empty if so, else why the token is not taken. In services only. Not in the original.",
		},
		{
			Name: "is_true", Min: 1,
			Call: func(_ *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
				return basescript.Bool(isTrue(args[0])), nil
			},
			Sig: "(value: any): boolean",
			Doc: "Whether the value is true, 1, '1' or 'true'.",
		},
		{
			Name: "reg_exp_init",
			Call: func(r *basescript.Run, _ basescript.Value, _ []basescript.Value) (basescript.Value, error) {
				return r.NewVBRegExp(true)
			},
			Sig: "(): VBScriptRegExp",
			Doc: "A VBScript.RegExp whose Global, IgnoreCase and MultiLine are true, with Pattern, Test, Execute and Replace.",
		},
	}, portalMethods...), portalCacheMethods...)},
}}

// userData calls fn, which waits for the user data.
func userData(r *basescript.Run, fn func(ctx context.Context, data UserData) error) error {
	data := envOf(r).UserData
	return r.Wait(func(ctx context.Context) error { return fn(ctx, data) })
}

const userDataKey = "The key of user data"

func getUserData(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := textArg(userDataKey, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	var value json.RawMessage
	var found bool
	err = userData(r, func(ctx context.Context, data UserData) (err error) {
		value, found, err = data.Get(ctx, key)
		return err
	})
	if err != nil {
		return basescript.Undefined, aboutKey(key, err)
	}
	if !found {
		return basescript.Null, nil
	}
	return r.ParseJSON(string(value), true)
}

func setUserData(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := textArg(userDataKey, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	ttl, err := secondsArg(arg(args, 2))
	if err != nil {
		return basescript.Undefined, err
	}
	text, err := r.EncodeJSON(args[1], basescript.JSONOptions{})
	if err != nil {
		return basescript.Undefined, err
	}
	err = userData(r, func(ctx context.Context, data UserData) error {
		return data.Set(ctx, key, json.RawMessage(text), ttl)
	})
	return basescript.Undefined, aboutKey(key, err)
}

// secondsArg takes a time to live; absent means none.
func secondsArg(v basescript.Value) (time.Duration, error) {
	if v.IsNil() {
		return 0, nil
	}
	seconds, ok := v.ToReal()
	if !ok || math.IsNaN(seconds) || seconds < 0 || seconds > math.MaxInt64/float64(2*time.Second) {
		return 0, basescript.Errorf("A time to live is a number of seconds, not %s", v.Text())
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

func removeUserData(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := textArg(userDataKey, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	var removed bool
	err = userData(r, func(ctx context.Context, data UserData) (err error) {
		removed, err = data.Delete(ctx, key)
		return err
	})
	return basescript.Bool(removed), aboutKey(key, err)
}

func removeUserDataByPrefix(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	prefix, err := textArg("The prefix of user data", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	if prefix == "" {
		// An empty variable in a script must not empty the store.
		return basescript.Undefined, basescript.NewError("The prefix of user data is empty")
	}
	var removed int
	err = userData(r, func(ctx context.Context, data UserData) (err error) {
		removed, err = data.DeletePrefix(ctx, prefix)
		return err
	})
	return basescript.Int(int64(removed)), aboutKey(prefix, err)
}

func joinRecipients(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := textArg(userDataKey, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	person, err := textArg("person_id", args[1])
	if err != nil {
		return basescript.Undefined, err
	}
	socket, err := textArg("socket_id", args[2])
	if err != nil {
		return basescript.Undefined, err
	}
	ttl, err := secondsArg(arg(args, 3))
	if err != nil {
		return basescript.Undefined, err
	}
	err = userData(r, func(ctx context.Context, data UserData) error {
		return data.Join(ctx, key, person, socket, openedAt(r, socket), ttl)
	})
	return basescript.Undefined, aboutKey(key, err)
}

func leaveRecipients(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key := "" // every list
	if !args[0].IsNil() {
		var err error
		if key, err = textArg(userDataKey, args[0]); err != nil {
			return basescript.Undefined, err
		}
		if key == "" {
			return basescript.Undefined, basescript.NewError(userDataKey + " is empty; null means every list")
		}
	}
	socket, err := textArg("socket_id", args[1])
	if err != nil {
		return basescript.Undefined, err
	}
	var left int
	err = userData(r, func(ctx context.Context, data UserData) (err error) {
		left, err = data.Leave(ctx, key, socket, openedAt(r, socket))
		return err
	})
	return basescript.Int(int64(left)), aboutKey(key, err)
}

// openedAt returns when the socket with the key was opened if it is the run's own, which may have ended
// while its key is in use again; otherwise the zero time.
func openedAt(r *basescript.Run, key string) time.Time {
	if own := envOf(r).Socket; own.Local != nil && own.Key == key {
		return own.Local.OpenedAt()
	}
	return time.Time{}
}

// aboutKey names the key in an error of the user data; nil and the end of the run pass unchanged.
func aboutKey(key string, err error) error {
	if err == nil || isScriptError(err) {
		return err
	}
	if key == "" {
		return fmt.Errorf("user data: %w", err)
	}
	const shown = 100
	if len(key) > shown {
		key = key[:shown] + "…"
	}
	return fmt.Errorf("user data %q: %w", key, err)
}
