package wsclient

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

// Options say what to connect to and how.
type Options struct {
	URL       *url.URL    // of Resolve; a user and password in it are sent as basic authentication
	Header    http.Header // besides those of the handshake; Host is obeyed
	Protocols []string    // offered, in this order
	TLS       *tls.Config // whom to believe; nil: whom the system does
	Insecure  bool        // take any certificate
	Timeout   time.Duration
}

// KeyHeader is the header of an accepted handshake in which a tutorsocket server names the key of the socket.
const KeyHeader = "X-Socket-Key"

// Refused is an upgrade request that the server answered with something else than a connection.
type Refused struct {
	Status int
	Detail string // what the server says is wrong; "" if it says nothing
}

func (r *Refused) Error() string {
	text := fmt.Sprintf("refused with %d", r.Status)
	if name := http.StatusText(r.Status); name != "" {
		text += " " + name
	}
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// Passing says whether the same request may do better later.
func (r *Refused) Passing() bool {
	return r.Status == http.StatusTooManyRequests || r.Status >= 500
}

// handshakeHeaders belong to the handshake itself.
var handshakeHeaders = []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Content-Length", "Transfer-Encoding"}

// ParseHeader reads "NAME: VALUE".
func ParseHeader(text string) (name, value string, err error) {
	name, value, found := strings.Cut(text, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !found || !isToken(name):
		return "", "", fmt.Errorf("%q is no header: write NAME: VALUE", text)
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
		return "", "", fmt.Errorf("the value of the header %s has a control character in it", name)
	case slices.Contains(handshakeHeaders, http.CanonicalHeaderKey(name)):
		return "", "", fmt.Errorf("the header %s belongs to the handshake and cannot be set", name)
	}
	return name, value, nil
}

// CheckProtocol says what is wrong with the name of a subprotocol.
func CheckProtocol(name string) error {
	if !isToken(name) {
		return fmt.Errorf("%q is no name of a subprotocol: letters, digits and .-_ without blanks", name)
	}
	return nil
}

// isToken is the form of RFC 9110, 5.6.2.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}

// Dial connects and shakes hands. A server that answers otherwise makes a [*Refused]; the other errors say what went
// wrong with the network, the certificate or the handshake. The time-out is for all of it; 0 is none.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	header := maps.Clone(o.Header)
	if header == nil {
		header = http.Header{}
	}
	if o.URL.User != nil && header.Get("Authorization") == "" {
		password, _ := o.URL.User.Password()
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(o.URL.User.Username()+":"+password)))
	}
	host := header.Get("Host")
	header.Del("Host")
	c := &Conn{pings: map[uint64]chan time.Duration{}}
	var refused *Refused
	trust := &tls.Config{}
	if o.TLS != nil {
		trust = o.TLS.Clone()
	}
	trust.InsecureSkipVerify = o.Insecure // only where the user asked for it
	d := ws.Dialer{
		Timeout: o.Timeout, Header: ws.HandshakeHeaderHTTP(header), Host: host, Protocols: o.Protocols,
		TLSConfig:     trust,
		OnStatusError: func(status int, _ []byte, answer io.Reader) { refused = readRefusal(status, answer) },
		OnHeader: func(name, value []byte) error {
			if strings.EqualFold(string(name), KeyHeader) {
				c.key = string(value)
			}
			return nil
		},
	}
	target := *o.URL
	target.User = nil
	conn, first, handshake, err := d.Dial(ctx, target.String())
	if refused != nil {
		return nil, refused
	}
	if err != nil {
		return nil, explain(ctx, o, err)
	}
	c.conn, c.protocol, c.in = conn, handshake.Protocol, first
	if first == nil {
		c.in = bufio.NewReader(conn)
	}
	return c, nil
}

// maxRefusal bounds what is read of an answer that is no connection, in bytes.
const maxRefusal = 64 << 10

// readRefusal reads problem details, or the beginning of a text.
func readRefusal(status int, answer io.Reader) *Refused {
	r := &Refused{Status: status}
	resp, err := http.ReadResponse(bufio.NewReader(answer), nil)
	if err != nil {
		return r
	}
	defer resp.Body.Close()
	if to := resp.Header.Get("Location"); to != "" {
		r.Detail = "the server sends on to " + to
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // what came is what there is to say
	var problem struct{ Title, Detail string }
	kind := resp.Header.Get("Content-Type")
	switch {
	case json.Unmarshal(body, &problem) == nil && problem.Detail != "":
		r.Detail = problem.Detail
	case strings.HasPrefix(kind, "text/plain"):
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		if r.Detail == "" && len(line) <= 500 {
			r.Detail = line
		}
	}
	return r
}

// explain says what can be done about a connection that did not come about.
func explain(ctx context.Context, o Options, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	host := o.URL.Host
	var unknown x509.UnknownAuthorityError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.As(err, &unknown), errors.As(err, &verify):
		return fmt.Errorf("the certificate of %s is not trusted (%w)", host, err)
	case errors.As(err, &record):
		return fmt.Errorf("%s does not speak TLS; is it ws:// and not wss://?", host)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer within %v", host, o.Timeout)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s closed the connection without an answer; is it a WebSocket server, and without TLS?", host)
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return fmt.Errorf("no server answers at %s (%w)", host, dial.Err)
	}
	return fmt.Errorf("%s does not answer as a WebSocket server: %w", host, err)
}
