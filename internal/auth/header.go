package auth

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// HeaderConfig holds the settings of [Header].
type HeaderConfig struct {
	Name   string   `yaml:"name" default:"X-Remote-User" doc:"Header in which the reverse proxy names the user; it must remove the one a client sends."`
	From   []string `yaml:"from" default:"" doc:"Addresses or networks of the reverse proxies that may name the user, such as 10.0.0.7 or 10.0.0.0/8; from anywhere else the header is refused."`
	Fields []string `yaml:"fields" default:"" doc:"Further headers with what scripts find in curUser, as NAME=Header; login and fullname are the login and the name of the user."`
	Admin  []string `yaml:"admin" default:"" doc:"Ids of users who are administrators."`
}

const (
	defaultUserHeader = "X-Remote-User"
	// maxHeaderField bounds what one header says of a user, in bytes: it is kept with every socket.
	maxHeaderField = 1 << 10
	// The fields that are members of hub.User.
	loginField, nameField = "login", "fullname"
)

// Validate reports all that is wrong with the settings at once.
func (c HeaderConfig) Validate() error {
	var wrong []error
	if c.Name != "" && !isToken(c.Name) {
		wrong = append(wrong, fmt.Errorf("name is %q, which is no name of a header", c.Name))
	}
	if writtenByClients(c.Name) {
		wrong = append(wrong, fmt.Errorf("name is %q, which clients write themselves; a proxy needs one of its own, such as %s", c.Name, defaultUserHeader))
	}
	for _, text := range c.From {
		if err := CheckPrefix(text); err != nil {
			wrong = append(wrong, fmt.Errorf("from %w", err))
		}
	}
	for _, entry := range c.Fields {
		if _, _, err := headerField(entry); err != nil {
			wrong = append(wrong, fmt.Errorf("fields %w", err))
		}
	}
	for _, id := range c.Admin {
		if err := validUserID(id); err != nil || id == "" {
			wrong = append(wrong, fmt.Errorf("admin %q cannot be the id of a user", id))
		}
	}
	return errors.Join(wrong...)
}

// writtenByClients reports whether a header means something else already, so that what a client says in it would be
// taken for the name of a user: a proxy that is asked to remove it would break what it is for.
func writtenByClients(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains([]string{"authorization", "cookie", "connection", "upgrade", "forwarded", "host", "origin", "referer", "user-agent", "via"}, name) ||
		strings.HasPrefix(name, "accept") || strings.HasPrefix(name, "sec-") || strings.HasPrefix(name, "x-forwarded-") && name != "x-forwarded-user"
}

// headerField splits an entry of Fields.
func headerField(entry string) (field, header string, err error) {
	field, header, ok := strings.Cut(entry, "=")
	field, header = strings.TrimSpace(field), strings.TrimSpace(header)
	if !ok || field == "" || !isToken(header) {
		return "", "", fmt.Errorf("%q is not of the form NAME=Header", entry)
	}
	if field == "id" {
		return "", "", fmt.Errorf("%q: the id of the user is in the header that auth.header.name says", entry)
	}
	return field, header, nil
}

// Header is a [Method]: a reverse proxy has asked who the user is, and says so in a header.
type Header struct {
	name   string
	from   prefixes
	fields []userField
	admin  []string
}

// userField is a header with something about the user.
type userField struct{ name, header string }

// NewHeader makes the method. Errors are those of [HeaderConfig.Validate], and that no address is
// listed.
func NewHeader(cfg HeaderConfig) (*Header, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(cfg.From) == 0 {
		return nil, errors.New("from is empty: list the addresses of the reverse proxy")
	}
	h := &Header{name: defaultUserHeader, admin: slices.Clone(cfg.Admin)}
	if cfg.Name != "" {
		h.name = cfg.Name
	}
	h.name = http.CanonicalHeaderKey(h.name)
	h.from, _ = parsePrefixes(cfg.From) // validated
	for _, entry := range cfg.Fields {
		field, header, _ := headerField(entry) // likewise
		h.fields = append(h.fields, userField{field, http.CanonicalHeaderKey(header)})
	}
	return h, nil
}

// Authenticate returns the user whom the header names. The connection must be one of a listed proxy,
// whatever it forwards for: a header from elsewhere, several of them, and one that cannot be an id
// give [ErrUnauthenticated]. Without the header, or with an empty one from the proxy, nobody has
// logged in: [ErrNoCredentials].
func (h *Header) Authenticate(r *http.Request) (Caller, error) {
	values := r.Header[h.name]
	if len(values) == 0 {
		return Caller{}, fmt.Errorf("%w: the reverse proxy names no user", ErrNoCredentials)
	}
	if !h.from.has(Peer(r)) {
		return Caller{}, fmt.Errorf("%w: the header %s is taken from the reverse proxy only, not from this address", ErrUnauthenticated, h.name)
	}
	id, err := h.value(r.Header, h.name)
	switch {
	case err != nil:
		return Caller{}, err
	case id == "":
		return Caller{}, fmt.Errorf("%w: the reverse proxy names no user", ErrNoCredentials)
	}
	if err := validUserID(id); err != nil {
		return Caller{}, fmt.Errorf("%w: %s: %w", ErrUnauthenticated, h.name, err)
	}
	if strings.Contains(id, ",") { // a proxy on the way may have joined two headers
		return Caller{}, fmt.Errorf("%w: the header %s names more than one user", ErrUnauthenticated, h.name)
	}
	user := hub.User{ID: strings.Clone(id), Login: strings.Clone(id), Name: strings.Clone(id), Admin: slices.Contains(h.admin, id)}
	if err := h.describe(&user, r.Header); err != nil {
		return Caller{}, err
	}
	return Caller{User: user, Method: MethodHeader}, nil
}

// describe fills in what the other headers say of the user.
func (h *Header) describe(user *hub.User, header http.Header) error {
	for _, f := range h.fields {
		value, err := h.value(header, f.header)
		if err != nil {
			return err
		}
		value = strings.Clone(value)
		switch {
		case value == "": // it says nothing
		case f.name == loginField:
			user.Login = value
		case f.name == nameField:
			user.Name = value
		default:
			if user.Fields == nil {
				user.Fields = make(map[string]string, len(h.fields))
			}
			user.Fields[f.name] = value
		}
	}
	return nil
}

// value returns the one value of a header, "" if there is none. Several are refused: one of them may
// be the client's.
func (h *Header) value(header http.Header, name string) (string, error) {
	values := header[name]
	if len(values) == 0 {
		return "", nil
	}
	value := strings.TrimSpace(values[0])
	switch {
	case len(values) > 1:
		return "", fmt.Errorf("%w: there are %d headers %s, the reverse proxy must send one and remove the client's", ErrUnauthenticated, len(values), name)
	case len(value) > maxHeaderField:
		return "", fmt.Errorf("%w: the header %s has %d bytes, at most %d are allowed", ErrUnauthenticated, name, len(value), maxHeaderField)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return "", fmt.Errorf("%w: the header %s is no plain UTF-8 text", ErrUnauthenticated, name)
	}
	return value, nil
}
