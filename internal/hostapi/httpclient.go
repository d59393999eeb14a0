package hostapi

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

const (
	defaultRequestTimeout = 30 * time.Second
	maxRedirects          = 10
	userAgent             = "tutorsocket"
	// errGzip is the original's text for an answer that does not unpack (spec/basescript.md 4.3).
	errGzip = "Unable to decode Gzip content encoding"
)

// outgoing is a request of a script to another server.
type outgoing struct {
	method    string
	url       string
	body      string
	header    http.Header
	redirects int            // followed at most
	jar       http.CookieJar // nil: no cookies
	timeout   time.Duration  // 0: as long as the server allows
}

// answer is what came back. body belongs to nobody else.
type answer struct {
	code   int
	status string // such as "404 Not Found"
	url    string // of the last hop, without a password
	header http.Header
	body   []byte
}

// send carries a request out, waiting no longer than it may. The error is plain words about what failed,
// or the end of the run.
func (o *outgoing) send(r *basescript.Run) (*answer, error) {
	env := envOf(r)
	if env.HTTP == nil {
		return nil, errors.New("requests to other servers are not possible here")
	}
	u, err := parseTarget(o.url)
	if err != nil {
		return nil, err
	}
	if err := r.Step(100 + len(o.body)>>6); err != nil {
		return nil, err
	}
	timeout := env.Settings.RequestTimeout
	if timeout <= 0 {
		timeout = defaultRequestTimeout
	}
	if o.timeout > 0 {
		timeout = min(timeout, o.timeout)
	}
	var a *answer
	err = r.Wait(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		a, err = o.exchange(ctx, r, env.HTTP, u)
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("no answer from %s within %v", u.Host, timeout)
		}
		return err
	})
	if err != nil {
		return nil, requestError(u, err)
	}
	return a, nil
}

// exchange sends the request and reads the whole answer.
func (o *outgoing) exchange(ctx context.Context, r *basescript.Run, transport http.RoundTripper, u *url.URL) (*answer, error) {
	var body io.Reader
	if o.body != "" {
		body = strings.NewReader(o.body)
	}
	req, err := http.NewRequestWithContext(ctx, o.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header = o.header
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", userAgent)
	}
	client := http.Client{Transport: transport, Jar: o.jar, CheckRedirect: o.checkRedirect}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was read as far as it is wanted
	if resp.ContentLength > maxData {
		return nil, tooLarge{}
	}
	// What a server says of the length is not worth much memory before it comes.
	data, err := readAll(r, resp.Body, min(max(0, resp.ContentLength), 1<<20))
	if err != nil {
		return nil, bodyError(resp, err)
	}
	last := *resp.Request.URL
	last.User = nil
	return &answer{code: resp.StatusCode, status: statusText(resp), url: last.String(), header: resp.Header, body: data}, nil
}

// checkRedirect follows so many redirects and no more. Where none is to be followed the answer is the
// redirect itself.
func (o *outgoing) checkRedirect(_ *http.Request, via []*http.Request) error {
	switch {
	case o.redirects == 0:
		return http.ErrUseLastResponse
	case len(via) > o.redirects:
		return fmt.Errorf("more than %d redirects", o.redirects)
	}
	return nil
}

// parseTarget reads the address of a request. What browsers encode for their users, such as blanks and
// Cyrillic letters in parameters, is encoded here as well.
func parseTarget(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	var parse *url.Error
	switch {
	case errors.As(err, &parse):
		return nil, fmt.Errorf("this is no address: %w", parse.Err)
	case err != nil:
		return nil, err
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the address must begin with http:// or https://")
	case u.Host == "":
		return nil, errors.New("the address names no host")
	}
	u.RawQuery = encodeQuery(u.RawQuery)
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

func encodeQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// statusText is the code with its words, which come from the server.
func statusText(resp *http.Response) string {
	words := http.StatusText(resp.StatusCode)
	if words == "" {
		words = clip(strings.TrimSpace(strings.TrimPrefix(resp.Status, fmt.Sprint(resp.StatusCode))))
	}
	return strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", words))
}

// bodyError tells an answer that does not unpack from one that does not come.
func bodyError(resp *http.Response, err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) ||
		resp.Uncompressed && errors.Is(err, io.ErrUnexpectedEOF) {
		return basescript.NewError(errGzip)
	}
	return err
}

// requestError is what went wrong, in words that name the host and nothing of the address that may be
// secret.
func requestError(u *url.URL, err error) error {
	if isScriptError(err) {
		return err
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("there is no host %s", u.Hostname())
	case errors.As(err, &dns):
		return fmt.Errorf("the host %s cannot be found: %s", u.Hostname(), clip(dns.Err))
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("cannot connect to %s: %s", u.Host, clip(op.Err.Error()))
	case errors.Is(err, tooLarge{}):
		return fmt.Errorf("the answer of %s is %w", u.Host, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s broke the connection off", u.Host)
	case strings.HasPrefix(err.Error(), "net/http: "):
		return fmt.Errorf("the answer of %s cannot be read: %s", u.Host, clip(strings.TrimPrefix(err.Error(), "net/http: ")))
	}
	return errors.New(clip(err.Error()))
}

// clip keeps texts of others short and on one line.
func clip(text string) string {
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// parseHeaders reads header lines. Each ends in a line break; what follows the last one is left out,
// as the original does (spec/basescript.md 3.7).
func parseHeaders(text string) ([][2]string, error) {
	const most, longest = 100, 64 << 10
	if len(text) > longest {
		return nil, fmt.Errorf("the headers are longer than %d KiB", longest>>10)
	}
	var lines [][2]string
	for {
		line, rest, ended := strings.Cut(text, "\n")
		if !ended {
			return lines, nil
		}
		text = rest
		if line = strings.TrimSuffix(line, "\r"); strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isToken(name) || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return nil, fmt.Errorf("the header line %q is not of the form Name: value", clip(line))
		}
		if len(lines) == most {
			return nil, fmt.Errorf("there are more than %d header lines", most)
		}
		lines = append(lines, [2]string{name, value})
	}
}

// isToken accepts the names of headers and methods (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
	})
}

// ownHeaders are those a connection has, not a request: they are made here.
var ownHeaders = map[string]bool{
	"Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Keep-Alive": true, "Proxy-Connection": true,
	"Te": true, "Trailer": true, "Upgrade": true, "Expect": true,
}

// addHeader adds a header of a script to those of a request. The host of a request is that of its
// address, which was checked.
func addHeader(header http.Header, name, value string) error {
	name = http.CanonicalHeaderKey(name)
	switch {
	case name == "Host":
		return errors.New("the header Host is that of the address and cannot be another")
	case !ownHeaders[name]:
		header.Add(name, value)
	}
	return nil
}

// methodArg is the method of a request, GET by default.
func methodArg(v basescript.Value) (string, error) {
	if v.IsNil() || v.Text() == "" {
		return http.MethodGet, nil
	}
	method := strings.ToUpper(strings.TrimSpace(v.Text()))
	if !isToken(method) || method == http.MethodConnect || len(method) > 20 {
		return "", basescript.Errorf("%q is no method of a request", clip(v.Text()))
	}
	return method, nil
}

// textOr is a text argument of which nothing means the empty text.
func textOr(v basescript.Value) string {
	if v.IsNil() {
		return ""
	}
	return v.Text()
}
