package auth

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// GuardConfig says which hosts and origins a server answers to besides loopback
// ones.
type GuardConfig struct {
	AllowedOrigins []string `yaml:"origins" flag:"origin" doc:"Origins whose pages may connect, besides the server's own and, in dev, those of this machine, such as https://portal.example.com."`
	AllowedHosts   []string `yaml:"hosts" flag:"host" doc:"Host names the server answers to, besides loopback ones and the one it listens on. serve without a list answers to every name."`

	// Listen is the address the server listens on; its host is answered to.
	Listen string
	// Metrics counts refusals; nil: nothing does.
	Metrics *metrics.Registry

	// Refusals keeps what is refused; nil: nothing is kept.
	Refusals *Refusals `yaml:"-"`

	// Strict is for a server where users log in: pages of this machine have no right of their own.
	Strict bool `yaml:"-"`
	// AnyHost answers to every Host. Where users log in a name that is not the server's own opens nothing.
	AnyHost bool `yaml:"-"`
	// Addresses answers to every Host that is an address: no page can have a name lead there by one.
	Addresses bool `yaml:"-"`
}

// CheckOrigin says what is wrong with an entry of AllowedOrigins.
func CheckOrigin(text string) error {
	if text == nullOrigin {
		return nil
	}
	_, err := parseOrigin(text)
	return err
}

// CheckHost says what is wrong with an entry of AllowedHosts.
func CheckHost(text string) error {
	_, _, err := splitHost(text)
	return err
}

// Guard returns a middleware that answers only requests no foreign web page can
// have caused: the Host must be a loopback one, the one listened on or listed,
// on any port; an Origin, if present, must be the request's own, a loopback one
// or listed. Entries that are wrong match nothing. Requests without an Origin pass, no browser page sends a WebSocket
// handshake without it. A listed origin "null" lets in pages opened as files,
// and with them every sandboxed frame.
//
// Anything else is refused with 403 and problem details, and logged with the
// line of the settings that would let it in, in dev with the flag as well; a flood of refusals leaves a few lines per minute
// with a count of the others. The middleware is safe for concurrent use; a nil
// logger logs nothing.
func Guard(cfg GuardConfig, logger *slog.Logger) func(http.Handler) http.Handler {
	g := newGuard(cfg, logger)
	refusals := cfg.Metrics.Counters("tutorsocket_auth_guard_refusals_total", "Requests refused because of their header Host or Origin.", "header")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			refused := g.check(r)
			if refused == nil {
				next.ServeHTTP(w, r)
				return
			}
			refusals.With(refused.header).Inc()
			g.log.refused(refused)
			cfg.Refusals.Add(r, Refusal{What: strings.ToLower(refused.header), Status: http.StatusForbidden, Detail: refused.detail(), Add: cmp.Or(refused.flag, refused.setting)})
			refused.answer(w)
		})
	}
}

type guard struct {
	origins map[string]bool // as origin.String() writes them, or "null"
	hosts   map[string]bool // a bare host, or host:port when listed so
	strict  bool
	anyHost bool
	numbers bool
	log     *refusalLog
}

func newGuard(cfg GuardConfig, logger *slog.Logger) *guard {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	g := &guard{origins: map[string]bool{}, hosts: map[string]bool{}, log: newRefusalLog(logger)}
	for _, text := range cfg.AllowedOrigins {
		if o, err := parseOrigin(text); err == nil {
			g.origins[o.String()] = true
		} else if text == nullOrigin {
			g.origins[nullOrigin] = true
		}
	}
	for _, text := range cfg.AllowedHosts {
		if host, port, err := splitHost(text); err == nil {
			g.hosts[joinHost(host, port)] = true
		}
	}
	g.strict, g.anyHost, g.numbers = cfg.Strict, cfg.AnyHost, cfg.Addresses
	if host, _, err := net.SplitHostPort(cfg.Listen); err == nil && host != "" {
		if host, _, err := splitHost(bracketed(host)); err == nil {
			g.hosts[host] = true
		}
	}
	return g
}

// check returns why the request is refused, or nil.
func (g *guard) check(r *http.Request) *refusal {
	host, port, err := splitHost(r.Host)
	if err != nil {
		return &refusal{header: "Host", value: r.Host}
	}
	if !g.anyHost && !(g.numbers && isAddress(host)) && !loopback(host) && !g.hosts[host] && !g.hosts[joinHost(host, port)] {
		return g.unlisted(&refusal{header: "Host", value: r.Host}, "host", bracketed(host))
	}
	switch origins := r.Header.Values("Origin"); len(origins) {
	case 0:
		return nil
	case 1:
		return g.checkOrigin(origins[0], host, port, Secure(r))
	default:
		return &refusal{header: "Origin", value: strings.Join(origins, ", ")}
	}
}

func (g *guard) checkOrigin(text, host, port string, encrypted bool) *refusal {
	if text == nullOrigin {
		if g.origins[nullOrigin] {
			return nil
		}
		if g.strict {
			return &refusal{header: "Origin", value: text, because: "The Origin null is not let in: pages without one of their own are files, and frames in a sandbox."}
		}
		return g.unlisted(&refusal{header: "Origin", value: text}, "origin", nullOrigin)
	}
	o, err := parseOrigin(text)
	if err != nil {
		return &refusal{header: "Origin", value: text}
	}
	web := o.scheme == "http" || o.scheme == "https"
	if o.sameAs(host, port, encrypted) || web && !g.strict && loopback(o.host) || g.origins[o.String()] {
		return nil
	}
	return g.unlisted(&refusal{header: "Origin", value: text}, "origin", o.String())
}

// unlisted says what would let a request in: in dev a flag, and everywhere a line of the settings, whose key is the
// plural of the flag.
func (g *guard) unlisted(f *refusal, flag, value string) *refusal {
	if !g.strict {
		f.flag = "--" + flag + " " + value
	}
	f.setting = fmt.Sprintf("%ss: [%q]", flag, value)
	return f
}

// isAddress reports whether a host is an IP address, and no name.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func joinHost(host, port string) string {
	if port == "" {
		return host
	}
	return bracketed(host) + ":" + port
}

// bracketed writes a host as a Host header has it.
func bracketed(host string) string {
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		return "[" + host + "]"
	}
	return host
}

// refusal is a request turned away: the header at fault, its value, and the flag and the line of the settings
// that would let it in, if any would.
type refusal struct {
	header  string
	value   string
	flag    string
	setting string
	// because says why, where the header is not to blame by itself.
	because string
}

// shownValue bounds how much of a stranger's header is repeated.
const shownValue = 200

// shown is the value as it may appear in an answer or a log line.
func (f *refusal) shown() string {
	if len(f.value) > shownValue {
		return strings.ToValidUTF8(f.value[:shownValue], "") + "…"
	}
	return strings.ToValidUTF8(f.value, "?")
}

func (f *refusal) detail() string {
	if f.because != "" {
		return f.because
	}
	if f.setting == "" {
		return fmt.Sprintf("The %s header %q is not a valid one.", f.header, f.shown())
	}
	text := fmt.Sprintf("This server does not answer to the %s %q. If it should, ", f.header, f.shown())
	if f.flag != "" {
		text += "start it with " + f.flag + ", or "
	}
	return text + "add to its settings: " + f.setting
}

// answer writes the refusal as problem details (RFC 9457).
func (f *refusal) answer(w http.ResponseWriter) {
	body, err := json.Marshal(map[string]any{
		"title":  http.StatusText(http.StatusForbidden),
		"status": http.StatusForbidden,
		"detail": f.detail(),
	})
	if err != nil {
		panic(fmt.Sprintf("auth: encode a map of plain text: %v", err))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write(body) // the client may be gone; there is nobody else to tell
}
