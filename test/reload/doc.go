// Package reload changes a script under load, by its file and by the HTTP API, and checks what clients
// see: no socket is dropped, no message lost, doubled or out of order, and each answer comes from a version
// that was in force. Without -args -long there are few changes, with it a thousand.
package reload
