package keys

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is a part of what can be done over the HTTP API.
type Scope string

// The scopes there are. Admin includes the others; these include nothing but themselves.
const (
	Read  Scope = "read"  // look at sockets, tags, user data, figures
	Send  Scope = "send"  // send messages, change tags, end sockets
	Run   Scope = "run"   // run scripts, and write what scripts write
	Admin Scope = "admin" // everything
)

// Scopes lists all scopes, those that allow least first.
func Scopes() []Scope { return []Scope{Read, Send, Run, Admin} }

// ParseScope returns the scope with a name. Errors: [ErrBadScope].
func ParseScope(name string) (Scope, error) {
	if s := Scope(name); slices.Contains(Scopes(), s) {
		return s, nil
	}
	return "", fmt.Errorf("%w: %.40q; there are %s", ErrBadScope, name, joined(Scopes()))
}

// ordered checks scopes and returns them each once, in the order of [Scopes].
func ordered(scopes []Scope) ([]Scope, error) {
	if len(scopes) == 0 {
		return nil, fmt.Errorf("%w: none was given; there are %s", ErrBadScope, joined(Scopes()))
	}
	for _, s := range scopes {
		if _, err := ParseScope(string(s)); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(Scopes(), func(s Scope) bool { return !slices.Contains(scopes, s) }), nil
}

func joined(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// Grant is what somebody may do over the HTTP API, and on whose account. The zero value
// allows nothing.
type Grant struct {
	// By says who it is, for records: "admin" for the bearer of the admin token, "key:<id>" for that of a key.
	By     string
	Scopes []Scope
}

// AdminGrant is that of the admin token.
func AdminGrant() Grant { return Grant{By: "admin", Scopes: []Scope{Admin}} }

// Allows reports whether the grant covers what a scope stands for.
func (g Grant) Allows(s Scope) bool {
	return slices.Contains(g.Scopes, s) || slices.Contains(g.Scopes, Admin)
}

// String lists the scopes.
func (g Grant) String() string { return joined(g.Scopes) }
