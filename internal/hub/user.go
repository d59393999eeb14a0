package hub

// User is who a socket belongs to. A value is never modified after it was made, its map included.
type User struct {
	ID     string
	Login  string
	Name   string
	Admin  bool
	Fields map[string]string
}

// Handshake is what scripts may still ask about the upgrade request of a connection. Secrets
// are not in it: no Authorization, no Cookie, no access_token.
type Handshake struct {
	Method     string
	URL        string
	Host       string
	RemoteAddr string
	Header     string // "Name: value\r\n" for each header, sorted by name

	// LoginBy is what proved who the user is, such as "accounts" or "jwt"; "" where nobody logs in.
	LoginBy string
	// Granted are the tags that go with what proved it, such as those of a token; nil: none. They are not modified.
	Granted map[string]string
}
