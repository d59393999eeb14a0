package tracing

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Config says where traces go. The zero value sends none.
type Config struct {
	Endpoint string   `yaml:"endpoint" default:"" doc:"Where traces are sent: the address of an OTLP/HTTP collector, such as http://127.0.0.1:4318. Empty: nowhere."`
	Sample   float64  `yaml:"sample" default:"1" doc:"Share of messages, runs and requests that are traced, from 0 to 1. A request that belongs to a trace already does as that trace does."`
	Headers  []string `yaml:"headers" default:"" secret:"true" doc:"Headers of the requests to the collector, as NAME=VALUE, such as those with a token."`
}

// tracesPath is where a collector takes traces (OTLP 1.x, "OTLP/HTTP Request").
const tracesPath = "/v1/traces"

// Validate says what is wrong with the settings, each error beginning with the name of one. Values of
// headers are not in it.
func (c Config) Validate() error {
	var errs []error
	if _, err := c.target(); err != nil {
		errs = append(errs, fmt.Errorf("endpoint %w", err))
	}
	if !(c.Sample >= 0 && c.Sample <= 1) { // not a number is neither
		errs = append(errs, errors.New("sample must be from 0 to 1"))
	}
	if _, err := c.header(); err != nil {
		errs = append(errs, fmt.Errorf("headers %w", err))
	}
	return errors.Join(errs...)
}

// target is the address spans are posted to, "" if there is none.
func (c Config) target() (string, error) {
	if c.Endpoint == "" {
		return "", nil
	}
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil:
		return "", errors.New("is not an address such as http://127.0.0.1:4318")
	case u.User != nil: // it would show in messages; not quoted here for the same reason
		return "", errors.New("must not hold a name or a password; put what the collector asks for into tracing.headers")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", fmt.Errorf("%q is not an address such as http://127.0.0.1:4318", c.Endpoint)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("must end with the path; put what the collector asks for into tracing.headers")
	}
	if path := strings.TrimRight(u.Path, "/"); !strings.HasSuffix(path, tracesPath) {
		u.Path, u.RawPath = path+tracesPath, ""
	}
	return u.String(), nil
}

// header is what the requests carry besides their own. Errors name an entry by its number: it may be
// secret, wrong or not.
func (c Config) header() (http.Header, error) {
	header := http.Header{}
	for i, entry := range c.Headers {
		name, value, ok := strings.Cut(entry, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok || name == "" || strings.ContainsFunc(name, notToken):
			return nil, fmt.Errorf("are not all of the form NAME=VALUE: look at number %d", i+1)
		case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			return nil, fmt.Errorf("must be of one line each: look at number %d", i+1)
		}
		header.Add(name, value)
	}
	return header, nil
}

// notToken tells what the name of a header cannot hold (RFC 9110, 5.6.2).
func notToken(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
}
