package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

// tokenScheme is the name of the one security scheme.
const tokenScheme = "token"

// scopeExtension is the member of an operation that names its scope.
const scopeExtension = "x-scope"

// scopes are what the operations want, by id. What a stranger could do with a key decides. Reading is
// what shows neither texts of messages nor what scripts hold; sending changes sockets and nothing that
// lasts; whoever may run a script can do all that scripts can, so looking at runs and writing user data
// are no more than that. The rest shows secrets or changes what the server is. An operation that is not
// here wants admin; a test finds it.
var scopes = withScriptScopes(map[string]keys.Scope{
	"list-sockets": keys.Read, "get-socket": keys.Read, "stream-socket-events": keys.Read, "list-tags": keys.Read,
	"list-user-data": keys.Read, "get-user-data": keys.Read,
	"list-services": keys.Read, "list-libraries": keys.Read, "list-agents": keys.Read,
	"check-source": keys.Read, "list-bindings": keys.Read,
	"list-nodes": keys.Read, "get-stats": keys.Read,

	"send-message": keys.Send, "send-messages": keys.Send, "send-batch": keys.Send,
	"patch-tags": keys.Send, "abort-socket": keys.Send,

	"run-source": keys.Run, "run-agent": keys.Run, "list-runs": keys.Run, "get-run": keys.Run, "stop-run": keys.Run,
	"put-user-data": keys.Run, "delete-user-data": keys.Run,

	"trace-socket": keys.Admin, "stream-logs": keys.Admin, "list-refusals": keys.Admin, "drain-node": keys.Admin,
	"list-keys": keys.Admin, "create-key": keys.Admin, "revoke-key": keys.Admin,
	"list-users": keys.Admin, "add-user": keys.Admin, "change-user": keys.Admin, "remove-user": keys.Admin,
	"list-sessions": keys.Admin, "end-session": keys.Admin,
})

// withScriptScopes adds the operations on the texts of scripts, which may hold secrets, and are the app.
func withScriptScopes(all map[string]keys.Scope) map[string]keys.Scope {
	for _, kind := range []ScriptKind{KindService, KindLibrary, KindAgent} {
		for _, id := range []string{"get-%s-source", "put-%s-source", "list-%s-versions", "get-%s-version", "diff-%s-versions", "restore-%s-version"} {
			all[fmt.Sprintf(id, kind)] = keys.Admin
		}
	}
	return all
}

// scopeOf is the scope that an operation wants.
func scopeOf(operation string) keys.Scope {
	if s, ok := scopes[operation]; ok {
		return s
	}
	return keys.Admin
}

// requireScope says in the document what an operation wants; the document itself wants nothing.
func requireScope(op *huma.Operation) {
	if op.Security != nil {
		return
	}
	scope := string(scopeOf(op.OperationID))
	op.Security = []map[string][]string{{tokenScheme: {scope}}}
	op.Extensions = map[string]any{scopeExtension: scope}
}

// grantKey is where the context of a request has the [keys.Grant] of its caller.
type grantKey struct{}

// callerOf says who asks, for records.
func callerOf(ctx context.Context) string {
	grant, _ := ctx.Value(grantKey{}).(keys.Grant)
	return grant.By
}

// publicKey marks the context of a request that came where operations of the scope admin are not answered.
type publicKey struct{}

// Public returns the API for a listener that everybody reaches, beside one for administrators: operations of
// the scope admin are answered with 404, whatever the token, and are not begun.
func Public(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), publicKey{}, true)))
	})
}

// ForAdministrators lets requests to what is no operation of the API through that come with the scope admin,
// and answers the others as the API does.
func ForAdministrators(auth Authenticator, refused Refusals, next http.Handler) http.Handler {
	h := &handler{Deps: Deps{Auth: auth, Refusals: refused}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		grant, err := auth.Authenticate(r)
		if err != nil {
			h.unauthorized(w, r, err)
			return
		}
		if !h.outOfScope(w, r, grant, keys.Admin) {
			next.ServeHTTP(w, r)
		}
	})
}

// outOfScope answers a request whose caller may not do what the operation does, or not here.
func (h *handler) outOfScope(w http.ResponseWriter, r *http.Request, grant keys.Grant, wanted keys.Scope) (answered bool) {
	if wanted == keys.Admin && r.Context().Value(publicKey{}) != nil {
		writeProblem(w, problem(http.StatusNotFound, "%s is answered on the listener for administrators only, which the setting admin.listen names.", shorten(r.URL.Path)))
		return true
	}
	if grant.Allows(wanted) {
		return false
	}
	detail := fmt.Sprintf("This key may not do that: %s %s wants the scope %s, and the key has %s.", r.Method, shorten(r.URL.Path), wanted, grant)
	h.Refusals.WrongToken(r, http.StatusForbidden, detail+" It is "+grant.By+".")
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="tutorsocket", error="insufficient_scope", scope=%q`, string(wanted)))
	writeProblem(w, at(problem(http.StatusForbidden, "%s", detail), "header.Authorization", "lacks the scope "+string(wanted), nil))
	return true
}

// Texts of the answers to requests that do not prove who asks.
const (
	noToken    = "This wants the admin token or an API key: Authorization: Bearer <token>. Where the setting admin.token is not set, the admin token is in admin.json in the data folder of the server."
	wrongToken = "The token is not that of this server, nor is it an API key. Where the setting admin.token is not set, each start makes a new one, in admin.json in the data folder of the server."
)

// unauthorized answers a request whose token is not good for anything.
func (h *handler) unauthorized(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, keys.ErrUnavailable) {
		w.Header().Set("Retry-After", "1")
		writeProblem(w, problem(http.StatusServiceUnavailable, "Where API keys are kept cannot be reached, so that yours cannot be checked. Try again; the admin token works meanwhile."))
		return
	}
	challenge, detail := `Bearer realm="tutorsocket"`, noToken
	if r.Header.Get("Authorization") != "" {
		challenge += `, error="invalid_token"`
		detail = wrongToken
		if errors.Is(err, keys.ErrUnknown) || errors.Is(err, keys.ErrExpired) {
			detail = strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."
		}
		h.Refusals.WrongToken(r, http.StatusUnauthorized, detail)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	writeProblem(w, problem(http.StatusUnauthorized, "%s", detail))
}
