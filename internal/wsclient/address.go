package wsclient

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Parameters of the query that a server reads.
const (
	StatefulParam = "X-StatefulSocketId"
	userParam     = "X-Dev-User"
)

// Place says which socket is meant, in the words of a person.
type Place struct {
	Address    string // ws://…, http://…, a path /services/x, or the name of a service
	Server     string // the http or https URL that paths and names belong to
	StatefulID string // "" for none
	User       string // the user of a development server; "" for none
}

var schemes = map[string]string{"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}

// Resolve returns the ws or wss URL of a place. A fragment is left out. An id that is in the address and in StatefulID
// is an error, as is an address that cannot be meant.
func Resolve(p Place) (*url.URL, error) {
	u, err := absolute(p.Address, p.Server)
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the query of %q cannot be read (%w); percent-encode the values", p.Address, err)
	}
	for name, value := range map[string]string{StatefulParam: p.StatefulID, userParam: p.User} {
		if value == "" {
			continue
		}
		if query.Has(name) {
			return nil, fmt.Errorf("the URL has %s=%s already; give it once", name, query.Get(name))
		}
	}
	u.RawQuery = addParam(addParam(u.RawQuery, StatefulParam, p.StatefulID), userParam, p.User)
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// addParam leaves the rest of the query as it was typed.
func addParam(query, name, value string) string {
	if value == "" {
		return query
	}
	if query != "" {
		query += "&"
	}
	return query + name + "=" + strings.ReplaceAll(url.QueryEscape(value), "%3A", ":")
}

var serviceName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(\?.*)?$`)

func absolute(address, server string) (*url.URL, error) {
	switch {
	case strings.TrimSpace(address) == "":
		return nil, errors.New("the URL is empty; write ws://127.0.0.1:8080/services/main_ws_service, or main_ws_service")
	case strings.Contains(address, "://"):
		return parse(address)
	case strings.HasPrefix(address, "/"):
		return parse(strings.TrimRight(server, "/") + address)
	case strings.HasPrefix(address, "services/"):
		return parse(strings.TrimRight(server, "/") + "/" + address)
	case serviceName.MatchString(address):
		return parse(strings.TrimRight(server, "/") + "/services/" + address)
	}
	return nil, fmt.Errorf("%q is no URL, no path and no name of a service; write ws://%s, /services/… or a name", address, address)
}

func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err
		}
		return nil, fmt.Errorf("%q is not a URL: %w", address, err)
	}
	scheme, ok := schemes[strings.ToLower(u.Scheme)]
	if !ok {
		return nil, fmt.Errorf("%q begins with %s://; a socket is at ws:// or wss:// (http:// and https:// mean the same)", address, u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("%q names no host; write it like ws://127.0.0.1:8080/services/main_ws_service", address)
	}
	u.Scheme = scheme
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// secrets are the names of parameters whose values are not shown, as in the test client (web/src/client/address.ts).
var secrets = regexp.MustCompile(`(?i)^(access_?token|id_?token|refresh_?token|token|jwt|api_?key|key|password|passwd|secret|auth|authorization|session|session_?id|sid)$`)

// Public is a URL without tokens, passwords and session ids, for the screen and for recordings.
func Public(u *url.URL) string {
	shown := *u
	shown.User = nil
	var kept []string
	for _, pair := range strings.Split(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if pair != "" && !secrets.MatchString(name) {
			kept = append(kept, pair)
		}
	}
	shown.RawQuery = strings.Join(kept, "&")
	return shown.String()
}

// Server is the http or https URL of the server a socket is at.
func Server(u *url.URL) string {
	scheme := "http"
	if u.Scheme == "wss" {
		scheme = "https"
	}
	return scheme + "://" + u.Host
}

// Service is the name of the service at a URL, or its host if the path is that of no service.
func Service(u *url.URL) string {
	if _, name, ok := strings.Cut(u.Path, "/services/"); ok && name != "" {
		return name
	}
	return u.Host
}
