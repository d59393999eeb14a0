package webtutor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Config says where WebTutor is and how far its answers are believed. Values are taken as they are: the
// defaults of the tags are those of the settings.
type Config struct {
	URL          string        `yaml:"url" default:"" doc:"Address of the WebTutor page that says who is logged in, such as https://portal.example.com/tutorsocket_session.html."`
	Cookies      []string      `yaml:"cookies" default:"" doc:"Names of the cookies that carry the WebTutor session; only these are sent to WebTutor."`
	Timeout      time.Duration `yaml:"timeout" default:"5s" min:"10ms" doc:"How long WebTutor may take to answer."`
	Cache        time.Duration `yaml:"cache" default:"10s" min:"0s" doc:"How long an answer of WebTutor counts for further sockets of the same session."`
	Recheck      time.Duration `yaml:"recheck" default:"1m" min:"10ms" doc:"How often WebTutor is asked whether the session of an open socket goes on."`
	Grace        time.Duration `yaml:"grace" default:"5m" min:"0s" doc:"How long sockets stay open when WebTutor cannot be asked about their session."`
	InsecureHTTP bool          `yaml:"insecure_http" default:"false" doc:"Allow an http address, on which everybody between the servers can read the cookies."`
	CA           string        `yaml:"ca" default:"" file:"true" doc:"File with the certificates (PEM) of those who sign for WebTutor; without one those the system trusts."`
	Header       string        `yaml:"header" default:"" file:"true" doc:"File with one header, as NAME=VALUE, that goes with each request: the secret which the page asks for."`

	// Origins are those whose pages may use cookies, besides the request's own (the setting origins); null never may.
	Origins []string `yaml:"-"`
	// Clock says what time it is; nil: time.Now.
	Clock func() time.Time `yaml:"-"`
	// Logger hears of outages and answers that are wrong; nil: nobody does.
	Logger *slog.Logger `yaml:"-"`
	// Metrics counts requests to WebTutor; nil: nothing does.
	Metrics *metrics.Registry `yaml:"-"`
}

// Bounds of what settings and their files may hold.
const (
	maxNames      = 32
	maxHeaderFile = 4 << 10
	maxCAFile     = 1 << 20
)

// Validate reports all that is wrong with the settings at once, each error beginning with the name of
// one. Without an address nothing but the times is looked at: the method is not in use.
func (c Config) Validate() error {
	var wrong []error
	if c.Timeout <= 0 {
		wrong = append(wrong, fmt.Errorf("timeout is %v, it must be positive", c.Timeout))
	}
	if c.Cache < 0 {
		wrong = append(wrong, fmt.Errorf("cache is %v, it must not be negative", c.Cache))
	}
	if c.Recheck <= 0 {
		wrong = append(wrong, fmt.Errorf("recheck is %v, it must be positive", c.Recheck))
	}
	if c.Grace < 0 {
		wrong = append(wrong, fmt.Errorf("grace is %v, it must not be negative", c.Grace))
	}
	if c.URL == "" {
		return errors.Join(wrong...)
	}
	if _, err := c.address(); err != nil {
		wrong = append(wrong, fmt.Errorf("url %w", err))
	}
	switch {
	case len(c.Cookies) == 0:
		wrong = append(wrong, errors.New("cookies names none: say which cookies carry the WebTutor session"))
	case len(c.Cookies) > maxNames:
		wrong = append(wrong, fmt.Errorf("cookies names %d, at most %d are allowed", len(c.Cookies), maxNames))
	}
	for _, name := range c.Cookies {
		if !isToken(name) {
			wrong = append(wrong, fmt.Errorf("cookies: %q is not the name of a cookie", name))
		}
	}
	return errors.Join(wrong...)
}

// address is the page that is asked. Errors do not quote what may be secret in it.
func (c Config) address() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("is not an address such as https://portal.example.com/tutorsocket_session.html")
	case u.User != nil:
		return nil, errors.New("must not hold a name or a password")
	case u.Fragment != "":
		return nil, errors.New("must not hold a #")
	case u.Scheme == "http" && !c.InsecureHTTP:
		return nil, errors.New("begins with http: the cookies of all users would be readable on the way; use https, or set insecure_http")
	}
	return u, nil
}

// tlsConfig says whose certificates are believed.
func (c Config) tlsConfig() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA == "" {
		return conf, nil
	}
	pem, err := readFile(c.CA, maxCAFile)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca: %s holds no certificates in the form PEM", c.CA)
	}
	return conf, nil
}

// taken are headers of a request that are not for a file to set.
var taken = map[string]bool{
	"Cookie": true, "Host": true, "Connection": true, "Content-Length": true, "Transfer-Encoding": true, "Upgrade": true,
	"Te": true, "Trailer": true, "Keep-Alive": true, "Proxy-Connection": true,
}

// secretHeader reads the header that goes with each request; "" if there is none. Errors do not quote
// what the file holds.
func (c Config) secretHeader() (name, value string, err error) {
	if c.Header == "" {
		return "", "", nil
	}
	data, err := readFile(c.Header, maxHeaderFile)
	if err != nil {
		return "", "", fmt.Errorf("header: %w", err)
	}
	name, value, found := strings.Cut(strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff")), "=")
	name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
	switch {
	case !found || !isToken(name) || value == "":
		return "", "", fmt.Errorf("header: %s must hold one line of the form NAME=VALUE", c.Header)
	case taken[name]:
		return "", "", fmt.Errorf("header: %s is not a header that can be chosen", name)
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c >= 0x7f }):
		return "", "", fmt.Errorf("header: %s must hold one line of ASCII characters", c.Header)
	}
	return name, value, nil
}

// readFile reads a file that is not larger than it can sensibly be.
func readFile(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, most)
	}
	return data, nil
}

// isToken tells what can name a header or a cookie (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return s != "" && len(s) <= 256 && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
	})
}
