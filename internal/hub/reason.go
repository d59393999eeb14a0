package hub

import (
	"strconv"

	"github.com/tutorsocket/tutorsocket/internal/metrics"
)

// Close codes this program sends, or reports when the connection itself carried none.
const (
	CodeNormal        = 1000 // the client said good-bye
	CodeGoingAway     = 1001 // the client's page went away
	CodeProtocol      = 1002 // the client broke the WebSocket protocol
	CodeBinary        = 1003 // the client sent a binary message
	CodeNoStatus      = 1005 // the client closed without a code; never sent
	CodeLost          = 1006 // the connection ended without a close frame; never sent
	CodeInvalidText   = 1007 // the client sent a text that is not UTF-8
	CodeRefused       = 1008 // the service refused the connection
	CodeTooLarge      = 1009 // the client sent too large a message
	CodeShutdown      = 1012 // this node shuts down
	CodeOverflow      = 1013 // the client read too slowly, its queue overflowed
	CodeTakenOver     = 4001 // a newer connection took the key over
	CodeSessionEnded  = 4003 // the login session or token of the user ended
	reasonTextMaximum = 123  // bytes a close frame has room for beside the code
)

// Reason says why a connection or a socket ended.
type Reason struct {
	Code  int
	Text  string
	Abort bool // drop the connection at once, without a close frame
	Cause Cause
}

// Cause says of a Reason what its code does not.
type Cause uint8

// Causes. The zero value means that the code says it all.
const (
	CauseCode      Cause = iota
	CauseClient          // the client sent a close frame, with whatever code
	CauseHandshake       // the connection never came about
	CauseHeartbeat       // the client answered no pings
	CauseStalled         // the client took no bytes for too long
	CauseRate            // the client sent too many messages for too long
	CauseMoved           // another node has taken the socket over
)

// cause is why a connection ended, as the metrics have it: a word of a fixed table.
func (r Reason) cause() string {
	switch r.Cause {
	case CauseClient:
		return "client"
	case CauseHandshake:
		return "handshake"
	case CauseHeartbeat:
		return "heartbeat"
	case CauseStalled:
		return "stalled"
	case CauseRate:
		return "rate"
	}
	if r.Abort && r.Code == CodeLost {
		return "aborted"
	}
	if word, ok := codeCauses[r.Code]; ok {
		return word
	}
	return metrics.Other
}

// codeCauses say what the codes mean when this program closes.
var codeCauses = map[int]string{
	CodeNormal: "server", CodeGoingAway: "server",
	CodeProtocol: "protocol", CodeBinary: "binary", CodeInvalidText: "invalid_text", CodeTooLarge: "too_large",
	CodeLost: "lost", CodeRefused: "refused", CodeShutdown: "shutdown", CodeOverflow: "overflow",
	CodeTakenOver: "takeover", CodeSessionEnded: "session_ended",
}

// String returns the code and, if there is one, the text.
func (r Reason) String() string {
	if r.Text == "" {
		return strconv.Itoa(r.Code)
	}
	return strconv.Itoa(r.Code) + " " + r.Text
}

// drains reports whether messages already queued are to be written before the close. A client
// that does not read would only delay it, and what waits for a socket that was taken over
// belongs to the newer connection.
func (r Reason) drains() bool {
	return !r.Abort && r.Code != CodeOverflow && r.Code != CodeTakenOver
}
