package webtutor

import "net/http"

// asked reports whether the cookies of a request are meant for this server: the page that sends it is of the request's
// own origin or of a listed one. Without an Origin no page opens a WebSocket; of other requests browsers say whether
// another site is behind them.
func (m *Method) asked(r *http.Request) bool {
	if len(r.Header.Values("Origin")) == 0 {
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "same-origin" || site == "none"
	}
	return m.origins.MayUseCookies(r)
}
