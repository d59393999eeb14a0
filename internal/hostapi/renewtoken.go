package hostapi

import (
	"context"
	"errors"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// noTokens is why no token is taken where users do not come with one.
const noTokens = TokenError("this server takes no tokens")

// renewToken is for the socket of the run and no other: a script knows who its client is, not who
// brings tokens for others.
func renewToken(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	token, err := stringArg("A token", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	env := envOf(r)
	if !env.IsService() || env.Hook == HookClose {
		return basescript.Undefined, basescript.NewError("tools_web.renew_token: there is no open socket here")
	}
	err = r.Wait(func(ctx context.Context) error {
		if env.Renewer == nil {
			return noTokens
		}
		return env.Renewer.Renew(ctx, env.Socket.Key, token)
	})
	var refused TokenError
	switch {
	case err == nil:
		return basescript.String(""), nil
	case errors.As(err, &refused):
		return basescript.String(refused.Error()), nil
	case isScriptError(err):
		return basescript.Undefined, err
	}
	return basescript.Undefined, basescript.Errorf("tools_web.renew_token: %s", err)
}
