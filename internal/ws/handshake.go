package ws

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const (
	nonceLength = 16
	// ackProtocol is planned; a client that got it selected would wait for acknowledgements.
	ackProtocol = "tutorsocket.v1"
	// maxHeaderKept bounds what a socket keeps of its request headers as long as it lives.
	maxHeaderKept = 8 << 10
)

// checkUpgrade says what keeps a request from being a WebSocket handshake (RFC 6455, 4.2.1).
func checkUpgrade(r *http.Request) *refusal {
	const how = "; connect with a WebSocket client, the URL begins with ws:// or wss://"
	upgrade := []string{"Upgrade", "websocket", "Connection", "Upgrade"}
	switch h := r.Header; {
	case r.Method != http.MethodGet:
		return refuse(http.StatusMethodNotAllowed, "a socket service takes no "+r.Method+how, "Allow", http.MethodGet)
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return refuse(http.StatusUpgradeRequired, "a socket needs HTTP/1.1, this request is "+r.Proto, upgrade...)
	case !hasToken(h["Connection"], "upgrade") || !hasToken(h["Upgrade"], "websocket"):
		return refuse(http.StatusUpgradeRequired, "this is a socket service"+how, upgrade...)
	case h.Get("Sec-WebSocket-Version") != "13":
		return refuse(http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13", append(upgrade, "Sec-WebSocket-Version", "13")...)
	case r.Host == "":
		return refuse(http.StatusBadRequest, "the Host header is empty")
	case !validNonce(h["Sec-Websocket-Key"]):
		return refuse(http.StatusBadRequest, "Sec-WebSocket-Key must be one value, 16 bytes in base64")
	}
	return nil
}

func validNonce(keys []string) bool {
	if len(keys) != 1 {
		return false
	}
	nonce, err := base64.StdEncoding.DecodeString(keys[0])
	return err == nil && len(nonce) == nonceLength
}

// hasToken reports whether a header with comma-separated values has a token, in any case.
func hasToken(values []string, token string) bool {
	return slices.ContainsFunc(tokens(values), func(t string) bool { return strings.EqualFold(t, token) })
}

// tokens splits a header with comma-separated values.
func tokens(values []string) []string {
	var all []string
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if t = strings.TrimSpace(t); t != "" {
				all = append(all, t)
			}
		}
	}
	return all
}

// protocol returns the subprotocol to select, "" for none: the first of the service's that the
// client offers; for development else the first offered that is not a token in disguise.
func (s *Server) protocol(service string, h http.Header) string {
	offered := tokens(h["Sec-Websocket-Protocol"])
	for _, p := range s.cfg.Protocols(service) {
		if p != ackProtocol && slices.Contains(offered, p) {
			return p
		}
	}
	if !s.cfg.DevProtocols {
		return ""
	}
	for _, p := range offered {
		if CheckProtocol(p) == nil {
			return p
		}
	}
	return ""
}

// isToken reports whether s may stand in a header as it is.
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	}) < 0
}

// describe keeps what scripts may ask about a request and who makes it: a copy without secrets.
func describe(r *http.Request, caller auth.Caller) *hub.Handshake {
	h := &hub.Handshake{
		Method:     http.MethodGet,
		URL:        withoutToken(r.URL),
		Host:       strings.Clone(r.Host),
		RemoteAddr: r.RemoteAddr,
		Header:     headerBlock(r.Header),
		Granted:    caller.Tags,
	}
	if caller.Method != auth.MethodDev {
		h.LoginBy = caller.Method
	}
	return h
}

// withoutToken returns path and query without access_token, all else as the client wrote it.
func withoutToken(u *url.URL) string {
	var kept []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if part != "" && !strings.EqualFold(name, "access_token") {
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return strings.Clone(u.EscapedPath())
	}
	return u.EscapedPath() + "?" + strings.Join(kept, "&")
}

// headerBlock writes headers one a line, sorted by name, without secrets and without those of
// the handshake itself. Headers beyond 8 KiB are left out.
func headerBlock(h http.Header) string {
	names := make([]string, 0, len(h))
	for name := range h {
		switch name {
		case "Authorization", "Proxy-Authorization", "Cookie":
		case "Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions":
			// They say nothing but that this is a handshake, and the key differs each time.
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		for _, value := range h[name] {
			if name == "Sec-Websocket-Protocol" {
				value = withoutBearer(value)
			}
			if value != "" && b.Len()+len(name)+len(value)+len(": \r\n") <= maxHeaderKept {
				b.WriteString(name + ": " + value + "\r\n")
			}
		}
	}
	return b.String()
}

// withoutBearer takes the tokens out of a list of offered subprotocols.
func withoutBearer(value string) string {
	kept := slices.DeleteFunc(tokens([]string{value}), bearer)
	return strings.Join(kept, ", ")
}

// bearer reports whether a subprotocol is a token.
func bearer(protocol string) bool {
	_, ok := auth.BearerProtocol(protocol)
	return ok
}
