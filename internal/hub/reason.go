package hub

import "strconv"

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
