package webtutor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// page is the page of WebTutor that says who is logged in.
type page struct {
	request   *http.Request // what every request is like
	transport *http.Transport
}

// newPage returns the page of the settings. Errors do not quote what is secret in them.
func newPage(cfg Config) (*page, error) {
	address, err := cfg.address()
	if err != nil {
		return nil, fmt.Errorf("url %w", err)
	}
	conf, err := cfg.tlsConfig()
	if err != nil {
		return nil, err
	}
	name, value, err := cfg.secretHeader()
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {"application/json"}, "User-Agent": {"tutorsocket"}}
	if name != "" {
		header.Set(name, value)
	}
	return &page{
		request: &http.Request{Method: http.MethodGet, URL: address, Host: address.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		// No proxy is taken from the environment: cookies go to WebTutor and nowhere else.
		transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: cfg.Timeout}).DialContext,
			TLSClientConfig:        conf,
			TLSHandshakeTimeout:    cfg.Timeout,
			DisableCompression:     true, // what is small here would be large there
			MaxIdleConnsPerHost:    maxHandshakes + maxRechecks,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxAnswer,
		},
	}, nil
}

// awayError is what an outage of WebTutor gives, as opposed to an answer that is wrong.
type awayError struct{ error }

func (e awayError) Unwrap() error { return e.error }

// ask asks who has the session of the cookies. The error is an awayError if WebTutor cannot be reached,
// is too slow or says itself that it cannot answer. Errors hold neither cookies nor the answer.
func (p *page) ask(ctx context.Context, cookies string) (answer, error) {
	r := p.request.Clone(ctx)
	r.Header.Set("Cookie", cookies)
	// The transport, not a client: nothing follows redirects and nothing keeps cookies.
	resp, err := p.transport.RoundTrip(r)
	if err != nil {
		return answer{}, away(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized:
		return answer{}, nil
	case status == http.StatusForbidden:
		return answer{}, errSecret
	case status >= 300 && status < 400:
		return answer{}, fmt.Errorf("the answer is a redirect (status %d): the page must be open to those who are not logged in", status)
	case status == http.StatusTooManyRequests || status >= 500:
		return answer{}, awayError{fmt.Errorf("WebTutor answers with status %d", status)}
	case status != http.StatusOK:
		return answer{}, fmt.Errorf("WebTutor answers with status %d", status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, away(ctx, err)
	}
	if len(text) > maxAnswer {
		return answer{}, fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	return parseAnswer(text)
}

// away says why there was no answer.
func away(ctx context.Context, err error) error {
	var network net.Error
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case ctx.Err() != nil:
		err = errors.New("WebTutor has not answered in time")
	case errors.As(err, &network), errors.As(err, &certificate), errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		// They say what is wrong with the way there.
	default: // net/http quotes what it cannot read, and that may be a cookie which comes back
		err = errors.New("WebTutor answers with something that is not HTTP, or with too long a header")
	}
	return awayError{err}
}

func (p *page) close() { p.transport.CloseIdleConnections() }
