package ws

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	extensionsHeader = "Sec-WebSocket-Extensions"
	deflateName      = "permessage-deflate"

	// Parameters of permessage-deflate (RFC 7692, 7.1).
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverWindow     = "server_max_window_bits"
	clientWindow     = "client_max_window_bits"

	// The size of a window is two to the power of these.
	minWindow = 8
	maxWindow = 15
)

// negotiate selects the first offer of permessage-deflate that can be met. accepted is what the
// answer says of it, "" for no extension; window is what our messages must keep to, 0 for no
// extension. Offers that cannot be read are passed over, and so are other extensions: a socket
// works without.
//
// Both sides are told to begin every message anew, asked for or not (RFC 7692, 7.1.1): a history
// would cost every silent socket its window, and a message that goes to many could not be
// compressed once for all. The window of the client is left to it.
func (s *Server) negotiate(h http.Header) (accepted string, window uint8) {
	if !s.cfg.Compression {
		return "", 0
	}
	for _, offer := range tokens(h[http.CanonicalHeaderKey(extensionsHeader)]) {
		window, named, ok := readOffer(offer)
		if !ok {
			continue
		}
		accepted = deflateName + "; " + serverNoTakeover + "; " + clientNoTakeover
		if named {
			accepted += "; " + serverWindow + "=" + strconv.Itoa(int(window))
		}
		return accepted, window
	}
	return "", 0
}

// readOffer reads one offer. ok is false if it is none of permessage-deflate, or one that must
// be declined: with unknown parameters, wrong values, or a parameter that comes twice (RFC 7692,
// 7.1). named says that the client wants the window of our messages to be this small; of 256
// bytes it may be, which some libraries cannot do, but the compressor here can. Values do not
// hold commas or semicolons, quoted or not (RFC 6455, 9.1).
func readOffer(offer string) (window uint8, named, ok bool) {
	name, rest, more := strings.Cut(offer, ";")
	if strings.TrimSpace(name) != deflateName {
		return 0, false, false
	}
	window = maxWindow
	seen := map[string]bool{}
	for more {
		var param string
		param, rest, more = strings.Cut(rest, ";")
		name, value, hasValue := strings.Cut(param, "=")
		name = strings.TrimSpace(name)
		if seen[name] {
			return 0, false, false
		}
		seen[name] = true
		valid := false
		switch name {
		case serverNoTakeover, clientNoTakeover:
			valid = !hasValue
		case clientWindow:
			_, valid = windowBits(value)
			valid = valid || !hasValue
		case serverWindow:
			window, valid = windowBits(value)
			named = true
		}
		if !valid {
			return 0, false, false
		}
	}
	return window, named, true
}

// windowBits reads the value of a parameter: a number from 8 to 15 without leading zeros,
// perhaps in quotes (RFC 7692, 7.1.2).
func windowBits(value string) (bits uint8, ok bool) {
	value = strings.TrimSpace(value)
	if n := len(value); n > 2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < minWindow || n > maxWindow || strconv.Itoa(n) != value {
		return 0, false
	}
	return uint8(n), true
}
