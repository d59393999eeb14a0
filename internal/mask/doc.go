// Package mask hides what lets users in from texts that others will read: traces of sockets and logs.
// Scripts get messages as they came, so a script that logs what its client sent would log the token that
// it sends to stay. Everything here is safe for concurrent use. The package knows no other room.
package mask
