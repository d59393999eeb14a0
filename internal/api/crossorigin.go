package api

import "net/http"

// What pages of another origin may do (Fetch standard, section 3.3).
const (
	crossOriginMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	crossOriginSent    = "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID"
	crossOriginRead    = "Allow, ETag, Idempotency-Replayed, Location, Retry-After, WWW-Authenticate"
	crossOriginMaxAge  = "600" // seconds
)

// crossOrigin lets a page read the answer. The guard in front of the API has refused
// the origins that are not known, so one that comes here is allowed; cookies are not,
// the token is what counts. It answers a preflight itself, which has no token, and
// returns true then.
func crossOrigin(w http.ResponseWriter, r *http.Request) (answered bool) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", crossOriginRead)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	header.Set("Access-Control-Allow-Methods", crossOriginMethods)
	header.Set("Access-Control-Allow-Headers", crossOriginSent)
	header.Set("Access-Control-Max-Age", crossOriginMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}
