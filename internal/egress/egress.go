package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// AllowSetting is the name of the setting that lists hosts, for messages.
const AllowSetting = "http_request.allow"

// Config says where requests may go.
type Config struct {
	// Allow lists hosts: a name or a literal address, with a port or for all ports; *.domain for all
	// names below a domain; * for everything. A name leads to this machine (127.0.0.0/8, ::1), to
	// addresses of the link (169.254.0.0/16, fe80::/10), or to multicast, only if that address is
	// listed too or the name is localhost.
	Allow []string
	// AnyHost allows everything, as * does.
	AnyHost bool
	// Metrics counts requests; nil: nothing does.
	Metrics *metrics.Registry
}

// RefusedError says that a host is not on the list.
type RefusedError struct {
	Host string // as it was asked for
	// Address is what the host leads to, if its name is on the list and its address is not.
	Address string
}

func (e *RefusedError) Error() string {
	if e.Address != "" {
		return fmt.Sprintf("requests to %s are not allowed: it leads to %s; add that address to %s", e.Host, e.Address, AllowSetting)
	}
	return fmt.Sprintf("requests to %s are not allowed; add it to %s", e.Host, AllowSetting)
}

// SchemeError says that an address is neither of http nor of https.
type SchemeError struct{ Scheme string }

func (e *SchemeError) Error() string {
	return fmt.Sprintf("the address must begin with http:// or https://, not with %s:", e.Scheme)
}

// Resolver finds the addresses of a name; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Bounds of connections. The whole of a request is bounded by its context.
const (
	dialTime       = 10 * time.Second
	maxDialled     = 4 // addresses of one name
	idleTime       = 30 * time.Second
	idleConns      = 32
	maxHeaderBytes = 256 << 10
)

// Transport carries requests to allowed hosts. New makes one.
type Transport struct {
	list     allowList
	resolver Resolver
	inner    *http.Transport
	outcomes *metrics.Counters
}

// New returns a transport; an entry of the list that makes no sense is an error. resolver nil means
// that of the system. Close it when no requests come any more.
func New(cfg Config, resolver Resolver) (*Transport, error) {
	list, err := newAllowList(cfg)
	if err != nil {
		return nil, err
	}
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	t := &Transport{list: list, resolver: resolver}
	t.outcomes = cfg.Metrics.Counters("tutorsocket_egress_requests_total",
		"Requests of scripts to other servers, each hop of a redirect one, by outcome: answered, refused (the host is not allowed), failed.", "outcome")
	t.inner = &http.Transport{
		Proxy:                  nil, // a proxy would resolve and dial in our place
		DialContext:            t.dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    dialTime,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ExpectContinueTimeout:  time.Second,
	}
	return t, nil
}

// Close closes connections nobody uses. Requests under way go on.
func (t *Transport) Close() { t.inner.CloseIdleConnections() }

// RoundTrip implements [http.RoundTripper]. A host that is not allowed gives a [*RefusedError], an
// address of another kind than http and https a [*SchemeError]; no connection is made then.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.roundTrip(req)
	t.outcomes.With(outcome(err)).Inc()
	return resp, err
}

// outcome is how a request ended, as the metrics have it.
func outcome(err error) string {
	var refused *RefusedError
	var scheme *SchemeError
	switch {
	case err == nil:
		return "answered"
	case errors.As(err, &refused), errors.As(err, &scheme):
		return "refused"
	}
	return "failed"
}

func (t *Transport) roundTrip(req *http.Request) (*http.Response, error) {
	to, err := targetOf(req.URL)
	if err == nil && !t.list.allows(to) {
		err = &RefusedError{Host: req.URL.Host}
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as every RoundTripper must
		}
		return nil, err
	}
	return t.inner.RoundTrip(req)
}

// dial resolves a name once and connects to one of the addresses that may be reached.
func (t *Transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	addresses, literal, err := t.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	to := target{host, port}
	refused := &RefusedError{Host: host}
	var failed error = refused
	tried := 0
	for _, a := range addresses {
		// A literal address was looked up in the list by RoundTrip.
		if !literal && !t.list.reaches(to, a) {
			refused.Address = a.String()
			continue
		}
		if tried++; tried > maxDialled {
			break
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	return nil, failed
}

// resolve returns the addresses of a host; literal says that it is one already.
func (t *Transport) resolve(ctx context.Context, host string) (addresses []netip.Addr, literal bool, err error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, true, nil
	}
	addresses, err = t.resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addresses) == 0 {
		err = errors.New("the host has no address")
	}
	return addresses, false, err
}
