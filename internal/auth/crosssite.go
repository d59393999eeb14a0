package auth

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// What a request was refused for, besides the other Refused constants.
const (
	RefusedCrossSite = "cross_site" // a page of another site would change something
	RefusedRequest   = "request"    // it could not be read
)

// CrossSite returns a middleware that lets no page of another site change anything with what a browser sends by
// itself, such as cookies: requests with a method other than GET, HEAD and OPTIONS must come from a page of this very
// origin, or from no browser. Origins that are listed for sockets are other sites too. A request with a bearer token
// passes: pages know it or they do not, and no browser adds one.
//
// Anything else is refused with 403 and problem details, and logged as those of [Guard] are. The middleware is safe for
// concurrent use; a nil logger logs nothing.
func CrossSite(registry *metrics.Registry, refusals *Refusals, logger *slog.Logger) func(http.Handler) http.Handler {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	protection, log := http.NewCrossOriginProtection(), newRefusalLog(logger)
	counter := registry.Counter("tutorsocket_auth_cross_site_refusals_total", "Requests refused because a page of another site would have changed something.")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, bearer := BearerToken(r); bearer || protection.Check(r) == nil {
				next.ServeHTTP(w, r)
				return
			}
			refused := &refusal{header: "Origin", value: strings.Join(r.Header.Values("Origin"), ", "), because: crossSiteDetail}
			counter.Inc()
			log.refused(refused)
			refusals.Add(r, Refusal{What: RefusedCrossSite, Status: http.StatusForbidden, Detail: crossSiteDetail})
			refused.answer(w)
		})
	}
}

const crossSiteDetail = "A page of another site may change nothing here without a token."
