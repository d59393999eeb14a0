package ws

import "fmt"

// CheckProtocol says why a name cannot be a subprotocol of a service: it cannot stand in a
// header, or means something else here.
func CheckProtocol(name string) error {
	switch {
	case !isToken(name):
		return fmt.Errorf("%q is not the name of a subprotocol: letters, digits and !#$%%&'*+-.^_`|~ are possible", name)
	case name == ackProtocol:
		return fmt.Errorf("%q is the server's own", name)
	case bearer(name):
		return fmt.Errorf("%q cannot be a subprotocol: tokens of users begin with %q", name, "bearer.")
	}
	return nil
}
