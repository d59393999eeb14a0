// Package connect is the conversation of the command "connect": a person, a pipe or a script on one side, a socket on
// the other.
//
// [Run] connects and goes on until its input or the connection ends. A session is one goroutine that owns all state
// (session.go); what takes time (sending, pinging, dialling, asking the HTTP API) runs beside it and hands its result
// back as a function to run there. Lines come from an editor on a terminal (editor.go, over golang.org/x/term), from a
// pipe or from arguments (script.go); commands that begin with a slash are a table (commands.go).
//
// The package knows the client side of a WebSocket (wsclient) and nothing of command lines, servers or their API.
package connect
