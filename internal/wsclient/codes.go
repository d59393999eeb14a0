package wsclient

import "fmt"

// Close codes that callers look at (RFC 6455, 7.4, and design of the server).
const (
	CodeNormal   = 1000
	CodeGoneAway = 1001
	CodeNone     = 1005 // a close frame without a code
	CodeLost     = 1006 // no close frame at all
	CodeError    = 1011
	CodeRestart  = 1012
	CodeLater    = 1013
)

// MaxReason is the longest reason of a close frame, in bytes.
const MaxReason = 123

var meanings = map[int]string{
	1000: "ended normally",
	1001: "the other side goes away",
	1002: "a mistake in the protocol",
	1003: "text messages only",
	1005: "no code was given",
	1006: "the connection broke without a good-bye",
	1007: "the text was not UTF-8",
	1008: "refused by the service, or too many messages",
	1009: "the message was too large",
	1011: "an error of the server",
	1012: "the server stops or starts anew",
	1013: "the queue overflowed: this client read too slowly",
	4001: "a newer connection took this id over",
	4003: "the session or the token ended",
}

// Meaning says in a few words what a close code means; "" for one that only the application knows.
func Meaning(code int) string { return meanings[code] }

// Passing says whether a connection that ended with the code may be had again: the reason was the network or the
// server, and not what this client is or did.
func Passing(code int) bool {
	switch code {
	case CodeGoneAway, CodeNone, CodeLost, CodeError, CodeRestart, CodeLater:
		return true
	}
	return false
}

// CheckClose says what is wrong with a code and a reason a client wants to close with.
func CheckClose(code int, reason string) error {
	if code != CodeNormal && (code < 3000 || code > 4999) {
		return fmt.Errorf("the code %d cannot be sent by a client: use 1000, or 3000 to 4999", code)
	}
	if len(reason) > MaxReason {
		return fmt.Errorf("the reason has %d bytes, a close frame takes %d", len(reason), MaxReason)
	}
	return nil
}
