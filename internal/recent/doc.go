// Package recent keeps the last values of something that goes on: a [Ring] numbers what is added
// to it, forgets the oldest when it holds too much, and lets any number of readers follow from any
// number on. A reader never holds up who adds; one that falls too far behind learns how many
// values it has missed.
//
// logs keeps the lines of scripts in one, the hub changes of sockets, ws the frames of a socket that
// somebody watches, auth the requests that were refused. The package knows nothing of any of them.
package recent
